"""What the example's functions load on Lambda: proven in fresh interpreters, by names and counts of modules."""

import json

import pytest

from tests.cold.interpreter import ROOT, modules_after

LAMBDA = {"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001", "AWS_REGION": "eu-central-1"}

# Modules of this package that a function loads in its init phase, without the clients that its template may ask for.
# Pinned, so that growth is a decision.
BUDGETS = {
    "billing_bind_monthly_cycle_due_to_monthly_closing": 50,
    "billing_close_account": 44,
    "billing_close_cycle": 51,
    "billing_gate_monthly_billing_cycle": 59,
    "ledger_record_billing_result": 51,
    "notification_alert_operations": 51,
    "notification_send_farewell": 51,
    "notification_send_statements": 51,
}
NEVER = frozenset(
    {
        "aws_lambda_powertools",
        "boto3",
        "botocore",
        "moto",
        "purista_serverless.adapters.aws.metrics",
        "purista_serverless.adapters.embedded",
        "purista_serverless.application",
        "purista_serverless.builder.compile",
        "purista_serverless.exports",
        "purista_serverless.model",
        "purista_serverless.runtime.assembly",
        "purista_serverless.runtime.client",
        "purista_serverless.synth",
        "purista_serverless.testing",
        "purista_serverless.topology",
        "sqlite3",
        "starlette",
        "yaml",
    }
)


def ours(loaded: frozenset[str]) -> list[str]:
    """Give the modules of this package."""
    return sorted(name for name in loaded if name.partition(".")[0] == "purista_serverless")


def test_every_generated_handler_has_its_budget():
    """A new function is measured like the others."""
    assert {path.stem for path in (ROOT / "handlers").glob("*.py")} == set(BUDGETS)


@pytest.mark.parametrize("handler", BUDGETS)
def test_the_init_phase_loads_what_the_function_needs(handler):
    """No SDK, no build tooling, no other adapter; an event loop only for an ``async def``."""
    loaded = modules_after(f"import handlers.{handler}", env=LAMBDA)

    assert sorted(loaded & NEVER) == []
    assert len(ours(loaded)) <= BUDGETS[handler], ours(loaded)
    if handler != "billing_close_cycle":
        assert not loaded & {"asyncio", "concurrent.futures", "logging"}


def test_the_first_request_loads_hardly_more():
    """A refusal is answered with what is there already; only what reads path and query comes along."""
    request = json.loads((ROOT / "tests" / "events" / "aws" / "http_api_v2_jwt.json").read_text(encoding="utf-8"))
    request |= {"body": '{"reason": "moved"}', "pathParameters": {"accountId": "nobody"}}
    first = modules_after("import handlers.billing_close_account", env=LAMBDA)
    second = modules_after(
        "import json, handlers.billing_close_account as generated\n"
        f"answer = generated.handler(json.loads({json.dumps(request)!r}), None)\n"
        "assert answer['statusCode'] == 404, answer",
        env=LAMBDA,
    )

    assert sorted(second & NEVER) == []
    assert set(ours(second)) - set(ours(first)) == {
        "purista_serverless.schema.contract",
        "purista_serverless.schema.query",
    }
