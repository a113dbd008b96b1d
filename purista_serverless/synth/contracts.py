"""What an application promises to others, as a file to review: JSON Schemas of its events, queues and commands.

Only what the application owns is in it; contracts of other systems are theirs. Comparing two such files tells what
would break for those who keep to the older one.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from purista_serverless.errors import DeclarationError
from purista_serverless.model import Application, Command, Http, Queue
from purista_serverless.schema.contract import misfits
from purista_serverless.schema.documents import json_schemas_of
from purista_serverless.synth.changes import Change, Danger
from purista_serverless.synth.files import MARKER

if TYPE_CHECKING:
    from purista_serverless.schema.contract import Mode

CONTRACTS = "infra/contracts.json"

_KINDS = ("commands", "events", "queues")
_TEMPLATE = "#/$defs/{model}"

# Which of its schemas tell what others may send, and which what they may expect.
_ACCEPTED = ("accepts", "payload", "parameter")
_SENT = ("sends", "result")

Node = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Point:
    """One schema of a contract: whose it is, what it is for, and its type."""

    kind: Literal["commands", "events", "queues"]
    name: str
    role: str
    type: Any

    @property
    def mode(self) -> "Mode":
        return "serialization" if self.role in _SENT else "validation"


def render_contracts(application: Application) -> str:
    """Render the contracts of an application; the first line says that they are generated."""
    points = tuple(_points(application))
    schemas, definitions = json_schemas_of(
        dict.fromkeys((_declared(point.type), point.mode) for point in points), _TEMPLATE
    )
    found: dict[str, dict[str, Node]] = {kind: {} for kind in _KINDS}
    for point in points:
        contract = found[point.kind].setdefault(point.name, {})
        contract[point.role] = schemas[_declared(point.type), point.mode]
    for command in application.commands:
        if command.http is not None and not command.external:
            found["commands"][_name_of(command)]["route"] = _route(command.http)
    text = json.dumps({"application": application.name, **found, "$defs": definitions}, indent=1, sort_keys=True)
    return f'{{"$comment": "{MARKER}",{text.removeprefix("{")}\n'


def compare_contracts(before: str | None, after: str | None) -> Iterator[Change]:
    """Compare two files of contracts; a first one is no change of anything that was promised.

    Raises:
        DeclarationError: One of them is no JSON.
    """
    if before is None or after is None or before == after:
        return
    old, new = _read(before), _read(after)
    for kind in _KINDS:
        for name in sorted({*old.get(kind, {}), *new.get(kind, {})}):
            subject = f"{kind.removesuffix('s')} {name}"
            yield from _compare(subject, _contract(old, kind, name), _contract(new, kind, name))


def _read(text: str) -> Node:
    try:
        document: Node = json.loads(text)
    except ValueError as error:
        raise DeclarationError(f"{CONTRACTS} cannot be read: {error}; build it again") from error
    return document


def _points(application: Application) -> Iterator[_Point]:
    for event in application.events:
        if not event.external:
            for role in ("accepts", "sends"):
                yield _Point(kind="events", name=event.name, role=role, type=event.payload)
    for queue in application.queues:
        if not queue.external:
            yield from _accepted("queues", queue.name, queue)
    for command in application.commands:
        if not command.external:
            yield from _accepted("commands", _name_of(command), command)
            yield _Point(kind="commands", name=_name_of(command), role="result", type=command.result)


def _accepted(kind: Literal["commands", "queues"], name: str, thing: Queue | Command) -> Iterable[_Point]:
    return (
        _Point(kind=kind, name=name, role="payload", type=thing.payload),
        _Point(kind=kind, name=name, role="parameter", type=thing.parameter),
    )


def _declared(given: Any) -> Any:
    return type(None) if given is None else given


def _name_of(command: Command) -> str:
    address = command.address
    return f"{address.service}.{address.version}.{address.name}"


def _route(http: Http) -> str:
    return f"{http.method} {http.path}"


def _contract(document: Node, kind: str, name: str) -> Node | None:
    contract: Node | None = document.get(kind, {}).get(name)
    return None if contract is None else {**contract, "$defs": document.get("$defs", {})}


def _compare(subject: str, old: Node | None, new: Node | None) -> Iterator[Change]:
    if new is None:
        why = "whoever still uses it gets no answer"
        danger = Danger(risk="breaks-contract", why=why)
        yield Change(file=CONTRACTS, subject=subject, kind="removed", dangers=(danger,))
    elif old is None:
        yield Change(file=CONTRACTS, subject=subject, kind="added")
    elif old != new:
        reasons = (*_lost_route(old, new), *_refused(old, new), *_unexpected(old, new))
        yield from _told(subject, old, new, reasons)


def _told(subject: str, old: Node, new: Node, reasons: tuple[str, ...]) -> Iterator[Change]:
    roles = sorted(role for role in {*old, *new} - {"$defs"} if _resolved(old, role) != _resolved(new, role))
    if roles:
        dangers = tuple(Danger(risk="breaks-contract", why=reason) for reason in reasons)
        yield Change(file=CONTRACTS, subject=subject, kind="changed", what=", ".join(roles), dangers=dangers)


def _lost_route(old: Node, new: Node) -> Iterator[str]:
    if "route" in old and old["route"] != new.get("route"):
        yield f"{old['route']} is answered no more"


def _refused(old: Node, new: Node) -> Iterator[str]:
    """Say why what others send by the old contract may be refused by the new one."""
    for role in _ACCEPTED:
        for reason in _misfits(old, new, role, are_defaults_sent=False):
            yield f"{role}: what was accepted may be refused: {reason}"


def _unexpected(old: Node, new: Node) -> Iterator[str]:
    """Say why what is sent by the new contract may not be understood by those who keep to the old one."""
    for role in _SENT:
        for reason in _misfits(new, old, role, are_defaults_sent=True):
            yield f"{role}: who keeps to the old contract may not understand it: {reason}"


def _misfits(sent: Node, expected: Node, role: str, *, are_defaults_sent: bool) -> tuple[str, ...]:
    if role not in sent or role not in expected:
        return ()
    return misfits(
        {**sent[role], "$defs": sent["$defs"]},
        {**expected[role], "$defs": expected["$defs"]},
        are_defaults_sent=are_defaults_sent,
    )


def _resolved(contract: Node, role: str) -> str:
    """Give a schema with the definitions that it reaches, as text to compare."""
    reached: dict[str, Any] = {}
    pending = [contract.get(role)]
    while pending:
        for name in _references(pending.pop()):
            if name not in reached:
                reached[name] = contract["$defs"].get(name)
                pending.append(reached[name])
    return json.dumps([contract.get(role), reached], sort_keys=True)


def _references(node: Any) -> Iterator[str]:
    match node:
        case {"$ref": str(reference)}:
            yield reference.rpartition("/")[2]
        case dict():
            for value in node.values():
                yield from _references(value)
        case list():
            for value in node:
                yield from _references(value)
        case _:
            pass
