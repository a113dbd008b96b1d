"""Declare when something starts, and which events become jobs."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from purista_serverless.builder.handles import Command, Event, Queue
from purista_serverless.builder.options import require_known
from purista_serverless.builder.origin import Origin, caller
from purista_serverless.builder.values import Schedule
from purista_serverless.errors import DeclarationError
from purista_serverless.schedule.expressions import Cron, DstPolicy

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Unpack

    from purista_serverless.builder.keywords import MissedRuns, ScheduleKeywords
    from purista_serverless.builder.options import Lifecycle
    from purista_serverless.builder.service import ServiceBuilder
    from purista_serverless.model import ConcurrencyPolicy, IdempotencyMode
    from purista_serverless.schedule.expressions import Expression

T = TypeVar("T")
P = TypeVar("P")

_OPTIONS = (
    "timezone",
    "dst",
    "concurrency_policy",
    "missed_run_policy",
    "max_catch_up_count",
    "max_lateness",
    "jitter",
    "idempotency_key",
    "payload",
    "enabled",
    "run_timeout",
    "hints",
)


class ScheduleDeclaration:
    """What a schedule starts, when and how; ``target`` is an event, a queue or a command."""

    __slots__ = (
        "concurrency_policy",
        "description",
        "dst",
        "enabled",
        "expression",
        "hints",
        "idempotency_key",
        "jitter",
        "max_catch_up_count",
        "max_lateness",
        "missed_run_policy",
        "name",
        "origin",
        "parameter",
        "payload",
        "run_timeout",
        "service",
        "target",
        "timezone",
    )

    def __init__(
        self,
        builder: "ScheduleBuilder",
        target: Event[Any] | Queue[Any, Any] | Command[Any, Any],
        expression: "Expression | str",
        parameter: Any,
        options: "ScheduleKeywords[Any]",
    ) -> None:
        require_known(f"schedule {builder.name!r}", options, _OPTIONS)
        self.service = builder.service
        self.name = builder.name
        self.description = builder.description
        self.origin = builder.origin
        self.target = target
        self.expression = Cron(expression) if isinstance(expression, str) else expression
        self.parameter = parameter
        self.payload: Any = options.get("payload")
        self.timezone = options.get("timezone", "UTC")
        self.dst = options.get("dst") or DstPolicy()
        self.concurrency_policy: ConcurrencyPolicy = options.get("concurrency_policy", "allow")
        self.missed_run_policy: MissedRuns = options.get("missed_run_policy", "skip")
        self.max_catch_up_count = options.get("max_catch_up_count", 10)
        self.max_lateness = options.get("max_lateness", timedelta(minutes=5))
        self.jitter = options.get("jitter")
        self.idempotency_key = options.get("idempotency_key")
        self.enabled = options.get("enabled", True)
        self.run_timeout = options.get("run_timeout")
        self.hints = options.get("hints") or {}


class BindingDeclaration:
    """An event that becomes a job."""

    __slots__ = (
        "accepts",
        "event",
        "idempotency_key",
        "idempotency_mode",
        "lifecycle",
        "map_parameter",
        "map_payload",
        "origin",
        "queue",
        "sender_service",
        "sender_version",
        "service",
    )

    def __init__(
        self,
        service: "ServiceBuilder",
        event: Event[Any],
        queue: Queue[Any, Any],
        *,
        map_payload: "Callable[[Any], Any] | None",
        map_parameter: "Callable[[Any], Any] | None",
        accepts: "Callable[[Any], bool] | None",
        idempotency_mode: "IdempotencyMode",
        idempotency_key: "Callable[[Any], str | None] | str | None",
        sender_service: str | None,
        sender_version: str | None,
        lifecycle: "Lifecycle | None",
        origin: Origin,
    ) -> None:
        self.service = service
        self.event = event
        self.queue = queue
        self.map_payload = map_payload
        self.map_parameter = map_parameter
        self.accepts = accepts
        self.idempotency_mode: IdempotencyMode = idempotency_mode
        self.idempotency_key = idempotency_key
        self.sender_service = sender_service
        self.sender_version = sender_version
        self.lifecycle = lifecycle
        self.origin = origin

    @property
    def name(self) -> str:
        """Give the name that upstream gives to the hidden subscription behind it."""
        return f"eventToQueue:{self.event.name}:{self.queue.name}"


class ScheduleBuilder:
    """Choose what a schedule starts; get one from ``ServiceBuilder.schedule``.

    All three methods take the same options, but for the parameter:

    Args:
        expression: ``Cron``, ``Interval``, ``OneShot``, or the text of a cron expression.
        timezone: IANA name of the zone whose clock counts.
        dst: What happens to local times that a clock change skips or repeats; shift and first when omitted.
        concurrency_policy: What happens while an earlier run is open: ``"allow"``, ``"forbid"``, ``"replace"``.
        missed_run_policy: What happens to slots that nobody served: ``"skip"``, ``"runOnce"``, ``"catchUp"``
            (``"backfill"`` is upstream's word for it).
        max_catch_up_count: Missed slots that ``catchUp`` starts at most.
        max_lateness: How late ``skip`` still starts a slot.
        jitter: Width of the window in which the start is spread at random.
        idempotency_key: Path such as ``"payload.cycleId"``, or a function of the payload. The key travels with what is
            sent; one job per key is what a strict queue or a strict binding makes of it.
        payload: A value, or a pure function of the slot (the scheduled time, aware, in the schedule's zone). It is
            called with the next slot when the application is built, to check what it gives.
        parameter: The same for the parameter of a queue or command; events have none.
        enabled: Whether it starts anything.
        run_timeout: Age at which an open run counts as finished; window plus maximum run time when omitted.
        hints: Notes for one provider, handed through.
    """

    __slots__ = ("description", "is_used", "name", "origin", "service")

    def __init__(self, service: "ServiceBuilder", name: str, description: str, origin: Origin) -> None:
        self.service = service
        self.name = name
        self.description = description
        self.origin = origin
        self.is_used = False

    def emit_event(
        self,
        event: Event[T],
        *,
        expression: "Expression | str",
        **options: "Unpack[ScheduleKeywords[T]]",
    ) -> Schedule:
        """Emit an event at each slot."""
        return self._declare(event, expression, None, options)

    def enqueue(
        self,
        queue: Queue[P, Any],
        *,
        expression: "Expression | str",
        parameter: Any = None,
        **options: "Unpack[ScheduleKeywords[P]]",
    ) -> Schedule:
        """Enqueue a job at each slot."""
        return self._declare(queue, expression, parameter, options)

    def invoke(
        self,
        command: Command[P, Any],
        *,
        expression: "Expression | str",
        parameter: Any = None,
        **options: "Unpack[ScheduleKeywords[P]]",
    ) -> Schedule:
        """Invoke a command at each slot; its result is dropped."""
        return self._declare(command, expression, parameter, options)

    def _declare(
        self,
        target: Event[Any] | Queue[Any, Any] | Command[Any, Any],
        expression: "Expression | str",
        parameter: Any,
        options: "ScheduleKeywords[Any]",
    ) -> Schedule:
        self.service.require_open()
        if self.is_used:
            raise DeclarationError(
                f"{caller()}: schedule {self.name!r} has a target already; declare another schedule for a second one"
            )
        self.is_used = True
        declaration = ScheduleDeclaration(self, target, expression, parameter, options)
        self.service.declared.schedules.append(declaration)
        return Schedule(self.name, service=self.service, origin=self.origin)
