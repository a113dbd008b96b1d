"""Every exception of the kit, in one tree.

Each leaf also inherits the matching builtin, so that callers may catch either::

    PuristaServerlessError
    ├─ DeclarationError(ValueError)         a builder was used wrongly; raised where the user wrote it
    │  ├─ CronSyntaxError                   a cron expression does not parse
    │  ├─ InvalidApplication                all problems of an application at once
    │  └─ InvalidOptions                    all problems of an adapter's options at once
    ├─ CheckFailed                          the application does not fit a provider: all problems at once
    ├─ StaleFiles                           committed files differ from what the code generates
    ├─ UnknownTimezone(LookupError)         not in the time zone database
    ├─ UnknownAdapter(LookupError)          not in the registry
    ├─ MissingExtra(ImportError)            an optional dependency is not installed
    ├─ MissingTool(FileNotFoundError)       a program that is no Python package is not installed
    ├─ UndeclaredUse(PermissionError)       a handler used what it did not declare
    ├─ InvalidPayload(ValueError)           data does not match its declared type
    ├─ BoundExceeded(ValueError)            an enqueue is beyond what its queue declares
    ├─ TooLarge(ValueError)                 a body is beyond what its edge or store can carry
    ├─ BadEvent(ValueError)                 a platform sent something that is no trigger of ours
    ├─ Unavailable(ConnectionError)         a port's other side cannot be reached; try again
    ├─ ProviderRefused(RuntimeError)        a provider refused, and would refuse again
    ├─ StoreError(OSError)                  the embedded runtime's file cannot be used as it is
    ├─ LeaseLost(RuntimeError)              another delivery owns the job now
    ├─ InvocationFailed(RuntimeError)       an invoked command failed without an answer that may leave it
    ├─ HandledError                         raised by users: an answer, not a fault
    ├─ RetryLater                           raised by users: try again after a delay
    └─ CancelJob                            raised by users: stop without a dead letter

This module is on the cold path: it imports nothing.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import timedelta

__all__ = [
    "BadEvent",
    "BoundExceeded",
    "CancelJob",
    "CheckFailed",
    "CronSyntaxError",
    "DeclarationError",
    "HandledError",
    "InvalidApplication",
    "InvalidOptions",
    "InvalidPayload",
    "InvocationFailed",
    "LeaseLost",
    "MissingExtra",
    "MissingTool",
    "Problem",
    "ProviderRefused",
    "PuristaServerlessError",
    "RetryLater",
    "StaleFiles",
    "StoreError",
    "TooLarge",
    "Unavailable",
    "UndeclaredUse",
    "UnknownAdapter",
    "UnknownTimezone",
]


class PuristaServerlessError(Exception):
    """Root of every error that the kit raises."""


class Problem:
    """One finding: where it is, what is wrong and how to fix it.

    Attributes:
        code: Stable identifier such as ``PS104``; documented in ``docs/problems.md``.
        where: Declaration with its file and line, ``Billing v1 > closeAccount (billing/contracts.py:41)``.
        what: One sentence that says what is wrong.
        fix: One sentence that says how to mend it.
    """

    __slots__ = ("code", "fix", "what", "where")

    def __init__(self, code: str, *, where: str, what: str, fix: str) -> None:
        self.code = code
        self.where = where
        self.what = what
        self.fix = fix

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Problem) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    def __repr__(self) -> str:
        return f"Problem({self.code!r}, where={self.where!r}, what={self.what!r}, fix={self.fix!r})"

    def __str__(self) -> str:
        return f"{self.code} {self.where}\n    {self.what}\n    fix: {self.fix}"


class DeclarationError(PuristaServerlessError, ValueError):
    """A declaration is wrong in a way that stops its reading at once."""


class CronSyntaxError(DeclarationError):
    """A cron expression does not parse.

    Attributes:
        text: The expression as written.
        problem: What is wrong with it.
        fix: How to write it instead.
    """

    def __init__(self, text: str, problem: str, fix: str) -> None:
        super().__init__(f"{text!r}: {problem}; {fix}")
        self.text = text
        self.problem = problem
        self.fix = fix


def _listing(title: str, problems: "Sequence[Problem]") -> str:
    count = f"{len(problems)} problem" + ("s" if len(problems) != 1 else "")
    return "\n".join([f"{title}: {count}", *(str(problem) for problem in problems)])


class InvalidApplication(DeclarationError):
    """The declarations of an application contradict each other; holds every problem found.

    Attributes:
        problems: All findings, ordered by place and code.
    """

    def __init__(self, application: str, problems: "Sequence[Problem]") -> None:
        super().__init__(_listing(f"application {application!r} is not valid", problems))
        self.problems = tuple(problems)


class InvalidOptions(DeclarationError):
    """The options of an adapter are wrong; holds every problem found.

    Attributes:
        problems: All findings, in the order of the table.
    """

    def __init__(self, table: str, problems: "Sequence[Problem]") -> None:
        super().__init__(_listing(f"the options of {table} are not valid", problems))
        self.problems = tuple(problems)


class CheckFailed(PuristaServerlessError):
    """A provider cannot keep what the application promises; holds every problem found."""

    def __init__(self, provider: str, problems: "Sequence[Problem]") -> None:
        super().__init__(_listing(f"{provider} cannot keep what is declared", problems))
        self.problems = tuple(problems)


class StaleFiles(PuristaServerlessError):
    """Committed files differ from what the code generates.

    Attributes:
        paths: The files that differ, are missing, or are left over.
    """

    def __init__(self, paths: "Iterable[str]") -> None:
        self.paths = tuple(sorted(paths))
        listing = "\n".join(f"  {path}" for path in self.paths)
        super().__init__(f"{len(self.paths)} generated files are stale; run the build and commit:\n{listing}")


class UnknownTimezone(PuristaServerlessError, LookupError):
    """A time zone is not in the time zone database."""

    def __init__(self, name: str, suggestion: str | None = None) -> None:
        hint = f"; did you mean {suggestion!r}?" if suggestion else "; use an IANA name such as 'Europe/Berlin'"
        super().__init__(f"unknown time zone {name!r}{hint}")
        self.name = name
        self.suggestion = suggestion


class UnknownAdapter(PuristaServerlessError, LookupError):
    """An adapter's name is not in the registry."""

    def __init__(self, name: str, known: "Iterable[str]", suggestion: str | None = None) -> None:
        hint = f"did you mean {suggestion!r}?" if suggestion else f"known: {', '.join(sorted(known))}"
        super().__init__(f"unknown adapter {name!r}; {hint}")


class MissingExtra(PuristaServerlessError, ImportError):
    """An optional dependency is not installed."""

    def __init__(self, module: str, extra: str) -> None:
        super().__init__(f"{module} is not installed; run: pip install 'purista-serverless[{extra}]'")


class MissingTool(PuristaServerlessError, FileNotFoundError):
    """A program that is no Python package is not installed."""

    def __init__(self, tool: str, remedy: str) -> None:
        super().__init__(f"{tool} is not installed; {remedy}")


class UndeclaredUse(PuristaServerlessError, PermissionError):
    """A handler used an event, queue, command or value that it did not declare."""

    def __init__(self, handler: str, use: str, target: str, fix: str) -> None:
        super().__init__(f"{handler} may not {use} {target!r}; {fix}")


class InvalidPayload(PuristaServerlessError, ValueError):
    """Data does not match its declared type.

    Attributes:
        subject: What was loaded or dumped, ``payload of closeAccount`` for instance.
        problems: One mapping per finding with ``path`` (wire names) and ``message``.
    """

    def __init__(self, subject: str, problems: "Sequence[dict[str, str]]") -> None:
        listing = "; ".join(f"{problem['path'] or 'value'}: {problem['message']}" for problem in problems)
        super().__init__(f"{subject} is not valid: {listing}")
        self.subject = subject
        self.problems = tuple(problems)


class BoundExceeded(PuristaServerlessError, ValueError):
    """An enqueue is beyond a bound that its queue declares."""

    def __init__(self, queue: str, bound: str, given: object, limit: object) -> None:
        asked = f"queue {queue!r} declares {bound}={limit}, but {given} was asked for"
        super().__init__(f"{asked}; raise {bound} or ask for less")
        self.bound = bound


class TooLarge(PuristaServerlessError, ValueError):
    """A body is larger than its edge or store can carry.

    Attributes:
        size: Its size, in bytes.
        limit: The largest that goes, in bytes.
    """

    def __init__(self, subject: str, size: int, limit: int, fix: str) -> None:
        super().__init__(f"{subject} has {size} bytes, {limit} are the most; {fix}")
        self.size = size
        self.limit = limit


class BadEvent(PuristaServerlessError, ValueError):
    """A platform sent something that is no trigger of ours."""


class Unavailable(PuristaServerlessError, ConnectionError):
    """A port's other side cannot be reached; what was asked may or may not have happened."""


class ProviderRefused(PuristaServerlessError, RuntimeError):
    """A provider refused a call and would refuse it again: a resource is missing, or what was sent is not accepted."""


class StoreError(PuristaServerlessError, OSError):
    """The embedded runtime's file cannot be used as it is, and trying again will not change that.

    Attributes:
        path: The file.
    """

    def __init__(self, path: object, problem: str, fix: str) -> None:
        super().__init__(f"{path}: {problem}; {fix}")
        self.path = path


class LeaseLost(PuristaServerlessError, RuntimeError):
    """Another delivery owns the job now; whatever this one still does has no effect on the job."""


class InvocationFailed(PuristaServerlessError, RuntimeError):
    """An invoked command failed; its text and data stay where it ran.

    Attributes:
        status: HTTP status of the failure, 500 or 502 for instance.
    """

    def __init__(self, command: str, status: int, message: str) -> None:
        super().__init__(f"{command} failed: {status} {message}")
        self.status = status


class HandledError(PuristaServerlessError):
    """Answer with a status: an expected refusal, told to the caller and never retried.

    Args:
        status: HTTP status, 400..599. 408, 425, 429 and 5xx count as failures of a job and are retried.
        message: Text for the caller; the status' standard phrase when omitted.
        data: For the caller: a JSON value, a model, a dataclass, or a container of those. What cannot be written as
            JSON makes the refusal a failure.

    Example:
        >>> HandledError(404, "no such account").status
        404
    """

    def __init__(self, status: int, message: str | None = None, data: object = None) -> None:
        if not 400 <= status <= 599:
            problem = f"HandledError takes a status from 400 to 599, not {status}; return a value instead"
            raise DeclarationError(problem)
        self.status = status
        self.message = message if message is not None else _phrase(status)
        self.data = data
        super().__init__(self.message)


class RetryLater(PuristaServerlessError):
    """Ask for another delivery after a delay; counts as an attempt.

    Args:
        delay: Time until the next delivery; ``None`` means the queue's own backoff.
        reason: Text for logs and history.
    """

    def __init__(self, delay: "timedelta | None" = None, reason: str = "") -> None:
        super().__init__(reason or "retry later")
        self.delay = delay
        self.reason = reason


class CancelJob(PuristaServerlessError):
    """Stop a job for good without a dead letter; a ``cancelled`` result event is sent if one is declared."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason or "cancelled")
        self.reason = reason


def _phrase(status: int) -> str:
    from http import HTTPStatus

    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"Status {status}"
