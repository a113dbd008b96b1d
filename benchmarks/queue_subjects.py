"""The queues that ``bench_embedded_queue`` compares, each with ``put`` and ``take``, and the process that drives one.

All of them write one SQLite file with ``synchronous=FULL``, through their public interface. ``take`` handles what is
there: it leases, does nothing, and acknowledges.
"""

import json
import sys
import threading
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from time import sleep
from typing import Any, Protocol

from purista_serverless import Application, Context, Model, ServiceBuilder
from purista_serverless.adapters.embedded.host import Host
from purista_serverless.adapters.embedded.store import Store
from purista_serverless.runtime.clock import SystemClock

BODY = json.dumps(
    {
        "id": "4bf92f3577b34da6a3ce929d0e0e4736",
        "queueName": "billing.monthlyClosing",
        "payload": {"accountId": "a1", "amount": 5, "currency": "EUR", "note": "monthly"},
        "headers": {"purista.tenantId": "t"},
        "traceId": "0af7651916cd43dd8448eb211c80319c",
    }
)
EDGE = "queue:billing.monthlyClosing"
LEASE = 900_000
BATCH = 10
PATIENCE = 60


class Closing(Model):
    """A payload of ordinary size."""

    account_id: str
    amount: int
    currency: str
    note: str


billing = ServiceBuilder("Billing", version="1", description="Bills", owner="benchmarks")
closing = billing.queue("billing.monthlyClosing", Closing, "Close a cycle")
handled = [0]


@closing.worker()
def close(ctx: Context, payload: Closing) -> None:
    """Count."""
    handled[0] += 1


application = Application("billing", [billing])


class Subject(Protocol):
    """A durable queue in a folder of its own."""

    def put(self, jobs: int) -> None:
        """Put so many jobs onto the queue."""
        ...

    def take(self) -> int:
        """Handle jobs until none is left, and say how many there were."""
        ...


class Ours:
    """Our store, one job at a time: the acknowledgement of a job and the lease of the next are one commit."""

    def __init__(self, folder: Path, process: int) -> None:
        self.store = Store(folder / "queue.db", SystemClock())
        self.ids = count()
        self.body = BODY.encode()

    def put(self, jobs: int) -> None:
        """Send them one by one."""
        for _ in range(jobs):
            self.store.send(EDGE, str(next(self.ids)), self.body)

    def take(self) -> int:
        """Lease, acknowledge and lease the next."""
        taken = 0
        leased = self.store.lease(EDGE, LEASE)
        while leased:
            taken += len(leased)
            leased = self.store.exchange(leased, EDGE, LEASE)
        return taken


class OursInBatches(Ours):
    """Our store, ten jobs at a time."""

    def put(self, jobs: int) -> None:
        """Send them in tens."""
        for _ in range(jobs // BATCH):
            self.store.send_many(EDGE, [(str(next(self.ids)), self.body) for _ in range(BATCH)])

    def take(self) -> int:
        """Lease ten, acknowledge them and lease the next ten."""
        taken = 0
        leased = self.store.lease(EDGE, LEASE, BATCH)
        while leased:
            taken += len(leased)
            leased = self.store.exchange(leased, EDGE, LEASE, BATCH)
        return taken


class Hosted:
    """Our client and our serving host: a typed job, validated, with trace and identity, and the worker that runs it."""

    def __init__(self, folder: Path, process: int) -> None:
        self.host = Host(application, folder / "queue.db")
        self.closing = Closing(account_id="a1", amount=5, currency="EUR", note="monthly")

    def put(self, jobs: int) -> None:
        """Enqueue them one by one."""
        for _ in range(jobs):
            self.host.client.enqueue(closing, self.closing)

    def take(self) -> int:
        """Serve until nothing is left, as in production: with threads, which settle and lease together."""
        before, stop = handled[0], threading.Event()
        thread = threading.Thread(target=self.host.serve, kwargs={"stop": stop})
        thread.start()
        while self.host.store.read("SELECT 1 FROM message LIMIT 1"):
            sleep(0.002)
        stop.set()
        self.host.wake()
        thread.join()
        return handled[0] - before


class Huey:
    """huey's tasks; taking one removes it, so that a crash loses it."""

    def __init__(self, folder: Path, process: int) -> None:
        from huey import SqliteHuey

        self.huey = SqliteHuey(filename=str(folder / "queue.db"), results=False, fsync=True, timeout=PATIENCE)
        self.task: Callable[[str], Any] = self.huey.task()(_nothing)

    def put(self, jobs: int) -> None:
        """Call the task."""
        for _ in range(jobs):
            self.task(BODY)

    def take(self) -> int:
        """Dequeue and execute."""
        taken = 0
        while (task := self.huey.dequeue()) is not None:
            self.huey.execute(task)
            taken += 1
        return taken


class PersistQueue:
    """persist-queue's queue with acknowledgements.

    Its ``get`` selects and then updates, so that two processes may be given the same job: each has a table of its own.
    """

    def __init__(self, folder: Path, process: int) -> None:
        from persistqueue import Empty, SQLiteAckQueue

        self.empty = Empty
        self.queue = SQLiteAckQueue(str(folder), name=f"jobs{process}", timeout=PATIENCE)

    def put(self, jobs: int) -> None:
        """Put them one by one."""
        for _ in range(jobs):
            self.queue.put(BODY)

    def take(self) -> int:
        """Get and acknowledge."""
        return sum(1 for _ in self._taken())

    def _taken(self) -> Iterator[None]:
        while True:
            try:
                item = self.queue.get(block=False, raw=True)
            except self.empty:
                return
            self.queue.ack(item)
            yield


class LiteQueue:
    """litequeue, whose default of NORMAL is raised to FULL."""

    def __init__(self, folder: Path, process: int) -> None:
        from litequeue import LiteQueue as Queue

        self.queue = Queue(str(folder / "queue.db"), timeout=PATIENCE)
        self.queue.conn.execute("PRAGMA synchronous = FULL")

    def put(self, jobs: int) -> None:
        """Put them one by one."""
        for _ in range(jobs):
            self.queue.put(BODY)

    def take(self) -> int:
        """Pop and mark as done."""
        taken = 0
        while (message := self.queue.pop()) is not None:
            self.queue.done(message.message_id)
            taken += 1
        return taken


class LiteQueueInBatches(LiteQueue):
    """litequeue with a transaction around ten puts and ten marks; ``pop`` opens its own and takes one job."""

    def put(self, jobs: int) -> None:
        """Put them in tens."""
        for _ in range(jobs // BATCH):
            with self.queue.transaction():
                super().put(BATCH)

    def take(self) -> int:
        """Pop ten, and mark them as done together."""
        taken = 0
        while messages := [message for _ in range(BATCH) if (message := self.queue.pop()) is not None]:
            with self.queue.transaction():
                for message in messages:
                    self.queue.done(message.message_id)
            taken += len(messages)
        return taken


SUBJECTS: dict[str, Callable[[Path, int], Subject]] = {
    subject.__name__: subject
    for subject in (Ours, OursInBatches, Hosted, Huey, PersistQueue, LiteQueue, LiteQueueInBatches)
}


def commits(folder: Path) -> int:
    """Give how often a file was committed: SQLite counts it in the index of the write-ahead log, in its third word."""
    indices = [index.read_bytes()[8:12] for index in folder.glob("*-shm")]
    return sum(int.from_bytes(counter, sys.byteorder) for counter in indices)


def _nothing(body: str) -> None:
    """Do what a job does here."""


def main() -> int:
    """Obey orders on standard input, ``put <jobs>`` and ``take``, and answer each with a number."""
    name, folder, process = sys.argv[1:]
    subject = SUBJECTS[name](Path(folder), int(process))
    _answer(0)
    for line in sys.stdin:
        order, *jobs = line.split()
        if order == "take":
            _answer(subject.take())
        else:
            subject.put(int(jobs[0]))
            _answer(0)
    return 0


def _answer(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
