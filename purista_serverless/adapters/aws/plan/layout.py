"""Which stack holds what: one root, or one stack per service and as many more as a service needs.

A stack holds a function with all that its edges need. Where a service outgrows one stack, each of its functions goes
by the first bits of a hash of its name, and a part is split further only when it outgrows its stack itself: nothing
else ever moves, whatever is added, because to move a queue is to replace it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256

from purista_serverless.naming import slug

# Of 500 that CloudFormation takes; the rest is room for what is added between two releases.
FULL_AT = 450

ROOT = ""
FOLDER = "infra/aws"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """What stays together: a function, or a direct schedule, with all that belongs to it.

    Attributes:
        name: Name of the function, or of the edge.
        service: Service and version that it belongs to.
        weight: Number of resources, after translation.
    """

    name: str
    service: str
    weight: int


def stacks_of(units: Iterable[Unit], shared: int, mode: str) -> dict[str, str]:
    """Give the stack of each unit by the unit's name.

    Args:
        units: All units.
        shared: Number of resources that the root holds in any case.
        mode: ``single``, ``nested`` or ``auto``.
    """
    found = tuple(units)
    is_single = mode == "single" or (mode == "auto" and shared + sum(unit.weight for unit in found) <= FULL_AT)
    if is_single:
        return {unit.name: ROOT for unit in found}
    services: defaultdict[str, list[Unit]] = defaultdict(list)
    for unit in found:
        services[slug(unit.service)].append(unit)
    return {name: stack for service, members in services.items() for name, stack in _split(service, members)}


def _split(service: str, units: list[Unit]) -> Iterator[tuple[str, str]]:
    bits = {unit.name: f"{int.from_bytes(sha256(unit.name.encode()).digest()[:4]):032b}" for unit in units}
    open_parts = [("", units)]
    while open_parts:
        path, members = open_parts.pop()
        if sum(unit.weight for unit in members) <= FULL_AT or len(members) == 1 or len(path) == 32:
            yield from ((unit.name, f"{service}-{path}" if path else service) for unit in members)
            continue
        halves = _halves(members, bits, len(path))
        open_parts.extend((path + bit, half) for bit, half in halves.items())


def _halves(units: list[Unit], bits: Mapping[str, str], place: int) -> dict[str, list[Unit]]:
    halves: dict[str, list[Unit]] = {"0": [], "1": []}
    for unit in units:
        halves[bits[unit.name][place]].append(unit)
    return {bit: half for bit, half in halves.items() if half}


def path_of(stack: str) -> str:
    """Give the file of a stack, from the project's root.

    Example:
        >>> path_of(ROOT), path_of("billing-1")
        ('template.yaml', 'infra/aws/billing-1.yaml')
    """
    return f"{FOLDER}/{stack}.yaml" if stack else "template.yaml"
