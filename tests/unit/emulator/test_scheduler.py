"""The emulated scheduler fires what is stored, at queues and buses, and keeps what they refuse."""

import json
from datetime import UTC, datetime, timedelta
from queue import Queue
from typing import Any

import pytest

from purista_serverless.adapters.aws.emulator.resource import StoredSchedule
from purista_serverless.adapters.aws.emulator.scheduler import Scheduler
from purista_serverless.errors import DeclarationError

START = datetime(2026, 1, 1, tzinfo=UTC)
JOBS = "arn:aws:sqs:eu-central-1:123456789012:jobs"
LETTERS = "arn:aws:sqs:eu-central-1:123456789012:letters"
BUS = "arn:aws:events:eu-central-1:123456789012:event-bus/bus"
INPUT = '{"at":"<aws.scheduler.scheduled-time>","of":"<aws.scheduler.schedule-arn>"}'


class Account:
    """An account that stores schedules, and takes what they send unless its name is refused."""

    def __init__(self, *, refused: str | None = None, **schedules: dict[str, Any]) -> None:
        self.schedules = schedules
        self.refused = refused
        self.sent: Queue[tuple[str, str]] = Queue()

    def client(self, service: str) -> "Account":
        """Give the client of a service: this."""
        assert service in {"events", "scheduler", "sqs"}
        return self

    def get_schedule(self, Name: str, GroupName: str) -> dict[str, Any]:  # noqa: N803 - as botocore has them
        """Give a schedule."""
        return {"Arn": f"arn:of/{GroupName}/{Name}", **self.schedules[Name]}

    def get_queue_url(self, QueueName: str) -> dict[str, str]:  # noqa: N803
        """Give the URL of a queue."""
        return {"QueueUrl": QueueName}

    def send_message(self, QueueUrl: str, MessageBody: str, **_: Any) -> None:  # noqa: N803
        """Take a message."""
        if QueueUrl == self.refused:
            raise ConnectionError("refused")
        self.sent.put((QueueUrl, MessageBody))

    def put_events(self, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        """Take an event."""
        (entry,) = Entries
        if self.refused == "bus":
            return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure"}]}
        self.sent.put((entry["DetailType"], entry["Detail"]))
        return {"FailedEntryCount": 0}

    def taken(self) -> list[tuple[str, str]]:
        """Give what was sent so far: where to, and when it was due."""
        found = [self.sent.get() for _ in range(self.sent.qsize())]
        return [(where, json.loads(body)["at"]) for where, body in found]


class Steps:
    """A clock that tells the given times one after the other, and then the last one for ever."""

    is_virtual = False

    def __init__(self, *times: datetime) -> None:
        self._times = list(times)

    def now(self) -> datetime:
        """Give the next time."""
        return self._times.pop(0) if len(self._times) > 1 else self._times[0]


def to_queue(expression: str, **others: Any) -> dict[str, Any]:
    """Make a schedule that sends to a queue."""
    target = {"Arn": JOBS, "Input": INPUT, "DeadLetterConfig": {"Arn": LETTERS}}
    return {"ScheduleExpression": expression, "Target": target, **others}


def to_bus(expression: str) -> dict[str, Any]:
    """Make a schedule that puts an event on a bus."""
    parameters = {"DetailType": "due", "Source": "purista.billing"}
    target = {"Arn": BUS, "Input": INPUT, "EventBridgeParameters": parameters, "DeadLetterConfig": {"Arn": LETTERS}}
    return {"ScheduleExpression": expression, "Target": target}


def scheduler(account: Account, clock: Steps, lines: list[str] | None = None) -> Scheduler:
    """Make a scheduler of all that an account stores."""
    stored = {name: StoredSchedule(name=name, group="group") for name in account.schedules}
    log = (lines if lines is not None else []).append
    return Scheduler(account, clock, stored, log=lambda _, line: log(line))  # type: ignore[arg-type]


def test_what_is_due_is_fired_in_order():
    """Slots of all schedules since the last look go to their targets, oldest first, with their attributes replaced."""
    account = Account(daily=to_queue("cron(0 6 * * ? *)"), noon=to_bus("cron(0 12 * * ? *)"))
    made = scheduler(account, Steps(START, START + timedelta(days=2)))
    assert made.next() == START + timedelta(hours=6)
    made.fire_due()

    assert account.taken() == [
        ("jobs", "2026-01-01T06:00:00Z"),
        ("due", "2026-01-01T12:00:00Z"),
        ("jobs", "2026-01-02T06:00:00Z"),
        ("due", "2026-01-02T12:00:00Z"),
    ]
    assert made.next() == START + timedelta(days=2, hours=6)


def test_a_disabled_schedule_is_silent_until_it_is_fired_by_hand():
    """The state counts for the clock, and not for whoever fires it."""
    account = Account(daily=to_queue("cron(0 6 * * ? *)", State="DISABLED"))
    made = scheduler(account, Steps(START, START + timedelta(days=2)))
    made.fire_due()
    before = account.taken()
    made.fire("daily", datetime(2020, 2, 29, 6, tzinfo=UTC))

    assert (before, made.next()) == ([], None)
    assert account.taken() == [("jobs", "2020-02-29T06:00:00Z")]
    with pytest.raises(LookupError, match="daily"):
        made.fire("dally", START)


@pytest.mark.parametrize(("schedule", "refused"), [(to_queue, "jobs"), (to_bus, "bus")])
def test_what_a_target_refuses_is_a_dead_letter(schedule, refused):
    """The input goes to the schedule's dead letters, a line tells why, and the scheduler goes on."""
    lines: list[str] = []
    account = Account(refused=refused, daily=schedule("cron(0 6 * * ? *)"))
    scheduler(account, Steps(START, START + timedelta(days=1)), lines).fire_due()

    assert account.taken() == [("letters", "2026-01-01T06:00:00Z")]
    assert len(lines) == 1


def test_a_letter_that_is_refused_as_well_ends_nothing():
    """The letter is lost, a line says so, and the next slot is fired all the same."""
    lines: list[str] = []
    account = Account(refused="jobs", daily=to_queue("cron(0 6 * * ? *)"))
    account.schedules["daily"]["Target"]["DeadLetterConfig"] = {"Arn": JOBS}
    scheduler(account, Steps(START, START + timedelta(days=2)), lines).fire_due()

    assert [line.partition(" refused")[0] for line in lines] == [
        "the target of the schedule",
        "its dead-letter queue",
        "the target of the schedule",
        "its dead-letter queue",
    ]


def test_without_an_input_the_target_is_told_the_time():
    """A schedule without an input sends an event of its own."""
    account = Account(daily={"ScheduleExpression": "cron(0 6 * * ? *)", "Target": {"Arn": JOBS}})
    scheduler(account, Steps(START, START + timedelta(days=1))).fire_due()

    _, body = account.sent.get_nowait()
    assert json.loads(body)["time"] == "2026-01-01T06:00:00Z"


def test_a_target_that_cannot_be_reached_is_named():
    """Only queues and buses are targets."""
    function = "arn:aws:lambda:eu-central-1:123456789012:function:f"
    account = Account(daily={"ScheduleExpression": "rate(1 hour)", "Target": {"Arn": function}})

    with pytest.raises(DeclarationError, match="function:f"):
        scheduler(account, Steps(START))


def test_the_clock_fires_by_itself():
    """Once started, a scheduler fires what becomes due until it is stopped."""
    account = Account(daily=to_queue("cron(0 6 * * ? *)"))
    made = scheduler(account, Steps(START, START + timedelta(hours=1), START + timedelta(hours=6)))
    made.start()
    queue, _ = account.sent.get(timeout=60)
    made.stop()

    assert queue == "jobs"
