"""What the processes of a test do: serve the plant, or give it work.

Run with a role, the file and the role's numbers.
"""

import signal
import sys
import threading
from pathlib import Path

from purista_serverless.adapters.embedded.host import Host
from purista_serverless.runtime.client import Client
from tests.embedded.plant import Ending, Task, application, keyed, ordered, plain, record, waiting

ENDINGS: tuple[Ending, ...] = ("succeed", "succeed", "succeed", "succeed", "succeed", "reject", "cancel", "fail once")


def serve(file: Path) -> None:
    """Serve everything until the termination signal comes."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with Host(application, file) as host:
        record("ready")
        host.serve(stop=stop, concurrency=4)


def supply(file: Path, number: int, suppliers: int, first: int, jobs: int) -> None:
    """Enqueue this supplier's share of the jobs, from the first that it has not enqueued yet."""
    record("ready")
    with Host(application, file) as host:
        for index in range(first, jobs):
            give(host.client, index, number, suppliers)
    record("supplied", supplier=number)


def give(client: Client, index: int, number: int = 0, suppliers: int = 1) -> None:
    """Enqueue one job, if it is this supplier's.

    A quarter of the jobs is untracked, a quarter awaits, half has keys. All suppliers enqueue all keys, by turns
    directly and as events.
    """
    accepted = {"supplier": number, "index": index, "name": f"{index}"}
    if index % 4 < 2:
        if index % suppliers == number:
            queue = (plain, waiting)[index % 2]
            record("accepted", queue=queue.name, job=client.enqueue(queue, task_of(index)), **accepted)
    elif index % 4 == 2 + number % 2:
        client.emit(ordered, task_of(index))
        record("accepted", queue=keyed.name, **accepted)
    else:
        job = client.enqueue(keyed, task_of(index), idempotency_key=f"{index}")
        record("accepted", queue=keyed.name, job=job, **accepted)


def task_of(index: int) -> Task:
    """Give the one task of an index: 5 to 20 ms of work, one in eight refused, cancelled or failing at first each."""
    return Task(name=f"{index}", milliseconds=5 + index * 7 % 16, ending=ENDINGS[index // 4 % len(ENDINGS)])


def main() -> None:
    """Take the role that the command line names."""
    role, file, *numbers = sys.argv[1:]
    if role == "serve":
        serve(Path(file))
    else:
        supply(Path(file), *map(int, numbers))


if __name__ == "__main__":
    main()
