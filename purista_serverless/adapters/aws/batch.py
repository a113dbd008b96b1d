"""Batches of SQS: every record settled for itself, in one answer and one change of visibilities."""

import json
from typing import TYPE_CHECKING, Any, cast

from purista_serverless.adapters.aws.codecs import sqs
from purista_serverless.adapters.aws.constants import QUEUE_EDGE, QUEUES
from purista_serverless.adapters.aws.direct import Unwrapper
from purista_serverless.errors import BadEvent, BoundExceeded, InvalidPayload, PuristaServerlessError, Unavailable
from purista_serverless.message.job import Job
from purista_serverless.runtime.consume import arun, rest, run
from purista_serverless.runtime.dead_letters import bury

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from purista_serverless.adapters.aws.codecs.sqs import Record
    from purista_serverless.runtime.consume import Consumer
    from purista_serverless.runtime.function import Function
    from purista_serverless.runtime.jobs import JobConsumer
    from purista_serverless.runtime.ports import Ports

# A message stays hidden for 12 hours at most, counted from when it was received (SQS developer guide, quotas), and
# Lambda may have held it for the longest batching window of 300 s before it got here.
_LONGEST_WAIT = 43_200 - 300

# The longest delay of a new message (SQS developer guide, message timers), in milliseconds.
_LONGEST_DELAY = 900_000

# What answering for a batch takes after its last record, in milliseconds.
_SETTLING = 1_000


class SqsDelivery:
    """A record as the core sees it; settling notes what the answer will say.

    Attributes:
        is_done: SQS may delete it.
        is_counted: That it comes again is an attempt.
        wait: When it comes again, in milliseconds from when it was settled; ``None`` for when its visibility ends.
    """

    __slots__ = ("body", "edge", "id", "is_counted", "is_done", "lease_until", "receives", "record", "wait")

    def __init__(self, record: "Record", edge: str, lease_until: int) -> None:
        self.record = record
        self.edge = edge
        self.id = record.id
        self.body = record.raw
        self.receives = record.receives
        self.lease_until: int | None = lease_until
        self.is_done = False
        self.is_counted = True
        self.wait: int | None = None

    def acknowledge(self) -> None:
        """Let SQS delete it."""
        self.is_done = True

    def redeliver(self, delay: int, *, counted: bool) -> None:
        """Give it back, to come again after ``delay`` milliseconds; SQS counts it in any case."""
        self.is_counted = counted
        self.wait = delay

    def leave(self) -> None:
        """Touch nothing: it comes again when its visibility ends."""
        self.wait = None

    def extend(self, duration: int) -> bool:
        """Refuse: nothing of this function outlives its invocation, which the visibility covers."""
        return False


class Batches:
    """Handle the batches of a function.

    Args:
        consumers: What handles the records, by trigger.
        function: The handler behind all of them; ``None`` behind a binding or a gate.
        ports: The ways out; ``visibility`` among them.
        environment: The function's variables.
    """

    __slots__ = ("_consumers", "_environment", "_ports", "_triggers", "_unwrappers")

    def __init__(
        self,
        consumers: "Mapping[str, Consumer]",
        function: "Function | None",
        ports: "Ports",
        environment: "Mapping[str, str]",
    ) -> None:
        self._consumers = consumers
        self._ports = ports
        self._environment = environment
        self._triggers: dict[str, str] = {}
        self._unwrappers = {trigger: Unwrapper(trigger, function, ports) for trigger in consumers}

    def handle(self, event: "Mapping[str, Any]", context: Any) -> dict[str, Any]:
        """Handle a batch and give the answer that says which records come again.

        Args:
            event: The batch.
            context: Lambda's context, for the time that remains.

        Raises:
            BadEvent: It is no batch of SQS, or of none of this function's queues.
        """
        records = sqs.decode(event)
        if not records:
            return sqs.encode(())
        trigger = self._trigger_of(records[0].queue)
        batch = _Batch(self._consumers[trigger], self._unwrappers[trigger], self._ports, context)
        open_ones = [delivery for delivery in batch.settle(records) if not delivery.is_done]
        if open_ones and trigger.startswith(QUEUE_EDGE):
            self._send_on(trigger, open_ones)
        if open_ones:
            self._postpone(trigger, open_ones, since=batch.started)
        return sqs.encode(delivery.id for delivery in open_ones if not delivery.is_done)

    def _trigger_of(self, queue: str) -> str:
        """Give the trigger whose queue a batch came from; of several triggers, the one that the template names so."""
        if len(self._consumers) == 1:
            return next(iter(self._consumers))
        if not self._triggers:
            urls: dict[str, str] = json.loads(self._environment.get(QUEUES, "{}"))
            self._triggers = {url.rpartition("/")[2]: trigger for trigger, url in urls.items()}
        trigger = self._triggers.get(queue, "")
        if trigger not in self._consumers:
            raise BadEvent(f"queue {queue!r} is none of this function's; it consumes {', '.join(self._consumers)}")
        return trigger

    def _send_on(self, trigger: str, deliveries: "Sequence[SqsDelivery]") -> None:
        """Send jobs on that came before they are due: each receive counts as an attempt, and waiting is none.

        A new message cannot wait for as long as a job may. What is due later than that goes back to its queue first,
        unless the queue's own limit of receives comes near. In a group nothing is sent on: it would lose its place.
        """
        limit = self._consumers[trigger].lifecycle.max_attempts
        for delivery in deliveries:
            if delivery.is_counted or delivery.record.group is not None:
                continue
            try:
                job = Job.decode(delivery.body)
                wait = job.scheduled_at - self._ports.clock.now()
                if 0 < wait <= _LONGEST_DELAY or (wait > 0 and delivery.receives > limit):
                    self._ports.queues.send(job, delay=wait)
                    delivery.acknowledge()
                elif wait > 0:
                    # Back a little before its time, to go the last part as a new message.
                    delivery.wait = wait - _LONGEST_DELAY
            except PuristaServerlessError as error:
                _log("message %s of %s cannot be sent on, and waits where it is", delivery, error)

    def _postpone(self, trigger: str, deliveries: "Sequence[SqsDelivery]", *, since: int) -> None:
        """Say when each record comes again that is not done; all at once, after the last."""
        longest = _LONGEST_WAIT - _seconds(self._ports.clock.now() - since)
        changes = [
            (delivery.record.handle, min(_seconds(delivery.wait), longest))
            for delivery in deliveries
            if not delivery.is_done and delivery.wait is not None
        ]
        if changes:
            ports: Any = self._ports
            ports.visibility.postpone(trigger, changes)


class _Batch:
    """One batch on its way through its consumer."""

    __slots__ = ("_consumer", "_jobs", "_ports", "_remaining", "_unwrapper", "started")

    def __init__(self, consumer: "Consumer", unwrapper: Unwrapper, ports: "Ports", context: Any) -> None:
        self._consumer = consumer
        self._jobs = cast("JobConsumer", consumer) if consumer.edge.startswith(QUEUE_EDGE) else None
        self._unwrapper = unwrapper
        self._ports = ports
        self._remaining: Callable[[], int] = context.get_remaining_time_in_millis
        self.started = ports.clock.now()

    def settle(self, records: "Sequence[Record]") -> list[SqsDelivery]:
        """Settle every record."""
        lease_until, edge = self.started + self._remaining(), self._consumer.edge
        deliveries = [SqsDelivery(record, edge, lease_until) for record in records]
        if self._consumer.is_async and records[0].group is None and len(records) > 1:
            from purista_serverless.runtime import loop

            loop.run(loop.together(self._arun(delivery) for delivery in deliveries))
        else:
            self._run_in_order(deliveries)
        return deliveries

    def _run_in_order(self, deliveries: "Sequence[SqsDelivery]") -> None:
        """Run one after the other; what follows a record that comes again in its group comes again with it.

        Of a record whose queue sets no ``max_runtime`` it is expected that it takes as long as the longest before it.
        """
        held: dict[str, SqsDelivery] = {}
        expected, remaining = self._consumer.lifecycle.max_runtime, 0
        longest = expected or 0
        for number, delivery in enumerate(deliveries):
            group = delivery.record.group
            if group is not None and group in held:
                delivery.wait = held[group].wait
                continue
            before, remaining = remaining, self._remaining()
            if expected is None and number:
                longest = max(longest, before - remaining)
            if number == 0 or remaining >= longest + _SETTLING:
                self._run(delivery)
            else:
                delivery.redeliver(0, counted=False)
            if group is not None and not delivery.is_done:
                held[group] = delivery

    def _run(self, delivery: SqsDelivery) -> None:
        try:
            if self._jobs is not None:
                self._run_job(self._jobs, delivery)
            elif self._is_readable(delivery):
                run(self._consumer.consume(delivery, self._ports), delivery)
        except Unavailable:
            delivery.redeliver(rest(delivery), counted=False)
        except Exception as error:  # noqa: BLE001 - one failing record never fails its batch
            _give_back(delivery, error)

    def _run_job(self, jobs: "JobConsumer", delivery: SqsDelivery) -> None:
        """Run a job without the detour of a generator: there are many of them, and most are short."""
        read = jobs.read(delivery.body, receives=delivery.receives)
        # What can be read as a job is one, and nothing that AWS sent in our place.
        if read is not None or self._is_readable(delivery):
            attempt = jobs.begin(delivery, self._ports, read)
            if attempt is not None:
                jobs.end(attempt, attempt.run())

    async def _arun(self, delivery: SqsDelivery) -> None:
        try:
            if self._is_readable(delivery):
                await arun(self._consumer.consume(delivery, self._ports), delivery)
        except Unavailable:
            delivery.redeliver(rest(delivery), counted=False)
        except Exception as error:  # noqa: BLE001 - one failing record never fails its batch
            _give_back(delivery, error)

    def _is_readable(self, delivery: SqsDelivery) -> bool:
        """Unwrap the body of a record; bury it where that cannot be done."""
        try:
            delivery.body = self._unwrapper.body(delivery.record)
        except (BadEvent, BoundExceeded, InvalidPayload) as error:
            bury(delivery, self._ports, reason=str(error), attempts=delivery.receives)
            return False
        return True


def _give_back(delivery: SqsDelivery, error: Exception) -> None:
    _log("message %s of %s could not be settled", delivery, error)
    delivery.is_done = False
    delivery.redeliver(rest(delivery), counted=True)


def _log(text: str, delivery: SqsDelivery, error: Exception) -> None:
    from purista_serverless.runtime.log import LOGGER

    LOGGER.error(text, delivery.id, delivery.edge, exc_info=error)


def _seconds(milliseconds: int) -> int:
    """Give whole seconds, rounded up: SQS takes no others."""
    return -(-milliseconds // 1000)
