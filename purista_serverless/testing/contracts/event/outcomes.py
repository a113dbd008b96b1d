"""The subscription column of the outcome table, row by row, for ``def`` and ``async def`` handlers."""

import pytest

from purista_serverless.builder.handles import Event
from purista_serverless.testing.contracts.event.application import HAPPENED, listeners
from purista_serverless.testing.contracts.script import SECRET, Step, pauses, task
from purista_serverless.testing.contracts.suite import MINUTE, SECOND, Suite

EDGE = "subscription:Contract.1.scripted"
FINAL_STATUSES = (400, 404, 409, 422)
FAILING_STATUSES = (408, 425, 429, 500, 503)


class SubscriptionOutcomes(Suite):
    """What becomes of an event after each outcome of one of its handlers; the other handler never notices."""

    def test_success_acknowledges_the_event(self, is_async: bool) -> None:
        """The handler runs once and nothing is left behind."""
        stage = self.stage(listeners(is_async=is_async))
        stage.client.emit(stage.declared.happened, task("a"))
        stage.system.drain()

        assert stage.logbook.names("scripted") == ["a"]
        assert stage.system.dead_letters(stage.declared.scripted) == ()

    @pytest.mark.parametrize("status", FINAL_STATUSES)
    def test_a_refusal_is_a_dead_letter_at_once(self, is_async: bool, status: int) -> None:
        """A refusal is not acknowledged in silence: it is kept with its reason, and not tried again."""
        stage = self.stage(listeners(is_async=is_async))
        message_id = stage.client.emit(stage.declared.happened, task("a", Step(do="reject", status=status)))
        stage.system.drain()

        letter = stage.letter(stage.declared.scripted)
        assert stage.logbook.names("scripted") == ["a"]
        assert (letter.id, letter.attempts, letter.reason) == (message_id, 1, f"{status} refused by the script")

    @pytest.mark.parametrize("status", FAILING_STATUSES)
    def test_a_refusal_that_time_may_mend_counts_as_a_failure(self, is_async: bool, status: int) -> None:
        """408, 425, 429 and 5xx are tried again with backoff until the attempts are spent."""
        stage = self.stage(listeners(is_async=is_async))
        stage.client.emit(stage.declared.happened, task("a", Step(do="reject", status=status)))
        stage.system.drain()

        letter = stage.letter(stage.declared.scripted)
        assert pauses(stage.logbook.of("a", handler="scripted")) == [1 * SECOND, 2 * SECOND]
        assert (letter.attempts, letter.reason) == (3, f"{status} refused by the script (attempt 3 of 3)")

    def test_input_that_does_not_fit_its_type_is_a_dead_letter_at_once(self, is_async: bool) -> None:
        """An event of another shape, from another system, does not reach the handler."""
        stage = self.stage(listeners(is_async=is_async))
        stage.client.emit(Event.external(HAPPENED, dict), {"title": "no name"})
        stage.system.drain()

        letter = stage.letter(stage.declared.scripted)
        assert stage.logbook.names() == []
        assert (letter.attempts, letter.reason) == (1, "payload of scripted is not valid: name: Field required")

    def test_an_event_that_does_not_say_when_it_was_sent_has_all_of_its_attempts(self) -> None:
        """Nobody knows when its window began, so that only the attempts bound it."""
        stage = self.stage(listeners())
        payload = task("a", Step(do="fail")).model_dump_json()
        body = f'{{"id":"1","messageType":"customMessage","eventName":"{HAPPENED}","payload":{payload}}}'
        stage.system.inject(EDGE, body.encode())
        stage.system.drain()

        assert pauses(stage.logbook.of("a", handler="scripted")) == [1 * SECOND, 2 * SECOND]
        assert stage.letter(stage.declared.scripted).reason.endswith("(attempt 3 of 3)")

    @pytest.mark.parametrize("body", [b"\xff\xfe", b"[]", b'{"id": "1"}'], ids=["binary", "an array", "no type"])
    def test_input_that_does_not_decode_is_a_dead_letter_at_once(self, is_async: bool, body: bytes) -> None:
        """What is no message at all is kept byte by byte."""
        stage = self.stage(listeners(is_async=is_async))
        stage.system.inject(EDGE, body)
        stage.system.drain()

        assert stage.letter(EDGE).body == body
        assert stage.logbook.names() == []

    def test_a_retry_comes_again_after_the_delay_it_asks_for(self, is_async: bool) -> None:
        """The delay is the handler's, and the run counts as an attempt."""
        stage = self.stage(listeners(is_async=is_async))
        stage.client.emit(stage.declared.happened, task("a", Step(do="retry", delay=90), Step()))
        stage.system.drain()

        runs = stage.logbook.of("a", handler="scripted")
        assert pauses(runs) == [90 * SECOND]
        assert [run.attempt for run in runs] == [1, 2]

    def test_retries_end_in_a_dead_letter_when_the_attempts_are_spent(self, is_async: bool) -> None:
        """A handler that never stops asking for another try is stopped."""
        stage = self.stage(listeners(is_async=is_async))
        stage.client.emit(stage.declared.happened, task("a", Step(do="retry", delay=60)))
        stage.system.drain()

        letter = stage.letter(stage.declared.scripted)
        assert pauses(stage.logbook.of("a", handler="scripted")) == [MINUTE, MINUTE]
        assert (letter.attempts, letter.reason) == (3, "not yet (attempt 3 of 3)")

    def test_failures_end_in_a_dead_letter_when_the_attempts_are_spent(self, is_async: bool) -> None:
        """An error backs off until then; the letter keeps it and the count."""
        stage = self.stage(listeners(is_async=is_async))
        stage.client.emit(stage.declared.happened, task("a", Step(do="fail")))
        stage.system.drain()

        letter = stage.letter(stage.declared.scripted)
        assert pauses(stage.logbook.of("a", handler="scripted")) == [1 * SECOND, 2 * SECOND]
        assert (letter.attempts, letter.reason) == (3, f"ScriptedFailure: {SECRET} (attempt 3 of 3)")

    def test_a_cancellation_acknowledges_the_event(self, is_async: bool) -> None:
        """A handler that does not want an event is done with it."""
        stage = self.stage(listeners(is_async=is_async))
        stage.client.emit(stage.declared.happened, task("a", Step(do="cancel")))
        stage.system.drain()

        assert stage.logbook.names("scripted") == ["a"]
        assert stage.system.dead_letters(stage.declared.scripted) == ()

    @pytest.mark.parametrize("ending", ["fail", "reject", "retry", "cancel"])
    def test_a_subscription_is_not_disturbed_by_another_one_s_outcome(self, is_async: bool, ending: str) -> None:
        """Each subscription has its own delivery, attempts and dead letters."""
        stage = self.stage(listeners(is_async=is_async))
        stage.client.emit(stage.declared.happened, task("a", Step.model_validate({"do": ending})))
        stage.system.drain()

        assert stage.logbook.names("steady") == ["a"]
        assert stage.system.dead_letters(stage.declared.steady) == ()

    def test_a_redriven_event_goes_to_its_own_subscription_only(self, is_async: bool) -> None:
        """It comes as a new generation with all its attempts, and the others do not see it again."""
        stage = self.stage(listeners(is_async=is_async))
        stage.client.emit(stage.declared.happened, task("a", Step(do="reject"), Step(do="fail"), Step()))
        stage.system.drain()
        stage.system.redrive(stage.letter(stage.declared.scripted))
        stage.system.drain()

        runs = stage.logbook.of("a", handler="scripted")
        assert [(run.attempt, run.message.generation) for run in runs] == [(1, 0), (1, 1), (2, 1)]
        assert stage.logbook.names("steady") == ["a"]
        assert stage.system.dead_letters(stage.declared.scripted) == ()
