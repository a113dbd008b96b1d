"""Wrong uses of handles: each is an error on the marked line."""

from datetime import datetime
from typing import Any

from purista_serverless import Command, Context, Cron, Event, Model, Queue, ResultEvents, ServiceBuilder


class CycleDue(Model):
    cycle_id: str


class YearlyCycleDue(CycleDue):
    year: int


class ClosingJob(Model):
    cycle_id: str


class ClosingReport(Model):
    closed: int


billing = ServiceBuilder("Billing")
cycle_due = billing.event("billing.cycleDue", CycleDue)
yearly_due = billing.event("billing.yearlyDue", YearlyCycleDue)
closing = billing.queue("billing.closing", ClosingJob, result=ResultEvents(ClosingReport, completed="billing.closed"))
close_account = billing.command("closeAccount", ClosingJob, ClosingReport)

narrow: Event[YearlyCycleDue] = cycle_due  # rejected
wide: Event[CycleDue] = yearly_due  # rejected
queue_of_events: Queue[CycleDue, ClosingReport] = closing  # rejected
queue_of_anything: Queue[ClosingJob, object] = closing  # rejected
command_of_anything: Command[ClosingJob, object] = close_account  # rejected


def use(ctx: Context) -> None:
    ctx.emit(cycle_due, ClosingJob(cycle_id="2026-01"))  # rejected
    ctx.emit(closing, ClosingJob(cycle_id="2026-01"))  # rejected
    ctx.enqueue(closing, CycleDue(cycle_id="2026-01"))  # rejected
    ctx.enqueue(closing, ClosingJob(cycle_id="2026-01"), prio=1)  # rejected
    ctx.invoke(close_account, CycleDue(cycle_id="2026-01"))  # rejected
    text: str = ctx.invoke(close_account, ClosingJob(cycle_id="2026-01"))  # rejected


@closing.worker()  # rejected
def return_another_type(ctx: Context, job: ClosingJob) -> int:
    return 1


@closing.worker()  # rejected
async def return_another_type_later(ctx: Context, job: ClosingJob) -> int:
    return 1


@close_account.handler()  # rejected
def take_another_payload(ctx: Context, payload: CycleDue) -> ClosingReport:
    return ClosingReport(closed=1)


@billing.subscribe(closing.completed, "record")  # rejected
def take_the_bare_result(ctx: Context, result: ClosingReport) -> None: ...


def to_report(event: CycleDue) -> ClosingReport:
    return ClosingReport(closed=len(event.cycle_id))


def yearly_to_job(event: YearlyCycleDue) -> ClosingJob:
    return ClosingJob(cycle_id=event.cycle_id)


def wrong_payload(slot: datetime) -> ClosingJob:
    return ClosingJob(cycle_id=f"{slot}")


nightly = Cron("0 2 * * *")
billing.bind_event_to_queue(cycle_due, closing, map_payload=to_report)  # rejected
billing.bind_event_to_queue(cycle_due, closing, map_payload=yearly_to_job)  # rejected
billing.bind_event_to_queue(cycle_due, closing, idempotency_mode="exactly")  # rejected
billing.schedule("static").emit_event(cycle_due, expression=nightly, payload=ClosingJob(cycle_id="1"))  # rejected
billing.schedule("computed").emit_event(cycle_due, expression=nightly, payload=wrong_payload)  # rejected
billing.schedule("policy").emit_event(cycle_due, expression=nightly, missed_run_policy="later")  # rejected
billing.schedule("target").enqueue(cycle_due, expression=nightly)  # rejected
billing.schedule("when").emit_event(cycle_due)  # rejected


def anything(value: Any) -> None:
    """Use the names that were only assigned to."""


anything((narrow, wide, queue_of_events, queue_of_anything, command_of_anything))
