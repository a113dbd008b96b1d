"""A stack is found by its outputs, which CloudFormation tells; nested stacks included."""

import json

import pytest
from botocore.stub import Stubber

from purista_serverless.adapters.aws.stack.operator import open_stack
from purista_serverless.adapters.aws.stack.outputs import find_stack
from purista_serverless.errors import ProviderRefused
from tests.unit.aws.ports.server import unused
from tests.unit.aws.stack import shop


def outputs(**values):
    """Give outputs with their descriptions."""
    return [
        {"OutputKey": key, "OutputValue": value, "Description": description}
        for key, (value, description) in values.items()
    ]


ROOT = outputs(
    Bus=("bus", "Name of the event bus"),
    Ledger=("table", "Name of the table of records"),
    Api=("https://api", "URL of the HTTP API"),
    MailsQueue=("https://sqs/mails", "queue:shop.mails"),
)
NESTED = outputs(MailsDeadLetter=("https://sqs/dead", "dead letter of queue:shop.mails"))


def stack(name, found):
    """Give the answer that describes a stack."""
    return {
        "Stacks": [
            {"StackName": name, "CreationTime": "2026-01-01", "StackStatus": "CREATE_COMPLETE", "Outputs": found}
        ]
    }


def resource(kind, physical, status="CREATE_COMPLETE"):
    """Give a resource of a stack."""
    return {
        "LogicalResourceId": "R",
        "PhysicalResourceId": physical,
        "ResourceType": kind,
        "LastUpdatedTimestamp": "2026-01-01",
        "ResourceStatus": status,
    }


def test_queues_by_edge(moto):
    """Descriptions name the edges; what is nested counts, and the address of an API is no queue."""
    client = moto.client_of("cloudformation", "testing", "testing")
    nested = [resource("AWS::CloudFormation::Stack", "child"), resource("AWS::SQS::Queue", "q")]
    with Stubber(client) as stub:
        stub.add_response("describe_stacks", stack("shop", ROOT), {"StackName": "shop"})
        stub.add_response("list_stack_resources", {"StackResourceSummaries": nested}, {"StackName": "shop"})
        stub.add_response("describe_stacks", stack("child", NESTED), {"StackName": "child"})
        stub.add_response("list_stack_resources", {"StackResourceSummaries": []}, {"StackName": "child"})
        found = find_stack("shop", client)

    assert found.queues == {"queue:shop.mails": "https://sqs/mails"}
    assert found.dead_letters == {"queue:shop.mails": "https://sqs/dead"}
    assert found.environment()["PURISTA_LEDGER"] == "table"


def test_a_nested_stack_that_is_gone_is_not_asked(moto):
    """CloudFormation lists it for a while, with queues that nobody has any more, and one that it never made."""
    client = moto.client_of("cloudformation", "testing", "testing")
    gone = resource("AWS::CloudFormation::Stack", "child", "DELETE_COMPLETE")
    unmade = resource("AWS::CloudFormation::Stack", "child", "CREATE_FAILED")
    del unmade["PhysicalResourceId"]
    with Stubber(client) as stub:
        stub.add_response("describe_stacks", stack("shop", ROOT), {"StackName": "shop"})
        stub.add_response("list_stack_resources", {"StackResourceSummaries": [gone, unmade]}, {"StackName": "shop"})

        assert find_stack("shop", client).dead_letters == {}


def test_a_stack_that_is_deployed(moto):
    """Operations open on a stack that CloudFormation made, and close without a trace."""
    name = unused("stack")
    template = {
        "Resources": {"Dead": {"Type": "AWS::SQS::Queue"}},
        "Outputs": {"Dead": {"Value": {"Ref": "Dead"}, "Description": "dead letter of queue:shop.mails"}},
    }
    moto.client("cloudformation").create_stack(StackName=name, TemplateBody=json.dumps(template))

    with open_stack(shop.app, name, clients=moto.client) as operations:
        assert operations.edges() == ("queue:shop.mails",)
        assert operations.place == f"stack {name}"


def test_no_such_stack(moto):
    """A name that is not deployed in the region is told with the region."""
    with (
        pytest.raises(ProviderRefused, match=r"no stack 'nobody' in eu-central-1"),
        open_stack(shop.app, "nobody", clients=moto.client),
    ):
        pass


def test_another_systems_stack(moto):
    """A stack without outputs of ours is refused instead of being empty."""
    name = unused("stack")
    template = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}
    moto.client("cloudformation").create_stack(StackName=name, TemplateBody=json.dumps(template))

    with pytest.raises(ProviderRefused, match="no outputs"), open_stack(shop.app, name, clients=moto.client):
        pass


def test_credentials_that_may_not(moto):
    """What the credentials do not allow is told as such."""
    client = moto.client_of("cloudformation", "testing", "testing")
    stub = Stubber(client)
    stub.add_client_error("describe_stacks", "AccessDenied", http_status_code=403)
    stub.activate()

    with pytest.raises(ProviderRefused, match="these credentials may not do"):
        find_stack("shop", client)
