"""Expressions of EventBridge Scheduler are read back into the slots that they were written for."""

from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from purista_serverless.adapters.aws.emulator.expressions import read_timetable
from purista_serverless.errors import DeclarationError
from purista_serverless.schedule.dialects import Translation, translate
from purista_serverless.schedule.dialects.aws import NATIVE_POLICY
from purista_serverless.schedule.expressions import Cron
from purista_serverless.schedule.occurrences import Occurrences

START = datetime(2026, 1, 1, tzinfo=UTC)


def slots(expression: str, timezone: str = "UTC", *, count: int = 3, after: datetime = START) -> list[str]:
    """Give the next slots of an expression."""
    table = read_timetable(expression, timezone, created=after)
    return [f"{slot:%Y-%m-%d %H:%M}" for slot in islice(table.after(after), count)]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cron(0 2 1 * ? *)", ["2026-01-01 02:00", "2026-02-01 02:00", "2026-03-01 02:00"]),
        ("cron(30 6 ? * 2 *)", ["2026-01-05 06:30", "2026-01-12 06:30", "2026-01-19 06:30"]),
        ("cron(30 6 ? * MON-TUE *)", ["2026-01-05 06:30", "2026-01-06 06:30", "2026-01-12 06:30"]),
        ("cron(0/20 5 * * ? *)", ["2026-01-01 05:00", "2026-01-01 05:20", "2026-01-01 05:40"]),
        ("cron(0 0 1 JAN ? 2028)", ["2028-01-01 00:00"]),
        ("cron(0 0 1 1 ? 2027-2028)", ["2027-01-01 00:00", "2028-01-01 00:00"]),
        ("rate(2 hours)", ["2026-01-01 02:00", "2026-01-01 04:00", "2026-01-01 06:00"]),
        ("at(2026-07-01T09:30:00)", ["2026-07-01 09:30"]),
        ("at(2025-07-01T09:30:00)", []),
    ],
)
def test_an_expression_fires_at_its_slots(expression, expected):
    """Each kind of expression is read as EventBridge Scheduler documents it."""
    assert slots(expression) == expected


def test_an_expression_is_read_in_its_zone():
    """The wall clock is that of the schedule's zone, on both sides of a clock change."""
    berlin = slots("cron(0 2 1 * ? *)", "Europe/Berlin", count=4, after=datetime(2026, 2, 15, tzinfo=UTC))

    assert berlin == ["2026-03-01 01:00", "2026-04-01 00:00", "2026-05-01 00:00", "2026-06-01 00:00"]


def test_a_schedule_has_an_end_and_a_beginning():
    """Nothing fires before ``StartDate`` or after ``EndDate``."""
    first, last = START + timedelta(days=2), START + timedelta(days=4)
    table = read_timetable("cron(0 12 * * ? *)", "UTC", created=START, start=first, end=last)

    assert [slot.day for slot in table.after(START)] == [3, 4]


@pytest.mark.parametrize(
    "expression",
    ["0 2 1 * *", "cron(0 2 1 * *)", "cron(0 2 1 * 1 *)", "cron(0 2 ? * ? *)", "cron(0 0 L * ? *)", "rate(0 hours)",
     "rate(5 seconds)", "at(2026-07-01)", "every day"],
)  # fmt: skip
def test_what_does_not_parse_is_refused(expression):
    """What AWS would refuse is refused with the form to write, and so are the extensions that only AWS knows."""
    with pytest.raises(DeclarationError) as refused:
        read_timetable(expression, "UTC", created=START)

    assert any(fix in str(refused.value) for fix in ("write ", "list the days"))


def field(low: int, high: int) -> st.SearchStrategy[str]:
    """Make fields of cron expressions."""
    value = st.integers(low, high).map(str)
    span = st.tuples(st.integers(low, high), st.integers(low, high)).map(lambda ends: f"{min(ends)}-{max(ends)}")
    step = st.integers(2, max(2, (high - low) // 2)).map(lambda number: f"*/{number}")
    return st.one_of(st.just("*"), value, span, step)


@given(st.tuples(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 6)).map(" ".join))
def test_what_is_translated_for_aws_is_read_back(text):
    """A cron expression, written for EventBridge Scheduler and read again, has the same slots."""
    translation = translate("aws", Cron(text), "America/New_York", NATIVE_POLICY)
    if not isinstance(translation, Translation):
        return
    own = list(islice(Occurrences(Cron(text), "America/New_York", NATIVE_POLICY).after(START), 20))

    tables = [read_timetable(one, translation.timezone, created=START) for one in translation.expressions]
    read = {slot for table in tables for slot in takewhile(lambda slot: slot <= own[-1], table.after(START))}

    assert sorted(read) == [slot.astimezone(UTC) for slot in own]
