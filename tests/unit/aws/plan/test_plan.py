"""What a plan says of functions, queues and schedules."""

import json
from datetime import timedelta
from typing import Any

import pytest

from examples.enterprise_billing_cycle.app import app
from purista_serverless import Application, Cron, LongRunning, Model, ServiceBuilder
from purista_serverless.adapters.aws.codecs import scheduler
from purista_serverless.adapters.aws.plan import resources as planned
from purista_serverless.adapters.aws.plan.resources import Resource
from purista_serverless.adapters.aws.render.queueing import queueing
from purista_serverless.synth.blueprint import draw
from tests.unit.aws.plan.applications import everything
from tests.unit.aws.plan.translation import adapter_with

EXAMPLE, EVERYTHING = app.model, everything().model
NOW = timedelta(0)
METRICS = ("ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage")


class Job(Model):
    """Some work."""

    name: str


def resources_of(application: Any, **options: Any) -> dict[str, Resource]:
    """Plan an application, and give all resources by id."""
    deployment = draw(application, adapter_with(**options)).plan
    return {resource.id: resource for stack in deployment.stacks for resource in stack.resources}


def function_of(application: Any, name: str, **options: Any) -> planned.Function:
    """Give a planned function by its name in the topology."""
    found = resources_of(application, **options).values()
    (function,) = [one for one in found if isinstance(one, planned.Function) and one.name == name]
    return function


def queue_of(application: Any, edge: str, **options: Any) -> planned.Queue:
    """Give a planned queue by its edge."""
    found = resources_of(application, **options).values()
    (queue,) = [one for one in found if isinstance(one, planned.Queue) and one.edge == edge]
    return queue


def working(**options: Any) -> Any:
    """Make an application of one queue with these options of queue and worker."""
    shop = ServiceBuilder("Shop")
    of_worker = {name: options.pop(name) for name in ("batch_size", "concurrency") if name in options}
    jobs = shop.queue("shop.jobs", Job, **options)

    @jobs.worker(name="work", **of_worker)
    def work(_ctx, job: Job) -> None:
        """Work."""

    return Application("shop", [shop]).model


@pytest.mark.parametrize(
    ("minutes", "wanted", "batch", "timeout"),
    [(1, 5, 5, 310), (1, 20, 14, 850), (8, 1, 1, 490), (8, 10, 1, 490), (15, 1, 1, 900)],
)
def test_a_batch_is_as_large_as_there_is_time_for(minutes, wanted, batch, timeout):
    """The timeout covers all runs of a batch and what settles them; a batch that would take longer is made smaller."""
    application = working(profile=LongRunning(max_runtime=timedelta(minutes=minutes)))
    functions = {"worker:Shop.1.work": {"batch_size": wanted}}
    function = function_of(application, "worker:Shop.1.work", functions=functions)
    queue = queue_of(application, "queue:shop.jobs", functions=functions)
    (source,) = function.sources

    assert (source.batch_size, function.timeout) == (batch, timeout)
    assert queue.visibility == min(6 * timeout + source.window, 43_200)


def test_large_batches_are_gathered():
    """More than ten messages need a window; on a queue that keeps an order there are ten at most, and no window."""
    function = function_of(EVERYTHING, "worker:Shop.2.pack")
    ordered = function_of(EVERYTHING, "worker:Shop.2.follow")

    assert [(one.batch_size, one.window, one.concurrency) for one in function.sources] == [(100, 1, 5)]
    assert [(one.batch_size, one.window, one.is_fifo) for one in ordered.sources] == [(10, 0, True)]


def test_the_platform_gives_up_far_behind_the_policy():
    """The redrive limit is twice the attempts and ten; in an order waiting is received once more per 12 hours."""
    assert queue_of(EXAMPLE, "queue:billing.monthlyClosing").most_receives == 16
    assert queue_of(working(max_attempts=700), "queue:shop.jobs").most_receives == 1_000
    assert [
        queue_of(working(**ordering, max_delay=delay), "queue:shop.jobs").most_receives
        for ordering in ({}, {"ordering_key": "payload.name"})
        for delay in (timedelta(0), timedelta(days=2), None)
    ] == [30, 30, 30, 30, 35, 59]


def test_alarms_tell_what_sqs_measures():
    """An idle queue that tells no figures has no new letters, and those that it has grow old all the same."""
    resources = resources_of(EVERYTHING).values()
    depth, age = (
        [one for one in resources if isinstance(one, planned.Alarm) and one.metric == name] for name in METRICS
    )

    assert {missing_of(one) for one in depth} == {"notBreaching"}
    assert {missing_of(one) for one in age} == {"ignore"}
    assert all("earlier if SQS itself moved it" in one.description for one in age)


def missing_of(alarm: planned.Alarm) -> str:
    """Give what an alarm makes of missing figures."""
    missing: str = queueing(alarm)["Properties"]["TreatMissingData"]
    return missing


def test_messages_are_kept_as_long_as_they_may_wait():
    """A queue keeps what may wait for any time for 14 days, other messages for four days or as long as they need."""
    days = timedelta(days=1).total_seconds()

    assert queue_of(working(), "queue:shop.jobs").retention == 14 * days
    assert queue_of(working(max_delay=timedelta(0)), "queue:shop.jobs").retention == 4 * days
    assert queue_of(working(max_delay=timedelta(days=6)), "queue:shop.jobs").retention == 7 * days + 5_400


def test_only_what_goes_round_may_go_round():
    """A function that can cause its next run, by whatever way, may do so; all others are stopped by Lambda."""
    recursive = {
        resource.name
        for resource in resources_of(round_and_round()).values()
        if isinstance(resource, planned.Function) and resource.is_recursive
    }

    assert recursive == {
        "worker:Shop.1.itself",
        "worker:Shop.1.first",
        "subscription:Shop.1.second",
        "gate:Shop.1.again",
        "worker:Shop.1.third",
    }


@pytest.mark.parametrize(
    ("options", "is_recursive"),
    [
        ({}, True),
        ({"max_delay": timedelta(minutes=16)}, True),
        ({"max_delay": timedelta(minutes=15)}, False),
        ({"ordering_key": "payload.name"}, False),
    ],
)
def test_what_sends_early_jobs_to_its_own_queue_goes_round(options, is_recursive):
    """A job that is due later than SQS delays is sent on by its worker, which Lambda must not take for a circle."""
    assert function_of(working(**options), "worker:Shop.1.work").is_recursive is is_recursive


def round_and_round() -> Any:
    """Make an application with three circles: a queue to itself, through an event, and through a gate; and a line."""
    shop = ServiceBuilder("Shop")
    own, first = shop.queue("shop.own", Job, max_delay=NOW), shop.queue("shop.first", Job, max_delay=NOW)
    third = shop.queue("shop.third", Job, tracking="full", max_delay=NOW)
    line = shop.queue("shop.line", Job, max_delay=NOW)
    done = shop.event("shop.done", Job)

    @own.worker(name="itself", can_enqueue=[own, line])
    def itself(_ctx, job: Job) -> None:
        """Enqueue again."""

    @first.worker(name="first", can_emit=[done])
    def to_event(_ctx, job: Job) -> None:
        """Emit."""

    @shop.subscribe(done, "second", can_enqueue=[first])
    def to_queue(_ctx, payload: Job) -> None:
        """Enqueue."""

    @third.worker(name="third")
    def guarded(_ctx, job: Job) -> None:
        """Let the next slot start."""

    @line.worker(name="last")
    def last(_ctx, job: Job) -> None:
        """End."""

    shop.schedule("again").enqueue(
        third,
        expression=Cron("0 2 * * *"),
        payload=Job(name="x"),
        concurrency_policy="forbid",
        missed_run_policy="catchUp",
    )
    return Application("round", [shop]).model


def test_slots_without_code_say_all_that_the_run_time_needs():
    """What Scheduler sends straight to a target is read by the codec: the schedule, the payload and its key."""
    schedules = [one for one in resources_of(EVERYTHING).values() if isinstance(one, planned.Schedule)]
    direct = {one.declared.name: json.loads(one.input) for one in schedules}
    slots = {
        name: scheduler.decode({**wire, "slot": "2030-01-01T02:00:00Z"})
        for name, wire in direct.items()
        if "payload" in wire
    }

    assert {name.rpartition(" ")[2] for name in slots} == {"nightly", "hourly", "once", "calling"}
    assert all(wire["slot"] == "<aws.scheduler.scheduled-time>" for wire in direct.values())
    assert all(slot.payload == {"number": "1", "customer": "a"} for slot in slots.values())
    assert slots["Shop v2 > calling"].parameter == {"number": "1"}
    assert slots["Shop v2 > hourly"].event == "shop.paid"


def test_the_key_of_a_static_payload_is_computed_when_it_is_built():
    """A schedule with an idempotency key sends it along, since nothing is left to compute it at a slot."""
    shop = ServiceBuilder("Shop")
    jobs = shop.queue("shop.jobs", Job)

    @jobs.worker(name="work")
    def work(_ctx, job: Job) -> None:
        """Work."""

    shop.schedule("nightly").enqueue(
        jobs, expression=Cron("0 2 * * *"), payload=Job(name="x"), idempotency_key="payload.name"
    )
    found = resources_of(Application("shop", [shop]).model)["ShopNightlySchedule"]

    assert isinstance(found, planned.Schedule)
    assert json.loads(found.input)["key"] == "x"


def test_what_fires_twice_or_too_early_goes_through_a_gate():
    """A day of the month or of the week needs two expressions, which both fire on a day that is both."""
    shop = ServiceBuilder("Shop")
    done = shop.event("shop.done", Job)
    shop.schedule("plain").emit_event(done, expression=Cron("0 2 1 * *"), payload=Job(name="x"))
    shop.schedule("union").emit_event(done, expression=Cron("0 2 1 * SAT"), payload=Job(name="x"))
    found = resources_of(Application("shop", [shop]).model)

    assert {"ShopPlainSchedule", "ShopUnionSchedule", "ShopUnionSchedule2"} <= set(found)
    assert "ShopUnionGate" in found
    assert "ShopPlainGate" not in found


def test_paused_schedules_are_disabled():
    """A schedule that is not enabled is there, and fires nothing."""
    schedules = [one for one in resources_of(EVERYTHING).values() if isinstance(one, planned.Schedule)]

    assert [one.declared.name for one in schedules if not one.is_enabled] == ["Shop v2 > once"]


def test_gates_are_knocked_at_after_a_deployment():
    """One rule per five gates waits for its own stack, and says which schedule is meant."""
    rules = [one for one in resources_of(EVERYTHING).values() if isinstance(one, planned.Rule) and one.bus is None]
    targets = [target for rule in rules for target in rule.targets]

    assert [json.loads(target.input or "") for target in targets] == [
        {"purista": "knock", "schedule": "Shop.2.gated"},
    ]
    assert all(rule.pattern["detail"]["stack-id"] == ("${AWS::StackId}",) for rule in rules)


def test_only_jobs_that_can_come_early_are_sent_on():
    """A worker may send to its own queue if a job may wait longer than SQS delays it, and keeps no order."""
    for max_delay, may_send in ((None, True), (timedelta(hours=1), True), (timedelta(minutes=15), False)):
        role = resources_of(working(max_delay=max_delay))["ShopWorkWorkerRole"]
        assert isinstance(role, planned.Role)
        sent_to = {str(arn) for one in role.statements if "sqs:SendMessage" in one.actions for arn in one.resources}

        assert ("${ShopJobsQueue.Arn}" in sent_to) == may_send


def test_variables_are_absent_where_there_is_no_use_for_them():
    """A function finds what its permissions are about, and nothing else."""
    names = {
        function.name: {name for name, _value in function.environment}
        for function in resources_of(EVERYTHING).values()
        if isinstance(function, planned.Function)
    }

    assert names["command:Shop.2.list"] == {"PURISTA_COMMANDS"}
    assert names["subscription:Legacy.1.audit"] == {"PURISTA_DEAD_LETTERS", "PURISTA_QUEUES"}
    assert names["gate:Shop.2.gated"] == {"PURISTA_DEAD_LETTERS", "PURISTA_LEDGER", "PURISTA_QUEUES"}
    assert "PURISTA_SECRETS" in names["command:Shop.2.order"]


@pytest.mark.parametrize("stacks", ["single", "nested"])
def test_schedules_can_be_left_to_others(stacks):
    """With schedules apart every stack is as it was but for them; roles, queues and the group stay."""
    whole = draw(EVERYTHING, adapter_with(stacks=stacks)).plan
    apart = draw(EVERYTHING, adapter_with(stacks=stacks, schedules_apart=True)).plan

    for before, after in zip(whole.stacks, apart.stacks, strict=True):
        kept = [one.id for one in before.resources if not isinstance(one, planned.Schedule)]
        assert [one.id for one in after.resources] == kept
    taken = {one.id: one for stack in whole.stacks for one in stack.resources if isinstance(one, planned.Schedule)}
    assert whole.apart == ()
    assert {one.id: one for one in apart.apart} == taken
