"""What this kit produces where upstream produced a reference file: one function per file.

Each gives the pair ``(theirs, ours)`` to compare. ``theirs`` is the reference, in a few places reshaped so that it can
be compared at all; how is said where it happens.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, assert_never

from purista_serverless import (
    Application,
    Command,
    Cron,
    HandledError,
    Interval,
    InvocationFailed,
    Lifecycle,
    LongRunning,
    OneShot,
    ServiceBuilder,
)
from purista_serverless import message as kinds
from purista_serverless.adapter import Adapter, Capabilities
from purista_serverless.errors import BadEvent, InvalidApplication
from purista_serverless.message import CUSTOM_MESSAGE, Failed, Job, Message, Rejected, Retry
from purista_serverless.message.cloudevent import from_cloudevent, to_cloudevent
from purista_serverless.model import Application as Model
from purista_serverless.model import CommandTarget, EventTarget, QueueTarget, Schedule
from purista_serverless.runtime.enqueue import milliseconds
from purista_serverless.runtime.invoke import error_of
from purista_serverless.runtime.retry import Again, RetryPolicy, decide
from purista_serverless.schedule.expressions import to_wire
from purista_serverless.synth.check import check
from tests.unit.upstream.billing import NOW, QUEUE, Billing, CycleDue, RecordingDelivery, Run, enqueue_call, fast
from tests.unit.upstream.comparison import reference

Pair = tuple[Any, Any]


def cloudevents() -> Pair:
    """Map the message there and back, and events of others in both modes."""
    theirs = reference("cloudevents")
    message = Message.from_wire(theirs["message"])
    external = {"specversion": "1.0", "id": "x", "source": "/x", "type": "thing.happened", "data": {"a": 1}}
    untyped = {name: value for name, value in external.items() if name != "type"}
    return theirs, {
        "message": message.to_wire(),
        "cloudEvent": to_cloudevent(message),
        "backStrict": from_cloudevent(theirs["cloudEvent"], mode="strict").to_wire(),
        "externalCompat": from_cloudevent(external).to_wire(),
        "externalStrict": _refusal(lambda: from_cloudevent(external, mode="strict")),
        "missingType": _refusal(lambda: from_cloudevent(untyped)),
        "badSpec": _refusal(lambda: from_cloudevent({**external, "specversion": "0.3"})),
    }


def _refusal(call: Callable[[], Any]) -> dict[str, str]:
    try:
        call()
    except (BadEvent, InvalidApplication) as error:
        return {"error": str(error)}
    return {}


def retry_delays() -> Pair:
    """Compute the delays of ten attempts, and those of handlers that ask for one."""
    policy = RetryPolicy()
    rows = [
        {"attempt": attempt, "default": policy.backoff(attempt, 0.999999), "noJitter": policy.backoff(attempt, 0.5)}
        for attempt in range(1, 11)
    ]
    return reference("retry-delays"), {
        "rows": rows,
        "requestedTooLarge": _asked(9_000_000),
        "requestedNegative": _asked(-5),
        "requestedZero": _asked(0),
    }


def _asked(delay: int) -> int:
    decision = decide(Retry(delay, ""), RetryPolicy(), attempt=1, since=0, now=0, random=lambda: 0.5)
    assert isinstance(decision, Again)
    return decision.delay


def defaults() -> Pair:
    """Give the lifecycles, message types and statuses."""
    statuses = {
        "BadRequest": 400,
        "RequestTimeout": 408,
        "Conflict": 409,
        "UnprocessableEntity": 422,
        "TooManyRequests": 429,
        "InternalServerError": _status(Failed(RuntimeError())),
        "ServiceUnavailable": _status(Retry(None, "")),
    }
    types = {"Command": "COMMAND", "CommandSuccessResponse": "COMMAND_SUCCESS", "CommandErrorResponse": "COMMAND_ERROR"}
    return reference("defaults"), {
        "defaultQueueLifecycleConfig": _lifecycle(Lifecycle()),
        "plainQueue": _queue(ServiceBuilder("S").queue("q", str, "d").resolved_lifecycle()),
        "longRunning6h": _queue(LongRunning(timedelta(hours=6)).lifecycle()),
        "longRunning60s": _queue(LongRunning(timedelta(minutes=1)).lifecycle()),
        "messageTypes": {
            **{name: getattr(kinds, constant) for name, constant in types.items()},
            "CustomMessage": kinds.CUSTOM_MESSAGE,
        },
        "statusCodes": statuses,
    }


def _status(outcome: kinds.Outcome) -> int:
    error = error_of(outcome, None)
    assert error is not None
    status: int = error["status"]
    return status


def _queue(lifecycle: Lifecycle) -> dict[str, Any]:
    return {"queueName": "q", "description": "d", "lifecycle": _lifecycle(lifecycle)}


def _lifecycle(given: Lifecycle) -> dict[str, Any]:
    return {
        "visibilityTimeoutMs": milliseconds(given.visibility),
        "maxLeaseExtensions": given.max_extensions,
        "heartbeatIntervalMs": milliseconds(given.heartbeat),
        "retryWindowMs": milliseconds(given.window),
        "maxAttempts": given.max_attempts,
        "poisonMessageFailureThreshold": given.poison_threshold,
        "retryStrategy": {
            "initialDelayMs": milliseconds(given.backoff.initial),
            "maxDelayMs": milliseconds(given.backoff.maximum),
            "multiplier": int(given.backoff.multiplier),
            "jitterFactor": given.backoff.jitter,
        },
    }


def envelopes_command() -> Pair:
    """Invoke a command, answer it, and deliver its success event to a subscription."""
    billing = Billing()
    run = Run(billing)
    assert run.invoke(customer_id="c", amount_cents=5) is None
    edge = "subscription:BillingService.1.notifyCustomer"
    run.handle(edge, RecordingDelivery(edge, run.responses[0].encode()))
    notified = run.event("billing.customerNotified")
    assert notified is not None
    return reference("envelopes-command"), {
        "command": run.commands.messages[0].to_wire(),
        "successResponse": run.responses[0].to_wire(),
        "customEventFromSubscription": notified.to_wire(),
        "resultSeenByCaller": billing.saw["answer"],
        "handlerContext": billing.saw["handlerContext"],
        "subscriptionSaw": billing.saw["subscriptionSaw"],
    }


def command_errors() -> Pair:
    """Make the command fail in every way of the probe.

    The reference's ``wire`` now and then holds the late event of the scenario before; it is dropped.
    """
    theirs = reference("command-errors")
    for case in theirs.values():
        late = [entry for entry in case.get("wire", ()) if entry.get("eventName") == "billing.customerNotified"]
        for entry in late:
            case["wire"].remove(entry)
    modes = ("handled", "unhandled", "plain", "badOutput", "emit", "emitBad", "emitUndeclared", "enqueueUndeclared")
    ours = {mode: _failure(mode=mode) for mode in (*modes, "enqueueBad", "enqueue", "enqueueTyped")}
    guard, unknown = _failure(tenant_id="forbidden"), _failure(unknown=True)
    return theirs, {
        **ours,
        "invalidPayload": _failure(customer_id="", amount_cents=-1),
        "guard": {"error": guard["error"]},
        "unknownCommand": {"error": unknown["error"]},
        "timeoutNoResponder": {"error": unknown["error"]},
        "errorObjects": {
            "handled": _error(HandledError(404)),
            "handledResponse": error_of(Rejected(HandledError(404, "m", {"d": 1})), "t"),
            "unhandledDefault": _error(InvocationFailed("createInvoice", 500, "Internal Server Error")),
        },
    }


def _failure(**options: Any) -> dict[str, Any]:
    billing = Billing()
    run = Run(billing)
    error = run.invoke(**{"customer_id": "c", "amount_cents": 5, **options})
    answer = {"ok": billing.saw["answer"]} if error is None else {"error": _error(error)}
    return {**answer, "wire": run.wire}


def _error(error: Exception) -> dict[str, Any]:
    is_handled = isinstance(error, HandledError)
    told: dict[str, Any] = {"name": type(error).__name__}
    if isinstance(error, HandledError | InvocationFailed):
        told.update(message=str(error), errorCode=error.status)
    if isinstance(error, HandledError) and error.data is not None:
        told["data"] = error.data
    return {**told, "isHandled": is_handled, "isUnhandled": not is_handled}


def queue_enqueue_calls() -> Pair:
    """Enqueue twice from a command: with a delay and a key, and with headers."""
    run = Run(Billing())
    for mode in ("enqueue", "enqueueTyped"):
        assert run.invoke(customer_id="c", amount_cents=5, mode=mode) is None
    return reference("queue-enqueue-calls"), [{**enqueue_call(job, delay), "t": NOW} for job, delay in run.queues.sent]


def event_to_queue() -> Pair:
    """Bind an event to a queue and run the job."""
    theirs = reference("event-to-queue")
    billing = Billing()
    run = Run(billing)
    source = Message.from_wire({**theirs["sourceEvent"], "timestamp": NOW, "otp": _otp()})
    binding, queue = f"binding:billing.monthlyCycleDue:{QUEUE}", f"queue:{QUEUE}"
    run.handle(binding, RecordingDelivery(binding, source.encode()))
    [(job, delay)] = run.queues.sent
    run.handle(queue, delivery := RecordingDelivery(queue, job.encode()))
    [seen] = billing.saw["worker"]
    result = run.event(f"{QUEUE}.completed")
    assert result is not None
    lease = {
        "op": "leaseNext",
        "args": [QUEUE],
        "result": {"id": job.id, "queueName": QUEUE, "message": seen.to_wire()},
    }
    settled = [{"op": op["op"], "args": [op["queue"]]} for op in delivery.ops]
    return theirs, {
        "sourceEvent": source.to_wire(),
        "queueOps": [enqueue_call(job, delay), lease, *settled],
        "workerSaw": [{"message": seen.to_wire()}],
        "idempotencyFunctionArgument": billing.saw["idempotencyFunctionArgument"],
        "mapPayloadArgument": billing.saw["mapPayloadArgument"],
        "resultEvent": result.to_wire(),
    }


def _otp() -> str:
    return f'{{"traceparent":"00-{1:032x}-{1:016x}-01"}}'


def idempotency_strategies() -> Pair:
    """Derive the key of a bound event in each of the built-in ways; upstream's field is the payload's ``id``."""
    return reference("idempotency-strategies"), {
        "messageId": _bound("messageId"),
        "correlationId": _bound("correlationId"),
        "eventField": _bound("payload.id"),
        "none": _bound(None),
    }


def _bound(key: str | None) -> dict[str, Any]:
    run = Run(Billing(key=key))
    source = Message(
        id="m1",
        timestamp=NOW,
        message_type=CUSTOM_MESSAGE,
        event_name="billing.monthlyCycleDue",
        correlation_id="corr-1",
        payload={"cycleId": "a", "id": "payload-id"},
    )
    edge = f"binding:billing.monthlyCycleDue:{QUEUE}"
    run.handle(edge, RecordingDelivery(edge, source.encode()))
    [(job, delay)] = run.queues.sent
    asked: dict[str, Any] = enqueue_call(job, delay)["args"][0]
    return asked


def worker_outcomes() -> Pair:
    """Let a worker end in every way of the probe, until its job is settled.

    Events are compared by name. The fields that describe the probe's process (``health`` and the keys of contexts) and
    the second, always empty view of the dead letters are dropped: they are about upstream's own objects.
    """
    theirs = reference("worker-outcomes")
    for case in theirs.values():
        case["events"] = {event["eventName"]: event for event in case["events"]}
        for name in ("health", "workerContextKeys", "jobKeys", "deadLetterUnderQueueName"):
            del case[name]
    return theirs, {behave: _worked(behave) for behave in theirs}


def _worked(behave: str) -> dict[str, Any]:
    billing = Billing(lifecycle=fast())
    run, edge = Run(billing), f"queue:{QUEUE}"
    headers = {"purista.tenantId": "T", "purista.principalId": "P", "purista.runId": "R"}
    job = Job(id="j1", queue=QUEUE, payload={"cycleId": "x", "behave": behave}, created_at=NOW, headers=headers)
    job = job.replace(max_attempts=99, lease_ttl=30_000)
    ops: list[dict[str, Any]] = [{"op": "enqueue", "queue": QUEUE}]
    delivery = _deliver(run, edge, job, ops, 1)
    while delivery.delay is not None:
        run.clock.advance(delivery.delay)
        delivery = _deliver(run, edge, job, ops, delivery.receives + 1)
    jobs: list[Job] = billing.saw["worker"]
    worked = {
        "ops": ops,
        "attempts": [job.attempt for job in jobs],
        "events": {str(event.event_name): _event(event) for event in run.events.messages},
        "deadLetterQueue": [Job.decode(letter.body).to_wire() for letter in run.letters.letters()],
    }
    return worked if len(jobs) == 1 else {**worked, "secondAttemptHeaders": dict(jobs[1].headers)}


def _deliver(run: Run, edge: str, job: Job, ops: list[dict[str, Any]], receives: int) -> RecordingDelivery:
    delivery = RecordingDelivery(edge, job.encode(), receives=receives)
    buried = len(run.letters.letters())
    run.handle(edge, delivery)
    ops.append({"op": "leaseNext", "queue": QUEUE})
    ops.extend(
        {"op": "moveToDeadLetter", "queue": letter.edge, "request": letter.reason}
        for letter in run.letters.letters()[buried:]
    )
    ops.extend(delivery.ops)
    return delivery


def _event(event: Message) -> dict[str, Any]:
    told = event.to_wire()
    names = ("id", "eventName", "payload", "traceId", "tenantId", "sender")
    return {name: told[name] for name in names if name in told}


def long_running() -> Pair:
    """Overrun a queue's maximum run time, and extend a lease while a handler runs."""
    overrun, ops = _slow(Billing(profile=LongRunning(timedelta(milliseconds=150))), runtime=400)
    lifecycle = Lifecycle(
        visibility=timedelta(milliseconds=250), heartbeat=timedelta(milliseconds=100), max_extensions=2
    )
    extended, beaten = _slow(Billing(lifecycle=lifecycle), heartbeats=2)
    return reference("long-running"), {
        "maxRuntimeReached": {"ops": [op["op"] for op in ops], "result": overrun},
        "heartbeat": {"ops": [_without_queue(op) for op in beaten], "events": extended},
    }


def _slow(billing: Billing, **timing: int) -> tuple[list[Any], list[dict[str, Any]]]:
    run, edge = Run(billing), f"queue:{QUEUE}"
    job = Job(id="j1", queue=QUEUE, payload={"cycleId": "x", "behave": "slow"}, created_at=NOW)
    run.handle(edge, delivery := RecordingDelivery(edge, job.encode()), **timing)
    payloads = [event.to_wire()["payload"] for event in run.events.messages]
    return payloads, [{"op": "enqueue"}, {"op": "leaseNext"}, *delivery.ops]


def _without_queue(op: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in op.items() if name != "queue"}


def result_state() -> Pair:
    """Read the record of a job that is done."""
    billing = Billing()
    run, edge = Run(billing), f"queue:{QUEUE}"
    job = Job(id="j1", queue=QUEUE, payload={"cycleId": "x"}, created_at=NOW)
    run.handle(edge, RecordingDelivery(edge, job.encode()))
    stored = run.ports.ledger.read(f"{edge}/j1")
    assert stored is not None
    return reference("result-state"), {"record": {"ok": dict(stored.fields)}}


def schedule_defaults() -> Pair:
    """Declare schedules with nothing but a target and an expression."""
    service = ServiceBuilder("S")
    service.schedule("n", "d").emit_event(service.event("e", int), expression="* * * * *", payload=1)
    event = _schedule(Application("a", [service]).model)
    other = ServiceBuilder("S")
    at = OneShot(datetime(2026, 1, 1, tzinfo=UTC))
    queue = other.queue("q", int)
    queue.worker()(_idler())
    other.schedule("n", "d").enqueue(queue, expression=at, payload=1)
    return reference("schedule-defaults"), {
        "event": event,
        "oneShot": _schedule(Application("a", [other]).model),
        "emptyTarget": _refused_schedule("", "* * * * *"),
        "invalidCronAccepted": _refused_schedule("e", "not a cron"),
    }


def _idler() -> Callable[..., None]:
    def idle(ctx: Any, payload: Any) -> None:
        """Do nothing."""

    return idle


def _refused_schedule(event: str, cron: str) -> dict[str, str]:
    service = ServiceBuilder("S")
    service.schedule("n").emit_event(service.event(event, int), expression=Cron(cron), payload=1)
    return {"error": "refused"} if _refusal(lambda: Application("a", [service])) else {}


def _schedule(model: Model) -> dict[str, Any]:
    [schedule] = model.schedules
    return _told(schedule)


def _told(schedule: Schedule) -> dict[str, Any]:
    kind, name = _target(schedule)
    return {
        "name": schedule.address.name,
        "description": schedule.description,
        "targetKind": kind,
        "targetName": name,
        "expression": to_wire(schedule.expression, schedule.timezone),
        "concurrencyPolicy": schedule.concurrency,
        "missedRunPolicy": schedule.missed_runs,
        "enabledByDefault": schedule.enabled,
    }


def _target(schedule: Schedule) -> tuple[str, str]:
    match schedule.target:
        case EventTarget(event=name):
            return "event", name
        case QueueTarget(queue=name):
            return "queue", name
        case CommandTarget(command=address):
            return "command", address.name
        case _:
            assert_never(schedule.target)


def schedule_manifest() -> Pair:
    """Declare the probe's three schedules and give what was compiled, sorted by name."""
    billing = ServiceBuilder("BillingService")
    due, closing = billing.event("billing.monthlyCycleDue", CycleDue), billing.queue(QUEUE, int)
    closing.worker()(_idler())
    refresh: Command[None, None] = billing.command("refreshRates", None)
    refresh.handler()(_idler())
    billing.schedule("monthlyBillingCycle", "Monthly billing cycle trigger").emit_event(
        due,
        expression=Cron("0 2 1 * *"),
        timezone="Europe/Berlin",
        concurrency_policy="forbid",
        missed_run_policy="runOnce",
        idempotency_key="payload.cycleId",
        payload=CycleDue(cycle_id="x"),
    )
    billing.schedule("nightlyClosing", "direct queue schedule").enqueue(
        closing,
        expression=Cron("0 3 * * *"),
        missed_run_policy="backfill",
        max_catch_up_count=5,
        jitter=timedelta(minutes=1),
        enabled=False,
        payload=1,
        hints={"aws": {"group": "billing"}},
    )
    billing.schedule("refreshRatesEvery5m").invoke(
        refresh, expression=Interval(timedelta(minutes=5)), concurrency_policy="replace"
    )
    schedules = Application("probe", [billing]).model.schedules
    return reference("schedule-manifest"), {"schedules": [_listed(schedule) for schedule in schedules]}


def _listed(schedule: Schedule) -> dict[str, Any]:
    """Give a schedule with the optional fields of a manifest, each only where it means something."""
    catches_up = schedule.missed_runs == "catchUp"
    optional = {
        "idempotencyKey": schedule.idempotency_key,
        "jitterWindowMs": None if schedule.jitter is None else milliseconds(schedule.jitter),
        "maxCatchUpCount": schedule.max_catch_up_count if catches_up else None,
        "providerHints": dict(schedule.hints) or None,
        "targetServiceName": schedule.address.service,
        "targetServiceVersion": schedule.address.version,
    }
    return {**_told(schedule), **{name: value for name, value in optional.items() if value is not None}}


def strict_capability_errors() -> Pair:
    """Check applications against providers that lack what they need.

    Of the reference's errors only whether there is one is compared: here they come from a check before deployment.
    """
    theirs = {
        name: "refused" if "error" in case else "started"
        for name, case in reference("strict-capability-errors").items()
    }
    return theirs, {
        "strictBindingOnDefaultBridge": _checked(Capabilities(conditional_store=False), idempotency_mode="strict"),
        "strictBindingOnCapableBridge": _checked(Capabilities(), idempotency_mode="strict"),
        "fifoUnsupported": _checked(Capabilities(ordering=False), ordering_key="payload.cycleId"),
    }


def _checked(capabilities: Capabilities, **options: Any) -> str:
    module = "purista_serverless.testing.manifest"
    adapter = Adapter(
        "probe", capabilities=capabilities, entry=module, planner=f"{module}:plan", renderers=(f"{module}:render",)
    )
    return "refused" if check(Billing(**options).application, adapter).failed() else "started"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A reference file and how the two sides of its comparison come about."""

    file: str
    pair: Callable[[], Pair]


SCENARIOS = tuple(
    Scenario(file=function.__name__.replace("_", "-"), pair=function)
    for function in (
        cloudevents,
        command_errors,
        defaults,
        envelopes_command,
        event_to_queue,
        idempotency_strategies,
        long_running,
        queue_enqueue_calls,
        result_state,
        retry_delays,
        schedule_defaults,
        schedule_manifest,
        strict_capability_errors,
        worker_outcomes,
    )
)
