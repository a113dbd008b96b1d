"""Test an application in memory: a context for one handler, a simulation of the whole, suites for adapters.

Everything here is public and for tests only. Names are resolved on first use; the package imports nothing by itself,
because the pytest plugin loads it in every test run of every project that installed this one.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from purista_serverless.testing.clock import VirtualClock
    from purista_serverless.testing.contexts import TestContext, context
    from purista_serverless.testing.doubles import (
        MemoryDeadLetters,
        MemoryLedger,
        MemorySettings,
        RecordingCommands,
        RecordingEvents,
        RecordingQueues,
        RecordingSchedules,
        ports,
    )
    from purista_serverless.testing.faults import Crash, CrashAt, Faults
    from purista_serverless.testing.history import AttemptHistory, JobHistory, RunHistory
    from purista_serverless.testing.simulation import Simulation

__all__ = [
    "AttemptHistory",
    "Crash",
    "CrashAt",
    "Faults",
    "JobHistory",
    "MemoryDeadLetters",
    "MemoryLedger",
    "MemorySettings",
    "RecordingCommands",
    "RecordingEvents",
    "RecordingQueues",
    "RecordingSchedules",
    "RunHistory",
    "Simulation",
    "TestContext",
    "VirtualClock",
    "context",
    "ports",
]

_HOMES = {
    "AttemptHistory": "history",
    "Crash": "faults",
    "CrashAt": "faults",
    "Faults": "faults",
    "JobHistory": "history",
    "MemoryDeadLetters": "doubles",
    "MemoryLedger": "doubles",
    "MemorySettings": "doubles",
    "RecordingCommands": "doubles",
    "RecordingEvents": "doubles",
    "RecordingQueues": "doubles",
    "RecordingSchedules": "doubles",
    "RunHistory": "history",
    "Simulation": "simulation",
    "TestContext": "contexts",
    "context": "contexts",
    "VirtualClock": "clock",
    "ports": "doubles",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
