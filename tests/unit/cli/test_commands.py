"""Commands that look at declarations and send messages: their text and their JSON."""

import json
from pathlib import Path

import pytest

from purista_serverless.adapters.embedded.host import Host
from purista_serverless.adapters.embedded.jobs import list_jobs
from purista_serverless.cli.failures import ExitCode
from tests.unit.cli import shop

ORDER = '{"sku": "tea", "count": 2}'

# Commands whose output depends on nothing but the application, and on the order of ids.
SHOWN = {
    "check": ("check", "--provider", "purista_serverless.testing.descriptors:IDEAL"),
    "graph": ("graph",),
    "invoke": ("invoke", "place", ORDER),
    "emit": ("emit", "shop.shipped", ORDER),
    "enqueue": ("enqueue", "shop.packing", ORDER, "--delay", "1h30m", "--priority", "2"),
    "schedules-list": ("schedules", "list"),
    "schedules-trigger": ("schedules", "trigger", "Shop.1.weekly"),
}


@pytest.mark.parametrize("name", SHOWN)
def test_text_and_json(cli, golden, name):
    """People and programs are shown the same."""
    text, shape = cli(*SHOWN[name]), cli(*SHOWN[name], "--json")

    assert (text.code, text.err) == (0, "")
    assert (shape.code, shape.err) == (0, "")
    json.loads(shape.out)
    golden(f"cli/{name}.txt", text.out)
    golden(f"cli/{name}.json", shape.out)


def test_the_next_slots(cli, golden):
    """Slots are told in the schedule's own zone and in UTC; on 29 March 2026 the clocks of Berlin go forward."""
    command = ("schedules", "next", "--count", "3", "--after", "2026-03-20T00:00:00Z")

    golden("cli/schedules-next.txt", cli(*command).raw)
    golden("cli/schedules-next.json", cli(*command, "--json").raw)


def jobs_in(database: Path):
    """Look at all jobs of the shop."""
    with Host(shop.app, database) as host:
        return list_jobs(host)


def test_a_payload_comes_from_a_file_or_from_standard_input(cli, tmp_path):
    """``@FILE`` and ``-`` are read, and give the same as an argument."""
    (tmp_path / "order.json").write_text(ORDER)

    from_file = cli("invoke", "move", f"@{tmp_path / 'order.json'}", "--parameter", '{"row": 7}')
    from_stdin = cli("invoke", "move", "-", "--parameter", '{"row": 7}', stdin=ORDER)

    assert from_file.out == from_stdin.out == '"tea in row 7 for None/None"\n'
    assert cli("invoke", "move", f"@{tmp_path / 'none.json'}").code == ExitCode.USAGE


def test_an_identity_travels(cli):
    """What is invoked is done on behalf of the tenant and the principal that were given."""
    shown = cli("invoke", "Shop.move", ORDER, "--parameter", '{"row": 7}', "--tenant", "acme", "--principal", "ada")

    assert shown.out == '"tea in row 7 for acme/ada"\n'


def test_a_refusal_is_a_finding(cli):
    """A command that refuses is told with its status, and nothing of it is a traceback."""
    refused = cli("invoke", "Shop.1.place", '{"sku": "tea", "count": 0}')

    assert refused.code == ExitCode.FINDINGS
    assert refused.err == "error: refused: 422 order at least one\n"


def test_an_enqueue_beyond_the_bounds_is_refused(cli, database):
    """The bounds of a queue hold on the command line, too, and nothing is enqueued."""
    failed = cli("enqueue", "shop.packing", ORDER, "--priority", "3")

    assert failed.code == ExitCode.USAGE
    assert "declares priorities=3" in failed.err
    assert jobs_in(database) == ()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--delay", "soon"),
        ("--delay", "5 minutes"),
        ("--at", "tomorrow"),
        ("--at", "2026-01-01T00:00:00"),
        ("--delay", "5m", "--at", "2026-01-01T00:00:00Z"),
        ("--priority", "-1"),
        ("--delay", "9999999999d"),
        ("--delay", "9" * 400 + "s"),
        ("--at", "9999-12-31T23:59:59-12:00"),
        ("--at", "0001-01-01T00:00:00+12:00"),
        ("--key", "not UTF-8: \udcff"),
        ("--principal", "not UTF-8: \udcff"),
    ],
)
def test_options_that_make_no_sense_are_usage_errors(cli, arguments):
    """Durations have units, instants have an offset, both have an end, only one of them is given; texts are UTF-8."""
    assert cli("enqueue", "shop.packing", ORDER, *arguments).code == ExitCode.USAGE


def test_a_job_is_enqueued_as_asked(cli, database):
    """Delay, priority and identity reach the job; its id is printed."""
    asked = cli("enqueue", "shop.mails", ORDER, "--at", "2100-01-01T00:00:00+01:00", "--json")

    (job,) = jobs_in(database)
    assert asked.code == 0
    assert (job.queue, job.status) == ("shop.mails", "delayed")
    # The clock may move on between the reckoning of the delay and the write.
    assert 4_102_441_200_000 <= job.due < 4_102_441_260_000


def test_a_payload_that_is_not_utf_8_is_a_usage_error(cli):
    """What a shell hands over in another encoding is no JSON."""
    failed = cli("enqueue", "shop.mails", '"\udcff"')

    assert failed.code == ExitCode.USAGE
    assert "payload of shop.mails is not valid" in failed.err


def test_a_job_that_is_due_beyond_the_calendar_can_be_looked_at(cli):
    """One job with a mad delay does not make the others invisible."""
    cli("enqueue", "shop.mails", ORDER, "--delay", "900000000d")
    cli("enqueue", "shop.mails", ORDER)

    assert "9999-12-31 23:59:59" in cli("jobs", "list").out
    assert [job["status"] for job in json.loads(cli("jobs", "list", "--json").raw)] == ["delayed", "queued"]


def test_a_failing_check_is_a_finding(cli):
    """A refused promise fails, a degraded one under --strict only; the report is printed all the same."""
    arguments = ("check", "--provider", "purista_serverless.testing.descriptors:SQS_LIKE")

    refused, degraded = cli(*arguments), cli(*arguments, app="examples.orders:app")
    strict = cli(*arguments, "--strict", app="examples.orders:app")

    assert (refused.code, degraded.code, strict.code) == (ExitCode.FINDINGS, ExitCode.DONE, ExitCode.FINDINGS)
    assert "1 refused" in refused.out
    assert strict.out == degraded.out


def test_build_writes_and_compares(cli, tmp_path, golden):
    """``build`` writes the handlers once; ``build --check`` passes then, and fails when one differs."""
    folder = ("--dir", str(tmp_path / "project"))

    assert cli("build", "--check", *folder).code == ExitCode.FINDINGS
    golden("cli/build.txt", cli("build", *folder).out)
    golden("cli/build.json", cli("build", *folder, "--json").out)
    assert cli("build", "--check", *folder).code == ExitCode.DONE
    next((tmp_path / "project" / "handlers").glob("*.py")).unlink()
    assert cli("build", "--check", *folder).code == ExitCode.FINDINGS


def test_a_schedule_is_listed_without_a_database(cli, database):
    """Looking at schedules makes no file."""
    assert cli("schedules", "list").code == 0
    assert not database.exists()


def test_a_triggered_schedule_leaves_its_job(cli, database):
    """Triggering enqueues the schedule's payload once, also for a schedule that is disabled."""
    assert cli("schedules", "trigger", "Shop.1.hourly").code == 0

    assert [job.queue for job in jobs_in(database)] == ["shop.mails"]


@pytest.mark.parametrize("name", [("jobs", "list"), ("jobs", "metrics"), ("dlq", "list"), ("dlq", "redrive", "--all")])
def test_without_a_database_there_is_nothing_to_look_at(cli, database, name):
    """A mistyped --db is told instead of showing an empty list, and no file is made."""
    failed = cli(*name)

    assert failed.code == ExitCode.UNAVAILABLE
    assert "there is no database yet" in failed.err
    assert not database.exists()
