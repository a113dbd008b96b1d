"""What a queue declares is what an enqueue may ask for; more is an error, everywhere."""

from collections.abc import Mapping
from typing import Any, cast

import pytest

from purista_serverless.errors import BoundExceeded, DeclarationError, InvalidPayload
from purista_serverless.testing.contracts.queue.application import jobs
from purista_serverless.testing.contracts.script import Step, Task, task
from purista_serverless.testing.contracts.suite import HOUR, MINUTE, SECOND, START, Suite

BOUNDED: Mapping[str, Any] = {"max_delay": HOUR, "priorities": 3, "max_payload": 200, "max_attempts": 5}

WITHIN: Mapping[str, Mapping[str, Any]] = {
    "delay": {"delay": HOUR},
    "scheduled time": {"scheduled_at": START + HOUR},
    "priority": {"priority": 2},
    "attempts": {"max_attempts": 5},
}
BEYOND: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "delay": ({"delay": HOUR + SECOND}, "max_delay"),
    "scheduled time": ({"scheduled_at": START + HOUR + SECOND}, "max_delay"),
    "negative delay": ({"delay": -SECOND}, "delay"),
    "priority": ({"priority": 3}, "priorities"),
    "negative priority": ({"priority": -1}, "priorities"),
    "attempts": ({"max_attempts": 6}, "max_attempts"),
    "no attempts": ({"max_attempts": 0}, "max_attempts"),
}
FOREIGN_HEADERS: Mapping[str, Mapping[str, Any]] = {
    "number": {"retries": 3},
    "tenant": {"purista.tenantId": "another"},
    "generation": {"purista.generation": "7"},
    "trace": {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
}


class Bounds(Suite):
    """The declared bounds of a queue."""

    @pytest.mark.parametrize("options", WITHIN.values(), ids=WITHIN.keys())
    def test_an_enqueue_at_a_declared_bound_is_accepted(self, options: Mapping[str, Any]) -> None:
        """The bound itself is allowed."""
        stage = self.stage(jobs(**BOUNDED))
        stage.client.enqueue(stage.declared.queue, task("a"), **options)
        stage.system.drain()

        assert stage.logbook.names() == ["a"]

    @pytest.mark.parametrize(("options", "bound"), BEYOND.values(), ids=BEYOND.keys())
    def test_an_enqueue_beyond_a_declared_bound_is_an_error(self, options: Mapping[str, Any], bound: str) -> None:
        """The error names the bound, and nothing is sent."""
        stage = self.stage(jobs(**BOUNDED))
        with pytest.raises(BoundExceeded, match=r"queue 'contract.jobs' declares") as raised:
            stage.client.enqueue(stage.declared.queue, task("a"), **options)
        stage.system.drain()

        assert raised.value.bound == bound
        assert stage.system.jobs(stage.declared.queue) == ()

    def test_a_payload_is_measured_in_bytes_as_it_travels(self) -> None:
        """One byte more than declared is refused, where a character beyond ASCII counts for all of its bytes."""
        room = 200 - len(task("").model_dump_json().encode())
        stage = self.stage(jobs(**BOUNDED))
        stage.client.enqueue(stage.declared.queue, task("ü" * (room // 2)))
        with pytest.raises(BoundExceeded, match="max_payload"):
            stage.client.enqueue(stage.declared.queue, task("ü" * (room // 2 + 1)))
        stage.system.drain()

        assert len(stage.system.jobs(stage.declared.queue)) == 1

    def test_a_delay_and_a_time_contradict_each_other(self) -> None:
        """Only one of the two may say when a job starts."""
        stage = self.stage(jobs())
        with pytest.raises(DeclarationError, match="give delay or scheduled_at, not both"):
            stage.client.enqueue(stage.declared.queue, task("a"), delay=MINUTE, scheduled_at=START)

    def test_a_time_without_a_zone_is_an_error(self) -> None:
        """Nobody knows whose clock it would be."""
        stage = self.stage(jobs())
        with pytest.raises(DeclarationError, match="scheduled_at must be an aware datetime"):
            stage.client.enqueue(stage.declared.queue, task("a"), scheduled_at=START.replace(tzinfo=None))

    @pytest.mark.parametrize("headers", FOREIGN_HEADERS.values(), ids=FOREIGN_HEADERS.keys())
    def test_a_header_that_is_no_text_or_not_the_users_is_an_error(self, headers: Mapping[str, Any]) -> None:
        """Nobody enqueues what every consumer must bury, or speaks for another tenant by a header."""
        stage = self.stage(jobs())
        with pytest.raises(DeclarationError, match=f"header '{next(iter(headers))}' is"):
            stage.client.enqueue(stage.declared.queue, task("a"), headers=headers)
        stage.system.drain()

        assert stage.system.jobs(stage.declared.queue) == ()

    def test_a_users_headers_travel(self) -> None:
        """The worker reads them as they were given, apart from those of the kit."""
        stage = self.stage(jobs())
        stage.client.enqueue(stage.declared.queue, task("a"), headers={"source": "import"})
        stage.system.drain()

        assert stage.logbook.entries[0].job.own_headers == {"source": "import"}

    def test_a_payload_that_does_not_fit_is_refused_before_it_is_sent(self) -> None:
        """The producer learns of its mistake, not the worker."""
        stage = self.stage(jobs())
        with pytest.raises(InvalidPayload, match=r"payload of contract\.jobs"):
            stage.client.enqueue(stage.declared.queue, cast("Task", {"name": "a"}))
        with pytest.raises(InvalidPayload, match="a field holds a value that is not of its declared type"):
            stage.client.enqueue(stage.declared.queue, Task.model_construct(name="a", steps="none"))
        stage.system.drain()

        assert stage.system.jobs(stage.declared.queue) == ()

    def test_a_bound_holds_for_every_job_of_a_crowd(self) -> None:
        """Bounds do not wear out: jobs within them are all accepted, whatever was refused in between."""
        stage = self.stage(jobs(**BOUNDED))
        for number in range(20):
            stage.client.enqueue(stage.declared.queue, task(f"job {number}", Step()), priority=number % 3)
            with pytest.raises(BoundExceeded):
                stage.client.enqueue(stage.declared.queue, task("refused"), priority=3)
        stage.system.drain()

        assert sorted(stage.logbook.names()) == sorted(f"job {number}" for number in range(20))
