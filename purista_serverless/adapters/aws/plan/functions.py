"""Functions, each with its role and its log group."""

from collections.abc import Iterator
from dataclasses import dataclass

from purista_serverless.adapters.aws import constants
from purista_serverless.adapters.aws.options import Options
from purista_serverless.adapters.aws.plan.places import Places
from purista_serverless.adapters.aws.plan.resources import (
    Declared,
    Function,
    LogGroup,
    Resource,
    Role,
    Source,
    Statement,
    Sub,
    Text,
    compact,
)
from purista_serverless.adapters.aws.plan.statements import environment_of, statements_of
from purista_serverless.adapters.aws.plan.timing import Timing
from purista_serverless.synth.rights import Rights, rights_of
from purista_serverless.topology import Function as Described
from purista_serverless.topology import QueueTrigger

_LOGS = ("logs:CreateLogStream", "logs:PutLogEvents")
_SOURCES = {"queue": "Jobs", "subscription": "Events", "binding": "Events", "gate": "Slots", "call": "Calls"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a function's plan takes from elsewhere.

    Attributes:
        handler: Where its code is.
        timing: Its figures.
        consumes: Edges of the queues that start it.
        resends: Those of them to which it sends on what came before its time.
        claims: What the keys begin with of large bodies that it is sent; ``None`` without a bucket.
        tenant_claim: Claim of a caller's token that names the tenant.
        has_metrics: It writes metrics.
        is_recursive: It lies on a circle, or sends on to its own queue.
    """

    handler: str
    timing: Timing
    consumes: tuple[str, ...]
    resends: tuple[str, ...]
    claims: tuple[str, ...] | None
    tenant_claim: str | None
    has_metrics: bool
    is_recursive: bool


def function_of(described: Described, places: Places, options: Options, around: Surroundings) -> Iterator[Resource]:
    """Plan a function with exactly the rights of its declaration."""
    id, stack, own = places.function_ids[described.name], places.stacks[described.name], options.of(described.name)
    rights = rights_of(described, around.consumes, resends=around.resends, claims=around.claims)
    log_group = f"{id}LogGroup"
    declared = Declared(name=str(described.address), origin=described.origin)
    logging = Statement(actions=_LOGS, resources=(Sub(f"${{{log_group}.Arn}}"),))
    yield Function(
        id=id,
        name=described.name,
        physical_name=places.function_names[described.name],
        handler=around.handler,
        timeout=around.timing.timeout,
        longest_run=around.timing.longest_run,
        memory=own.memory,
        reserved_concurrency=own.reserved_concurrency,
        environment=tuple(_environment(described, rights, places, stack, around)),
        sources=tuple(_sources(described, places, stack, around)),
        role=f"{id}Role",
        log_group=log_group,
        is_recursive=around.is_recursive,
        declared=declared,
    )
    yield LogGroup(id=log_group, function=places.function_names[described.name])
    statements = (logging, *statements_of(rights, places, stack))
    yield Role(id=f"{id}Role", service="lambda", statements=statements, declared=declared)


def _environment(
    described: Described, rights: Rights, places: Places, stack: str, around: Surroundings
) -> Iterator[tuple[str, Text]]:
    yield from environment_of(rights, places, stack)
    if around.has_metrics:
        # One namespace for each stack: two of one account do not count for each other.
        names = {"namespace": "${Prefix}", "service": described.address.service, "function": described.name}
        yield constants.METRICS, Sub(compact(names))
    if around.tenant_claim is not None:
        yield constants.TENANT_CLAIM, around.tenant_claim


def _sources(described: Described, places: Places, stack: str, around: Surroundings) -> Iterator[Source]:
    limits = [trigger.concurrency for trigger in described.triggers if isinstance(trigger, QueueTrigger)]
    for number, edge in enumerate(around.consumes, 1):
        name = _SOURCES[edge.partition(":")[0]]
        yield Source(
            id=name if number == 1 else f"{name}{number}",
            edge=edge,
            queue=places.queue_arn(edge, stack),
            is_fifo=edge in places.fifo,
            batch_size=around.timing.batch_size,
            window=around.timing.window,
            concurrency=limits[0] if limits else None,
        )
