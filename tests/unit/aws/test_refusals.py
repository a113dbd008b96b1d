"""What a port does not take: it ends as a dead letter with its reason, by the policy of its edge."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from purista_serverless import Application, Context, Cron, Model, ServiceBuilder
from purista_serverless.adapters.aws.batch import Batches
from purista_serverless.errors import ProviderRefused, PuristaServerlessError, TooLarge, UndeclaredUse
from purista_serverless.runtime.assembly import assemble
from purista_serverless.runtime.runs import read_run
from purista_serverless.testing.clock import VirtualClock
from tests.unit.aws.wire import AwsDoubles, Deployed, Invocation, batch, failures, load, record
from tests.unit.deployed import SENT

TOO_LARGE = TooLarge("what goes to queue:shop.packing", 2_000_000, 1_044_480, "send less")
REFUSED = [ProviderRefused("the queue is gone"), UndeclaredUse("this function", "send to", "a queue", "deploy again")]
CALLS = {"PURISTA_QUEUES": json.dumps({"call:Shop.1.daily": "https://sqs.test/1/call-1"})}


class Refusing:
    """A port that takes nothing."""

    def __init__(self, error: PuristaServerlessError) -> None:
        self.error = error

    def send(self, job: Any, *, delay: int) -> None:
        """Refuse a job."""
        raise self.error

    def publish(self, message: Any) -> None:
        """Refuse an event."""
        raise self.error


def bound(error: PuristaServerlessError, *, receives: int) -> tuple[Deployed, list[str]]:
    """Give an event to a binding whose queue refuses the job."""
    function = Deployed("binding:shop.ordered:shop.packing")
    refusing: Any = Refusing(error)
    function.ports.queues = refusing
    (given,) = load("eventbridge_envelope_in_sqs")["Records"]
    given["attributes"]["ApproximateReceiveCount"] = str(receives)
    return function, failures(function(batch(given)))


def called(error: PuristaServerlessError, *, receives: int) -> tuple[Deployed, list[str]]:
    """Call a command whose success event is refused."""
    function = Deployed("command:Shop.1.note", environment=CALLS)
    refusing: Any = Refusing(error)
    function.ports.events = refusing
    (given,) = load("scheduler_slot_to_command")["Records"]
    given["attributes"]["ApproximateReceiveCount"] = str(receives)
    return function, failures(function(batch(given)))


@pytest.mark.parametrize("give", [bound, called])
def test_what_is_too_large_is_a_dead_letter_at_once(give):
    """It will not get smaller; the letter says how large it is."""
    function, again = give(TOO_LARGE, receives=1)

    assert again == []
    assert ["2000000 bytes" in letter.reason for letter in function.letters()] == [True]


@pytest.mark.parametrize("give", [bound, called])
@pytest.mark.parametrize("error", REFUSED, ids=["refused", "undeclared"])
def test_what_a_deployment_may_mend_is_tried_again_until_its_attempts_are_spent(give, error):
    """Then it is a dead letter that says why, instead of one of the platform's, which says nothing."""
    function, again = give(error, receives=1)
    assert (len(again), function.letters()) == (1, ())

    function, again = give(error, receives=10)
    assert again == []
    assert [str(error) in letter.reason for letter in function.letters()] == [True]


class Task(Model):
    """Something to do."""

    name: str


def guarded() -> Application:
    """Give an application with one schedule that waits for the job of its event."""
    service = ServiceBuilder("Yard")
    due, tasks = service.event("yard.due", Task), service.queue("yard.tasks", Task)
    service.bind_event_to_queue(due, tasks)
    service.schedule("sweep").emit_event(
        due, expression=Cron("0 * * * *"), payload=Task(name="sweep"), concurrency_policy="forbid"
    )

    @tasks.worker()
    def work(ctx: Context, task: Task) -> None:
        """Do nothing."""

    return Application("yard", [service])


@pytest.mark.parametrize(("error", "receives"), [(TOO_LARGE, 1), (REFUSED[0], 10)], ids=["at once", "in the end"])
def test_a_run_does_not_wait_for_a_job_that_was_never_sent(error, receives):
    """Its binding has ended with a dead letter: the next slot may start."""
    slot = SENT - SENT % 3_600_000
    ports = AwsDoubles(VirtualClock(datetime.fromtimestamp(SENT / 1000, tz=UTC)))
    application = assemble(guarded().model)
    edge = "binding:yard.due:yard.tasks"
    application.gates(ports)["Yard.1.sweep"].knock(slot)
    events: Any = ports.events
    (event,) = events.messages
    refusing: Any = Refusing(error)
    ports.queues = refusing

    answer = Batches({edge: application.consumers[edge]}, None, ports, {}).handle(
        batch(record(event.encode(), receives=receives)), Invocation(ports.clock)
    )

    run = read_run(ports, "Yard.1.sweep", slot)
    assert (failures(answer), run.status if run is not None else None) == ([], "closed")
