"""What the example's functions load on Cloud Run, in the environments that their plan gives them."""

import json

import pytest

from examples.enterprise_billing_cycle.app import app
from purista_serverless.adapters import load_adapter
from purista_serverless.adapters.gcp.plan.resources import Function
from purista_serverless.adapters.gcp.plan.texts import fill
from purista_serverless.synth.blueprint import draw
from tests.cold.interpreter import ROOT, modules_after
from tests.cold.test_cold_path import ASYNC, FORBIDDEN, HANDLERS, is_async, ours
from tests.unit.gcp.wire import Call, push

PLATFORM = {"K_SERVICE": "billing", "FUNCTION_TARGET": "handler"}
VALUES = {"project": "acme", "number": "7", "region": "europe-west3", "prefix": "billing", "config.VAT_PERCENT": "19"}

# What is used when all goes well: events, jobs of other queues, commands and records. The topics of a function's own
# edges are published to when something is put off.
SENDING = ("event:", "queue:")

# The build half, the tools and the emulator, wherever they live in the adapter.
BUILD_HALF = (
    "checks",
    "compare",
    "descriptor",
    "emulator",
    "limits",
    "options",
    "plan",
    "render",
    "schedules",
    "stack",
)

# Whatever speaks HTTP, and Google's libraries.
CLIENTS = frozenset({"google", "google.auth", "google.cloud", "grpc", "http.client", "requests", "ssl", "urllib3"})

# Modules of this package that importing a generated handler loads on Cloud Run; pinned, so that growth is a decision.
BUDGETS = {
    "billing_bind_monthly_cycle_due_to_monthly_closing": 64,
    "billing_close_account": 54,
    "billing_close_cycle": 64,
    "billing_gate_monthly_billing_cycle": 72,
    "ledger_record_billing_result": 52,
    "notification_alert_operations": 52,
    "notification_send_farewell": 52,
    "notification_send_statements": 52,
}

# An event that a subscription is for.
CLOSED = {
    "id": "m1",
    "timestamp": 0,
    "messageType": "customMessage",
    "eventName": "billing.accountClosed",
    "payload": {"accountId": "a1", "closedOn": "2026-11-20", "reason": "moved"},
}
FAREWELL = "subscription:Notification.1.sendFarewell"


@pytest.fixture(scope="module")
def environments() -> dict[str, dict[str, str]]:
    """Give the variables of each generated handler, as the example's plan has them."""
    resources = draw(app.model, load_adapter("gcp")).plan.resources
    return {
        found.source.removeprefix("handlers/").removesuffix(".py"): {
            name: fill(text, VALUES) for name, text in found.environment if name != "PYTHONPATH"
        }
        for found in resources
        if isinstance(found, Function)
    }


def load(stem: str, environment: dict[str, str], then: str = "") -> frozenset[str]:
    """Import one generated file as functions-framework does."""
    return modules_after(f"import handlers.{stem} as generated\n{then}", env={**PLATFORM, **environment})


def answering(call: Call, status: int) -> str:
    """Give a program that hands a request to a function; Flask itself is there whatever the function does."""
    environ = {name: text for name, text in call.request().environ.items() if isinstance(text, str)}
    return (
        f"class Request:\n    environ = {environ!r}\n"
        f"    def get_data(self):\n        return {call.body!r}\n"
        f"assert generated.handler(Request())[1] == {status}\n"
    )


def is_sending(stem: str, environment: dict[str, str]) -> bool:
    """Say whether a function sends or writes something when all goes well."""
    own = set((ROOT / "handlers" / f"{stem}.py").read_text(encoding="utf-8").split('"'))
    topics = json.loads(environment.get("PURISTA_TOPICS", "{}"))
    sends = any(name.startswith(SENDING) and name not in own for name in topics)
    return sends or bool({"PURISTA_COMMANDS", "PURISTA_LEDGER"} & environment.keys())


def test_every_handler_has_its_budget(environments):
    """No function is forgotten when one is added."""
    assert sorted(BUDGETS) == [path.stem for path in HANDLERS] == sorted(environments)


@pytest.mark.parametrize("path", HANDLERS, ids=lambda path: path.stem)
def test_a_function_on_cloud_run_loads_its_run_time_half_only(path, environments):
    """Neither the build nor tools nor the emulator, no other adapter, and nothing of Google's libraries."""
    loaded = load(path.stem, environments[path.stem])
    adapters = {name.removeprefix("purista_serverless.adapters.") for name in loaded if ".adapters." in name}
    allowed = ASYNC if is_async(path) else frozenset()
    # A gate computes slots.
    allowed |= {name for name in FORBIDDEN if ".schedule." in name} if "_gate_" in path.stem else frozenset()

    assert {name.partition(".")[0] for name in adapters} == {"gcp"}
    assert not [name for name in adapters if name.split(".")[1:2] and name.split(".")[1] in BUILD_HALF]
    assert sorted(loaded & (FORBIDDEN - allowed)) == []
    assert len(ours(loaded)) <= BUDGETS[path.stem], ours(loaded)


@pytest.mark.parametrize("path", HANDLERS, ids=lambda path: path.stem)
def test_only_a_function_that_sends_loads_what_speaks_http(path, environments):
    """It is loaded when the instance starts where a success needs it, and nowhere else."""
    environment = environments[path.stem]

    assert bool(load(path.stem, environment) & CLIENTS) == is_sending(path.stem, environment)


def test_a_success_that_sends_nothing_loads_no_client(environments):
    """What only a failure needs is left alone."""
    program = answering(push(FAREWELL, json.dumps(CLOSED)), 204)
    loaded = load("notification_send_farewell", environments["notification_send_farewell"], program)

    assert sorted(loaded & (CLIENTS | {"asyncio", "sqlite3"})) == []


def test_the_first_push_loads_hardly_more(environments):
    """All that reads a push is there already."""
    environment = environments["notification_send_farewell"]
    first = load("notification_send_farewell", environment)
    second = load("notification_send_farewell", environment, answering(push(FAREWELL, json.dumps(CLOSED)), 204))

    assert sorted(set(ours(second)) - set(ours(first))) == []


def test_a_failure_loads_what_it_needs(environments):
    """What nobody can read is sent to the dead letters; where they cannot be reached, it comes again."""
    environment = environments["notification_send_farewell"] | {"PUBSUB_EMULATOR_HOST": "127.0.0.1:1"}
    environment["CLOUD_TASKS_EMULATOR_HOST"] = "127.0.0.1:1"
    loaded = load("notification_send_farewell", environment, answering(push(FAREWELL, "no envelope"), 503))

    assert "http.client" in loaded
    assert not loaded & {"google", "grpc", "requests"}
