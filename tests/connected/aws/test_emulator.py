"""The emulator runs a template: a stub of every part that it drives, made from `emulated/stub.yaml`."""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from purista_serverless.adapters.aws.emulator.emulator import Emulator
from purista_serverless.errors import DeclarationError

pytestmark = pytest.mark.connected

TEMPLATE = Path(__file__).with_name("emulated") / "stub.yaml"
START = datetime(2026, 3, 28, 12, tzinfo=UTC)
SETTINGS = {"RATE": "19", "KEY": "not-a-real-key"}


class Lines:
    """What functions print."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, name: str, line: str) -> None:
        """Take a line."""
        self.lines.append(line)


@pytest.fixture(scope="module")
def printed() -> Lines:
    """Collect what functions print."""
    return Lines()


@pytest.fixture(scope="module")
def emulator(printed: Lines) -> Iterator[Emulator]:
    """Run the stub on a virtual clock that begins in March 2026, the day before the clocks change in Berlin."""
    with Emulator(
        TEMPLATE,
        start=START,
        settings=SETTINGS,
        identity={"sub": "operator-7"},
        variables={"AWS_MAX_ATTEMPTS": "1"},
        log=printed,
    ) as running:
        yield running


def send(emulator: Emulator, queue: str, *jobs, **options) -> None:
    """Send jobs to a queue, in order."""
    url = emulator.physical_id(queue)
    for job in jobs:
        emulator.client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps(job), **options)


def notes(emulator: Emulator, prefix: str) -> dict[str, str]:
    """Give what functions noted under keys that begin so."""
    items = emulator.client("dynamodb").scan(TableName=emulator.outputs["TableName"])["Items"]
    found = {item["sk"]["S"]: item["fields"]["S"] for item in items}
    return {key: text for key, text in sorted(found.items()) if key.startswith(prefix)}


def seconds(instant: datetime) -> int:
    """Give whole seconds since the epoch."""
    return int(instant.timestamp())


def test_resources_are_made_from_the_translated_template(emulator):
    """Queues, tables and alarms have the properties of the template, references and conditions resolved."""
    jobs = emulator.client("sqs").get_queue_attributes(QueueUrl=emulator.physical_id("Jobs"), AttributeNames=["All"])
    letters = emulator.stack.find("Letters").attributes["Arn"]
    ttl = emulator.client("dynamodb").describe_time_to_live(TableName=emulator.physical_id("Table"))

    assert jobs["Attributes"]["VisibilityTimeout"] == "60"
    assert json.loads(jobs["Attributes"]["RedrivePolicy"]) == {"deadLetterTargetArn": letters, "maxReceiveCount": 3}
    assert emulator.physical_id("Ordered").endswith(".fifo")
    assert ttl["TimeToLiveDescription"]["AttributeName"] == "expires"
    assert emulator.outputs.keys() == {"TableName", "Alarm"}


def test_parameters_and_conditions_decide_what_is_made():
    """A resource whose condition does not hold is not there, and neither is its output."""
    with Emulator(TEMPLATE, parameters={"WithAlarm": "false", "Visibility": "7"}, log=Lines()) as other:
        jobs = other.client("sqs").get_queue_attributes(QueueUrl=other.physical_id("Jobs"), AttributeNames=["All"])

        assert jobs["Attributes"]["VisibilityTimeout"] == "7"
        assert other.outputs.keys() == {"TableName"}
        with pytest.raises(LookupError, match="LettersAlarm"):
            other.physical_id("LettersAlarm")


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("AWS::CloudWatch::Alarm", "AWS::Neptune::DBCluster", r"LettersAlarm \(AWS::Neptune::DBCluster\)"),
        ("MessageRetentionPeriod: 1209600", "MessageRetentionPeriods: 1209600", "mean .MessageRetentionPeriod"),
        ("!Ref Visibility", "!Ref Visible", "'Visible'"),
        ("!GetAtt Letters.Arn", "!GetAtt Letters.Urn", "no attribute Urn of Letters"),
        ("cron(0 2 1 * ? *)", "cron(0 2 1 * *)", r"cron\(0 2 1 \* \*\)"),
        ("          Arn: !GetAtt Observed.Arn", "          Arn: !GetAtt Worker.Arn", "is no queue"),
        ("CodeUri: stub/", "CodeUri: s3://bucket/key", "is no folder here"),
        ("BatchSize: 5", "BatchSize: 5\n            FilterCriteria: {Filters: []}", "FilterCriteria"),
        ("Resources:", "Outputs:", "no Resources"),
    ],
)  # fmt: skip
def test_what_cannot_be_emulated_is_an_error(tmp_path, old, new, named):
    """A type, a property or a target that the emulator does not know is named, and nothing of it is skipped."""
    text = TEMPLATE.read_text(encoding="utf-8")
    assert old in text
    template = tmp_path / "template.yaml"
    template.write_text(text.replace(old, new).replace("CodeUri: stub/", f"CodeUri: {TEMPLATE.parent / 'stub'}"))

    with pytest.raises(DeclarationError, match=named), Emulator(template, log=Lines()):
        pass


def test_a_function_answers(emulator):
    """A function is given the event and its context, and is kept for the next one."""
    first, second = (json.loads(emulator.invoke("Answerer", {"n": number}).payload) for number in (1, 2))

    assert (first["event"], second["event"]) == ({"n": 1}, {"n": 2})
    assert first["name"] == emulator.physical_id("Answerer")
    assert first["pid"] == second["pid"]


@pytest.mark.parametrize(
    ("function", "event", "error_type"),
    [
        ("Answerer", {"do": "raise"}, "Unhandled"),
        ("Answerer", {"do": "exit"}, "Runtime.ExitError"),
        ("Answerer", {"do": "hang"}, "Sandbox.Timedout"),
        ("Answerer", {"do": "grow"}, "Function.ResponseSizeTooLarge"),
        ("Broken", {}, "Runtime.ImportModuleError"),
    ],
)
def test_a_function_that_fails_answers_with_an_error(emulator, function, event, error_type):
    """Exceptions, crashes, timeouts, sizes and imports fail as on Lambda, and the next invocation works."""
    failed = emulator.invoke(function, event)

    assert failed.error_type == error_type
    assert "errorType" in json.loads(failed.payload)
    assert emulator.invoke("Answerer", {}).error_type is None


def test_what_a_function_prints_is_logged(emulator, printed):
    """Lines of the logger are JSON with the request's id; printed lines are as they are."""
    emulator.invoke("Answerer", {"do": "log"})
    # A second invocation ends after the first one's lines were read.
    emulator.invoke("Answerer", {"do": "exit"})
    (line,) = [json.loads(line) for line in printed.lines if '"a line"' in line]

    assert (line["level"], line["logger"], len(line["requestId"])) == ("WARNING", "stub", 36)
    assert "printed" in printed.lines


def test_settings_are_where_functions_look_for_them(emulator):
    """Configuration and secrets that the template names are stored before anything runs."""
    assert json.loads(emulator.invoke("Answerer", {"do": "settings"}).payload) == ["19", "not-a-real-key"]


def test_a_function_invokes_another(emulator):
    """Invoke of the AWS SDK reaches the emulator's functions."""
    send(emulator, "Jobs", {"do": "ask", "id": "asked/1", "event": {"question": 1}})
    emulator.settle()

    (answer,) = notes(emulator, "asked/").values()
    assert json.loads(answer)["event"] == {"question": 1}


def test_what_failed_comes_again_and_ends_as_a_dead_letter(emulator):
    """Of a batch only what failed is delivered again, after its visibility timeout, until the queue gives it up."""
    send(emulator, "Jobs", {"do": "note", "id": "batch/1"}, {"do": "fail"}, {"do": "note", "id": "batch/2"})
    emulator.settle()
    sqs, letters = emulator.client("sqs"), emulator.physical_id("Letters")
    before = sqs.receive_message(QueueUrl=letters).get("Messages", [])
    emulator.advance(timedelta(minutes=10))
    (letter,) = sqs.receive_message(QueueUrl=letters)["Messages"]
    sqs.delete_message(QueueUrl=letters, ReceiptHandle=letter["ReceiptHandle"])

    assert notes(emulator, "batch/").keys() == {"batch/1", "batch/2"}
    assert before == []
    assert json.loads(letter["Body"]) == {"do": "fail"}


def test_a_delay_passes_on_the_virtual_clock(emulator):
    """A message whose visibility a function changed comes when that has passed, and the function sees that time."""
    sent = emulator.now()
    send(emulator, "Jobs", {"do": "fail later", "id": "later", "delay": 7200})
    emulator.advance(timedelta(hours=5))

    times = [int(text) - seconds(sent) for text in notes(emulator, "later/").values()]
    assert [round(time, -1) for time in times] == [0, 7200, 14400]


def test_the_order_of_a_group_is_kept(emulator):
    """A failed message of a FIFO queue holds back those of its group, and no others."""
    jobs = [("a", {"do": "fail once", "id": "order/1"}), ("a", {"do": "note", "id": "order/2"})]
    for group, job in (*jobs, ("b", {"do": "note", "id": "order/3"})):
        send(emulator, "Ordered", job, MessageGroupId=group, MessageDeduplicationId=job["id"])
    emulator.settle()
    before = notes(emulator, "order/")
    emulator.advance(timedelta(minutes=2))
    after = notes(emulator, "order/")

    assert before.keys() == {"order/3"}
    assert after.keys() == {"order/1", "order/2", "order/3"}


def test_a_killed_function_loses_nothing(emulator, tmp_path):
    """The job of a process that was killed runs again in another one, when its visibility timeout has passed."""
    running = tmp_path / "running"
    os.mkfifo(running)
    send(emulator, "Jobs", {"do": "hang once", "id": "killed", "file": str(running)})
    first = running.read_text()
    killed = emulator.kill("Worker")
    emulator.settle()
    with pytest.raises(ProcessLookupError):
        os.kill(int(first), 0)
    before = notes(emulator, "killed")
    emulator.advance(timedelta(minutes=2))

    assert killed == (int(first),)
    assert before == {}
    assert notes(emulator, "killed") not in ({}, {"killed": first})


def test_events_reach_the_queues_of_rules(emulator):
    """A rule puts what its pattern matches, and nothing else, into its queue, as the whole event."""
    entries = [
        {
            "EventBusName": emulator.physical_id("Bus"),
            "Source": "stub",
            "DetailType": name,
            "Detail": json.dumps(detail),
        }
        for name, detail in (
            ("observed", {"kind": "good", "id": "event/1"}),
            ("observed", {"kind": "bad", "id": "event/2"}),
            ("unseen", {"kind": "good", "id": "event/3"}),
        )
    ]
    emulator.client("events").put_events(Entries=entries)
    emulator.settle()

    (key,) = notes(emulator, "event/")
    assert key == "event/1"


def test_schedules_fire_at_their_slots():
    """Schedules fire in order, at the wall clock of their zones, and functions are told that time."""
    with Emulator(TEMPLATE, start=START, settings=SETTINGS, log=Lines()) as emulator:
        emulator.advance(timedelta(days=10))
        emulator.fire("Monthly", datetime(2025, 1, 1, 1, tzinfo=UTC))
        emulator.settle()
        found = notes(emulator, "20")

    monthly = datetime(2026, 4, 1, tzinfo=UTC)
    assert found.keys() == {
        "2025-01-01T01:00:00Z",
        "2026-03-30T06:30:00Z",
        "2026-04-01T00:00:00Z",
        "2026-04-06T06:30:00Z",
    }
    assert found["2026-03-30T06:30:00Z"] == "observed at 2026-03-30T06:30:00Z"
    assert int(found["2026-04-01T00:00:00Z"]) - seconds(monthly) in range(10)


def request(emulator: Emulator, method: str, path: str, body: bytes | None = None, **headers):
    """Send a request; gives status, headers and body."""
    url = emulator.http_url + path
    made = urllib.request.Request(url, data=body, method=method, headers=headers)  # noqa: S310 - of this machine
    try:
        with urllib.request.urlopen(made) as response:  # noqa: S310
            return response.status, response.headers, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


def test_routes_answer_over_http(emulator):
    """A request becomes an event, and the function's response an answer."""
    status, headers, body = request(emulator, "POST", "/things/7?a=1", b"{}", Authorization="Bearer any")
    event = json.loads(body)

    assert (status, headers["x-made"], headers.get_all("set-cookie")) == (201, "1", ["a=1", "b=2"])
    assert event["pathParameters"] == {"thingId": "7"}
    assert event["requestContext"]["authorizer"]["jwt"]["claims"] == {"sub": "operator-7"}
    assert event["requestContext"]["time"].startswith("2")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/open", 201), ("POST", "/things/7", 401), ("GET", "/things/7", 404), ("GET", "/nowhere", 404)],
)
def test_routes_are_private_unless_declared_open(emulator, method, path, status):
    """Without a token only open routes answer, and what is no route is not found."""
    found, _, _ = request(emulator, method, path)

    assert found == status


def test_nobody_gets_in_without_an_identity():
    """Where no identity is configured, a token opens nothing."""
    with Emulator(TEMPLATE, log=Lines()) as closed:
        assert request(closed, "POST", "/things/7", b"{}", Authorization="Bearer any")[0] == 401
        assert request(closed, "GET", "/open")[0] == 201


def test_the_wall_clock_cannot_be_moved():
    """Only a virtual clock can be advanced."""
    with Emulator(TEMPLATE, log=Lines()) as emulator, pytest.raises(DeclarationError, match="start="):
        emulator.advance(timedelta(days=1))


def test_a_closed_emulator_leaves_no_process(tmp_path):
    """Functions at work, moto and all servers end with the emulator."""
    running = tmp_path / "running"
    os.mkfifo(running)
    with Emulator(TEMPLATE, log=Lines()) as emulator:
        url = emulator.http_url
        send(emulator, "Jobs", {"do": "hang once", "id": "x", "file": str(running)})
        process = int(running.read_text())

    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(url)  # noqa: S310 - of this machine
