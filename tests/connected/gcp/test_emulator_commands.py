"""The command line of the emulator: `emulate gcp`, and `invoke --provider gcp`."""

import json
import re
import signal
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator

import pytest

from purista_serverless.adapters.gcp.emulator.installation import FIRESTORE, PUBSUB, command_of
from purista_serverless.cli.failures import ExitCode
from purista_serverless.errors import MissingTool
from tests.connected.copies import copy_repository
from tests.connected.programs import Program, ended, line, start

pytestmark = pytest.mark.connected

CLOSING = "/accounts/nobody/close"


@pytest.fixture
def program() -> Iterator[list[Program]]:
    """Hold the processes that a test starts, and end those that it leaves."""
    with ended([]) as programs:
        yield programs


@pytest.fixture
def emulators() -> None:
    """Skip where Google's emulators are missing."""
    try:
        command_of(PUBSUB)
        command_of(FIRESTORE)
    except MissingTool as error:
        pytest.skip(str(error))


def without_ports(text: str) -> str:
    """Give a text with the ports of this machine left out."""
    return re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", text)


@pytest.mark.usefixtures("emulators")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_application_is_served_until_a_signal(program, golden, number):
    """It tells its addresses, serves the application, and ends with everything that it started."""
    process = start(program, "emulate", "gcp", "--port", "0", "--json")
    head = line(process)
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(f"{head['http']}{CLOSING}", data=b"{}")  # noqa: S310 - of this machine
    process.send_signal(number)
    out, _ = process.communicate(timeout=60)

    assert (process.returncode, out) == (0, '{"state": "stopping"}\n{"state": "stopped"}\n')
    for address in (head["http"], f"http://{head['variables']['FIRESTORE_EMULATOR_HOST']}"):
        with pytest.raises(urllib.error.URLError):
            urllib.request.urlopen(address)  # noqa: S310 - of this machine
    golden("cli/emulate-gcp.json", without_ports(json.dumps(head)) + "\n")


@pytest.mark.usefixtures("emulators")
def test_its_text(program, golden):
    """People read where the emulators are and what runs, and how to stop it."""
    process = start(program, "emulate", "gcp", "--port", "0")
    assert process.stdout is not None
    head = "".join(iter(process.stdout.readline, "serving; stop with Ctrl+C\n"))
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=60)

    golden("cli/emulate-gcp.txt", f"{without_ports(head)}serving; stop with Ctrl+C\n{rest}")


@pytest.mark.usefixtures("emulators")
def test_durations_move_the_virtual_clock(program):
    """Each duration on standard input moves the clock, and what was due in between has happened."""
    options = ("--clock", "virtual", "--start", "2026-01-15T00:00:00Z")
    process = start(program, "emulate", "gcp", "--port", "0", "--json", *options)
    head = line(process)
    assert process.stdin is not None
    process.stdin.write("soon\n31d\n")
    process.stdin.flush()
    moved = line(process)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)

    assert head["clock"] == "virtual"
    assert moved["now"].startswith("2026-02-15T00:0")
    assert "'soon' is no duration" in err


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["--start", "2026-01-01T00:00:00Z"], ExitCode.USAGE, "--clock virtual"),
        (["--variable", "region"], ExitCode.USAGE, "NAME=VALUE"),
        (["--identity", "[]"], ExitCode.USAGE, "no JSON object"),
        (["--app", "examples.enterprise_billing_cycle.app:nothing"], ExitCode.APPLICATION, "nothing"),
    ],
)
def test_what_is_wrong_is_told_in_one_block(program, arguments, code, text):
    """Options are checked before anything starts."""
    process = start(program, "emulate", "gcp", "--port", "0", *arguments)
    _, err = process.communicate(timeout=60)

    assert process.returncode == code
    assert text in err
    assert "Traceback" not in err


def test_handlers_that_a_build_would_change_are_not_run(program, tmp_path):
    """What runs is what was built: a handler that is missing is named."""
    copy_repository(tmp_path)
    (tmp_path / "handlers" / "billing_close_account.py").unlink()
    process = start(program, "emulate", "gcp", "--port", "0", folder=tmp_path)
    _, err = process.communicate(timeout=60)

    assert process.returncode == ExitCode.FINDINGS
    assert "handlers/billing_close_account.py" in err


@pytest.mark.parametrize(
    "body", [{"body": '{"reason": "moved"}'}, {"bodyBase64": b64encode(b'{"reason": "moved"}').decode()}]
)
def test_one_handler_runs_on_one_request(program, tmp_path, body):
    """A generated handler answers a recorded request as it would on Cloud Run."""
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"path": CLOSING, "headers": {"Content-Type": "application/json"}, **body}))
    process = start(program, "invoke", "billing_close_account", "--provider", "gcp", "--event", event, "--json")
    out, err = process.communicate(timeout=60)

    assert process.returncode == 0, err
    answer = json.loads(out)["result"]
    assert (answer["status"], answer["body"]["status"]) == (401, 401)


def test_a_handler_that_fails_is_told(program, tmp_path):
    """A function that lacks what its deployment gives it ends with its status, and with the code for findings."""
    event = tmp_path / "event.json"
    claims = b64encode(b'{"email": "ann@example.com"}').decode().rstrip("=")
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer e30.{claims}.SIGNATURE_REMOVED_BY_GOOGLE"}
    event.write_text(json.dumps({"path": "/accounts/acme/close", "headers": headers, "body": '{"reason": "moved"}'}))
    process = start(program, "invoke", "billing_close_account", "--provider", "gcp", "--event", event)
    _, err = process.communicate(timeout=60)

    assert process.returncode == ExitCode.FINDINGS
    assert "error: 500" in err
    assert "handlers/billing_close_account.py" in err


@pytest.mark.parametrize(
    ("content", "arguments", "text"),
    [
        ("[]", ["billing_close_account", "--provider", "gcp", "--event", "EVENT"], "the event is no request"),
        ("{}", ["billing_close_account", "--provider", "gcp", "--event", "EVENT"], '"path": "/"'),
        ("{}", ["billing_close_acount", "--provider", "gcp", "--event", "EVENT"], "did you mean"),
        ("{}", ["billing_close_account", "--provider", "gcp"], "belong together"),
    ],
)
def test_a_wrong_call_is_a_usage_error(program, tmp_path, content, arguments, text):
    """What is no request says how to write one, and a handler that does not exist is answered with the nearest."""
    event = tmp_path / "event.json"
    event.write_text(content)
    process = start(program, "invoke", *(event if one == "EVENT" else one for one in arguments))
    _, err = process.communicate(timeout=60)

    assert process.returncode == ExitCode.USAGE
    assert text in err
