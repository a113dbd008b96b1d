"""How a dispatch ends: the union that every host takes apart with ``match`` and ``assert_never``."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from purista_serverless.errors import HandledError


class Success:
    """The handler returned; ``value`` is the dumped result as JSON bytes, ``None`` for no result."""

    __slots__ = ("value",)
    __match_args__ = ("value",)

    def __init__(self, value: bytes | None) -> None:
        self.value = value

    def __repr__(self) -> str:
        return f"Success({self.value!r})"


class Rejected:
    """The handler answered with a refusal."""

    __slots__ = ("error",)
    __match_args__ = ("error",)

    def __init__(self, error: "HandledError") -> None:
        self.error = error

    def __repr__(self) -> str:
        return f"Rejected({self.error.status}, {self.error.message!r})"


class BadInput:
    """The input does not decode or does not match its type; the handler did not run."""

    __slots__ = ("problems", "subject")
    __match_args__ = ("subject", "problems")

    def __init__(self, subject: str, problems: tuple[dict[str, str], ...]) -> None:
        self.subject = subject
        self.problems = problems

    def __repr__(self) -> str:
        return f"BadInput({self.subject!r}, {self.problems!r})"


class Retry:
    """The handler asked for another delivery; ``delay`` is in milliseconds, ``None`` for the queue's backoff."""

    __slots__ = ("delay", "reason")
    __match_args__ = ("delay", "reason")

    def __init__(self, delay: int | None, reason: str) -> None:
        self.delay = delay
        self.reason = reason

    def __repr__(self) -> str:
        return f"Retry({self.delay!r}, {self.reason!r})"


class Failed:
    """The handler raised, overran its time or returned what it may not; details stay inside."""

    __slots__ = ("error",)
    __match_args__ = ("error",)

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __repr__(self) -> str:
        return f"Failed({self.error!r})"


class Cancelled:
    """The job was cancelled."""

    __slots__ = ("reason",)
    __match_args__ = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def __repr__(self) -> str:
        return f"Cancelled({self.reason!r})"


Outcome = Success | Rejected | BadInput | Retry | Failed | Cancelled
