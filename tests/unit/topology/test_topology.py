"""Functions, edges and permissions, as derived from declarations alone."""

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from purista_serverless.model import Lifecycle
from purista_serverless.testing.contracts.sample import sample_application, without_worker
from purista_serverless.topology import BindingEdge, CallEdge, ScheduleEdge, topology_of

SAMPLE = sample_application()

# Written down by hand from the sample's declarations: nothing is missing, nothing is to spare.
RIGHTS = {
    "binding:billing.closed:mailer.emails": {
        "enqueue mailer.emails",
        "dead-letter binding:billing.closed:mailer.emails",
    },
    "binding:billing.cycleDue:billing.closing": {
        "enqueue billing.closing",
        "dead-letter binding:billing.cycleDue:billing.closing",
        "use-ledger queue:billing.closing",
        "use-ledger schedule:Billing.1.monthly",
        "knock schedule:Billing.1.monthly",
    },
    "binding:legacy.paid:mailer.emails": {"enqueue mailer.emails", "dead-letter binding:legacy.paid:mailer.emails"},
    "command:Billing.1.closeAccount": {
        "emit billing.closed",
        "emit billing.accountClosed",
        "enqueue billing.closing",
        "use-ledger queue:billing.closing",
        "enqueue erp.exports",
        "invoke Legacy.1.lookup",
        "read-config currency",
    },
    "command:Billing.1.listAccounts": set(),
    "command:Ledger.1.reconcile": {
        "read-secret ledgerToken",
        "dead-letter call:Ledger.1.nightly",
        "use-ledger schedule:Ledger.1.nightly",
    },
    "gate:Billing.1.monthly": {
        "emit billing.cycleDue",
        "use-ledger schedule:Billing.1.monthly",
        "dead-letter schedule:Billing.1.monthly",
    },
    "gate:Billing.1.weekly": {
        "enqueue billing.closing",
        "use-ledger queue:billing.closing",
        "use-ledger schedule:Billing.1.weekly",
        "dead-letter schedule:Billing.1.weekly",
    },
    "gate:Ledger.1.nightly": {
        "invoke call:Ledger.1.nightly",
        "use-ledger schedule:Ledger.1.nightly",
        "dead-letter schedule:Ledger.1.nightly",
    },
    "gate:Mailer.1.hourly": {
        "enqueue mailer.emails",
        "use-ledger schedule:Mailer.1.hourly",
        "dead-letter schedule:Mailer.1.hourly",
    },
    "subscription:Ledger.1.recordResult": {"dead-letter subscription:Ledger.1.recordResult"},
    "worker:Billing.1.closeCycle": {
        "emit billing.closed",
        "emit billing.closing.completed",
        "emit billing.closing.failed",
        "dead-letter queue:billing.closing",
        "use-ledger queue:billing.closing",
        "use-ledger schedule:Billing.1.monthly",
        "use-ledger schedule:Billing.1.weekly",
        "knock schedule:Billing.1.monthly",
    },
    "worker:Mailer.1.sendEmail": {"dead-letter queue:mailer.emails"},
}


def with_binding(**changes):
    """Give the sample with its direct binding changed."""
    bindings = tuple(
        replace(binding, **changes) if binding.event == "billing.closed" else binding for binding in SAMPLE.bindings
    )
    return replace(SAMPLE, bindings=bindings)


def with_queue(**changes):
    """Give the sample with the direct binding's queue changed."""
    queues = tuple(replace(queue, **changes) if queue.name == "mailer.emails" else queue for queue in SAMPLE.queues)
    return replace(SAMPLE, queues=queues)


def with_schedule(**changes):
    """Give the sample with its direct schedule changed."""
    schedules = tuple(
        replace(schedule, **changes) if schedule.name == "Mailer.1.hourly" else schedule
        for schedule in SAMPLE.schedules
    )
    return replace(SAMPLE, schedules=schedules)


def direct_edges(application):
    """Name the edges that need no code."""
    edges = topology_of(application).edges
    return {edge.name for edge in edges if isinstance(edge, BindingEdge | ScheduleEdge) and edge.direct}


def test_rights_are_those_declared():
    """Every function has exactly the rights that its declaration gives it."""
    granted = {
        function.name: {f"{permission.verb} {permission.target}" for permission in function.permissions}
        for function in topology_of(SAMPLE).functions
    }

    assert granted == RIGHTS


def test_every_declared_use_is_granted():
    """Counted the other way round: each use in the model has its permission, each settled edge its dead letter."""
    functions = {(str(function.kind), function.address): function for function in topology_of(SAMPLE).functions}
    handled = [("command", command.address, command.handler) for command in SAMPLE.commands if command.handler]
    handled += [("worker", worker.address, worker.handler) for worker in SAMPLE.workers]
    handled += [("subscription", known.address, known.handler) for known in SAMPLE.subscriptions]

    for kind, address, handler in handled:
        granted = [(permission.verb, permission.target) for permission in functions[kind, address].permissions]
        declared = [("emit", name) for name in handler.can_emit] + [("enqueue", name) for name in handler.can_enqueue]
        declared += [("read-config", name) for name in handler.config]
        declared += [("read-secret", name) for name in handler.secrets]
        assert set(declared) <= set(granted)
        assert len(granted) == len(set(granted))


def test_every_function_says_why_it_runs():
    """A command is invoked, requested and called by schedules; everything else has the trigger of its edge."""
    triggers = {it.name: [trigger.name for trigger in it.triggers] for it in topology_of(SAMPLE).functions}

    assert triggers["command:Billing.1.closeAccount"] == [
        "command:Billing.1.closeAccount",
        "http:POST /accounts/{accountId}/close",
    ]
    assert triggers["command:Ledger.1.reconcile"] == ["call:Ledger.1.nightly", "command:Ledger.1.reconcile"]
    assert triggers["worker:Billing.1.closeCycle"] == ["queue:billing.closing"]
    assert triggers["subscription:Ledger.1.recordResult"] == ["subscription:Ledger.1.recordResult"]
    assert triggers["binding:legacy.paid:mailer.emails"] == ["binding:legacy.paid:mailer.emails"]
    assert triggers["gate:Billing.1.monthly"] == ["gate:Billing.1.monthly"]


def test_edges_are_consumed_by_the_functions_they_trigger():
    """Each asynchronous edge names one function, and that function is triggered by it."""
    topology = topology_of(SAMPLE)

    for edge in topology.edges:
        function = topology.function(edge.consumer or "")
        own = edge.name.replace("schedule:", "gate:")
        assert own in {trigger.name for trigger in function.triggers}


def test_a_schedule_that_invokes_has_two_edges():
    """The slot goes to the gate on one edge, and the command is called on another that retries like a queue."""
    edges = {edge.name: edge for edge in topology_of(SAMPLE).edges}

    assert isinstance(edges["schedule:Ledger.1.nightly"], ScheduleEdge)
    assert isinstance(edges["call:Ledger.1.nightly"], CallEdge)
    assert edges["call:Ledger.1.nightly"].consumer == "command:Ledger.1.reconcile"


def test_dead_letters_outlive_their_source():
    """A dead letter stays for as long as declared, and never shorter than the window of its edge."""
    long = Lifecycle(window=timedelta(days=30))
    edge = topology_of(with_queue(lifecycle=long, dead_letter_retention=timedelta(days=1))).edge("queue:mailer.emails")
    default = topology_of(with_binding(lifecycle=Lifecycle())).edge("binding:billing.closed:mailer.emails")

    assert edge.dead_letter.retention == timedelta(days=30)
    assert default.dead_letter.retention == timedelta(days=14)


def test_what_computes_nothing_is_direct():
    """An event that becomes the job as it is, and a static schedule under allow and skip, need no code."""
    assert direct_edges(SAMPLE) == {"binding:billing.closed:mailer.emails", "schedule:Mailer.1.hourly"}


@pytest.mark.parametrize(
    "application",
    [
        with_binding(map_payload=dict),
        with_binding(map_parameter=dict),
        with_binding(accepts=bool),
        with_binding(idempotency_mode="strict"),
        with_binding(idempotency_key="payload.id"),
        with_binding(event="billing.cycleDue"),
        with_queue(payload=list),
        with_queue(ordering_key="payload.id"),
        with_queue(idempotency="strict"),
        without_worker(SAMPLE, "mailer.emails"),
    ],
    ids=["map", "map-parameter", "filter", "strict", "key", "awaited", "type", "order", "strict-queue", "external"],
)
def test_a_binding_that_computes_needs_code(application):
    """A mapping, filter, key, order, claim, another type, a waiting schedule or a foreign consumer rule out direct."""
    assert not any(name.endswith(":mailer.emails") and "binding" in name for name in direct_edges(application))


@pytest.mark.parametrize(
    "changes",
    [
        {"payload": lambda slot: {}},
        {"parameter": lambda slot: {}},
        {"idempotency_key": lambda payload: "key"},
        {"concurrency": "forbid"},
        {"missed_runs": "runOnce"},
        {"jitter": timedelta(minutes=1)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_schedule_that_computes_or_counts_needs_its_gate(changes):
    """A computed payload, parameter or key, an overlap or missed-run policy and jitter rule out direct."""
    assert "schedule:Mailer.1.hourly" not in direct_edges(with_schedule(**changes))


def test_a_schedule_into_a_strict_queue_needs_its_gate():
    """The gate claims the key before it enqueues."""
    assert "schedule:Mailer.1.hourly" not in direct_edges(with_queue(idempotency="strict"))


def test_a_provider_that_carries_edges_needs_fewer_functions():
    """Only direct edges of the given kinds lose their functions; the others keep theirs."""
    whole = topology_of(SAMPLE)
    by_kind = {kind: whole.carrying([kind]) for kind in ("binding", "schedule")}
    names = {
        kind: {it.name for it in whole.functions} - {it.name for it in carried.functions}
        for kind, carried in by_kind.items()
    }

    assert names == {"binding": {"binding:billing.closed:mailer.emails"}, "schedule": {"gate:Mailer.1.hourly"}}
    assert by_kind["schedule"].edge("schedule:Mailer.1.hourly").consumer is None
    assert whole.carrying([]) == whole


def test_an_edge_that_a_provider_cannot_carry_keeps_its_function():
    """A direct edge that is named as one to be set apart is carried by its function like any other."""
    whole = topology_of(SAMPLE)

    assert whole.carrying(["schedule"], apart={"schedule:Mailer.1.hourly"}) == whole


def test_names_that_do_not_exist_are_key_errors():
    """Asking for an unknown function or edge says which name is unknown."""
    topology = topology_of(SAMPLE)

    with pytest.raises(KeyError, match="worker:Nobody"):
        topology.function("worker:Nobody")
    with pytest.raises(KeyError, match="queue:none"):
        topology.edge("queue:none")


@given(st.randoms(use_true_random=False))
def test_the_order_of_declaration_does_not_matter(random):
    """Shuffled declarations give an equal topology."""
    values: dict[str, Any] = {field.name: getattr(SAMPLE, field.name) for field in fields(SAMPLE)}
    shuffled: dict[str, Any] = {
        name: tuple(random.sample(value, len(value))) for name, value in values.items() if isinstance(value, tuple)
    }

    assert topology_of(replace(SAMPLE, **shuffled)) == topology_of(SAMPLE)
