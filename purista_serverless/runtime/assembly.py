"""A whole application made runnable: functions, consumers, routes and gates."""

from typing import TYPE_CHECKING, Any

from purista_serverless.model import CommandTarget, EventTarget, QueueTarget
from purista_serverless.runtime.consume import Consumer, EdgeLifecycle
from purista_serverless.runtime.enqueue import QueueSpec, milliseconds
from purista_serverless.runtime.events import BindingConsumer, CallConsumer, Matcher, SubscriptionConsumer
from purista_serverless.runtime.function import Function
from purista_serverless.runtime.gate import Gate, Timetable
from purista_serverless.runtime.parts import job_consumer, timetable
from purista_serverless.runtime.triggers import CallTrigger, EventTrigger, JobTrigger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from purista_serverless.message import Message
    from purista_serverless.model import Application, Schedule
    from purista_serverless.runtime.ports import Ports

CommandKey = tuple[str, str, str]


class Assembly:
    """An application's parts, bound and looked up by name.

    Attributes:
        consumers: One consumer per asynchronous edge.
        commands: The functions of commands, by service, version and name.
        queues: What an enqueue must know, by queue.
    """

    __slots__ = ("_factories", "application", "commands", "consumers", "queues", "routes")

    def __init__(self, application: "Application") -> None:
        self.application = application
        self.queues = {queue.name: QueueSpec(queue) for queue in application.queues}
        self._factories = {known.name: known.factory for known in application.resources if known.factory is not None}
        self.commands: Mapping[CommandKey, Function] = {
            (command.address.service, command.address.version, command.address.name): self._function(
                command.handler.function
            )
            for command in application.commands
            if command.handler is not None
        }
        self.consumers: dict[str, Consumer] = {}
        self.routes: list[tuple[str, Matcher]] = []
        self._add_workers()
        self._add_subscriptions()
        self._add_bindings()
        self._add_calls()

    def command(self, service: str, version: str, name: str) -> Function | None:
        """Give the function of a command, ``None`` if this application has no such command."""
        return self.commands.get((service, version, name))

    def edges_for(self, message: "Message") -> tuple[str, ...]:
        """Give the subscriptions and bindings that a published message goes to."""
        return tuple(edge for edge, matcher in self.routes if matcher.matches(message))

    def gates(self, ports: "Ports") -> dict[str, Gate]:
        """Give the gate of every schedule, by the schedule's name."""
        return {schedule.name: Gate(self.timetable(schedule), ports) for schedule in self.application.schedules}

    def timetable(self, schedule: "Schedule") -> Timetable:
        """Give a schedule as its gate needs it."""
        return timetable(
            schedule,
            self._trigger(schedule),
            run_timeout=milliseconds(schedule.run_timeout),
            retentions={name: spec.retention for name, spec in self.queues.items()},
        )

    def _trigger(self, schedule: "Schedule") -> "EventTrigger | JobTrigger | CallTrigger":
        from purista_serverless.message import Party
        from purista_serverless.schema import codec_of

        match schedule.target:
            case EventTarget(event=name):
                payload = next(event.payload for event in self.application.events if event.name == name)
                edges = tuple(
                    f"binding:{name}:{bound.queue}" for bound in self.application.bindings if bound.event == name
                )
                return EventTrigger(schedule, codec_of(payload), name, edges)
            case QueueTarget(queue=name):
                return JobTrigger(schedule, self.queues[name])
            case CommandTarget(command=address):
                command = next(known for known in self.application.commands if known.address == address)
                receiver: Party = Party(address.service, address.version, address.name)
                return CallTrigger(schedule, codec_of(command.payload), codec_of(command.parameter), receiver)

    def _function(self, handler: "Callable[..., Any]") -> Function:
        return Function(handler.__purista__, factories=self._factories, queues=self.queues)  # type: ignore[attr-defined]

    def _add_workers(self) -> None:
        queues = {queue.name: queue for queue in self.application.queues}
        for worker in self.application.workers:
            queue = queues[worker.queue]
            consumer = job_consumer(
                queue,
                self._function(worker.handler.function),
                lifecycle=queue.lifecycle,
                max_runtime=queue.max_runtime,
                results=queue.results,
                tracking=queue.tracking,
                batch_size=worker.batch_size,
            )
            self.consumers[consumer.edge] = consumer

    def _add_subscriptions(self) -> None:
        for subscription in self.application.subscriptions:
            address = subscription.address
            edge = f"subscription:{address.service}.{address.version}.{address.name}"
            matcher = Matcher.of(subscription.filter)
            function = self._function(subscription.handler.function)
            lifecycle = EdgeLifecycle(subscription.lifecycle)
            self.consumers[edge] = SubscriptionConsumer(edge, function, matcher, lifecycle)
            self.routes.append((edge, matcher))

    def _add_bindings(self) -> None:
        events = {event.name: event.payload for event in self.application.events}
        for binding in self.application.bindings:
            consumer = BindingConsumer(
                binding, events[binding.event], self.queues[binding.queue], EdgeLifecycle(binding.lifecycle)
            )
            self.consumers[consumer.edge] = consumer
            self.routes.append((consumer.edge, consumer.matcher))

    def _add_calls(self) -> None:
        for schedule in self.application.schedules:
            if not isinstance(schedule.target, CommandTarget):
                continue
            address = schedule.target.command
            function = self.command(address.service, address.version, address.name)
            if function is not None:
                consumer = CallConsumer(schedule.name, function, EdgeLifecycle(schedule.lifecycle))
                self.consumers[consumer.edge] = consumer


def assemble(application: "Application") -> Assembly:
    """Make a compiled application runnable."""
    return Assembly(application)
