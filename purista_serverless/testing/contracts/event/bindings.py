"""Bindings: an event becomes a job, without a handler of its own."""

from typing import Any

import pytest

from purista_serverless.builder.handles import Event
from purista_serverless.message import Message
from purista_serverless.schema import Model
from purista_serverless.testing.contracts.event.application import HAPPENED, Detail, bound
from purista_serverless.testing.contracts.event.routing import envelope
from purista_serverless.testing.contracts.script import Task, task
from purista_serverless.testing.contracts.suite import Suite


class Shout(Model):
    """The payload of a bound job that has another shape than the event."""

    name: str
    exclamations: int


def to_shout(event: Task) -> Shout:
    """Map the event to the job."""
    return Shout(name=event.name.upper(), exclamations=len(event.steps))


def to_detail(event: Task) -> Detail:
    """Map the event to the job's parameter."""
    return Detail(length=len(event.name))


def is_wanted(event: Task) -> bool:
    """Accept some events."""
    return event.name.startswith("wanted")


def refuse_odd_names(event: Task) -> Shout:
    """Map some events, and fail on the others."""
    if not event.name.isalpha():
        raise LookupError(f"no shout for {len(event.name)} characters")
    return to_shout(event)


def group_of(message: Message) -> str | None:
    """Take the group of the event as key."""
    return str(message.payload["group"]) or None


class Bindings(Suite):
    """What a binding makes of an event."""

    def test_an_event_becomes_a_job_with_its_payload(self) -> None:
        """Without a mapping the event's payload is the job's, and the job says where it came from."""
        stage = self.stage(bound())
        message_id = stage.client.emit(stage.declared.happened, task("a"))
        stage.system.drain()

        (run,) = stage.logbook.of("a")
        assert run.job.headers["purista.sourceEventName"] == HAPPENED
        assert run.job.headers["purista.sourceMessageId"] == message_id

    def test_a_mapping_makes_payload_and_parameter(self) -> None:
        """Both are functions of the event's payload."""
        declared = bound(Shout, Detail, map_payload=to_shout, map_parameter=to_detail)
        stage = self.stage(declared)
        stage.client.emit(declared.happened, task("hello"))
        stage.system.drain()

        assert stage.logbook.names() == ["HELLO"]
        assert stage.logbook.notes == [Detail(length=5)]

    def test_an_event_that_is_not_accepted_is_no_job(self) -> None:
        """The filter sees the payload; what it refuses is acknowledged."""
        stage = self.stage(bound(accepts=is_wanted))
        for name in ("wanted 1", "unwanted", "wanted 2"):
            stage.client.emit(stage.declared.happened, task(name))
        stage.system.drain()

        assert sorted(stage.logbook.names()) == ["wanted 1", "wanted 2"]
        assert stage.system.dead_letters(stage.declared.edge) == ()

    def test_an_event_from_another_sender_is_no_job(self) -> None:
        """Name and version of the sending service may be given, and both must match."""
        for version, expected in (("7", ["injected"]), ("8", [])):
            stage = self.stage(bound(sender_service="Another", sender_version=version))
            stage.system.inject(stage.declared.edge, envelope())
            stage.system.drain()

            assert stage.logbook.names() == expected
            assert stage.system.dead_letters(stage.declared.edge) == ()

    def test_an_event_of_another_shape_is_a_dead_letter_of_the_binding(self) -> None:
        """It is not dropped: it is kept with the field that does not fit, and can be redriven."""
        stage = self.stage(bound(Shout, map_payload=to_shout))
        stage.client.emit(Event.external(HAPPENED, dict), {"title": "no name"})
        stage.system.drain()

        letter = stage.letter(stage.declared.edge)
        assert letter.reason == f"event {HAPPENED} is not valid: name: Field required"
        assert stage.system.jobs(stage.declared.queue) == ()

    def test_a_mapping_that_fails_is_tried_again_and_then_kept(self) -> None:
        """An error of a mapping is a failure: attempts with backoff, then a dead letter of the binding."""
        stage = self.stage(bound(Shout, map_payload=refuse_odd_names))
        stage.client.emit(stage.declared.happened, task("4711"))
        stage.client.emit(stage.declared.happened, task("fine"))
        stage.system.drain()

        letter = stage.letter(stage.declared.edge)
        assert (letter.attempts, letter.reason) == (3, "LookupError: no shout for 4 characters (attempt 3 of 3)")
        assert stage.logbook.names() == ["FINE"]

    def test_a_redriven_event_becomes_a_job(self) -> None:
        """After the mapping was mended, the letter of a binding can be sent again."""
        stage = self.stage(bound(Shout, map_payload=refuse_odd_names))
        stage.client.emit(stage.declared.happened, task("4711"))
        stage.system.drain()
        letter = stage.letter(stage.declared.edge)
        stage.system.replace_application(bound(Shout, map_payload=to_shout).application)
        stage.system.redrive(letter)
        stage.system.drain()

        assert stage.logbook.names() == ["4711"]
        assert stage.system.dead_letters(stage.declared.edge) == ()

    @pytest.mark.parametrize(
        ("source", "expected"),
        [
            ("messageId", "injected"),
            ("correlationId", "one operation"),
            ("payload.name", "injected"),
            (group_of, None),
            (None, None),
        ],
        ids=["message id", "correlation id", "path", "function", "nothing"],
    )
    def test_the_key_of_a_bound_job_is_taken_from_its_event(self, source: Any, expected: str | None) -> None:
        """The event's id by default; its correlation, a field, a function of the message, or no key at all."""
        stage = self.stage(bound(idempotency_key=source))
        stage.system.inject(stage.declared.edge, envelope(correlation_id="one operation"))
        stage.system.drain()

        (run,) = stage.logbook.of()
        assert run.job.idempotency_key == expected

    def test_a_key_that_the_event_carries_stands_for_its_id(self) -> None:
        """Whoever sends it names the work: schedules do, and the binding's default key follows."""
        stage = self.stage(bound())
        stage.system.inject(stage.declared.edge, envelope(idempotency_key="the work"))
        stage.system.drain()

        (run,) = stage.logbook.of()
        assert run.job.idempotency_key == "the work"

    def test_events_with_one_key_are_one_job_under_strict(self) -> None:
        """A key from the payload holds across events; another payload under it is a dead letter of the binding."""
        stage = self.stage(bound(idempotency_mode="strict", idempotency_key="payload.name"))
        for group in ("x", "x", "y"):
            stage.client.emit(stage.declared.happened, task("a", group=group))
        stage.system.drain()

        letter = stage.letter(stage.declared.edge)
        assert stage.logbook.names() == ["a"]
        assert letter.reason == "409 the idempotency key 'a' of contract.bound was used with another payload"
