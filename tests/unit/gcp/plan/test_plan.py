"""The plan for Google Cloud: what becomes of each declaration."""

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest

from examples.enterprise_billing_cycle.app import app
from purista_serverless import (
    Application,
    Command,
    Cron,
    Event,
    LongRunning,
    Post,
    Queue,
    ServiceBuilder,
)
from purista_serverless.adapters.gcp.plan.resources import (
    ALL_USERS,
    PROJECT,
    PUBSUB_AGENT,
    Account,
    Alert,
    Api,
    Bucket,
    Database,
    Function,
    Grant,
    Job,
    Secret,
    Subscription,
    TasksQueue,
    Topic,
    WorkerPool,
)
from purista_serverless.model import Cors
from purista_serverless.testing.contracts.sample import sample_application
from tests.unit.aws.plan.applications import everything, large
from tests.unit.gcp.plan.deployments import (
    functions_of,
    jobs_of,
    of_kind,
    planned,
    subscriptions_of,
    table_of,
    variables_of,
)
from tests.unit.synth.demands import application_of, caller, listener, queue, schedule, worker

APPLICATIONS = [app.model, everything().model, sample_application(), large(30, services=3).model]
EVERYTHING = planned(everything().model)
SHOP = "command:Shop.2.order"


@pytest.mark.parametrize("application", APPLICATIONS, ids=lambda application: application.name)
@pytest.mark.parametrize("claim_check", [False, True])
def test_whatever_is_referred_to_is_planned(application, claim_check):
    """Topics, dead letters, functions, accounts, secrets and what grants are on exist under these ids."""
    deployment = planned(application, claim_check=claim_check)
    ids = {one.id for one in deployment.resources}
    known = ids | {PROJECT, PUBSUB_AGENT, ALL_USERS}
    for one in deployment.resources:
        match one:
            case Subscription():
                pushed = [one.push.function, one.push.account] if one.push is not None else []
                assert {one.topic, *pushed} <= ids
                assert one.dead_letter in ids or one.kind == "dead-letter"
            case Function() | WorkerPool():
                assert {one.account, *(id for _, id in one.secrets)} <= ids
            case Grant():
                assert {one.member, one.on} <= known
            case Job():
                assert one.topic in ids
            case Alert():
                assert one.subscription in ids
            case _:
                pass


@pytest.mark.parametrize("application", APPLICATIONS, ids=lambda application: application.name)
def test_ids_are_labels_of_terraform_and_sorted(application):
    """Ids are small letters, digits and underscores, no two the same, and stand in their order."""
    ids = [one.id for one in planned(application).resources]

    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", id) for id in ids)
    assert ids == sorted(set(ids))


def test_a_queue_is_a_topic_that_is_pushed():
    """A job's topic has one push subscription that never waits longer than the run needs, and a dead letter."""
    (found,) = subscriptions_of(EVERYTHING, "queue:shop.ordered")

    assert found.push is not None
    assert found.push.endpoint.endswith(".run.app/_purista/queue%3Ashop.ordered")
    assert found.push.endpoint.startswith(found.push.audience)
    assert found.push.audience == functions_of(EVERYTHING)["worker:Shop.2.follow"].url
    assert found.is_ordered
    assert found.dead_letter == "dead_letter_shop_ordered"
    assert not subscriptions_of(EVERYTHING, "queue:shop.packing")[0].is_ordered


def test_a_subscription_is_delivered_again_by_a_topic_of_its_own():
    """What is put off, or redriven, goes to one subscriber, and not to all that the event has."""
    events, again = sorted(subscriptions_of(EVERYTHING, "subscription:Legacy.1.ship"), key=lambda one: one.id)

    assert (events.topic, again.topic) == ("event_shop_paid", "again_legacy_ship_subscription")
    assert events.push == again.push
    assert events.filter == 'attributes.service = "Shop" AND attributes.version = "2"'
    assert again.filter is None


def test_who_listens_to_all_events_has_a_subscription_on_each():
    """Without the name of an event every event's topic is listened to."""
    service = ServiceBuilder("Shop")
    first, second = service.event("shop.first", str), service.event("shop.second", str)
    service.subscribe(None, "audit", message_type="customMessage")(listener())
    service.command("tell", None, None).handler(can_emit=[first, second])(caller())
    found = subscriptions_of(planned(Application("shop", [service]).model), "subscription:Shop.1.audit")

    assert {one.topic for one in found} == {
        "event_shop_first",
        "event_shop_second",
        "again_shop_audit_subscription",
    }
    assert len({one.name for one in found}) == len(found)


def test_events_of_others_are_not_filtered():
    """Who publishes without our attributes is heard all the same: dispatch filters."""
    service = ServiceBuilder("Shop")
    service.subscribe(Event.external("legacy.paid", str), "ship", sender_service="Legacy")(listener())
    found = subscriptions_of(planned(Application("shop", [service]).model), "subscription:Shop.1.ship")

    assert [one.filter for one in found] == [None, None]


def test_dead_letters_are_kept_and_told_of():
    """Each edge with a consumer has a topic for dead letters with a subscription of its own and two alerts."""
    topics = [one for one in of_kind(EVERYTHING, Topic) if one.kind == "dead-letter"]
    kept = {one.topic: one for one in of_kind(EVERYTHING, Subscription) if one.kind == "dead-letter"}
    alerts = {one.subscription for one in of_kind(EVERYTHING, Alert)}

    assert {one.id for one in topics} == set(kept)
    assert {one.id for one in kept.values()} == alerts
    assert all(one.retention >= 14 * 24 * 3_600 and one.push is None for one in kept.values())
    assert not of_kind(planned(everything().model, alerts=False), Alert)


def test_the_platform_gives_up_long_after_the_policy():
    """The deliveries after which Pub/Sub itself gives up are a net: twice the attempts and ten, within its bounds."""
    found = {one.edge: one.max_deliveries for one in of_kind(EVERYTHING, Subscription)}

    assert found["queue:shop.packing"] == 30
    assert found["gate:Shop.2.gated"] is not None


def test_functions_are_private_unless_they_have_to_be_open():
    """Everybody may ask a public command only."""
    functions = functions_of(EVERYTHING)
    open_to_all = {one.on for one in of_kind(EVERYTHING, Grant) if one.member == ALL_USERS}

    assert open_to_all == {functions["command:Shop.2.list"].id}
    assert not functions[SHOP].is_open


def test_a_private_function_with_a_route_knows_whom_to_trust():
    """Who may ask its route is the team's to say; to push to it and to invoke it is for ours only."""
    emails = {one.display_name: one.email for one in of_kind(EVERYTHING, Account)}
    found = variables_of(EVERYTHING, SHOP)

    assert json.loads(found["PURISTA_TRUSTED"]) == [emails["push"], emails["command:Shop.2.list"]]
    assert "PURISTA_URL" not in found
    assert "PURISTA_TRUSTED" not in variables_of(EVERYTHING, "worker:Shop.2.pack")


def test_an_open_function_knows_whom_to_trust():
    """What an application authenticates itself is open, and believes tokens of Pub/Sub and of its callers only."""
    deployment = planned(replace(everything().model, authenticate=str, authenticate_path="shop:authenticate"))
    trusted = json.loads(variables_of(deployment, SHOP)["PURISTA_TRUSTED"])
    emails = {one.display_name: one.email for one in of_kind(deployment, Account)}

    assert functions_of(deployment)[SHOP].is_open
    assert trusted == [emails["push"], emails["command:Shop.2.list"]]
    assert variables_of(deployment, SHOP)["PURISTA_URL"] == functions_of(deployment)[SHOP].url


def test_an_open_function_lets_in_the_pages_that_are_named():
    """Which pages of other origins may call is told to what they can reach, and to nothing else."""
    cors = Cors(origins=("https://shop.test",), headers=("x-shop",), max_age=timedelta(minutes=1))
    deployment = planned(replace(everything().model, cors=cors))
    told = json.loads(variables_of(deployment, "command:Shop.2.list")["PURISTA_CORS"])

    assert told == {"origins": ["https://shop.test"], "headers": ["x-shop"], "credentials": False, "maxAge": 60}
    assert "PURISTA_CORS" not in variables_of(deployment, SHOP)


def test_the_source_is_found_from_the_root():
    """A function is built from the project's root, which is importable in the build and at run time."""
    found = functions_of(EVERYTHING)[SHOP]

    assert dict(found.build_environment) == {"GOOGLE_FUNCTION_SOURCE": found.source, "PYTHONPATH": "/workspace"}
    assert dict(found.environment)["PYTHONPATH"] == "/workspace"
    assert found.source == "handlers/shop_order.py"


def test_a_function_finds_what_it_uses_and_nothing_else():
    """Variables name the topics, commands, settings and secrets of the declaration; the others are absent."""
    found = variables_of(EVERYTHING, "command:Shop.2.list")

    assert set(found) == {"PURISTA_COMMANDS", "PURISTA_PROJECT", "PURISTA_TRUSTED", "PURISTA_URL", "PYTHONPATH"}
    assert table_of(EVERYTHING, "command:Shop.2.list", "PURISTA_COMMANDS") == {
        "Shop.2.order": functions_of(EVERYTHING)[SHOP].url
    }
    assert table_of(EVERYTHING, SHOP, "PURISTA_TOPICS") == {
        "call:Shop.2.calling": "projects/${project}/topics/${prefix}-call~Shop.2.calling",
        "event:shop.paid": "projects/${project}/topics/${prefix}-event~shop.paid",
        "queue:shop.ordered": "projects/${project}/topics/${prefix}-queue~shop.ordered",
        "queue:shop.packing": "projects/${project}/topics/${prefix}-queue~shop.packing",
    }
    assert table_of(EVERYTHING, SHOP, "PURISTA_CONFIG") == {"RATE": "${config.RATE}"}
    assert table_of(EVERYTHING, SHOP, "PURISTA_SECRETS") == {"TOKEN": "PURISTA_SECRET_TOKEN"}
    assert functions_of(EVERYTHING)[SHOP].secrets == (("PURISTA_SECRET_TOKEN", "secret_token"),)


def test_settings_are_asked_for_at_deployment():
    """A setting is a variable of the deployment; one with a default may be left empty."""
    variables = {one.name: one for one in EVERYTHING.variables}

    assert variables["config.RATE"].default == ""
    assert variables["project"].default is None
    assert [one.name for one in of_kind(EVERYTHING, Secret)] == ["TOKEN"]


def test_a_worker_runs_no_more_jobs_than_declared():
    """The declared concurrency of a worker bounds its instances, and the requests in each of them."""
    crowded = functions_of(planned(everything().model, concurrency=20, cpu=1_000, min_instances=2))[
        "worker:Shop.2.pack"
    ]

    assert (crowded.concurrency, crowded.min_instances, crowded.max_instances) == (5, 1, 1)
    assert functions_of(EVERYTHING)["worker:Shop.2.pack"].max_instances == 5
    assert functions_of(EVERYTHING)["worker:Shop.2.follow"].max_instances == 100


def test_a_run_that_is_too_long_for_a_push_is_pulled():
    """Above ten minutes a worker pool pulls the queue, with the right to do so and the name of its subscription."""
    demand = queue(profile=LongRunning(max_runtime=timedelta(hours=6)), max_delay=timedelta(0))
    deployment = planned(application_of(demand))
    (pool,) = of_kind(deployment, WorkerPool)
    (found,) = subscriptions_of(deployment, "queue:shop.orders")

    assert not of_kind(deployment, Function)
    assert pool.arguments == ("work", "--provider", "gcp", "--queue", "shop.orders")
    assert json.loads(dict(pool.environment)["PURISTA_SUBSCRIPTIONS"]) == {"queue:shop.orders": found.path}
    assert found.push is None
    assert "roles/pubsub.subscriber" in {one.role for one in of_kind(deployment, Grant) if one.member == pool.account}
    assert "image" in {one.name for one in deployment.variables}


@pytest.mark.parametrize(("declared", "instances"), [(None, 3), (1, 1), (16, 1), (32, 2), (100, 3)])
def test_a_worker_pool_runs_no_more_than_its_worker_declares(declared, instances):
    """Each instance runs 16 jobs at one time, or the declared ones where they are fewer."""
    service = ServiceBuilder("Shop")
    orders = service.queue("shop.orders", str, result=str, profile=LongRunning(max_runtime=timedelta(hours=6)))
    orders.worker(concurrency=declared)(worker())
    (pool,) = of_kind(planned(Application("shop", [service]).model, pool_instances=3), WorkerPool)

    assert pool.instances == instances


@pytest.mark.parametrize(("seconds", "deadline"), [(1, 31), (570, 600)])
def test_a_push_is_held_for_the_run_and_some_time_to_settle(seconds, deadline):
    """The acknowledgement deadline covers a run, the start of an instance and what settles the run."""
    profile = LongRunning(max_runtime=timedelta(seconds=seconds))
    deployment = planned(application_of(queue(profile=profile)))
    (function,) = of_kind(deployment, Function)

    assert subscriptions_of(deployment, "queue:shop.orders")[0].ack_deadline == deadline
    assert function.timeout == deadline
    assert dict(function.environment)["PURISTA_TIMEOUT"] == str(deadline)


def test_a_gate_is_woken_by_a_job():
    """Cloud Scheduler publishes to the gate's topic what is no slot yet, in the zone of the schedule."""
    (job,) = jobs_of(EVERYTHING, "Shop.2.gated")

    assert (job.cron, job.timezone, job.topic) == ("0 4 * * *", "UTC", "topic_shop_v2_gated_schedule")
    assert json.loads(job.data) == {"purista": "slot", "schedule": "Shop.2.gated"}
    assert job.attributes == (("edge", "gate:Shop.2.gated"),)
    assert job.name == "Shop-2-gated"


def test_a_static_schedule_needs_no_function():
    """What nothing has to be computed for goes straight to its target, with what filters look at."""
    (job,) = jobs_of(EVERYTHING, "Shop.2.hourly")

    assert job.topic == "event_shop_paid"
    assert dict(job.attributes) == {
        "edge": "event:shop.paid",
        "event": "shop.paid",
        "service": "Shop",
        "version": "2",
    }
    assert json.loads(job.data)["payload"] == {"number": "1", "customer": "a"}
    assert "gate:Shop.2.hourly" not in functions_of(EVERYTHING)


def test_a_single_instant_needs_its_gate():
    """Five fields have no year, so that a gate tells the one instant from those of the years after."""
    (job,) = jobs_of(EVERYTHING, "Shop.2.once")

    assert (job.cron, job.timezone, job.is_enabled) == ("0 0 1 1 *", "UTC", False)
    assert job.topic == "topic_shop_v2_once_schedule"
    assert "gate:Shop.2.once" in functions_of(EVERYTHING)


@pytest.mark.parametrize(("policy", "is_enabled"), [("skip", False), ("runOnce", True)])
def test_a_gate_that_makes_up_for_slots_sees_a_pause(policy, is_enabled):
    """A paused schedule keeps knocking where its gate would take the pause for an outage."""
    demand = schedule(Cron("0 4 * * *"), missed_run_policy=policy, payload=str, enabled=False)
    (job,) = jobs_of(planned(application_of(demand)), "Shop.1.stocktaking")

    assert job.is_enabled is is_enabled


def test_jobs_can_be_left_to_others():
    """With schedules apart no job is a resource; they are known all the same."""
    deployment = planned(everything().model, schedules_apart=True)

    assert deployment.apart == tuple(of_kind(EVERYTHING, Job))
    assert not of_kind(deployment, Job)
    assert "cloudscheduler.googleapis.com" in {one.service for one in of_kind(deployment, Api)}


def test_what_belongs_to_others_is_asked_for():
    """A queue of another system is a topic of ours, and its command an address that is given at deployment."""
    service = ServiceBuilder("Shop")
    foreign = Command.external("Legacy", "1", "lookup", str, str)
    jobs = Queue.external("legacy.jobs", str)
    service.command("ask", str, str).handler(can_invoke=[foreign], can_enqueue=[jobs])(worker())
    deployment = planned(Application("shop", [service]).model)

    assert table_of(deployment, "command:Shop.1.ask", "PURISTA_COMMANDS") == {
        "Legacy.1.lookup": "${command.Legacy.1.lookup}"
    }
    assert "command.Legacy.1.lookup" in {one.name for one in deployment.variables}
    assert [one.key for one in of_kind(deployment, Topic)] == ["queue:legacy.jobs"]


def test_what_is_not_used_is_not_made():
    """A command that records and sends nothing needs a function, its account and the services that run it."""
    service = ServiceBuilder("Shop")
    service.command("quote", str, str, http=Post("/quotes", public=True)).handler()(worker())
    deployment = planned(Application("shop", [service]).model)
    kinds = {type(one) for one in deployment.resources}

    assert kinds == {Account, Api, Function, Grant}
    assert [one.member for one in of_kind(deployment, Grant)] == [ALL_USERS]
    assert {one.id for one in of_kind(deployment, Account)} == {"account_shop_quote"}


def condition_of(grant: Grant) -> str:
    """Give what has to hold for a grant."""
    assert grant.condition is not None
    return grant.condition.expression


def test_records_stand_in_a_database_of_their_own():
    """A function that uses records is bound to the database of this deployment."""
    found = planned(app.model, ledger_location="eur3")
    conditions = {condition_of(one) for one in of_kind(found, Grant) if one.role == "roles/datastore.user"}

    assert [one.location for one in of_kind(found, Database)] == ["eur3"]
    assert conditions == {'resource.name == "projects/${project}/databases/${prefix}-records"'}
    assert of_kind(found, TasksQueue)


def test_large_bodies_are_bound_to_their_edges():
    """With claim check a function may write the bodies that it sends, and read those that it is sent."""
    deployment = planned(everything().model, claim_check=True)
    account = functions_of(deployment)["worker:Shop.2.pack"].account
    read, written = (
        next(condition_of(one) for one in of_kind(deployment, Grant) if (one.member, one.role) == (account, role))
        for role in ("roles/storage.objectViewer", "roles/storage.objectCreator")
    )
    prefix = 'resource.name.startsWith("projects/_/buckets/${project}-${prefix}-claims/objects/'

    assert read == written == f'{prefix}queue:shop.packing/")'
    assert [one.days for one in of_kind(deployment, Bucket)] == [76]
    assert not of_kind(EVERYTHING, Bucket)


def test_a_command_may_answer_for_longer_than_a_push():
    """A command that nothing is pushed to has the time of a request, and one that is asked by token its claim."""
    service = ServiceBuilder("Shop")
    service.command("quote", str, str, http=Post("/quotes"), timeout=timedelta(minutes=20)).handler()(worker())
    deployment = planned(Application("shop", [service]).model, tenant_claim="tenant")

    assert functions_of(deployment)["command:Shop.1.quote"].timeout == 1_230
    assert variables_of(deployment, "command:Shop.1.quote")["PURISTA_TENANT_CLAIM"] == "tenant"
