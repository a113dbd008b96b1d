"""Nested stacks are run as one with their root."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from purista_serverless.adapters.aws.emulator.emulator import Emulator
from purista_serverless.adapters.aws.stack.outputs import find_stack
from purista_serverless.errors import DeclarationError

pytestmark = pytest.mark.connected

TEMPLATE = Path(__file__).with_name("emulated") / "nested.yaml"


def _discard(name: str, line: str) -> None:
    """Log nothing."""


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """Run a stack with another one in it."""
    with Emulator(TEMPLATE, log=_discard) as running:
        yield running


def received(emulator: Emulator) -> list[str]:
    """Take what is in the queue for letters."""
    url = emulator.physical_id("Letters")
    messages = emulator.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [message["Body"] for message in messages]


def test_parameters_go_in_and_outputs_come_out(emulator):
    """A nested stack is given what the root refers to, and the root refers to its outputs."""
    variables = emulator.functions.find("Answerer").setup.variables

    assert variables == {"BUS": "shared"}
    assert emulator.outputs == {"Jobs": emulator.physical_id("Jobs")}


def test_functions_of_nested_stacks_answer(emulator):
    """A function is found by its own id, by that with the stack's, and by its name."""
    names = ("Answerer", "InnerStack.Answerer", emulator.physical_id("Answerer"))
    answers = [json.loads(emulator.invoke(name, {}).payload)["name"] for name in names]

    assert set(answers) == {emulator.physical_id("Answerer")}


def test_tools_find_the_outputs_of_all_stacks(emulator):
    """What looks for queues in the stack's outputs finds those of nested stacks too."""
    stack = find_stack("emulated", emulator.client("cloudformation"))

    assert stack.queues == {"queue:jobs": emulator.physical_id("Jobs")}
    assert stack.dead_letters == {"queue:jobs": emulator.physical_id("Letters")}


def test_rules_are_told_of_the_deployment(emulator):
    """The end of a stack's deployment is an event, a constant input replaces it, and disabled rules stay silent."""
    entry = {"EventBusName": "shared", "Source": "elsewhere", "DetailType": "any", "Detail": "{}"}
    emulator.client("events").put_events(Entries=[entry])

    assert received(emulator) == ['{"knock": "knock"}']


def test_a_nested_template_that_is_not_there_is_named(tmp_path):
    """A nested stack needs its file, or the error names it."""
    template = tmp_path / "template.yaml"
    template.write_text(TEMPLATE.read_text(encoding="utf-8").replace("inner/inner.yaml", "https://example.com/a.yaml"))

    with pytest.raises(DeclarationError, match="InnerStack"), Emulator(template, log=_discard):
        pass
