"""Measure a year of the example application in virtual time, on each kind of broker.

A year has twelve cycles with retries, a dead letter and its redrive, leases extended each minute, and every
message handed to the real handlers.
"""

import sys
from collections.abc import Callable

from benchmarks.measure import Row, median_of, report
from examples.enterprise_billing_cycle.audit import differences
from examples.enterprise_billing_cycle.year import play_year
from purista_serverless.testing.simulation import Backend

ROUNDS = 5
BAR_SECONDS = 2.0
BACKENDS: tuple[Backend, ...] = ("ideal", "sqs-like", "push-like")


def year_on(backend: Backend) -> Callable[[], object]:
    """Give a function that plays a year on a broker.

    Raises:
        ValueError: The year's totals do not add up, so that its time says nothing.
    """
    found = differences(play_year(backend))
    if found:
        raise ValueError(f"{backend}: {found[0]}")
    return lambda: play_year(backend)


def main() -> int:
    """Measure every backend."""
    return report(
        [
            Row(
                name=f"a simulated year, {backend}",
                value=median_of(year_on(backend), rounds=ROUNDS, loops=1),
                unit="s",
                bar=BAR_SECONDS,
            )
            for backend in BACKENDS
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
