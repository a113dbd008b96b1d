"""Commands that look into the database: jobs, leases, metrics, dead letters; their text and their JSON."""

import json
import re
from pathlib import Path

import pytest

from purista_serverless.adapters.embedded.dead_letters import list_letters
from purista_serverless.adapters.embedded.host import Host
from purista_serverless.cli.failures import ExitCode
from tests.unit.cli import shop, yesterday

TEA = shop.Order(sku="tea", count=2)
UNICORN = shop.Order(sku="unicorn", count=1)


@pytest.fixture
def worked(database: Path) -> Path:
    """Let the shop do its work: one order is a dead letter, one mail waits and one is being written."""
    with Host(shop.app, database) as host:
        host.client.enqueue(shop.packing, UNICORN)
        while (until := host.step()) is not None and until <= host.clock.now():
            pass
        host.client.enqueue(shop.mails, TEA)
        host.store.lease("queue:shop.mails", 900_000)
        host.client.enqueue(shop.mails, TEA)
    return database


@pytest.fixture
def outdated(database: Path) -> Path:
    """Leave two dead letters of yesterday's shop, whose orders today's does not take."""
    with Host(yesterday.app, database) as host:
        for sku in ("tea", "milk"):
            host.client.enqueue(yesterday.packing, yesterday.Order(sku=sku))
        host.step()
    return database


def id_of(cli, *command: str, place: int = 0) -> str:
    """Give the true id of what a listing shows; the fixture's output has names in their place."""
    return str(json.loads(cli(*command, "--json").raw)[place]["id"])


def letters_in(database: Path):
    """Look at all dead letters."""
    with Host(shop.app, database) as host:
        return list_letters(host)


@pytest.mark.parametrize("name", ["jobs list", "jobs metrics", "dlq list"])
def test_listings(cli, golden, worked, name):
    """People see a table, programs a list of objects."""
    text, shape = cli(*name.split()), cli(*name.split(), "--json")

    assert (text.code, shape.code) == (0, 0)
    assert isinstance(json.loads(shape.out), list)
    golden(f"cli/{name.replace(' ', '-')}.txt", text.out)
    golden(f"cli/{name.replace(' ', '-')}.json", shape.out)


def test_leases(cli, golden, worked):
    """Who holds what is told; process and fence differ in each run, and with them the widths of columns."""
    (lease,) = json.loads(cli("jobs", "leases", "--json").raw)

    def told(text: str) -> str:
        return re.sub(" {2,}", "  ", text.replace(lease["owner"], "host:1").replace(lease["fence"], "17"))

    golden("cli/jobs-leases.txt", told(cli("jobs", "leases").out))
    golden("cli/jobs-leases.json", json.dumps(json.loads(told(cli("jobs", "leases", "--json").out)), indent=2) + "\n")


def test_jobs_are_chosen_by_queue_and_status(cli, worked):
    """Only what was asked for is listed; an empty list is said in words."""
    assert "shop.packing" not in cli("jobs", "list", "--queue", "shop.mails").out
    assert cli("jobs", "list", "--status", "cancelled").out == "no jobs\n"
    assert cli("jobs", "list", "--status", "odd").code == ExitCode.USAGE


def test_one_job(cli, golden, worked):
    """One job is shown with its attempts and the reason of its end."""
    job_id = id_of(cli, "jobs", "list", "--status", "dead-lettered")

    golden("cli/jobs-show.txt", cli("jobs", "show", job_id).out)
    golden("cli/jobs-show.json", cli("jobs", "show", job_id, "--queue", "shop.packing", "--json").out)


@pytest.mark.parametrize("command", [("jobs", "show"), ("jobs", "cancel"), ("dlq", "show")])
def test_what_is_not_there_is_a_finding(cli, worked, command):
    """An id that nobody knows is told with what to do, and exits with 1."""
    failed = cli(*command, "nobody")

    assert failed.code == ExitCode.FINDINGS
    assert "there is no" in failed.err
    assert "list` shows" in failed.err


def test_cancelling(cli, golden, database):
    """A job that waits is cancelled once; the second time there is nothing left to cancel."""
    with Host(shop.app, database) as host:
        first, second = (host.client.enqueue(shop.packing, TEA) for _ in range(2))

    golden("cli/jobs-cancel.txt", cli("jobs", "cancel", first, "--reason", "ordered twice").out)
    golden("cli/jobs-cancel.json", cli("jobs", "cancel", second, "--json").out)
    again = cli("jobs", "cancel", first)
    assert again.code == ExitCode.FINDINGS
    assert "was not cancelled" in again.out


def test_one_letter(cli, golden, worked):
    """One letter is shown with its body."""
    letter_id = id_of(cli, "dlq", "list")

    golden("cli/dlq-show.txt", cli("dlq", "show", letter_id).out)
    golden("cli/dlq-show.json", cli("dlq", "show", letter_id, "--edge", "shop.packing", "--json").out)


def test_redriving_puts_a_letter_back(cli, worked):
    """A letter that matches today's schema leaves the dead letters and waits on its queue again."""
    letter_id = id_of(cli, "dlq", "list")

    redriven = cli("dlq", "redrive", "--id", letter_id)

    assert redriven.code == 0
    assert "to queue:shop.packing" in redriven.out
    assert letters_in(worked) == ()
    assert "shop.packing" in cli("jobs", "list", "--status", "queued").out


def test_redriving_names_the_field_that_does_not_match(cli, golden, outdated):
    """Letters that do not match today's schema stay, with the failing field named, and the exit code says so."""
    text, shape = cli("dlq", "redrive", "--all"), cli("dlq", "redrive", "--all", "--json")

    assert (text.code, shape.code) == (ExitCode.FINDINGS, ExitCode.FINDINGS)
    assert "count: Field required" in text.out
    assert len(letters_in(outdated)) == 2
    golden("cli/dlq-redrive.txt", text.out)
    golden("cli/dlq-redrive.json", shape.out)


def test_a_dry_run_changes_nothing(cli, worked):
    """It tells what would go, and everything stays."""
    shown = cli("dlq", "redrive", "--all", "--dry-run")

    assert shown.code == 0
    assert shown.out.startswith("would redrive ")
    assert len(letters_in(worked)) == 1


def test_a_dry_run_finds_what_would_stay(cli, outdated):
    """A dry run judges letters as redriving does."""
    shown = cli("dlq", "redrive", "--all", "--dry-run")

    assert shown.code == ExitCode.FINDINGS
    assert "count: Field required" in shown.out


def test_all_letters_are_all_of_them(cli, database):
    """However many there are: the question tells their number, and redriving leaves none behind."""
    with Host(yesterday.app, database) as host:
        host.store.send_many("queue:shop.packing", ((str(number), b"no job") for number in range(1_001)))
        host.step()

    declined = cli("dlq", "purge", "--edge", "shop.packing", stdin="n\n")
    redriven = json.loads(cli("dlq", "redrive", "--all", "--dry-run", "--json").raw)

    assert "Delete 1001 dead letters of queue:shop.packing for good?" in declined.err
    assert len(redriven["stayed"]) == 1_001


@pytest.mark.parametrize("arguments", [(), ("--all", "--id", "x")])
def test_redriving_must_be_told_what(cli, worked, arguments):
    """Either letters by id, or all of them."""
    assert cli("dlq", "redrive", *arguments).code == ExitCode.USAGE


def test_purging_asks_first(cli, golden, worked):
    """Without --yes a person confirms the number; who declines keeps the letters."""
    declined = cli("dlq", "purge", stdin="n\n")

    assert declined.code == ExitCode.FINDINGS
    assert "Delete 1 dead letter of all edges for good?" in declined.err
    assert len(letters_in(worked)) == 1
    golden("cli/dlq-purge.txt", cli("dlq", "purge", "--edge", "shop.packing", stdin="y\n").out)
    assert letters_in(worked) == ()


def test_programs_are_not_asked(cli, golden, worked):
    """With --json a purge needs --yes."""
    assert cli("dlq", "purge", "--json").code == ExitCode.USAGE
    golden("cli/dlq-purge.json", cli("dlq", "purge", "--yes", "--json").out)
    assert letters_in(worked) == ()


def test_a_file_that_is_not_ours_is_told(cli, database):
    """A foreign file is an error of availability in one block, and is not changed."""
    database.write_bytes(b"not a database" * 1000)

    failed = cli("jobs", "list")

    assert failed.code == ExitCode.UNAVAILABLE
    assert "Traceback" not in failed.err
    assert database.read_bytes() == b"not a database" * 1000
