"""Expressions are values: cheap, frozen, comparable, and readable in PURISTA's wire shape."""

import copy
import datetime  # noqa: ICN001 -- the repr of a value spells it so
import pickle
import subprocess
import sys
import zoneinfo
from datetime import UTC, timedelta

import pytest

from purista_serverless import schedule
from purista_serverless.errors import DeclarationError, UnknownTimezone
from purista_serverless.schedule.expressions import Cron, DstPolicy, Interval, OneShot, from_wire, to_wire

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
LOCAL = datetime.datetime(2027, 1, 1, 9, 30)  # noqa: DTZ001 -- a local time of the schedule's zone
VALUES = (
    Cron("0 2 1 * *"),
    Interval(timedelta(minutes=15)),
    Interval(timedelta(minutes=15), start=datetime.datetime(2027, 1, 1, tzinfo=UTC)),
    OneShot(LOCAL),
    OneShot(datetime.datetime(2027, 1, 1, 9, 30, tzinfo=BERLIN)),
    DstPolicy(skipped="skip", repeated="both"),
)


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_is_rebuilt_from_its_repr(value):
    """The repr is the call that makes an equal value."""
    names = {kind.__name__: kind for kind in (Cron, Interval, OneShot, DstPolicy)}
    assert eval(repr(value), {**names, "datetime": datetime, "zoneinfo": zoneinfo}) == value  # noqa: S307


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_survives_copies(value):
    """Pickling and copying give equal values with equal hashes."""
    for twin in (pickle.loads(pickle.dumps(value)), copy.copy(value), copy.deepcopy(value)):  # noqa: S301
        assert twin == value
        assert hash(twin) == hash(value)


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_is_frozen_to_readers(value):
    """Setting, adding and deleting attributes is refused."""
    name = type(value).__slots__[0]
    with pytest.raises(AttributeError, match="frozen"):
        setattr(value, name, None)
    with pytest.raises(AttributeError, match="frozen"):
        delattr(value, name)
    with pytest.raises(AttributeError, match="frozen"):
        value.other = 1


def test_values_of_different_kinds_or_content_differ():
    """Equality needs the same kind and the same content."""
    assert len(set(VALUES)) == len(VALUES)
    assert Cron("0 2 1 * *") != Cron("0 2 1  * *")
    assert Cron("x") != "x"


def test_constructing_parses_nothing():
    """A cold start that declares a schedule loads neither the parser nor the time zone database."""
    script = (
        "import sys; from purista_serverless.schedule import Cron; Cron('no cron at all');"
        "heavy = {'zoneinfo', 'dataclasses', 're', 'datetime'};"
        "print(sorted(name for name in sys.modules if 'schedule.' in name or name in heavy))"
    )
    done = subprocess.run([sys.executable, "-S", "-c", script], capture_output=True, text=True, check=True, env={})
    assert done.stdout.strip() == "['purista_serverless.schedule.expressions']"


def test_the_package_resolves_its_public_names():
    """Every public name resolves, and an unknown one is an ordinary AttributeError."""
    for name in dir(schedule):
        assert getattr(schedule, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Crom'"):
        _ = schedule.Crom


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Interval(timedelta(0)), "positive"),
        (lambda: Interval(timedelta(seconds=-1)), "positive"),
        (lambda: Interval(timedelta(hours=1), start=LOCAL), "aware"),
        (
            lambda: DstPolicy("drop"),  # type: ignore[arg-type]
            "'shift' or 'skip'",
        ),
        (
            lambda: DstPolicy(repeated="twice"),  # type: ignore[arg-type]
            "'first', 'second' or 'both'",
        ),
    ],
)
def test_wrong_values_are_refused_with_the_fix(make, message):
    """What needs no parsing is checked at once."""
    with pytest.raises(DeclarationError, match=message):
        make()


@pytest.mark.parametrize(
    ("expression", "timezone", "shape"),
    [
        (Cron("0 2 1 * *"), "UTC", {"kind": "cron", "value": "0 2 1 * *", "timezone": "UTC"}),
        (Interval(timedelta(minutes=15)), "UTC", {"kind": "interval", "everyMs": 900_000}),
        (
            Interval(timedelta(milliseconds=1), start=datetime.datetime(2027, 1, 1, 1, tzinfo=BERLIN)),
            "UTC",
            {"kind": "interval", "everyMs": 1, "startAt": "2027-01-01T00:00:00Z"},
        ),
        (OneShot(LOCAL), "Europe/Berlin", {"kind": "oneShot", "runAt": "2027-01-01T08:30:00Z"}),
        (OneShot(LOCAL.replace(tzinfo=UTC)), "Europe/Berlin", {"kind": "oneShot", "runAt": "2027-01-01T09:30:00Z"}),
    ],
)
def test_expressions_travel_in_the_wire_shape(expression, timezone, shape):
    """Writing gives PURISTA's shape, and reading it gives the same slots back."""
    assert to_wire(expression, timezone) == shape
    back, zone = from_wire(shape)
    assert zone == shape.get("timezone")
    assert to_wire(back, timezone) == shape


@pytest.mark.parametrize(
    "shape",
    [
        {},
        {"kind": "rate"},
        {"kind": "interval"},
        {"kind": "interval", "everyMs": 0},
        {"kind": "oneShot", "runAt": "tomorrow"},
        {"kind": "oneShot", "runAt": 7},
    ],
)
def test_malformed_shapes_are_declaration_errors(shape):
    """A shape that cannot be read is refused as a whole, with the shape in the text."""
    with pytest.raises(DeclarationError):
        from_wire(shape)


def test_what_has_no_wire_shape_is_refused():
    """Fractions of a millisecond and local times of an unknown zone cannot be written."""
    with pytest.raises(DeclarationError, match="milliseconds"):
        to_wire(Interval(timedelta(microseconds=1)), "UTC")
    with pytest.raises(UnknownTimezone):
        to_wire(OneShot(LOCAL), "Europe/Atlantis")
    with pytest.raises(DeclarationError, match="no schedule expression"):
        to_wire("0 2 1 * *", "UTC")  # type: ignore[arg-type]
