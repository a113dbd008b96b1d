"""A function, bound once: the handler with everything that its dispatch needs, looked up in advance."""

import os
from typing import TYPE_CHECKING, Any, Literal

from purista_serverless.message import Party
from purista_serverless.runtime.ids import random_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from purista_serverless.builder.handlers import HandlerDeclaration
    from purista_serverless.builder.handles import Command
    from purista_serverless.message import Outcome
    from purista_serverless.runtime.enqueue import QueueSpec
    from purista_serverless.runtime.ports import Ports
    from purista_serverless.schema import Codec

    Watch = Callable[["Function", Outcome | None, int], None]

# Which process sent a message; upstream's form.
INSTANCE = os.environ.get("PURISTA_INSTANCE") or random_id()


class Function:
    """A bound handler.

    Args:
        declaration: What the handler's decorator recorded.
        factories: Factories of resources that stand in for the declared ones, by name.
        queues: What the whole application knows of its queues, by name: a binding elsewhere may have made one strict.
        watch: Is told how each run ended, and how long it took in milliseconds; no outcome is a run that was stopped.

    Attributes:
        kind: ``command``, ``worker`` or ``subscription``.
        name: ``Billing v1 > closeAccount``, for people.
        party: The function as sender of messages.
        payload, parameter, result: Codecs of its types; ``result`` is ``None`` when the result is not used.
        timeout: How long a caller waits for a command, in milliseconds; ``None`` for the other kinds.
        gives_nothing: Its result is declared to be nothing.
        is_surrounded: Its handler takes more than the payload, or a guard or a transformation stands around it.
        can_emit, can_enqueue, can_invoke, may_read: What it declared, by name on the wire.
    """

    __slots__ = (
        "after",
        "before",
        "can_emit",
        "can_enqueue",
        "can_invoke",
        "declaration",
        "factories",
        "gives_nothing",
        "handler",
        "is_async",
        "is_surrounded",
        "kind",
        "may_read",
        "name",
        "parameter",
        "parameter_subject",
        "party",
        "payload",
        "payload_subject",
        "queues",
        "resource_handles",
        "result",
        "result_subject",
        "success_event",
        "takes_parameter",
        "timeout",
        "transform_input",
        "transform_output",
        "watch",
    )

    def __init__(
        self,
        declaration: "HandlerDeclaration",
        *,
        factories: "Mapping[str, Callable[[], Any]] | None" = None,
        queues: "Mapping[str, QueueSpec] | None" = None,
        watch: "Watch | None" = None,
    ) -> None:
        from purista_serverless.schema import codec_of

        target = declaration.target
        service, version = declaration.service.name, declaration.service.version
        self.declaration = declaration
        self.kind: Literal["command", "worker", "subscription"] = declaration.kind
        self.name = f"{service} v{version} > {target.name}"
        self.party = Party(service, version, target.name, INSTANCE)
        self.handler = declaration.function
        self.takes_parameter = declaration.takes_parameter
        self.payload: Codec = codec_of(declaration.payload_type())
        self.parameter: Codec = codec_of(declaration.parameter_type())
        self.result: Codec | None = None if self.kind == "subscription" else codec_of(declaration.result_type())
        self.gives_nothing = self.result is not None and self.result.type is None
        self.payload_subject = f"payload of {target.name}"
        self.parameter_subject = f"parameter of {target.name}"
        self.result_subject = f"result of {target.name}"
        self.before: tuple[Callable[..., Any], ...] = declaration.before
        self.after: tuple[Callable[..., Any], ...] = declaration.after
        self.transform_input = declaration.transform_input
        self.transform_output = declaration.transform_output
        self.can_emit = frozenset(event.name for event in declaration.can_emit)
        self.can_enqueue = frozenset(queue.name for queue in declaration.can_enqueue)
        self.can_invoke = frozenset(address_of(command) for command in declaration.can_invoke)
        self.may_read = frozenset(setting.name for setting in declaration.uses)
        self.resource_handles = declaration.resources()
        self.is_surrounded = bool(
            self.takes_parameter or self.resource_handles or self.before or self.after or self.transform_output
        )
        self.factories = factories or {}
        self.queues = queues or {}
        self.watch = watch
        self.success_event: str | None = getattr(target, "success_event_name", None)
        timeout = getattr(target, "timeout", None)
        self.timeout: int | None = None if timeout is None else round(timeout.total_seconds() * 1000)
        self.is_async = declaration.is_async

    def __repr__(self) -> str:
        return f"Function({self.name!r})"

    def resources(self, ports: "Ports") -> "Mapping[str, Any]":
        """Give the resources that the handler takes by keyword; declared factories make what is missing, once."""
        found = {}
        for keyword, handle in self.resource_handles.items():
            if handle.name not in ports.resources:
                ports.resources[handle.name] = self.factories.get(handle.name, handle.create)()
            found[keyword] = ports.resources[handle.name]
        return found


def address_of(command: "Command[Any, Any]") -> tuple[str, str, str]:
    """Give the address of a command: service, version, name."""
    return command.service_name, command.service_version, command.name
