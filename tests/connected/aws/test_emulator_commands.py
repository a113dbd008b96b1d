"""The command line of the emulator: `emulate aws`, and `invoke --provider aws`."""

import json
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from purista_serverless.cli.failures import ExitCode
from tests.connected.programs import Program, ended, line, start

pytestmark = pytest.mark.connected

TEMPLATE = Path(__file__).with_name("emulated") / "stub.yaml"
ADDRESS = "http://127.0.0.1:PORT"


@pytest.fixture
def program() -> Iterator[list[Program]]:
    """Hold the processes that a test starts, and end those that it leaves."""
    with ended([]) as programs:
        yield programs


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stack_is_served_until_a_signal(program, golden, number):
    """It tells its endpoints, serves the stack, and ends with everything that it started."""
    process = start(program, "emulate", "aws", "--template", TEMPLATE, "--port", "0", "--json")
    head = line(process)
    with urllib.request.urlopen(f"{head['http']}/open") as response:  # noqa: S310 - of this machine
        opened = response.status
    process.send_signal(number)
    out, _ = process.communicate(timeout=60)

    assert opened == 201
    assert (process.returncode, out) == (0, '{"state": "stopping"}\n{"state": "stopped"}\n')
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(head["endpoint"])  # noqa: S310 - of this machine
    shown = {**head, "endpoint": ADDRESS, "http": ADDRESS}
    golden("cli/emulate-aws.json", json.dumps(shown) + "\n")


def test_its_text(program, golden):
    """People read where the endpoints are and what runs, and how to stop it."""
    process = start(program, "emulate", "aws", "--template", TEMPLATE, "--port", "0")
    assert process.stdout is not None
    head = "".join(iter(process.stdout.readline, "serving; stop with Ctrl+C\n"))
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=60)
    ports = [text.rpartition(":")[2] for text in head.split() if text.startswith("http://127.0.0.1:")]

    for port in ports:
        head = head.replace(port, "PORT")
    golden("cli/emulate-aws.txt", f"{head}serving; stop with Ctrl+C\n{rest}")


def test_durations_move_the_virtual_clock(program):
    """Each duration on standard input moves the clock, and a wrong one says so and moves nothing."""
    process = start(
        program, "emulate", "aws", "--template", TEMPLATE, "--port", "0", "--json",
        "--clock", "virtual", "--start", "2026-01-01T00:00:00Z",
    )  # fmt: skip
    head = line(process)
    assert process.stdin is not None
    process.stdin.write("soon\n31d\n")
    process.stdin.flush()
    moved = line(process)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)

    assert head["clock"] == "virtual"
    assert moved["now"].startswith("2026-02-01T00:00")
    assert "'soon' is no duration" in err


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["--start", "2026-01-01T00:00:00Z"], ExitCode.USAGE, "--clock virtual"),
        (["--parameter", "Visibility"], ExitCode.USAGE, "NAME=VALUE"),
        (["--identity", "[]"], ExitCode.USAGE, "no JSON object"),
        (["--template", "CHANGELOG.md"], ExitCode.APPLICATION, "CHANGELOG.md is no "),
    ],
)
def test_what_is_wrong_is_told_in_one_block(program, arguments, code, text):
    """Options are checked before anything starts, and what is no template is named."""
    process = start(program, "emulate", "aws", "--template", TEMPLATE, "--port", "0", *arguments)
    _, err = process.communicate(timeout=60)

    assert process.returncode == code
    assert text in err
    assert "Traceback" not in err


def test_one_handler_runs_on_one_event(program, tmp_path):
    """A generated handler answers a raw event as it would on Lambda."""
    event = tmp_path / "event.json"
    event.write_text(json.dumps(request_of({"accountId": "nobody"}, {"reason": "moved"})))
    process = start(program, "invoke", "billing_close_account", "--provider", "aws", "--event", event, "--json")
    out, err = process.communicate(timeout=60)

    assert process.returncode == 0, err
    answer = json.loads(out)["result"]
    assert (answer["statusCode"], json.loads(answer["body"])["status"]) == (401, 401)


def test_a_handler_that_fails_is_told(program, tmp_path):
    """An event that is none ends with what the runtime client reports, and with the code for findings."""
    event = tmp_path / "event.json"
    event.write_text("[]")
    process = start(program, "invoke", "billing_close_account", "--provider", "aws", "--event", event)
    _, err = process.communicate(timeout=60)

    assert process.returncode == ExitCode.FINDINGS
    assert "handlers/billing_close_account.py" in err


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["billing_close_acount", "--provider", "aws", "--event", "EVENT"], "did you mean 'billing_close_account'"),
        (["billing_close_account", "--provider", "aws"], "belong together"),
        (["closeAccount", "--event", "EVENT"], "belong together"),
        (["billing_close_account", "{}", "--provider", "aws", "--event", "EVENT"], "leave out payload"),
    ],
)
def test_a_wrong_call_is_a_usage_error(program, tmp_path, arguments, text):
    """A handler that does not exist is answered with the nearest, and options that belong together are named."""
    event = tmp_path / "event.json"
    event.write_text("{}")
    process = start(program, "invoke", *(event if one == "EVENT" else one for one in arguments))
    _, err = process.communicate(timeout=60)

    assert process.returncode == ExitCode.USAGE
    assert text in err


def request_of(parameters, body):
    """Make the event of a request to the route that closes an account, from nobody."""
    return {
        "version": "2.0",
        "routeKey": "POST /accounts/{accountId}/close",
        "rawPath": f"/accounts/{parameters['accountId']}/close",
        "rawQueryString": "",
        "headers": {"content-type": "application/json"},
        "pathParameters": parameters,
        "requestContext": {
            "http": {"method": "POST", "path": "/accounts/nobody/close", "sourceIp": "127.0.0.1"},
            "requestId": "r",
            "stage": "$default",
        },
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }
