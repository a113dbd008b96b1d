"""The builder of a service: every declaration starts here."""

from typing import TYPE_CHECKING, Any, TypeVar, overload

from purista_serverless.builder.annotations import MISSING, Missing
from purista_serverless.builder.handlers import HandlerDeclaration, HandlerDecorator, SubscriptionDeclaration
from purista_serverless.builder.handles import Command, Event, Queue
from purista_serverless.builder.options import ResultEvents
from purista_serverless.builder.origin import caller
from purista_serverless.builder.values import Config, Resource, Secret
from purista_serverless.errors import DeclarationError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Unpack

    from purista_serverless.builder.keywords import (
        CommandKeywords,
        InferredCommand,
        InferredQueue,
        InferringDecorator,
        QueueKeywords,
        SubscriptionKeywords,
    )
    from purista_serverless.builder.options import Lifecycle
    from purista_serverless.builder.schedules import BindingDeclaration, ScheduleBuilder, ScheduleDeclaration
    from purista_serverless.model import IdempotencyMode

T = TypeVar("T")
P = TypeVar("P")
R = TypeVar("R")


class Declared:
    """All that a service declared, in the order of the source."""

    __slots__ = (
        "bindings",
        "commands",
        "events",
        "handlers",
        "queues",
        "resources",
        "schedule_builders",
        "schedules",
        "settings",
        "subscriptions",
    )

    def __init__(self) -> None:
        self.events: list[Event[Any]] = []
        self.commands: list[Command[Any, Any]] = []
        self.queues: list[Queue[Any, Any]] = []
        self.subscriptions: list[SubscriptionDeclaration] = []
        self.bindings: list[BindingDeclaration] = []
        self.schedules: list[ScheduleDeclaration] = []
        self.schedule_builders: list[ScheduleBuilder] = []
        self.resources: list[Resource[Any]] = []
        self.settings: list[Config[Any] | Secret] = []
        self.handlers: list[HandlerDeclaration] = []


class ServiceBuilder:
    """Declare a service: what it offers, listens to, works on and starts by the clock.

    Declaring records and checks nothing; ``Application(...)`` checks all services together and closes them.

    Args:
        name: Letters, digits and underscores, starting with a letter.
        version: Major version, as text.
        description: What the service is for.
        owner: Team that owns it.
        contact: How to reach the team.
        deprecated: What to use instead, if the service is going away.

    Example:
        >>> from purista_serverless import Model
        >>> class CycleDue(Model):
        ...     cycle_id: str
        >>> billing = ServiceBuilder("Billing", description="Closes billing cycles")
        >>> billing.event("billing.cycleDue", CycleDue)
        Event('billing.cycleDue')
    """

    __slots__ = ("contact", "declared", "deprecated", "description", "name", "origin", "owner", "sealed_by", "version")

    def __init__(
        self,
        name: str,
        *,
        version: str = "1",
        description: str = "",
        owner: str | None = None,
        contact: str | None = None,
        deprecated: str | None = None,
    ) -> None:
        self.name = name
        self.version = version
        self.description = description
        self.owner = owner
        self.contact = contact
        self.deprecated = deprecated
        self.origin = caller()
        self.declared = Declared()
        self.sealed_by: str | None = None

    def __repr__(self) -> str:
        return f"ServiceBuilder({self.name!r}, version={self.version!r})"

    def require_open(self) -> None:
        """Make sure that no application was built from this service yet.

        Raises:
            DeclarationError: One was, so that a further declaration would be missing from it.
        """
        if self.sealed_by is not None:
            raise DeclarationError(
                f"{caller()}: {self.name} v{self.version} is part of application {self.sealed_by!r} already; declare "
                "before Application(...), or name this module in its handlers=[...]"
            )

    def event(
        self,
        name: str,
        payload: type[T],
        description: str = "",
        *,
        version: str | None = None,
        deprecated: str | None = None,
    ) -> Event[T]:
        """Declare an event that this service owns.

        Args:
            name: Name on the wire, unique in the application.
            payload: Type of what it carries.
            description: What it tells.
            version: Version of its contract, for documents.
            deprecated: What to use instead, if it is going away.
        """
        self.require_open()
        event: Event[T] = Event(
            name,
            payload,
            service=self,
            origin=caller(),
            description=description,
            version=version,
            deprecated=deprecated,
        )
        self.declared.events.append(event)
        return event

    @overload
    def command(
        self,
        name: str,
        payload: type[P],
        result: type[R],
        description: str = "",
        *,
        parameter: Any = None,
        **options: "Unpack[CommandKeywords]",
    ) -> Command[P, R]: ...

    @overload
    def command(
        self,
        name: str,
        payload: type[P],
        result: None = None,
        description: str = "",
        *,
        parameter: Any = None,
        **options: "Unpack[CommandKeywords]",
    ) -> Command[P, None]: ...

    @overload
    def command(
        self,
        name: str,
        payload: None,
        result: type[R],
        description: str = "",
        *,
        parameter: Any = None,
        **options: "Unpack[CommandKeywords]",
    ) -> Command[None, R]: ...

    @overload
    def command(
        self,
        name: str,
        payload: None,
        result: None = None,
        description: str = "",
        *,
        parameter: Any = None,
        **options: "Unpack[CommandKeywords]",
    ) -> Command[None, None]: ...

    @overload
    def command(
        self,
        name: str,
        *,
        description: str = "",
        **options: "Unpack[CommandKeywords]",
    ) -> "InferredCommand": ...

    def command(
        self,
        name: str,
        payload: Any = MISSING,
        result: Any = None,
        description: str = "",
        *,
        parameter: Any = None,
        **options: "Unpack[CommandKeywords]",
    ) -> Command[Any, Any]:
        """Declare a command: asked for, answered.

        Given no types it takes them from the handler's annotations, and the command itself is the decorator.

        Args:
            name: Name on the wire, unique in the service.
            payload: Type of what it is asked with; ``None`` for nothing.
            result: Type of its answer; ``None`` for nothing.
            description: What it does.
            parameter: Type of the parameter, which HTTP fills from path and query.
            **options: All that follow, by keyword.
            http: Exposure over HTTP, ``Post("/accounts/{accountId}/close")`` for instance.
            success_event: Name of an event with the result, emitted after each success.
            timeout: Time after which the caller is told of a failure: an async handler is cancelled then, a sync one
                runs to its end and its result is dropped.
            deprecated: What to use instead, if it is going away.

        Example:
            >>> orders = ServiceBuilder("Orders")
            >>> @orders.command("double")
            ... def double(ctx, payload: int) -> int:
            ...     return payload * 2
            >>> double(None, 2)
            4
        """
        self.require_open()
        is_inferred = payload is MISSING
        command: Command[Any, Any] = Command(
            name,
            payload,
            MISSING if is_inferred else result,
            service=self,
            service_name=self.name,
            service_version=self.version,
            origin=caller(),
            description=description,
            parameter=MISSING if is_inferred else parameter,
            **options,
        )
        self.declared.commands.append(command)
        return command

    @overload
    def queue(
        self,
        name: str,
        payload: type[P],
        description: str = "",
        *,
        result: type[R] | ResultEvents[R],
        parameter: Any = None,
        **options: "Unpack[QueueKeywords[P]]",
    ) -> Queue[P, R]: ...

    @overload
    def queue(
        self,
        name: str,
        payload: type[P],
        description: str = "",
        *,
        result: None = None,
        parameter: Any = None,
        **options: "Unpack[QueueKeywords[P]]",
    ) -> Queue[P, None]: ...

    @overload
    def queue(
        self,
        name: str,
        *,
        description: str = "",
        **options: "Unpack[QueueKeywords[Any]]",
    ) -> "InferredQueue": ...

    def queue(
        self,
        name: str,
        payload: Any = MISSING,
        description: str = "",
        *,
        result: Any = None,
        parameter: Any = None,
        **options: "Unpack[QueueKeywords[Any]]",
    ) -> Queue[Any, Any]:
        """Declare a queue of jobs; given no types it takes them from the worker's annotations.

        Args:
            name: Name on the wire, unique in the application.
            payload: Type of a job's payload.
            description: What its jobs do.
            result: Type of what the worker returns, or ``ResultEvents`` to have events tell how jobs ended.
            parameter: Type of a job's parameter.
            **options: All that follow, by keyword.
            lifecycle: Leases and attempts; not together with ``profile``.
            profile: ``LongRunning(...)``.
            tracking: What the ledger keeps of a job: ``"none"``, ``"terminal"`` or ``"full"``; what other
                options imply when omitted.
            idempotency: ``"strict"`` runs a job at most once per key; ``"advisory"`` hands the key to the worker.
            ordering_key: Path such as ``"payload.accountId"`` or a function of the payload; jobs with equal keys
                run one after the other.
            priorities: Number of levels that ``enqueue`` may ask for.
            max_delay: Longest delay that ``enqueue`` may ask for.
            max_attempts: Attempts until the dead letter; the lifecycle's when omitted.
            max_payload: Largest payload in bytes that ``enqueue`` may send.
            dead_letter_retention: How long dead letters are kept.
            deprecated: What to use instead, if it is going away.
        """
        self.require_open()
        is_inferred = payload is MISSING
        results = result if isinstance(result, ResultEvents) else None
        queue: Queue[Any, Any] = Queue(
            name,
            payload,
            results.type if results is not None else MISSING if is_inferred and result is None else result,
            service=self,
            service_name=self.name,
            service_version=self.version,
            origin=caller(),
            description=description,
            parameter=MISSING if is_inferred and parameter is None else parameter,
            results=results,
            **options,
        )
        self.declared.queues.append(queue)
        return queue

    @overload
    def subscribe(
        self,
        event: Event[T],
        name: str,
        description: str = "",
        **options: "Unpack[SubscriptionKeywords]",
    ) -> HandlerDecorator[T, None]: ...

    @overload
    def subscribe(
        self,
        event: None,
        name: str,
        description: str = "",
        **options: "Unpack[SubscriptionKeywords]",
    ) -> "InferringDecorator": ...

    def subscribe(
        self,
        event: Event[Any] | None,
        name: str,
        description: str = "",
        **options: "Unpack[SubscriptionKeywords]",
    ) -> HandlerDecorator[Any, None]:
        """Register the function below for each message that matches every given filter exactly.

        Args:
            event: Event to listen to; ``None`` together with another filter.
            name: Name of the subscription, unique in the service.
            description: What it does.
            **options: All that follow, by keyword.
            sender_service: Filter: name of the service that sent the message.
            sender_version: Filter: version of that service.
            sender_target: Filter: what sent it in that service.
            sender_instance: Filter: the running instance that sent it.
            receiver_service: Filter: name of the service it is addressed to.
            receiver_version: Filter: version of that service.
            receiver_target: Filter: what it is addressed to in that service.
            receiver_instance: Filter: the running instance it is addressed to.
            tenant_id: Filter: the tenant.
            principal_id: Filter: the principal.
            message_type: Filter: kind of message in upstream's envelope, ``"customMessage"`` for instance.
            lifecycle: Leases and attempts; a queue's defaults when omitted.
            deprecated: What to use instead, if it is going away.
            can_emit: Events it may emit.
            can_enqueue: Queues it may enqueue to.
            can_invoke: Commands it may invoke.
            uses: Configuration, secrets and resources of other services that it may read.
            before: Guards that run before it, in order; one that raises ends the dispatch.
            after: Guards that run after it, in order.
            transform_input: Reshape what arrives before it is checked: is given the payload as plain JSON value, and
                returns one that fits the payload's type.
        """
        self.require_open()
        subscription = SubscriptionDeclaration(self, event, name, description, options)
        self.declared.subscriptions.append(subscription)
        return HandlerDecorator("subscription", subscription, self, **subscription.grants)

    def schedule(self, name: str, description: str = "") -> "ScheduleBuilder":
        """Declare a schedule; the result's ``emit_event``, ``enqueue`` or ``invoke`` says what it starts."""
        self.require_open()
        from purista_serverless.builder.schedules import ScheduleBuilder

        builder = ScheduleBuilder(self, name, description, caller())
        self.declared.schedule_builders.append(builder)
        return builder

    def bind_event_to_queue(
        self,
        event: Event[T],
        queue: Queue[P, Any],
        *,
        map_payload: "Callable[[T], P] | None" = None,
        map_parameter: "Callable[[T], Any] | None" = None,
        accepts: "Callable[[T], bool] | None" = None,
        idempotency_mode: "IdempotencyMode" = "advisory",
        idempotency_key: "Callable[[Any], str | None] | str | None" = "messageId",
        sender_service: str | None = None,
        sender_version: str | None = None,
        lifecycle: "Lifecycle | None" = None,
    ) -> None:
        """Turn each event into a job, without a handler.

        Args:
            event: Event to listen to.
            queue: Queue of this service, or of another system.
            map_payload: Function from the event's payload to the job's; the same payload when omitted.
            map_parameter: Function from the event's payload to the job's parameter.
            accepts: Function of the event's payload; events that it refuses are acknowledged without a job.
            idempotency_mode: ``"strict"`` makes one job per key, however often the event arrives.
            idempotency_key: ``"messageId"`` (the key that the event itself carries, if it carries one: see
                ``schedule``), ``"correlationId"``, a path such as ``"payload.cycleId"``, or a function of the whole
                message; ``None`` for no key.
            sender_service: Accept events of this service only.
            sender_version: Accept events of this version of the service only.
            lifecycle: Leases and attempts of the binding itself; a queue's defaults when omitted.
        """
        self.require_open()
        from purista_serverless.builder.schedules import BindingDeclaration

        binding = BindingDeclaration(
            self,
            event,
            queue,
            map_payload=map_payload,
            map_parameter=map_parameter,
            accepts=accepts,
            idempotency_mode=idempotency_mode,
            idempotency_key=idempotency_key,
            sender_service=sender_service,
            sender_version=sender_version,
            lifecycle=lifecycle,
            origin=caller(),
        )
        self.declared.bindings.append(binding)

    def resource(
        self,
        name: str,
        type: type[T],  # noqa: A002 - the word that users know
        factory: "Callable[[], T] | str | None" = None,
    ) -> Resource[T]:
        """Declare what handlers of this service are given as a keyword-only parameter of that name and type.

        Args:
            name: Name of the parameter.
            type: Type of the parameter.
            factory: What makes it, once per process: a callable, or ``"module:function"`` to import it only when it
                is needed.
        """
        self.require_open()
        resource: Resource[T] = Resource(name, type, factory, service=self, origin=caller())
        self.declared.resources.append(resource)
        return resource

    def config(
        self,
        name: str,
        type: type[T],  # noqa: A002 - the word that users know
        default: "T | Missing" = MISSING,
    ) -> Config[T]:
        """Declare a configuration value; a handler names it in ``uses`` and reads it with ``ctx.config(handle)``."""
        self.require_open()
        config: Config[T] = Config(name, type, default, service=self, origin=caller())
        self.declared.settings.append(config)
        return config

    def secret(self, name: str) -> Secret:
        """Declare a secret; a handler names it in ``uses`` and reads it with ``ctx.secret(handle)``."""
        self.require_open()
        secret = Secret(name, service=self, origin=caller())
        self.declared.settings.append(secret)
        return secret
