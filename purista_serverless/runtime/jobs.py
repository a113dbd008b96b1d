"""Consuming jobs: leases, attempts, results and dead letters of a queue."""

from typing import TYPE_CHECKING, Any, assert_never

from purista_serverless.errors import BadEvent, TooLarge, Unavailable
from purista_serverless.message import CUSTOM_MESSAGE, Job, Message, Outcome, Party, Retry, Success
from purista_serverless.message.job import GENERATION_HEADER, RUN_HEADER
from purista_serverless.message.wire import format_json, parse_json
from purista_serverless.runtime.consume import Attempt, EdgeLifecycle, Interrupted, lease_end, limited
from purista_serverless.runtime.context import JobControl
from purista_serverless.runtime.control import TrackedControl
from purista_serverless.runtime.dead_letters import bury
from purista_serverless.runtime.dispatch import UNREAD
from purista_serverless.runtime.ledger import JobLedger
from purista_serverless.runtime.reading import JobReader
from purista_serverless.runtime.records import (
    CANCELLED,
    DEAD_LETTERED,
    RUNNING,
    SUCCESS,
    Busy,
    Finished,
    JobRecord,
    Run,
    Spent,
    Stale,
    conclude,
    finish,
    release,
)
from purista_serverless.runtime.retry import Again, Complete, Decision, GiveUp, Stop, decide
from purista_serverless.runtime.runs import job_token, remove_token

if TYPE_CHECKING:
    from collections.abc import Generator

    from purista_serverless.builder.options import ResultEvents
    from purista_serverless.model import ResultPolicy, Tracking
    from purista_serverless.runtime.function import Function
    from purista_serverless.runtime.ports import Delivery, Ports
    from purista_serverless.runtime.reading import ReadJob

    Steps = Generator[Attempt, Outcome | Interrupted, None]

_SPENT = "no attempt is left: earlier runs ended without an answer"


class JobConsumer:
    """Consume the jobs of one queue.

    Args:
        queue: Name of the queue.
        function: Its worker.
        lifecycle: Its numbers.
        tracking: What its records keep.
        results: Which events tell how jobs end.
        retention: How long records live, in milliseconds.
        batch_size: How many jobs a host may hand over at once.

    Attributes:
        read: Reads a job together with its payload, see ``JobReader``; for hosts that begin with the job itself.
    """

    __slots__ = (
        "_is_plain",
        "_most_receives",
        "batch_size",
        "edge",
        "function",
        "is_async",
        "lifecycle",
        "party",
        "queue",
        "read",
        "results",
        "retention",
        "tracking",
    )

    def __init__(
        self,
        queue: str,
        function: "Function",
        lifecycle: EdgeLifecycle,
        *,
        tracking: "Tracking",
        results: "ResultPolicy | ResultEvents[Any] | None",
        retention: int,
        batch_size: int = 1,
    ) -> None:
        self.queue = queue
        self.edge = f"queue:{queue}"
        self.function = function
        self.lifecycle = lifecycle
        self.tracking = tracking
        self.results = results
        self.retention = retention
        self.batch_size = batch_size
        # The net below the policy: a handler that kills its process leaves no other trace than the count.
        self._most_receives = 2 * lifecycle.max_attempts + 10
        self.read = JobReader(queue, function).read
        self._is_plain = tracking == "none" and results is None
        self.is_async = function.is_async
        sender = function.party
        self.party = Party(sender.service, sender.version, queue, sender.instance)

    def consume(self, delivery: "Delivery", ports: "Ports") -> "Steps":
        """Handle one delivery of a job."""
        attempt = self.begin(delivery, ports)
        if attempt is not None:
            self.end(attempt, (yield attempt))

    def begin(self, delivery: "Delivery", ports: "Ports", read: "ReadJob | None" = None) -> Attempt | None:
        """Begin with a delivery, and give the run that its handler has to make; ``None`` where it is settled without.

        Args:
            delivery: The delivery.
            ports: The ways out.
            read: The job, if the host has read it.
        """
        read = read or self.read(delivery.body, delivery.receives) or self._look_at(delivery, ports)
        if read is None:
            return None
        job, payload = read
        now = ports.clock.now()
        if job.scheduled_at > now:
            # A platform that delays less than was asked for delivers early.
            delivery.redeliver(job.scheduled_at - now, counted=False)
            return None
        if self.tracking == "full":
            return self._begin_tracked(delivery, job, payload, ports)
        if self.tracking == "terminal" and self._is_settled(delivery, job, ports):
            return None
        attempt = job.attempt
        if attempt > self._most_receives:
            self._conclude_untracked(GiveUp(_SPENT), delivery, job, ports)
            return None
        return Attempt(self.function, job, ports, JobControl(attempt), payload, delivery, self.lifecycle, now)

    def end(self, attempt: Attempt, outcome: "Outcome | Interrupted") -> None:
        """Settle the delivery of a run that ``begin`` gave."""
        delivery: Any = attempt.delivery
        job: Any = attempt.message
        if self.lifecycle.max_runtime is not None:
            outcome = limited(attempt, outcome)
        if type(outcome) is Success and self._is_plain and RUN_HEADER not in job.headers:
            # Nobody is told and nothing is kept, so that there is no end to write down.
            delivery.acknowledge()
        elif isinstance(attempt.control, TrackedControl):
            self._end_tracked(attempt.control.record, outcome, delivery, job, attempt.ports)
        elif isinstance(outcome, Interrupted):
            delivery.redeliver(0, counted=False)
        else:
            decision = self._decide(outcome, job, job.attempt, attempt.ports)
            self._conclude_untracked(decision, delivery, job, attempt.ports)

    def validate(self, body: bytes) -> None:
        """Check a job's body against today's types.

        Raises:
            BadEvent: It does not decode.
            InvalidPayload: It does not match; names the fields.
        """
        job = self._decode(body)
        self.function.payload.load(job.payload, self.function.payload_subject)
        if self.function.takes_parameter:
            self.function.parameter.load(job.parameter, self.function.parameter_subject)

    def redrive(self, body: bytes, generation: int, ports: "Ports") -> bytes:
        """Give the job's body in a new generation: enqueued now, no attempt made."""
        job, now = self._decode(body), ports.clock.now()
        headers = {**job.headers, GENERATION_HEADER: str(generation)}
        return job.replace(headers=headers, created_at=now, scheduled_at=now, attempt=0).encode()

    def _decode(self, body: bytes, *, attempt: int = 0) -> Job:
        job = Job.decode(body, attempt=attempt)
        if job.queue != self.queue:
            problem = f"a job of queue {job.queue!r} came on the edge of {self.queue!r}"
            raise BadEvent(problem)
        return job

    def _look_at(self, delivery: "Delivery", ports: "Ports") -> "ReadJob | None":
        """Read what could not be read at once; put it away if it cannot be read at all."""
        try:
            return self._decode(delivery.body, attempt=max(delivery.receives, 1)), UNREAD
        except BadEvent as error:
            bury(delivery, ports, reason=str(error), attempts=delivery.receives)
            return None

    def _conclude_untracked(self, decision: Decision, delivery: "Delivery", job: Job, ports: "Ports") -> None:
        if isinstance(decision, Again):
            delivery.redeliver(decision.delay, counted=True)
            return
        try:
            self._write_end(decision, delivery, job, ports)
        except TooLarge as error:
            self._write_end(_unwritable(decision, error), delivery, job, ports)

    def _write_end(self, decision: "Complete | GiveUp | Stop", delivery: "Delivery", job: Job, ports: "Ports") -> None:
        ended = self._end(self._fresh(job, ports.clock.now()).replace(attempt=job.attempt), decision, ports)
        with ports.transaction():
            if self.tracking != "terminal" or self._ledger(ports).change(
                job.id, ended.updated_at, lambda old: conclude(old, ended)
            ):
                self._conclude(ended, delivery, job, ports)
            else:
                # Another run of the job was faster: its end is told already and stands.
                self._accept_loss(delivery, job, ports)

    def _is_settled(self, delivery: "Delivery", job: Job, ports: "Ports") -> bool:
        """Settle a copy of a job whose end is recorded; say whether it was one."""
        known = self._ledger(ports).read(job.id)
        if known is not None and known.generation > job.generation:
            delivery.acknowledge()
            return True
        if known is not None and self._has_ended(known, job):
            self._conclude(known, delivery, job, ports)
            return True
        return False

    def _begin_tracked(self, delivery: "Delivery", job: Job, payload: Any, ports: "Ports") -> Attempt | None:
        ledger, now = self._ledger(ports), ports.clock.now()
        beginning = ledger.begin(
            self._fresh(job, now),
            owner=delivery.id,
            lease_until=lease_end(delivery, self.lifecycle, now),
            max_attempts=min(job.max_attempts, self.lifecycle.max_attempts),
            now=now,
        )
        match beginning:
            case Run(record):
                counted, control = job.replace(attempt=record.attempt), TrackedControl(record, ledger, ports.clock)
                started = ports.clock.now()
                return Attempt(self.function, counted, ports, control, payload, delivery, self.lifecycle, started)
            case Busy(delay):
                delivery.redeliver(delay, counted=False)
            case Stale():
                delivery.acknowledge()
            case Finished(record):
                self._conclude(record, delivery, job, ports)
            case Spent(record):
                self._settle(record, GiveUp(_SPENT), delivery, job, ports)
            case _:
                assert_never(beginning)
        return None

    def _end_tracked(
        self, record: JobRecord, outcome: "Outcome | Interrupted", delivery: "Delivery", job: Job, ports: "Ports"
    ) -> None:
        if isinstance(outcome, Interrupted):
            now = ports.clock.now()
            self._ledger(ports).change(
                job.id, now, lambda old: release(old, fence=record.fence, reason="", now=now, counted=False)
            )
            delivery.redeliver(0, counted=False)
            return
        decision = self._decide(outcome, job, record.attempt, ports)
        if isinstance(decision, Again) and not isinstance(outcome, Retry) and self._is_poison(record, decision.reason):
            decision = GiveUp(f"poison message: {decision.reason}")
        try:
            self._settle(record, decision, delivery, job, ports)
        except TooLarge as error:
            self._settle(record, _unwritable(decision, error), delivery, job, ports)

    def _is_poison(self, record: JobRecord, reason: str) -> bool:
        """Say whether a job keeps failing for the same reason, so that trying again is of no use.

        A handler that asks to be tried again later has not failed.
        """
        threshold = self.lifecycle.poison_threshold
        reasons = [entry["reason"] for entry in record.history if entry["generation"] == record.generation]
        return threshold > 0 and [*reasons, reason][-threshold:] == [reason] * threshold

    def _decide(self, outcome: Outcome, job: Job, attempt: int, ports: "Ports") -> Decision:
        return decide(
            outcome,
            self.lifecycle.retry,
            attempt=attempt,
            since=max(job.created_at, job.scheduled_at),
            now=ports.clock.now(),
            random=ports.random,
            max_attempts=job.max_attempts,
        )

    def _settle(self, record: JobRecord, decision: Decision, delivery: "Delivery", job: Job, ports: "Ports") -> None:
        """Write the end of a run under its fence, then do what follows from it."""
        ledger, now = self._ledger(ports), ports.clock.now()
        with ports.transaction():
            if isinstance(decision, Again):
                reason = decision.reason
                written = ledger.change(
                    job.id, now, lambda old: release(old, fence=record.fence, reason=reason, now=now, counted=True)
                )
                if written is not None:
                    delivery.redeliver(decision.delay, counted=True)
                    return
            else:
                ended = self._end(record, decision, ports)
                written = ledger.change(
                    job.id,
                    now,
                    lambda old: finish(
                        old, fence=record.fence, status=ended.status, result=ended.result, reason=ended.reason, now=now
                    ),
                )
                if written is not None:
                    self._conclude(written, delivery, job, ports)
                    return
            self._accept_loss(delivery, job, ports)

    def _accept_loss(self, delivery: "Delivery", job: Job, ports: "Ports") -> None:
        """Discard an outcome whose fence is lost: settle if the job has ended meanwhile, else touch nothing."""
        record = self._ledger(ports).read(job.id)
        if record is not None and self._has_ended(record, job):
            self._conclude(record, delivery, job, ports)
        else:
            delivery.leave()

    def _conclude(self, record: JobRecord, delivery: "Delivery", job: Job, ports: "Ports") -> None:
        """Do what follows a job's end, in an order that a redelivery may repeat with the same ids."""
        self._tell(record, job, ports)
        if record.status == DEAD_LETTERED:
            bury(
                delivery,
                ports,
                reason=record.reason or "",
                attempts=record.attempt,
                letter_id=job.id,
                generation=record.generation,
                acknowledge=False,
            )
        # A copy may belong to a run that the record does not know: it never got as far as a lease.
        for run_id in dict.fromkeys((*record.runs, job.run_id)):
            remove_token(ports, run_id, job_token(self.queue, job.id))
        delivery.acknowledge()

    def _tell(self, record: JobRecord, job: Job, ports: "Ports") -> None:
        if self.results is None:
            return
        for status, name in _names_of(self.results, record.status):
            try:
                ports.events.publish(self._result_event(status, name, record, job))
            except (TooLarge, Unavailable) as error:
                if self.results.delivery == "required":
                    raise
                _log_lost_result(job.id, name, error)

    def _result_event(self, status: str, name: str, record: JobRecord, job: Job) -> Message:
        output = record.result if status == "success" else {"reason": record.reason or ""}
        body = {
            "jobId": job.id,
            "queueName": self.queue,
            "status": status,
            "attempt": record.attempt,
            "payload": output,
            "headers": job.own_headers or None,
            "traceId": job.trace_id,
            "correlationId": job.correlation_id,
            "tenantId": job.tenant_id,
            "principalId": job.principal_id,
            "runId": job.run_id,
        }
        kept = {key: value for key, value in body.items() if value is not None or key == "payload"}
        return Message(
            id=f"{job.id}:{status}:{record.generation}",
            timestamp=record.updated_at,
            message_type=CUSTOM_MESSAGE,
            payload=format_json(kept),
            event_name=name,
            correlation_id=job.correlation_id,
            causation_id=job.id,
            trace_id=job.trace_id,
            traceparent=job.traceparent,
            tenant_id=job.tenant_id,
            principal_id=job.principal_id,
            sender=self.party,
        )

    def _end(self, record: JobRecord, decision: Complete | GiveUp | Stop, ports: "Ports") -> JobRecord:
        now = ports.clock.now()
        match decision:
            case Complete(result):
                output = parse_json(result) if result is not None else None
                return record.replace(status=SUCCESS, result=output, updated_at=now)
            case GiveUp(reason):
                return record.replace(status=DEAD_LETTERED, reason=reason, updated_at=now)
            case Stop(reason):
                return record.replace(status=CANCELLED, reason=reason, updated_at=now)
            case _:
                assert_never(decision)

    def _fresh(self, job: Job, now: int) -> JobRecord:
        return JobRecord(
            job_id=job.id,
            queue=self.queue,
            status=RUNNING,
            generation=job.generation,
            runs=(job.run_id,) if job.run_id is not None else (),
            tenant_id=job.tenant_id,
            principal_id=job.principal_id,
            updated_at=now,
        )

    def _ledger(self, ports: "Ports") -> JobLedger:
        return JobLedger(ports.ledger, self.queue, self.retention)

    @staticmethod
    def _has_ended(record: JobRecord, job: Job) -> bool:
        return record.is_terminal and record.generation == job.generation


def _unwritable(decision: Decision, error: TooLarge) -> GiveUp:
    """Give the end of a job whose result does not fit: another run would give the same.

    Raises:
        TooLarge: It was not the result.
    """
    if not isinstance(decision, Complete):
        raise error
    return GiveUp(f"the result cannot be kept: {error}")


def _names_of(results: "ResultPolicy | ResultEvents[Any]", status: str) -> tuple[tuple[str, str], ...]:
    """Give the events that tell of a status; a dead letter is a failure, told before the letter itself."""
    told: dict[str, tuple[tuple[str, str | None], ...]] = {
        SUCCESS: (("success", results.completed),),
        DEAD_LETTERED: (("failed", results.failed), ("dead-lettered", results.dead_lettered)),
        CANCELLED: (("cancelled", results.cancelled),),
    }
    return tuple((name, event) for name, event in told[status] if event is not None)


def _log_lost_result(job_id: str, event: str, error: Exception) -> None:
    from purista_serverless.runtime.log import LOGGER

    LOGGER.warning("job %s: result event %s is lost, delivery is best-effort", job_id, event, exc_info=error)
