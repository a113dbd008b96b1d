"""Translations fire at the slots, according to an independent evaluator per dialect, or are refused."""

import os
import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from purista_serverless.errors import CronSyntaxError, UnknownTimezone
from purista_serverless.schedule.dialects import DIALECTS, Refusal, Translation, translate
from purista_serverless.schedule.expressions import Cron, DstPolicy, Interval, OneShot
from purista_serverless.schedule.occurrences import Occurrences
from tests.unit.schedule.evaluators import EPOCH, FIRE, clock, fire_google, read_aws, selected_days

SOAK = bool(os.environ.get("PURISTA_SOAK"))
YEARS = 5 if SOAK else 2
EXPRESSIONS = 5000 if SOAK else 500
FIRST, LAST = date(2025, 1, 1), date(2025 + YEARS - 1, 12, 31)
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Africa/Casablanca",  # leaves its summer time for Ramadan
    "Australia/Lord_Howe",  # changes by half an hour
    "America/Santiago",  # skips midnight, west of Greenwich
    "Asia/Beirut",  # skips midnight, east of Greenwich
    "America/Havana",  # repeats the hour after midnight
    "Asia/Kolkata",
    "Asia/Tokyo",
)
WITHOUT_CHANGES = ("UTC", "Asia/Kolkata", "Asia/Tokyo")
POLICIES = tuple(
    DstPolicy(skipped, repeated) for skipped in ("shift", "skip") for repeated in ("first", "second", "both")
)

# Listed by a Temporal server (1.32) for the change of 2027-10-31, with the local times of the runs near it.
TEMPORAL_OBSERVED = {
    "30 2 * * *": ("02:30+0100",),
    "*/30 1,2,4 * * *": ("01:00+0200", "01:30+0200", "02:00+0200", "02:30+0100", "04:00+0100", "04:30+0100"),
    "*/30 1,4 * * *": ("01:00+0200", "01:30+0200", "02:00+0200", "04:00+0100", "04:30+0100"),
}


def make_expression(generator: random.Random) -> str:
    """Make a cron expression that fires a few times per day or less, in every notation of the grammar."""

    def values(low: int, high: int, count: int) -> str:
        return ",".join(str(value) for value in sorted(generator.sample(range(low, high + 1), count)))

    def span(low: int, high: int) -> str:
        first, last = sorted(generator.sample(range(low, high + 1), 2))
        step = generator.randint(1, min(4, high - low))
        return f"{first}-{last}" if step == 1 else f"{first}-{last}/{step}"

    minute = generator.choice(["0", "30", "15", values(0, 59, 1), values(0, 59, 2)])
    hour = generator.choice(["0", "2", "23", values(0, 23, 1), values(0, 5, 2), "1-3", "*/12", "*"])
    if hour == "*":
        return f"{minute} * {values(1, 28, 1)} {generator.choice(['*', 'mar', '10,11', 'APR-SEP'])} *"
    day = generator.choice(["*", "*", "*", "1", values(1, 31, 1), span(1, 31), "*/2", "*/10", "1-31"])
    weekday = generator.choice(["*", "*", "*", "0", "7", "SUN", "1-5", "mon,FRI", "1-5/2", "*/2", "5-7", "0-6"])
    month = generator.choice(["*", "*", "*/3", "jan-MAR", values(1, 12, 3), span(1, 12)])
    return f"{minute} {hour} {day} {month} {weekday}"


def make_cases(count: int) -> list[tuple[Cron, DstPolicy]]:
    """Make expressions that parse, each with a policy; every policy equally often."""
    generator, cases = random.Random(20251), list[tuple[Cron, DstPolicy]]()  # noqa: S311
    while len(cases) < count:
        cron = Cron(make_expression(generator))
        try:
            Occurrences(cron, "UTC")
        except CronSyntaxError:
            continue
        cases.append((cron, POLICIES[len(cases) % len(POLICIES)]))
    return cases


def fire_slots(cron: Cron, zone: str, policy: DstPolicy) -> set[int]:
    """List our own slots in the years under test, as seconds since the epoch."""
    info = ZoneInfo(zone)
    start = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=info) - timedelta(seconds=1)
    end = datetime(LAST.year, LAST.month, LAST.day, 23, 59, tzinfo=info)
    return {int(slot.timestamp()) for slot in Occurrences(cron, zone, policy).between(start, end)}


@pytest.mark.parametrize("zone", ZONES)
def test_translations_fire_at_the_slots_or_are_refused(zone):
    """Whatever a dialect fires in two years is exactly what the engine says, for 500 expressions."""
    on, outcomes = clock(zone, FIRST, LAST), Counter[tuple[str, type]]()
    for cron, policy in make_cases(EXPRESSIONS):
        slots = None
        for dialect in DIALECTS:
            outcome = translate(dialect, cron, zone, policy)
            outcomes[dialect, type(outcome)] += 1
            if isinstance(outcome, Refusal):
                assert outcome.reason
                assert outcome.fix
                continue
            assert outcome.timezone == zone
            slots = fire_slots(cron, zone, policy) if slots is None else slots
            firings = [FIRE[dialect](text, on) for text in outcome.expressions]
            certain = frozenset().union(*(firing.certain for firing in firings))
            uncertain = frozenset().union(*(firing.uncertain for firing in firings))
            assert uncertain <= certain, (dialect, cron, policy, outcome)
            assert certain == slots, (dialect, cron, policy, outcome, sorted(certain ^ slots)[:5])
    shares = {dialect: outcomes[dialect, Translation] / EXPRESSIONS for dialect in DIALECTS}
    # Days that must match both fields, which only Temporal can say, are 15 % of the expressions.
    assert min(shares.values()) > (0.8 if zone in WITHOUT_CHANGES else 0.3), shares
    assert sum(shares.values()) / len(shares) > 0.55, shares


@pytest.mark.parametrize(
    ("text", "expressions"),
    [
        ("0 9 */2 * *", ("cron(0 9 1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31 * ? *)",)),
        ("0 9 * * */2", ("cron(0 9 ? * 1,3,5,7 *)",)),
        ("0 9 * * 1-5/2", ("cron(0 9 ? * 2,4,6 *)",)),
        ("0 9 1 * SAT", ("cron(0 9 1 * ? *)", "cron(0 9 ? * 7 *)")),
        ("*/15 */6 * * *", ("cron(0/15 0/6 * * ? *)",)),
        ("0 9 1-31 * 1", ("cron(0 9 * * ? *)",)),
    ],
)
def test_aws_keeps_steps_and_unions(text, expressions):
    """Steps of day fields are not lost, their digits are not renumbered, and a union becomes two schedules."""
    outcome = translate("aws", Cron(text), "UTC")
    assert isinstance(outcome, Translation)
    assert outcome.expressions == expressions


def test_a_union_that_meets_on_a_day_says_so():
    """Two AWS schedules may fire at the same instant; the note tells who drops the second."""
    outcome = translate("aws", Cron("0 9 1 * SAT"), "UTC")
    assert isinstance(outcome, Translation)
    assert "dropped by the gate" in outcome.notes[0]
    first, second = (read_aws(text) for text in outcome.expressions)
    on = clock("UTC", FIRST, LAST)
    assert selected_days(first, on.first, on.last) & selected_days(second, on.first, on.last)


@pytest.mark.parametrize("dialect", ["airflow", "aws", "google", "kubernetes"])
def test_a_day_that_must_match_both_fields_is_refused(dialect):
    """A star with a step joins the day fields by *and*, which only Temporal can say."""
    outcome = translate(dialect, Cron("0 9 */2 * 1"), "UTC")
    assert isinstance(outcome, Refusal)
    assert "cannot require both" in outcome.reason


@pytest.mark.parametrize(
    ("dialect", "policy"),
    [
        ("aws", DstPolicy("skip", "first")),
        ("kubernetes", DstPolicy("skip", "both")),
        ("airflow", DstPolicy("shift", "second")),
    ],
)
def test_a_slot_in_a_changed_hour_needs_the_native_policy(dialect, policy):
    """02:30 in Berlin translates under the dialect's own policy only, and the refusal names it."""
    refusal = translate(dialect, Cron("30 2 * * *"), "Europe/Berlin", DstPolicy("shift", "first"))
    assert isinstance(refusal, Refusal)
    assert repr(policy) in refusal.fix
    assert isinstance(translate(dialect, Cron("30 2 * * *"), "Europe/Berlin", policy), Translation)


def test_airflow_loses_the_second_of_two_shifted_times():
    """Airflow looks from 03:00 for the next wall time, so that 02:30 of a skipped hour never runs; refused."""
    refusal = translate("airflow", Cron("0,30 2 * * *"), "Europe/Berlin", DstPolicy("shift", "second"))
    assert isinstance(refusal, Refusal)
    assert "UTC" in refusal.fix


@pytest.mark.parametrize("text", TEMPORAL_OBSERVED)
def test_temporal_is_refused_where_its_server_was_seen_to_differ(text):
    """The server's runs near the change are none of the six policies' slots, and no policy is translated."""
    zone = ZoneInfo("Europe/Berlin")
    start, end = datetime(2027, 10, 31, 0, 30, tzinfo=zone), datetime(2027, 10, 31, 5, tzinfo=zone)
    for policy in POLICIES:
        assert isinstance(translate("temporal", Cron(text), "Europe/Berlin", policy), Refusal)
    slots = Occurrences(Cron(text), "Europe/Berlin").between(start, end)
    assert tuple(f"{slot:%H:%M%z}" for slot in slots) != TEMPORAL_OBSERVED[text]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_untouched_schedules_translate_everywhere(dialect):
    """The monthly run of the example application is exact on every platform, under the default policy."""
    assert isinstance(translate(dialect, Cron("0 2 1 * *"), "Europe/Berlin"), Translation)


@pytest.mark.parametrize("dialect", ["airflow", "aws", "google", "kubernetes"])
@pytest.mark.parametrize("minutes", [1, 5, 45, 90, 32, 360, 1440])
@pytest.mark.parametrize("offset", [0, 7, 1000])
def test_an_interval_that_divides_the_day_becomes_cron_in_utc(dialect, minutes, offset):
    """The expressions together fire at the interval's slots, also with an anchor of its own."""
    start = None if offset == 0 else datetime(2024, 2, 29, tzinfo=UTC) + timedelta(minutes=offset)
    interval = Interval(timedelta(minutes=minutes), start=start)
    outcome = translate(dialect, interval, "Europe/Berlin")
    assert isinstance(outcome, Translation)
    assert outcome.timezone == "UTC"
    assert (start is None) == (not any("before" in note for note in outcome.notes))
    assert _fire_day(dialect, outcome, 3) == _slot_day(interval, 3)


@pytest.mark.parametrize("dialect", ["airflow", "aws", "google", "kubernetes"])
def test_a_weekly_interval_fires_on_the_anchor_s_weekday(dialect):
    """Seven days become one day of the week, counted from the anchor."""
    interval = Interval(timedelta(days=7), start=datetime(2025, 1, 5, 6, 30, tzinfo=UTC))
    outcome = translate(dialect, interval, "Asia/Tokyo")
    assert isinstance(outcome, Translation)
    assert _fire_day(dialect, outcome, 30) == _slot_day(interval, 30)


def _fire_day(dialect: str, outcome: Translation, days: int) -> set[int]:
    on = clock("UTC", date(2025, 1, 9), date(2025, 1, 9) + timedelta(days=days))
    return {at for text in outcome.expressions for at in FIRE[dialect](text, on).certain}


def _slot_day(interval: Interval, days: int) -> set[int]:
    start = datetime(2025, 1, 9, tzinfo=UTC)
    slots = Occurrences(interval, "UTC").between(start - timedelta(seconds=1), start + timedelta(days=days + 1))
    return {int(slot.timestamp()) for slot in slots if slot < start + timedelta(days=days + 1)}


@pytest.mark.parametrize("dialect", ["aws", "google", "kubernetes", "airflow"])
@pytest.mark.parametrize("every", [timedelta(seconds=30), timedelta(minutes=7), timedelta(hours=36)])
def test_an_interval_that_no_calendar_repeats_is_refused(dialect, every):
    """Sub-minute intervals and those that drift through the day are refused, with what to use instead."""
    outcome = translate(dialect, Interval(every), "UTC")
    assert isinstance(outcome, Refusal)
    assert "divide a day" in outcome.fix


def test_airflow_counts_other_intervals_from_a_start_date():
    """With a start of its own, any interval is exact as a delta, if Airflow catches up from there."""
    start = datetime(2027, 1, 1, tzinfo=UTC)
    outcome = translate("airflow", Interval(timedelta(minutes=7), start=start), "UTC")
    assert isinstance(outcome, Translation)
    assert outcome.expressions == ("timedelta(seconds=420)",)
    assert "catchup" in outcome.notes[0]


def test_temporal_counts_intervals_from_the_epoch_with_a_phase():
    """Temporal's own intervals have the same anchor as ours, so that seconds are possible."""
    every, start = timedelta(seconds=90), datetime(2027, 1, 1, 0, 1, 10, tzinfo=UTC)
    outcome = translate("temporal", Interval(every, start=start), "UTC")
    assert isinstance(outcome, Translation)
    count, _, phase = outcome.expressions[0].removeprefix("@every ").partition("/")
    assert count == "90s"
    assert (start - EPOCH).total_seconds() % 90 == int(phase.removesuffix("s"))
    assert isinstance(translate("temporal", Interval(timedelta(milliseconds=500)), "UTC"), Refusal)


def test_a_one_shot_is_placed_in_utc():
    """A local one-shot becomes an instant in UTC, where no clock change can touch it."""
    shot = OneShot(datetime(2027, 3, 28, 2, 30))  # noqa: DTZ001 -- local on purpose, and skipped
    aws = translate("aws", shot, "Europe/Berlin")
    assert isinstance(aws, Translation)
    assert (aws.expressions, aws.timezone) == (("at(2027-03-28T01:30:00)",), "UTC")
    temporal = translate("temporal", shot, "Europe/Berlin")
    assert isinstance(temporal, Translation)
    assert temporal.expressions == ("0 30 1 28 3 * 2027",)
    airflow = translate("airflow", shot, "Europe/Berlin")
    assert isinstance(airflow, Translation)
    assert airflow.notes == ("Set start_date to 2027-03-28T01:30:00+00:00.",)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_one_shot_that_never_comes_is_refused(dialect):
    """A skipped local time under "skip" has no instant to translate."""
    shot = OneShot(datetime(2027, 3, 28, 2, 30))  # noqa: DTZ001 -- local on purpose, and skipped
    assert isinstance(translate(dialect, shot, "Europe/Berlin", DstPolicy("skip")), Refusal)


def test_a_repeated_one_shot_becomes_two_schedules_under_both():
    """Both instants of a repeated local time are kept where several expressions are possible."""
    shot = OneShot(datetime(2027, 10, 31, 2, 30))  # noqa: DTZ001 -- local on purpose, and repeated
    outcome = translate("aws", shot, "Europe/Berlin", DstPolicy(repeated="both"))
    assert isinstance(outcome, Translation)
    assert outcome.expressions == ("at(2027-10-31T00:30:00)", "at(2027-10-31T01:30:00)")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_wrong_declarations_raise_instead_of_being_refused(dialect):
    """An unknown zone and a malformed expression are errors of the declaration, on every dialect."""
    with pytest.raises(UnknownTimezone, match="Europe/Berlin"):
        translate(dialect, Interval(timedelta(hours=1)), "Europe/Berln")
    with pytest.raises(CronSyntaxError):
        translate(dialect, Cron("0 9 * *"), "UTC")


def test_the_evaluators_see_what_may_go_wrong():
    """An evaluator that called everything certain would let every translation pass."""
    on = clock("Europe/Berlin", FIRST, LAST)
    assert fire_google("30 2 * * *", on).uncertain
    assert FIRE["temporal"]("30 1 * * *", on).uncertain
    assert FIRE["kubernetes"]("0 9 * * 0", clock("Asia/Beirut", FIRST, LAST)) != FIRE["google"](
        "0 9 * * 0", clock("Asia/Beirut", FIRST, LAST)
    )
