"""Rights on Google Cloud, counted again from the declarations: nothing is missing, nothing is to spare."""

from collections import defaultdict
from collections.abc import Iterator

import pytest

from examples.enterprise_billing_cycle.app import app
from purista_serverless.adapters.gcp.plan.resources import ALL_USERS, PUBSUB_AGENT, Account, Grant, Topic
from purista_serverless.model import Application, CommandTarget, EventTarget, Handler, Queue, QueueTarget, Schedule
from purista_serverless.testing.contracts.sample import sample_application
from tests.unit.aws.plan.applications import everything
from tests.unit.gcp.plan.deployments import functions_of, of_kind, planned

APPLICATIONS = [app.model, everything().model, sample_application()]
Right = tuple[str, str]


def address_of(address: object) -> str:
    """Write an address as edges do."""
    return f"{address.service}.{address.version}.{address.name}"  # type: ignore[attr-defined]


@pytest.mark.parametrize("application", APPLICATIONS, ids=lambda application: application.name)
def test_topics_that_may_be_published_to_are_those_declared(application):
    """An account publishes to what its handler may emit and enqueue, its results, its own edges and their letters."""
    deployment = planned(application)
    topics = {one.id: one for one in of_kind(deployment, Topic)}
    granted: defaultdict[str, set[Right]] = defaultdict(set)
    names = {one.id: one.display_name for one in of_kind(deployment, Account)}
    for grant in of_kind(deployment, Grant):
        if grant.role == "roles/pubsub.publisher" and grant.member != PUBSUB_AGENT:
            topic = topics[grant.on]
            granted[names[grant.member]].add(("letter" if topic.kind == "dead-letter" else "topic", topic.key))
    wanted: defaultdict[str, set[Right]] = defaultdict(set)
    for function, kind, key in declared(application):
        if function in functions_of(deployment):
            wanted[function].add((kind, key))

    assert granted == wanted


@pytest.mark.parametrize("application", APPLICATIONS, ids=lambda application: application.name)
def test_commands_that_may_be_invoked_are_those_declared(application):
    """Only who declares to invoke a command may, Pub/Sub may where it pushes, and everybody where it is public."""
    deployment = planned(application)
    ids = {one.id: name for name, one in functions_of(deployment).items()}
    names = {one.id: one.display_name for one in of_kind(deployment, Account)}
    granted = {
        (names[grant.member], ids[grant.on])
        for grant in of_kind(deployment, Grant)
        if grant.role == "roles/run.invoker" and grant.member != ALL_USERS
    }
    wanted = {
        (function, f"command:{address_of(command)}")
        for function, handler in handlers(application)
        for command in handler.can_invoke
    }
    pushed = {("push", name) for name in functions_of(deployment) if is_pushed(name, application)}

    assert granted == {(caller, command) for caller, command in wanted if command in ids.values()} | pushed


def is_pushed(function: str, application: Application) -> bool:
    """Say whether messages start a function."""
    kind, _, name = function.partition(":")
    called = {address_of(one.target.command) for one in application.schedules if isinstance(one.target, CommandTarget)}
    return kind != "command" or name in called


def handlers(application: Application) -> Iterator[tuple[str, Handler]]:
    """Give the handlers of an application by the functions that they become."""
    for command in application.commands:
        if command.handler is not None:
            yield f"command:{address_of(command.address)}", command.handler
    for subscription in application.subscriptions:
        yield f"subscription:{address_of(subscription.address)}", subscription.handler
    for worker in application.workers:
        yield f"worker:{address_of(worker.address)}", worker.handler


def declared(application: Application) -> Iterator[tuple[str, str, str]]:
    """Give function, kind and key of each topic that declarations ask for."""
    queues = {queue.name: queue for queue in application.queues}
    for function, handler in handlers(application):
        yield from ((function, "topic", f"event:{event}") for event in handler.can_emit)
        yield from ((function, "topic", f"queue:{queue}") for queue in handler.can_enqueue)
    for command in application.commands:
        if command.success_event is not None:
            yield f"command:{address_of(command.address)}", "topic", f"event:{command.success_event}"
    for subscription in application.subscriptions:
        name = f"subscription:{address_of(subscription.address)}"
        yield from own(name, name, name)
    for worker in application.workers:
        function, key = f"worker:{address_of(worker.address)}", f"queue:{worker.queue}"
        yield from own(function, key, key)
        yield from ((function, "topic", f"event:{event}") for event in results(queues[worker.queue]))
    for binding in application.bindings:
        name = f"binding:{binding.event}:{binding.queue}"
        yield from own(name, name, name)
        yield name, "topic", f"queue:{binding.queue}"
    for schedule in application.schedules:
        yield from scheduled(schedule, application)


def own(function: str, key: str, edge: str) -> Iterator[tuple[str, str, str]]:
    """Give what every consumer publishes to: what it puts off, and what it gives up."""
    yield function, "topic", key
    yield function, "letter", edge


def results(queue: Queue) -> list[str]:
    """Give the events that tell how jobs ended."""
    found = queue.results
    events = [] if found is None else [found.completed, found.failed, found.cancelled, found.dead_lettered]
    return [event for event in events if event is not None]


def scheduled(schedule: Schedule, application: Application) -> Iterator[tuple[str, str, str]]:
    """Give what a gate publishes to, the command that it calls, and whoever lets its next slot start."""
    gate, edge = f"gate:{schedule.name}", f"schedule:{schedule.name}"
    yield from own(gate, gate, edge)
    waits = schedule.concurrency == "forbid" and schedule.missed_runs == "catchUp"
    enders: set[str] = set()
    match schedule.target:
        case EventTarget(event=event):
            yield gate, "topic", f"event:{event}"
            bindings = [binding for binding in application.bindings if binding.event == event]
            enders = {f"binding:{one.event}:{one.queue}" for one in bindings} | {
                f"worker:{address_of(worker.address)}"
                for worker in application.workers
                if worker.queue in {binding.queue for binding in bindings}
            }
        case QueueTarget(queue=queue):
            yield gate, "topic", f"queue:{queue}"
            enders = {f"worker:{address_of(one.address)}" for one in application.workers if one.queue == queue}
        case CommandTarget(command=command):
            function = f"command:{address_of(command)}"
            call = f"call:{schedule.name}"
            yield gate, "topic", call
            yield from own(function, call, call)
            enders = {function}
    if waits:
        yield from ((ender, "topic", gate) for ender in enders)
