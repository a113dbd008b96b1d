"""Functions and worker pools, with the variables by which they find what they may use."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from purista_serverless.adapters.gcp import constants
from purista_serverless.adapters.gcp.limits import LONGEST_ACK_DEADLINE
from purista_serverless.adapters.gcp.options import CPUS, Options
from purista_serverless.adapters.gcp.plan.access import is_open, route_of
from purista_serverless.adapters.gcp.plan.draft import Draft
from purista_serverless.adapters.gcp.plan.names import secret_variables, topic_name
from purista_serverless.adapters.gcp.plan.places import (
    dead_letter_name,
    email_of,
    topic_path,
    topic_short_name,
)
from purista_serverless.adapters.gcp.plan.resources import (
    Account,
    Declared,
    Function,
    Resource,
    Sub,
    Text,
    WorkerPool,
    compact,
)
from purista_serverless.model import Cors
from purista_serverless.topology import Function as Described
from purista_serverless.topology import QueueTrigger

# On the platform the sources lie here; functions-framework adds the folder of the entry module only.
_ROOT = "/workspace"
# MiB and thousandths of a processor, which is always allocated (Cloud Run documentation, worker pools).
_SMALLEST_POOL = 512
_SMALLEST_POOL_CPU = 1_000
# Runs at one time in one instance, unless the worker declares fewer: the default of `work --concurrency`.
_POOL_RUNS = 16
_LONGEST_TITLE = 100
_LONGEST_DESCRIPTION = 256


def function_of(described: Described, path: str, draft: Draft) -> Iterator[Resource]:
    """Plan a function, or the worker pool in its place, with the account that it runs as.

    Args:
        described: The function in the topology.
        path: Its generated file.
        draft: The application.
    """
    places = draft.places
    yield Account(
        id=places.account_id(described.name),
        name=places.account_names[described.name],
        display_name=described.name[:_LONGEST_TITLE],
        description=f"{draft.application.name}: {described.name}"[:_LONGEST_DESCRIPTION],
    )
    if draft.timings[described.name].is_pooled:
        yield _pool(described, draft)
    else:
        yield _function(described, path, draft)


def _function(described: Described, path: str, draft: Draft) -> Function:
    places, options, own = draft.places, draft.options, draft.options.of(described.name)
    memory, route = own.memory or options.memory, route_of(described)
    scale = _scale_of(described, options)
    return Function(
        id=places.function_id(described.name),
        name=places.function_names[described.name],
        function=described.name,
        source=path,
        runtime=f"python{options.python.replace('.', '')}",
        timeout=draft.timings[described.name].timeout,
        memory=memory,
        cpu=own.cpu or options.cpu or CPUS[memory],
        concurrency=scale.concurrency,
        min_instances=scale.min_instances,
        max_instances=scale.max_instances,
        environment=_sorted({**environment_of(described, draft), **_requests(described, draft), "PYTHONPATH": _ROOT}),
        build_environment=_sorted({"GOOGLE_FUNCTION_SOURCE": path, "PYTHONPATH": _ROOT}),
        secrets=_secrets(described, draft),
        account=places.account_id(described.name),
        ingress=options.ingress,
        url=places.url(described.name),
        is_open=is_open(described, draft.application, draft.authorizer),
        declared=_declared(described),
        route=None if route is None else f"{route.method} {route.path}",
        largest_body=_largest_body(described, draft),
        longest_push=draft.timings[described.name].ack_deadline if draft.consumes.get(described.name) else None,
    )


def _largest_body(described: Described, draft: Draft) -> int | None:
    http = draft.lookup.commands[described.address].http if described.kind == "command" else None
    return None if http is None else http.max_body


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    """Requests at one time in an instance, and instances: together no more than a worker declares."""

    concurrency: int
    min_instances: int
    max_instances: int


def _scale_of(described: Described, options: Options) -> _Scale:
    own = options.of(described.name)
    concurrency = own.concurrency or options.concurrency
    fewest = own.min_instances if own.min_instances is not None else options.min_instances
    most = own.max_instances or options.max_instances
    for trigger in described.triggers:
        if isinstance(trigger, QueueTrigger) and trigger.concurrency is not None:
            concurrency = min(concurrency, trigger.concurrency)
            bound = trigger.concurrency // concurrency
            fewest, most = min(fewest, bound), min(most, bound)
    return _Scale(concurrency=concurrency, min_instances=fewest, max_instances=most)


def _pool(described: Described, draft: Draft) -> WorkerPool:
    places, options, own = draft.places, draft.options, draft.options.of(described.name)
    queues = [key.removeprefix(constants.QUEUE_EDGE) for key in draft.consumes[described.name]]
    paths = {key: _subscription_path(key) for key in draft.consumes[described.name]}
    memory = max(own.memory or options.memory, _SMALLEST_POOL)
    return WorkerPool(
        id=f"pool_{places.function_ids[described.name]}",
        name=places.function_names[described.name],
        function=described.name,
        image=Sub("${image}"),
        arguments=("work", "--provider", "gcp", *(word for queue in queues for word in ("--queue", queue))),
        memory=memory,
        cpu=max(own.cpu or options.cpu or CPUS[memory], _SMALLEST_POOL_CPU),
        instances=_pool_instances(described, own.min_instances or options.pool_instances),
        environment=_sorted({**environment_of(described, draft), constants.SUBSCRIPTIONS: _object(paths)}),
        secrets=_secrets(described, draft),
        account=places.account_id(described.name),
        declared=_declared(described),
    )


def _pool_instances(described: Described, wanted: int) -> int:
    """Give how many instances run: together they run no more than the worker declares."""
    declared = (trigger.concurrency for trigger in described.triggers if isinstance(trigger, QueueTrigger))
    return min((wanted, *(max(bound // _POOL_RUNS, 1) for bound in declared if bound is not None)))


def _subscription_path(key: str) -> str:
    return f"projects/${{project}}/subscriptions/${{prefix}}-{topic_name(key)}"


def _declared(described: Described) -> Declared:
    return Declared(name=str(described.address), origin=described.origin)


def environment_of(described: Described, draft: Draft) -> dict[str, Text]:
    """Give the variables by which a function finds what it may use; what it has no use for is absent."""
    places, rights, name = draft.places, draft.rights[described.name], described.name
    found: dict[str, Text] = {constants.PROJECT: Sub("${project}")}
    if keys := draft.publishes(name):
        found[constants.TOPICS] = _object({key: topic_path(topic_short_name(key)) for key in keys})
    if rights.buries:
        letters = (edge for edge in rights.buries if draft.edges[edge].consumer is not None)
        found[constants.DEAD_LETTERS] = _object({edge: topic_path(dead_letter_name(edge)) for edge in letters})
    if rights.invokes:
        found[constants.COMMANDS] = _object({address: _command_url(address, draft) for address in rights.invokes})
    if draft.delays(name):
        found[constants.TASKS] = Sub("projects/${project}/locations/${region}/queues/${prefix}-later")
        found[constants.ACCOUNT] = places.account_email(name)
    if rights.records:
        found[constants.LEDGER] = Sub("${prefix}-records")
    if draft.options.claim_check and (draft.read_prefixes(name) or draft.written_prefixes(name)):
        found[constants.CLAIM_CHECK] = Sub("${project}-${prefix}-claims")
    if rights.config:
        found[constants.CONFIG] = _object({setting: f"${{config.{setting}}}" for setting in rights.config})
    if rights.secrets:
        found[constants.SECRETS] = _object(secret_variables(rights.secrets))
    return found


def _command_url(address: str, draft: Draft) -> str:
    function = f"{constants.COMMAND_TRIGGER}{address}"
    return draft.places.url(function) if function in draft.rights else f"${{command.{address}}}"


def _requests(described: Described, draft: Draft) -> dict[str, Text]:
    """Give what a function needs that requests start: the time that it has, and whom it believes."""
    found: dict[str, Text] = {}
    is_pushed = bool(draft.consumes.get(described.name))
    if is_pushed:
        found[constants.TIMEOUT] = str(min(draft.timings[described.name].timeout, LONGEST_ACK_DEADLINE))
    if route_of(described) is None:
        return found
    # Whoever may ask the route must not push or invoke as well, and say so who asks.
    callers = draft.callers.get(described.name.removeprefix(constants.COMMAND_TRIGGER), ())
    pushers = [email_of("push")] if is_pushed else []
    trusted = [*pushers, *(draft.places.account_email(caller) for caller in callers)]
    found[constants.TRUSTED] = Sub(compact(trusted))
    if is_open(described, draft.application, draft.authorizer):
        found[constants.URL] = draft.places.url(described.name)
        if draft.application.cors is not None:
            found[constants.CORS] = _cors(draft.application.cors)
    elif draft.options.tenant_claim is not None:
        found[constants.TENANT_CLAIM] = draft.options.tenant_claim
    return found


def _cors(cors: Cors) -> str:
    return compact(
        {
            "origins": cors.origins,
            "headers": cors.headers,
            "credentials": cors.credentials,
            "maxAge": int(cors.max_age.total_seconds()),
        }
    )


def _secrets(described: Described, draft: Draft) -> tuple[tuple[str, str], ...]:
    variables = secret_variables(draft.rights[described.name].secrets)
    return tuple(sorted((variable, f"secret_{draft.places.secret_ids[name]}") for name, variable in variables.items()))


def _object(members: Mapping[str, str]) -> Sub:
    return Sub(compact(dict(members)))


def _sorted(variables: Mapping[str, Text]) -> tuple[tuple[str, Text], ...]:
    return tuple(sorted(variables.items()))
