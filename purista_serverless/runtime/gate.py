"""The gate of a schedule: which slots start, exactly once each, whoever knocks and however often.

Providers and clocks only knock. The gate computes the due slots after its watermark, applies the policies, and for each
slot that starts writes in this order: the intent (state), the run with its tokens, the trigger, the run without its
trigger token, the watermark (state). A crash between two of them leaves something that the next knock finishes with
the same ids.
"""

from typing import TYPE_CHECKING, Any, Protocol, assert_never

from purista_serverless.errors import RetryLater, Unavailable
from purista_serverless.message.wire import format_json
from purista_serverless.runtime.ids import derived_id
from purista_serverless.runtime.ledger import JobLedger
from purista_serverless.runtime.ports import DeadLetter
from purista_serverless.runtime.records import SKEW, cancel
from purista_serverless.runtime.runs import (
    ABANDONED,
    FAILED,
    OPEN,
    RETENTION,
    SKIPPED,
    SUPERSEDED,
    TRIGGER_TOKEN,
    RunRecord,
    change_run,
    drop_token,
    read_run,
    run_id_of,
    run_key,
)
from purista_serverless.schedule.policy import PassOver, Skip, Start, Wait, candidates, next_step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from purista_serverless.runtime.ports import Ports
    from purista_serverless.schedule.policy import ConcurrencyPolicy, MissedRunPolicy

_TRIES = 1_000


class Slots(Protocol):
    """The slots of an expression in its zone, in milliseconds."""

    def newest(self, after: int, until: int, limit: int) -> tuple[int, ...]:
        """Give the newest slots in ``(after, until]``, oldest first."""
        ...

    def next_after(self, instant: int) -> int | None:
        """Give the first slot after an instant."""
        ...

    def is_slot(self, instant: int) -> bool:
        """Say whether an instant is a slot."""
        ...


class Trigger(Protocol):
    """What a run sends: an event, a job or a call."""

    def tokens(self, run_id: str, slot: int) -> tuple[str, ...]:
        """Give the tokens of what the run will wait for."""
        ...

    def fire(self, run_id: str, slot: int, ports: "Ports") -> None:
        """Send it, with ids derived from the run; may be called again after a crash."""
        ...


class Timetable:
    """A schedule as its gate needs it. Durations in milliseconds."""

    __slots__ = (
        "concurrency",
        "enabled",
        "jitter",
        "max_catch_up_count",
        "max_lateness",
        "missed_runs",
        "name",
        "retentions",
        "run_timeout",
        "signature",
        "slots",
        "trigger",
    )

    def __init__(
        self,
        *,
        name: str,
        slots: Slots,
        trigger: Trigger,
        signature: str,
        concurrency: "ConcurrencyPolicy" = "allow",
        missed_runs: "MissedRunPolicy" = "skip",
        max_catch_up_count: int = 10,
        max_lateness: int = 300_000,
        run_timeout: int = 86_400_000,
        jitter: int = 0,
        enabled: bool = True,
        retentions: "Mapping[str, int] | None" = None,
    ) -> None:
        self.name = name
        self.slots = slots
        self.trigger = trigger
        self.signature = signature
        self.concurrency: ConcurrencyPolicy = concurrency
        self.missed_runs: MissedRunPolicy = missed_runs
        self.max_catch_up_count = max_catch_up_count
        self.max_lateness = max_lateness
        self.run_timeout = run_timeout
        self.jitter = jitter
        self.enabled = enabled
        self.retentions = retentions or {}

    def ready_at(self, slot: int) -> int:
        """Give when a slot may start: somewhere in the jitter window behind it, always at the same place."""
        if not self.jitter:
            return slot
        return slot + int(derived_id(self.name, slot)[:8], 16) % (self.jitter + 1)


class GateReport:
    """What one knock did, as slots in milliseconds; ``dropped`` counts due slots that no policy considered."""

    __slots__ = ("abandoned", "dropped", "failed", "skipped", "started", "superseded", "waiting")

    def __init__(self) -> None:
        self.started: list[int] = []
        self.skipped: list[int] = []
        self.superseded: list[int] = []
        self.abandoned: list[int] = []
        self.failed: list[int] = []
        self.dropped = 0
        self.waiting = False

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name in self.__slots__ if (value := getattr(self, name)))
        return f"GateReport({shown})"


class _State:
    """The gate's own record."""

    __slots__ = ("intent", "open", "signature", "version", "watermark")

    def __init__(self, version: int, fields: "Mapping[str, Any]") -> None:
        self.version = version
        self.signature: str = fields["signature"]
        self.watermark: int = fields["watermark"]
        self.intent: int | None = fields.get("intent")
        self.open: tuple[int, ...] = tuple(fields.get("open", ()))


class _Interference(Exception):
    """Another gate of the same schedule changed the state first."""


class Gate:
    """Decide and start the runs of one schedule.

    A host knocks at every gate when it starts and after each deployment, also at those of disabled schedules: a pause
    begins and ends for the gate with the first knock that sees it. From then on it knocks when ``next_knock`` says.

    Args:
        timetable: The schedule.
        ports: The ways out.
    """

    __slots__ = ("_key", "ports", "timetable")

    def __init__(self, timetable: Timetable, ports: "Ports") -> None:
        self.timetable = timetable
        self.ports = ports
        self._key = f"schedule:{timetable.name}/state"

    def next_knock(self) -> int | None:
        """Give when to knock next, ``None`` if the schedule is disabled or has ended.

        That is the next slot, the end of the jitter of a slot that has passed, or the time at which an open run is
        abandoned. Every knock may change it.

        Raises:
            Unavailable: The ledger could not be reached; ask again.
        """
        table, now = self.timetable, self.ports.clock.now()
        if not table.enabled:
            return None
        spread = table.slots.newest(now - table.jitter - 1, now, _TRIES) if table.jitter else ()
        waiting = [ready for slot in spread if (ready := table.ready_at(slot)) > now]
        waiting += [timeout for timeout in self._timeouts() if timeout > now]
        upcoming = table.slots.next_after(now)
        return min([*waiting, upcoming] if upcoming is not None else waiting, default=None)

    def _timeouts(self) -> list[int]:
        """Give when the open runs are too old; under ``allow`` nobody waits for a run's end."""
        stored = self.ports.ledger.read(self._key) if self.timetable.concurrency != "allow" else None
        slots = _State(stored.version, stored.fields).open if stored is not None else ()
        runs = [read_run(self.ports, self.timetable.name, slot) for slot in slots]
        return [
            run.started_at + self.timetable.run_timeout + 1 for run in runs if run is not None and run.status == OPEN
        ]

    def knock(self, slot: int | None = None) -> GateReport:
        """Start what is due.

        Args:
            slot: The slot that the caller was woken for, if it knows it. It lets the very first knock start it, and
                makes up for a clock that is behind the caller's.

        Raises:
            Unavailable: A port could not be reached; knock again, nothing is lost.
        """
        report = GateReport()
        for _ in range(_TRIES):
            try:
                if not self._step(slot, report):
                    return report
            except _Interference:
                continue
        problem = f"the gate of {self.timetable.name!r} was disturbed {_TRIES} times in a row"
        raise Unavailable(problem)

    def _step(self, slot: int | None, report: GateReport) -> bool:
        """Do one step of work from the stored state; ``False`` when nothing is left to do."""
        now = self.ports.clock.now()
        if slot is not None and now < slot <= now + SKEW:
            now = slot
        state = self._load(slot, now)
        state = self._settle_open_runs(state, now, report)
        if state.intent is not None:
            self._start(state, state.intent, report)
            return True
        if state.signature != self.timetable.signature:
            # Never back: a late wake-up of the old timetable must not bring back what is over.
            beginning = self._beginning(slot, now) if slot is not None and self._is_in_time(slot, now) else now
            self._save(state, signature=self.timetable.signature, watermark=max(state.watermark, beginning))
            return True
        if not self.timetable.enabled:
            return False
        return self._take_due(state, now, report)

    def _take_due(self, state: _State, now: int, report: GateReport) -> bool:
        table = self.timetable
        horizon = self._horizon(now)
        slots = self._candidates(state.watermark, horizon, now)
        passed = table.slots.newest(state.watermark, slots[0] - 1 if slots else horizon, _TRIES)
        if passed:
            self._save(state, watermark=passed[-1])
            report.dropped += len(passed)
            return True
        step = next_step(slots, table.concurrency, table.missed_runs, run_is_open=bool(state.open))
        match step:
            case None:
                return False
            case Wait():
                report.waiting = True
                return False
            case Skip(slot):
                self._record(slot, SKIPPED, "an earlier run is open")
                self._save(state, watermark=slot)
                report.skipped.append(slot)
            case PassOver(slot):
                self._record(slot, SUPERSEDED, "a newer slot starts instead")
                self._save(state, watermark=slot)
                report.superseded.append(slot)
            case Start(slot, supersede):
                if supersede:
                    self._supersede(state.open, report)
                # Superseded runs stay listed in the state until the next step has looked at them once more: a crash
                # in between must not leave one of their jobs uncancelled.
                self._save(state, intent=slot)
            case _:
                assert_never(step)
        return True

    def _candidates(self, watermark: int, horizon: int, now: int) -> tuple[int, ...]:
        table = self.timetable
        lateness = table.max_lateness + table.jitter
        # Of a long outage only the slots that a policy can consider are enumerated.
        after = max(watermark, now - lateness - 1) if table.missed_runs == "skip" else watermark
        limit = {"skip": _TRIES, "runOnce": 1, "catchUp": table.max_catch_up_count}[table.missed_runs]
        return candidates(
            table.slots.newest(after, horizon, limit),
            table.missed_runs,
            now=now,
            max_lateness=lateness,
            max_catch_up_count=table.max_catch_up_count,
        )

    def _horizon(self, now: int) -> int:
        """Give up to when slots are due: a slot whose jitter is not over holds back those behind it."""
        table = self.timetable
        spread = table.slots.newest(now - table.jitter - 1, now, _TRIES) if table.jitter else ()
        return next((slot - 1 for slot in spread if table.ready_at(slot) > now), now)

    def _beginning(self, slot: int | None, now: int) -> int:
        """Give the watermark of a new timetable: before the slot that woke us, if it is one of its slots, else now."""
        return slot - 1 if slot is not None and slot <= now and self.timetable.slots.is_slot(slot) else now

    def _is_in_time(self, slot: int, now: int) -> bool:
        return now - slot <= self.timetable.max_lateness + self.timetable.jitter

    def _load(self, slot: int | None, now: int) -> _State:
        stored = self.ports.ledger.read(self._key)
        if stored is not None:
            return _State(stored.version, stored.fields)
        fields = {"signature": self.timetable.signature, "watermark": self._beginning(slot, now)}
        if not self.ports.ledger.write(self._key, fields, expected=0):
            raise _Interference
        return _State(1, fields)

    def _save(self, state: _State, **changes: Any) -> None:
        current = {name: getattr(state, name) for name in ("signature", "watermark", "intent")}
        fields = {**current, "open": list(state.open), **changes}
        fields = {name: value for name, value in fields.items() if value is not None}
        if not self.ports.ledger.write(self._key, fields, expected=state.version):
            raise _Interference

    def _start(self, state: _State, slot: int, report: GateReport) -> None:
        table = self.timetable
        run_id = run_id_of(table.name, slot)
        try:
            tokens = table.trigger.tokens(run_id, slot) if table.concurrency != "allow" else ()
        except Exception as error:  # noqa: BLE001 - the payload function is the user's code
            self._record(slot, OPEN, None)
            self._give_up(run_id, slot, error, report)
        else:
            self._record(slot, OPEN, None, tokens=(TRIGGER_TOKEN, *tokens))
            run = read_run(self.ports, table.name, slot)
            if run is not None and run.status == OPEN and TRIGGER_TOKEN in run.tokens:
                self._fire(run_id, slot, report)
        waiting_for = [slot] if table.concurrency != "allow" else []
        self._save(state, intent=None, watermark=max(slot, state.watermark), open=[*state.open, *waiting_for])

    def _fire(self, run_id: str, slot: int, report: GateReport) -> None:
        """Trigger a run; what cannot be triggered is given up."""
        try:
            self.timetable.trigger.fire(run_id, slot, self.ports)
        except Unavailable:
            raise
        except RetryLater as error:
            raise Unavailable(f"{self.timetable.name!r} cannot be triggered yet: {error.reason}") from error
        except Exception as error:  # noqa: BLE001 - the payload function is the user's code
            self._give_up(run_id, slot, error, report)
            return
        drop_token(self.ports, self.timetable.name, slot, TRIGGER_TOKEN)
        report.started.append(slot)

    def _give_up(self, run_id: str, slot: int, error: Exception, report: GateReport) -> None:
        """End a run that cannot be triggered as a dead letter, instead of blocking those after it."""
        reason = f"{type(error).__name__}: {error}"
        letter = DeadLetter(
            edge=f"schedule:{self.timetable.name}",
            id=run_id,
            body=format_json({"schedule": self.timetable.name, "slot": slot}),
            reason=reason,
            attempts=1,
            generation=0,
            at=self.ports.clock.now(),
        )
        self.ports.dead_letters.put(letter)
        self._end(slot, FAILED, reason)
        report.failed.append(slot)

    def trigger_again(self, slot: int) -> None:
        """Trigger a slot whose run could not be triggered; the run itself stays closed."""
        self.timetable.trigger.fire(run_id_of(self.timetable.name, slot), slot, self.ports)

    def _record(self, slot: int, status: str, reason: str | None, tokens: tuple[str, ...] = ()) -> None:
        now = self.ports.clock.now()
        run = RunRecord(
            slot=slot,
            status=status,
            started_at=now,
            knocks=self.timetable.concurrency == "forbid" and self.timetable.missed_runs == "catchUp",
            tokens=tokens,
            closed_at=None if status == OPEN else now,
            reason=reason,
        )
        # A record that is there already is from a crash or another gate; it says the same.
        self.ports.ledger.write(
            run_key(self.timetable.name, slot), run.to_fields(), expected=0, expires=now + RETENTION
        )

    def _settle_open_runs(self, state: _State, now: int, report: GateReport) -> _State:
        """Drop the runs that have ended from the state, abandoning those that take too long."""
        still_open = tuple(slot for slot in state.open if self._is_open(slot, now, report))
        if still_open == state.open:
            return state
        self._save(state, open=list(still_open))
        return _State(state.version + 1, {**self._fields(state), "open": still_open})

    def _fields(self, state: _State) -> dict[str, Any]:
        return {"signature": state.signature, "watermark": state.watermark, "intent": state.intent}

    def _is_open(self, slot: int, now: int, report: GateReport) -> bool:
        run = read_run(self.ports, self.timetable.name, slot)
        if run is None:
            return False
        if run.status == SUPERSEDED:
            self._cancel_jobs(run)
            return False
        if run.status != OPEN:
            return False
        if now - run.started_at <= self.timetable.run_timeout:
            return True
        self._end(slot, ABANDONED, f"open for longer than {self.timetable.run_timeout // 1000} s")
        report.abandoned.append(slot)
        return False

    def _end(self, slot: int, status: str, reason: str) -> RunRecord | None:
        now = self.ports.clock.now()

        def end(run: RunRecord) -> RunRecord | None:
            return run.replace(status=status, closed_at=now, reason=reason) if run.status == OPEN else None

        return change_run(self.ports, self.timetable.name, slot, end)

    def _supersede(self, slots: tuple[int, ...], report: GateReport) -> None:
        """Close runs for a newer one and take the fence from their jobs."""
        for slot in slots:
            self._end(slot, SUPERSEDED, "a newer run replaced it")
            run = read_run(self.ports, self.timetable.name, slot)
            if run is not None:
                self._cancel_jobs(run)
            report.superseded.append(slot)

    def _cancel_jobs(self, run: RunRecord) -> None:
        for token in run.tokens:
            kind, _, rest = token.partition(":")
            queue, _, job_id = rest.rpartition("/")
            if kind == "job":
                self._cancel_job(queue, job_id)

    def _cancel_job(self, queue: str, job_id: str) -> None:
        now = self.ports.clock.now()
        ledger = JobLedger(self.ports.ledger, queue, self.timetable.retentions.get(queue, RETENTION))
        reason = "its run was replaced by a newer one"
        ledger.change(job_id, now, lambda record: cancel(record, queue=queue, job_id=job_id, reason=reason, now=now))
