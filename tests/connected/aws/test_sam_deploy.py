"""The example on the stack that the real `sam build` and `sam deploy` made of its template, on LocalStack."""

import sys

import pytest

from tests.connected.aws.localstack.account import localstack
from tests.connected.aws.localstack.stack import DeployedExample
from tests.connected.aws.sam import Change
from tests.connected.aws.tools import run
from tests.connected.copies import copy_repository
from tests.connected.month import SLOWLY, kill_a_job, play_month
from tests.repo.tree import ROOT

# One process plays them all: the stack is deployed once.
pytestmark = pytest.mark.connected


PREFIX = "enterprise-billing-cycle"
PARAMETERS = {
    "JwtIssuer": "https://issuer.example",
    "JwtAudience": "billing",
    # Of what was killed a message comes back soon; a lease of the worker lasts longer than that.
    "VisibilityTimeout": "20",
}


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """Give an account, and a copy of the repository to deploy into it."""
    source = tmp_path_factory.mktemp("repository")
    copy_repository(source)
    with localstack(tmp_path_factory.mktemp("localstack")) as account:
        account.client("secretsmanager").create_secret(Name=f"{PREFIX}/PAYMENTS_KEY", SecretString="not-a-real-key")
        yield DeployedExample(account, source, PARAMETERS)


def test_a_month_fails_is_mended_and_closes(example):
    """A mistyped tariff ends in a dead letter with its reason; mended and redriven, the month closes."""
    play_month(example)


def test_a_killed_job_is_finished_by_another_run(example):
    """SIGKILL of a function in the middle of a job loses nothing: the job is retried, once, and completes."""
    kill_a_job(example, "2025-12")


def test_deploying_the_same_again_changes_nothing(example):
    """A second build and deployment of unchanged files makes an empty change set."""
    example.release(SLOWLY)

    assert example.deploy() == ()


def test_one_changed_property_is_the_whole_change_set(example):
    """Another timeout of one function, in what was built, changes it, its version and its alias, and nothing else."""
    example.release(SLOWLY)

    changes = example.deploy_changed("Timeout: 490", "Timeout: 491")
    name = "BillingCloseCycleWorker"
    assert Change(action="Modify", resource=name, kind="AWS::Lambda::Function") in changes
    assert Change(action="Modify", resource=f"{name}Aliaslive", kind="AWS::Lambda::Alias") in changes
    assert all(change.resource.startswith(name) for change in changes)
    assert {change.kind for change in changes} == {
        "AWS::Lambda::Alias",
        "AWS::Lambda::Function",
        "AWS::Lambda::Version",
    }
    worker = example.client("lambda").get_function_configuration(FunctionName=f"{PREFIX}-billing-close-cycle-worker")
    assert worker["Timeout"] == 491


def test_what_localstack_leaves_out_is_known(example):
    """It makes every resource of the template but those of HTTP APIs, which it does not know."""
    example.release(SLOWLY)

    assert example.left_out() == {
        "AWS::ApiGatewayV2::Api",
        "AWS::ApiGatewayV2::Authorizer",
        "AWS::ApiGatewayV2::Integration",
        "AWS::ApiGatewayV2::Route",
        "AWS::ApiGatewayV2::Stage",
    }


def test_nested_stacks_are_deployed_as_one(tmp_path):
    """Split into one stack per service the same functions and queues are made, and every stack is complete."""
    source = tmp_path / "repository"
    source.mkdir()
    copy_repository(source)
    project = source / "pyproject.toml"
    project.write_text(project.read_text() + '\n[tool.purista-serverless.aws]\nstacks = "nested"\n')
    run(sys.executable, "-m", "purista_serverless", "build", "--provider", "aws", folder=source)
    (tmp_path / "localstack").mkdir()
    with localstack(tmp_path / "localstack") as account:
        account.client("secretsmanager").create_secret(Name=f"{PREFIX}/PAYMENTS_KEY", SecretString="not-a-real-key")
        DeployedExample(account, source, PARAMETERS).release(SLOWLY)

        stacks = {
            stack["StackName"]: stack["StackStatus"]
            for stack in account.client("cloudformation").describe_stacks()["Stacks"]
            if stack["StackName"].startswith(PREFIX)
        }
        functions = account.client("lambda").list_functions()["Functions"]
        queues = account.client("sqs").list_queues(QueueNamePrefix=PREFIX)["QueueUrls"]
    assert len(stacks) == 1 + 3
    assert all(status in {"CREATE_COMPLETE", "UPDATE_COMPLETE"} for status in stacks.values()), stacks
    assert len(functions) == (ROOT / "template.yaml").read_text().count("Type: AWS::Serverless::Function")
    assert len(queues) == (ROOT / "template.yaml").read_text().count("Type: AWS::SQS::Queue\n")
