"""Functions of the host suite's applications as hosts bind them: entries, the ports that keep what leaves, answers."""

from typing import Any

from purista_serverless.message import Message
from purista_serverless.runtime.assembly import assemble
from purista_serverless.runtime.entry import Entry
from purista_serverless.runtime.invoke import aexecute
from purista_serverless.runtime.ports import Ports
from purista_serverless.testing.contracts.host import Case, Reply, Settlement
from purista_serverless.testing.doubles import (
    MemoryDeadLetters,
    RecordingCommands,
    RecordingEvents,
    RecordingQueues,
)
from purista_serverless.testing.faults import Guarded, Instance
from purista_serverless.topology import Function, topology_of
from tests.contracts.hosting import Unreachable
from tests.unit.deployed import FACTS


class LoadedEntry(Entry):
    """An entry whose handler is at hand: those of the suites are made inside of functions and have no import path."""

    __slots__ = ("handler",)

    def __init__(self, function: Function, handler: Any, triggers: tuple[str, ...]) -> None:
        own = tuple(trigger.name for trigger in function.triggers)
        facts = {name: getattr(function, name) for name in FACTS}
        super().__init__(f"{function.module}:{function.attribute}", (*own, *triggers), facts)
        self.handler = handler

    def load(self) -> Any:
        """Give the handler."""
        return self.handler


class Kept:
    """Ports that keep what leaves a function, for one case; those that are unreachable fail.

    Attributes:
        guarded: The ports by name, as the function is given them.
    """

    def __init__(self, case: Case) -> None:
        self._ports: dict[str, Any] = {
            "events": RecordingEvents(),
            "queues": RecordingQueues(),
            "commands": RecordingCommands(),
            "dead_letters": MemoryDeadLetters(),
        }
        instance = Instance(Unreachable(case.unreachable))
        self.guarded: dict[str, Any] = {name: Guarded(port, name, instance) for name, port in self._ports.items()}

    def answer(self, case: Case, ports: Ports) -> None:
        """Have the application's own commands answered."""
        self._ports["commands"].answers.update(answers_of(case, ports))

    def reply(self, *, response: Message | None = None, settlements: tuple[Settlement, ...] = ()) -> Reply:
        """Give what was answered, and what left through the ports."""
        return Reply(
            settlements=settlements,
            response=response,
            events=tuple(self._ports["events"].messages),
            jobs=tuple(job for job, _ in self._ports["queues"].sent),
            commands=tuple(self._ports["commands"].messages),
            letters=self._ports["dead_letters"].letters(),
        )


def entry_of(case: Case, triggers: tuple[str, ...] = ()) -> Entry:
    """Give the entry of the function behind an edge, with further triggers."""
    model = case.application.model
    functions = topology_of(model).functions
    function = next(one for one in functions if case.edge in {trigger.name for trigger in one.triggers})
    declared: tuple[Any, ...] = (*model.commands, *model.workers, *model.subscriptions)
    handlers = {str(one.address): one.handler.function for one in declared if one.handler is not None}
    return LoadedEntry(function, handlers[str(function.address)], triggers)


def answers_of(case: Case, ports: Ports) -> dict[tuple[str, str, str], Any]:
    """Give the responders of the application's own commands."""
    assembly = assemble(case.application.model)

    def answer(message: Message) -> Message:
        receiver = message.receiver
        assert receiver is not None
        function = assembly.command(receiver.service, receiver.version, receiver.target)
        assert function is not None
        steps = aexecute(function, message, ports)
        try:
            steps.send(None)
        except StopIteration as stop:
            response: Message = stop.value
            return response
        raise AssertionError("a command of the suite waits for something")

    return {(key[0], key[1], key[2]): answer for key in assembly.commands}
