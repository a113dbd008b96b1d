"""Measuring and reporting for the benchmarks: a median that ignores noise, and a table with bars."""

import gc
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Hold one measured figure and the ceiling it has to stay under.

    Lower is better throughout. The bar is a ceiling for ``ratio`` where there is one, otherwise for ``value``;
    without a bar the row only describes.

    >>> Row(name="dispatch", value=9.5, unit="µs", ratio=1.4, bar=1.6).is_met
    True
    >>> Row(name="cold start", value=82, unit="modules", bar=60).is_met
    False
    """

    name: str
    value: float
    unit: str
    ratio: float | None = None
    bar: float | None = None

    @property
    def is_met(self) -> bool:
        """Tell whether the figure stays under its bar; a row without a bar always does."""
        measured = self.value if self.ratio is None else self.ratio
        return self.bar is None or measured <= self.bar

    @property
    def cells(self) -> tuple[str, ...]:
        """Spell the row for the table."""
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}x"
        bar = "" if self.bar is None else f"{self.bar:g}{'' if self.ratio is None else 'x'}"
        verdict = "" if self.bar is None else "ok" if self.is_met else "MISSED"
        return (self.name, f"{self.value:,.2f} {self.unit}", ratio, bar, verdict)


def median_of(fn: Callable[[], object], rounds: int = 9, loops: int = 1000) -> float:
    """Measure the seconds that one call takes: the median over ``rounds`` of the mean over ``loops`` calls.

    The garbage collector rests meanwhile, and one round of warming up is not counted.

    Args:
        fn: What to measure; takes nothing, its result is dropped.
        rounds: How many means the median is taken of; odd, so that it is one of them.
        loops: Calls per round; enough that a round takes some milliseconds.

    Returns:
        Seconds per call, including the few nanoseconds of the loop itself.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        _seconds_per_call(fn, loops)
        return median(_seconds_per_call(fn, loops) for _ in range(rounds))
    finally:
        if was_enabled:
            gc.enable()


def _seconds_per_call(fn: Callable[[], object], loops: int) -> float:
    start = perf_counter()
    for _ in range(loops):
        fn()
    return (perf_counter() - start) / loops


def report(rows: Sequence[Row]) -> int:
    """Print the rows as an aligned table and return the exit code: 1 when a bar is missed, otherwise 0."""
    table = [("", "median", "ratio", "bar", ""), *(row.cells for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for name, *figures, verdict in table:
        aligned = (figure.rjust(width) for figure, width in zip(figures, widths[1:-1], strict=True))
        sys.stdout.write("  ".join((name.ljust(widths[0]), *aligned, verdict)).rstrip() + "\n")
    return 0 if all(row.is_met for row in rows) else 1
