"""What a promise is, and what its rule may look at."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from purista_serverless.adapter import Adapter, Capabilities
from purista_serverless.model import Application
from purista_serverless.synth.verdicts import Refused, Verdict
from purista_serverless.topology import Topology
from purista_serverless.topology.lookup import Lookup

D = TypeVar("D")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An application on a provider."""

    application: Application
    adapter: Adapter
    topology: Topology
    lookup: Lookup

    @property
    def provider(self) -> Capabilities:
        """Give what the provider can do."""
        return self.adapter.capabilities


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise(Generic[D]):
    """A row of the rule table.

    Attributes:
        name: Name in the matrix and in ``Adapter.emulations``.
        code: Code of its problem.
        meaning: What is promised, for the documentation.
        rule: Gives the verdict for a declaration, or ``None`` where it promises nothing.
    """

    name: str
    code: str
    meaning: str
    rule: Callable[[D, Case], Verdict | None]


def needs_ledger(case: Case, how: str) -> Verdict | None:
    """Give the refusal of what the ledger keeps where there is no store for it, ``None`` where there is.

    Args:
        case: The application and the provider.
        how: What the ledger would do.
    """
    if case.provider.conditional_store:
        return None
    return Refused(
        why=f"{how} needs a record store with conditional writes, and there is none",
        fix="choose an adapter with a conditional store, or declare without this promise",
    )
