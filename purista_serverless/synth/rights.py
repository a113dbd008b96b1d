"""What a function sends to, consumes and reads: its permissions as a plan needs them, whatever the provider."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from purista_serverless.topology import Function, Permission

_CALL = "call:"
_SCHEDULE = "schedule:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What a function sends to, consumes and reads, each sorted, by the names of the topology."""

    emits: tuple[str, ...]
    sends: tuple[str, ...]
    consumes: tuple[str, ...]
    buries: tuple[str, ...]
    invokes: tuple[str, ...]
    records: tuple[str, ...]
    config: tuple[str, ...]
    secrets: tuple[str, ...]
    claims: tuple[str, ...] | None


def rights_of(
    function: Function, consumes: tuple[str, ...], *, resends: tuple[str, ...], claims: tuple[str, ...] | None
) -> Rights:
    """Sort a function's permissions by what they need.

    Args:
        function: The function.
        consumes: Edges of the queues that start it.
        resends: Those of them to which it sends on what came before its time.
        claims: What the keys begin with of large bodies that it may be sent; ``None`` when none is kept in a bucket.
    """
    permissions = function.permissions
    invoked = _targets(permissions, "invoke")
    return Rights(
        emits=_targets(permissions, "emit"),
        sends=tuple(sorted({*resends, *_sent_to(permissions)})),
        consumes=consumes,
        buries=_targets(permissions, "dead-letter"),
        invokes=tuple(target for target in invoked if not target.startswith(_CALL)),
        records=_targets(permissions, "use-ledger"),
        config=_targets(permissions, "read-config"),
        secrets=_targets(permissions, "read-secret"),
        claims=claims,
    )


def _targets(permissions: Iterable[Permission], verb: str) -> tuple[str, ...]:
    return tuple(permission.target for permission in permissions if permission.verb == verb)


def _sent_to(permissions: Iterable[Permission]) -> Iterator[str]:
    for permission in permissions:
        if permission.verb == "enqueue":
            yield f"queue:{permission.target}"
        elif permission.verb == "invoke" and permission.target.startswith(_CALL):
            yield permission.target
        elif permission.verb == "knock":
            yield f"gate:{permission.target.removeprefix(_SCHEDULE)}"
