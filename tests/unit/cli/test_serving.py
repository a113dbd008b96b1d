"""Processes that serve: they start, do their work, stop on signals and give up where they must."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from purista_serverless.adapters.embedded.host import Host
from purista_serverless.adapters.embedded.jobs import list_jobs
from purista_serverless.cli.commands.run import Parts
from purista_serverless.cli.failures import ExitCode, Failure
from purista_serverless.cli.reload import difference, snapshot
from purista_serverless.cli.serving import HttpServer
from tests.repo.tree import ROOT
from tests.unit.cli import shop, stuck
from tests.unit.cli.conftest import SHOP, named

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(database: Path) -> Iterator[Start]:
    """Start the command line in a process of its own, which is killed if the test leaves it running."""
    processes: list[subprocess.Popen[str]] = []

    def start_process(
        *arguments: str, app: str | None = SHOP, folder: Path = ROOT, warnings: str = "error"
    ) -> "subprocess.Popen[str]":
        environment = {**os.environ, "PURISTA_DB": str(database), "PYTHONPATH": str(ROOT)}
        if app is not None:
            environment["PURISTA_APP"] = app
        process = subprocess.Popen(
            [sys.executable, "-W", warnings, "-m", "purista_serverless", *arguments],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return process

    yield start_process
    for process in processes:
        process.kill()
        process.communicate()


def said(process: "subprocess.Popen[str]") -> dict[str, object]:
    """Wait for the next line that a process prints with --json."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.communicate()[1]
    return dict(json.loads(line))


def ended(process: "subprocess.Popen[str]", number: signal.Signals) -> tuple[int, str]:
    """Send a signal, wait for the end, give the exit code and what was still printed; nothing may be an error."""
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert err == ""
    return process.returncode, out


def asked(line: dict[str, object], method: str, path: str, body: bytes | None = None) -> tuple[int, dict[str, str]]:
    """Send a request to the process that printed the line; give status and JSON of the answer."""
    connection = http.client.HTTPConnection(str(line["http"]).removeprefix("http://"))
    connection.request(method, path, body, {"content-type": "application/json"})
    response = connection.getresponse()
    answer = response.status, json.load(response)
    connection.close()
    return answer


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_and_is_no_failure(start, database, golden, number):
    """SIGTERM and Ctrl+C end a serving process gracefully: it says so and exits with 0."""
    process = start("run", "--port", "0", "--json")
    line = said(process)

    assert asked(line, "GET", "/health/ready")[0] == 200
    assert ended(process, number) == (0, '{"state": "stopping"}\n{"state": "stopped"}\n')
    golden("cli/run.json", named(json.dumps({**line, "http": "http://127.0.0.1:PORT"}), database.parent) + "\n")


def test_its_text(start, database, golden):
    """People read what is served, and how to stop it."""
    process = start("run", "--no-http")
    assert process.stdout is not None
    head = "".join(iter(process.stdout.readline, "serving; stop with Ctrl+C\n"))

    code, rest = ended(process, signal.SIGINT)

    assert code == 0
    golden("cli/run.txt", named(head + "serving; stop with Ctrl+C\n" + rest, database.parent))


def test_a_command_over_http_leads_to_a_job_that_is_done(start, database):
    """What comes in over HTTP is worked off by the same process, and is in the file afterwards."""
    process = start("run", "--port", "0", "--json")
    status, placed = asked(said(process), "POST", "/orders", b'{"sku": "tea", "count": 2}')
    assert status == 200
    await_status(database, placed["jobId"], "success")

    assert ended(process, signal.SIGTERM)[0] == 0


def test_work_serves_the_queues_that_are_named(start, database, golden):
    """`work` runs the workers of one queue and leaves the others alone."""
    with Host(shop.app, database) as host:
        packed = host.client.enqueue(shop.packing, shop.Order(sku="tea", count=1))
        host.client.enqueue(shop.mails, shop.Order(sku="tea", count=1))
    process = start("work", "--queue", "shop.packing", "--json")
    line = said(process)
    await_status(database, packed, "success")

    assert ended(process, signal.SIGTERM)[0] == 0
    golden("cli/work.json", named(json.dumps(line), database.parent) + "\n")
    with Host(shop.app, database) as host:
        assert [job.status for job in list_jobs(host, "shop.mails")] == ["queued"]


def test_the_text_of_work(start, database, golden):
    """People read which queues are worked on."""
    process = start("work", "--queue", "shop.packing", "--queue", "shop.mails")
    assert process.stdout is not None
    head = "".join(iter(process.stdout.readline, "serving; stop with Ctrl+C\n"))

    assert ended(process, signal.SIGTERM)[0] == 0
    golden("cli/work.txt", named(head, database.parent))


def test_a_second_signal_ends_it_at_once(start, database):
    """Whoever is in a hurry need not wait for a handler that hangs."""
    with Host(stuck.app, database) as host:
        host.client.enqueue(stuck.waiting, 1)
    process = start("run", "--no-http", "--json", app="tests.unit.cli.stuck:app")
    assert said(process)["state"] == "serving"
    assert process.stderr is not None
    assert json.loads(process.stderr.readline())["message"] == "waiting for good"

    process.send_signal(signal.SIGTERM)
    assert said(process)["state"] == "stopping"
    process.send_signal(signal.SIGTERM)

    assert process.wait(timeout=60) == 128 + signal.SIGTERM


def test_an_interrupted_command_says_so_by_its_code(start, tmp_path):
    """Ctrl+C in a command that waits ends it with 130, without a traceback."""
    pipe = tmp_path / "payload"
    os.mkfifo(pipe)
    # Between opening a file and reading it, Ctrl+C leaves it open: a warning that nobody sees by default.
    process = start("enqueue", "shop.packing", f"@{pipe}", warnings="ignore")

    # Opening waits until the command has opened the other end.
    with pipe.open("wb"):
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)

    assert (process.returncode, out, err) == (ExitCode.INTERRUPTED, "", "\n")


def await_status(database: Path, job_id: str, status: str) -> None:
    """Look at a job until it stands as awaited; the test's own time limit ends it."""
    glance = threading.Event()
    with Host(shop.app, database) as host:
        while not any(job.id == job_id and job.status == status for job in list_jobs(host)):
            glance.wait(0.01)


def test_a_port_that_is_taken_is_told_before_anything_is_served(cli):
    """Nothing starts, and the fix is in the text."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        failed = cli("run", "--port", str(taken.getsockname()[1]))

    assert failed.code == ExitCode.UNAVAILABLE
    assert "cannot listen on 127.0.0.1:" in failed.err
    assert "--port" in failed.err
    assert failed.out == ""


class Brief:
    """A server that ends as soon as it runs."""

    should_exit = False

    def run(self, sockets: list[socket.socket]) -> None:
        """End."""


def test_http_that_ends_by_itself_is_a_failure():
    """The rest of the process stops as well, and its exit code tells that nobody had asked for that."""
    stop = threading.Event()
    server: Any = Brief()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        http_server = HttpServer(server, listener)
        http_server.start(stop)
        with pytest.raises(Failure, match="HTTP ended by itself") as caught:
            http_server.join()

    assert stop.is_set()
    assert caught.value.code == ExitCode.UNAVAILABLE


def test_nothing_to_serve_is_a_usage_error(cli):
    """Four times --no- leaves nothing."""
    assert cli("run", "--no-http", "--no-workers", "--no-scheduler", "--no-subscriptions").code == ExitCode.USAGE


@pytest.mark.parametrize(
    ("wanted", "served"),
    [
        ({}, {"workers", "subscriptions", "scheduler", "http"}),
        ({"http": False}, {"workers", "subscriptions", "scheduler"}),
        ({"http": True}, {"http"}),
        ({"http": True, "scheduler": True, "workers": False}, {"http", "scheduler"}),
    ],
)
def test_parts_are_chosen_by_options(wanted, served):
    """No option serves all, a positive one only what is named, a negative one all but that."""
    names = ("workers", "subscriptions", "scheduler", "http")
    parts = Parts.of(**{name: wanted.get(name) for name in names})

    assert {name for name in names if getattr(parts, name)} == served


def test_reload_starts_again_when_a_source_changes(start, tmp_path):
    """A changed module is served by a new process, and a signal ends both."""
    source = tmp_path / "corner.py"
    text = (ROOT / "tests" / "unit" / "cli" / "shop.py").read_text()
    source.write_text(text)
    (tmp_path / "pyproject.toml").write_text('[tool.purista-serverless]\napp = "corner:app"\n')
    process = start("run", "--no-http", "--reload", "--json", folder=tmp_path, app=None)

    assert said(process)["application"] == "shop"
    source.write_text(text.replace('Application("shop"', 'Application("corner"'))
    lines = [said(process)["state"], said(process)["state"]]
    assert (lines, said(process)["application"]) == (["stopping", "stopped"], "corner")
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)

    assert (process.returncode, out) == (0, '{"state": "stopping"}\n{"state": "stopped"}\n')
    assert err == "corner.py has changed, starting again\n"


def test_only_sources_of_the_project_count(tmp_path):
    """Hidden folders, environments and caches are not watched; new, changed and removed files are."""
    for name in ("a.py", "sub/b.py", ".venv/c.py", "env/pyvenv.cfg", "env/d.py", "__pycache__/e.py", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    before = snapshot(tmp_path)
    assert set(before) == {"a.py", "sub/b.py"}
    (tmp_path / "a.py").unlink()
    assert difference(before, snapshot(tmp_path)) == "a.py"
