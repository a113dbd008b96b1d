"""The contracts of queues, events and schedules on AWS: SQS, EventBridge and DynamoDB of moto, in virtual time."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto import mock_aws

from purista_serverless.application import Application
from purista_serverless.builder.handles import Event
from purista_serverless.builder.options import Lifecycle
from purista_serverless.schedule import DstPolicy, Interval
from purista_serverless.testing.contracts.event import EventContract
from purista_serverless.testing.contracts.event.application import HAPPENED, bound
from purista_serverless.testing.contracts.queue import QueueContract
from purista_serverless.testing.contracts.queue.application import jobs
from purista_serverless.testing.contracts.queue.batches import Ordering
from purista_serverless.testing.contracts.queue.leases import BoundedRuns
from purista_serverless.testing.contracts.schedule import ScheduleContract
from purista_serverless.testing.contracts.schedule.application import Kind, rounds
from purista_serverless.testing.contracts.script import task
from purista_serverless.testing.contracts.suite import DAY, HOUR, MINUTE, START, Suite
from purista_serverless.testing.faults import Faults
from tests.contracts.aws.gaps import EVENT_GAPS, QUEUE_GAPS, SCHEDULE_GAPS
from tests.contracts.aws.system import AwsSimulation


class Deployed(Suite):
    """Deploys to a region in this process; a test has one at a time."""

    system: AwsSimulation | None

    @pytest.fixture(autouse=True)
    def _region(self) -> Iterator[None]:
        self.system = None
        with mock_aws():
            yield
            self._close()

    def deploy(self, application: Application, **options: Any) -> AwsSimulation:
        """Deploy to an empty region."""
        self._close()
        self.system = AwsSimulation(application, **options)
        return self.system

    def _close(self) -> None:
        if self.system is not None:
            self.system.close()


class TestQueue(Deployed, QueueContract, Ordering, BoundedRuns):
    """Queues."""

    gaps = QUEUE_GAPS

    def test_what_kills_its_process_every_time_is_taken_away_by_the_platform(self) -> None:
        """Of an untracked job that never answers only SQS counts the runs: it moves the job, and tools see it."""
        declared = jobs(lifecycle=Lifecycle(max_attempts=3, window=5 * DAY))
        stage = self.stage(declared, durations={declared.worker: DAY})
        job_id = stage.client.enqueue(declared.queue, task("endless"))
        stage.system.drain()

        letter = stage.letter(declared.queue)
        assert (letter.id, letter.reason) == (
            job_id,
            "SQS moved it here: it was received as often as its queue allows, and nobody settled it",
        )
        assert len(stage.logbook.of("endless")) == 2 * 3 + 10


class TestEvent(Deployed, EventContract):
    """Events, subscriptions and bindings."""

    gaps = EVENT_GAPS

    def test_a_binding_that_needs_no_code_makes_one_job_of_an_event_and_its_copies(self) -> None:
        """The rule sends to the queue of the jobs; the worker makes the job of it, with an id that the event gives."""
        stage = self.stage(bound(), faults=Faults(1, duplicate=1.0))
        message_id = stage.client.emit(stage.declared.happened, task("a"))
        stage.system.drain()

        assert {run.job.headers["purista.sourceMessageId"] for run in stage.logbook.of("a")} == {message_id}
        assert len({run.job.id for run in stage.logbook.of("a")}) == 1
        assert stage.logbook.names() == ["a", "a"]

    def test_an_event_that_a_binding_without_code_cannot_use_is_a_dead_letter_of_the_queue(self) -> None:
        """Nobody looked at it before the worker: the letter lies where jobs lie, and names the field."""
        stage = self.stage(bound())
        stage.client.emit(Event.external(HAPPENED, dict), {"title": "no name"})
        stage.system.drain()

        letter = stage.letter(stage.declared.queue)
        assert letter.reason == f"event {HAPPENED} is not valid: name: Field required"
        assert stage.logbook.names() == []


class TestSchedule(Deployed, ScheduleContract):
    """Schedules."""

    gaps = SCHEDULE_GAPS

    def test_a_schedule_that_needs_no_code_fires_straight_at_its_target(self, kind: Kind) -> None:
        """Scheduler sends to queue or bus; whoever consumes it makes of it what the gate would have sent."""
        declared = rounds(kind, payload=task("fixed"))
        stage = self.stage(declared, start=START)
        stage.system.advance(2 * MINUTE)

        assert [(entry.name, entry.at) for entry in stage.logbook.of()] == [
            ("fixed", START + MINUTE),
            ("fixed", START + 2 * MINUTE),
        ]
        assert len({entry.message.id for entry in stage.logbook.of()}) == 2
        # Nobody counts its runs.
        assert stage.system.runs(declared.schedule) == ()

    @pytest.mark.parametrize(
        ("night", "starts"),
        [
            (datetime(2026, 3, 29, tzinfo=UTC), []),
            (datetime(2026, 10, 25, tzinfo=UTC), [datetime(2026, 10, 25, 0, 30, tzinfo=UTC)]),
        ],
        ids=["skipped", "repeated"],
    )
    def test_the_platform_s_own_policy_for_clock_changes_is_kept(
        self, kind: Kind, night: datetime, starts: list[datetime]
    ) -> None:
        """02:30 in Berlin is skipped in spring, and used once in autumn: the first time."""
        dst = DstPolicy(skipped="skip", repeated="first")
        declared = rounds(kind, expression="30 2 * * *", timezone="Europe/Berlin", dst=dst)
        stage = self.stage(declared, start=night - timedelta(hours=6))
        stage.system.run_until(night + timedelta(hours=6))

        assert [entry.at for entry in stage.logbook.of()] == starts

    def test_an_interval_of_minutes_counts_from_its_anchor(self, kind: Kind) -> None:
        """A restart does not move the slots, and none starts before the anchor."""
        declared = rounds(kind, expression=Interval(15 * MINUTE, start=START + 10 * MINUTE))
        stage = self.stage(declared, start=START)
        stage.system.advance(30 * MINUTE)
        stage.system.restart()
        stage.system.advance(HOUR)

        minutes = [(entry.at - START) // MINUTE for entry in stage.logbook.of()]
        assert minutes == [10, 25, 40, 55, 70, 85]
