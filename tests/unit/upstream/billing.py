"""The reference's billing service, written for this kit, and what it takes to run it in memory."""

from collections.abc import Callable, Generator
from datetime import timedelta
from typing import Any

from pydantic import Field

from purista_serverless import (
    Application,
    Backoff,
    Context,
    HandledError,
    Lifecycle,
    LongRunning,
    Model,
    ResultEvents,
    RetryLater,
    ServiceBuilder,
)
from purista_serverless.builder.handles import Command, Queue
from purista_serverless.message import COMMAND, Job, Message
from purista_serverless.message.wire import plain_json
from purista_serverless.runtime.assembly import Assembly, assemble
from purista_serverless.runtime.consume import Attempt
from purista_serverless.runtime.invoke import execute
from purista_serverless.runtime.ports import Ports
from purista_serverless.testing import (
    MemoryDeadLetters,
    RecordingCommands,
    RecordingEvents,
    RecordingQueues,
    VirtualClock,
    ports,
)

QUEUE = "billing.monthlyClosing"
NOW = 1_767_225_600_000

# How the probe's handlers fail, by the name of the mode; what has no counterpart here is done in this kit's way.
COMMAND_FAILURES: dict[str | None, Exception] = {
    "handled": HandledError(409, "already invoiced", {"customerId": "c"}),
    "unhandled": ConnectionError("downstream secret detail"),
    "plain": RuntimeError("plain secret detail"),
}
WORKER_FAILURES: dict[str, Exception] = {
    "throw": RuntimeError("boom"),
    "throwHandled": HandledError(409, "handled boom"),
    "retry": RetryLater(timedelta(milliseconds=30), "later"),
    "fail": RuntimeError("nope"),
    "fatal": HandledError(422, "fatal nope"),
    "retryOnce": RetryLater(timedelta(milliseconds=20), "once"),
    "controlsDlq": HandledError(422, "poison"),
}


class CycleDue(Model):
    cycle_id: str
    tenant_id: str | None = None
    id: str | None = None


class InvoiceIn(Model):
    customer_id: str = Field(min_length=1)
    amount_cents: int = Field(gt=0)
    mode: str | None = None


class InvoiceParameter(Model):
    dry_run: bool = False


class Invoice(Model):
    invoice_id: str
    amount_cents: int
    extra: Any = None


class Audit(Model):
    what: str


class Notified(Model):
    notified: bool


class ClosingJob(Model):
    cycle_id: str
    behave: str | None = None


class ClosingParameter(Model):
    tenant_id: str | None = None


class Billing:
    """The two services of the probe and one application of them; each instance declares anew.

    Args:
        profile: The queue's profile; six hours when neither this nor ``lifecycle`` is given.
        lifecycle: The queue's lifecycle.
        key: The binding's idempotency key.
    """

    def __init__(
        self,
        *,
        profile: LongRunning | None = None,
        lifecycle: Lifecycle | None = None,
        key: Any = lambda message: f"billing-cycle:{message.payload['cycleId']}",
        idempotency_mode: Any = "advisory",
        ordering_key: str | None = None,
    ) -> None:
        self.saw: dict[str, Any] = {}
        service = self.service = ServiceBuilder("BillingService", description="Billing probe service")
        self.cycle_due = service.event("billing.monthlyCycleDue", CycleDue)
        self.audit_logged = service.event("billing.auditLogged", Audit)
        self.customer_notified = service.event("billing.customerNotified", Notified)
        self.undeclared = service.event("not.declared", dict[str, Any])
        self.other = Queue.external("other.queue", dict[str, Any])
        self.closing: Queue[ClosingJob, Any] = service.queue(
            QUEUE,
            ClosingJob,
            "Close the billing month",
            parameter=ClosingParameter,
            profile=profile if profile or lifecycle else LongRunning(timedelta(hours=6)),
            lifecycle=lifecycle,
            ordering_key=ordering_key,
            result=ResultEvents(
                dict[str, Any] | None,  # type: ignore[arg-type]
                completed=f"{QUEUE}.completed",
                failed=f"{QUEUE}.failed",
                dead_lettered=f"{QUEUE}.deadLettered",
                cancelled=f"{QUEUE}.cancelled",
            ),
            idempotency=idempotency_mode,
        )
        self.create_invoice: Command[InvoiceIn, Invoice] = service.command(
            "createInvoice",
            InvoiceIn,
            Invoice,
            "Create one invoice",
            parameter=InvoiceParameter,
            success_event="billing.invoiceCreated",
        )
        service.bind_event_to_queue(
            self.cycle_due,
            self.closing,
            map_payload=self._map_payload,
            map_parameter=lambda event: ClosingParameter(tenant_id=event.tenant_id),
            idempotency_key=self._keep_argument(key),
            idempotency_mode=idempotency_mode,
        )
        caller = ServiceBuilder("Caller")
        self.probe = caller.command("probe", dict[str, Any], dict[str, Any])
        self.unknown: Command[None, None] = Command.external("BillingService", "1", "doesNotExist")
        self._declare_handlers()
        self.application = Application("probe", [service, caller]).model

    def _keep_argument(self, key: Any) -> Any:
        if not callable(key):
            return key

        def keep(message: Message) -> str:
            self.saw["idempotencyFunctionArgument"] = message.to_wire()
            name: str = key(message)
            return name

        return keep

    def _map_payload(self, event: CycleDue) -> ClosingJob:
        self.saw["mapPayloadArgument"] = event.model_dump(by_alias=True, exclude_none=True)
        return ClosingJob(cycle_id=event.cycle_id, behave=event.id)

    def _declare_handlers(self) -> None:
        self.create_invoice.handler(
            can_emit=[self.audit_logged], can_enqueue=[self.closing], before=[refuse_forbidden_tenant]
        )(self._make_create_invoice())
        self.service.subscribe(self.create_invoice.success_event, "notifyCustomer", can_emit=[self.customer_notified])(
            self._make_notify_customer()
        )
        self.closing.worker(name="closeMonth")(self._make_close_month())
        self.probe.handler(can_invoke=[self.create_invoice, self.unknown])(self._make_probe())

    def _make_create_invoice(self) -> Callable[..., Any]:
        def create_invoice(ctx: Context, payload: InvoiceIn, parameter: InvoiceParameter) -> Invoice:
            assert isinstance(ctx.message, Message)
            self.saw["handlerContext"] = {
                "message": ctx.message.to_wire(),
                "parameter": parameter.model_dump(by_alias=True),
            }
            extra = self._misbehave(ctx, payload.mode)
            invoice: Any = {"nope": True} if payload.mode == "badOutput" else None
            return invoice or Invoice(invoice_id="inv_1", amount_cents=payload.amount_cents, extra=extra)

        return create_invoice

    def _misbehave(self, ctx: Context, mode: str | None) -> Any:
        if mode in COMMAND_FAILURES:
            raise COMMAND_FAILURES[mode]
        match mode:
            case "emit":
                ctx.emit(self.audit_logged, Audit(what="x"))
            case "emitBad":
                ctx.emit(self.audit_logged, Audit.model_construct(what=1))
            case "emitUndeclared":
                ctx.emit(self.undeclared, {})
            case "enqueueUndeclared":
                ctx.enqueue(self.other, {})
            case "enqueueBad":
                wrong: Any = {"nope": 1}
                ctx.enqueue(self.closing, wrong)
            case "enqueue":
                return ctx.enqueue(
                    self.closing,
                    ClosingJob(cycle_id="c1"),
                    ClosingParameter(tenant_id="t"),
                    delay=timedelta(milliseconds=50),
                    idempotency_key="k1",
                )
            case "enqueueTyped":
                return ctx.enqueue(self.closing, ClosingJob(cycle_id="c2"), ClosingParameter(), headers={"a": "b"})
            case _:
                pass
        return None

    def _make_notify_customer(self) -> Callable[..., Any]:
        def notify_customer(ctx: Context, payload: Invoice) -> None:
            assert isinstance(ctx.message, Message)
            seen = {"message": ctx.message.to_wire(), "payload": plain_json(ctx.message.payload)}
            self.saw.setdefault("subscriptionSaw", []).append(seen)
            ctx.emit(self.customer_notified, Notified(notified=True))

        return notify_customer

    def _make_close_month(self) -> Callable[..., Any]:
        def close_month(ctx: Context, job: ClosingJob, parameter: ClosingParameter) -> dict[str, Any] | None:
            assert isinstance(ctx.message, Job)
            self.saw.setdefault("worker", []).append(ctx.message)
            failure = WORKER_FAILURES.get(job.behave or "")
            if failure is not None and (job.behave != "retryOnce" or ctx.attempt == 1):
                raise failure
            if job.behave == "undefined":
                return None
            if job.behave == "slow":
                return {"aborted": ctx.cancel_requested(), "reason": ""}
            return {"via": "controls"} if job.behave == "controlsComplete" else {"closed": job.cycle_id}

        return close_month

    def _make_probe(self) -> Callable[..., Any]:
        def probe(ctx: Context, payload: dict[str, Any]) -> dict[str, Any]:
            if payload.get("unknown"):
                ctx.invoke(self.unknown, None)
            answer = ctx.invoke(self.create_invoice, InvoiceIn.model_construct(**payload), InvoiceParameter())
            self.saw["answer"] = answer.model_dump(by_alias=True, exclude_none=True)
            return {}

        return probe


def refuse_forbidden_tenant(ctx: Context, payload: InvoiceIn, parameter: InvoiceParameter) -> None:
    """Refuse one tenant, as the probe's guard does."""
    if ctx.tenant_id == "forbidden":
        raise HandledError(403, "tenant not allowed", {"tenantId": "forbidden"})


class Run:
    """The application in memory: what goes out is kept, commands are executed where they are invoked."""

    def __init__(self, billing: Billing) -> None:
        self.billing = billing
        self.assembly: Assembly = assemble(billing.application)
        self.clock = VirtualClock(NOW)
        self.events, self.queues, self.letters = RecordingEvents(), RecordingQueues(), MemoryDeadLetters()
        self.responses: list[Message] = []
        address = ("BillingService", "1", "createInvoice")
        self.commands = RecordingCommands({address: self._execute})
        self.ports: Ports = ports(
            self.clock, events=self.events, queues=self.queues, commands=self.commands, dead_letters=self.letters
        )

    def _execute(self, message: Message) -> Message:
        function = self.assembly.command("BillingService", "1", "createInvoice")
        assert function is not None
        self.responses.append(execute(function, message, self.ports))
        return self.responses[-1]

    def invoke(self, *, tenant_id: str = "tenant-1", **payload: Any) -> Exception | None:
        """Have the caller's probe invoke the command; give what it was raised."""
        probe = self.assembly.command("Caller", "1", "probe")
        assert probe is not None
        message = Message(
            id="caller-1",
            timestamp=NOW,
            message_type=COMMAND,
            payload=payload,
            trace_id="trace-1",
            principal_id="principal-1",
            tenant_id=tenant_id,
        )
        context = Context(probe, message, self.ports)
        try:
            probe.handler(context, payload)
        except Exception as error:  # noqa: BLE001 - whatever comes out is what is compared
            return error
        return None

    @property
    def wire(self) -> list[dict[str, Any]]:
        """Give the messages that the command sent, its response last."""
        sent = [message for message in self.events.messages if message not in self.responses]
        return [message.to_wire() for message in (*sent, *self.responses)]

    def handle(self, edge: str, delivery: "RecordingDelivery", *, heartbeats: int = 0, runtime: int = 0) -> None:
        """Have an edge's consumer handle one delivery, whose run takes ``runtime`` milliseconds."""
        steps: Generator[Attempt, Any, None] = self.assembly.consumers[edge].consume(delivery, self.ports)
        try:
            attempt = next(steps)
            for _ in range(heartbeats):
                assert attempt.heartbeat()
            outcome = attempt.run()
            self.clock.advance(runtime)
            steps.send(outcome)
        except StopIteration:
            return

    def event(self, name: str) -> Message | None:
        """Give the newest event of a name."""
        found = [message for message in self.events.messages if message.event_name == name]
        return found[-1] if found else None


class RecordingDelivery:
    """A delivery that keeps what was done with it, in upstream's words."""

    def __init__(self, edge: str, body: bytes, *, queue: str = QUEUE, receives: int = 1) -> None:
        self.edge = edge
        self.id = "d1"
        self.body = body
        self.receives = receives
        self.lease_until: int | None = None
        self.queue = queue
        self.ops: list[dict[str, Any]] = []
        self.delay: int | None = None

    def acknowledge(self) -> None:
        """Keep that it is done."""
        self.ops.append({"op": "ack", "queue": self.queue})

    def redeliver(self, delay: int, *, counted: bool) -> None:
        """Keep that it comes again."""
        self.delay = delay
        self.ops.append({"op": "nack", "queue": self.queue, "request": {"delayMs": delay}})

    def leave(self) -> None:
        """Keep that it was left alone."""
        self.ops.append({"op": "leave", "queue": self.queue})

    def extend(self, duration: int) -> bool:
        """Keep that its lease was extended."""
        self.ops.append({"op": "extendLease", "args": duration})
        return True


def enqueue_call(job: Job, delay: int) -> dict[str, Any]:
    """Give one use of the queue port as upstream records a use of its bridge."""
    told = job.to_wire()
    result = {"jobId": told.pop("id"), "queueName": job.queue, "scheduledAt": told.pop("scheduledAt")}
    del told["createdAt"]
    asked = {"delayMs": delay} if delay else {}
    return {"op": "enqueue", "args": [{**told, **asked}], "result": result}


def fast() -> Lifecycle:
    """Give the lifecycle of the probe's workers."""
    backoff = Backoff(initial=timedelta(milliseconds=20), maximum=timedelta(seconds=1), multiplier=2, jitter=0)
    return Lifecycle(max_attempts=3, backoff=backoff)
