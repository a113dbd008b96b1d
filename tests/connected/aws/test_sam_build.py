"""What `sam build` makes of the example: folders that run by themselves."""

import json
import shutil
from pathlib import Path

import pytest

from purista_serverless.adapters.aws.emulator.environment import Environment, FunctionSetup
from purista_serverless.adapters.aws.emulator.template import load_template
from purista_serverless.emulation.clock import WallClock
from tests.connected.aws.sam import Sam
from tests.connected.aws.tools import CREDENTIALS, REGION, tool
from tests.connected.copies import copy_repository

# One process builds for all of them.
pytestmark = pytest.mark.connected

EVENTS = Path(__file__).with_name("events")
NO_FAILURES: dict[str, list[str]] = {"batchItemFailures": []}


@pytest.fixture(scope="module")
def functions(tmp_path_factory):
    """Build the example and give the setup of each function, by its handler; what it was built from is gone then."""
    source, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("built")
    copy_repository(source)
    shutil.copytree(Sam(source).build(), built, dirs_exist_ok=True)
    shutil.rmtree(source)
    template = load_template(built / "template.yaml", {}, REGION)
    resources = template.section("Resources")
    return {
        resources[id]["Properties"]["Handler"]: FunctionSetup(
            name=id,
            arn=f"arn:aws:lambda:{REGION}:123456789012:function:{id}",
            handler=resources[id]["Properties"]["Handler"],
            code=folder,
            timeout=10,
            log_format="JSON",
            variables=dict.fromkeys(resources[id]["Properties"].get("Environment", {}).get("Variables", {}), "{}"),
        )
        for id, folder in template.code.items()
    }


@pytest.mark.parametrize(
    ("handler", "event", "expected"),
    [
        ("billing_bind_monthly_cycle_due_to_monthly_closing", "nothing_to_do", NO_FAILURES),
        ("billing_close_account", "close_unknown_account", {"statusCode": 404}),
        ("billing_close_cycle", "nothing_to_do", NO_FAILURES),
        ("billing_gate_monthly_billing_cycle", "nothing_to_do", NO_FAILURES),
        ("ledger_record_billing_result", "cycle_closed", NO_FAILURES),
        ("notification_alert_operations", "nothing_to_do", NO_FAILURES),
        ("notification_send_farewell", "nothing_to_do", NO_FAILURES),
        ("notification_send_statements", "cycle_closed", NO_FAILURES),
    ],
)
def test_a_built_function_handles_a_recorded_event(functions, handler, event, expected):
    """A fresh interpreter, with Lambda's runtime client and the folder of the build alone, answers the event."""
    said: list[str] = []
    environment = Environment(
        functions[f"handlers.{handler}.handler"],
        WallClock(),
        {**CREDENTIALS, "AWS_REGION": REGION},
        python=str(tool("lambda", "python")),
        log=lambda _, line: said.append(line),
    )
    try:
        answer = environment.invoke((EVENTS / f"{event}.json").read_bytes())
    finally:
        environment.stop()

    assert answer.error_type is None, (answer, said)
    assert expected.items() <= json.loads(answer.payload).items()


def test_every_function_is_built(functions):
    """The build has a folder for each handler of the repository."""
    handlers = {f"handlers.{path.stem}.handler" for path in (Path(__file__).parents[3] / "handlers").glob("*.py")}

    assert set(functions) == handlers
