"""Measure the cold start of generated handlers on AWS in fresh interpreters, against hand-written ones and peers.

What counts is import and init. The first request is printed beside, since what is loaded late is paid there.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.aws_subjects import PEERS, environment, http_event, write_programs
from benchmarks.measure import Row, report

ROUNDS = 31
BAR = 1.15

COMMANDS = ("bare_command", "ours_command", "powertools_command", "chalice_command", "fastapi_command")
TELLERS = ("bare_teller", "ours_teller", "powertools_teller")
# Chalice reads requests of REST APIs, which look otherwise.
ASKED = ("bare_command", "ours_command", "powertools_command", "fastapi_command")

NAMES = {
    "bare": "by hand",
    "ours": "generated handler",
    "powertools": "Powertools",
    "chalice": "Chalice",
    "fastapi": "FastAPI and Mangum",
}

IMPORTED = """
from time import perf_counter
start = perf_counter()
import {module}
print(perf_counter() - start)
"""

ANSWERED = """
import json
from time import perf_counter
from types import SimpleNamespace
context = SimpleNamespace(get_remaining_time_in_millis=lambda: 900_000, aws_request_id="request-1")
with open("event.json") as file:
    event = json.load(file)
import {module}
start = perf_counter()
answer = {module}.handler(event, context)
print(perf_counter() - start)
assert answer["statusCode"] == 200, answer
"""

LOADED = "import {module}, sys; print('boto3' in sys.modules or 'botocore' in sys.modules)"


def run(program: str, module: str, folder: Path) -> str:
    """Run a program about a module in a fresh interpreter of the peers' environment and give what it prints."""
    command, surroundings = [str(PEERS), "-c", program.format(module=module)], environment(folder, module)
    return subprocess.run(
        command, env=surroundings, cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def times_of(program: str, modules: Sequence[str], folder: Path) -> dict[str, tuple[float, ...]]:
    """Measure modules alternately; a noisy neighbour disturbs all of them alike."""
    for module in modules:
        run(program, module, folder)
    rounds = [[float(run(program, module, folder)) for module in modules] for _ in range(ROUNDS)]
    return dict(zip(modules, zip(*rounds, strict=True), strict=True))


def import_rows(title: str, modules: Sequence[str], folder: Path) -> list[Row]:
    """Hold our import and init to its bars."""
    times = times_of(IMPORTED, modules, folder)
    (ours,) = (times[module] for module in modules if module.startswith("ours"))
    return [_import_row(title, module, times[module], ours) for module in modules]


def _import_row(title: str, module: str, times: Sequence[float], ours: Sequence[float]) -> Row:
    kind = module.partition("_")[0]
    name, value = f"{title}: {NAMES[kind]}", median(times) * 1e3
    if kind == "ours":
        return Row(name=name, value=value, unit="ms")
    ratio = median(own / other for own, other in zip(ours, times, strict=True))
    return Row(name=f"{name}; ours against it", value=value, unit="ms", ratio=ratio, bar=BAR if kind == "bare" else 1.0)


def request_rows(modules: Sequence[str], folder: Path) -> list[Row]:
    """Describe what the first request takes after that."""
    (folder / "event.json").write_text(json.dumps(http_event()))
    times = times_of(ANSWERED, modules, folder)
    names = {module: NAMES[module.partition("_")[0]] for module in modules}
    return [
        Row(name=f"first request: {names[module]}", value=median(times[module]) * 1e3, unit="ms") for module in modules
    ]


def main() -> int:
    """Measure and report."""
    if not PEERS.exists():
        sys.stdout.write("the peers are not installed: make tools\n")
        return 1
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_programs(folder)
        rows = [
            *import_rows("command", COMMANDS, folder),
            *import_rows("worker that emits", TELLERS, folder),
            *request_rows(ASKED, folder),
        ]
        loaded = run(LOADED, "ours_command", folder)
    rows.append(Row(name="command that emits nothing: SDKs loaded", value=float(loaded == "True"), unit="", bar=0))
    return report(rows)


if __name__ == "__main__":
    sys.exit(main())
