"""Measure a serving host: how soon a job runs, what rest costs, and whether many jobs leave something behind.

Each figure comes from a process of its own, which runs one of the functions below and prints a number per line.
"""

import resource
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from queue import SimpleQueue
from statistics import median
from time import perf_counter, sleep

from benchmarks.measure import Row, report
from purista_serverless import Application, Context, Interval, Model, ServiceBuilder
from purista_serverless.adapters.embedded.host import Host

LATENCY_BAR = 5.0
IDLE_BAR = 1.0
GROWTH_BAR = 2.0

ROUNDS = 300
DISTANT_ROUNDS = 21
# After so many seconds a host looks at its longest intervals.
REST = 0.7
IDLE_SECONDS = 10
JOBS = 100_000
CHUNK = 1_000
# Jobs after which caches and pools have their size.
WARM = 20_000


class Task(Model):
    """A payload of ordinary size."""

    account_id: str
    amount: int
    currency: str = "EUR"
    note: str = "monthly"


ran: SimpleQueue[float] = SimpleQueue()

plant = ServiceBuilder("Plant", version="1", description="Works", owner="benchmarks")
threaded = plant.queue("plant.threaded", Task, "Handled in a thread")
awaited = plant.queue("plant.awaited", Task, "Handled on the loop")
tracked = plant.queue("plant.tracked", Task, "Handled in a thread, with a record", tracking="full")
happened = plant.event("plant.happened", Task)
plant.schedule("hourly", "Is there, as in any application").emit_event(
    happened, expression=Interval(timedelta(hours=1)), payload=Task(account_id="a1", amount=1)
)


@threaded.worker()
def work(ctx: Context, task: Task) -> None:
    """Tell that it ran."""
    ran.put(perf_counter())


@awaited.worker()
async def awork(ctx: Context, task: Task) -> None:
    """Tell that it ran."""
    ran.put(perf_counter())


@tracked.worker()
def track(ctx: Context, task: Task) -> None:
    """Tell that it ran."""
    ran.put(perf_counter())


@plant.subscribe(happened, "hear")
def hear(ctx: Context, task: Task) -> None:
    """Do nothing."""


application = Application("plant", [plant])
TASK = Task(account_id="a1", amount=5)


@contextmanager
def serving() -> Iterator[Host]:
    """Serve the application on a new file, in another thread."""
    with tempfile.TemporaryDirectory() as folder, Host(application, Path(folder) / "plant.db") as host:
        stop = threading.Event()
        thread = threading.Thread(target=host.serve, kwargs={"stop": stop})
        thread.start()
        try:
            yield host
        finally:
            stop.set()
            host.wake()
            thread.join()


def latency() -> None:
    """Print the milliseconds from before an enqueue to the handler, per kind of queue and one after the other."""
    with serving() as host:
        for queue in (threaded, awaited, tracked):
            host.client.enqueue(queue, TASK)
            ran.get()
        for _ in range(ROUNDS):
            for queue in (threaded, awaited, tracked):
                start = perf_counter()
                host.client.enqueue(queue, TASK)
                _print((ran.get() - start) * 1000)
                # A host that has come to rest, as most of the time.
                sleep(0.01)


def distant() -> None:
    """Print the same for jobs that somebody else enqueues to a host at rest, who looks at the file now and then."""
    with serving() as host, Host(application, host.store.file.path) as other:
        for _ in range(DISTANT_ROUNDS):
            sleep(REST)
            start = perf_counter()
            other.client.enqueue(threaded, TASK)
            _print((ran.get() - start) * 1000)


def idle() -> None:
    """Print the share of a core that a host at rest uses, in percent."""
    with serving():
        sleep(1)
        before = _processor_time()
        sleep(IDLE_SECONDS)
        _print((_processor_time() - before) / IDLE_SECONDS * 100)


def memory() -> None:
    """Print the peak of the resident memory in MB, after each thousand jobs."""
    with serving() as host:
        for _ in range(JOBS // CHUNK):
            with host.store.transaction():
                for _ in range(CHUNK):
                    host.client.enqueue(threaded, TASK)
            for _ in range(CHUNK):
                ran.get()
            _print(_peak_memory())


def _processor_time() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _peak_memory() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def _print(figure: float) -> None:
    sys.stdout.write(f"{figure}\n")
    sys.stdout.flush()


def _measured(role: str) -> list[float]:
    command = [sys.executable, "-m", "benchmarks.bench_embedded_host", role]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ChildProcessError(f"{role} ended with {done.returncode}\n{done.stderr}")
    return [float(line) for line in done.stdout.splitlines()]


def _rows() -> Iterator[Row]:
    delays = _measured("latency")
    for offset, kind in enumerate(("def", "async def", "def, tracked")):
        value = median(delays[offset::3])
        yield Row(name=f"enqueue to handler, {kind}", value=value, unit="ms", bar=LATENCY_BAR)
    yield Row(name="the same from another process, host at rest", value=median(_measured("distant")), unit="ms")
    yield Row(name="host at rest", value=_measured("idle")[0], unit="% of a core", bar=IDLE_BAR)
    start = perf_counter()
    peaks = _measured("memory")
    yield Row(name="enqueue in one commit per 1,000, run", value=(perf_counter() - start) / JOBS * 1e6, unit="µs/job")
    yield Row(name="peak of memory", value=peaks[-1], unit="MB")
    growth = peaks[-1] - peaks[WARM // CHUNK]
    yield Row(name=f"growth over the last {JOBS - WARM:,} jobs", value=growth, unit="MB", bar=GROWTH_BAR)


def main() -> int:
    """Measure all, or play the role that the command line names."""
    roles = {"latency": latency, "distant": distant, "idle": idle, "memory": memory}
    if len(sys.argv) > 1:
        roles[sys.argv[1]]()
        return 0
    return report(list(_rows()))


if __name__ == "__main__":
    sys.exit(main())
