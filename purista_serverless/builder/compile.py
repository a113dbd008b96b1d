"""Turn what builders recorded into the immutable application, or say everything that is wrong with it."""

import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from purista_serverless import model
from purista_serverless.builder.annotations import keyword_names
from purista_serverless.builder.declarations import Declarations, Factory
from purista_serverless.builder.handlers import HandlerDeclaration, SubscriptionDeclaration
from purista_serverless.builder.handles import Command, Event, Queue
from purista_serverless.builder.options import Cors, Lifecycle, ResultEvents, Route
from purista_serverless.builder.origin import Origin, caller, shown_path
from purista_serverless.builder.problems import find_problems, sort_problems
from purista_serverless.builder.problems.edges import MESSAGE_KEYS
from purista_serverless.builder.problems.modules import check_modules, import_modules
from purista_serverless.builder.schedules import BindingDeclaration, ScheduleDeclaration
from purista_serverless.builder.service import ServiceBuilder
from purista_serverless.builder.tracking import idempotency_of, tracking_of
from purista_serverless.builder.values import Config, Resource, Secret, factory_path, load_factory
from purista_serverless.errors import DeclarationError, InvalidApplication
from purista_serverless.schema.paths import resolve_path

_DAY = timedelta(hours=24)


def compile_application(
    name: str,
    services: Sequence[ServiceBuilder],
    *,
    handlers: Sequence[str] = (),
    factories: Mapping[str, Factory] | None = None,
    authenticate: Callable[..., Any] | str | None = None,
    cors: Cors | None = None,
) -> model.Application:
    """Import the handler modules, check all declarations together, resolve every default and close the builders.

    Args:
        name: Name of the application.
        services: Its services.
        handlers: Modules that register handlers, as dotted names.
        factories: Factories of resources by name, in place of the declared ones.
        authenticate: Function that tells who sent an HTTP request, or where it is found.
        cors: Which web pages of other origins may call.

    Raises:
        InvalidApplication: With every problem that was found.
        DeclarationError: Something in ``services`` is no builder.
    """
    origin = caller()
    for service in services:
        if not isinstance(service, ServiceBuilder):
            raise DeclarationError(f"{origin}: {service!r} is no service; pass the ServiceBuilder objects themselves")
    problems = list(import_modules(handlers, name, origin))
    declarations = Declarations(name, services, factories)
    problems.extend(check_modules(handlers, declarations))
    problems.extend(find_problems(declarations))
    if problems:
        raise InvalidApplication(name, sort_problems(problems))
    application = _Compilation(declarations).application(origin, handlers, authenticate, cors)
    for service in services:
        service.sealed_by = name
    return application


class _Compilation:
    """One pass over checked declarations; every method gives values of ``model``."""

    def __init__(self, declarations: Declarations) -> None:
        self._declarations = declarations

    def application(
        self, origin: Origin, handlers: Sequence[str], authenticate: Callable[..., Any] | str | None, cors: Cors | None
    ) -> model.Application:
        found = self._declarations
        return model.Application(
            name=found.name,
            origin=_origin(origin),
            services=_by_name(_service(service) for service in found.services),
            commands=_by_address(_command(command) for command in (*found.commands, *self._external(Command))),
            events=_by_name(_event(event) for event in (*found.events, *self._external(Event))),
            subscriptions=_by_address(_subscription(each) for each in found.subscriptions),
            queues=_by_name(self._queue(queue) for queue in (*found.queues, *self._external(Queue))),
            workers=_by_address(_worker(handler) for handler in found.handlers if handler.kind == "worker"),
            bindings=_by_address(_binding(binding) for binding in found.bindings),
            schedules=_by_address(self._schedule(schedule) for schedule in found.schedules),
            resources=self._resources(),
            settings=_settings(found),
            handler_modules=tuple(sorted(set(handlers))),
            authenticate=load_factory(authenticate),
            authenticate_path=factory_path(authenticate) if authenticate is not None else None,
            cors=_cors(cors),
        )

    def _external(self, kind: type[Any]) -> list[Any]:
        handles = [use.handle for use in self._declarations.external(kind)]
        return list({_identity(handle): handle for handle in reversed(handles)}.values())

    def _queue(self, queue: Queue[Any, Any]) -> model.Queue:
        tracking, reasons = tracking_of(queue, self._declarations)
        return model.Queue(
            name=queue.name,
            payload=queue.payload,
            parameter=queue.parameter,
            owner=model.Address(service=queue.service_name, version=queue.service_version, name=queue.name),
            lifecycle=_lifecycle(queue.resolved_lifecycle()),
            tracking=tracking,
            tracking_reasons=reasons,
            idempotency=idempotency_of(queue, self._declarations),
            origin=_origin(queue.origin),
            description=queue.description,
            max_runtime=queue.profile.max_runtime if queue.profile is not None else None,
            results=_results(queue.results),
            ordering_key=_key(queue, queue.ordering_key),
            priorities=queue.priorities,
            max_delay=queue.max_delay,
            max_payload=queue.max_payload,
            dead_letter_retention=queue.dead_letter_retention,
            deprecated=queue.deprecated,
            external=queue.is_external,
        )

    def _schedule(self, schedule: ScheduleDeclaration) -> model.Schedule:
        return model.Schedule(
            address=_address(schedule.service, schedule.name),
            target=_target(schedule.target),
            expression=schedule.expression,
            timezone=schedule.timezone,
            dst=schedule.dst,
            origin=_origin(schedule.origin),
            lifecycle=model.Lifecycle(),
            run_timeout=schedule.run_timeout or self._run_timeout(schedule),
            description=schedule.description,
            concurrency=schedule.concurrency_policy,
            missed_runs="catchUp" if schedule.missed_run_policy == "backfill" else schedule.missed_run_policy,
            max_catch_up_count=schedule.max_catch_up_count,
            max_lateness=schedule.max_lateness,
            jitter=schedule.jitter,
            idempotency_key=_key(schedule.target, schedule.idempotency_key),
            payload=schedule.payload,
            parameter=schedule.parameter,
            enabled=schedule.enabled,
            hints=dict(schedule.hints),
        )

    def _run_timeout(self, schedule: ScheduleDeclaration) -> timedelta:
        longest = [
            queue.resolved_lifecycle().window
            + (queue.profile.max_runtime if queue.profile is not None else timedelta())
            for queue in self._declarations.queues_reached(schedule)
        ]
        return max(longest, default=_DAY)

    def _resources(self) -> tuple[model.Resource, ...]:
        found = [resource for service in self._declarations.services for resource in service.declared.resources]
        return _by_name({resource.name: self._resource(resource) for resource in reversed(found)}.values())

    def _resource(self, resource: Resource[Any]) -> model.Resource:
        given = self._declarations.factories.get(resource.name, resource.factory)
        replaced = self._declarations.factories.get(resource.name)
        return model.Resource(
            name=resource.name,
            type=resource.type,
            factory=load_factory(given),
            origin=_origin(resource.origin),
            replaced_by=None if replaced is None else factory_path(replaced),
        )


def _by_name(values: Any) -> tuple[Any, ...]:
    return tuple(sorted(values, key=lambda value: value.name))


def _by_address(values: Any) -> tuple[Any, ...]:
    return tuple(sorted(values, key=lambda value: str(value.address)))


def _identity(handle: Any) -> tuple[str, ...]:
    if isinstance(handle, Command):
        return handle.service_name, handle.service_version, handle.name
    return (handle.name,)


def _origin(origin: Origin) -> model.Origin:
    return model.Origin(file=shown_path(origin.file), line=origin.line)


def _address(service: ServiceBuilder, name: str) -> model.Address:
    return model.Address(service=service.name, version=service.version, name=name)


def _address_of(command: Command[Any, Any]) -> model.Address:
    return model.Address(service=command.service_name, version=command.service_version, name=command.name)


def _key(source: Any, key: Any) -> Any:
    if not isinstance(key, str) or key in MESSAGE_KEYS:
        return key
    return ".".join(("payload", *resolve_path(source.payload, key)))


def _service(service: ServiceBuilder) -> model.Service:
    module = sys.modules.get(service.origin.module)
    names = [name for name, value in vars(module).items() if value is service] if module is not None else []
    return model.Service(
        name=service.name,
        version=service.version,
        origin=_origin(service.origin),
        module=service.origin.module,
        attribute=names[0] if names else "",
        description=service.description,
        owner=service.owner,
        contact=service.contact,
        deprecated=service.deprecated,
    )


def _event(event: Event[Any]) -> model.Event:
    return model.Event(
        name=event.name,
        payload=event.payload,
        owner=event.service.name if event.service is not None else None,
        origin=_origin(event.origin),
        description=event.description or _told_by(event),
        version=event.version,
        deprecated=event.deprecated,
        external=event.is_external,
    )


def _told_by(event: Event[Any]) -> str:
    match event.source:
        case Command() as command:
            return f"Tells that {command.name} succeeded"
        case Queue() as queue:
            return f"Tells how a job of {queue.name} ended"
        case None:
            return ""


def _command(command: Command[Any, Any]) -> model.Command:
    return model.Command(
        address=_address_of(command),
        payload=command.payload,
        result=command.result,
        parameter=command.parameter,
        origin=_origin(command.origin),
        handler=_handler(command.handlers[0]) if command.handlers else None,
        description=command.description,
        http=_http(command.http),
        success_event=command.success_event_name,
        timeout=command.timeout,
        deprecated=command.deprecated,
        external=command.is_external,
    )


def _http(route: Route | None) -> model.Http | None:
    if route is None:
        return None
    return model.Http(
        method=route.method,
        path=route.path,
        public=route.public,
        mode=route.mode,
        status=route.status,
        tags=route.tags,
        summary=route.summary,
        max_body=route.max_body,
    )


def _cors(cors: Cors | None) -> model.Cors | None:
    if cors is None:
        return None
    return model.Cors(origins=cors.origins, headers=cors.headers, credentials=cors.credentials, max_age=cors.max_age)


def _handler(declaration: HandlerDeclaration) -> model.Handler:
    return model.Handler(
        module=declaration.function.__module__,
        name=declaration.function.__qualname__,
        function=declaration.function,
        is_async=declaration.is_async,
        takes_parameter=declaration.takes_parameter,
        origin=_origin(declaration.origin),
        can_emit=_names(declaration.can_emit),
        can_enqueue=_names(declaration.can_enqueue),
        can_invoke=tuple(sorted({_address_of(command) for command in declaration.can_invoke}, key=str)),
        resources=tuple(sorted(keyword_names(declaration.function))),
        config=_names(use for use in declaration.uses if isinstance(use, Config)),
        secrets=_names(use for use in declaration.uses if isinstance(use, Secret)),
        before=declaration.before,
        after=declaration.after,
        transform_input=declaration.transform_input,
        transform_output=declaration.transform_output,
    )


def _names(handles: Any) -> tuple[str, ...]:
    return tuple(sorted({handle.name for handle in handles}))


def _lifecycle(lifecycle: Lifecycle | None) -> model.Lifecycle:
    if lifecycle is None:
        return model.Lifecycle()
    backoff = lifecycle.backoff
    return model.Lifecycle(
        visibility=lifecycle.visibility,
        heartbeat=lifecycle.heartbeat,
        max_extensions=lifecycle.max_extensions,
        max_attempts=lifecycle.max_attempts,
        window=lifecycle.window,
        backoff=model.Backoff(
            initial=backoff.initial, maximum=backoff.maximum, multiplier=backoff.multiplier, jitter=backoff.jitter
        ),
        poison_threshold=lifecycle.poison_threshold,
    )


def _results(results: ResultEvents[Any] | None) -> model.ResultPolicy | None:
    if results is None:
        return None
    return model.ResultPolicy(
        payload=results.type,
        completed=results.completed,
        failed=results.failed,
        cancelled=results.cancelled,
        dead_lettered=results.dead_lettered,
        delivery=results.delivery,
    )


def _subscription(subscription: SubscriptionDeclaration) -> model.Subscription:
    event = subscription.event.name if subscription.event is not None else None
    return model.Subscription(
        address=_address(subscription.service, subscription.name),
        filter=model.Filter(event=event, **subscription.filters),
        payload=subscription.payload,
        handler=_handler(subscription.handlers[0]),
        lifecycle=_lifecycle(subscription.lifecycle),
        origin=_origin(subscription.origin),
        description=subscription.description,
        deprecated=subscription.deprecated,
    )


def _worker(handler: HandlerDeclaration) -> model.Worker:
    return model.Worker(
        address=_address(handler.service, handler.name),
        queue=handler.target.name,
        handler=_handler(handler),
        batch_size=handler.batch_size or 1,
        concurrency=handler.concurrency,
        origin=_origin(handler.origin),
    )


def _binding(binding: BindingDeclaration) -> model.Binding:
    return model.Binding(
        address=_address(binding.service, binding.name),
        event=binding.event.name,
        queue=binding.queue.name,
        origin=_origin(binding.origin),
        lifecycle=_lifecycle(binding.lifecycle),
        map_payload=binding.map_payload,
        map_parameter=binding.map_parameter,
        accepts=binding.accepts,
        idempotency_mode=binding.idempotency_mode,
        idempotency_key=_key(binding.event, binding.idempotency_key),
        sender_service=binding.sender_service,
        sender_version=binding.sender_version,
    )


def _target(target: Event[Any] | Queue[Any, Any] | Command[Any, Any]) -> model.Target:
    match target:
        case Event():
            return model.EventTarget(event=target.name)
        case Queue():
            return model.QueueTarget(queue=target.name)
        case Command():
            return model.CommandTarget(command=_address_of(target))


def _settings(declarations: Declarations) -> tuple[model.Setting, ...]:
    found = [setting for service in declarations.services for setting in service.declared.settings]
    return _by_name({setting.name: _setting(setting) for setting in reversed(found)}.values())


def _setting(setting: Config[Any] | Secret) -> model.Setting:
    if isinstance(setting, Secret):
        return model.Setting(name=setting.name, kind="secret", type=str, default=None, origin=_origin(setting.origin))
    default = setting.default if setting.has_default else None
    return model.Setting(
        name=setting.name, kind="config", type=setting.type, default=default, origin=_origin(setting.origin)
    )
