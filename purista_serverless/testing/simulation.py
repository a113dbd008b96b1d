"""A whole application in one process and in virtual time: a month with its schedules and retries in milliseconds."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from purista_serverless.errors import UnknownAdapter
from purista_serverless.message.wire import format_json
from purista_serverless.runtime import dead_letters
from purista_serverless.runtime.assembly import assemble
from purista_serverless.runtime.client import Client
from purista_serverless.runtime.ids import derived_id
from purista_serverless.runtime.ports import DeadLetter, Ports
from purista_serverless.runtime.runs import RunRecord
from purista_serverless.schema import codec_of
from purista_serverless.testing.answers import answers_of
from purista_serverless.testing.brokers import Broker, Channel, IdealBroker, Parcel
from purista_serverless.testing.clock import VirtualClock, to_datetime, to_milliseconds
from purista_serverless.testing.clouds import PushLikeBroker, SqsLikeBroker
from purista_serverless.testing.doubles import MemoryLedger, MemorySettings
from purista_serverless.testing.edges import edge_of, name_of_event, name_of_schedule
from purista_serverless.testing.faults import Faults
from purista_serverless.testing.history import AttemptHistory, JobHistory, RunHistory
from purista_serverless.testing.host import Host
from purista_serverless.testing.journal import Journal
from purista_serverless.testing.loop import virtual_loop
from purista_serverless.testing.scheduler import Scheduler
from purista_serverless.testing.wiring import Calls, Exchange, Graveyard, Timekeeper, letter_id_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from purista_serverless.application import Application
    from purista_serverless.builder.handles import Command, Event, Queue
    from purista_serverless.builder.values import Schedule
    from purista_serverless.message import Message
    from purista_serverless.runtime.consume import Attempt
    from purista_serverless.runtime.ports import LedgerStore

    Edge = Queue[Any, Any] | Callable[..., Any] | str
    Duration = timedelta | Callable[[int], timedelta]

T = TypeVar("T")

Backend = Literal["ideal", "sqs-like", "push-like"]

_BROKERS: "dict[str, type[Broker]]" = {broker.name: broker for broker in (IdealBroker, SqsLikeBroker, PushLikeBroker)}
_START = datetime(2026, 1, 1, tzinfo=UTC)
_GRACE = timedelta(seconds=30)
_MOST_STEPS = 1_000_000


class Simulation:
    """Run an application in virtual time, deterministically: the same program gives the same history.

    Nothing happens until time passes: ``advance``, ``run_until`` or ``drain`` deliver messages, run handlers, extend
    leases, fire schedules. A sync handler runs in one moment and then takes the duration that was set for it; an async
    handler may ``asyncio.sleep``, which passes virtual time.

    Args:
        application: What runs.
        backend: The broker that carries its messages. ``"ideal"`` can do everything; the others are as limited as the
            platforms that they are like.
        start: The first instant, aware; 2026-01-01 in UTC when omitted.
        seed: Decides the jitter of retries.
        faults: What goes wrong; nothing when omitted.
        durations: How long handlers take, by handler: a duration, or a function from the attempt's number to one.
        resources: What handlers are given, by name.
        config: Configuration values by name, as JSON values.
        secrets: Secrets by name.
        commands: Answers to commands, by handle: a result, or a function from the payload to one. Commands of other
            systems need one, those of the application may be replaced by one.
        schedules: Whether schedules fire from the start.

    Raises:
        UnknownAdapter: There is no such backend.
    """

    def __init__(
        self,
        application: "Application",
        *,
        backend: Backend = "ideal",
        start: datetime = _START,
        seed: int = 0,
        faults: Faults | None = None,
        durations: "Mapping[Callable[..., Any], Duration] | None" = None,
        resources: "Mapping[str, Any] | None" = None,
        config: "Mapping[str, Any] | None" = None,
        secrets: "Mapping[str, str] | None" = None,
        commands: "Mapping[Command[Any, Any], Any] | None" = None,
        schedules: bool = True,
    ) -> None:
        if backend not in _BROKERS:
            raise UnknownAdapter(backend, _BROKERS)
        self.clock = VirtualClock(start)
        self.faults = faults if faults is not None else Faults(seed)
        self._durations = dict(durations or {})
        self._resources = dict(resources or {})
        self._ledger: LedgerStore = MemoryLedger(self.clock)
        self._journal = Journal(self.clock, self._ledger)
        self._graveyard = Graveyard(self._journal)
        self._loop = virtual_loop(self.clock)
        self._broker = _BROKERS[backend](self.clock, self.faults, self._receive, self._give_up)
        self._exchange = Exchange(self._broker, self._journal, self._edges_for, self._has_consumer)
        self._calls = Calls(self._command, answers_of(commands), self.faults, self._loop)
        self._ports = Ports(
            clock=self.clock,
            events=self._exchange,
            queues=self._exchange,
            commands=self._calls,
            schedules=Timekeeper(self._exchange, self._request_knock),
            dead_letters=self._graveyard,
            ledger=self._ledger,
            settings=MemorySettings(config, secrets),
            resources=self._resources,
            random=Random(seed).random,  # noqa: S311 - repeatable on purpose
        )
        self._calls.ports = self._ports
        self._host = Host(
            self.clock, self._loop, self._ports, self.faults, journal=self._journal, duration=self._duration
        )
        self._scheduler = Scheduler(self.clock, self._ports, self.faults)
        self._fires_after_restart = False
        self.replace_application(application)
        if schedules:
            self.start_scheduler()

    @property
    def client(self) -> Client:
        """Give the typed way in from outside: ``emit``, ``enqueue``, ``invoke`` and ``status``; no fault strikes it."""
        return Client(self._assembly.application.name, self._ports, queues=self._assembly.queues)

    @property
    def ledger(self) -> "LedgerStore":
        """Give the record store, for looking at it."""
        return self._ledger

    @property
    def now(self) -> datetime:
        """Give the time, in UTC."""
        return self.clock.instant

    def advance(self, duration: timedelta) -> None:
        """Let that much time pass, and everything happen that is due in it."""
        self.run_until(self.now + duration)

    def run_until(self, instant: datetime) -> None:
        """Let time pass up to an instant."""
        self.clock.run_until(to_milliseconds(instant))

    def drain(self, *, most_steps: int = _MOST_STEPS) -> None:
        """Let time pass until no message is on its way and no handler runs.

        Messages that are delayed or backing off are waited for; the next slots of schedules are not.

        Args:
            most_steps: How many timers may fire before this gives up.

        Raises:
            RuntimeError: That does not come to an end.
        """
        for _ in range(most_steps):
            if self._is_idle():
                return
            self.clock.run_next()
        raise RuntimeError(f"messages are still on their way after {most_steps} steps, at {self.now}")

    def events(self, event: "Event[T]") -> tuple[T, ...]:
        """Give the payloads of all events of this kind that were published, oldest first; copies included."""
        codec = codec_of(event.payload)
        return tuple(codec.load_json(_raw(message.payload)) for message in self.messages(event))

    def messages(self, event: "Event[Any] | str | None" = None) -> "tuple[Message, ...]":
        """Give the envelopes of all events that were published, or of one kind, oldest first; copies included."""
        wanted = None if event is None else name_of_event(event)
        return tuple(message for message in self._journal.events if wanted is None or message.event_name == wanted)

    def jobs(self, queue: "Queue[Any, Any] | str") -> tuple[JobHistory, ...]:
        """Give the jobs of a queue in the order of their first enqueue."""
        return self._journal.jobs(edge_of(queue, "queue").removeprefix("queue:"))

    def attempts(self, edge: "Edge") -> tuple[AttemptHistory, ...]:
        """Give all runs of handlers that started on an edge, oldest first."""
        return self._journal.attempts(edge_of(edge))

    def dead_letters(self, edge: "Edge") -> tuple[DeadLetter, ...]:
        """Give the dead letters of an edge, oldest first, one per message and generation."""
        return self._graveyard.letters(edge_of(edge))

    def redrive(self, letter: DeadLetter) -> None:
        """Send a dead letter back to its edge, and forget it.

        Raises:
            BadEvent: It does not decode; it can only be purged.
            InvalidPayload: It does not match today's types; the letter stays.
        """
        kind, _, name = letter.edge.partition(":")
        if kind == "schedule":
            slot = int(letter.id.rpartition("@")[2])
            self._assembly.gates(self._ports)[name].trigger_again(slot)
        else:
            body = dead_letters.redrive(letter, self._assembly.consumers[letter.edge], self._ports)
            self._exchange.deliver(letter.edge, body, letter.id)
        self._graveyard.delete(letter)

    def inject(self, edge: "Edge", body: bytes) -> None:
        """Put a body onto an edge as another system may: the platform looks at none of it."""
        name = edge_of(edge)
        self._broker.send(name, body, id=derived_id("injected", name, self.clock.now(), body))

    def purge(self, edge: "Edge") -> int:
        """Delete the dead letters of an edge and say how many there were."""
        return self._graveyard.purge(edge_of(edge))

    def runs(self, schedule: "Schedule | str") -> tuple[RunHistory, ...]:
        """Give the recorded runs of a schedule, oldest slot first."""
        name = name_of_schedule(schedule)
        found = (RunRecord.from_fields(stored.fields) for _, stored in self._ledger.scan(f"schedule:{name}/run/"))
        return tuple(_history(name, run) for run in found)

    def knock(self, schedule: "Schedule | str", slot: datetime | None = None) -> None:
        """Knock at a schedule's gate, as a provider's scheduler does: for a slot, also a late one, and also twice."""
        self._scheduler.knock(name_of_schedule(schedule), None if slot is None else to_milliseconds(slot))

    def stop_scheduler(self) -> None:
        """Stop firing schedules: an outage."""
        self._scheduler.stop()

    def start_scheduler(self) -> None:
        """Fire schedules again; slots that were missed are treated by their policy."""
        self._scheduler.start()

    def shutdown(self, grace: timedelta = _GRACE) -> None:
        """Stop in good order; nothing runs then until ``restart``.

        No message is leased and no schedule fires any more. What runs has until the end of ``grace``; then
        ``ctx.cancel_requested()`` turns true, async handlers are cancelled, and their deliveries go back without delay
        and without an attempt. A sync handler that still runs keeps its lease until that runs out.

        Args:
            grace: How long handlers may go on; 30 seconds when omitted.
        """
        self._fires_after_restart = self._scheduler.running
        self._scheduler.stop()
        self._broker.pause()
        self.advance(grace)
        self._host.stop()
        self.advance(timedelta(0))
        self._host.kill()

    def restart(self) -> None:
        """Kill everything that runs, without a word, and start again: only what is stored remains."""
        self._host.kill()
        self._broker.resume()
        self._ports.resources = dict(self._resources)
        self._scheduler.restart()
        if self._fires_after_restart:
            self._fires_after_restart = False
            self._scheduler.start()

    def replace_application(self, application: "Application") -> None:
        """Deploy another version of the application over this one; handlers that run go on as they were."""
        self._assembly = assemble(application.model)
        concurrency = {f"queue:{worker.queue}": worker.concurrency for worker in application.model.workers}
        for edge, consumer in self._assembly.consumers.items():
            channel = Channel(
                edge=edge,
                visibility=consumer.lifecycle.visibility,
                batch_size=consumer.batch_size,
                concurrency=concurrency.get(edge),
                max_attempts=consumer.lifecycle.max_attempts,
            )
            self._broker.open(channel)
        self._host.consumers = self._assembly.consumers
        self._scheduler.use(self._assembly.gates)

    def _is_idle(self) -> bool:
        return self._broker.is_idle and self._host.is_idle and self._scheduler.is_idle

    def _receive(self, batch: Any) -> None:
        self._host.receive(batch)

    def _request_knock(self, schedule: str) -> None:
        self._scheduler.request(schedule)

    def _edges_for(self, message: "Message") -> tuple[str, ...]:
        return self._assembly.edges_for(message)

    def _has_consumer(self, edge: str) -> bool:
        return edge in self._assembly.consumers

    def _command(self, address: tuple[str, str, str]) -> Any:
        return self._assembly.command(*address)

    def _duration(self, attempt: "Attempt") -> int:
        duration = self._durations.get(attempt.function.handler, timedelta(0))
        return to_milliseconds(duration(attempt.control.attempt) if callable(duration) else duration)

    def _give_up(self, edge: str, parcel: Parcel) -> None:
        letter_id, generation = letter_id_of(edge, parcel.body, parcel.id)
        letter = DeadLetter(
            edge=edge,
            id=letter_id,
            body=parcel.body,
            reason=f"the platform gave up after {parcel.deliveries} deliveries",
            attempts=parcel.receives,
            generation=generation,
            at=self.clock.now(),
        )
        self._graveyard.put(letter)


def _raw(payload: Any) -> bytes:
    return payload if isinstance(payload, bytes) else format_json(payload)


def _history(schedule: str, run: RunRecord) -> RunHistory:
    status: Any = run.status
    return RunHistory(
        schedule=schedule, slot=to_datetime(run.slot), status=status, tokens=run.tokens, reason=run.reason
    )
