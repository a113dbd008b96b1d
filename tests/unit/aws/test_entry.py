"""The function that Lambda calls: what it is, and what it loads."""

import json

import pytest

from purista_serverless.errors import BadEvent, DeclarationError
from purista_serverless.runtime.entry import Entry, entry
from tests.cold.interpreter import modules_after
from tests.unit.aws.wire import Deployed, batch, load, record
from tests.unit.deployed import TOPOLOGY, entry_of

LAMBDA = {
    "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001",
    "AWS_REGION": "eu-central-1",
    "AWS_DEFAULT_REGION": "eu-central-1",
}


@pytest.mark.parametrize("function", [function.name for function in TOPOLOGY.functions])
def test_every_function_is_bound_to_a_plain_handler(function):
    """Platforms look for a function of this name; it is never ``async``."""
    handler = Deployed(function).handler

    assert (type(handler).__name__, handler.__name__) == ("function", "handler")
    assert not handler.__code__.co_flags & 0x80


@pytest.mark.parametrize("function", [function.name for function in TOPOLOGY.functions])
@pytest.mark.parametrize("event", [{}, [], None, "text", {"Records": None}, {"requestContext": {}}])
def test_an_event_of_no_kind_is_an_error_of_the_invocation(function, event):
    """Every function says so of whatever it cannot be started by."""
    with pytest.raises(BadEvent):
        Deployed(function)(event)


def test_a_platform_is_told_by_its_variables(monkeypatch):
    """The generated file names no cloud: Lambda's own variable chooses the entry, which has its ports made."""
    for name, value in LAMBDA.items():
        monkeypatch.setenv(name, value)
    handler = entry("tests.unit.aws.shop:echo", "command:Shop.1.plain")
    command = {**load("invoke_command"), "receiver": None, "payload": {"payload": {"text": "x"}}}

    assert handler(command, None)["payload"] == {"text": "x"}


def test_a_gate_is_knocked_at_through_its_queue():
    """A slot that is due starts its run; the event is published with the run's own id."""
    function = Deployed("gate:Shop.1.monthly")

    assert function(load("scheduler_slot_at_gate")) == {"batchItemFailures": []}
    (event,) = function.published()
    assert (event.event_name, event.payload) == ("shop.ordered", b'{"text":"2027-01"}')


def test_a_bad_knock_is_a_dead_letter_of_the_schedule():
    """The edge of the letter is the schedule's, where the tools look for it."""
    function = Deployed("gate:Shop.1.monthly")
    function(batch(record("no knock")))

    assert [letter.edge for letter in function.letters()] == ["schedule:Shop.1.monthly"]


def test_a_generated_file_that_is_older_than_its_service_is_refused():
    """It is told in the init phase, before any event is taken."""
    from purista_serverless.adapters.aws.entry import bind

    with pytest.raises(DeclarationError, match="run the build again"):
        bind(Entry("tests.unit.aws.shop:shop", ("binding:shop.ordered:shop.gone",), {}), {})


def cold(function: str, environment: dict[str, str], event: str = "") -> frozenset[str]:
    """Give what a function of the shop loads in a fresh interpreter, with its first event if one is given."""
    found = entry_of(TOPOLOGY.function(function))
    arguments = ", ".join(repr(text) for text in (found.target, *found.triggers))
    facts = "".join(f", {name}={value!r}" for name, value in found.facts.items())
    code = f"from purista_serverless.runtime.entry import entry\nhandler = entry({arguments}{facts})\n"
    if event:
        code += f"import json\nprint(handler(json.loads({event!r}), None))\n"
    return modules_after(code, env={**LAMBDA, **environment})


def test_a_command_that_sends_nothing_loads_no_sdk():
    """Neither in its init phase nor with a request, however it came."""
    request = json.dumps({**load("http_api_v2_jwt"), "body": '{"text": "x"}', "pathParameters": {}})
    loaded = cold("command:Shop.1.look", {}, request)

    assert not loaded & {"boto3", "botocore", "asyncio", "logging", "sqlite3", "aws_lambda_powertools"}


@pytest.mark.parametrize(
    ("function", "foreign"),
    [
        ("command:Shop.1.plain", {"gateway", "batch", "direct", "codecs.http", "codecs.sqs"}),
        ("command:Shop.1.look", {"batch", "direct", "codecs.sqs"}),
        ("worker:Shop.1.pack", {"gateway", "command", "codecs.http"}),
        ("subscription:Shop.1.listen", {"gateway", "command", "codecs.http"}),
    ],
)
def test_a_function_loads_what_its_triggers_need(function, foreign):
    """No codec of another kind of event, and nothing of the build."""
    loaded = cold(function, {})

    assert not loaded & {f"purista_serverless.adapters.aws.{name}" for name in foreign}
    assert not {name for name in loaded if name.startswith("purista_serverless.adapters.embedded")}
    assert not loaded & {"purista_serverless.model", "purista_serverless.topology", "boto3", "botocore"}


@pytest.mark.parametrize(
    ("function", "environment"),
    [
        ("command:Shop.1.note", {"PURISTA_EVENT_BUS": "shop"}),
        ("command:Shop.1.export", {"PURISTA_QUEUES": '{"queue:shop.rounds": "https://sqs/1/rounds"}'}),
        ("worker:Shop.1.goRound", {"PURISTA_LEDGER": "records"}),
        ("command:Shop.1.ask", {"PURISTA_COMMANDS": '{"Shop.1.note": "note"}'}),
    ],
)
def test_clients_of_the_success_path_are_made_in_the_init_phase(function, environment):
    """What the template grants is loaded before the first event, where a function has the most of its processor."""
    assert "botocore" in cold(function, environment)


def test_the_client_of_the_failure_path_is_not_made_in_the_init_phase():
    """A worker that sends nothing needs SQS only when something fails."""
    own = {"PURISTA_QUEUES": '{"queue:shop.packing": "https://sqs/1/packing"}'}
    letters = {"PURISTA_DEAD_LETTERS": '{"queue:shop.packing": "https://sqs/1/packing-dead"}'}

    assert "botocore" not in cold("worker:Shop.1.pack", {**own, **letters})


COPIED = """
import json, os
from purista_serverless.runtime.entry import entry
handler = entry("tests.unit.aws.shop:look_at", "command:Shop.1.look", "http:GET /latest")
from purista_serverless.runtime import ids
# With these every copy of the process would go on.
common = set(ids._pool)
assert common
from snapshot_restore_py import get_after_restore
for hook, given, named in get_after_restore():
    hook(*given, **named)
answer = handler(json.loads(os.environ["EVENT"]), None)
assert answer["statusCode"] == 200
assert answer["headers"]["x-correlation-id"] not in common
"""


def test_a_process_that_starts_from_a_snapshot_has_ids_of_its_own():
    """All that start from one have the same memory; what they are asked for would have the same id, and be dropped."""
    event = json.dumps(load("http_api_v2_jwt"))
    env = {**LAMBDA, "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start", "EVENT": event}

    assert "purista_serverless.runtime.ids" in modules_after(COPIED, env=env)
