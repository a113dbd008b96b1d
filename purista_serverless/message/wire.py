"""JSON on the wire, and what keeps a slotted value frozen to its readers."""

import json
import sys
from typing import TYPE_CHECKING, Any, NoReturn

from purista_serverless.errors import BadEvent

if TYPE_CHECKING:
    from collections.abc import Mapping


def parse_json(raw: bytes | str) -> Any:
    """Parse JSON; uses pydantic's parser when it is loaded already, which is twice as fast on envelopes.

    Raises:
        ValueError: The text is not JSON.
    """
    fast = sys.modules.get("pydantic_core")
    if fast is not None:
        return fast.from_json(raw)
    try:
        return json.loads(raw)
    except RecursionError as error:
        # Ten thousand brackets are bad input like any other, and must not look like a fault of ours.
        raise ValueError("nested too deeply") from error


def format_json(value: Any) -> bytes:
    """Format a JSON value compactly, as UTF-8."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def format_text(text: str) -> str:
    """Format a text as a JSON string."""
    return json.dumps(text)


def text_in(wire: "Mapping[str, Any]", key: str) -> str | None:
    """Give a field that is a text or absent.

    Raises:
        BadEvent: It is something else.
    """
    value = wire.get(key)
    if value is None or type(value) is str:
        return value
    raise BadEvent(f"{key!r} must be a string, not {type(value).__name__}")


def spelled_out(text: str) -> str:
    r"""Give a text that UTF-8 can hold: halves of surrogate pairs, which are no characters, are spelled out.

    Names of files that are not UTF-8 have such halves in Python, and so have the texts of errors that name them.

    Example:
        >>> print(spelled_out("cannot open \udcff.csv"))
        cannot open \udcff.csv
    """
    return text.encode(errors="backslashreplace").decode()


def texts_in(wire: "Mapping[str, Any]", fields: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """Give those fields that are there, by attribute name; ``fields`` pairs attribute names with keys.

    Raises:
        BadEvent: One of them is no text.
    """
    found = {name: wire[key] for name, key in fields if key in wire}
    for name, value in found.items():
        if value is not None and not isinstance(value, str):
            key = dict(fields)[name]
            raise BadEvent(f"{key!r} must be a string, not {type(value).__name__}")
    return found


def object_of(raw: bytes | str) -> dict[str, Any]:
    """Parse a JSON object.

    Raises:
        BadEvent: The text is not JSON, or not an object.
    """
    try:
        wire = parse_json(raw)
    except ValueError as error:
        problem = f"not JSON: {error}"
        raise BadEvent(problem) from error
    if not isinstance(wire, dict):
        problem = f"not an envelope: a JSON object is expected, not {type(wire).__name__}"
        raise BadEvent(problem)
    return wire


def plain_json(payload: Any) -> Any:
    """Give a payload as a plain JSON value, parsed if it is still raw."""
    return parse_json(payload) if isinstance(payload, bytes) else payload


class Frozen:
    """Refuse changes after construction; subclasses fill their slots while they are still of an open class."""

    __slots__ = ()

    def __setattr__(self, name: str, value: object) -> NoReturn:
        problem = f"{type(self).__name__} is immutable; build a new one instead of setting {name!r}"
        raise AttributeError(problem)

    def __delattr__(self, name: str) -> NoReturn:
        self.__setattr__(name, None)

    def _fields(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in _slots_of(type(self)))

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._fields() == other._fields()

    def __hash__(self) -> int:
        return hash((type(self), repr(self._fields())))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in _slots_of(type(self)))
        return f"{type(self).__name__}({shown})"


def _slots_of(cls: type) -> tuple[str, ...]:
    return tuple(name for base in reversed(cls.__mro__) for name in getattr(base, "__slots__", ()))
