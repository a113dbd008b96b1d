"""What a test of the host suite needs of the way in; a way that cannot carry it leaves the test out, by name.

Every host is asked for the same, and not every way into a host carries all of it: a request has no id of a message, a
slot of a schedule comes from nobody in particular. ``HostContract.lacks`` says what a way does not carry, and why.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias, TypeVar

T = TypeVar("T")

Need: TypeAlias = Literal["commands", "jobs", "events", "answers", "envelopes", "ids", "origins", "bodies"]
NEEDS: Mapping[Need, str] = {
    "commands": "Commands come this way.",
    "jobs": "Jobs come this way.",
    "events": "Events come this way.",
    "answers": "Whoever sends a command is answered.",
    "envelopes": "The answer is an envelope, which names both parties and the identity.",
    "ids": "The message keeps the id that it was sent with.",
    "origins": "Correlation, trace, tenant and principal are the sender's.",
    "bodies": "A dead letter holds the bytes that were sent.",
}
TRIGGER_NEEDS: Mapping[str, Need] = {"command": "commands", "job": "jobs", "event": "events"}


# Where a test function keeps what it needs. A mark would not do: those of one group would count for all that a class
# inherits.
_NEEDS = "__host_needs__"


def needs(*names: Need) -> Callable[[T], T]:
    """Say that a test, or each of a class, asks for more than any delivery at all."""

    def mark(given: T) -> T:
        tests = _tests_of(given) if isinstance(given, type) else [given]
        for test in tests:
            setattr(test, _NEEDS, (*needs_of(test), *names))
        return given

    return mark


def needs_of(test: Any) -> tuple[Need, ...]:
    """Give what a test function says that it needs.

    Example:
        >>> @needs("answers", "ids")
        ... def test_something() -> None: ...
        >>> needs_of(test_something)
        ('answers', 'ids')
    """
    names: tuple[Need, ...] = getattr(test, _NEEDS, ())
    return names


def unmet(item: Any, lacks: Mapping[Need, str]) -> str | None:
    """Give why a test cannot be run for a way in, ``None`` if it can.

    Args:
        item: The collected test: its function and its parameters count.
        lacks: What the way does not carry, each with the reason.
    """
    wanted = list(needs_of(item.function))
    callspec = getattr(item, "callspec", None)
    trigger = callspec.params.get("trigger") if callspec is not None else None
    if trigger is not None:
        wanted.append(TRIGGER_NEEDS[trigger])
    return next((f"not offered: {name}: {lacks[name]}" for name in wanted if name in lacks), None)


def asking_for(suite: type[Any], need: Need) -> tuple[str, ...]:
    """Give the names of the tests of a suite that say they need something.

    Tests that run for every trigger need each kind of message only for one of their runs, and are not among them.
    """
    return tuple(
        sorted({test.__name__ for base in suite.__mro__ for test in _tests_of(base) if need in needs_of(test)})
    )


def _tests_of(group: type[Any]) -> list[Any]:
    return [test for name, test in vars(group).items() if name.startswith("test_")]
