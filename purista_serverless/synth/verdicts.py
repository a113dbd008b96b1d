"""What becomes of a promise on a provider."""

from dataclasses import dataclass
from typing import Literal

from purista_serverless.model import Origin

VerdictName = Literal["native", "emulated", "degraded", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Native:
    """The provider keeps the promise; ``how`` says by what, where that is worth knowing."""

    how: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Emulated:
    """The promise is kept by what the kit or the adapter adds."""

    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Degraded:
    """Something close to the promise is kept; fails a strict check."""

    why: str
    fix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The promise cannot be kept; fails every check."""

    why: str
    fix: str


Verdict = Native | Emulated | Degraded | Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One cell of the honour matrix: a declaration's promise and what becomes of it.

    Attributes:
        promise: Name of the promise, ``delay`` for instance.
        code: Its problem code, ``PS201`` for instance.
        declaration: What makes the promise, ``Billing v1 > billing.monthlyClosing``.
        origin: Where that stands.
        verdict: What becomes of it.
    """

    promise: str
    code: str
    declaration: str
    origin: Origin
    verdict: Verdict


def name_of(verdict: Verdict) -> VerdictName:
    """Give the word for a verdict in texts and exports.

    Example:
        >>> name_of(Emulated(how="the ledger counts"))
        'emulated'
    """
    match verdict:
        case Native():
            return "native"
        case Emulated():
            return "emulated"
        case Degraded():
            return "degraded"
        case Refused():
            return "refused"


def text_of(verdict: Verdict) -> str:
    """Give the sentence of a verdict, without its fix."""
    match verdict:
        case Native(how=how) | Emulated(how=how):
            return how
        case Degraded(why=why) | Refused(why=why):
            return why
