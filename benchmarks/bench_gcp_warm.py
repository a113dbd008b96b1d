"""Measure a warm function on Google Cloud against the same by hand: a push with one job, and an HTTP command.

Both are handed a fresh request of the framework's kind each time; neither verifies a token, which Cloud Run does.
"""

import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.billing_subjects import ROOT
from benchmarks.gcp_subjects import PYTHON, body_of, environment, headers_of, path_of, pubsub, write_programs
from benchmarks.measure import Row, median_of, report

ROUNDS = 31
BAR = 1.5


def call_of(module: str) -> Callable[[], Any]:
    """Give a call of a program's handler, once it has answered rightly."""
    from flask import Flask, Request
    from werkzeug.test import EnvironBuilder

    handler, body = import_module(module).handler, body_of(module)
    builder = EnvironBuilder(path_of(module), method="POST", data=body, headers=list(headers_of(module).items()))
    surroundings = builder.get_environ()
    stream = surroundings["wsgi.input"]

    def call() -> Any:
        stream.seek(0)
        return handler(Request(dict(surroundings)))

    answer = _answered(Flask(module), call)
    if answer.status_code not in {200, 204}:
        raise AssertionError(f"{module} answered {answer.status}: {answer.data!r}")
    return call


def _answered(app: Any, call: Callable[[], Any]) -> Any:
    with app.test_request_context():
        return app.make_response(call())


def rows_of(title: str, kind: str, *, bar: float | None) -> list[Row]:
    """Measure both alternately, so that a noisy neighbour disturbs both alike."""
    calls = [call_of(f"bare_{kind}"), call_of(f"ours_{kind}")]
    rounds = [[median_of(call, rounds=1, loops=300) for call in calls] for _ in range(ROUNDS)]
    theirs, ours = zip(*rounds, strict=True)
    ratio = median(own / other for own, other in zip(ours, theirs, strict=True))
    return [
        Row(name=f"{title}: by hand", value=median(theirs) * 1e6, unit="µs"),
        Row(name=f"{title}: ours", value=median(ours) * 1e6, unit="µs", ratio=ratio, bar=bar),
    ]


def compare() -> int:
    """Measure and report."""
    return report([*rows_of("push of one job", "worker", bar=BAR), *rows_of("HTTP command", "command", bar=None)])


def main() -> int:
    """Start the comparison with the environment that Cloud Run gives a function."""
    with TemporaryDirectory() as name, pubsub() as server:
        write_programs(Path(name))
        surroundings = environment(Path(name), "ours_worker", server)
        command = [PYTHON, "-m", "benchmarks.bench_gcp_warm", "--here"]
        return subprocess.run(command, env=surroundings, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(compare() if "--here" in sys.argv else main())
