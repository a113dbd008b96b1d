"""What a handler can do through its context, and what it cannot."""

import pytest

from purista_serverless.message.wire import plain_json
from purista_serverless.testing.contracts.host.application import USING_EDGE, using
from purista_serverless.testing.contracts.host.case import Case, Record, Reply
from purista_serverless.testing.contracts.host.dispatch import HostSuite, answer_of, error_of
from purista_serverless.testing.contracts.host.messages import TRACE, command
from purista_serverless.testing.contracts.host.needs import needs
from purista_serverless.testing.contracts.script import Logbook, Report, task

MEANS = ("emit", "enqueue", "invoke", "config", "secret")


@needs("commands", "answers", "origins")
class Contexts(HostSuite):
    """The ways out of a handler."""

    def test_an_event_reaches_its_port(self, is_async: bool, logbook: Logbook) -> None:
        """It carries what belongs to the operation, and a new id that the handler is given."""
        (message,) = self.use("emit", logbook, is_async=is_async).events

        assert logbook.notes == [message.id]
        assert (message.event_name, plain_json(message.payload)["name"]) == ("contract.happened", "sent")
        assert (message.correlation_id, message.causation_id, message.trace_id) == ("c", cause(logbook), TRACE)
        assert (message.tenant_id, message.principal_id) == ("t", "p")
        assert message.sender is not None
        assert (message.sender.service, message.sender.version, message.sender.target) == ("Contract", "1", "use")

    def test_a_job_reaches_its_port(self, is_async: bool, logbook: Logbook) -> None:
        """Correlation, cause, trace and identity travel as headers and fields."""
        (job,) = self.use("enqueue", logbook, is_async=is_async).jobs

        assert logbook.notes == [job.id]
        assert (job.queue, plain_json(job.payload)["name"]) == ("contract.jobs", "sent")
        assert (job.correlation_id, job.causation_id, job.trace_id) == ("c", cause(logbook), TRACE)
        assert (job.tenant_id, job.principal_id) == ("t", "p")

    def test_a_command_reaches_its_port_and_its_answer_the_handler(self, is_async: bool, logbook: Logbook) -> None:
        """The answer is typed, and the command carries what belongs to the operation."""
        (message,) = self.use("invoke", logbook, is_async=is_async).commands

        assert logbook.notes == [Report(name="sent", runs=1)]
        assert message.receiver is not None
        assert (message.receiver.service, message.receiver.target) == ("Contract", "answer")
        assert (message.correlation_id, message.causation_id, message.trace_id) == ("c", cause(logbook), TRACE)
        assert (message.tenant_id, message.principal_id) == ("t", "p")

    def test_configuration_and_secrets_are_the_environment_s(self, is_async: bool, logbook: Logbook) -> None:
        """Configuration comes with its declared type, a secret as text."""
        self.use("config", logbook, is_async=is_async)
        self.use("secret", logbook, is_async=is_async)

        assert logbook.notes == [42, "hush"]

    @needs("ids")
    def test_a_rerun_repeats_the_ids_of_what_it_sends(self, is_async: bool, logbook: Logbook) -> None:
        """They are derived from the handled message, on every host in the same way."""
        for means in ("emit", "enqueue"):
            for _ in range(2):
                self.use(means, logbook, is_async=is_async)

        first, second, third, fourth = logbook.notes
        assert first == second
        assert third == fourth
        assert first != third

    @pytest.mark.parametrize("means", MEANS)
    def test_what_a_handler_did_not_declare_is_refused(self, is_async: bool, logbook: Logbook, means: str) -> None:
        """The handler fails, nothing leaves, and the caller learns no detail."""
        reply = self.use(means, logbook, is_async=is_async, is_declared=False)

        assert error_of(reply)["status"] == 500
        assert logbook.notes == []
        assert (reply.events, reply.jobs, reply.commands) == ((), (), ())

    @pytest.mark.parametrize(("means", "call"), [("emit", "events.publish"), ("enqueue", "queues.send")])
    def test_what_cannot_be_sent_fails_the_handler(
        self, is_async: bool, logbook: Logbook, means: str, call: str
    ) -> None:
        """A way out acts when it is called: a handler that goes on has sent what it meant to send."""
        reply = self.use(means, logbook, is_async=is_async, unreachable=frozenset({call}))

        assert error_of(reply)["status"] == 500
        assert logbook.notes == []

    def use(
        self,
        means: str,
        logbook: Logbook,
        *,
        is_async: bool,
        is_declared: bool = True,
        unreachable: frozenset[str] = frozenset(),
    ) -> Reply:
        """Have the command use one of its means."""
        reply = self.deliver(
            Case(
                application=using(is_async=is_async, is_declared=is_declared),
                edge=USING_EDGE,
                records=(Record(body=command(task(means), "use", correlation_id="c")),),
                resources={"logbook": logbook},
                config={"limit": 42},
                secrets={"token": "hush"},
                unreachable=unreachable,
            )
        )
        assert answer_of(reply).correlation_id == "c"
        return reply


def cause(logbook: Logbook) -> str:
    """Give the id of the message that the command was given."""
    (entry,) = logbook.of(handler="use")
    return entry.message.id
