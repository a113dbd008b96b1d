"""The program around the commands: help, near names, exit codes, errors."""

import json

import pytest

from purista_serverless.cli.failures import ExitCode, failure_of
from purista_serverless.cli.program import COMMANDS
from purista_serverless.cli.reference import commands
from purista_serverless.errors import (
    BoundExceeded,
    CheckFailed,
    DeclarationError,
    HandledError,
    InvalidPayload,
    MissingExtra,
    StaleFiles,
    Unavailable,
    UnknownAdapter,
)


def test_the_help_lists_commands_and_exit_codes(cli, golden):
    """A newcomer sees every command with one line, and what the exit codes mean."""
    shown = cli("--help")

    assert shown.code == 0
    assert all(f"  {name}" in shown.out for name in COMMANDS)
    assert "..." not in shown.out.partition("Commands:")[2]
    golden("cli/help.txt", shown.out)


@pytest.mark.parametrize("name", [name for name, _ in commands()])
def test_every_command_has_help_with_an_example(cli, name):
    """Each command explains itself, and shows a command line that begins with itself."""
    shown = cli(*name.split(), "--help")

    assert shown.code == 0
    assert f"Example:\n  purista-serverless {name} " in f"{shown.out.rstrip()} "
    assert "--json" in shown.out
    assert "--debug" in shown.out


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["shedules"], "did you mean 'schedules'?"),
        (["jobs", "lst"], "did you mean 'list'?"),
        (["jobs", "xyzzy"], "known: list, show, cancel, metrics, leases"),
        (["enqueue", "shop.pakcing"], "did you mean 'shop.packing'?"),
        (["emit", "shop.shiped"], "did you mean 'shop.shipped'?"),
        (["invoke", "plac"], "did you mean 'place'?"),
        (["work", "--queue", "shop.mail"], "did you mean 'shop.mails'?"),
        (["schedules", "next", "Shop.1.wekly"], "did you mean 'Shop.1.weekly'?"),
        (["schedules", "trigger", "xyzzy"], "known: Shop.1.hourly, Shop.1.weekly"),
        (["check", "--provider", "embeded"], "did you mean 'embedded'?"),
    ],
)
def test_a_wrong_name_is_answered_with_the_nearest(cli, arguments, hint):
    """A name that does not exist is a usage error that tells which one was probably meant."""
    failed = cli(*arguments)

    assert failed.code == ExitCode.USAGE
    assert hint in failed.err
    assert failed.out == ""


def test_an_unknown_option_is_a_usage_error(cli):
    """Options are checked before anything is loaded."""
    failed = cli("run", "--prot", "80", app="no.such:app")

    assert failed.code == ExitCode.USAGE
    assert "--port" in failed.err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (HandledError(404), ExitCode.FINDINGS),
        (CheckFailed("embedded", []), ExitCode.FINDINGS),
        (StaleFiles(["a.py"]), ExitCode.FINDINGS),
        (InvalidPayload("payload of x", [{"path": "", "message": "no"}]), ExitCode.USAGE),
        (BoundExceeded("q", "max_delay", 2, 1), ExitCode.USAGE),
        (UnknownAdapter("x", []), ExitCode.USAGE),
        (Unavailable("no"), ExitCode.UNAVAILABLE),
        (PermissionError(13, "Permission denied", "shop.db"), ExitCode.UNAVAILABLE),
        (DeclarationError("no"), ExitCode.APPLICATION),
        (MissingExtra("uvicorn", "http"), ExitCode.APPLICATION),
        (ZeroDivisionError("division by zero"), ExitCode.UNEXPECTED),
    ],
)
def test_each_kind_of_error_has_its_exit_code(error, code):
    """Programs tell findings, usage, availability, applications and defects apart."""
    failure = failure_of(error)

    assert failure.code == code
    assert failure.block().startswith("error: ")
    assert failure.shape()["error"]["exitCode"] == code


def test_an_invalid_payload_names_its_fields(cli, golden):
    """A payload that does not match names each field, in text and as JSON, and nothing is enqueued."""
    text = cli("enqueue", "shop.packing", '{"sku": 3}')
    shape = cli("enqueue", "shop.packing", '{"sku": 3}', "--json")

    assert (text.code, shape.code) == (ExitCode.USAGE, ExitCode.USAGE)
    assert json.loads(shape.err)["error"]["exitCode"] == ExitCode.USAGE
    golden("cli/invalid-payload.txt", text.err)


def test_an_unexpected_error_is_short_unless_debug(cli):
    """A defect is one block with its place; --debug adds the traceback, and the exit code stays."""
    application = "tests.unit.cli.broken:app"

    short, long = cli("graph", app=application), cli("graph", "--debug", app=application)

    assert (short.code, long.code) == (ExitCode.APPLICATION, ExitCode.APPLICATION)
    assert "Traceback" not in short.err
    assert "ZeroDivisionError: " in short.err
    assert "broken.py:3" in short.err
    assert "Traceback" in long.err


@pytest.mark.parametrize(
    ("reference", "code", "text"),
    [
        ("tests.unit.cli.shop", ExitCode.USAGE, "is no module:attribute"),
        ("tests.unit.cli.shop:ap", ExitCode.APPLICATION, "has no attribute 'ap'"),
        ("tests.unit.cli.nowhere:app", ExitCode.APPLICATION, "No module named 'tests.unit.cli.nowhere'"),
        ("tests.unit.cli.shop:not_an_application", ExitCode.APPLICATION, "is str, not an Application"),
        ("tests.unit.cli.contradictory:app", ExitCode.APPLICATION, "contradictory.py"),
        ("tests.unit.cli.refusing:app", ExitCode.APPLICATION, "HandledError: not today"),
        ("tests.unit.cli.leaving:app", ExitCode.APPLICATION, "SystemExit: not configured"),
    ],
)
def test_an_application_that_cannot_be_loaded_says_why(cli, reference, code, text):
    """A wrong reference and wrong declarations end with what is wrong, and never with a traceback."""
    failed = cli("graph", app=reference)

    assert failed.code == code
    assert text in failed.err
    assert "Traceback" not in failed.err


def test_version(cli):
    """The version is that of the package."""
    import purista_serverless

    assert cli("--version").out == f"purista-serverless {purista_serverless.__version__}\n"
