"""Measure a build for AWS beside `chalice package`, both as processes, from nothing to files.

Ours has a third each of commands, workers and schedules with their queues, dead letters, alarms, roles, routes, entry
modules and templates; Chalice's functions are bare. Both write YAML. It needs `make tools`, which installs Chalice into
an environment of its own.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.measure import Row, report

ROOT = Path(__file__).parents[1]
CHALICE = Path(sys.prefix) / "tools" / "peers" / "bin" / "chalice"
# Where there is one, files lie in memory, so that both sides are measured and not the disk.
MEMORY = Path("/dev/shm")  # noqa: S108 - a random folder inside it
ROUNDS = 5
PER_SERVICE = 30
BAR = 0.5
# No slower: a tenth is what two medians of the same differ by on a busy machine.
SAME_BAR = 1.1
# Ten times the functions may take eleven times as long: hashes of sets and the disk are not quite linear.
LINEAR_BAR = 11.0

_HEAD = """
from purista_serverless import Cron, Model, Post, ServiceBuilder

class Order(Model):
    number: str

service = ServiceBuilder("Service{service}", version="1", description="One of many")
"""

_GROUP = """
command{n} = service.command("command{n}", Order, Order, "Answer", http=Post("/service{service}/command{n}"))

@command{n}.handler()
def answer{n}(ctx, payload: Order) -> Order:
    return payload

queue{n} = service.queue("service{service}.queue{n}", Order, "Jobs")

@queue{n}.worker(name="worker{n}")
def work{n}(ctx, job: Order) -> None:
    pass

def order{n}(slot) -> Order:
    return Order(number=f"{{slot:%Y}}")

service.schedule("schedule{n}", "Each month").enqueue(queue{n}, expression=Cron("0 2 1 * *"), payload=order{n})
"""


def write_ours(folder: Path, functions: int) -> None:
    """Write a project of ours with so many functions."""
    services = functions // PER_SERVICE + 1
    for service in range(services):
        count = min(PER_SERVICE, functions - service * PER_SERVICE)
        groups = [_GROUP.format(n=n, service=service) for n in range(-(-count // 3))]
        (folder / f"service{service}.py").write_text(_HEAD.format(service=service) + "".join(groups), encoding="utf-8")
    imports = "".join(f"from service{service} import service as service{service}\n" for service in range(services))
    listed = ", ".join(f"service{service}" for service in range(services))
    text = f'from purista_serverless import Application\n{imports}\napp = Application("large", [{listed}])\n'
    (folder / "app.py").write_text(text, encoding="utf-8")
    (folder / "pyproject.toml").write_text('[tool.purista-serverless]\napp = "app:app"\n', encoding="utf-8")


def write_chalice(folder: Path, functions: int) -> None:
    """Write a project of Chalice's with so many functions."""
    parts = ['from chalice import Chalice\n\napp = Chalice(app_name="large")\n']
    parts += [
        f"\n@app.lambda_function()\ndef function{number}(event, context):\n    return {{}}\n"
        for number in range(functions)
    ]
    (folder / "app.py").write_text("".join(parts), encoding="utf-8")
    (folder / "requirements.txt").touch()
    (folder / ".chalice").mkdir()
    config = '{"version": "2.0", "app_name": "large", "stages": {"dev": {}}}'
    (folder / ".chalice" / "config.json").write_text(config, encoding="utf-8")


class Case:
    """A command in a folder, and how long it took.

    Args:
        folder: Where it runs.
        command: What to start.
        fresh: Whether the files of the run before are removed first, outside the time.
    """

    def __init__(self, folder: Path, command: Sequence[str], *, fresh: bool = False) -> None:
        self._folder = folder
        self._command = command
        self._fresh = fresh
        self._found: list[float] = []

    def run(self) -> None:
        """Run it once more."""
        if self._fresh:
            remove_output(self._folder)
        start = perf_counter()
        subprocess.run(self._command, cwd=self._folder, env=self._environment(), check=True, stdout=subprocess.DEVNULL)
        self._found.append(perf_counter() - start)

    @property
    def seconds(self) -> float:
        """Give the median wall time; the first run warmed up and is not counted."""
        return median(self._found[1:])

    def _environment(self) -> dict[str, str]:
        return {
            **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
            "AWS_DEFAULT_REGION": "eu-central-1",
            "PYTHONPATH": str(ROOT),
            # Both sides run from bytecode, whoever installed them; the run of warming up writes it.
            "PYTHONPYCACHEPREFIX": str(self._folder.parent / "bytecode"),
        }


def remove_output(folder: Path) -> None:
    """Remove what a build wrote."""
    for name in ("handlers", "infra", "out"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in ("template.yaml", "samconfig.toml"):
        (folder / name).unlink(missing_ok=True)


def cases_in(place: Path) -> dict[str, Case]:
    """Write the projects, and give what is measured in them."""
    folders = {name: place / name for name in ("chalice", "first", "again", "larger")}
    for folder in folders.values():
        folder.mkdir()
    write_chalice(folders["chalice"], 1_000)
    for name, functions in (("first", 1_000), ("again", 1_000), ("larger", 10_000)):
        write_ours(folders[name], functions)
    build = [sys.executable, "-m", "purista_serverless", "build", "--provider", "aws"]
    package = [str(CHALICE), "package", "out", "--template-format", "yaml"]
    return {
        "chalice": Case(folders["chalice"], package, fresh=True),
        "first": Case(folders["first"], build, fresh=True),
        "again": Case(folders["again"], build),
        "check": Case(folders["again"], [*build, "--check"]),
        "larger": Case(folders["larger"], build, fresh=True),
    }


def main() -> int:
    """Measure builds of 1,000 functions, of nothing new, and of 10,000."""
    if not CHALICE.exists():
        sys.stderr.write(f"{CHALICE}: not installed; run `make tools`\n")
        return 1
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as place:
        cases = cases_in(Path(place))
        for _ in range(ROUNDS + 1):
            # In turns, so that what else the machine does falls on all of them.
            for case in cases.values():
                case.run()
    peer, first, again, check, larger = (case.seconds for case in cases.values())
    return report(
        [
            Row(name="chalice package, 1,000 bare functions", value=peer, unit="s"),
            Row(name="build, 1,000 functions", value=first, unit="s", ratio=first / peer, bar=BAR),
            Row(name="build, nothing changed", value=again, unit="s", ratio=again / first, bar=SAME_BAR),
            Row(name="build --check", value=check, unit="s", ratio=check / first, bar=SAME_BAR),
            Row(name="build, 10,000 functions", value=larger, unit="s", ratio=larger / first, bar=LINEAR_BAR),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
