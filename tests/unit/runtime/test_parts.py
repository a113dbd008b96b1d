"""Parts that a deployed function makes of its own declarations are those that a whole application is made of."""

from typing import Any

import pytest

from purista_serverless.errors import DeclarationError
from purista_serverless.model import CommandTarget
from purista_serverless.runtime.assembly import assemble
from purista_serverless.runtime.entry import Entry
from purista_serverless.runtime.parts import consumers_of, timetable_of
from purista_serverless.synth.handlers import render_handler
from purista_serverless.topology import Function, topology_of
from tests.unit.runtime.observatory import app

MODEL = app.model
TOPOLOGY = topology_of(MODEL)
ASSEMBLY = assemble(MODEL)
CONSUMING = [function for function in TOPOLOGY.functions if function.kind != "gate"]
GATES = [function for function in TOPOLOGY.functions if function.kind == "gate"]


def name_of(function: Function) -> str:
    """Name a case by its function."""
    return function.name


def entry_of(function: Function) -> Entry:
    """Give the entry that the generated file of a function makes."""
    made: list[Entry] = []

    def entry(target: str, *triggers: str, **facts: Any) -> None:
        made.append(Entry(target, triggers, facts))

    *_, call = render_handler(function).partition("handler = ")
    exec(call, {"entry": entry})  # noqa: S102 - the text is our own, from the line above
    (found,) = made
    return found


def shown(part: Any, depth: int = 4) -> Any:
    """Give a part as plain values, down to what it shares with others."""
    names = [name for base in type(part).__mro__ for name in getattr(base, "__slots__", ())]
    is_ours = type(part).__module__.startswith("purista_serverless.runtime") and depth > 0
    if not is_ours or not names:
        return repr(part) if is_ours else part
    kept = {
        "declaration",
        "binding",
        "schedule",
        "results",
        "factories",
        "resource_handles",
        "queues",
        "instance",
        "read",
    }
    return {name: shown(getattr(part, name), depth - 1) for name in names if name not in kept}


@pytest.mark.parametrize("function", CONSUMING, ids=name_of)
def test_a_function_consumes_as_the_whole_application_would(function):
    """Lifecycle, tracking, retention, batch size, filters: the same, edge by edge."""
    consumers = consumers_of(entry_of(function))

    edges = {trigger.name for trigger in function.triggers} & set(ASSEMBLY.consumers)
    assert set(consumers) == edges
    for edge, consumer in consumers.items():
        assert type(consumer) is type(ASSEMBLY.consumers[edge])
        assert shown(consumer) == shown(ASSEMBLY.consumers[edge])


@pytest.mark.parametrize("function", CONSUMING, ids=name_of)
def test_results_are_told_as_the_whole_application_would(function):
    """The names of result events and how they are delivered come from the handle."""
    for edge, consumer in consumers_of(entry_of(function)).items():
        ours, theirs = getattr(consumer, "results", None), getattr(ASSEMBLY.consumers[edge], "results", None)
        names = ("completed", "failed", "cancelled", "dead_lettered", "delivery")
        assert [getattr(ours, name, None) for name in names] == [getattr(theirs, name, None) for name in names]


@pytest.mark.parametrize("function", GATES, ids=name_of)
def test_a_gate_keeps_the_timetable_of_the_whole_application(function):
    """Policies, times, what runs wait for: the same, also where bindings of other services are waited for."""
    schedule = next(one for one in MODEL.schedules if f"gate:{one.name}" == function.name)
    ours, theirs = timetable_of(entry_of(function)), ASSEMBLY.timetable(schedule)

    names = [name for name in ours.__slots__ if name not in {"retentions", "run_timeout", "slots", "trigger"}]
    assert [getattr(ours, name) for name in names] == [getattr(theirs, name) for name in names]
    assert ours.slots.newest(0, 2**41, 3) == theirs.slots.newest(0, 2**41, 3)
    assert ours.retentions.items() <= theirs.retentions.items()
    if schedule.concurrency != "allow":
        assert ours.run_timeout == theirs.run_timeout
        slot = ours.slots.newest(0, 2**41, 1)[0]
        assert ours.trigger.tokens("run", slot) == theirs.trigger.tokens("run", slot)


@pytest.mark.parametrize("function", GATES, ids=name_of)
def test_what_a_run_sends_is_what_the_whole_application_would_send(function):
    """Payload, key and sender of what a slot triggers."""
    schedule = next(one for one in MODEL.schedules if f"gate:{one.name}" == function.name)
    ours: Any = timetable_of(entry_of(function)).trigger
    theirs: Any = ASSEMBLY.timetable(schedule).trigger
    slot = 1_900_000_000_000

    assert type(ours) is type(theirs)
    assert ours.payload(slot) == theirs.payload(slot)
    assert ours.message("m", "run", b"{}", timestamp=0) == theirs.message("m", "run", b"{}", timestamp=0)
    assert ours.tracks_runs == theirs.tracks_runs
    if isinstance(schedule.target, CommandTarget):
        assert ours.receiver == theirs.receiver


@pytest.mark.parametrize("trigger", ["binding:shop.ordered:shop.orders", "gate:Shop.1.nightly"])
def test_what_a_service_does_not_declare_any_more_is_refused(trigger):
    """A generated file that is older than its service is told at import."""
    entry = Entry("tests.unit.runtime.deployed:shop", (trigger,), {})

    with pytest.raises(DeclarationError, match="run the build again"):
        timetable_of(entry) if trigger.startswith("gate:") else consumers_of(entry)
