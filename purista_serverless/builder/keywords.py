"""What only type checkers need to know of declarations: this module is never imported when a program runs.

What each keyword means is written once, in the docstring of the method that takes it.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, Literal, TypedDict, TypeVar, Unpack

from purista_serverless.builder.handles import Command, Event, Queue
from purista_serverless.builder.options import Lifecycle, LongRunning, Route
from purista_serverless.builder.values import Config, Resource, Secret
from purista_serverless.model import ConcurrencyPolicy, IdempotencyMode, Tracking
from purista_serverless.schedule import DstPolicy

P = TypeVar("P")
F = TypeVar("F", bound=Callable[..., Any])

Guard = Callable[..., Any]
MissedRuns = Literal["skip", "runOnce", "catchUp", "backfill"]


class GrantKeywords(TypedDict, total=False):
    """What a handler may use and what runs around it."""

    can_emit: Sequence[Event[Any]]
    can_enqueue: Sequence[Queue[Any, Any]]
    can_invoke: Sequence[Command[Any, Any]]
    uses: Sequence[Resource[Any] | Config[Any] | Secret]
    before: Sequence[Guard]
    after: Sequence[Guard]
    transform_input: Guard | None
    transform_output: Guard | None


class WorkerKeywords(GrantKeywords, total=False):
    """Options of a worker."""

    name: str | None
    batch_size: int | None
    concurrency: int | None


class SubscriptionKeywords(GrantKeywords, total=False):
    """Options of a subscription."""

    sender_service: str | None
    sender_version: str | None
    sender_target: str | None
    sender_instance: str | None
    receiver_service: str | None
    receiver_version: str | None
    receiver_target: str | None
    receiver_instance: str | None
    tenant_id: str | None
    principal_id: str | None
    message_type: str | None
    lifecycle: Lifecycle | None
    deprecated: str | None


class CommandKeywords(TypedDict, total=False):
    """Options of a command, with or without types."""

    http: Route | None
    success_event: str | None
    timeout: timedelta
    deprecated: str | None


class QueueKeywords(TypedDict, Generic[P], total=False):
    """Options of a queue, with or without types."""

    lifecycle: Lifecycle | None
    profile: LongRunning | None
    tracking: Tracking | None
    idempotency: IdempotencyMode
    ordering_key: Callable[[P], str] | str | None
    priorities: int
    max_delay: timedelta | None
    max_attempts: int | None
    max_payload: int | None
    dead_letter_retention: timedelta
    deprecated: str | None


class ScheduleKeywords(TypedDict, Generic[P], total=False):
    """Options of a schedule, whatever it starts."""

    timezone: str
    dst: DstPolicy | None
    concurrency_policy: ConcurrencyPolicy
    missed_run_policy: MissedRuns
    max_catch_up_count: int
    max_lateness: timedelta
    jitter: timedelta | None
    idempotency_key: Callable[[P], str | None] | str | None
    payload: P | Callable[[datetime], P] | None
    enabled: bool
    run_timeout: timedelta | None
    hints: Mapping[str, Any] | None


if TYPE_CHECKING:  # where a body may be empty
    from purista_serverless.builder.handlers import HandlerDecorator

    class InferringDecorator(HandlerDecorator[Any, Any]):
        """A decorator that takes the types from the function, which keeps its own."""

        def __call__(self, function: F) -> F: ...  # noqa: D102

    class InferredCommand(Command[Any, Any]):
        """A command that was declared without types."""

        def __call__(self, function: F) -> F: ...  # noqa: D102

        def handler(self, **grants: Unpack[GrantKeywords]) -> InferringDecorator: ...  # noqa: D102

    class InferredQueue(Queue[Any, Any]):
        """A queue that was declared without types."""

        def worker(self, **options: Unpack[WorkerKeywords]) -> InferringDecorator: ...  # noqa: D102
