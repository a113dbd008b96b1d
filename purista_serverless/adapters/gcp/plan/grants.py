"""Rights: of each function exactly what its declaration and its edges need, of Google's own agents what they carry."""

from collections.abc import Iterable, Iterator

from purista_serverless.adapters.gcp import constants
from purista_serverless.adapters.gcp.limits import MOST_CONDITIONAL_BINDINGS, MOST_CONDITIONS
from purista_serverless.adapters.gcp.plan.draft import Draft
from purista_serverless.adapters.gcp.plan.places import BUCKET, PUSH_ACCOUNT, TASKS
from purista_serverless.adapters.gcp.plan.resources import (
    ALL_USERS,
    PROJECT,
    PUBSUB_AGENT,
    Condition,
    Function,
    Grant,
    Resource,
    Sub,
    Subscription,
)
from purista_serverless.topology import Function as Described

_PUBLISHER = "roles/pubsub.publisher"
_SUBSCRIBER = "roles/pubsub.subscriber"
_INVOKER = "roles/run.invoker"
_USER = "roles/iam.serviceAccountUser"
_TOKEN_CREATOR = "roles/iam.serviceAccountTokenCreator"  # noqa: S105 - the name of a role
_ENQUEUER = "roles/cloudtasks.enqueuer"
_DATASTORE = "roles/datastore.user"
_SECRETS = "roles/secretmanager.secretAccessor"
_WRITER = "roles/storage.objectCreator"
_READER = "roles/storage.objectViewer"


def grants_of(described: Described, draft: Draft) -> Iterator[Grant]:
    """Give what a function may do, its worker pool included."""
    places, rights = draft.places, draft.rights[described.name]
    member = places.account_id(described.name)
    for key in draft.publishes(described.name):
        yield _grant(_PUBLISHER, member, places.topic_id(key))
    for edge in rights.buries:
        if draft.edges[edge].consumer is not None:
            yield _grant(_PUBLISHER, member, places.dead_letter_id(edge))
    if draft.timings[described.name].is_pooled:
        for key in draft.consumes[described.name]:
            yield _grant(_SUBSCRIBER, member, f"pull_{places.edge_ids[key]}")
    for address in rights.invokes:
        function = f"{constants.COMMAND_TRIGGER}{address}"
        if function in draft.rights:
            yield _grant(_INVOKER, member, places.function_id(function))
    if draft.delays(described.name):
        yield _grant(_ENQUEUER, member, TASKS)
        # A task publishes as the function itself.
        yield _grant(_USER, member, member)
    for name in rights.secrets:
        yield _grant(_SECRETS, member, f"secret_{places.secret_ids[name]}")
    yield from _storing(described, draft)


def _storing(described: Described, draft: Draft) -> Iterator[Grant]:
    member = draft.places.account_id(described.name)
    if draft.rights[described.name].records:
        title, expression = "records", 'resource.name == "projects/${project}/databases/${prefix}-records"'
        condition = Condition(title=title, expression=Sub(expression))
        yield _grant(_DATASTORE, member, PROJECT, condition=condition)
    if draft.options.claim_check:
        # Each has one to write and one to read.
        is_bounded = 2 * len(draft.rights) <= MOST_CONDITIONAL_BINDINGS
        yield from _claims(_WRITER, member, draft.written_prefixes(described.name), is_bounded=is_bounded)
        yield from _claims(_READER, member, draft.read_prefixes(described.name), is_bounded=is_bounded)


def _claims(role: str, member: str, prefixes: tuple[str, ...], *, is_bounded: bool) -> Iterator[Grant]:
    """Give a role on the objects whose names begin in some ways, as many as one condition can hold at a time.

    A bucket's policy holds some conditions only; where there are more functions they may use all objects.
    """
    if not is_bounded:
        yield from [_grant(role, member, BUCKET)] if prefixes else []
        return
    chunks = [prefixes[start : start + MOST_CONDITIONS] for start in range(0, len(prefixes), MOST_CONDITIONS)]
    for number, chunk in enumerate(chunks, 1):
        expression = " || ".join(
            f'resource.name.startsWith("projects/_/buckets/${{project}}-${{prefix}}-claims/objects/{prefix}/")'
            for prefix in chunk
        )
        condition = Condition(title=f"claims-{number}", expression=Sub(expression))
        yield _grant(role, member, BUCKET, condition=condition, number=number)


def shared_grants(resources: Iterable[Resource]) -> Iterator[Grant]:
    """Give what Google's agents and the pushing account may do, and everybody on what is open."""
    pushed: set[str] = set()
    for resource in resources:
        match resource:
            case Subscription(push=push, dead_letter=str(dead_letter)):
                yield _grant(_SUBSCRIBER, PUBSUB_AGENT, resource.id)
                yield _grant(_PUBLISHER, PUBSUB_AGENT, dead_letter)
                if push is not None:
                    pushed.add(push.function)
            case Function(is_open=True):
                yield _grant(_INVOKER, ALL_USERS, resource.id)
            case _:
                pass
    for function in sorted(pushed):
        yield _grant(_INVOKER, PUSH_ACCOUNT, function)
    if pushed:
        yield _grant(_TOKEN_CREATOR, PUBSUB_AGENT, PUSH_ACCOUNT)


def _grant(role: str, member: str, on: str, *, condition: Condition | None = None, number: int = 1) -> Grant:
    short = role.removeprefix("roles/").partition(".")[2]
    who = member.lower().replace("-", "_")
    suffix = "" if number == 1 else f"__{number}"
    id = f"grant_{on}__{short.lower()}__{who}{suffix}"
    return Grant(id=id, role=role, member=member, on=on, condition=condition)
