"""EventBridge Scheduler: fires what is stored, on the clock of the account."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event, Lock, Thread
from typing import Any
from uuid import uuid4

from purista_serverless.adapters.aws.emulator.cloud import Cloud
from purista_serverless.adapters.aws.emulator.environment import Log
from purista_serverless.adapters.aws.emulator.expressions import Timetable, read_timetable
from purista_serverless.adapters.aws.emulator.resource import StoredSchedule
from purista_serverless.emulation.clock import Clock
from purista_serverless.errors import DeclarationError

_LONGEST_REST = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Schedule:
    name: str
    arn: str
    timetable: Timetable
    target: Mapping[str, Any]
    is_enabled: bool


class Scheduler:
    """Fires schedules.

    Args:
        cloud: Where they are stored.
        clock: The time by which they fire.
        stored: The schedules, by logical id.
        log: Takes a line for each that cannot be delivered.

    Raises:
        DeclarationError: An expression does not parse, or a target is neither a queue nor a bus.
    """

    def __init__(self, cloud: Cloud, clock: Clock, stored: Mapping[str, StoredSchedule], *, log: Log) -> None:
        self._cloud = cloud
        self._clock = clock
        self._log = log
        self._lock = Lock()
        self._fired_until = clock.now()
        self._schedules = {key: _read(cloud, schedule, self._fired_until) for key, schedule in stored.items()}
        self._stopping = Event()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Fire by the clock, on a thread; with a virtual clock, whoever moves it calls ``fire_due``."""
        self._thread = Thread(target=self._run, name="scheduler", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Fire no more."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def next(self) -> datetime | None:
        """Give the next slot of all schedules, ``None`` if there is none."""
        slots = (next(schedule.timetable.after(self._fired_until), None) for schedule in self._enabled())
        return min((slot for slot in slots if slot is not None), default=None)

    def fire_due(self) -> None:
        """Fire every slot since the last call, in order."""
        with self._lock:
            now = self._clock.now()
            due = [(slot, schedule) for schedule in self._enabled() for slot in self._slots(schedule, now)]
            for slot, schedule in sorted(due, key=lambda pair: (pair[0], pair[1].name)):
                self._fire(schedule, slot)
            self._fired_until = now

    def fire(self, logical_id: str, slot: datetime) -> None:
        """Fire a schedule for a slot, whatever its timetable and its state say; as often as it is called."""
        found = [one for path, one in self._schedules.items() if logical_id in {path, path.rpartition(".")[2]}]
        if not found:
            raise LookupError(f"there is no schedule {logical_id!r}; known: {', '.join(sorted(self._schedules))}")
        self._fire(found[0], slot)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.fire_due()
            slot = self.next()
            rest = _LONGEST_REST if slot is None else (slot - self._clock.now()).total_seconds()
            self._stopping.wait(min(max(rest, 0.0), _LONGEST_REST))

    def _enabled(self) -> Sequence[_Schedule]:
        return [schedule for schedule in self._schedules.values() if schedule.is_enabled]

    def _slots(self, schedule: _Schedule, now: datetime) -> list[datetime]:
        slots = []
        for slot in schedule.timetable.after(self._fired_until):
            if slot > now:
                break
            slots.append(slot)
        return slots

    def _fire(self, schedule: _Schedule, slot: datetime) -> None:
        body = _input(schedule, slot)
        try:
            self._deliver(schedule.target, body)
        except Exception as error:  # noqa: BLE001 - Scheduler goes on with the others
            self._log(schedule.name, f"the target of the schedule refused: {error}")
            try:
                self._give_up(schedule, body, error)
            except Exception as lost:  # noqa: BLE001 - and also without the letter
                self._log(schedule.name, f"its dead-letter queue refused as well: {lost}")

    def _deliver(self, target: Mapping[str, Any], body: str) -> None:
        arn = str(target["Arn"])
        if arn.startswith("arn:aws:sqs:"):
            group = target.get("SqsParameters", {})
            sqs = self._cloud.client("sqs")
            url = sqs.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
            sqs.send_message(QueueUrl=url, MessageBody=body, **group)
            return
        parameters = target["EventBridgeParameters"]
        entry = {
            "EventBusName": arn,
            "Detail": body,
            "DetailType": parameters["DetailType"],
            "Source": parameters["Source"],
        }
        answer = self._cloud.client("events").put_events(Entries=[entry])
        if answer["FailedEntryCount"]:
            raise DeclarationError(f"the bus refused {entry['DetailType']}: {answer['Entries']}")

    def _give_up(self, schedule: _Schedule, body: str, error: Exception) -> None:
        letters = schedule.target.get("DeadLetterConfig", {}).get("Arn")
        if letters is None:
            return
        attributes = {
            "ERROR_MESSAGE": str(error)[:1000],
            "SCHEDULE_ARN": schedule.arn,
            "TARGET_ARN": schedule.target["Arn"],
        }
        sqs = self._cloud.client("sqs")
        sqs.send_message(
            QueueUrl=sqs.get_queue_url(QueueName=letters.rpartition(":")[2])["QueueUrl"],
            MessageBody=body,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
            },
        )


def _read(cloud: Cloud, stored: StoredSchedule, now: datetime) -> _Schedule:
    found = cloud.client("scheduler").get_schedule(Name=stored.name, GroupName=stored.group)
    target = found["Target"]
    if str(target["Arn"]).split(":")[2] not in {"sqs", "events"}:
        raise DeclarationError(
            f"schedule {stored.name}: the emulator fires at queues and buses, not at {target['Arn']}"
        )
    timetable = read_timetable(
        found["ScheduleExpression"],
        found.get("ScheduleExpressionTimezone") or "UTC",
        created=now,
        start=found.get("StartDate"),
        end=found.get("EndDate"),
    )
    return _Schedule(
        name=stored.name,
        arn=found["Arn"],
        timetable=timetable,
        target=target,
        is_enabled=found.get("State", "ENABLED") == "ENABLED",
    )


def _input(schedule: _Schedule, slot: datetime) -> str:
    """Give what the target gets, with the context attributes replaced."""
    scheduled = f"{slot.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    text = schedule.target.get("Input")
    if text is None:
        return json.dumps({"source": "aws.scheduler", "time": scheduled, "resources": [schedule.arn], "detail": "{}"})
    attributes = {
        "attempt-number": "1",
        "execution-id": uuid4().hex[:16],
        "schedule-arn": schedule.arn,
        "scheduled-time": scheduled,
    }
    for name, value in attributes.items():
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return str(text)
