"""The example without any cloud: a process that serves it from one file, at a time that a test moves."""

import json
import os
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

from examples.enterprise_billing_cycle.app import app
from purista_serverless.adapters.embedded.dead_letters import list_letters, redrive_letter
from purista_serverless.adapters.embedded.host import Host
from purista_serverless.emulation.clock import VirtualClock
from purista_serverless.emulation.processes import ProcessGroup
from purista_serverless.message import Message
from tests.connected.copies import Change, Sources
from tests.connected.month import SCHEDULE, SETTINGS, START
from tests.connected.watch import Letter, Watch
from tests.repo.tree import ROOT

_PROGRAM = Path(__file__).with_name("embedded_process.py")
# Seconds between two looks.
_BEAT = 0.05

# An event is a message on each edge that takes it.
_TAP = """
CREATE TABLE tapped (edge, body);
CREATE TRIGGER tap AFTER INSERT ON message WHEN new.edge LIKE 'subscription:%' OR new.edge LIKE 'binding:%' BEGIN
    INSERT INTO tapped VALUES (new.edge, new.body);
END;
"""


class EmbeddedWatch(Watch):
    """Looks at the file.

    Args:
        host: The example on that file; it serves nothing.
        file: The file.
    """

    def __init__(self, host: Host, file: Path) -> None:
        super().__init__()
        self._host = host
        self._file = file
        self._beat = Event()
        self._rows("DROP TABLE IF EXISTS tapped", "DROP TRIGGER IF EXISTS tap")
        with closing(sqlite3.connect(file)) as connection:
            connection.executescript(_TAP)

    def emit(self, name: str, envelope: Mapping[str, Any]) -> None:
        """Publish an event, as another process would."""
        self._host.ports.events.publish(Message.decode(json.dumps(envelope).encode()))

    def records(self, partition: str) -> dict[str, Mapping[str, Any]]:
        """Give the fields of all records of a partition."""
        prefix = f"{partition}/"
        found = self._host.ports.ledger.scan(prefix)
        return {key.removeprefix(prefix): stored.fields for key, stored in found}

    def letters(self, edge: str) -> list[Letter]:
        """Give the dead letters of an edge."""
        return [
            Letter(body=json.loads(letter.body), attributes={"reason": letter.reason, "attempts": str(letter.attempts)})
            for letter in list_letters(self._host, edge)
        ]

    def waiting(self) -> Mapping[str, int]:
        """Give how many messages each edge has."""
        rows = self._rows("SELECT edge, count(*) FROM message GROUP BY edge")
        return {edge: count for edge, count in rows if not edge.startswith("gate:")}

    def buried(self) -> Mapping[str, int]:
        """Give how many dead letters each edge has."""
        return dict(self._rows("SELECT edge, count(*) FROM letter GROUP BY edge"))

    def listen(self) -> None:
        """Note the events that have come."""
        self._beat.wait(_BEAT)
        rows = self._rows("SELECT body FROM tapped ORDER BY rowid")
        envelopes = [json.loads(body) for (body,) in rows]
        self.events = [(envelope["eventName"], envelope) for envelope in envelopes]

    def _rows(self, *statements: str) -> list[tuple[Any, ...]]:
        """Give the rows of the last of some statements."""
        rows: list[tuple[Any, ...]] = []
        with closing(sqlite3.connect(self._file)) as connection:
            for statement in statements:
                rows = connection.execute(statement).fetchall()
        return rows


class EmbeddedExample:
    """The example in a process, which is started anew whenever time moves.

    Args:
        sources: What runs.
        file: The file.
    """

    def __init__(self, sources: Sources, file: Path) -> None:
        self._sources = sources
        self._file = file
        self._clock = VirtualClock(START)
        self.host = Host(app, file, clock=self)
        self._process: ProcessGroup | None = None

    def now(self) -> int:
        """Give the time in milliseconds since the epoch."""
        return int(self._clock.now().timestamp() * 1000)

    def watch(self) -> EmbeddedWatch:
        """Begin to look at the file."""
        return EmbeddedWatch(self.host, self._file)

    def release(self, *changes: Change) -> None:
        """Start the example with texts of its files replaced, and wait until it knows its schedule."""
        self._sources.change(*changes)
        self._start()
        beat = Event()
        while not list(self.host.ports.ledger.scan(f"schedule:{SCHEDULE}")):
            beat.wait(_BEAT)

    def fire(self) -> None:
        """Let the process be away while the hour passes at which the schedule fires."""
        self._move(timedelta(hours=4))

    def redrive(self, edge: str) -> None:
        """Redrive as a tool does."""
        for letter in list_letters(self.host, edge):
            assert redrive_letter(self.host, letter)

    def kill_what_works(self) -> None:
        """End the process with SIGKILL."""
        assert self._process is not None
        self._process.kill()

    def let_leases_end(self, watch: Watch) -> None:
        """Start the process an hour later."""
        self._move(timedelta(hours=1))

    def stop(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.stop()
            self._process = None

    def _move(self, duration: timedelta) -> None:
        self.stop()
        self._clock.move_to(self._clock.now() + duration)
        self._start()

    def _start(self) -> None:
        self.stop()
        # Its sources come first, the program itself lies elsewhere.
        paths = os.pathsep.join((str(self._sources.folder), str(ROOT)))
        command = [sys.executable, str(_PROGRAM), str(self._file), repr(self._clock.now().timestamp())]
        environment = {**os.environ, **SETTINGS, "PYTHONPATH": paths}
        with self._file.with_suffix(".log").open("ab") as output:
            self._process = ProcessGroup(command, folder=self._sources.folder, environment=environment, output=output)


@contextmanager
def embedded_example(folder: Path) -> Iterator[EmbeddedExample]:
    """Run the example from a copy of the repository in a folder."""
    example = EmbeddedExample(Sources(folder), folder / "example.db")
    with example.host:
        try:
            yield example
        finally:
            example.stop()
