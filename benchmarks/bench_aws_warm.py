"""Measure a warm function on AWS: one HTTP command and one batch of ten jobs, against Powertools' resolver and processor."""

import os
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.aws_subjects import PEERS, ROOT, batch_event, environment, http_event, write_programs
from benchmarks.measure import Row, median_of, report

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


def timed(module: str, event: dict[str, Any], check: Callable[[Any], bool]) -> float:
    """Give the seconds per call of a program's handler, once it has answered rightly."""
    handler = import_module(module).handler
    context = Invocation()
    answer = handler(event, context)
    if not check(answer):
        raise AssertionError(f"{module} answered {answer!r}")
    return median_of(lambda: handler(event, context), rounds=15, loops=300)


def is_ok(answer: Any) -> bool:
    """Say whether a request was answered with the closed account."""
    return bool(answer["statusCode"] == 200 and '"closed":true' in answer["body"].replace(" ", ""))


def is_complete(answer: Any) -> bool:
    """Say whether no record failed."""
    return bool(answer == {"batchItemFailures": []})


def compare() -> int:
    """Measure and report; runs where the peers are installed."""
    request, batch = http_event(), batch_event()
    ours, theirs = timed("ours_command", request, is_ok), timed("powertools_command", request, is_ok)
    our_batch = timed("ours_worker", batch, is_complete)
    their_batch = timed("powertools_worker", batch, is_complete)
    return report(
        [
            Row(name="HTTP command: Powertools' resolver with validation", value=theirs * 1e6, unit="µs"),
            Row(name="HTTP command: ours", value=ours * 1e6, unit="µs", ratio=ours / theirs, bar=HTTP_BAR),
            Row(name="batch of 10 jobs: Powertools' batch processor", value=their_batch * 1e6, unit="µs"),
            Row(name="batch of 10: ours", value=our_batch * 1e6, unit="µs", ratio=our_batch / their_batch, bar=BATCH_BAR),
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
        surroundings = environment(Path(name)) | {"POWERTOOLS_LOG_LEVEL": "WARNING"}
        return subprocess.run(command, env=surroundings, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(compare() if "--here" in sys.argv else main())
