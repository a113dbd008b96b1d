"""Consuming a delivery: one generator per delivery holds the policy, hosts drive it.

A consumer yields an ``Attempt`` when the handler has to run and is sent its outcome. Everything else, from the lease to
settling, happens inside the generator through ports. A host that runs handlers in its own way (virtual time, many at
once) drives the generator itself; the others use ``run`` and ``arun``.
"""

from typing import TYPE_CHECKING, Any, Protocol

from purista_serverless.errors import Unavailable
from purista_serverless.message import Failed, Outcome
from purista_serverless.runtime.context import JobControl
from purista_serverless.runtime.dispatch import UNREAD, adispatch, dispatch
from purista_serverless.runtime.enqueue import milliseconds
from purista_serverless.runtime.retry import RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Generator

    from purista_serverless.builder.options import Lifecycle as LifecycleOption
    from purista_serverless.message import Job, Message
    from purista_serverless.model import Lifecycle
    from purista_serverless.runtime.function import Function
    from purista_serverless.runtime.ports import Delivery, Ports

# How long a delivery rests when a port was unreachable: at first, and at most.
_FIRST_REST = 1_000
_LONGEST_REST = 120_000


class Interrupted:
    """Sent into a consumer instead of an outcome: the host stops, the delivery is given back untouched."""

    __slots__ = ()


class OverranRuntime(TimeoutError):
    """A handler ran longer than its queue's ``max_runtime``."""


class Attempt:
    """One run of a handler, to be made by the host.

    Args:
        function: What runs.
        message: What it runs on.
        ports: The ways out of its context.
        control: The job's side of its context.
        payload: The message's payload as the function takes it, if it was loaded with the message.
        delivery: What was leased for it, if anything was.
        lifecycle: The numbers of its edge.
        since: When it begins.
    """

    __slots__ = ("_beats", "_lifecycle", "control", "delivery", "function", "message", "payload", "ports", "since")

    def __init__(  # noqa: PLR0917 - there is one for each job, and keywords take time
        self,
        function: "Function",
        message: "Message | Job",
        ports: "Ports",
        control: JobControl,
        payload: Any = UNREAD,
        delivery: "Delivery | None" = None,
        lifecycle: "EdgeLifecycle | None" = None,
        since: int = 0,
    ) -> None:
        self.function = function
        self.message = message
        self.ports = ports
        self.control = control
        self.payload = payload
        self.delivery = delivery
        self.since = since
        self._lifecycle = lifecycle
        self._beats = 0

    @property
    def heartbeat_interval(self) -> int | None:
        """Give how often to call ``heartbeat`` while it runs, in milliseconds; ``None`` for never."""
        return None if self._lifecycle is None else self._lifecycle.heartbeat

    @property
    def max_runtime(self) -> int | None:
        """Give how long it may run, in milliseconds; ``None`` for as long as the lease lasts."""
        return None if self._lifecycle is None else self._lifecycle.max_runtime

    def heartbeat(self) -> bool:
        """Extend the leases; ``False`` when they are lost or may not be extended again."""
        delivery, lifecycle = self.delivery, self._lifecycle
        if delivery is None or lifecycle is None:
            return False
        self._beats += 1
        if self._beats > lifecycle.max_extensions or not delivery.extend(lifecycle.visibility):
            return False
        return self.control.extend(lease_end(delivery, lifecycle, self.ports.clock.now()))

    def cancel(self) -> None:
        """Ask the handler to stop: ``ctx.cancel_requested()`` turns true."""
        self.control.stopping = True

    def run(self) -> Outcome:
        """Run the handler to its end, an async one on the process' loop."""
        if self.function.is_async:
            from purista_serverless.runtime.loop import run

            return run(self.arun())
        return dispatch(self.function, self.message, self.ports, self.control, self.payload)

    async def arun(self) -> Outcome:
        """Run the handler on the running loop; an async one is cancelled when it overruns ``max_runtime``."""
        if not self.function.is_async:
            return dispatch(self.function, self.message, self.ports, self.control, self.payload)
        dispatched = adispatch(self.function, self.message, self.ports, self.control, self.payload)
        if self.max_runtime is None:
            return await dispatched
        from purista_serverless.runtime.loop import time_limit

        try:
            async with time_limit(self.max_runtime):
                return await dispatched
        except TimeoutError:
            return Failed(overrun(self.max_runtime))


def lease_end(delivery: "Delivery", lifecycle: "EdgeLifecycle", now: int) -> int:
    """Give when a lease ends that is taken or extended now: never later than the platform's."""
    end = now + lifecycle.visibility
    return end if delivery.lease_until is None else min(end, delivery.lease_until)


def overrun(max_runtime: int) -> OverranRuntime:
    """Give the error of a run that took too long."""
    return OverranRuntime(f"the handler ran longer than max_runtime ({max_runtime / 1000:g} s)")


class Consumer(Protocol):
    """What handles the deliveries of one asynchronous edge."""

    edge: str
    lifecycle: "EdgeLifecycle"
    is_async: bool
    batch_size: int

    def consume(self, delivery: "Delivery", ports: "Ports") -> "Generator[Attempt, Outcome | Interrupted, None]":
        """Handle one delivery; settles it exactly once unless a port raises."""
        ...

    def validate(self, body: bytes) -> None:
        """Check a dead letter's body against today's declarations.

        Raises:
            BadEvent: It does not decode.
            InvalidPayload: It does not match its type; names the fields.
        """
        ...

    def redrive(self, body: bytes, generation: int, ports: "Ports") -> bytes:
        """Give the body that a redriven letter is delivered with: a new generation, a new time."""
        ...


class EdgeLifecycle:
    """A lifecycle's numbers, in milliseconds."""

    __slots__ = ("heartbeat", "max_extensions", "max_runtime", "poison_threshold", "retry", "visibility")

    def __init__(self, lifecycle: "Lifecycle | LifecycleOption", max_runtime: int | None = None) -> None:
        backoff = lifecycle.backoff
        self.visibility = milliseconds(lifecycle.visibility)
        self.heartbeat = milliseconds(lifecycle.heartbeat)
        self.max_extensions: int = lifecycle.max_extensions
        self.poison_threshold: int = lifecycle.poison_threshold
        self.max_runtime = max_runtime
        self.retry = RetryPolicy(
            max_attempts=lifecycle.max_attempts,
            window=milliseconds(lifecycle.window),
            initial=milliseconds(backoff.initial),
            maximum=milliseconds(backoff.maximum),
            multiplier=backoff.multiplier,
            jitter=backoff.jitter,
        )

    @property
    def max_attempts(self) -> int:
        """Give how many runs of the handler may start."""
        return self.retry.max_attempts

    @property
    def window(self) -> int:
        """Give for how long it is tried again."""
        return self.retry.window


def run(steps: "Generator[Attempt, Outcome | Interrupted, None]", delivery: "Delivery") -> None:
    """Drive a consumer from sync code.

    No heartbeat is sent: the lease has to cover the run, as on function platforms. A host that extends leases calls
    ``Attempt.heartbeat`` from a thread or a timer of its own, and drives the consumer itself.
    """
    try:
        attempt = next(steps)
        while True:
            attempt = steps.send(attempt.run())
    except StopIteration:
        return
    except Unavailable:
        delivery.redeliver(rest(delivery), counted=False)


async def arun(steps: "Generator[Attempt, Outcome | Interrupted, None]", delivery: "Delivery") -> None:
    """Drive a consumer on the running loop; as ``run``, without heartbeats."""
    try:
        attempt = next(steps)
        while True:
            attempt = steps.send(await attempt.arun())
    except StopIteration:
        return
    except Unavailable:
        delivery.redeliver(rest(delivery), counted=False)


def rest(delivery: "Delivery") -> int:
    """Give how long a delivery rests when a port was unreachable, in milliseconds.

    It is no attempt of ours, but a platform may count the delivery all the same and give up at its own limit: resting
    longer each time lets an outage last for a quarter of an hour before that.
    """
    return min(_FIRST_REST << min(max(delivery.receives - 1, 0), 10), _LONGEST_REST)


def limited(attempt: Attempt, outcome: Outcome | Interrupted) -> Outcome | Interrupted:
    """Give the outcome of a run, a failure if it took longer than it may."""
    longest = attempt.max_runtime
    if longest is None or isinstance(outcome, Interrupted) or attempt.ports.clock.now() - attempt.since <= longest:
        return outcome
    return Failed(overrun(longest))
