"""Measure the cold start of generated handlers on AWS: import and init in fresh interpreters, against hand-written ones and peers.

The first call is printed beside, since what is loaded late is paid there.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.aws_subjects import PEERS, batch_event, environment, http_event, write_programs
from benchmarks.measure import Row, report

ROUNDS = 31
BAR = 1.15

COMMANDS = ("bare_command", "ours_command", "powertools_command", "chalice_command", "fastapi_command")
TELLERS = ("bare_teller", "ours_teller", "powertools_teller")

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

LOADED = "import {module}, sys; print('boto3' in sys.modules or 'botocore' in sys.modules)"


def run(program: str, folder: Path) -> str:
    """Run a program in a fresh interpreter of the peers' environment and give what it prints."""
    command = [str(PEERS), "-c", program]
    return subprocess.run(
        command, env=environment(folder), cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def rows_of(title: str, modules: Sequence[str], folder: Path) -> list[Row]:
    """Measure modules alternately; a noisy neighbour disturbs all of them alike."""
    for module in modules:
        run(IMPORTED.format(module=module), folder)
    rounds = [[float(run(IMPORTED.format(module=module), folder)) for module in modules] for _ in range(ROUNDS)]
    times = dict(zip(modules, zip(*rounds, strict=True), strict=True))
    (ours,) = (times[module] for module in modules if module.startswith("ours"))
    return [_row(title, module, times[module], ours) for module in modules]


def _row(title: str, module: str, times: Sequence[float], ours: Sequence[float]) -> Row:
    kind = module.partition("_")[0]
    name, value = f"{title}: {NAMES[kind]}", median(times) * 1e3
    if kind == "ours":
        return Row(name=name, value=value, unit="ms")
    ratio = median(own / other for own, other in zip(ours, times, strict=True))
    return Row(name=f"{name}; ours against it", value=value, unit="ms", ratio=ratio, bar=BAR if kind == "bare" else 1.0)


def main() -> int:
    """Measure and report."""
    if not PEERS.exists():
        sys.stdout.write("the peers are not installed: make tools\n")
        return 1
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_programs(folder)
        rows = [
            *rows_of("command", COMMANDS, folder),
            *rows_of("worker that emits", TELLERS, folder),
        ]
        loaded = run(LOADED.format(module="ours_command"), folder)
    rows.append(Row(name="command that emits nothing: SDKs loaded", value=float(loaded == "True"), unit="", bar=0))
    return report(rows)


if __name__ == "__main__":
    sys.exit(main())
