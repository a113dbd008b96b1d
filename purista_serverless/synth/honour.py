"""The honour matrix: what becomes of every promise of an application on a provider."""

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from purista_serverless.adapter import load_object
from purista_serverless.model import Origin
from purista_serverless.synth.blueprint import Blueprint
from purista_serverless.synth.promises.applications import APPLICATION_PROMISES
from purista_serverless.synth.promises.commands import COMMAND_PROMISES
from purista_serverless.synth.promises.edges import EDGE_PROMISES
from purista_serverless.synth.promises.promise import Case, Promise
from purista_serverless.synth.promises.queues import QUEUE_PROMISES, WORKER_PROMISES
from purista_serverless.synth.promises.schedules import SCHEDULE_PROMISES
from purista_serverless.synth.sources import Sources, named
from purista_serverless.synth.verdicts import Degraded, Emulated, Finding, Refused, Verdict
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


def honour(blueprint: Blueprint) -> tuple[Finding, ...]:
    """Give every promise that is made and its verdict, by declaration and then in the order of the rule table.

    What the adapter's own checker finds stands behind them.
    """
    application, adapter = blueprint.application, blueprint.adapter
    case = Case(application=application, adapter=adapter, topology=blueprint.topology, lookup=Lookup(application))
    order = {promise.name: place for place, promise in enumerate(PROMISES)}
    found = [*_findings(case), *_further(blueprint)]
    return tuple(sorted(found, key=lambda finding: (finding.declaration, order.get(finding.promise, len(order)))))


def _further(blueprint: Blueprint) -> tuple[Finding, ...]:
    checker = blueprint.adapter.checker
    return () if checker is None else tuple(load_object(checker)(blueprint.plan))


def _findings(case: Case) -> Iterator[Finding]:
    application = case.application
    yield from _judge(APPLICATION_PROMISES, application, application.name, application.origin, case)
    for command in application.commands:
        if not command.external:
            yield from _judge(COMMAND_PROMISES, command, str(command.address), command.origin, case)
    for queue in application.queues:
        if not queue.external:
            yield from _judge(QUEUE_PROMISES, queue, named(queue.owner, queue.name), queue.origin, case)
    for worker in application.workers:
        queue = case.lookup.queues[worker.queue]
        yield from _judge(WORKER_PROMISES, worker, named(queue.owner, queue.name), worker.origin, case)
    for schedule in application.schedules:
        yield from _judge(SCHEDULE_PROMISES, schedule, str(schedule.address), schedule.origin, case)
    sources = Sources(application)
    for edge in case.topology.edges:
        declaration, origin = sources.of(edge)
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
