"""Measure a warm function on AWS against Powertools: an HTTP command with validation, and a batch of ten jobs."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.aws_subjects import PEERS, batch_event, environment, http_event, write_programs
from benchmarks.billing_subjects import ROOT
from benchmarks.measure import Row, median_of, report

ROUNDS = 31
HTTP_BAR = 0.5
BATCH_BAR = 1.0


class Invocation:
    """What Lambda tells of an invocation."""

    aws_request_id = "request-1"
    function_name = "closing"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:closing"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        """Give the milliseconds that are left."""
        return 900_000


def handler_of(module: str, event: dict[str, Any], check: Callable[[Any], bool]) -> Callable[[], Any]:
    """Give a call of a program's handler, once it has answered rightly."""
    handler, context = import_module(module).handler, Invocation()
    answer = handler(event, context)
    if not check(answer):
        raise AssertionError(f"{module} answered {answer!r}")
    return lambda: handler(event, context)


def is_ok(answer: Any) -> bool:
    """Say whether a request was answered with the closed account."""
    return bool(answer["statusCode"] == 200 and '"closed":true' in answer["body"].replace(" ", ""))


def is_complete(answer: Any) -> bool:
    """Say whether no record failed."""
    return bool(answer == {"batchItemFailures": []})


def rows_of(title: str, calls: Sequence[tuple[str, Callable[[], Any]]], *, bar: float) -> list[Row]:
    """Measure calls alternately, so that a noisy neighbour disturbs all alike.

    The first is the yardstick of the second; what comes after them is only described.
    """
    rounds = [[median_of(call, rounds=1, loops=100) for _, call in calls] for _ in range(ROUNDS)]
    theirs, ours, *_ = times = list(zip(*rounds, strict=True))
    ratio = median(own / other for own, other in zip(ours, theirs, strict=True))
    rows = [
        Row(name=f"{title}: {name}", value=median(seconds) * 1e6, unit="µs")
        for (name, _), seconds in zip(calls, times, strict=True)
    ]
    rows[1] = Row(name=rows[1].name, value=rows[1].value, unit="µs", ratio=ratio, bar=bar)
    return rows


def compare() -> int:
    """Measure and report; runs where the peers are installed."""
    request, batch = http_event(), batch_event()
    commands = [
        ("Powertools' resolver with validation", handler_of("powertools_command", request, is_ok)),
        ("ours", handler_of("ours_command", request, is_ok)),
    ]
    workers = [
        ("Powertools' batch processor", handler_of("powertools_worker", batch, is_complete)),
        ("ours", handler_of("ours_worker", batch, is_complete)),
        ("ours, tracking='terminal', without the network", handler_of("ours_terminal", batch, is_complete)),
        ("ours, tracking='full', without the network", handler_of("ours_full", batch, is_complete)),
    ]
    return report(
        [
            *rows_of("HTTP command", commands, bar=HTTP_BAR),
            *rows_of("batch of 10 jobs", workers, bar=BATCH_BAR),
        ]
    )


def main() -> int:
    """Start the comparison among the peers."""
    if not PEERS.exists():
        sys.stdout.write("the peers are not installed: make tools\n")
        return 1
    with TemporaryDirectory() as name:
        write_programs(Path(name))
        command = [str(PEERS), "-m", "benchmarks.bench_aws_warm", "--here"]
        surroundings = environment(Path(name), "ours_worker") | {"POWERTOOLS_LOG_LEVEL": "WARNING"}
        return subprocess.run(command, env=surroundings, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(compare() if "--here" in sys.argv else main())
