"""Deliver one case through the embedded runtime: rows of its file, its intake, its dispatcher, its ports."""

from typing import Any

from purista_serverless.adapters.embedded.delivery import Delivery
from purista_serverless.adapters.embedded.dispatcher import Dispatcher
from purista_serverless.adapters.embedded.host import Host
from purista_serverless.adapters.embedded.intake import Intake, channels_of
from purista_serverless.adapters.embedded.ports import LocalCommands
from purista_serverless.adapters.embedded.runners import InlineRunner
from purista_serverless.adapters.embedded.store import Leased
from purista_serverless.message import Job, Message
from purista_serverless.testing.clock import VirtualClock
from purista_serverless.testing.contracts.host import Case, Reply, Settlement
from purista_serverless.testing.contracts.suite import START
from purista_serverless.testing.doubles import MemorySettings
from purista_serverless.testing.faults import Guarded, Instance
from tests.contracts.hosting import Unreachable


class Recorder:
    """A port that keeps what it is given and passes it on."""

    def __init__(self, port: Any) -> None:
        self.port = port
        self.kept: list[Any] = []

    def publish(self, message: Message) -> None:
        """Pass an event on."""
        self.kept.append(message)
        self.port.publish(message)

    def send(self, job: Job, *, delay: int) -> None:
        """Pass a job on."""
        self.kept.append(job)
        self.port.send(job, delay=delay)

    def invoke(self, message: Message) -> Message:
        """Pass a command on."""
        self.kept.append(message)
        response: Message = self.port.invoke(message)
        return response

    async def ainvoke(self, message: Message) -> Message:
        """Pass a command on."""
        self.kept.append(message)
        response: Message = await self.port.ainvoke(message)
        return response


class WatchedDelivery(Delivery):
    """A delivery that keeps what it was told."""

    __slots__ = ("settlements",)

    settlements: list[Settlement]

    def acknowledge(self) -> None:
        """Pass on."""
        self.settlements.append(Settlement(verdict="acknowledged"))
        super().acknowledge()

    def redeliver(self, delay: int, *, counted: bool) -> None:
        """Pass on."""
        self.settlements.append(Settlement(verdict="redelivered", delay=delay, counted=counted))
        super().redeliver(delay, counted=counted)

    def leave(self) -> None:
        """Pass on."""
        self.settlements.append(Settlement(verdict="left"))
        super().leave()


class WatchedIntake(Intake):
    """An intake that serves one edge and keeps its deliveries, in the order of their rows."""

    def __init__(self, host: Host, edge: str) -> None:
        channels = tuple(channel for channel in channels_of(host.assembly) if channel.edge == edge)
        super().__init__(host.store, channels)
        self.watched: dict[int, WatchedDelivery] = {}

    def delivery(self, leased: Leased) -> Delivery:
        """Give a delivery that is watched."""
        delivery = self.watched[leased.seq] = WatchedDelivery(self.store, leased)
        delivery.settlements = []
        return delivery


def deliver(case: Case, path: str) -> Reply:
    """Deliver a case from a file and give what came of it."""
    settings = MemorySettings(case.config, case.secrets)
    with Host(case.application, path, clock=VirtualClock(START), resources=case.resources, settings=settings) as host:
        recorders = record(host, case)
        settlements: list[Settlement] = []
        response = None
        if case.edge.startswith("command:"):
            (given,) = case.records
            commands = LocalCommands(host.assembly)
            commands.ports = host.ports
            response = commands.invoke(Message.decode(given.body))
        else:
            settlements = consume(host, case)
        return Reply(
            settlements=tuple(settlements),
            response=response,
            events=tuple(recorders["events"].kept),
            jobs=tuple(recorders["queues"].kept),
            commands=tuple(recorders["commands"].kept),
            letters=host.dead_letters.letters(),
        )


def record(host: Host, case: Case) -> dict[str, Recorder]:
    """Have the ports of a host recorded, and those fail that cannot be reached."""
    instance = Instance(Unreachable(case.unreachable))
    recorders = {name: Recorder(getattr(host.ports, name)) for name in ("events", "queues", "commands")}
    for name, recorder in recorders.items():
        setattr(host.ports, name, Guarded(recorder, name, instance))
    guarded: Any = Guarded(host.dead_letters, "dead_letters", instance)
    host.ports.dead_letters = guarded
    return recorders


def consume(host: Host, case: Case) -> list[Settlement]:
    """Put the records of a case onto their edge and let one turn take them all."""
    for number, given in enumerate(case.records):
        host.store.send(case.edge, f"row {number}", given.body)
        with host.store.transaction():
            host.store.execute("UPDATE message SET receives = ? WHERE id = ?", (given.receives - 1, f"row {number}"))
    intake, runner = WatchedIntake(host, case.edge), InlineRunner()
    dispatcher = Dispatcher(host.store, intake, host.ports, runner)
    runner.end = dispatcher.end
    while dispatcher.turn() <= host.clock.now():
        pass
    return [settlement for _, delivery in sorted(intake.watched.items()) for settlement in delivery.settlements]
