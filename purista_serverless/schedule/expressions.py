"""Schedule expressions as a user writes them: plain values, nothing parsed, nothing computed.

This module is on the cold path (a deployed handler imports the module that declares its schedule), so that it imports
nothing; ``parse_cron`` and ``Occurrences`` do the work when someone asks for it.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta
    from typing import Any, Literal, NoReturn, TypeAlias


class _Value:
    """Slotted value: set once, equal and hashed by its slots, shown as the call that makes it."""

    __slots__: tuple[str, ...] = ()

    def _set(self, **values: object) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def _key(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in self.__slots__)

    def __setattr__(self, name: str, value: object) -> "NoReturn":
        raise AttributeError(f"{type(self).__name__} is frozen; make a new one instead of setting {name!r}")

    def __delattr__(self, name: str) -> "NoReturn":
        raise AttributeError(f"{type(self).__name__} is frozen; {name!r} cannot be deleted")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash((type(self).__name__, *self._key()))

    def __setstate__(self, state: "tuple[None, dict[str, object]]") -> None:
        # Unpickling sets attributes, which readers may not.
        self._set(**state[1])


class Cron(_Value):
    """Fire at the wall-clock minutes of a five-field cron expression, in the schedule's zone.

    The text is parsed when the application is checked, not here; ``parse_cron`` describes the grammar.

    Example:
        >>> Cron("0 2 1 * *")
        Cron('0 2 1 * *')
    """

    __slots__ = ("value",)
    value: str

    def __init__(self, value: str) -> None:
        self._set(value=value)

    def __repr__(self) -> str:
        return f"Cron({self.value!r})"


class Interval(_Value):
    """Fire each time a span of elapsed time has passed since an anchor; clock changes do not move it.

    Args:
        every: Time between two slots, more than zero.
        start: First slot, aware. Without it the slots are the multiples of ``every`` since 1970-01-01T00:00Z, so that
            a restart or a new deployment never moves them.

    Raises:
        DeclarationError: ``every`` is not positive, or ``start`` has no time zone.

    Example:
        >>> from datetime import timedelta
        >>> Interval(timedelta(minutes=15))
        Interval(datetime.timedelta(seconds=900))
    """

    __slots__ = ("every", "start")
    every: "timedelta"
    start: "datetime | None"

    def __init__(self, every: "timedelta", *, start: "datetime | None" = None) -> None:
        if every <= type(every)():
            _refuse(f"Interval takes a positive duration, not {every!r}; use timedelta(minutes=15) for instance")
        if start is not None and start.utcoffset() is None:
            _refuse(f"Interval takes an aware start, not {start!r}; add tzinfo=UTC for instance")
        self._set(every=every, start=start)

    def __repr__(self) -> str:
        start = "" if self.start is None else f", start={self.start!r}"
        return f"Interval({self.every!r}{start})"


class OneShot(_Value):
    """Fire once.

    Args:
        at: The instant; without a time zone it is a local time of the schedule's zone.

    Example:
        >>> from datetime import datetime
        >>> OneShot(datetime(2027, 1, 1, 9, 30))
        OneShot(datetime.datetime(2027, 1, 1, 9, 30))
    """

    __slots__ = ("at",)
    at: "datetime"

    def __init__(self, at: "datetime") -> None:
        self._set(at=at)

    def __repr__(self) -> str:
        return f"OneShot({self.at!r})"


class DstPolicy(_Value):
    """Say what happens to local times that a clock change skips or repeats.

    Args:
        skipped: ``"shift"`` fires at the instant that the local time would have had without the change (02:30 becomes
            03:30); ``"skip"`` does not fire.
        repeated: Fire at the ``"first"`` of the two instants, the ``"second"``, or ``"both"``.

    Raises:
        DeclarationError: A value is none of these.

    Example:
        >>> DstPolicy(skipped="skip")
        DstPolicy(skipped='skip', repeated='first')
    """

    __slots__ = ("repeated", "skipped")
    skipped: "Literal['shift', 'skip']"
    repeated: "Literal['first', 'second', 'both']"

    def __init__(
        self,
        skipped: "Literal['shift', 'skip']" = "shift",
        repeated: "Literal['first', 'second', 'both']" = "first",
    ) -> None:
        if skipped not in {"shift", "skip"}:
            _refuse(f"DstPolicy knows no skipped={skipped!r}; use 'shift' or 'skip'")
        if repeated not in {"first", "second", "both"}:
            _refuse(f"DstPolicy knows no repeated={repeated!r}; use 'first', 'second' or 'both'")
        self._set(skipped=skipped, repeated=repeated)

    def __repr__(self) -> str:
        return f"DstPolicy(skipped={self.skipped!r}, repeated={self.repeated!r})"


Expression: "TypeAlias" = "Cron | Interval | OneShot"


def to_wire(expression: "Expression", timezone: str) -> "dict[str, Any]":
    """Write an expression in the shape that PURISTA exports.

    An interval's own start is an extra key, ``startAt``, which other readers may ignore. Instants are in UTC.

    Raises:
        DeclarationError: An interval is no whole number of milliseconds, or the value is no expression.
        UnknownTimezone: A local one-shot time cannot be placed, since its zone is unknown.

    Example:
        >>> to_wire(Cron("0 2 1 * *"), "Europe/Berlin")
        {'kind': 'cron', 'value': '0 2 1 * *', 'timezone': 'Europe/Berlin'}
    """
    match expression:
        case Cron(value=value):
            return {"kind": "cron", "value": value, "timezone": timezone}
        case Interval(every=every, start=start):
            anchor = {} if start is None else {"startAt": _utc_text(start)}
            return {"kind": "interval", "everyMs": _milliseconds(every), **anchor}
        case OneShot(at=at):
            return {"kind": "oneShot", "runAt": _utc_text(_placed(at, timezone))}
        case _:
            return _refuse(f"{expression!r} is no schedule expression; use Cron, Interval or OneShot")


def from_wire(shape: "Mapping[str, Any]") -> "tuple[Expression, str | None]":
    """Read an expression and its time zone, if it has one, from the shape that PURISTA exports.

    Raises:
        DeclarationError: The kind is unknown, or a key is missing or malformed.

    Example:
        >>> from_wire({"kind": "interval", "everyMs": 900000})
        (Interval(datetime.timedelta(seconds=900)), None)
    """
    try:
        return _read(shape), shape.get("timezone")
    except (KeyError, TypeError, ValueError) as error:
        _refuse(f"{dict(shape)!r} is no schedule expression ({error!r}); give kind cron, interval or oneShot", error)


def _read(shape: "Mapping[str, Any]") -> "Expression":
    from datetime import datetime, timedelta

    match shape["kind"]:
        case "cron":
            return Cron(shape["value"])
        case "interval":
            start = shape.get("startAt")
            anchor = None if start is None else datetime.fromisoformat(start)
            return Interval(timedelta(milliseconds=shape["everyMs"]), start=anchor)
        case "oneShot":
            return OneShot(datetime.fromisoformat(shape["runAt"]))
        case kind:
            raise ValueError(f"unknown kind {kind!r}")


def _milliseconds(every: "timedelta") -> int:
    milliseconds, rest = divmod(every, type(every)(milliseconds=1))
    if rest:
        _refuse(f"an interval of {every!r} is no whole number of milliseconds; round it")
    return milliseconds


def _placed(at: "datetime", timezone: str) -> "datetime":
    if at.utcoffset() is not None:
        return at
    from purista_serverless.schedule.zones import load_zone

    return at.replace(tzinfo=load_zone(timezone).info)


def _utc_text(instant: "datetime") -> str:
    from datetime import UTC

    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _refuse(problem: str, cause: BaseException | None = None) -> "NoReturn":
    from purista_serverless.errors import DeclarationError

    raise DeclarationError(problem) from cause
