"""Runs of schedules: one record per slot, and the tokens that keep it open.

A token stands for something that the run waits for: its own triggering, a binding that has not yet turned the event
into a job, a job, a call. Tokens are in the record before anything is sent, and whoever removes the last one closes
the run.
"""

from typing import TYPE_CHECKING, Any

from purista_serverless.runtime.ledger import update

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from purista_serverless.runtime.ports import Ports, Stored

OPEN = "open"
CLOSED = "closed"
SKIPPED = "skipped"
SUPERSEDED = "superseded"
ABANDONED = "abandoned"
FAILED = "failed"

# Held from before the first write until after the trigger: a crash between them leaves the run open, to be repaired.
TRIGGER_TOKEN = "trigger"  # noqa: S105 - not a secret

RETENTION = 90 * 86_400_000


def run_id_of(schedule: str, slot: int) -> str:
    """Give the id of a run; it travels with everything that the run causes.

    Example:
        >>> run_id_of("Billing.1.monthly", 1767229200000)
        'Billing.1.monthly@1767229200000'
    """
    return f"{schedule}@{slot}"


def parse_run_id(run_id: str) -> tuple[str, int] | None:
    """Give schedule and slot of a run's id, ``None`` if it is none of ours (upstream's runs have other ids)."""
    schedule, at, slot = run_id.rpartition("@")
    return (schedule, int(slot)) if at and slot.isdecimal() else None


def run_key(schedule: str, slot: int) -> str:
    """Give the ledger's key of a run; keys of one schedule sort by slot."""
    return f"schedule:{schedule}/run/{slot:015d}"


def job_token(queue: str, job_id: str) -> str:
    """Give the token that stands for a job."""
    return f"job:{queue}/{job_id}"


def binding_token(edge: str) -> str:
    """Give the token that stands for a binding which has not handled the event yet."""
    return edge


def call_token(schedule: str) -> str:
    """Give the token that stands for the call of a command."""
    return f"call:{schedule}"


class RunRecord:
    """The record of one slot of a schedule; times in milliseconds.

    ``knocks`` says that the end of the run may let the next one start.
    """

    __slots__ = ("closed_at", "knocks", "reason", "slot", "started_at", "status", "tokens")

    def __init__(
        self,
        *,
        slot: int,
        status: str,
        started_at: int,
        knocks: bool = False,
        tokens: tuple[str, ...] = (),
        closed_at: int | None = None,
        reason: str | None = None,
    ) -> None:
        self.slot = slot
        self.status = status
        self.started_at = started_at
        self.knocks = knocks
        self.tokens = tokens
        self.closed_at = closed_at
        self.reason = reason

    def to_fields(self) -> dict[str, Any]:
        """Give the record as the store's JSON object."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in {**fields, "tokens": list(self.tokens)}.items() if value is not None}

    @classmethod
    def from_fields(cls, fields: "Mapping[str, Any]") -> "RunRecord":
        """Read the store's JSON object."""
        return cls(**{**fields, "tokens": tuple(fields["tokens"])})

    @classmethod
    def from_stored(cls, stored: "Stored | None") -> "RunRecord | None":
        """Read what a store gave."""
        return cls.from_fields(stored.fields) if stored is not None else None

    def replace(self, **changes: Any) -> "RunRecord":
        """Give a copy with some fields changed."""
        return RunRecord(**{**{name: getattr(self, name) for name in self.__slots__}, **changes})

    def without(self, token: str, *, now: int) -> "RunRecord | None":
        """Give the record without a token, closed if that was the last; ``None`` if it does not hold it."""
        if token not in self.tokens:
            return None
        tokens = tuple(other for other in self.tokens if other != token)
        if tokens or self.status != OPEN:
            return self.replace(tokens=tokens)
        return self.replace(tokens=(), status=CLOSED, closed_at=now)


def change_run(
    ports: "Ports", schedule: str, slot: int, change: "Callable[[RunRecord], RunRecord | None]"
) -> RunRecord | None:
    """Change a run's record conditionally; give it as written, or ``None`` if it was left alone or does not exist."""

    def to_fields(fields: dict[str, Any] | None) -> dict[str, Any] | None:
        changed = change(RunRecord.from_fields(fields)) if fields is not None else None
        return changed.to_fields() if changed is not None else None

    expires = ports.clock.now() + RETENTION
    written = update(ports.ledger, run_key(schedule, slot), to_fields, expires=expires)
    return RunRecord.from_fields(written) if written is not None else None


def read_run(ports: "Ports", schedule: str, slot: int) -> RunRecord | None:
    """Give the record of a slot."""
    return RunRecord.from_stored(ports.ledger.read(run_key(schedule, slot)))


def remove_token(ports: "Ports", run_id: str | None, token: str) -> None:
    """Remove a token from a run; the one that closes it knocks at the gate if other slots wait for that."""
    parsed = parse_run_id(run_id) if run_id is not None else None
    if parsed is None:
        return
    schedule, slot = parsed
    drop_token(ports, schedule, slot, token)
    # Not only for the caller that closed it: a crash after closing must not lose the knock.
    run = read_run(ports, schedule, slot)
    if run is not None and run.status == CLOSED and run.knocks:
        ports.schedules.knock(schedule)


def drop_token(ports: "Ports", schedule: str, slot: int, token: str) -> None:
    """Remove a token from the run of a slot and knock nowhere: for the gate itself, which looks again anyway."""
    now = ports.clock.now()
    change_run(ports, schedule, slot, lambda run: run.without(token, now=now))


def exchange_token(ports: "Ports", run_id: str, old: str, new: str) -> bool:
    """Put a job's token in the place of a binding's; ``False`` if the run was superseded meanwhile.

    An abandoned run waits for nothing any more, yet its work is still wanted.
    """
    parsed = parse_run_id(run_id)
    if parsed is None:
        return True

    def exchange(run: RunRecord) -> RunRecord | None:
        if run.status != OPEN or old not in run.tokens:
            return None
        return run.replace(tokens=tuple(dict.fromkeys(new if token == old else token for token in run.tokens)))

    change_run(ports, *parsed, exchange)
    run = read_run(ports, *parsed)
    return run is None or run.status != SUPERSEDED


def is_superseded(ports: "Ports", run_id: str | None) -> bool:
    """Say whether a run was replaced by a newer one."""
    parsed = parse_run_id(run_id) if run_id is not None else None
    run = read_run(ports, *parsed) if parsed is not None else None
    return run is not None and run.status == SUPERSEDED
