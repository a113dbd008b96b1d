"""The worker pool's process on Google's own emulators: leases that last, stops in good order, and sudden deaths."""

import json
import os
import signal
import subprocess
import sys
import threading
from base64 import b64decode
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest

from purista_serverless.adapters.gcp.emulator.servers import Server
from purista_serverless.adapters.gcp.emulator.tasks import Tasks
from purista_serverless.adapters.gcp.ports import GcpPorts
from purista_serverless.emulation.agenda import Agenda
from purista_serverless.emulation.clock import WallClock
from purista_serverless.emulation.door import Door
from purista_serverless.emulation.forwarding import Answer, Request
from purista_serverless.emulation.platform import Platform
from purista_serverless.message import Job
from purista_serverless.runtime.assembly import assemble
from purista_serverless.runtime.client import Client
from tests.connected.gcp import mill
from tests.connected.gcp.mill import Sack
from tests.connected.gcp.tools import ask, firestore, pubsub
from tests.repo.tree import ROOT

pytestmark = pytest.mark.connected

QUEUES = ("mill.grinding", "mill.sifting")
PROJECT = "projects/demo"

# Seconds after which a worker hangs: the emulator may hand a message to a stream that is dead, where it stays for 60.
PATIENCE = 150

_NUMBERS = count(1)

Process = subprocess.Popen[str]
Start = Callable[..., Process]


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Server, Server]]:
    """Give the emulators of Pub/Sub and Firestore."""
    with pubsub() as messages, firestore() as records:
        yield messages, records


class Later(Door):
    """Cloud Tasks, of which Google has no emulator."""

    def __init__(self) -> None:
        super().__init__()
        clock = WallClock()
        self.agenda = Agenda(clock)
        self._tasks = Tasks(Platform(clock=clock, agenda=self.agenda, log=lambda *_: None))
        self.messages: list[Any] = []

    def answer(self, request: Request) -> Answer:
        """Answer a request, and keep the messages that it is about."""
        task = json.loads(request.body)["task"]
        self.messages += json.loads(b64decode(task["httpRequest"]["body"]))["messages"]
        return self._tasks.answer(request)


@pytest.fixture
def later() -> Iterator[Later]:
    """Give a stand-in for Cloud Tasks."""
    door = Later()
    door.start()
    door.agenda.start()
    yield door
    door.agenda.stop()
    door.stop()


@pytest.fixture
def variables(servers: tuple[Server, Server], later: Later) -> dict[str, str]:
    """Deploy the queues, and give the variables of a process that works on them."""
    messages, records = servers
    number = next(_NUMBERS)
    names = {queue: f"{queue.replace('.', '-')}-{number}" for queue in QUEUES}
    for name in names.values():
        for topic in (name, f"{name}-dead"):
            ask(messages, "PUT", f"/v1/{PROJECT}/topics/{topic}", {})
        dead = {"deadLetterTopic": f"{PROJECT}/topics/{name}-dead", "maxDeliveryAttempts": 100}
        subscription = {"topic": f"{PROJECT}/topics/{name}", "ackDeadlineSeconds": 10, "deadLetterPolicy": dead}
        ask(messages, "PUT", f"/v1/{PROJECT}/subscriptions/{name}", subscription)
    tables = {
        "PURISTA_TOPICS": {f"queue:{queue}": f"{PROJECT}/topics/{name}" for queue, name in names.items()},
        "PURISTA_DEAD_LETTERS": {f"queue:{queue}": f"{PROJECT}/topics/{name}-dead" for queue, name in names.items()},
        "PURISTA_SUBSCRIPTIONS": {f"queue:{queue}": f"{PROJECT}/subscriptions/{name}" for queue, name in names.items()},
    }
    return {
        **{name: json.dumps(table) for name, table in tables.items()},
        "PURISTA_PROJECT": "demo",
        "PURISTA_LEDGER": f"ledger-{number}",
        "PUBSUB_EMULATOR_HOST": messages.host,
        "FIRESTORE_EMULATOR_HOST": records.host,
        "PURISTA_TASKS": "projects/demo/locations/here/queues/later",
        "PURISTA_ACCOUNT": "mill@demo.iam.gserviceaccount.com",
        "CLOUD_TASKS_EMULATOR_HOST": later.host,
    }


@pytest.fixture
def start(variables: dict[str, str]) -> Iterator[Start]:
    """Start a worker in a process of its own, which is killed if the test leaves it running."""
    processes: list[Process] = []
    guards: list[threading.Timer] = []

    def start_process(*arguments: str, **changes: str) -> Process:
        process = subprocess.Popen(
            [sys.executable, "-m", "purista_serverless", "work", "--provider", "gcp", *arguments],
            cwd=ROOT,
            env={**os.environ, "PURISTA_APP": "tests.connected.gcp.mill:app", **variables, **changes},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        # Whoever waits for a line of it in vain learns so by its end.
        guards.append(threading.Timer(PATIENCE, process.kill))
        guards[-1].start()
        return process

    yield start_process
    for guard in guards:
        guard.cancel()
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture
def client(variables: dict[str, str]) -> Client:
    """Give the way in, to the same topics and records."""
    return Client("mill", GcpPorts(variables), queues=assemble(mill.app.model).queues)


def await_line(process: Process, wanted: str) -> list[str]:
    """Read what a process prints up to a line, and give what came before it."""
    assert process.stdout is not None
    before: list[str] = []
    for line in process.stdout:
        if line.strip() == wanted:
            return before
        before.append(line.strip())
    pytest.fail(f"{wanted!r} never came, but {before}; {process.communicate()[1]}")


def ended(process: Process, number: signal.Signals) -> list[str]:
    """Send a signal, wait for a good end, and give what was still printed."""
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return out.splitlines()


def record(client: Client, queue: Any, job_id: str) -> tuple[str, int]:
    """Give the status of a job and the number of its attempts."""
    found = client.status(queue, job_id)
    assert found is not None
    return found.status, found.attempt


def test_a_worker_pulls_all_queues_that_it_was_deployed_for(start, client):
    """Without `--queue` every subscription of the process is pulled; def and async def are run alike."""
    ground = client.enqueue(mill.grinding, Sack(name="rye"))
    process = start()
    await_line(process, "ended rye 1")
    sifted = client.enqueue(mill.sifting, Sack(name="oats"))
    await_line(process, "ended oats 1")

    assert ended(process, signal.SIGTERM)[-2:] == ["stopping", "stopped"]
    assert record(client, mill.grinding, ground) == ("success", 1)
    assert record(client, mill.sifting, sifted) == ("success", 1)


def test_a_run_longer_than_the_deadline_is_delivered_once(start, client):
    """The subscription's deadline is 10 seconds and the record's lease is 6: both are extended while the run lasts."""
    job_id = client.enqueue(mill.grinding, Sack(name="rye", seconds=13))
    process = start("--queue", "mill.grinding")
    await_line(process, "began rye 1")

    assert await_line(process, "ended rye 1") == []
    assert ended(process, signal.SIGTERM) == ["stopping", "stopped"]
    assert record(client, mill.grinding, job_id) == ("success", 1)


@pytest.mark.parametrize("queue", [mill.grinding, mill.sifting], ids=["sync", "async"])
def test_a_run_that_is_stopped_goes_back_without_an_attempt(start, client, later, queue):
    """After its grace the handler is told to stop; what it then says is no failure, and somebody else may run it."""
    job_id = client.enqueue(queue, Sack(name="rye", hangs=True))
    process = start()
    await_line(process, "began rye 1")
    ended(process, signal.SIGTERM)

    (message,) = later.messages
    assert Job.decode(b64decode(message["data"])).id == job_id
    assert message["attributes"]["receives"] == "0"
    assert record(client, queue, job_id) == ("queued", 0)


def test_a_process_that_is_killed_loses_nothing(start, client):
    """Pub/Sub delivers again what nobody acknowledged, and the job is run when the dead process' lease has run out."""
    job_id = client.enqueue(mill.grinding, Sack(name="rye", hangs=True))
    first = start()
    await_line(first, "began rye 1")
    first.kill()
    second = start()

    await_line(second, "began rye 2")
    await_line(second, "ended rye 2")
    ended(second, signal.SIGTERM)
    assert record(client, mill.grinding, job_id) == ("success", 2)


def test_a_subscription_that_is_not_there_ends_the_process(start):
    """Whoever looks after the pool is told which one it is."""
    missing = {"queue:mill.grinding": f"{PROJECT}/subscriptions/nowhere"}
    process = start("--queue", "mill.grinding", PURISTA_SUBSCRIPTIONS=json.dumps(missing))
    _, err = process.communicate(timeout=60)

    assert process.returncode != 0
    assert "pubsub.subscriptions.consume on projects/demo/subscriptions/nowhere was refused" in err


def test_a_queue_that_was_not_deployed_ends_the_process(start):
    """A queue has to be among the subscriptions of its pool."""
    process = start("--queue", "mill.sifting", PURISTA_SUBSCRIPTIONS="{}")
    _, err = process.communicate(timeout=60)

    assert process.returncode != 0
    assert "PURISTA_SUBSCRIPTIONS does not name it" in err
