"""``jobs`` and ``dlq`` with ``--stack``: what is deployed, on a moto server that has a stack of the shop."""

import json
from collections.abc import Iterator

import pytest

from purista_serverless.adapters.aws.ports import AwsPorts
from purista_serverless.adapters.aws.stack.outputs import Stack, find_stack
from purista_serverless.cli.failures import ExitCode
from purista_serverless.message import Job
from purista_serverless.runtime.ports import DeadLetter
from tests.unit.aws.ports.server import REGION, Moto, moto_server, unused

EDGE = "queue:shop.mails"
STACKED = ("--stack", "shop")


@pytest.fixture(scope="module")
def moto() -> Iterator[Moto]:
    """Give a moto server."""
    with moto_server() as server:
        yield server


@pytest.fixture
def deployed(moto: Moto, monkeypatch) -> Iterator[Stack]:
    """Deploy a stack with one queue and its dead letters, and point the process at it."""
    for name, value in {
        "AWS_ENDPOINT_URL": moto.url,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
    }.items():
        monkeypatch.setenv(name, value)
    cloudformation = moto.client("cloudformation")
    template = {
        "Resources": {name: {"Type": "AWS::SQS::Queue"} for name in ("Mails", "Dead")},
        "Outputs": {
            "Mails": {"Value": {"Ref": "Mails"}, "Description": EDGE},
            "Dead": {"Value": {"Ref": "Dead"}, "Description": f"dead letter of {EDGE}"},
            "Ledger": {"Value": moto.table(), "Description": "Name of the table of records"},
        },
    }
    cloudformation.create_stack(StackName="shop", TemplateBody=json.dumps(template))
    yield find_stack("shop", cloudformation)
    cloudformation.delete_stack(StackName="shop")


@pytest.fixture
def buried(moto: Moto, deployed: Stack) -> None:
    """Leave one letter that can be redriven, and one that lacks a field."""
    ports = AwsPorts(deployed.environment(), clients=moto.client)
    for letter_id, payload in (("a1", {"sku": "tea", "count": 2}), ("a2", {"sku": "tea"})):
        body = Job(id=letter_id, queue="shop.mails", payload=payload, created_at=1_000).encode()
        ports.dead_letters.put(
            DeadLetter(edge=EDGE, id=letter_id, body=body, reason="sold out", attempts=10, generation=0, at=5_000)
        )


@pytest.mark.usefixtures("buried")
def test_letters_of_a_stack(cli, moto, deployed):
    """Letters are listed and shown, the good one is redriven, the other one is told and purged."""
    listed = json.loads(cli("dlq", "list", *STACKED, "--json").raw)
    assert [(letter["id"], letter["reason"]) for letter in listed] == [("a1", "sold out"), ("a2", "sold out")]
    assert '"sku": "tea"' in cli("dlq", "show", "a2", *STACKED).out

    redriven = cli("dlq", "redrive", "--all", *STACKED)
    assert redriven.code == ExitCode.FINDINGS
    assert "redrove a1 to queue:shop.mails" in redriven.out
    assert "count: Field required" in redriven.out
    assert [Job.decode(sent["Body"]).generation for sent in moto.receive(deployed.queues[EDGE])] == [1]

    assert cli("dlq", "purge", *STACKED, "--yes").out == "deleted 1 dead letter\n"


@pytest.mark.usefixtures("buried")
def test_jobs_of_a_stack(cli):
    """Jobs are listed, shown and counted; what cannot be cancelled is a finding."""
    assert "dead-lettered" in cli("jobs", "list", *STACKED, "--queue", "shop.mails").out
    assert "sold out" in cli("jobs", "show", "a1", *STACKED).out
    (row,) = json.loads(cli("jobs", "metrics", *STACKED, "--json").raw)
    assert (row["edge"], row["deadLetters"]) == (EDGE, 2)
    assert cli("jobs", "leases", *STACKED).out == "nothing is being handled\n"
    assert cli("jobs", "cancel", "a1", *STACKED).code == ExitCode.FINDINGS


@pytest.mark.usefixtures("deployed")
def test_a_stack_that_is_not_there(cli):
    """A mistyped name is told instead of showing an empty list."""
    failed = cli("dlq", "list", "--stack", unused("nobody"))

    assert failed.code == ExitCode.UNAVAILABLE
    assert "there is no stack" in failed.err


def test_a_provider_without_stacks(cli):
    """What runs embedded has no stack; the error says what to do."""
    failed = cli("dlq", "list", *STACKED, "--provider", "embedded")

    assert failed.code == ExitCode.USAGE
    assert "leave --stack out" in failed.err


@pytest.mark.parametrize(
    "arguments",
    [("--bulk",), ("--bulk", "--all"), ("--bulk", "--edge", EDGE, "--id", "a1"), ("--bulk", "--all", "--dry-run")],
)
def test_a_bulk_move_needs_all_letters_of_one_edge(cli, database, arguments):
    """A bulk move is of a whole edge, and nothing is checked before it."""
    cli("enqueue", "shop.mails", '{"sku": "tea", "count": 1}')

    assert cli("dlq", "redrive", *arguments).code == ExitCode.USAGE


def test_a_database_moves_nothing_in_bulk(cli, database):
    """Only a platform can move letters unchecked."""
    cli("enqueue", "shop.mails", '{"sku": "tea", "count": 1}')

    failed = cli("dlq", "redrive", "--bulk", "--all", "--edge", EDGE)

    assert failed.code == ExitCode.APPLICATION
    assert "without --bulk" in failed.err


def test_a_provider_without_a_stack_is_not_the_database(cli):
    """Who names AWS means what is deployed there; the project's own letters would be deleted instead."""
    failed = cli("dlq", "purge", "--provider", "aws", "--yes")

    assert failed.code == ExitCode.USAGE
    assert "--provider says whose --stack it is" in failed.err
