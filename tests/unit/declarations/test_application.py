"""What an application is compiled to: every default resolved, everything sorted."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from purista_serverless import (
    Application,
    Command,
    Cron,
    DstPolicy,
    Event,
    LongRunning,
    Post,
    Queue,
    QueueResult,
    ResultEvents,
    ServiceBuilder,
)
from purista_serverless import model as values
from tests.unit.declarations.shapes import AccountPath, ClosingJob, CycleDue, Mailer, Report, answering, idle

ROOT = Path(__file__).parents[3]


def to_closing_job(event: CycleDue) -> ClosingJob:
    """Map an event to a job."""
    return ClosingJob(cycle_id=event.cycle_id)


@pytest.fixture(scope="module")
def billing_cycle() -> values.Application:
    """Build the example of the design."""
    billing = ServiceBuilder("Billing", description="Closes monthly billing cycles", owner="finance-platform")
    cycle_due = billing.event("billing.monthlyCycleDue", CycleDue)
    closing = billing.queue(
        "billing.monthlyClosing",
        ClosingJob,
        "Close one billing cycle",
        profile=LongRunning(max_runtime=timedelta(minutes=8)),
        result=ResultEvents(
            Report,
            completed="billing.monthlyClosing.completed",
            failed="billing.monthlyClosing.failed",
            delivery="required",
        ),
    )
    close_account = billing.command(
        "closeAccount", ClosingJob, Report, parameter=AccountPath, http=Post("/accounts/{accountId}/close")
    )
    billing.bind_event_to_queue(cycle_due, closing, map_payload=to_closing_job, idempotency_mode="strict")
    billing.schedule("monthlyBillingCycle").emit_event(
        cycle_due,
        expression=Cron("0 2 1 * *"),
        timezone="Europe/Berlin",
        concurrency_policy="forbid",
        missed_run_policy="backfill",
        idempotency_key="payload.cycle_id",
        payload=lambda slot: CycleDue(cycle_id=f"{slot:%Y-%m}"),
    )

    @closing.worker(can_emit=[cycle_due], can_invoke=[close_account])
    async def close_cycle(ctx, job: ClosingJob) -> Report:
        return Report(closed=1)

    @close_account.handler(can_emit=[cycle_due])
    def close(ctx, payload: ClosingJob, parameter: AccountPath) -> Report:
        return Report(closed=1)

    ledger = ServiceBuilder("Ledger")

    @ledger.subscribe(closing.completed, "recordBillingResult")
    def record(ctx, result: QueueResult[Report]) -> None: ...

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        return Application("enterprise-billing-cycle", [ledger, billing]).model


def test_everything_is_sorted_by_name(billing_cycle: values.Application):
    """The order of the source makes no difference to what is generated."""
    assert [service.name for service in billing_cycle.services] == ["Billing", "Ledger"]
    assert [event.name for event in billing_cycle.events] == [
        "billing.monthlyClosing.completed",
        "billing.monthlyClosing.failed",
        "billing.monthlyCycleDue",
    ]


def test_a_worker_is_named_after_its_function(billing_cycle: values.Application):
    """Its handler knows all that it may use."""
    (worker,) = billing_cycle.workers

    assert str(worker.address) == "Billing v1 > closeCycle"
    assert worker.handler.is_async
    assert worker.handler.can_emit == ("billing.monthlyCycleDue",)
    assert [str(command) for command in worker.handler.can_invoke] == ["Billing v1 > closeAccount"]
    assert worker.batch_size == 1


def test_a_queue_is_tracked_for_reasons_that_it_names(billing_cycle: values.Application):
    """A strict binding, required results, the profile and a forbidding schedule all need the ledger."""
    (queue,) = billing_cycle.queues

    assert queue.tracking == "full"
    assert queue.idempotency == "strict"
    assert queue.tracking_reasons == (
        "strict binding of billing.monthlyCycleDue",
        "results with delivery='required'",
        "profile=LongRunning(...)",
        "Billing v1 > monthlyBillingCycle has concurrency_policy='forbid'",
    )


def test_a_schedule_waits_for_what_it_reaches_by_bindings(billing_cycle: values.Application):
    """The default of `run_timeout` is the window plus the maximum run time of the queue behind the event."""
    (schedule,) = billing_cycle.schedules

    assert schedule.run_timeout == timedelta(hours=24, minutes=8)
    assert schedule.missed_runs == "catchUp"
    assert schedule.idempotency_key == "payload.cycleId"
    assert schedule.dst == DstPolicy()
    assert schedule.target == values.EventTarget(event="billing.monthlyCycleDue")


def test_a_subscription_takes_its_payload_from_the_event(billing_cycle: values.Application):
    """The filter names the event, and the lifecycle is a queue's."""
    (subscription,) = billing_cycle.subscriptions

    assert subscription.payload is QueueResult[Report]
    assert subscription.filter == values.Filter(event="billing.monthlyClosing.completed")
    assert subscription.lifecycle == values.Lifecycle()


def test_origins_are_relative_to_the_working_directory(billing_cycle: values.Application):
    """Nothing that is generated names a directory of this machine."""
    origins = {str(event.origin).partition(":")[0] for event in billing_cycle.events}

    assert origins == {"tests/unit/declarations/test_application.py"}


def test_a_plain_queue_is_not_tracked():
    """What nobody asked for costs nothing."""
    billing = ServiceBuilder("Billing")
    billing.queue("billing.closing", ClosingJob).worker()(idle())

    (queue,) = Application("shop", [billing]).model.queues

    assert (queue.tracking, queue.tracking_reasons, queue.idempotency) == ("none", (), "advisory")


def test_a_queue_behind_an_accepting_command_is_tracked():
    """Who got 202 asks for the job's status later."""
    billing = ServiceBuilder("Billing")
    closing = billing.queue("billing.closing", ClosingJob)
    closing.worker()(idle())
    accepting = billing.command("close", None, str, http=Post("/close", mode="async"))
    accepting.handler(can_enqueue=[closing])(lambda ctx, payload: "")

    (queue,) = Application("shop", [billing]).model.queues

    assert queue.tracking == "full"
    assert "answers 202" in queue.tracking_reasons[0]


def test_external_contracts_are_part_of_the_application_once_they_are_used():
    """Two declarations of the same contract count once."""
    billing = ServiceBuilder("Billing")
    ordered, again = Event.external("shop.ordered", CycleDue), Event.external("shop.ordered", CycleDue)
    emails = Queue.external("shop.emails", ClosingJob)
    order = Command.external("Shop", "1", "order", ClosingJob, Report)

    @billing.subscribe(ordered, "record", sender_service="Shop")
    def record(ctx, payload: CycleDue) -> None: ...

    @billing.subscribe(again, "recordAgain", can_enqueue=[emails], can_invoke=[order])
    def record_again(ctx, payload: CycleDue) -> None: ...

    built = Application("shop", [billing]).model

    assert [(event.name, event.external, event.owner) for event in built.events] == [("shop.ordered", True, None)]
    assert [(queue.name, queue.external) for queue in built.queues] == [("shop.emails", True)]
    assert [(str(command.address), command.external) for command in built.commands] == [("Shop v1 > order", True)]


def test_success_events_belong_to_the_service_of_their_command():
    """They can be subscribed to like any other."""
    billing = ServiceBuilder("Billing")
    billing.command("close", None, Report, success_event="billing.closed").handler()(answering())

    (event,) = Application("shop", [billing]).model.events

    assert (event.name, event.owner, event.payload) == ("billing.closed", "Billing", Report)
    assert event.description == "Tells that close succeeded"


def test_resources_and_settings_are_collected():
    """A factory that is given to the application replaces the declared one."""
    billing = ServiceBuilder("Billing")
    mailer = billing.resource("mailer", Mailer)
    limit, token = billing.config("limit", int, 10), billing.secret("token")

    @billing.queue("billing.closing", ClosingJob).worker(uses=[limit, token])
    def close(ctx, job: ClosingJob, *, mailer: Mailer) -> None: ...

    built = Application("shop", [billing], resources={mailer: Mailer}).model

    (worker,) = built.workers
    assert (worker.handler.resources, worker.handler.config, worker.handler.secrets) == (
        ("mailer",),
        ("limit",),
        ("token",),
    )
    assert [resource.factory for resource in built.resources] == [Mailer]
    assert [(setting.name, setting.kind, setting.default) for setting in built.settings] == [
        ("limit", "config", 10),
        ("token", "secret", None),
    ]


def test_a_service_knows_where_its_builder_is_found(monkeypatch: pytest.MonkeyPatch):
    """Generated handlers of schedules and bindings import it from there."""
    module: Any = ModuleType("contracts_of_billing")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec("from purista_serverless import ServiceBuilder\nbilling = ServiceBuilder('Billing')", vars(module))  # noqa: S102

    (service,) = Application("shop", [module.billing]).model.services

    assert (service.module, service.attribute) == ("contracts_of_billing", "billing")


def test_a_payload_function_is_tried_with_a_slot_of_the_schedule():
    """It is called with an aware time in the schedule's zone, before anything is deployed."""
    billing = ServiceBuilder("Billing")
    due = billing.event("billing.cycleDue", CycleDue)
    slots: list[datetime] = []

    def payload(slot: datetime) -> CycleDue:
        slots.append(slot)
        return CycleDue(cycle_id=f"{slot:%Y-%m}")

    billing.schedule("monthly").emit_event(due, expression="0 2 1 * *", timezone="Europe/Berlin", payload=payload)
    Application("shop", [billing])

    (slot,) = slots
    assert (slot.day, slot.hour, slot.minute) == (1, 2, 0)
    assert slot > datetime.now(UTC)


def test_an_application_can_be_built_again():
    """A test may build the application that another module built already."""
    billing = ServiceBuilder("Billing")
    billing.queue("billing.closing", ClosingJob).worker()(idle())

    assert Application("shop", [billing]).model.queues == Application("shop", [billing]).model.queues
