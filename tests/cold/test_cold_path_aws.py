"""What the example's functions load on Lambda, in the environments that the committed template gives them."""

import json
import re

import pytest

from tests.cold.interpreter import ROOT, modules_after
from tests.cold.test_cold_path import ASYNC, FORBIDDEN, HANDLERS, is_async, ours

# Without credentials, wherever the tests run: no request leaves.
RUNTIME = {
    "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "none",
    "AWS_SHARED_CREDENTIALS_FILE": "none",
}

# What makes a client in the init phase; a function that has none of them sends nothing when all goes well.
SENDING = frozenset({"PURISTA_EVENT_BUS", "PURISTA_COMMANDS", "PURISTA_LEDGER"})

# The build half, the tools and the emulator, wherever they live in the adapter.
BUILD_HALF = ("checks", "compare", "descriptor", "emulator", "limits", "options", "plan", "render", "stack")

SDK = frozenset({"boto3", "botocore", "s3transfer", "urllib3"})

# Modules of this package that importing a generated handler loads on Lambda; pinned, so that growth is a decision.
BUDGETS = {
    "billing_bind_monthly_cycle_due_to_monthly_closing": 54,
    "billing_close_account": 48,
    "billing_close_cycle": 55,
    "billing_gate_monthly_billing_cycle": 63,
    "ledger_record_billing_result": 51,
    "notification_alert_operations": 51,
    "notification_send_farewell": 51,
    "notification_send_statements": 51,
}

# What an envelope brings to a subscription, and the batch that EventBridge's event is in.
ENVELOPE = {
    "id": "m1",
    "timestamp": 0,
    "messageType": "customMessage",
    "eventName": "billing.accountClosed",
    "payload": {"accountId": "a1", "closedOn": "2026-11-20", "reason": "moved"},
}


def variables_of(stem: str) -> dict[str, str]:
    """Give a function's own variables as the template has them; what only a stack knows stays as it is written."""
    _, _, block = (ROOT / "template.yaml").read_text(encoding="utf-8").partition(f"Handler: handlers.{stem}.handler\n")
    found = re.findall(r"^ +(PURISTA_\w+): (?:!Sub '(.*)'|!Ref (\w+))$", block.partition(" Handler: ")[0], re.MULTILINE)
    return {name: text or reference for name, text, reference in found}


def load(stem: str, then: str = "") -> frozenset[str]:
    """Import one generated file as Lambda does."""
    return modules_after(f"import handlers.{stem} as generated\n{then}", env={**RUNTIME, **variables_of(stem)})


def is_sending(stem: str) -> bool:
    """Say whether a function sends or writes something when all goes well."""
    return bool(SENDING & variables_of(stem).keys())


def failures_of(queue: str, detail: object) -> str:
    """Give a program that hands a batch of one event to a function, as SQS delivers what a rule has sent it.

    What it knows in the end as ``failed`` are the records that come again.
    """
    event = {"version": "0", "id": "e1", "detail-type": "billing.accountClosed", "source": "purista.billing"}
    record = {
        "messageId": "1",
        "receiptHandle": "1",
        "body": json.dumps({**event, "time": "2026-11-20T12:00:00Z", "detail": detail}),
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "0"},
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:eu-central-1:123456789012:{queue}",
    }
    return (
        "class Context:\n    def get_remaining_time_in_millis(self):\n        return 30_000\n"
        f"failed = generated.handler({ {'Records': [record]}!r}, Context())['batchItemFailures']\n"
    )


def test_every_handler_has_its_budget():
    """No function is forgotten when one is added."""
    assert sorted(BUDGETS) == [path.stem for path in HANDLERS]


@pytest.mark.parametrize("path", HANDLERS, ids=lambda path: path.stem)
def test_a_function_on_lambda_loads_its_run_time_half_only(path):
    """Neither the build nor tools nor the emulator, no other adapter, and never boto3: clients are botocore's."""
    loaded = load(path.stem)
    adapters = {name.removeprefix("purista_serverless.adapters.") for name in loaded if ".adapters." in name}
    allowed = ASYNC if is_async(path) else frozenset()
    allowed |= {"botocore", "concurrent.futures", "logging"} if is_sending(path.stem) else frozenset()
    # A gate computes slots.
    allowed |= {name for name in FORBIDDEN if ".schedule." in name} if "_gate_" in path.stem else frozenset()

    assert {name.partition(".")[0] for name in adapters} == {"aws"}
    assert not [name for name in adapters if name.split(".")[1:2] and name.split(".")[1] in BUILD_HALF]
    assert sorted(loaded & (FORBIDDEN - allowed)) == []
    assert "boto3" not in loaded
    assert len(ours(loaded)) <= BUDGETS[path.stem], ours(loaded)


@pytest.mark.parametrize("path", HANDLERS, ids=lambda path: path.stem)
def test_only_a_function_that_sends_loads_an_sdk(path):
    """A client is made in the init phase where a success needs one, and nowhere else."""
    assert bool(load(path.stem) & SDK) == is_sending(path.stem)


def test_a_success_that_sends_nothing_loads_no_sdk():
    """What only a failure needs is left alone."""
    loaded = load("notification_send_farewell", f"{failures_of('farewell', ENVELOPE)}assert not failed")

    assert sorted(loaded & (SDK | {"asyncio", "sqlite3"})) == []


def test_a_failure_loads_what_it_needs():
    """A body that nobody can read is sent to the dead letters; without credentials it comes again."""
    loaded = load("notification_send_farewell", f"{failures_of('farewell', 'no envelope')}assert failed")

    assert "botocore" in loaded
