"""The cron grammar: five fields to bit sets, with errors that say how to write it instead.

Days follow Vixie cron's star bit: a day fires when the day of month **or** the day of week matches, unless one of the
two fields starts with ``*`` (also ``*/2``): then both have to match.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple, NoReturn, TypeAlias

from purista_serverless.errors import CronSyntaxError

DayRule: TypeAlias = Literal["every", "month", "week", "either", "both"]


class Field(NamedTuple):
    """One of the five fields: its name in messages, its bounds, and the names of its values from ``low`` on."""

    title: str
    low: int
    high: int
    names: tuple[str, ...] = ()

    @property
    def all_bits(self) -> int:
        """Bit set of every value; day of week 7 is not among them, as it is folded into 0."""
        return (1 << self.high + 1) - (1 << self.low)


MINUTE = Field("minute", 0, 59)
HOUR = Field("hour", 0, 23)
DAY = Field("day of month", 1, 31)
MONTH = Field("month", 1, 12, ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"))
WEEKDAY = Field("day of week", 0, 6, ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"))

_MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_LONGEST = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}


@dataclass(frozen=True, slots=True, kw_only=True)
class CronFields:
    """A parsed cron expression: one bit set per field, bit ``n`` set when value ``n`` fires.

    Attributes:
        minutes: Bits 0-59.
        hours: Bits 0-23.
        days: Days of month, bits 1-31.
        months: Bits 1-12.
        weekdays: Bits 0-6, Sunday is 0.
        either: A day fires when its day of month or its day of week matches; otherwise both have to match.
    """

    minutes: int
    hours: int
    days: int
    months: int
    weekdays: int
    either: bool

    @property
    def day_rule(self) -> DayRule:
        """Name what restricts the day, without restrictions that restrict nothing (``1-31``, ``*/1``)."""
        by_month, by_week = self.days != DAY.all_bits, self.weekdays != WEEKDAY.all_bits
        if by_month and by_week:
            return "either" if self.either else "both"
        if self.either or not (by_month or by_week):
            return "every"
        return "month" if by_month else "week"


def values_of(bits: int) -> tuple[int, ...]:
    """List the values of a bit set in ascending order.

    Example:
        >>> values_of(0b1011)
        (0, 1, 3)
    """
    return tuple(value for value in range(bits.bit_length()) if bits >> value & 1)


@lru_cache(maxsize=1_024)
def parse_cron(text: str) -> CronFields:
    """Parse a five-field cron expression or one of its nicknames.

    Fields are minute, hour, day of month, month and day of week, each a list of ``*``, ``n``, ``a-b``, ``*/step`` and
    ``a-b/step``. Months and days of week have three-letter English names in any case; 0 and 7 are Sunday. Nicknames:
    ``@yearly @annually @monthly @weekly @daily @midnight @hourly``.

    Raises:
        CronSyntaxError: The text is none of that, is ambiguous between cron dialects, or never fires.

    Example:
        >>> values_of(parse_cron("0 2 1 JAN-MAR *").months)
        (1, 2, 3)
    """
    parts = _split(text)
    minutes, hours, days, months, weekdays = (
        _Parser(text, field).parse(part) for part, field in zip(parts, (MINUTE, HOUR, DAY, MONTH, WEEKDAY), strict=True)
    )
    either = not (parts[2].startswith("*") or parts[4].startswith("*"))
    fields = CronFields(
        minutes=minutes, hours=hours, days=days, months=months, weekdays=_fold_sunday(weekdays), either=either
    )
    _check_possible(text, fields)
    return fields


def _split(text: str) -> list[str]:
    parts = text.split()
    if len(parts) == 1 and parts[0].startswith("@"):
        nickname = parts[0].lower()
        if nickname not in _MACROS:
            raise CronSyntaxError(text, f"{parts[0]!r} is no nickname", f"use one of {' '.join(_MACROS)}")
        return _MACROS[nickname].split()
    if len(parts) != 5:
        fix = "write minute, hour, day of month, month, day of week; neither seconds nor years"
        raise CronSyntaxError(text, f"it has {len(parts)} fields, not 5", fix)
    return parts


def _fold_sunday(weekdays: int) -> int:
    sunday = 7
    return (weekdays | weekdays >> sunday & 1) & WEEKDAY.all_bits


def _check_possible(text: str, fields: CronFields) -> None:
    if fields.either:
        return
    first_day = values_of(fields.days)[0]
    if all(first_day > _LONGEST.get(month, DAY.high) for month in values_of(fields.months)):
        problem = f"day {first_day} exists in none of its months, so that it never fires"
        longest = max(_LONGEST[month] for month in values_of(fields.months))
        raise CronSyntaxError(text, problem, f"use a day up to {longest} or another month")


class _Parser:
    """Parse one field of one expression; keeps both for the messages."""

    def __init__(self, text: str, field: Field) -> None:
        self._text = text
        self._field = field
        # Seven is a second name of Sunday, hence the longer range while parsing.
        self._high = field.high + 1 if field is WEEKDAY else field.high

    def parse(self, part: str) -> int:
        bits = 0
        for item in part.split(","):
            bits |= self._parse_item(item, part)
        return bits

    def _parse_item(self, item: str, part: str) -> int:
        if not item:
            self._fail(f"the list {part!r} has an empty item", "remove the extra comma")
        body, slash, step_text = item.partition("/")
        step = self._parse_step(step_text, item) if slash else 1
        first, dash, last = body.partition("-")
        if body == "*":
            return _bits(self._field.low, self._field.high, step)
        if dash:
            low, high = self._parse_value(first), self._parse_value(last)
            self._check_order(first, last, low, high)
            return _bits(low, high, step)
        value = self._parse_value(body)
        if slash:
            fix = f"write {body}-{self._field.high}/{step} or {body}"
            self._fail(f"{item!r} means different things to different schedulers", fix)
        return 1 << value

    def _parse_step(self, step: str, item: str) -> int:
        widest = self._field.high - self._field.low
        if not _is_number(step) or not 1 <= int(step) <= widest:
            self._fail(f"the step of {item!r} is not a number from 1 to {widest}", "write a step such as */2")
        return int(step)

    def _parse_value(self, value: str) -> int:
        if value.upper() in self._field.names:
            return self._field.names.index(value.upper()) + self._field.low
        if not _is_number(value):
            self._fail(f"{value!r} is no {self._field.title}", self._fix_for(value))
        if not self._field.low <= int(value) <= self._high:
            bounds = f"{self._field.low}-{self._high}"
            self._fail(f"{value} is out of range for the {self._field.title}", f"use {bounds}")
        return int(value)

    def _fix_for(self, value: str) -> str:
        if value == "?":
            return "write * instead; ? belongs to Quartz and AWS"
        if value.upper().endswith(("L", "W")) or "#" in value:
            return "list the days instead; L, W and # are extensions of some schedulers"
        names = f" or {self._field.names[0]}-{self._field.names[-1]}" if self._field.names else ""
        return f"use {self._field.low}-{self._high}{names}"

    def _check_order(self, first: str, last: str, low: int, high: int) -> None:
        if low <= high:
            return
        field = self._field
        named = first.upper() in field.names
        top, bottom = (field.names[-1], field.names[0]) if named else (str(field.high), str(field.low))
        head = first if low == field.high else f"{first}-{top}"
        tail = last if high == field.low else f"{bottom}-{last}"
        self._fail(f"the range {first}-{last} runs backwards", f"write {head},{tail}")

    def _fail(self, problem: str, fix: str) -> NoReturn:
        raise CronSyntaxError(self._text, problem, fix)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _bits(low: int, high: int, step: int) -> int:
    return sum(1 << value for value in range(low, high + 1, step))
