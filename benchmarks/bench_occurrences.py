"""Slots in Europe/Berlin against cronsim and croniter: enumeration at least five times as fast, one step no slower.

A ratio is our time divided by theirs for the same slots: 0.20x is five times as fast.
"""

import random
import sys
from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from croniter import croniter
from cronsim import CronSim

from benchmarks.measure import Row, median_of, report
from purista_serverless.schedule import Cron, Occurrences
from purista_serverless.schedule.zones import Zone, load_zone

ZONE = "Europe/Berlin"
START = datetime(2020, 1, 1, tzinfo=ZoneInfo(ZONE))
# Expression, and how many slots a round enumerates: months of the frequent one, decades of the rare ones.
WORKLOADS = (("*/5 * * * *", 20_000), ("0 2 * * 1-5", 2_000), ("0 2 1 * *", 500))
ENUMERATION_BAR = 1 / 5
SINGLE_BAR = 1.0


def enumerate_ours(text: str) -> Iterator[datetime]:
    """Enumerate with the engine, construction and parsing included."""
    return Occurrences(Cron(text), ZONE).after(START)


def enumerate_cronsim(text: str) -> Iterator[datetime]:
    """Enumerate with cronsim."""
    return iter(CronSim(text, START))


def enumerate_croniter(text: str) -> Iterator[datetime]:
    """Enumerate with croniter."""
    iterator = croniter(text, START)
    while True:
        yield iterator.get_next(datetime)


def seconds_per_slot(enumerate_slots: Callable[[str], Iterator[datetime]], text: str, count: int) -> float:
    """Measure one slot of an enumeration."""
    return median_of(lambda: deque(islice(enumerate_slots(text), count), maxlen=0), rounds=5, loops=1) / count


def seconds_per_step(step: Callable[[datetime], object], instants: list[datetime]) -> float:
    """Measure one next slot after a random instant."""
    return median_of(lambda: [step(instant) for instant in instants], rounds=5, loops=1) / len(instants)


def measure_enumeration(text: str, count: int) -> list[Row]:
    """Compare enumerations from 2020; a tenth of the slots is enough for the slower libraries."""
    ours = seconds_per_slot(enumerate_ours, text, count)
    rows = [Row(name=f"enumerate  {text}", value=ours * 1e6, unit="µs")]
    for name, theirs in (("cronsim", enumerate_cronsim), ("croniter", enumerate_croniter)):
        seconds = seconds_per_slot(theirs, text, count // 10)
        rows.append(Row(name=f"  {name}", value=seconds * 1e6, unit="µs", ratio=ours / seconds, bar=ENUMERATION_BAR))
    return rows


def measure_single(text: str, instants: list[datetime]) -> list[Row]:
    """Compare the next slot after random instants; all three are made anew, as the libraries take the instant then."""
    ours = seconds_per_step(lambda instant: Occurrences(Cron(text), ZONE).next_after(instant), instants)
    kept = seconds_per_step(Occurrences(Cron(text), ZONE).next_after, instants)
    cronsim = seconds_per_step(lambda instant: next(CronSim(text, instant)), instants)
    iterator = seconds_per_step(lambda instant: croniter(text, instant).get_next(datetime), instants)
    return [
        Row(name=f"next       {text}", value=ours * 1e6, unit="µs"),
        Row(name="  if Occurrences is kept", value=kept * 1e6, unit="µs"),
        Row(name="  cronsim", value=cronsim * 1e6, unit="µs", ratio=ours / cronsim, bar=SINGLE_BAR),
        Row(name="  croniter", value=iterator * 1e6, unit="µs", ratio=ours / iterator, bar=SINGLE_BAR),
    ]


def measure_zone() -> Row:
    """Measure what a process pays once per zone and year: the search for offset changes."""
    info = load_zone(ZONE).info
    seconds = median_of(lambda: Zone(info).changes(2027), rounds=5, loops=50)
    return Row(name="changes of a zone in a year, once", value=seconds * 1e6, unit="µs")


def main() -> int:
    """Measure all workloads and print the table."""
    generator = random.Random(2020)  # noqa: S311
    instants = [START + timedelta(minutes=generator.randrange(5_000_000)) for _ in range(500)]
    rows = [row for text, count in WORKLOADS for row in measure_enumeration(text, count)]
    rows += [row for text, _ in WORKLOADS for row in measure_single(text, instants)]
    return report([*rows, measure_zone()])


if __name__ == "__main__":
    sys.exit(main())
