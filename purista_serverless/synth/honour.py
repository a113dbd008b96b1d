"""The honour matrix: what becomes of every promise of an application on a provider."""

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from purista_serverless.adapter import Adapter
from purista_serverless.model import Address, Application, Origin
from purista_serverless.synth.promises.applications import APPLICATION_PROMISES
from purista_serverless.synth.promises.commands import COMMAND_PROMISES
from purista_serverless.synth.promises.edges import EDGE_PROMISES
from purista_serverless.synth.promises.promise import Case, Promise
from purista_serverless.synth.promises.queues import QUEUE_PROMISES, WORKER_PROMISES
from purista_serverless.synth.promises.schedules import SCHEDULE_PROMISES
from purista_serverless.synth.verdicts import Degraded, Emulated, Finding, Refused, Verdict
from purista_serverless.topology import (
    BindingEdge,
    CallEdge,
    Edge,
    QueueEdge,
    ScheduleEdge,
    SubscriptionEdge,
    topology_of,
)
from purista_serverless.topology.lookup import Lookup

D = TypeVar("D")

PROMISES: tuple[Promise[Any], ...] = (
    *EDGE_PROMISES,
    *QUEUE_PROMISES,
    *WORKER_PROMISES,
    *COMMAND_PROMISES,
    *SCHEDULE_PROMISES,
    *APPLICATION_PROMISES,
)


def honour(application: Application, adapter: Adapter) -> tuple[Finding, ...]:
    """Give every promise that is made and its verdict, by declaration and then in the order of the rule table."""
    topology = topology_of(application).carrying(adapter.capabilities.direct)
    case = Case(application=application, adapter=adapter, topology=topology, lookup=Lookup(application))
    order = {promise.name: place for place, promise in enumerate(PROMISES)}
    return tuple(sorted(_findings(case), key=lambda finding: (finding.declaration, order[finding.promise])))


def _findings(case: Case) -> Iterator[Finding]:
    application = case.application
    yield from _judge(APPLICATION_PROMISES, application, application.name, application.origin, case)
    for command in application.commands:
        if not command.external:
            yield from _judge(COMMAND_PROMISES, command, str(command.address), command.origin, case)
    for queue in application.queues:
        if not queue.external:
            yield from _judge(QUEUE_PROMISES, queue, _named(queue.owner, queue.name), queue.origin, case)
    for worker in application.workers:
        queue = case.lookup.queues[worker.queue]
        yield from _judge(WORKER_PROMISES, worker, _named(queue.owner, queue.name), worker.origin, case)
    for schedule in application.schedules:
        yield from _judge(SCHEDULE_PROMISES, schedule, str(schedule.address), schedule.origin, case)
    for edge in case.topology.edges:
        declaration, origin = _source_of(edge, case)
        yield from _judge(EDGE_PROMISES, edge, declaration, origin, case)


def _judge(
    promises: Iterable[Promise[D]], subject: D, declaration: str, origin: Origin, case: Case
) -> Iterator[Finding]:
    for promise in promises:
        verdict = promise.rule(subject, case)
        if verdict is not None:
            yield Finding(
                promise=promise.name,
                code=promise.code,
                declaration=declaration,
                origin=origin,
                verdict=_with_emulation(verdict, case.adapter.emulations.get(promise.name)),
            )


def _with_emulation(verdict: Verdict, how: str | None) -> Verdict:
    if how is not None and isinstance(verdict, Degraded | Refused):
        return Emulated(how=how)
    return verdict


def _source_of(edge: Edge, case: Case) -> tuple[str, Origin]:
    application = case.application
    match edge:
        case QueueEdge(queue=name):
            queue = case.lookup.queues[name]
            return _named(queue.owner, name), queue.origin
        case SubscriptionEdge(subscription=address):
            return str(address), next(it.origin for it in application.subscriptions if it.address == address)
        case BindingEdge(event=event, queue=target):
            binding = next(it for it in application.bindings if (it.event, it.queue) == (event, target))
            return _named(binding.address, f"{event} -> {target}"), binding.origin
        case ScheduleEdge(schedule=name):
            schedule = next(it for it in application.schedules if it.name == name)
            return str(schedule.address), schedule.origin
        case CallEdge(schedule=name, command=command):
            schedule = next(it for it in application.schedules if it.name == name)
            return f"{schedule.address} -> {command}", schedule.origin


def _named(address: Address, name: str) -> str:
    return f"{address.service} v{address.version} > {name}"
