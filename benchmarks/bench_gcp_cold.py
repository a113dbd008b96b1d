"""Measure the cold start of generated handlers under functions-framework in fresh interpreters, against hand-written.

It lasts from the first import until the framework could serve, and further until the first request is answered: what is
loaded late is paid there.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.gcp_subjects import PYTHON, body_of, environment, headers_of, path_of, pubsub, write_programs
from benchmarks.measure import Row, report

ROUNDS = 31
BAR = 1.10

COMMANDS = ("bare_command", "ours_command")
TELLERS = ("bare_teller", "ours_teller", "eager_teller")

NAMES = {"bare": "by hand", "ours": "generated handler", "eager": "by hand, with google-cloud-pubsub"}

STARTED = """
from time import perf_counter
start = perf_counter()
from functions_framework import create_app
app = create_app("handler", "{module}.py", "http")
print(perf_counter() - start)
"""

ANSWERED = """
import json
from time import perf_counter
body = open("{module}.request", "rb").read()
headers = json.load(open("{module}.headers"))
start = perf_counter()
from functions_framework import create_app
app = create_app("handler", "{module}.py", "http")
answer = app.test_client().post("{path}", data=body, headers=headers)
print(perf_counter() - start)
assert answer.status_code in (200, 204), (answer.status_code, answer.data)
"""

LOADED = """
import json, sys
from functions_framework import create_app
headers = json.load(open("{module}.headers"))
app = create_app("handler", "{module}.py", "http")
app.test_client().post("{path}", data=open("{module}.request", "rb").read(), headers=headers)
print(sum(name in sys.modules for name in ("google.auth", "google.cloud", "grpc", "requests", "http.client")))
"""


def run(program: str, module: str, folder: Path, server: str) -> float:
    """Run a program about a module in a fresh interpreter and give the number that it prints."""
    command = [PYTHON, "-c", program.format(module=module, path=path_of(module))]
    surroundings = environment(folder, module, server)
    done = subprocess.run(command, env=surroundings, cwd=folder, check=True, capture_output=True, text=True)
    return float(done.stdout.strip())


def rows_of(title: str, program: str, modules: Sequence[str], folder: Path, server: str) -> list[Row]:
    """Measure modules alternately, so that a noisy neighbour disturbs all alike, and hold ours to its bars."""
    for module in modules:
        run(program, module, folder, server)
    rounds = [[run(program, module, folder, server) for module in modules] for _ in range(ROUNDS)]
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
    with TemporaryDirectory() as name, pubsub() as server:
        folder = Path(name)
        write_programs(folder)
        for module in {*COMMANDS, *TELLERS}:
            (folder / f"{module}.request").write_bytes(body_of(module))
            (folder / f"{module}.headers").write_text(json.dumps(headers_of(module)))
        rows = [
            *rows_of("command, ready", STARTED, COMMANDS, folder, server),
            *rows_of("worker that emits, ready", STARTED, TELLERS, folder, server),
            *rows_of("command, first answer", ANSWERED, COMMANDS, folder, server),
            *rows_of("worker that emits, first answer", ANSWERED, TELLERS, folder, server),
        ]
        loaded = run(LOADED, "ours_command", folder, server) - run(LOADED, "bare_command", folder, server)
    rows.append(Row(name="command that emits nothing: clients loaded", value=loaded, unit="", bar=0))
    return report(rows)


if __name__ == "__main__":
    sys.exit(main())
