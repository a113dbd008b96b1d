"""What a build's files say, read back: the same few facts from whatever a provider's templates look like."""

from collections.abc import Mapping
from dataclasses import dataclass

from purista_serverless.adapter import EDGE_KINDS, Capabilities


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """The facts of a rendered deployment.

    Attributes:
        names: Physical resource names, each with the kind of edge whose name limit it obeys.
        triggers: Names of the triggers that start each function, as often as they are wired, by the function's name.
        permissions: What each function is granted, as ``verb target``, by the function's name.
        dead_letters: Retention of each edge's dead letter in seconds, by the edge's name.
    """

    names: tuple[tuple[str, str], ...]
    triggers: Mapping[str, tuple[str, ...]]
    permissions: Mapping[str, frozenset[str]]
    dead_letters: Mapping[str, float]

    def names_too_long(self, provider: Capabilities) -> list[str]:
        """Give the resource names that are longer than the provider allows."""
        limits = {kind: row.value for kind in EDGE_KINDS if (row := provider.limit("name", kind)) is not None}
        return [name for kind, name in self.names if len(name) > limits.get(kind, len(name))]  # type: ignore[call-overload]
