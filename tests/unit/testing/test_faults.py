"""Faults strike by their seed or at an exact point, and the dead stay dead."""

import pytest

from purista_serverless.errors import Unavailable
from purista_serverless.testing.clock import VirtualClock
from purista_serverless.testing.doubles import MemoryLedger
from purista_serverless.testing.faults import Crash, CrashAt, Faults, Guarded, Instance


def strikes(faults, calls=200):
    """List what happens to a number of calls."""
    found = []
    for _ in range(calls):
        try:
            faults.before("ledger.write")
            faults.after("ledger.write")
            found.append("nothing")
        except (Crash, Unavailable) as error:
            found.append(f"{type(error).__name__}: {error}")
    return found


def test_the_same_seed_strikes_the_same_calls():
    """A seed is enough to repeat a story; another seed tells another one."""
    first, again, other = (strikes(Faults(seed, crash=0.1, unavailable=0.1)) for seed in (1, 1, 2))

    assert first == again
    assert first != other
    assert {text.partition(":")[0] for text in first} == {"nothing", "Crash", "Unavailable"}
    assert "Crash: before ledger.write" in first
    assert "Crash: after ledger.write" in first


def test_nothing_goes_wrong_by_itself():
    """Without probabilities no call fails and no message is disturbed, and calm faults are like none."""
    calm = Faults(1, crash=1.0, unavailable=1.0, duplicate=1.0, delay=1.0, lease_lost=1.0, reorder=1.0, phantom=1.0)
    calm.calm()

    for faults in (Faults(), calm):
        assert set(strikes(faults)) == {"nothing"}
        assert (faults.lateness(), faults.places_passed(), faults.lease_of(1000)) == (0, 0, 1000)
        assert not faults.is_duplicated()
        assert not faults.is_phantom()


def test_a_crash_point_is_met_once():
    """Points count before and after each call; after the crash everything goes well again."""
    faults = CrashAt(3)

    assert strikes(faults, 3) == ["nothing", "Crash: before ledger.write", "nothing"]
    assert faults.fired == "before ledger.write"


def test_a_point_that_is_never_reached_does_not_fire():
    """That is how an enumeration of all points ends."""
    faults = CrashAt(100)
    strikes(faults, 10)

    assert (faults.fired, faults.passed) == (None, 20)


def test_a_call_that_crashes_before_has_not_acted_and_one_that_crashes_after_has():
    """What raised may have happened, or not: both are possible, and both are tried."""
    for point, acted in ((1, False), (2, True)):
        ledger = MemoryLedger(VirtualClock(0))
        guarded = Guarded(ledger, "ledger", Instance(CrashAt(point)))
        with pytest.raises(Crash):
            guarded.write("key", {}, expected=0)
        assert (ledger.read("key") is not None) == acted


def test_the_dead_reach_nothing():
    """Calls of a dead process crash before they act."""
    ledger, instance = MemoryLedger(VirtualClock(0)), Instance(Faults())
    guarded = Guarded(ledger, "ledger", instance)
    instance.alive = False

    with pytest.raises(Crash):
        guarded.write("key", {}, expected=0)
    assert ledger.read("key") is None


async def invoke(guarded):
    """Await a guarded call."""
    return await guarded.ainvoke("message")


class Echo:
    """A port that answers with what it was asked."""

    name = "echo"

    async def ainvoke(self, message):
        """Give the message back."""
        return message


def test_awaited_calls_are_struck_as_well():
    """A call that is awaited meets its faults before and after it acted; values pass as they are."""
    struck, spared = Guarded(Echo(), "commands", Instance(CrashAt(2))), Guarded(Echo(), "commands", Instance(Faults()))

    with pytest.raises(Crash, match=r"after commands\.ainvoke"):
        invoke(struck).send(None)
    with pytest.raises(StopIteration, match="message"):
        invoke(spared).send(None)
    assert spared.name == "echo"


def test_faults_tell_their_recipe():
    """The representation is the call that makes the same faults, so that a failure can be repeated."""
    assert repr(Faults(7, crash=0.5)) == "Faults(7, crash=0.5)"
    assert repr(CrashAt(3)) == "CrashAt(3)"
