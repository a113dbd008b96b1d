"""Where an event goes: fan-out, filters, and what travels with it over every hop."""

from typing import Any

import pytest

from purista_serverless.builder.handles import Event
from purista_serverless.message import CUSTOM_MESSAGE, Message, Party
from purista_serverless.testing.contracts.event.application import HAPPENED, bound, chain, listeners, senders
from purista_serverless.testing.contracts.script import Logbook, Step, Task, task
from purista_serverless.testing.contracts.suite import DAY, MILLISECOND, Suite
from purista_serverless.testing.faults import CrashAt, Faults

# What a command of the application sends on behalf of tenant "t" and principal "p".
MATCHING = {
    "sender_service": "Contract",
    "sender_version": "1",
    "sender_target": "announce",
    "tenant_id": "t",
    "principal_id": "p",
    "message_type": "customMessage",
}


class Routing(Suite):
    """Every subscription whose filters match gets the event, and nobody else."""

    def test_an_event_goes_to_every_subscription_that_listens(self) -> None:
        """Fan-out: each gets its own copy of the same event."""
        stage = self.stage(listeners())
        message_id = stage.client.emit(stage.declared.happened, task("a"))
        stage.system.drain()

        assert [(entry.handler, entry.message.id) for entry in sorted(stage.logbook.of(), key=lambda e: e.handler)] == [
            ("scripted", message_id),
            ("steady", message_id),
        ]

    def test_an_event_that_nobody_listens_to_is_no_error(self) -> None:
        """A producer need not know its consumers."""
        stage = self.stage(listeners())
        stage.client.emit(Event.external("contract.unheard", dict), {})
        stage.system.drain()

        assert stage.logbook.names() == []
        assert len(stage.system.messages("contract.unheard")) == 1

    @pytest.mark.parametrize("field", MATCHING)
    def test_a_filter_lets_through_what_matches_and_nothing_else(self, field: str) -> None:
        """Each filter compares one field of the message exactly; a subscription without it gets both."""
        for wanted, expected in ((MATCHING[field], ["a"]), (MATCHING[field] + "x", [])):
            filters: dict[str, Any] = {field: wanted}
            stage = self.stage(listeners(**filters))
            behalf = stage.client.on_behalf_of(tenant_id="t", principal_id="p")
            behalf.invoke(stage.declared.announce, task("a"))
            stage.system.drain()

            assert stage.logbook.names("scripted") == expected
            assert stage.logbook.names("steady") == ["a"]

    def test_all_filters_of_a_subscription_must_match(self) -> None:
        """One that does not is enough to keep an event away."""
        for principal, expected in (("p", ["a"]), ("other", [])):
            filters: dict[str, Any] = {**MATCHING, "principal_id": principal}
            stage = self.stage(listeners(**filters))
            behalf = stage.client.on_behalf_of(tenant_id="t", principal_id="p")
            behalf.invoke(stage.declared.announce, task("a"))
            stage.system.drain()

            assert stage.logbook.names("scripted") == expected

    def test_a_filter_on_what_a_message_does_not_say_keeps_it_away(self) -> None:
        """An event without a tenant is not the event of any tenant."""
        stage = self.stage(listeners(tenant_id="t"))
        stage.client.emit(stage.declared.happened, task("a"))
        stage.system.drain()

        assert stage.logbook.names("scripted") == []

    def test_filters_are_checked_again_where_the_event_arrives(self) -> None:
        """A platform's own filter may be coarser or older: what does not match is acknowledged and runs nothing."""
        stage = self.stage(listeners(tenant_id="t"))
        stage.system.inject("subscription:Contract.1.scripted", envelope(tenant_id="other"))
        stage.system.inject("subscription:Contract.1.scripted", envelope(tenant_id="t"))
        stage.system.drain()

        assert stage.logbook.names("scripted") == ["injected"]
        assert stage.system.dead_letters(stage.declared.scripted) == ()

    def test_identity_trace_and_correlation_travel_over_every_hop(self, is_async: bool) -> None:
        """From a command over event, subscription, binding, job and command to the last event nothing is lost."""
        stage = self.stage(chain(is_async=is_async))
        behalf = stage.client.on_behalf_of(tenant_id="t", principal_id="p")
        traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        behalf.invoke(stage.declared.begin, task("a"), correlation_id="one operation", traceparent=traceparent)
        stage.system.drain()

        assert set(stage.logbook.names("bound worker") + stage.logbook.names("last subscription")) == {"a"}
        assert len(stage.logbook.entries) == 6
        for entry in stage.logbook.entries:
            assert (entry.tenant_id, entry.principal_id) == ("t", "p"), entry.handler
            assert entry.correlation_id == "one operation", entry.handler
            assert entry.trace_id == "0af7651916cd43dd8448eb211c80319c", entry.handler

    def test_every_message_names_the_one_that_caused_it(self, is_async: bool) -> None:
        """Causation leads from the last message back to the first, which was caused by none of ours."""
        stage = self.stage(chain(is_async=is_async))
        stage.client.invoke(stage.declared.begin, task("a"))
        stage.system.drain()

        causes = {entry.handler: cause_of(stage.logbook, entry.message) for entry in stage.logbook.entries}
        assert causes == {
            "first command": None,
            "first subscription": "first command",
            "bound worker": "first subscription",
            "worker": "first subscription",
            "second command": "worker",
            "last subscription": "second command",
        }


class Repetition(Suite):
    """Delivery is at least once: what comes twice can be known by its id, and nothing is lost."""

    def test_a_handler_that_runs_again_sends_the_same_ids(self) -> None:
        """Ids are derived from the handled message, so that consumers can drop what they know."""
        stage = self.stage(chain(), faults=Faults(1, duplicate=1.0))
        stage.client.invoke(stage.declared.begin, task("a"))
        stage.system.drain()

        assert len(stage.system.messages("contract.ended")) > 1
        assert len({message.id for message in stage.system.messages("contract.ended")}) == 1
        assert len(stage.system.jobs("contract.enqueued")) == 1
        assert len(stage.system.jobs("contract.chained")) == 1

    def test_two_events_of_one_handler_have_two_ids(self) -> None:
        """The n-th use counts: equal payloads are not taken for copies."""
        stage = self.stage(listeners())
        for _ in range(2):
            stage.client.invoke(stage.declared.announce, task("same"))
        stage.system.drain()

        assert len({entry.message.id for entry in stage.logbook.of(handler="steady")}) == 2

    def test_two_subscriptions_of_one_event_are_two_senders(self) -> None:
        """What they emit, enqueue and invoke has different ids, though they handle the same message."""
        stage = self.stage(senders())
        stage.client.emit(stage.declared.happened, task("a"))
        stage.system.drain()

        assert sorted(stage.logbook.names("work")) == sorted(stage.logbook.names("answer")) == ["one", "two"]
        assert len({message.id for message in stage.system.messages(stage.declared.echoed)}) == 2
        assert len({entry.message.id for entry in stage.logbook.of(handler="answer")}) == 2

    def test_a_strict_binding_enqueues_a_repeated_event_once(self) -> None:
        """The event's id is the key: copies find the job that is there."""
        stage = self.stage(bound(idempotency_mode="strict"), faults=Faults(1, duplicate=1.0))
        stage.client.emit(stage.declared.happened, task("a"))
        stage.system.drain()

        assert len(stage.system.jobs(stage.declared.queue)) == 1
        assert stage.logbook.names() == ["a"]

    @pytest.mark.parametrize("mode", ["advisory", "strict"])
    def test_a_crash_at_any_point_loses_no_bound_job(self, mode: str) -> None:
        """Wherever binding or worker dies, the job is there and is done; under `strict` there is one."""
        deaths = 0
        while self._dies_and_delivers(mode, CrashAt(deaths + 1)):
            deaths += 1

        assert deaths >= 6

    def _dies_and_delivers(self, mode: str, faults: CrashAt) -> bool:
        # With a mapping, since a provider may carry a binding without one by itself: then no code of ours can die.
        stage = self.stage(bound(map_payload=unchanged, idempotency_mode=mode), faults=faults)
        stage.client.emit(stage.declared.happened, task("a"))
        stage.system.advance(DAY)

        assert len(stage.system.jobs(stage.declared.queue)) == 1, faults.fired
        assert set(stage.logbook.names()) == {"a"}, faults.fired
        assert stage.system.dead_letters(stage.declared.edge) == (), faults.fired
        return faults.fired is not None

    def test_a_crash_at_any_point_of_a_chain_loses_nothing(self) -> None:
        """Wherever a handler or a consumer dies, everything that follows from the event happens, at least once."""
        deaths = 0
        while self._dies_and_arrives(CrashAt(deaths + 1)):
            deaths += 1

        assert deaths >= 16

    def _dies_and_arrives(self, faults: CrashAt) -> bool:
        stage = self.stage(chain(), faults=faults)
        stage.client.emit(Event.external("contract.began", dict), task("a").model_dump(mode="json"))
        stage.system.advance(DAY)

        arrived = {entry.handler for entry in stage.logbook.of("a")}
        assert arrived == {"first subscription", "bound worker", "worker", "second command", "last subscription"}
        assert len({message.id for message in stage.system.messages("contract.ended")}) == 1, faults.fired
        return faults.fired is not None

    def test_a_failing_subscription_does_not_lose_its_event_over_a_restart(self) -> None:
        """What waits for another try survives the process."""
        stage = self.stage(listeners())
        stage.client.emit(stage.declared.happened, task("a", Step(do="fail"), Step()))
        while not stage.logbook.names("scripted"):
            stage.system.advance(MILLISECOND)
        stage.system.restart()
        stage.system.drain()

        assert stage.logbook.names("scripted") == ["a", "a"]


def envelope(**fields: Any) -> bytes:
    """Give an event of the application as bytes, as another system may send it."""
    return Message(
        id="injected",
        timestamp=0,
        message_type=CUSTOM_MESSAGE,
        event_name=HAPPENED,
        payload=task("injected").model_dump(mode="json"),
        sender=Party("Another", "7", "somewhere"),
        **fields,
    ).encode()


def unchanged(event: Task) -> Task:
    """Map an event to itself."""
    return event


def cause_of(logbook: Logbook, message: Any) -> str | None:
    """Give the handler whose message caused another message, or whose handling emitted it."""
    ids = {entry.message.id: entry.handler for entry in logbook.entries}
    return ids.get(message.causation_id)
