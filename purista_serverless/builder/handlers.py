"""What a handler decorator records: the function, what it handles and all it may use."""

from typing import TYPE_CHECKING, Any, Concatenate, Generic, Literal, ParamSpec, TypeVar, overload

from purista_serverless.builder.annotations import MISSING, annotation_of, is_coroutine, keyword_names, positional_names
from purista_serverless.builder.options import require_known
from purista_serverless.builder.origin import caller, origin_of
from purista_serverless.errors import DeclarationError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Unpack

    from purista_serverless.builder.handles import Command, Event, Queue
    from purista_serverless.builder.keywords import SubscriptionKeywords, WorkerKeywords
    from purista_serverless.builder.service import ServiceBuilder
    from purista_serverless.builder.values import Resource

P = TypeVar("P")
R = TypeVar("R")
C = TypeVar("C")
K = ParamSpec("K")

Kind = Literal["command", "worker", "subscription"]

_GRANTS = (
    "can_emit",
    "can_enqueue",
    "can_invoke",
    "uses",
    "before",
    "after",
    "transform_input",
    "transform_output",
)
_WORKER = ("name", "batch_size", "concurrency")
_FILTERS = (
    "message_type",
    "sender_service",
    "sender_version",
    "sender_target",
    "sender_instance",
    "receiver_service",
    "receiver_version",
    "receiver_target",
    "receiver_instance",
    "tenant_id",
    "principal_id",
)


class SubscriptionDeclaration:
    """What a subscription listens to. ``filters`` has the field names of ``model.Filter``."""

    __slots__ = (
        "deprecated",
        "description",
        "event",
        "filters",
        "grants",
        "handlers",
        "lifecycle",
        "name",
        "origin",
        "service",
    )

    def __init__(
        self,
        service: "ServiceBuilder",
        event: "Event[Any] | None",
        name: str,
        description: str,
        options: "SubscriptionKeywords",
    ) -> None:
        require_known(f"subscription {name!r}", options, (*_FILTERS, *_GRANTS, "lifecycle", "deprecated"))
        self.service = service
        self.event = event
        self.name = name
        self.description = description
        self.filters: dict[str, Any] = {key: options[key] for key in _FILTERS if options.get(key) is not None}  # type: ignore[literal-required]
        self.grants: Any = {key: options[key] for key in _GRANTS if key in options}  # type: ignore[literal-required]
        self.lifecycle = options.get("lifecycle")
        self.deprecated = options.get("deprecated")
        self.origin = caller()
        self.handlers: list[HandlerDeclaration] = []

    @property
    def payload(self) -> Any:
        """Give the event's payload type, or what the handler's annotation says if there is no event."""
        return self.event.payload if self.event is not None else inferred(self, "payload")

    @property
    def parameter(self) -> Any:
        """Give ``None``: an event has no parameter."""
        return None

    @property
    def result(self) -> Any:
        """Give ``None``: nobody waits for a subscription."""
        return None


class HandlerDeclaration:
    """A registered handler. The function carries it as ``__purista__`` and is otherwise unchanged.

    Attributes:
        kind: ``"command"``, ``"worker"`` or ``"subscription"``.
        function: The user's function.
        service: The service it belongs to, with ``name`` and ``version``.
        target: What it handles: a ``Command``, a ``Queue`` or a ``SubscriptionDeclaration``.
        name: A worker's name; the target's name for the others.
        batch_size: A worker's jobs per delivery, if given.
        concurrency: A worker's jobs at a time, if given.
        origin: Where the function is defined.

    The remaining attributes are what the decorator was given.
    """

    __slots__ = (
        "after",
        "batch_size",
        "before",
        "can_emit",
        "can_enqueue",
        "can_invoke",
        "concurrency",
        "function",
        "kind",
        "name",
        "origin",
        "service",
        "target",
        "transform_input",
        "transform_output",
        "uses",
    )

    def __init__(
        self,
        kind: Kind,
        function: "Callable[..., Any]",
        target: "Command[Any, Any] | Queue[Any, Any] | SubscriptionDeclaration",
        service: "ServiceBuilder",
        options: "WorkerKeywords",
    ) -> None:
        self.kind: Kind = kind
        self.function = function
        self.target = target
        self.service = service
        self.name = options.get("name") or _default_name(kind, target.name, function)
        self.can_emit = tuple(options.get("can_emit", ()))
        self.can_enqueue = tuple(options.get("can_enqueue", ()))
        self.can_invoke = tuple(options.get("can_invoke", ()))
        self.uses = tuple(options.get("uses", ()))
        self.before = tuple(options.get("before", ()))
        self.after = tuple(options.get("after", ()))
        self.transform_input = options.get("transform_input")
        self.transform_output = options.get("transform_output")
        self.batch_size = options.get("batch_size")
        self.concurrency = options.get("concurrency")
        self.origin = origin_of(function)

    @property
    def is_async(self) -> bool:
        """Tell whether the function or one of its guards has to be awaited."""
        return any(is_coroutine(hook) for hook in (self.function, *self.before, *self.after))

    @property
    def takes_parameter(self) -> bool:
        """Tell whether the function takes ``(ctx, payload, parameter)``."""
        return len(positional_names(self.function)) > 2

    def payload_type(self) -> Any:
        """Give the type of the payload; ``None`` for no payload."""
        return self.target.payload

    def parameter_type(self) -> Any:
        """Give the type of the parameter; ``None`` for no parameter."""
        return self.target.parameter

    def result_type(self) -> Any:
        """Give the type of the result; ``None`` for no result."""
        return self.target.result

    def resources(self) -> "dict[str, Resource[Any]]":
        """Map the keyword-only parameters to the resources that fill them: those in ``uses`` and the service's own.

        Raises:
            DeclarationError: No resource has a parameter's name.
        """
        known = self.known_resources()
        names = keyword_names(self.function)
        missing = [name for name in names if name not in known]
        if missing:
            raise DeclarationError(
                f"{self.origin}: no resource {missing[0]!r} for the keyword-only parameter of "
                f"{self.function.__qualname__}; declare it with {self.service.name}.resource({missing[0]!r}, <type>)"
            )
        return {name: known[name] for name in names}

    def known_resources(self) -> "dict[str, Resource[Any]]":
        """Give all resources that this handler could ask for, by name."""
        used = {handle.name: handle for handle in self.uses if getattr(handle, "kind", None) == "resource"}
        return {**{handle.name: handle for handle in self.service.declared.resources}, **used}  # type: ignore[dict-item]

    def infer(self, part: Literal["payload", "parameter", "result"]) -> Any:
        """Read a type from the function's annotations.

        Raises:
            DeclarationError: The annotation is missing or cannot be read.
        """
        names = positional_names(self.function)
        if part == "parameter" and len(names) < 3:
            return None
        if part == "payload" and len(names) < 2:
            raise DeclarationError(f"{self.origin}: {self.function.__qualname__} takes (ctx, payload); add the payload")
        name = "return" if part == "result" else names[1 if part == "payload" else 2]
        found = annotation_of(self.function, name)
        if found is MISSING:
            what = "the result" if part == "result" else repr(name)
            raise DeclarationError(
                f"{self.origin}: the type of {what} of {self.function.__qualname__} is not known; annotate it, "
                f"or give the types to the declaration of {self.target.name!r}"
            )
        return None if found is type(None) else found


def inferred(
    target: "Command[Any, Any] | Queue[Any, Any] | SubscriptionDeclaration",
    part: Literal["payload", "parameter", "result"],
) -> Any:
    """Read a type of a target from the annotations of its handler.

    Raises:
        DeclarationError: There is no handler yet, or its annotation is missing or cannot be read.
    """
    if not target.handlers:
        raise DeclarationError(
            f"{target.origin}: the {part} type of {target.name!r} comes from its handler, and none is declared yet; "
            "give the types to the declaration, or import the handler's module first"
        )
    return target.handlers[0].infer(part)


class HandlerDecorator(Generic[P, R]):
    """Register a function as the handler of something and return it unchanged.

    The function takes ``(ctx, payload)`` or ``(ctx, payload, parameter)``, then keyword-only resources; it is a
    ``def`` or an ``async def``.
    """

    __slots__ = ("_kind", "_options", "_service", "_target")

    def __init__(
        self,
        kind: Kind,
        target: "Command[Any, Any] | Queue[Any, Any] | SubscriptionDeclaration",
        service: "ServiceBuilder",
        **options: "Unpack[WorkerKeywords]",
    ) -> None:
        known = _GRANTS + _WORKER if kind == "worker" else _GRANTS
        require_known(f"the handler of {target.name!r}", options, known)
        self._kind: Kind = kind
        self._target = target
        self._service = service
        self._options = options

    @overload
    def __call__(
        self, function: "Callable[Concatenate[C, P, K], Coroutine[Any, Any, R]]"
    ) -> "Callable[Concatenate[C, P, K], Coroutine[Any, Any, R]]": ...

    @overload
    def __call__(self, function: "Callable[Concatenate[C, P, K], R]") -> "Callable[Concatenate[C, P, K], R]": ...

    def __call__(self, function: "Callable[..., Any]") -> "Callable[..., Any]":
        """Register the function.

        Raises:
            DeclarationError: It is no Python function, handles something already, or the application is built.
        """
        self._service.require_open()
        _require_unused_function(function)
        declaration = HandlerDeclaration(self._kind, function, self._target, self._service, self._options)
        self._target.handlers.append(declaration)
        self._service.declared.handlers.append(declaration)
        function.__purista__ = declaration  # type: ignore[attr-defined]
        return function


def _require_unused_function(function: "Callable[..., Any]") -> None:
    if not hasattr(function, "__code__") or hasattr(function, "__self__"):
        raise DeclarationError(
            f"{origin_of(function)}: a handler is a function written with def, not {function!r}; write one that calls "
            "it, and take the object as a resource"
        )
    earlier = getattr(function, "__purista__", None)
    if earlier is not None:
        raise DeclarationError(
            f"{origin_of(function)}: {function.__qualname__} handles {earlier.target.name!r} already; "
            "one function handles one thing: write a second one that calls the first"
        )


def _default_name(kind: Kind, target: str, function: "Callable[..., Any]") -> str:
    if kind != "worker":
        return target
    head, *rest = [part for part in function.__name__.split("_") if part] or [function.__name__]
    return head + "".join(part[:1].upper() + part[1:] for part in rest)
