"""The example of the design: a right use is no type error, and every handle keeps its types."""

from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any, assert_type

from purista_serverless import (
    Application,
    Command,
    Config,
    Context,
    Cron,
    Event,
    Get,
    LongRunning,
    Model,
    Post,
    Queue,
    QueueResult,
    Resource,
    ResultEvents,
    ServiceBuilder,
)


class CycleDue(Model):
    cycle_id: str


class ClosingJob(Model):
    cycle_id: str


class ClosingReport(Model):
    closed: int


class CloseAccount(Model):
    reason: str


class AccountPath(Model):
    account_id: str


class AccountClosed(Model):
    account_id: str


class Mailer:
    def send(self, text: str) -> None: ...


def to_closing_job(event: CycleDue) -> ClosingJob:
    return ClosingJob(cycle_id=event.cycle_id)


billing = ServiceBuilder("Billing", version="1", description="Closes monthly billing cycles", owner="finance-platform")
cycle_due = billing.event("billing.monthlyCycleDue", CycleDue)
account_closed = billing.event("billing.accountClosed", AccountClosed)
closing = billing.queue(
    "billing.monthlyClosing",
    ClosingJob,
    "Close one billing cycle",
    profile=LongRunning(max_runtime=timedelta(minutes=8)),
    result=ResultEvents(
        ClosingReport,
        completed="billing.monthlyClosing.completed",
        failed="billing.monthlyClosing.failed",
        delivery="required",
    ),
)
emails = billing.queue("billing.emails", ClosingJob)
counts = billing.queue("billing.counts", ClosingJob, result=int, ordering_key=lambda job: job.cycle_id)
close_account = billing.command(
    "closeAccount",
    CloseAccount,
    AccountClosed,
    "Close one account",
    parameter=AccountPath,
    http=Post("/accounts/{accountId}/close"),
)
find_account = billing.command(
    "findAccount", None, AccountClosed, parameter=AccountPath, http=Get("/accounts/{accountId}")
)
forget = billing.command("forget", CloseAccount)
limit = billing.config("limit", int, 10)
mailer = billing.resource("mailer", Mailer, Mailer)

assert_type(cycle_due, Event[CycleDue])
assert_type(closing, Queue[ClosingJob, ClosingReport])
assert_type(emails, Queue[ClosingJob, None])
assert_type(counts, Queue[ClosingJob, int])
assert_type(close_account, Command[CloseAccount, AccountClosed])
assert_type(find_account, Command[None, AccountClosed])
assert_type(forget, Command[CloseAccount, None])
assert_type(closing.completed, Event[QueueResult[ClosingReport]])
assert_type(close_account.success_event, Event[AccountClosed])
assert_type(limit, Config[int])
assert_type(mailer, Resource[Mailer])
assert_type(Event.external("shop.ordered", CycleDue), Event[CycleDue])
assert_type(Queue.external("shop.emails", CycleDue), Queue[CycleDue, None])
assert_type(Queue.external("shop.counts", CycleDue, int), Queue[CycleDue, int])
assert_type(Command.external("Shop", "1", "order", CycleDue, int), Command[CycleDue, int])
assert_type(Command.external("Shop", "1", "list", None, int), Command[None, int])

billing.bind_event_to_queue(cycle_due, closing, map_payload=to_closing_job, idempotency_mode="strict")
billing.bind_event_to_queue(cycle_due, emails, map_payload=lambda event: ClosingJob(cycle_id=event.cycle_id))
billing.schedule("monthlyBillingCycle", "Trigger monthly billing on the 1st").emit_event(
    cycle_due,
    expression=Cron("0 2 1 * *"),
    timezone="Europe/Berlin",
    concurrency_policy="forbid",
    missed_run_policy="runOnce",
    idempotency_key="payload.cycleId",
    payload=lambda slot: CycleDue(cycle_id=f"{slot:%Y-%m}"),
)


def payload_of(slot: datetime) -> ClosingJob:
    return ClosingJob(cycle_id=f"{slot:%Y-%m}")


billing.schedule("nightly").enqueue(emails, expression="0 2 * * *", payload=payload_of)
billing.schedule("yearly").enqueue(emails, expression="@yearly", payload=ClosingJob(cycle_id="2026"))
billing.schedule("hourly").invoke(find_account, expression="@hourly", parameter=AccountPath(account_id="1"))


@closing.worker(can_emit=[account_closed, cycle_due], can_enqueue=[emails], can_invoke=[close_account])
async def close_cycle(ctx: Context, job: ClosingJob, *, mailer: Mailer) -> ClosingReport:
    ctx.emit(account_closed, AccountClosed(account_id="1"))
    ctx.enqueue(emails, ClosingJob(cycle_id=job.cycle_id))
    closed = ctx.invoke(close_account, CloseAccount(reason="end of month"), AccountPath(account_id="1"))
    assert_type(closed, AccountClosed)
    assert_type(ctx.config(limit), int)
    mailer.send(closed.account_id)
    return ClosingReport(closed=1)


@close_account.handler(can_emit=[account_closed])
def close(ctx: Context, payload: CloseAccount, parameter: AccountPath) -> AccountClosed:
    return AccountClosed(account_id=parameter.account_id)


@billing.subscribe(closing.completed, "recordBillingResult")
def record(ctx: Context, result: QueueResult[ClosingReport]) -> None:
    assert_type(result.result, ClosingReport)


@billing.command("ping")
def ping(ctx: Context, payload: CloseAccount) -> int:
    return len(payload.reason)


@billing.queue("billing.pings").worker()
async def work(ctx: Context, job: ClosingJob) -> None: ...


def outcomes(ctx: Context) -> Coroutine[Any, Any, ClosingReport]:
    assert_type(ping(ctx, CloseAccount(reason="test")), int)
    assert_type(close(ctx, CloseAccount(reason="test"), AccountPath(account_id="1")), AccountClosed)
    return close_cycle(ctx, ClosingJob(cycle_id="2026-01"), mailer=Mailer())


app = Application("enterprise-billing-cycle", [billing], handlers=["billing.close_cycle"], resources={mailer: Mailer})
