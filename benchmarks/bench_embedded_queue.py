"""Measure the embedded queue, from durable enqueue to acknowledgement, against the queues that people keep in SQLite.

Every commit of every subject waits for the disk, our leases excepted where nothing else is committed with them. What a
job costs is mostly how often it is committed, so the table names that: measured, not looked up. Subjects take turns,
and a ratio is the median over the rounds. In the row of a rival the value is the rival's and the ratio is ours to it.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks.measure import Row, report
from benchmarks.queue_subjects import SUBJECTS, commits

ROUNDS = 7
JOBS = 400
PROCESSES = (1, 4)

# Name in the table, class, and how many times as fast as it we have to be.
SINGLE = (("huey, tasks", "Huey", 1.0), ("persist-queue", "PersistQueue", 1.0), ("litequeue", "LiteQueue", 1.0))
WHOLE = (("huey, tasks", "Huey", 1.0),)
BATCHES = (
    ("huey, tasks", "Huey", 3.0),
    ("persist-queue", "PersistQueue", 3.0),
    ("litequeue", "LiteQueue", 3.0),
    ("litequeue, in transactions", "LiteQueueInBatches", None),
)


class Crew:
    """Some processes on one queue."""

    def __init__(self, name: str, folder: Path, processes: list["subprocess.Popen[str]"]) -> None:
        self.name = name
        self.folder = folder
        self.processes = processes
        self.seconds: list[float] = []
        self.commits: list[float] = []
        self.order()

    def order(self, text: str | None = None) -> int:
        """Give all processes an order, if any, and the sum of their answers when the last has answered."""
        for process in self.processes if text is not None else ():
            assert process.stdin is not None
            process.stdin.write(f"{text}\n")
            process.stdin.flush()
        return sum(self._answer(process) for process in self.processes)

    def run(self) -> None:
        """Measure one round: all jobs in, then all jobs out."""
        before, start = commits(self.folder), perf_counter()
        self.order(f"put {JOBS // len(self.processes)}")
        taken = self.order("take")
        self.seconds.append((perf_counter() - start) / JOBS)
        self.commits.append((commits(self.folder) - before) / JOBS)
        if taken != JOBS:
            raise ValueError(f"{self.name}: {JOBS} jobs were put and {taken} were taken")

    def _answer(self, process: "subprocess.Popen[str]") -> int:
        assert process.stdout is not None
        answer = process.stdout.readline()
        if not answer:
            raise ValueError(f"{self.name}: a process ended with {process.wait()}")
        return int(answer)


@contextmanager
def hired(name: str, processes: int) -> Iterator[Crew]:
    """Start the processes of a subject in a folder of their own, and let them go."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        # One after the other: making the tables is not what is measured, and some subjects cannot do it at once.
        started = [stack.enter_context(_process(name, folder, number)) for number in range(processes)]
        yield Crew(name, Path(folder), started)


@contextmanager
def _process(name: str, folder: str, number: int) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "benchmarks.queue_subjects", name, folder, str(number)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def compare(processes: int) -> list[Row]:
    """Measure all subjects in turns, and give their rows."""
    with ExitStack() as stack:
        crews = {name: stack.enter_context(hired(name, processes)) for name in SUBJECTS}
        for crew in crews.values():
            crew.run()
            crew.seconds.clear()
        for _ in range(ROUNDS):
            for crew in crews.values():
                crew.run()
    where = "one process" if processes == 1 else f"{processes} processes"
    return [
        *_rows(f"{where}, single jobs", crews, "Ours", SINGLE),
        *_rows(f"{where}, client and host", crews, "Hosted", WHOLE),
        *_rows(f"{where}, tens", crews, "OursInBatches", BATCHES),
    ]


def _rows(
    title: str, crews: dict[str, Crew], ours: str, rivals: tuple[tuple[str, str, float | None], ...]
) -> list[Row]:
    rows = [
        Row(name=f"{title}: ours ({_commits(crews[ours])})", value=median(crews[ours].seconds) * 1e6, unit="µs/job")
    ]
    for label, name, times in rivals:
        rival = crews[name]
        ratio = median(a / b for a, b in zip(crews[ours].seconds, rival.seconds, strict=True))
        bar = None if times is None else round(1 / times, 2)
        value = median(rival.seconds) * 1e6
        rows.append(Row(name=f"  {label} ({_commits(rival)})", value=value, unit="µs/job", ratio=ratio, bar=bar))
    return rows


def _commits(crew: Crew) -> str:
    return f"{median(crew.commits):.1f} commits a job"


def main() -> int:
    """Compare with one process and with several."""
    return report([row for processes in PROCESSES for row in compare(processes)])


if __name__ == "__main__":
    sys.exit(main())
