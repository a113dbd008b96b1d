"""Handles: typed names of what is declared. They import no handler, so that any service may import them.

All are invariant in their types: an ``Event[Child]`` is no ``Event[Parent]``, since its consumers rely on ``Child``.
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Concatenate, Generic, Literal, ParamSpec, TypeVar, overload

from purista_serverless.builder.annotations import MISSING
from purista_serverless.builder.handlers import HandlerDeclaration, HandlerDecorator, inferred
from purista_serverless.builder.options import Lifecycle, LongRunning, ResultEvents
from purista_serverless.builder.origin import Origin, caller
from purista_serverless.errors import DeclarationError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Unpack

    from purista_serverless.builder.keywords import GrantKeywords, WorkerKeywords
    from purista_serverless.builder.options import Route
    from purista_serverless.builder.service import ServiceBuilder
    from purista_serverless.model import IdempotencyMode, Tracking
    from purista_serverless.schema import QueueResult

T = TypeVar("T")
U = TypeVar("U")
V = TypeVar("V")
P = TypeVar("P")
R = TypeVar("R")
C = TypeVar("C")
K = ParamSpec("K")

ResultStatus = Literal["completed", "failed", "cancelled", "dead_lettered"]


class Event(Generic[T]):
    """Name an event and the type of its payload; get one from ``ServiceBuilder.event`` or ``Event.external``."""

    __slots__ = ("_payload", "_source", "deprecated", "description", "name", "origin", "service", "version")
    kind = "event"

    def __init__(
        self,
        name: str,
        payload: Any,
        *,
        service: "ServiceBuilder | None",
        origin: Origin,
        description: str = "",
        version: str | None = None,
        deprecated: str | None = None,
        source: "Queue[Any, Any] | Command[Any, Any] | None" = None,
    ) -> None:
        self.name = name
        self.service = service
        self.origin = origin
        self.description = description
        self.version = version
        self.deprecated = deprecated
        self._payload = payload
        self._source = source

    @staticmethod
    def external(name: str, payload: type[U], description: str = "", *, version: str | None = None) -> "Event[U]":
        """Declare an event of another system.

        Example:
            >>> Event.external("shop.ordered", dict).is_external
            True
        """
        return Event(name, payload, service=None, origin=caller(), description=description, version=version)

    @property
    def is_external(self) -> bool:
        """Tell whether the event belongs to another system."""
        return self.service is None and self._source is None

    @property
    def source(self) -> "Queue[Any, Any] | Command[Any, Any] | None":
        """Give the queue whose jobs' ends, or the command whose success, this event tells."""
        return self._source

    @property
    def payload(self) -> Any:
        """Give the type of the payload."""
        match self._source:
            case None:
                return self._payload
            case Command() as command:
                return command.result
            case queue:
                from purista_serverless.schema import QueueResult

                return QueueResult[queue.result]  # type: ignore[name-defined]

    def __repr__(self) -> str:
        return f"Event({self.name!r})"


class Command(Generic[P, R]):
    """Name a command with the types of its payload ``P`` and its result ``R``.

    Get one from ``ServiceBuilder.command`` or ``Command.external``. Declared without types it takes them from the
    annotations of its handler, and is itself the decorator of that handler.
    """

    __slots__ = (
        "_parameter",
        "_payload",
        "_result",
        "deprecated",
        "description",
        "handlers",
        "http",
        "name",
        "origin",
        "service",
        "service_name",
        "service_version",
        "success_event_name",
        "timeout",
    )
    kind = "command"

    def __init__(
        self,
        name: str,
        payload: Any,
        result: Any,
        *,
        service: "ServiceBuilder | None",
        service_name: str,
        service_version: str,
        origin: Origin,
        description: str = "",
        parameter: Any = None,
        http: "Route | None" = None,
        success_event: str | None = None,
        timeout: timedelta = timedelta(seconds=30),
        deprecated: str | None = None,
    ) -> None:
        self.name = name
        self.service = service
        self.service_name = service_name
        self.service_version = service_version
        self.origin = origin
        self.description = description
        self.http = http
        self.success_event_name = success_event
        self.timeout = timeout
        self.deprecated = deprecated
        self.handlers: list[HandlerDeclaration] = []
        self._payload = payload
        self._result = result
        self._parameter = parameter

    @overload
    @staticmethod
    def external(
        service: str, version: str, name: str, payload: type[U], result: type[V], *, parameter: Any = None
    ) -> "Command[U, V]": ...

    @overload
    @staticmethod
    def external(
        service: str, version: str, name: str, payload: type[U], result: None = None, *, parameter: Any = None
    ) -> "Command[U, None]": ...

    @overload
    @staticmethod
    def external(
        service: str, version: str, name: str, payload: None, result: type[V], *, parameter: Any = None
    ) -> "Command[None, V]": ...

    @overload
    @staticmethod
    def external(
        service: str, version: str, name: str, payload: None = None, result: None = None, *, parameter: Any = None
    ) -> "Command[None, None]": ...

    @staticmethod
    def external(
        service: str, version: str, name: str, payload: Any = None, result: Any = None, *, parameter: Any = None
    ) -> "Command[Any, Any]":
        """Declare a command of another system; it is invoked and never handled here.

        Example:
            >>> Command.external("Shop", "1", "placeOrder", dict, str)
            Command('Shop', '1', 'placeOrder')
        """
        return Command(
            name,
            payload,
            result,
            service=None,
            service_name=service,
            service_version=version,
            origin=caller(),
            parameter=parameter,
        )

    @property
    def is_external(self) -> bool:
        """Tell whether the command belongs to another system."""
        return self.service is None

    @property
    def is_inferred(self) -> bool:
        """Tell whether the types come from the handler's annotations."""
        return self._payload is MISSING

    @property
    def payload(self) -> Any:
        """Give the type of the payload; ``None`` for none."""
        return inferred(self, "payload") if self._payload is MISSING else self._payload

    @property
    def parameter(self) -> Any:
        """Give the type of the parameter; ``None`` for none."""
        return inferred(self, "parameter") if self._parameter is MISSING else self._parameter

    @property
    def result(self) -> Any:
        """Give the type of the result; ``None`` for none."""
        return inferred(self, "result") if self._result is MISSING else self._result

    @property
    def success_event(self) -> "Event[R]":
        """Give the event that a success emits.

        Raises:
            DeclarationError: The command declares none.
        """
        if self.success_event_name is None:
            raise DeclarationError(
                f"{self.origin}: command {self.name!r} has no success event; declare it with success_event='...'"
            )
        return Event(self.success_event_name, None, service=self.service, origin=self.origin, source=self)

    def handler(self, **grants: "Unpack[GrantKeywords]") -> HandlerDecorator[P, R]:
        """Register the function below as the handler of this command.

        Args:
            **grants: All that follow, by keyword.
            can_emit: Events it may emit.
            can_enqueue: Queues it may enqueue to.
            can_invoke: Commands it may invoke.
            uses: Configuration, secrets and resources of other services that it may read.
            before: Guards that run before it, in order; one that raises ends the dispatch.
            after: Guards that run after it, in order, with its result.
            transform_input: Reshape what arrives before it is checked: is given the payload as plain JSON value, and
                returns one that fits the payload's type.
            transform_output: Reshape the result after it was checked: is given what the handler returned, and returns
                what leaves instead of it, as a model or any other value that can be written as JSON.
        """
        return HandlerDecorator("command", self, _own(self.service, self), **grants)

    @overload
    def __call__(
        self, function: "Callable[Concatenate[C, P, K], Coroutine[Any, Any, R]]"
    ) -> "Callable[Concatenate[C, P, K], Coroutine[Any, Any, R]]": ...

    @overload
    def __call__(self, function: "Callable[Concatenate[C, P, K], R]") -> "Callable[Concatenate[C, P, K], R]": ...

    def __call__(self, function: "Callable[..., Any]") -> "Callable[..., Any]":
        """Register a function that uses nothing; with ``can_emit`` and the like write ``.handler(...)``."""
        register: Callable[[Any], Any] = self.handler()
        return register(function)  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        return f"Command({self.service_name!r}, {self.service_version!r}, {self.name!r})"


class Queue(Generic[P, R]):
    """Name a queue with the types of its jobs' payload ``P`` and of its worker's result ``R``.

    Get one from ``ServiceBuilder.queue`` or ``Queue.external``.
    """

    __slots__ = (
        "_parameter",
        "_payload",
        "_result",
        "dead_letter_retention",
        "deprecated",
        "description",
        "handlers",
        "idempotency",
        "lifecycle",
        "max_attempts",
        "max_delay",
        "max_payload",
        "name",
        "ordering_key",
        "origin",
        "priorities",
        "profile",
        "results",
        "service",
        "service_name",
        "service_version",
        "tracking",
    )
    kind = "queue"

    def __init__(
        self,
        name: str,
        payload: Any,
        result: Any,
        *,
        service: "ServiceBuilder | None",
        service_name: str,
        service_version: str,
        origin: Origin,
        description: str = "",
        parameter: Any = None,
        lifecycle: Lifecycle | None = None,
        profile: LongRunning | None = None,
        tracking: "Tracking | None" = None,
        results: ResultEvents[R] | None = None,
        idempotency: "IdempotencyMode" = "advisory",
        ordering_key: "Callable[[P], str] | str | None" = None,
        priorities: int = 1,
        max_delay: timedelta | None = None,
        max_attempts: int | None = None,
        max_payload: int | None = None,
        dead_letter_retention: timedelta = timedelta(days=14),
        deprecated: str | None = None,
    ) -> None:
        self.name = name
        self.service = service
        self.service_name = service_name
        self.service_version = service_version
        self.origin = origin
        self.description = description
        self.lifecycle = lifecycle
        self.profile = profile
        self.tracking: Tracking | None = tracking
        self.results = results
        self.idempotency: IdempotencyMode = idempotency
        self.ordering_key = ordering_key
        self.priorities = priorities
        self.max_delay = max_delay
        self.max_attempts = max_attempts
        self.max_payload = max_payload
        self.dead_letter_retention = dead_letter_retention
        self.deprecated = deprecated
        self.handlers: list[HandlerDeclaration] = []
        self._payload = payload
        self._result = result
        self._parameter = parameter

    @overload
    @staticmethod
    def external(
        name: str,
        payload: type[U],
        result: type[V],
        *,
        service: str = "external",
        version: str = "1",
        parameter: Any = None,
    ) -> "Queue[U, V]": ...

    @overload
    @staticmethod
    def external(
        name: str,
        payload: type[U],
        result: None = None,
        *,
        service: str = "external",
        version: str = "1",
        parameter: Any = None,
    ) -> "Queue[U, None]": ...

    @staticmethod
    def external(
        name: str,
        payload: Any,
        result: Any = None,
        *,
        service: str = "external",
        version: str = "1",
        parameter: Any = None,
    ) -> "Queue[Any, Any]":
        """Declare a queue of another system; it is enqueued to and never worked here.

        Example:
            >>> Queue.external("shop.emails", dict)
            Queue('shop.emails')
        """
        return Queue(
            name,
            payload,
            result,
            service=None,
            service_name=service,
            service_version=version,
            origin=caller(),
            parameter=parameter,
        )

    @property
    def is_external(self) -> bool:
        """Tell whether the queue belongs to another system."""
        return self.service is None

    @property
    def is_inferred(self) -> bool:
        """Tell whether the types come from the worker's annotations."""
        return self._payload is MISSING

    @property
    def payload(self) -> Any:
        """Give the type of the payload."""
        return inferred(self, "payload") if self._payload is MISSING else self._payload

    @property
    def parameter(self) -> Any:
        """Give the type of the parameter; ``None`` for none."""
        return inferred(self, "parameter") if self._parameter is MISSING else self._parameter

    @property
    def result(self) -> Any:
        """Give the type of the worker's result; ``None`` for none."""
        return inferred(self, "result") if self._result is MISSING else self._result

    @property
    def needs_records(self) -> bool:
        """Tell whether the queue's own declaration asks for full tracking; bindings and schedules may do so as well."""
        is_required = self.results is not None and self.results.delivery == "required"
        counts_failures = self.lifecycle is not None and self.lifecycle.poison_threshold > 0
        is_declared = self.tracking == "full" or self.idempotency == "strict"
        return is_declared or is_required or counts_failures or self.profile is not None

    def resolved_lifecycle(self) -> Lifecycle:
        """Give the lifecycle with the profile and ``max_attempts`` applied."""
        base = self.profile.lifecycle() if self.profile is not None else self.lifecycle or Lifecycle()
        if self.max_attempts is None:
            return base
        return Lifecycle(
            visibility=base.visibility,
            heartbeat=base.heartbeat,
            max_extensions=base.max_extensions,
            max_attempts=self.max_attempts,
            window=base.window,
            backoff=base.backoff,
            poison_threshold=base.poison_threshold,
        )

    @property
    def completed(self) -> "Event[QueueResult[R]]":
        """Give the event that tells of a success.

        Raises:
            DeclarationError: The queue declares none.
        """
        return self._result_event("completed")

    @property
    def failed(self) -> "Event[QueueResult[R]]":
        """Give the event that tells of a final failure.

        Raises:
            DeclarationError: The queue declares none.
        """
        return self._result_event("failed")

    @property
    def cancelled(self) -> "Event[QueueResult[R]]":
        """Give the event that tells of a cancelled job.

        Raises:
            DeclarationError: The queue declares none.
        """
        return self._result_event("cancelled")

    @property
    def dead_lettered(self) -> "Event[QueueResult[R]]":
        """Give the event that tells of a dead letter.

        Raises:
            DeclarationError: The queue declares none.
        """
        return self._result_event("dead_lettered")

    def _result_event(self, status: ResultStatus) -> "Event[QueueResult[R]]":
        name: str | None = getattr(self.results, status, None)
        if name is None:
            raise DeclarationError(
                f"{self.origin}: queue {self.name!r} has no {status} event; "
                f"declare it with result=ResultEvents(<type>, {status}='...')"
            )
        return Event(name, None, service=self.service, origin=self.origin, source=self)

    def worker(self, **options: "Unpack[WorkerKeywords]") -> HandlerDecorator[P, R]:
        """Register the function below as the worker of this queue.

        Args:
            **options: All that follow, by keyword.
            name: Name of the worker; the function's name in camelCase when omitted.
            batch_size: Jobs per delivery; 1 when omitted.
            concurrency: Jobs at a time over all instances; the provider's limit when omitted.
            can_emit: Events it may emit.
            can_enqueue: Queues it may enqueue to.
            can_invoke: Commands it may invoke.
            uses: Configuration, secrets and resources of other services that it may read.
            before: Guards that run before it, in order; one that raises ends the dispatch.
            after: Guards that run after it, in order, with its result.
            transform_input: Reshape what arrives before it is checked: is given the payload as plain JSON value, and
                returns one that fits the payload's type.
            transform_output: Reshape the result after it was checked: is given what the handler returned, and returns
                what leaves instead of it, as a model or any other value that can be written as JSON.
        """
        return HandlerDecorator("worker", self, _own(self.service, self), **options)

    def __repr__(self) -> str:
        return f"Queue({self.name!r})"


def _own(service: "ServiceBuilder | None", handle: Any) -> "ServiceBuilder":
    if service is None:
        raise DeclarationError(
            f"{caller()}: {handle!r} belongs to another system, which handles it; remove the handler"
        )
    return service
