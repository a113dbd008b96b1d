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

# A message goes back to its queue so often at most, however many receives the queue has left: 20 waits of 12 hours are
# 10 days, and SQS deletes whatever it has kept for 14, without a letter. A new message starts anew.
_MOST_WAITS = 20

# What answering for a batch takes after its last record, in milliseconds.
_SETTLING = 1_000


class SqsDelivery:
    """A record as the core sees it; settling notes what the answer will say.

    Attributes:
        is_done: SQS may delete it.
        is_counted: That it comes again is an attempt.
        wait: When it comes again, in milliseconds from when it was settled; ``None`` for when its visibility ends.
    """

    __slots__ = ("_unwrapped", "edge", "id", "is_counted", "is_done", "lease_until", "receives", "record", "wait")

    def __init__(self, record: "Record", edge: str, lease_until: int) -> None:
        self.record = record
        self.edge = edge
        self.id = record.id
        self._unwrapped: bytes | None = None
        self.receives = record.receives
        self.lease_until: int | None = lease_until
        self.is_done = False
        self.is_counted = True
        self.wait: int | None = None

    @property
    def body(self) -> bytes:
        """Give what the consumer is to read: the body as it came, or what took its place."""
        return self.record.raw if self._unwrapped is None else self._unwrapped

    @body.setter
    def body(self, unwrapped: bytes) -> None:
        self._unwrapped = unwrapped

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

    __slots__ = ("_edges", "_environment", "_ports", "_triggers")

    def __init__(
        self,
        consumers: "Mapping[str, Consumer]",
        function: "Function | None",
        ports: "Ports",
        environment: "Mapping[str, str]",
    ) -> None:
        self._ports = ports
        self._environment = environment
        self._triggers: dict[str, str] = {}
        self._edges = {
            trigger: _Edge(consumer, Unwrapper(trigger, function, ports), ports)
            for trigger, consumer in consumers.items()
        }

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
        trigger = self._trigger_of(records[0])
        edge, started = self._edges[trigger], self._ports.clock.now()
        open_ones = edge.settle(records, started, context.get_remaining_time_in_millis)
        if open_ones:
            if edge.jobs is not None:
                self._send_on(edge.jobs, open_ones)
            self._postpone(trigger, open_ones, since=started)
        return sqs.encode([delivery.id for delivery in open_ones if not delivery.is_done])

    def _trigger_of(self, record: "Record") -> str:
        """Give the trigger whose queue a record came from; of several triggers, the one that the template names so."""
        if len(self._edges) == 1:
            return next(iter(self._edges))
        if not self._triggers:
            urls: dict[str, str] = json.loads(self._environment.get(QUEUES, "{}"))
            self._triggers = {url.rpartition("/")[2]: trigger for trigger, url in urls.items()}
        trigger = self._triggers.get(record.queue, "")
        if trigger not in self._edges:
            raise BadEvent(f"queue {record.queue!r} is none of this function's; it consumes {', '.join(self._edges)}")
        return trigger

    def _send_on(self, jobs: "JobConsumer", deliveries: "Sequence[SqsDelivery]") -> None:
        """Send jobs on that came before they are due: each receive counts as an attempt, and waiting is none.

        A new message cannot wait for as long as a job may. What is due later than that goes back to its queue first,
        unless the queue's own limit of receives, or the end of what it keeps, comes near. In a group nothing is sent
        on: it would lose its place.
        """
        limit = min(jobs.lifecycle.max_attempts, _MOST_WAITS)
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


class _Edge:
    """The way of a function's records through one consumer.

    Attributes:
        jobs: The consumer, if it is one of jobs.
    """

    __slots__ = ("_consumer", "_ports", "_unwrapper", "jobs")

    def __init__(self, consumer: "Consumer", unwrapper: Unwrapper, ports: "Ports") -> None:
        self._consumer = consumer
        self._unwrapper = unwrapper
        self._ports = ports
        self.jobs = cast("JobConsumer", consumer) if consumer.edge.startswith(QUEUE_EDGE) else None

    def settle(self, records: "Sequence[Record]", started: int, remaining: "Callable[[], int]") -> list[SqsDelivery]:
        """Settle every record of a batch, and give those that come again.

        Args:
            records: The records.
            started: When the batch came.
            remaining: Tells the milliseconds that are left of the invocation.
        """
        lease_until, edge = started + remaining(), self._consumer.edge
        deliveries = [SqsDelivery(record, edge, lease_until) for record in records]
        if self._consumer.is_async and records[0].group is None and len(records) > 1:
            from purista_serverless.runtime import loop

            loop.run(loop.together(self._arun(delivery) for delivery in deliveries))
        else:
            self._run_in_order(deliveries, remaining)
        return [delivery for delivery in deliveries if not delivery.is_done]

    def _run_in_order(self, deliveries: "Sequence[SqsDelivery]", remaining: "Callable[[], int]") -> None:
        """Run one after the other; what follows a record that comes again in its group comes again with it.

        Of a record whose queue sets no ``max_runtime`` it is expected that it takes as long as the longest before it.
        """
        held: dict[str, SqsDelivery] = {}
        expected, left = self._consumer.lifecycle.max_runtime, 0
        longest = expected or 0
        for number, delivery in enumerate(deliveries):
            group = delivery.record.group
            if group is not None and group in held:
                delivery.wait = held[group].wait
                continue
            before, left = left, remaining()
            if expected is None and number and before - left > longest:
                longest = before - left
            if number == 0 or left >= longest + _SETTLING:
                self._run(delivery)
            else:
                delivery.redeliver(0, counted=False)
            if group is not None and not delivery.is_done:
                held[group] = delivery

    def _run(self, delivery: SqsDelivery) -> None:
        jobs, ports = self.jobs, self._ports
        try:
            if jobs is not None:
                # What can be read as a job is one, and nothing that AWS sent in our place.
                read = jobs.read(delivery.record.body, delivery.receives)
                attempt = jobs.begin(delivery, ports, read) if read or self._is_readable(delivery) else None
                # There are many jobs and most are short: they go without the generator, which takes its time.
                if attempt is not None:
                    jobs.end(attempt, attempt.run())
            elif self._is_readable(delivery):
                run(self._consumer.consume(delivery, ports), delivery)
        except Unavailable:
            delivery.redeliver(rest(delivery), counted=False)
        except Exception as error:  # noqa: BLE001 - one failing record never fails its batch
            _give_back(delivery, error)

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
