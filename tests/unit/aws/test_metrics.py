"""Metrics: one line per invocation in CloudWatch's embedded metric format, and nothing where nobody asked."""

import json
from datetime import timedelta
from typing import Any

import pytest
from aws_lambda_powertools import Metrics as PowertoolsMetrics
from aws_lambda_powertools.metrics import MetricUnit

from purista_serverless import Context, LongRunning, Model, ServiceBuilder
from purista_serverless.adapters.aws.constants import METRICS, QUEUES
from purista_serverless.adapters.aws.metrics import Metrics
from purista_serverless.errors import BadEvent
from purista_serverless.message import Failed, Job, Success
from purista_serverless.runtime.function import Function
from tests.unit.aws.wire import Deployed, batch, bridged, load, record
from tests.unit.deployed import SENT

NAMES = {"namespace": "shop-production", "service": "Shop", "function": "worker:Shop.1.pack"}
ENVIRONMENT = {METRICS: json.dumps(NAMES)}
NOTE, PACK, ROUNDS = "command:Shop.1.note", "worker:Shop.1.pack", "worker:Shop.1.goRound"
NOW = SENT + 1000


class Instant:
    """A clock that stands still."""

    def now(self) -> int:
        """Give the time."""
        return NOW


def packing(*texts: str, queue: str = "shop.packing", receives: int = 1) -> Any:
    """Give a batch of jobs."""
    jobs = [Job(id=text, queue=queue, payload={"text": text}, created_at=SENT).encode() for text in texts]
    return batch(*(record(body, number=number, receives=receives) for number, body in enumerate(jobs)))


def measured(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Give the only line that was written, if it is such as CloudWatch takes."""
    (line,) = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    assert problems_of(found) == []
    return {name: value for name, value in found.items() if name != "_aws"}


def problems_of(document: dict[str, Any]) -> list[str]:
    """Say what the specification of the format forbids (Amazon CloudWatch User Guide, embedded metric format)."""
    own = document["_aws"]
    (directive,) = own["CloudWatchMetrics"]
    names = [metric["Name"] for metric in directive["Metrics"]]
    dimensions = [name for keys in directive["Dimensions"] for name in keys]
    rules = {
        "members": own.keys() == {"Timestamp", "CloudWatchMetrics"},
        "directive": directive.keys() == {"Namespace", "Dimensions", "Metrics"},
        "timestamp": type(own["Timestamp"]) is int and 10**12 < own["Timestamp"] < 10**13,
        "namespace": 1 <= len(directive["Namespace"]) <= 255 and not directive["Namespace"].startswith(("AWS/", ":")),
        "metrics": 1 <= len(names) == len(set(names)) <= 100,
        "units": all(metric["Unit"] in {"Count", "Milliseconds"} for metric in directive["Metrics"]),
        "values": all(type(document[name]) is int for name in names),
        "dimensions": 1 <= len(dimensions) == len(set(dimensions)) <= 30,
        "targets": all(isinstance(document[name], str) and 0 < len(document[name]) <= 1024 for name in dimensions),
        "top level": document.keys() == {"_aws", *names, *dimensions},
    }
    return [name for name, is_kept in rules.items() if not is_kept]


def test_a_batch_is_one_line_with_a_count_for_each_outcome(capsys):
    """Runs are counted by how they ended, letters when they are put away, the duration once."""
    Deployed(PACK, environment=ENVIRONMENT)(packing("one", "fail", "two", "later", "refuse"))

    assert measured(capsys) == {
        "service": "Shop",
        "function": "worker:Shop.1.pack",
        "edge": "queue:shop.packing",
        "success": 2,
        "failed": 1,
        "retry": 1,
        "rejected": 1,
        "deadLettered": 1,
        "duration": 0,
    }


def test_the_last_attempt_is_a_failure_and_a_dead_letter(capsys):
    """Both are told: alarms look at the letters, dashboards at the failures."""
    Deployed(PACK, environment=ENVIRONMENT)(packing("fail", receives=3))

    assert measured(capsys).items() >= {"failed": 1, "deadLettered": 1}.items()


def test_what_no_handler_is_given_is_bad_input_or_a_letter_alone(capsys):
    """A payload of another type is bad input; a body that is no job reaches nobody who could say so."""
    function = Deployed(PACK, environment=ENVIRONMENT)
    wrong = Job(id="j", queue="shop.packing", payload={"text": 1}, created_at=SENT).encode()

    function(batch(record(wrong)))
    assert measured(capsys).items() >= {"badInput": 1, "deadLettered": 1}.items()
    function(batch(record("no job")))
    assert "badInput" not in (found := measured(capsys))
    assert found["deadLettered"] == 1


def test_each_invocation_counts_for_itself(capsys):
    """The next line begins at nothing."""
    function = Deployed(PACK, environment=ENVIRONMENT)
    for _ in range(2):
        function(packing("one", "two"))

    assert [json.loads(line)["success"] for line in capsys.readouterr().out.splitlines()] == [2, 2]


def test_async_runs_of_one_batch_are_counted_together(capsys):
    """They run at the same time, and are one invocation."""
    Deployed(ROUNDS, environment=ENVIRONMENT)(packing("one", "two", "fail", queue="shop.rounds"))

    assert measured(capsys).items() >= {"success": 2, "failed": 1}.items()


def test_the_edge_is_the_way_that_an_event_took(capsys):
    """A command answers requests and messages; the queues of its schedules are told apart by their names."""
    environment = {**ENVIRONMENT, QUEUES: json.dumps({"call:Shop.1.weekly": "https://sqs/1/call-1"})}
    function = Deployed(NOTE, environment=environment)
    slot = load("scheduler_slot_to_command")
    edges = []
    for event in (load("http_api_v2_jwt"), load("invoke_command"), slot, batch()):
        function(event)
        edges.append(measured(capsys)["edge"])

    assert edges == ["http:POST /orders/{orderId}/notes", "command:Shop.1.note", "call:Shop.1.weekly", "call:"]


def test_a_binding_tells_its_duration(capsys):
    """It has no handler whose outcome could be counted."""
    Deployed("binding:shop.ordered:shop.packing", environment=ENVIRONMENT)(batch(record(bridged({"text": "one"}))))

    assert measured(capsys).keys() == {"service", "function", "edge", "duration"}


@pytest.mark.parametrize("event", [{}, {"Records": "none"}, {"Records": [1]}])
def test_an_invocation_that_fails_has_its_line_too(capsys, event):
    """Whatever came, the error is Lambda's to see as before."""
    with pytest.raises(BadEvent):
        Deployed(PACK, environment=ENVIRONMENT)(event)

    assert measured(capsys)["duration"] == 0


def test_nothing_is_written_where_nobody_asked(capsys):
    """They are off unless the function's variables say otherwise."""
    Deployed(PACK)(packing("one", "fail"))

    assert capsys.readouterr().out == ""


class Work(Model):
    """Some work."""


def lasting() -> Function:
    """Give a worker whose runs may take a second."""
    service = ServiceBuilder("Works")
    queue = service.queue("works.jobs", Work, profile=LongRunning(max_runtime=timedelta(seconds=1)))

    def work(ctx: Context, given: Work) -> None: ...

    queue.worker()(work)
    return Function(work.__purista__)  # type: ignore[attr-defined]


def counts_of(*runs: tuple[Any, int]) -> dict[str, int]:
    """Give the counts of runs of such a worker."""
    lines: list[str] = []
    metrics = Metrics(("queue:works.jobs",), ENVIRONMENT, Instant(), lines.append)
    function = lasting()

    def handle(event: Any, context: Any) -> None:
        for outcome, took in runs:
            metrics.watch(function, outcome, took)

    metrics.measured(handle)({"Records": []}, None)
    return {name: value for name, value in json.loads(lines[0]).items() if type(value) is int and name != "duration"}


def test_a_run_that_took_too_long_has_failed():
    """It was stopped, or came back when nobody waited for it any more."""
    assert counts_of((Success(None), 1_000), (Success(None), 1_001), (None, 1_000), (Failed(ValueError()), 1_001)) == {
        "success": 1,
        "failed": 3,
    }


def test_a_request_that_nobody_answered_in_time_has_failed(capsys):
    """The handler was cancelled and has no outcome of its own."""
    event = load("http_api_v2_jwt")
    event |= {"body": '{"text": "forever"}', "pathParameters": None}

    assert Deployed("command:Shop.1.ask", environment=ENVIRONMENT)(event)["statusCode"] == 504
    assert measured(capsys)["failed"] == 1


def test_powertools_writes_the_same(capsys):
    """For the same numbers the library of AWS gives the same document, with numbers in lists."""
    Deployed(PACK, environment=ENVIRONMENT)(packing("one", "fail", "two"))
    ours = json.loads(capsys.readouterr().out)
    theirs = PowertoolsMetrics(namespace=NAMES["namespace"], service=NAMES["service"])
    theirs.add_dimension("function", NAMES["function"])
    theirs.add_dimension("edge", "queue:shop.packing")
    for name, unit, value in (
        ("success", MetricUnit.Count, 2),
        ("failed", MetricUnit.Count, 1),
        ("duration", MetricUnit.Milliseconds, 0),
    ):
        theirs.add_metric(name, unit, value)
    document = theirs.serialize_metric_set()

    assert plain(ours) == plain(document)


def plain(document: Any) -> Any:
    """Give a document with single numbers for lists of one, without its time and the order of its dimensions."""
    (directive,) = document["_aws"]["CloudWatchMetrics"]
    values = {
        name: value[0] if isinstance(value, list) else value for name, value in document.items() if name != "_aws"
    }
    return {**values, **directive, "Dimensions": sorted(directive["Dimensions"][0])}
