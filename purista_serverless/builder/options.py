"""Options of commands and queues, as users write them: plain slotted values, checked when the application is built.

These are not the frozen dataclasses of ``model``: a handler's contracts import this module on every cold start.
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from purista_serverless.builder.origin import caller
from purista_serverless.errors import DeclarationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from purista_serverless.model import HttpMode, ResultDelivery

R = TypeVar("R")


def require_known(what: str, given: "Iterable[str]", known: "Sequence[str]") -> None:
    """Make sure that a declaration has no option that nobody reads.

    Raises:
        DeclarationError: It has one, most likely a typing error.
    """
    for name in given:
        if name not in known:
            from purista_serverless.naming import did_you_mean

            hint = did_you_mean(name, known) or f"it takes {', '.join(known)}"
            raise DeclarationError(f"{caller()}: {what} takes no option {name!r}; {hint}")


class _Option:
    __slots__: tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._fields() == other._fields()

    def __hash__(self) -> int:
        return hash((type(self), self._fields()))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._names())
        return f"{type(self).__name__}({shown})"

    def _fields(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self._names())

    @classmethod
    def _names(cls) -> list[str]:
        # `Post` and the like have no slots of their own: they are `Route`'s.
        return [name for base in cls.__mro__ for name in base.__dict__.get("__slots__", ())]


class Backoff(_Option):
    """Say how long to wait before the next attempt.

    The delay before attempt n+1 is ``initial * multiplier ** (n-1)``, at most ``maximum``, then spread at random by
    ``jitter`` (0.25 is a quarter up or down).

    Example:
        >>> Backoff(initial=timedelta(seconds=5), jitter=0).maximum
        datetime.timedelta(seconds=120)
    """

    __slots__ = ("initial", "jitter", "maximum", "multiplier")

    def __init__(
        self,
        *,
        initial: timedelta = timedelta(seconds=1),
        maximum: timedelta = timedelta(seconds=120),
        multiplier: float = 2.0,
        jitter: float = 0.25,
    ) -> None:
        self.initial = initial
        self.maximum = maximum
        self.multiplier = multiplier
        self.jitter = jitter


class Lifecycle(_Option):
    """Say how long a delivery is leased and how often it is tried. The defaults are upstream's.

    Args:
        visibility: Time that one lease lasts.
        heartbeat: Time after which a lease is extended; shorter than ``visibility``.
        max_extensions: How often a lease is extended at most.
        max_attempts: Started handler runs until the dead letter.
        window: Time from the last enqueue after which no further attempt starts.
        backoff: Delay between attempts.
        poison_threshold: Equal failures in a row after which a job goes to the dead letters at once; 0 is never.
            For queues only, which then track their jobs in full; ``RetryLater`` is no failure.

    Example:
        >>> Lifecycle(max_attempts=3).window
        datetime.timedelta(days=1)
    """

    __slots__ = ("backoff", "heartbeat", "max_attempts", "max_extensions", "poison_threshold", "visibility", "window")

    def __init__(
        self,
        *,
        visibility: timedelta = timedelta(minutes=15),
        heartbeat: timedelta = timedelta(minutes=5),
        max_extensions: int = 3,
        max_attempts: int = 10,
        window: timedelta = timedelta(hours=24),
        backoff: Backoff | None = None,
        poison_threshold: int = 0,
    ) -> None:
        self.visibility = visibility
        self.heartbeat = heartbeat
        self.max_extensions = max_extensions
        self.max_attempts = max_attempts
        self.window = window
        self.backoff = backoff if backoff is not None else Backoff()
        self.poison_threshold = poison_threshold


class LongRunning(_Option):
    """Declare a queue whose jobs take long: short leases that are extended for as long as ``max_runtime``.

    A lease lasts 5 minutes and is extended each minute, as often as ``max_runtime`` needs. Jobs are tried 3 times
    within 24 hours, are leased one by one, and are tracked in full.

    Args:
        max_runtime: Time after which a run counts as failed.

    Example:
        >>> LongRunning(max_runtime=timedelta(hours=6)).lifecycle().max_extensions
        361
    """

    __slots__ = ("max_runtime",)

    def __init__(self, max_runtime: timedelta) -> None:
        self.max_runtime = max_runtime

    def lifecycle(self) -> Lifecycle:
        """Give the lifecycle that covers ``max_runtime``."""
        heartbeat = timedelta(minutes=1)
        return Lifecycle(
            visibility=timedelta(minutes=5),
            heartbeat=heartbeat,
            # Extensions are used up one per heartbeat, not one per lease; one more covers the last, unfinished minute.
            max_extensions=-(-self.max_runtime // heartbeat) + 1,
            max_attempts=3,
        )


class ResultEvents(_Option, Generic[R]):
    """Say which events tell how the jobs of a queue ended.

    Args:
        type: What the worker returns.
        completed: Event name for a success.
        failed: Event name for a failure that is final.
        cancelled: Event name for a cancelled job.
        dead_lettered: Event name for a job that became a dead letter.
        delivery: ``"required"`` settles a job only after its event was accepted; implies tracking.

    The payload of each event is ``QueueResult[type]``; ``queue.completed`` and the like are its handle.

    Example:
        >>> ResultEvents(int, completed="numbers.counted").completed
        'numbers.counted'
    """

    __slots__ = ("cancelled", "completed", "dead_lettered", "delivery", "failed", "type")

    def __init__(
        self,
        type: "type[R]",  # noqa: A002 - the word that users know
        *,
        completed: str | None = None,
        failed: str | None = None,
        cancelled: str | None = None,
        dead_lettered: str | None = None,
        delivery: "ResultDelivery" = "best-effort",
    ) -> None:
        self.type = type
        self.completed = completed
        self.failed = failed
        self.cancelled = cancelled
        self.dead_lettered = dead_lettered
        self.delivery: ResultDelivery = delivery

    def names(self) -> tuple[str, ...]:
        """Give the declared event names."""
        given = (self.completed, self.failed, self.cancelled, self.dead_lettered)
        return tuple(name for name in given if name is not None)


class Route(_Option):
    """Expose a command over HTTP; written as ``Get``, ``Post``, ``Put``, ``Patch`` or ``Delete``.

    Args:
        path: Path that starts with a slash; ``{name}`` is filled from the command's parameter, whose other fields
            are query parameters.
        public: Answer without authentication.
        mode: ``"sync"`` answers with the result. ``"async"`` answers 202 and says where the job's status is found: the
            handler may enqueue to one queue, and returns the id that ``ctx.enqueue`` gave it.
        status: Status of a success; 200, 204 without a result and 202 in async mode when omitted.
        tags: Groups in the OpenAPI document.
        summary: One line for the OpenAPI document.
        max_body: Largest body in bytes; more is refused with 413. 1 MiB when omitted.

    Example:
        >>> Post("/accounts/{accountId}/close").method
        'POST'
    """

    __slots__ = ("max_body", "mode", "path", "public", "status", "summary", "tags")
    method: 'Literal["GET", "POST", "PUT", "PATCH", "DELETE"]'

    def __init__(
        self,
        path: str,
        *,
        public: bool = False,
        mode: "HttpMode" = "sync",
        status: int | None = None,
        tags: tuple[str, ...] = (),
        summary: str = "",
        max_body: int = 1_048_576,
    ) -> None:
        self.path = path
        self.public = public
        self.mode: HttpMode = mode
        self.status = status
        self.tags = tuple(tags)
        self.summary = summary
        self.max_body = max_body


class Get(Route):
    """Expose a command as GET; it takes no payload."""

    __slots__ = ()
    method = "GET"


class Post(Route):
    """Expose a command as POST."""

    __slots__ = ()
    method = "POST"


class Put(Route):
    """Expose a command as PUT."""

    __slots__ = ()
    method = "PUT"


class Patch(Route):
    """Expose a command as PATCH."""

    __slots__ = ()
    method = "PATCH"


class Delete(Route):
    """Expose a command as DELETE; it takes no payload."""

    __slots__ = ()
    method = "DELETE"


class Cors(_Option):
    """Let web pages of other origins call the application; without it browsers refuse them.

    Args:
        origins: Origins such as ``"https://shop.example"``; ``"*"`` alone is every page there is.
        headers: Request headers that pages may send besides ``Authorization``, ``Content-Type``, ``traceparent`` and
            ``x-correlation-id``.
        credentials: Let pages send cookies; not together with ``"*"``.
        max_age: How long a browser may remember the answer.

    Raises:
        DeclarationError: An origin is none, or every page of the world would be let in with its user's cookies.

    Example:
        >>> Cors("https://shop.example").origins
        ('https://shop.example',)
    """

    __slots__ = ("credentials", "headers", "max_age", "origins")

    def __init__(
        self,
        *origins: str,
        headers: tuple[str, ...] = (),
        credentials: bool = False,
        max_age: timedelta = timedelta(minutes=10),
    ) -> None:
        self.origins = origins
        self.headers = tuple(headers)
        self.credentials = credentials
        self.max_age = max_age
        wrong = next((origin for origin in origins if not _is_origin(origin)), None)
        if wrong is not None or not origins:
            problem = f"{wrong!r} is no origin" if origins else "Cors names no origin"
            raise DeclarationError(f"{caller()}: {problem}; write scheme and host alone, as in 'https://shop.example'")
        if "*" in origins and (credentials or len(origins) > 1):
            raise DeclarationError(f"{caller()}: '*' is every page there is; name origins, or give '*' alone")


def _is_origin(text: str) -> bool:
    scheme, _, host = text.partition("://")
    return text == "*" or (scheme in {"http", "https"} and bool(host) and not set(host) & set("/?#@ *"))
