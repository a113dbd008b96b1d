"""The cron grammar: what parses to which sets, and what is refused with which advice."""

import pickle
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from purista_serverless.errors import CronSyntaxError, DeclarationError
from purista_serverless.schedule.cron import DAY, HOUR, MINUTE, MONTH, WEEKDAY, parse_cron, values_of
from purista_serverless.schedule.days import CalendarDays
from purista_serverless.schedule.dialects.rendering import render_five


@pytest.mark.parametrize(
    ("text", "field", "values"),
    [
        ("5 * * * *", "minutes", (5,)),
        ("*/20 * * * *", "minutes", (0, 20, 40)),
        ("7-59/20 * * * *", "minutes", (7, 27, 47)),
        ("1,3-5,3 * * * *", "minutes", (1, 3, 4, 5)),
        ("* 22-23 * * *", "hours", (22, 23)),
        ("* * */10 * *", "days", (1, 11, 21, 31)),
        ("* * * jan,MAR-May *", "months", (1, 3, 4, 5)),
        ("* * * */5 *", "months", (1, 6, 11)),
        ("* * * * 0", "weekdays", (0,)),
        ("* * * * 7", "weekdays", (0,)),
        ("* * * * 5-7", "weekdays", (0, 5, 6)),
        ("* * * * 0-7", "weekdays", (0, 1, 2, 3, 4, 5, 6)),
        ("* * * * sun,Tue-THU", "weekdays", (0, 2, 3, 4)),
        ("* * * * */2", "weekdays", (0, 2, 4, 6)),
        ("* * * * 1-5/2", "weekdays", (1, 3, 5)),
        ("  0   9 * *\t* ", "hours", (9,)),
    ],
)
def test_fields_parse_to_sets(text, field, values):
    """Every notation of the grammar selects the values it says."""
    assert values_of(getattr(parse_cron(text), field)) == values


@pytest.mark.parametrize(
    ("nickname", "text"),
    [
        ("@yearly", "0 0 1 1 *"),
        ("@annually", "0 0 1 1 *"),
        ("@monthly", "0 0 1 * *"),
        ("@weekly", "0 0 * * 0"),
        ("@daily", "0 0 * * *"),
        ("@midnight", "0 0 * * *"),
        ("@Hourly", "0 * * * *"),
    ],
)
def test_nicknames_are_their_five_fields(nickname, text):
    """A nickname parses to the same value as what it abbreviates."""
    assert parse_cron(nickname) == parse_cron(text)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("0 0 * * *", "every"),
        ("0 0 1 * *", "month"),
        ("0 0 * * 1", "week"),
        ("0 0 1 * 1", "either"),
        ("0 0 */2 * 1", "both"),
        ("0 0 1 * */2", "both"),
        ("0 0 */2 * *", "month"),
        ("0 0 1-31 * 1", "every"),
        ("0 0 1 * 0-6", "every"),
        ("0 0 */1 * 1", "week"),
    ],
)
def test_the_star_bit_decides_how_days_join(text, rule):
    """Both day fields have to match when one begins with a star, otherwise either does, as in Vixie cron."""
    assert parse_cron(text).day_rule == rule


@pytest.mark.parametrize(
    ("text", "problem", "fix"),
    [
        ("", "0 fields", "minute, hour"),
        ("0 9 * *", "4 fields", "minute, hour"),
        ("0 0 9 * * *", "6 fields", "seconds"),
        ("@reboot", "no nickname", "@yearly"),
        ("@daily 5", "2 fields", "minute, hour"),
        ("0 9 ? * *", "'?' is no day of month", "write * instead"),
        ("0 9 * * ?", "'?' is no day of week", "write * instead"),
        ("0 9 L * *", "'L' is no day of month", "list the days"),
        ("0 9 15W * *", "'15W' is no day of month", "list the days"),
        ("0 9 * * 5#3", "'5#3' is no day of week", "list the days"),
        ("60 * * * *", "60 is out of range", "use 0-59"),
        ("* 24 * * *", "24 is out of range", "use 0-23"),
        ("* * 0 * *", "0 is out of range", "use 1-31"),
        ("* * * 13 *", "13 is out of range", "use 1-12"),
        ("* * * * 8", "8 is out of range", "use 0-7"),
        ("* * * foo *", "'foo' is no month", "JAN-DEC"),
        ("* * * 1-FOO *", "'FOO' is no month", "JAN-DEC"),
        ("JAN * * * *", "'JAN' is no minute", "use 0-59"),
        ("-1 * * * *", "'' is no minute", "use 0-59"),
        ("1-2-3 * * * *", "'2-3' is no minute", "use 0-59"),
        ("٣ * * * *", "is no minute", "use 0-59"),
        ("1,,2 * * * *", "empty item", "comma"),
        ("1, * * * *", "empty item", "comma"),
        ("*/0 * * * *", "step of '*/0'", "1 to 59"),
        ("*/x * * * *", "step of '*/x'", "*/2"),
        ("*/ * * * *", "step of '*/'", "*/2"),
        ("*/60 * * * *", "1 to 59", "*/2"),
        ("5/15 * * * *", "different things", "write 5-59/15 or 5"),
        ("* 22-2 * * *", "range 22-2 runs backwards", "write 22-23,0-2"),
        ("* * * * FRI-MON", "range FRI-MON runs backwards", "write FRI-SAT,SUN-MON"),
        ("* * * * FRI-SUN", "range FRI-SUN runs backwards", "write FRI-SAT,SUN"),
        ("* * * * SAT-MON", "range SAT-MON runs backwards", "write SAT,SUN-MON"),
        ("* * * NOV-FEB *", "range NOV-FEB runs backwards", "write NOV-DEC,JAN-FEB"),
        ("0 0 30 2 *", "day 30 exists in none of its months", "up to 29"),
        ("0 0 31 2,4,6 *", "day 31 exists in none", "up to 30"),
        ("0 0 30 2 */2", "day 30 exists in none", "up to 29"),
    ],
)
def test_what_does_not_parse_says_how_to_write_it(text, problem, fix):
    """An error quotes the expression, names what is wrong and gives the fix."""
    with pytest.raises(CronSyntaxError) as caught:
        parse_cron(text)
    assert problem in str(caught.value)
    assert fix in str(caught.value)
    assert repr(text) in str(caught.value)
    assert isinstance(caught.value, DeclarationError | ValueError)


@pytest.mark.parametrize("text", ["0 0 29 2 *", "0 0 30 2 1", "0 0 31 1,2 *"])
def test_rare_dates_are_no_impossible_ones(text):
    """Leap days, and days of week beside an impossible day of month, do fire."""
    fields = parse_cron(text)
    assert fields.days


@given(
    minutes=st.sets(st.integers(0, 59), min_size=1),
    hours=st.sets(st.integers(0, 23), min_size=1),
    days=st.sets(st.integers(1, 28), min_size=1),
    months=st.sets(st.integers(1, 12), min_size=1),
)
def test_rendered_fields_parse_to_themselves(minutes, hours, days, months):
    """What the dialects write is read back to the same sets."""
    text = " ".join(",".join(map(str, sorted(values))) for values in (minutes, hours, days, months)) + " *"
    fields = parse_cron(text)
    again = parse_cron(render_five(fields))
    assert (again.minutes, again.hours, again.days, again.months) == (
        fields.minutes,
        fields.hours,
        fields.days,
        fields.months,
    )


def test_fields_are_plain_values():
    """Parsed fields compare, hash and pickle."""
    fields = parse_cron("0 9 * * MON")
    assert pickle.loads(pickle.dumps(fields)) == fields  # noqa: S301
    assert len({fields, parse_cron("0 9 * * 1")}) == 1
    assert [field.title for field in (MINUTE, HOUR, DAY, MONTH, WEEKDAY)][-1] == "day of week"


@given(
    text=st.sampled_from(["0 0 13 * 5", "0 0 */3 * 1-5", "0 0 29 2 *", "0 0 * * 0", "0 0 31 * *", "0 0 * 2,12 *"]),
    first=st.dates(date(1890, 1, 1), date(2110, 1, 1)),
    length=st.integers(0, 800),
)
def test_days_are_those_that_match_one_by_one(text, first, length):
    """The month-wise sets give what a look at each day gives, in both directions."""
    fields = parse_cron(text)
    start = first.toordinal()
    expected = [
        day for day in map(date.fromordinal, range(start, start + length + 1)) if _matches(day, text, fields.either)
    ]
    days = CalendarDays(fields)
    assert list(days.forward(start, start + length)) == expected
    assert list(days.backward(start + length, start)) == expected[::-1]


def _matches(day: date, text: str, either: bool) -> bool:  # noqa: FBT001
    fields = parse_cron(text)
    if day.month not in values_of(fields.months):
        return False
    hits = day.day in values_of(fields.days), day.isoweekday() % 7 in values_of(fields.weekdays)
    return any(hits) if either else all(hits)
