"""What a host does with what it is given, for every kind of trigger, and for ``def`` and ``async def`` alike."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Literal, TypeAlias

import pytest

from purista_serverless.application import Application
from purista_serverless.message.wire import plain_json
from purista_serverless.runtime.context import Context
from purista_serverless.testing.contracts.host.application import (
    COMMAND_EDGE,
    EVENT_EDGE,
    FORBIDDEN,
    QUEUE_EDGE,
    awaited_guards,
    hosted,
)
from purista_serverless.testing.contracts.host.case import Case, Record, Reply, Settlement
from purista_serverless.testing.contracts.host.messages import TRACE, command, event, job
from purista_serverless.testing.contracts.host.needs import Need, needs, unmet
from purista_serverless.testing.contracts.script import SECRET, Entry, Logbook, Report, Step, Task, task

Trigger: TypeAlias = Literal["command", "job", "event"]
EDGES = {"command": COMMAND_EDGE, "job": QUEUE_EDGE, "event": EVENT_EDGE}
ENCODE = {"command": command, "job": job, "event": event}

ACKNOWLEDGED = Settlement(verdict="acknowledged")


class HostSuite(ABC):
    """Base of the groups: an adapter's class says how a case is delivered to its entry.

    Attributes:
        lacks: What this way into the host cannot carry, each with the reason; tests that need it are skipped by name.
    """

    lacks: ClassVar[Mapping[Need, str]] = MappingProxyType({})

    @pytest.fixture(autouse=True)
    def _way(self, request: pytest.FixtureRequest) -> None:
        """Leave out what this way cannot carry."""
        reason = unmet(request.node, self.lacks)
        if reason is not None:
            pytest.skip(reason)

    @pytest.fixture(params=[False, True], ids=["sync", "async"])
    def is_async(self, request: pytest.FixtureRequest) -> bool:
        """Say whether handlers are ``async def``; a test that asks runs for both."""
        return bool(request.param)

    @pytest.fixture(params=["command", "job", "event"])
    def trigger(self, request: pytest.FixtureRequest) -> Trigger:
        """Give what the function is triggered by; a test that asks runs for all three."""
        return request.param  # type: ignore[no-any-return]

    @pytest.fixture
    def logbook(self) -> Logbook:
        """Give the logbook that handlers write to."""
        return Logbook()

    @abstractmethod
    def deliver(self, case: Case) -> Reply:
        """Deliver a case to the host under test, and give what it answered and sent."""

    def after_failure(self, attempt: int) -> Settlement:
        """Give how a record is settled whose run has failed: it comes again after its edge's backoff.

        Where the platform has a policy of its own for that, a class gives what its settlements say of it.
        """
        return Settlement(verdict="redelivered", delay=1_000 << (attempt - 1))

    def dispatch(
        self, application: Application, trigger: Trigger, payload: Any, logbook: Logbook, **fields: Any
    ) -> Reply:
        """Deliver one message of a kind."""
        record = Record(body=ENCODE[trigger](payload, **fields))
        return self.deliver(
            Case(application=application, edge=EDGES[trigger], records=(record,), resources={"logbook": logbook})
        )


class Dispatch(HostSuite):
    """From a delivery to a handler."""

    def test_a_payload_arrives_unchanged(self, is_async: bool, trigger: Trigger, logbook: Logbook) -> None:
        """Text of any script survives the way in."""
        given = task('Zürich · 北京 · 🧾 · \\ " \u2028', Step(takes=3), group="\t")
        self.dispatch(hosted(is_async=is_async), trigger, given, logbook)

        entry = only(logbook)
        assert entry.name == given.name
        assert plain_json(entry.message.payload) == given.model_dump(mode="json")

    @needs("ids")
    def test_the_message_keeps_its_id(self, is_async: bool, trigger: Trigger, logbook: Logbook) -> None:
        """A handler sees the id that was sent, also when the message comes twice."""
        for _ in range(2):
            self.dispatch(hosted(is_async=is_async), trigger, task("a"), logbook, id="sent by us")

        assert [entry.message.id for entry in logbook.entries] == ["sent by us", "sent by us"]

    @needs("origins")
    def test_identity_and_trace_arrive(self, is_async: bool, trigger: Trigger, logbook: Logbook) -> None:
        """Tenant, principal and trace are the sender's."""
        self.dispatch(hosted(is_async=is_async), trigger, task("a"), logbook)

        entry = only(logbook)
        assert (entry.tenant_id, entry.principal_id, entry.trace_id) == ("t", "p", TRACE)

    @needs("origins")
    def test_a_correlation_is_kept(self, is_async: bool, trigger: Trigger, logbook: Logbook) -> None:
        """The operation that a message belongs to goes on."""
        self.dispatch(hosted(is_async=is_async), trigger, task("a"), logbook, correlation_id="one operation")

        assert only(logbook).correlation_id == "one operation"

    def test_a_message_without_a_correlation_begins_one(
        self, is_async: bool, trigger: Trigger, logbook: Logbook
    ) -> None:
        """It is an operation of its own, which has a name from then on."""
        application = hosted(is_async=is_async)
        for id in ("1", "2"):
            self.dispatch(application, trigger, task("a"), logbook, id=id)

        first, second = logbook.entries
        assert first.correlation_id
        assert second.correlation_id
        assert first.correlation_id != second.correlation_id

    @needs("ids")
    def test_a_new_operation_is_called_as_the_message_that_begins_it(
        self, is_async: bool, trigger: Trigger, logbook: Logbook
    ) -> None:
        """Whoever sent the message knows the name without being told."""
        self.dispatch(hosted(is_async=is_async), trigger, task("a"), logbook)

        assert only(logbook).correlation_id == "m1"

    def test_input_that_does_not_fit_does_not_reach_the_handler(
        self, is_async: bool, trigger: Trigger, logbook: Logbook
    ) -> None:
        """Nothing runs; the finding names the field and not the value."""
        reply = self.dispatch(hosted(is_async=is_async), trigger, {"name": ["4711"]}, logbook)

        assert logbook.entries == []
        assert "name: Input should be a valid string" in told(reply)
        assert "4711" not in told(reply)

    def test_a_guard_keeps_a_message_from_its_handler(self, is_async: bool, trigger: Trigger, logbook: Logbook) -> None:
        """A guard that refuses is a refusal like the handler's own."""
        reply = self.dispatch(hosted(is_async=is_async), trigger, task(FORBIDDEN), logbook)

        assert logbook.entries == []
        assert "not for" in told(reply)

    @needs("origins")
    def test_a_guard_knows_who_asks(self, is_async: bool, trigger: Trigger, logbook: Logbook) -> None:
        """It is given the same identity as the handler."""
        reply = self.dispatch(hosted(is_async=is_async), trigger, task(FORBIDDEN), logbook)

        assert "not for p" in told(reply)

    @pytest.mark.parametrize("form", awaited_guards())
    def test_a_guard_that_has_to_be_awaited_is_awaited(
        self, is_async: bool, trigger: Trigger, logbook: Logbook, form: str
    ) -> None:
        """An asynchronous guard refuses in front of any handler, whatever kind of callable it is."""
        application = hosted(is_async=is_async, guard=awaited_guards()[form])
        reply = self.dispatch(application, trigger, task(FORBIDDEN), logbook)

        assert logbook.entries == []
        assert "not for" in told(reply)

    @needs("commands", "answers")
    def test_a_guard_that_nobody_can_await_lets_nothing_pass(self, logbook: Logbook) -> None:
        """A guard that hides its coroutine in a plain function is an error of the program, never a consent."""

        def guard(ctx: Context, payload: Task) -> Any:
            return awaited_guards()["function"](ctx, payload)

        application = hosted(guard=guard)
        reply = self.dispatch(application, "command", task("a"), logbook)

        assert logbook.entries == []
        assert error_of(reply)["status"] == 500

    @needs("origins")
    def test_a_handler_never_sees_the_context_of_another_message(
        self, is_async: bool, trigger: Trigger, logbook: Logbook
    ) -> None:
        """Two messages of two operations, one process, nothing shared."""
        application = hosted(is_async=is_async)
        self.dispatch(application, trigger, task("first"), logbook, id="1", correlation_id="c1")
        self.dispatch(application, trigger, task("second"), logbook, id="2", correlation_id="c2")

        assert [(entry.name, entry.correlation_id) for entry in logbook.entries] == [("first", "c1"), ("second", "c2")]
        assert len({entry.message.id for entry in logbook.entries}) == 2


@needs("commands", "answers")
class Answers(HostSuite):
    """The command column of the outcome table."""

    @needs("origins")
    def test_success_is_answered_with_the_result(self, is_async: bool, logbook: Logbook) -> None:
        """The response carries the result and the correlation, and the success event is out."""
        reply = self.dispatch(hosted(is_async=is_async), "command", task("a"), logbook, correlation_id="c")

        response = answer_of(reply)
        assert response.message_type == "commandSuccessResponse"
        assert plain_json(response.payload) == Report(name="a", runs=1).model_dump()
        assert response.correlation_id == "c"
        assert [published.event_name for published in reply.events] == ["contract.answered"]

    @needs("envelopes")
    def test_a_response_goes_back_to_who_asked(self, is_async: bool, logbook: Logbook) -> None:
        """It names both parties and the identity, and is the success event itself."""
        response = answer_of(self.dispatch(hosted(is_async=is_async), "command", task("a"), logbook))

        assert (response.tenant_id, response.principal_id) == ("t", "p")
        assert response.receiver is not None
        assert response.sender is not None
        assert (response.receiver.service, response.sender.target) == ("Shop", "answer")
        assert response.event_name == "contract.answered"

    @pytest.mark.parametrize("status", [400, 404, 409, 422, 500, 503])
    def test_a_refusal_is_answered_with_its_status(self, is_async: bool, logbook: Logbook, status: int) -> None:
        """Status, text and data are the handler's."""
        given = task("a", Step(do="reject", status=status))
        error = error_of(self.dispatch(hosted(is_async=is_async), "command", given, logbook))

        assert (error["status"], error["message"], error["data"]) == (
            status,
            "refused by the script",
            {"name": "value"},
        )

    def test_bad_input_is_answered_with_400_and_the_findings(self, is_async: bool, logbook: Logbook) -> None:
        """The caller learns which fields do not fit."""
        reply = self.dispatch(hosted(is_async=is_async), "command", {"steps": [{"do": "dance"}]}, logbook)

        error = error_of(reply)
        assert error["status"] == 400
        assert [finding["path"] for finding in error["data"]] == ["name", "steps.0.do"]

    def test_a_retry_is_answered_with_503_and_the_delay(self, is_async: bool, logbook: Logbook) -> None:
        """Nobody waits for a command: the caller is told when to ask again."""
        given = task("a", Step(do="retry", delay=90))
        error = error_of(self.dispatch(hosted(is_async=is_async), "command", given, logbook))

        assert (error["status"], error["data"]) == (503, {"retryAfterMs": 90_000})

    @pytest.mark.parametrize("ending", ["fail", "misreport"])
    def test_a_failure_is_answered_with_500_and_no_detail(self, is_async: bool, logbook: Logbook, ending: str) -> None:
        """What went wrong stays inside."""
        given = task("a", Step.model_validate({"do": ending}))
        reply = self.dispatch(hosted(is_async=is_async), "command", given, logbook)

        assert error_of(reply) == {"status": 500, "message": "Internal Server Error", "traceId": TRACE}
        assert SECRET.encode() not in answer_of(reply).encode()
        assert reply.events == ()

    def test_a_cancellation_is_answered_with_499(self, is_async: bool, logbook: Logbook) -> None:
        """The command was stopped, and says so."""
        reply = self.dispatch(hosted(is_async=is_async), "command", task("a", Step(do="cancel")), logbook)

        assert error_of(reply)["status"] == 499

    def test_a_guard_after_the_handler_may_withhold_its_result(self, is_async: bool, logbook: Logbook) -> None:
        """The handler ran, and its result does not leave."""
        reply = self.dispatch(hosted(is_async=is_async), "command", task("withheld"), logbook)

        assert error_of(reply)["status"] == 451
        assert logbook.names() == ["withheld"]
        assert reply.events == ()


class Batches(HostSuite):
    """Several records in one delivery."""

    @needs("jobs")
    def test_each_record_is_settled_for_itself(self, is_async: bool, logbook: Logbook) -> None:
        """One failing record never fails its batch: the others are done, and it alone comes again."""
        bodies = [
            job(task("good"), id="1"),
            job(task("broken", Step(do="fail")), id="2"),
            job(task("later", Step(do="retry", delay=90)), id="3"),
            b"no job at all",
            job(task("refused", Step(do="reject")), id="5"),
            job(task("unwanted", Step(do="cancel")), id="6"),
            job(task("good too"), id="7"),
        ]
        reply = self.batch(hosted(is_async=is_async), bodies, logbook)

        assert reply.settlements == (
            ACKNOWLEDGED,
            self.after_failure(1),
            Settlement(verdict="redelivered", delay=90_000),
            ACKNOWLEDGED,
            ACKNOWLEDGED,
            ACKNOWLEDGED,
            ACKNOWLEDGED,
        )
        assert [letter.attempts for letter in reply.letters] == [1, 1]
        assert reply.letters[0].body == b"no job at all"
        assert logbook.names() == ["good", "broken", "later", "refused", "unwanted", "good too"]

    @needs("jobs")
    def test_an_empty_batch_is_no_error(self, is_async: bool, logbook: Logbook) -> None:
        """Nothing came, nothing is done."""
        assert self.batch(hosted(is_async=is_async), [], logbook) == Reply()

    @pytest.mark.parametrize("trigger", ["job", "event"])
    def test_the_receive_count_is_the_attempt(self, is_async: bool, trigger: Trigger, logbook: Logbook) -> None:
        """Where nothing is tracked, the platform counts; the last attempt that fails is a dead letter."""
        body = ENCODE[trigger](task("a", Step(do="fail")))
        replies = [
            self.deliver(
                Case(
                    application=hosted(is_async=is_async),
                    edge=EDGES[trigger],
                    records=(Record(body=body, receives=receives),),
                    resources={"logbook": logbook},
                )
            )
            for receives in (1, 2, 3)
        ]

        assert [entry.attempt for entry in logbook.entries] == [1, 2, 3]
        assert [reply.settlements for reply in replies] == [
            (self.after_failure(1),),
            (self.after_failure(2),),
            (ACKNOWLEDGED,),
        ]
        assert [letter.attempts for letter in replies[2].letters] == [3]

    @needs("ids", "bodies")
    @pytest.mark.parametrize("trigger", ["job", "event"])
    def test_a_letter_holds_what_was_sent(self, is_async: bool, trigger: Trigger, logbook: Logbook) -> None:
        """It is called as its message, and its body is the message's, byte by byte."""
        body = ENCODE[trigger](task("a", Step(do="reject")))
        reply = self.dispatch(hosted(is_async=is_async), trigger, task("a", Step(do="reject")), logbook)

        assert [(letter.id, letter.body) for letter in reply.letters] == [("m1", body)]

    @pytest.mark.parametrize("trigger", ["job", "event"])
    def test_a_record_whose_letter_cannot_be_put_away_comes_again_uncounted(
        self, is_async: bool, trigger: Trigger, logbook: Logbook
    ) -> None:
        """An unreachable port is nobody's attempt, and nothing is acknowledged that is not kept."""
        reply = self.deliver(
            Case(
                application=hosted(is_async=is_async),
                edge=EDGES[trigger],
                records=(Record(body=ENCODE[trigger](task("a", Step(do="reject")))),),
                resources={"logbook": logbook},
                unreachable=frozenset({"dead_letters.put"}),
            )
        )

        assert reply.settlements == (Settlement(verdict="redelivered", delay=1_000, counted=False),)
        assert reply.letters == ()

    def batch(self, application: Application, bodies: list[bytes], logbook: Logbook) -> Reply:
        """Deliver jobs in one batch."""
        records = tuple(Record(body=body) for body in bodies)
        return self.deliver(
            Case(application=application, edge=QUEUE_EDGE, records=records, resources={"logbook": logbook})
        )


def only(logbook: Logbook) -> Entry:
    """Give the only run."""
    (entry,) = logbook.entries
    return entry


def answer_of(reply: Reply) -> Any:
    """Give the response to a command."""
    assert reply.response is not None
    return reply.response


def error_of(reply: Reply) -> Any:
    """Give the error inside a response."""
    response = answer_of(reply)
    assert response.message_type == "commandErrorResponse"
    return plain_json(response.payload)


def told(reply: Reply) -> str:
    """Give all that a host says about one message that was refused."""
    if reply.response is None:
        (letter,) = reply.letters
        assert reply.settlements == (ACKNOWLEDGED,)
        return letter.reason
    error = error_of(reply)
    findings = [f"{finding['path']}: {finding['message']}" for finding in error.get("data", ())]
    return " ".join([error["message"], *findings])
