"""A host for the doubles: one delivery from a broker, driven by the drivers that real hosts use."""

import asyncio
from typing import Any

from purista_serverless.errors import Unavailable
from purista_serverless.message import Message
from purista_serverless.runtime.assembly import Assembly, assemble
from purista_serverless.runtime.consume import arun, run
from purista_serverless.runtime.invoke import aexecute, execute
from purista_serverless.runtime.ports import Delivery, Ports
from purista_serverless.testing.brokers import Broker, Channel, Lease
from purista_serverless.testing.clock import VirtualClock
from purista_serverless.testing.contracts.host import Case, Reply, Settlement
from purista_serverless.testing.contracts.suite import START
from purista_serverless.testing.doubles import (
    MemoryDeadLetters,
    MemorySettings,
    RecordingCommands,
    RecordingEvents,
    RecordingQueues,
    ports,
)
from purista_serverless.testing.faults import Faults, Guarded, Instance


class Unreachable(Faults):
    """Let every call of some ports fail."""

    def __init__(self, calls: frozenset[str]) -> None:
        super().__init__()
        self.calls = calls

    def before(self, call: str) -> None:
        """Fail if the call is one of them."""
        if call in self.calls:
            raise Unavailable(f"{call} cannot be reached")


class WatchedLease:
    """A broker's lease that keeps what it was told."""

    def __init__(self, lease: Lease) -> None:
        self.settlements: list[Settlement] = []
        self._lease = lease
        self.edge = lease.edge
        self.id = lease.id
        self.body = lease.body
        self.receives = lease.receives
        self.lease_until = lease.lease_until

    def acknowledge(self) -> None:
        """Pass on."""
        self.settlements.append(Settlement(verdict="acknowledged"))
        self._lease.acknowledge()

    def redeliver(self, delay: int, *, counted: bool) -> None:
        """Pass on."""
        self.settlements.append(Settlement(verdict="redelivered", delay=delay, counted=counted))
        self._lease.redeliver(delay, counted=counted)

    def leave(self) -> None:
        """Pass on."""
        self.settlements.append(Settlement(verdict="left"))
        self._lease.leave()

    def extend(self, duration: int) -> bool:
        """Pass on."""
        return self._lease.extend(duration)


class BrokeredHost:
    """Delivers one case from a broker of the given class.

    Args:
        broker: The broker's class.
        case: What is delivered.
    """

    def __init__(self, broker: type[Broker], case: Case) -> None:
        self.case = case
        self.clock = VirtualClock(START)
        self.assembly = assemble(case.application.model)
        self.instance = Instance(Unreachable(case.unreachable))
        self.events, self.queues = RecordingEvents(), RecordingQueues()
        self.dead_letters = MemoryDeadLetters()
        self.commands = RecordingCommands(answers_of(self.assembly, self))
        self.ports = self._ports()
        self.watched: list[WatchedLease] = []
        self._broker = broker(self.clock, Faults(), self._receive, lambda _edge, _parcel: None)

    def deliver(self) -> Reply:
        """Deliver the case and give the reply."""
        kind, _, address = self.case.edge.partition(":")
        response = self._execute(address) if kind == "command" else None
        if kind != "command":
            self._consume()
        return Reply(
            settlements=tuple(settlement for lease in self.watched for settlement in lease.settlements),
            response=response,
            events=tuple(self.events.messages),
            jobs=tuple(job for job, _ in self.queues.sent),
            commands=tuple(self.commands.messages),
            letters=self.dead_letters.letters(),
        )

    def _ports(self) -> Ports:
        case = self.case
        doubles: dict[str, Any] = {
            "events": self.events,
            "queues": self.queues,
            "commands": self.commands,
            "dead_letters": self.dead_letters,
        }
        guarded: dict[str, Any] = {name: Guarded(port, name, self.instance) for name, port in doubles.items()}
        settings = MemorySettings(case.config, case.secrets)
        return ports(self.clock, settings=settings, resources=case.resources, **guarded)

    def _execute(self, address: str) -> Message:
        (record,) = self.case.records
        service, version, name = address.split(".")
        function = self.assembly.command(service, version, name)
        assert function is not None, address
        return execute(function, Message.decode(record.body), self.ports)

    def _consume(self) -> None:
        consumer = self.assembly.consumers[self.case.edge]
        self._broker.open(Channel(edge=self.case.edge, batch_size=10, max_attempts=consumer.lifecycle.max_attempts))
        for number, record in enumerate(self.case.records):
            self._broker.send(self.case.edge, record.body, id=f"parcel {number}")
        self.clock.run_until(self.clock.now())

    def _receive(self, batch: list[Lease]) -> None:
        consumer = self.assembly.consumers[self.case.edge]
        for lease in batch:
            watched = WatchedLease(lease)
            watched.receives = self.case.records[len(self.watched)].receives
            self.watched.append(watched)
            delivery: Delivery = watched
            steps = consumer.consume(delivery, self.ports)
            if consumer.is_async:
                asyncio.run(arun(steps, delivery))
            else:
                run(steps, delivery)
        for lease in batch:
            lease.complete()


def answers_of(assembly: Assembly, host: BrokeredHost) -> dict[tuple[str, str, str], Any]:
    """Give the responders of the application's own commands."""

    def answer(message: Message) -> Message:
        receiver = message.receiver
        assert receiver is not None
        function = assembly.command(receiver.service, receiver.version, receiver.target)
        assert function is not None
        steps = aexecute(function, message, host.ports)
        try:
            steps.send(None)
        except StopIteration as stop:
            response: Message = stop.value
            return response
        raise AssertionError("a command of the suite waits for something")

    return {(key[0], key[1], key[2]): answer for key in assembly.commands}
