"""Intervals and one-shots, which are fixed in elapsed time: no clock change touches their translations."""

from datetime import UTC, datetime

from purista_serverless.schedule.expressions import DstPolicy, Interval, OneShot
from purista_serverless.schedule.occurrences import Occurrences

_BEGINNING = datetime(2, 1, 1, tzinfo=UTC)


def instants_of(one_shot: OneShot, timezone: str, policy: DstPolicy) -> tuple[datetime, ...]:
    """Give the instants of a one-shot in UTC: none when the clock skips it, two when both repetitions are wanted."""
    slots = Occurrences(one_shot, timezone, policy).after(_BEGINNING)
    return tuple(slot.astimezone(UTC) for slot in slots)


def interval_notes(interval: Interval, expressions: tuple[str, ...]) -> tuple[str, ...]:
    """Tell what a fixed calendar cannot say about an interval."""
    notes: list[str] = []
    if len(expressions) > 1:
        notes.append(f"The interval needs {len(expressions)} expressions; together they fire at its slots.")
    if interval.start is not None:
        notes.append(f"There is no slot before {interval.start.isoformat()}; earlier arrivals are dropped by the gate.")
    return tuple(notes)
