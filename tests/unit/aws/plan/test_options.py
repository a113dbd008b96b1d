"""The options of a project: read once, with every mistake told at once."""

from dataclasses import fields
from typing import Any

import pytest

from examples.enterprise_billing_cycle.app import app
from purista_serverless.adapter import configure
from purista_serverless.adapters import load_adapter
from purista_serverless.adapters.aws.options import FunctionOptions, Options, read_options
from purista_serverless.errors import DeclarationError, InvalidOptions
from purista_serverless.synth.pipeline import render
from tests.unit.aws.plan.translation import adapter_with, templates_of


def test_every_mistake_is_told_at_once(golden):
    """Unknown keys, values out of range and mistakes inside tables are told together, with the fix of each."""
    with pytest.raises(InvalidOptions) as raised:
        read_options(
            {
                "memory": 64,
                "architecture": "sparc",
                "python": "3.9",
                "log-retention": 31,
                "alias": "live-now",
                "canary": "Canary5Percent",
                "snap-start": "yes",
                "archive_days": -1,
                "tags": {"team": 7},
                "functions": {"worker:Shop.1.pack": {"memry": 512, "batch-size": 0}},
                "authoriser": "jwt",
            }
        )

    golden("aws/options.txt", f"{raised.value}\n")


def test_keys_may_be_written_as_toml_has_them():
    """Hyphens and underscores are the same, also in the tables of functions."""
    options = read_options({"log-retention": 90, "functions": {"worker:Shop.1.pack": {"batch-window": 5}}})

    assert options.log_retention == 90
    assert options.of("worker:Shop.1.pack") == FunctionOptions(batch_window=5)
    assert options.of("worker:Shop.1.other") == FunctionOptions()


def test_every_option_can_be_written():
    """There is no option of the adapter that a project's table could not hold."""
    written: dict[str, Any] = {
        "memory": 128,
        "architecture": "x86_64",
        "python": "3.14",
        "log_retention": 7,
        "log_level": "DEBUG",
        "alias": "current",
        "canary": "AllAtOnce",
        "snap_start": True,
        "claim_check": True,
        "archive_days": 1,
        "authorizer": "iam",
        "tenant_claim": "tenant",
        "alarms": False,
        "schedules_apart": True,
        "metrics": True,
        "stacks": "nested",
        "stack_name": "billing-test",
        "parameters": {"Prefix": "test"},
        "tags": {"team": "billing"},
        "functions": {},
    }

    assert set(written) == {one.name for one in fields(Options)}
    assert read_options(written) == Options(**written)


def test_options_that_aws_alone_has_are_refused_elsewhere():
    """An adapter without options says so, instead of reading over them."""
    with pytest.raises(DeclarationError, match="embedded has no options; drop memory"):
        configure(load_adapter("embedded"), {"memory": 512})


def test_samconfig_holds_what_the_project_says_of_its_stack(golden):
    """Name, parameters and tags of the stack stand where `sam deploy` looks for them."""
    adapter = adapter_with(stack_name="billing-test", parameters={"Prefix": "test"}, tags={"team": "billing"})

    golden("aws/samconfig.toml", render(app.model, adapter)["samconfig.toml"])


def test_options_of_a_function_are_its_own():
    """Memory, reserved concurrency and batches of one function leave all others as they are."""
    own: dict[str, Any] = {"memory": 1024, "reserved_concurrency": 7, "batch_size": 20, "batch_window": 3}
    (plain,) = templates_of(app.model, adapter_with()).values()
    (changed,) = templates_of(
        app.model, adapter_with(functions={"subscription:Ledger.1.recordBillingResult": own})
    ).values()
    added = [line.strip() for line in changed.splitlines() if line not in plain.splitlines()]

    assert {"MemorySize: 1024", "ReservedConcurrentExecutions: 7", "BatchSize: 20"} <= set(added)
    assert "MaximumBatchingWindowInSeconds: 3" in added
