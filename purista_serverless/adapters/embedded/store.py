"""Messages in one SQLite file: sending, leasing, settling; and the transactions that everything else joins.

One connection writes, one thread at a time; readers have connections of their own and never wait. What must not be
lost is committed with ``synchronous=FULL``. Leases are not: a power cut may undo one, and then its message is delivered
again, with an attempt count that may have gone back by one. Every later full commit makes them durable as well, because
the log is one sequence.
"""

import os
import socket
import sqlite3
import threading
from functools import partial
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.embedded.file import PATIENCE, File
from purista_serverless.errors import StoreError, Unavailable
from purista_serverless.message.wire import spelled_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from purista_serverless.runtime.ports import Clock

_SEND = "INSERT INTO message (edge, id, body, due, priority) VALUES (?, ?, ?, ?, ?)"

_SEND_IN_ORDER = """
INSERT INTO message (edge, id, body, due, priority, ordering_key, state) VALUES (?1, ?2, ?3, ?4, ?5, ?6,
    CASE WHEN EXISTS (SELECT 1 FROM message WHERE edge = ?1 AND ordering_key = ?6) THEN 2 ELSE 0 END)
"""

_LEASE = """
UPDATE message SET state = 1, lease_until = ?, fence = fence + 1, receives = receives + 1, owner = ?
WHERE seq {operator} (
    SELECT seq FROM message WHERE edge = ? AND state = 0 {urgent} AND due <= ? ORDER BY due, seq LIMIT ?
)
RETURNING seq, edge, id, body, fence, receives, lease_until, ordering_key, due
"""
_LEASE_ONE = _LEASE.format(operator="=", urgent="")
_LEASE_SOME = _LEASE.format(operator="IN", urgent="")
_LEASE_URGENT = _LEASE.format(operator="IN", urgent="AND priority > 0 AND priority = ?")

_RECLAIM = """
UPDATE message SET state = 0, lease_until = NULL, owner = NULL WHERE state = 1 AND lease_until <= ? RETURNING edge, due
"""
_ACKNOWLEDGE = "DELETE FROM message WHERE seq = ? AND fence = ? AND state = 1"
_RELEASE = """
UPDATE message SET state = 0, lease_until = NULL, owner = NULL, due = ?, receives = receives - ?
WHERE seq = ? AND fence = ? AND state = 1
"""
_REMOVE = "DELETE FROM message WHERE edge = ? AND id = ? AND state <> 1 RETURNING ordering_key"
_EXTEND = "UPDATE message SET lease_until = ? WHERE seq = ? AND fence = ? AND state = 1"
_UNBLOCK = """
UPDATE message SET state = 0 WHERE state = 2 AND seq = (
    SELECT min(seq) FROM message WHERE edge = ? AND ordering_key = ?
)
RETURNING due
"""

# Pauses between two tries to begin while another process writes, in seconds. SQLite's own grow up to a tenth of a
# second, in which the file lies idle: with four processes that doubles what a commit costs.
_FIRST_PAUSE = 0.0001
_LONGEST_PAUSE = 0.002

# Readers that rest between two reads; more are opened in a rush, and closed after it.
_READERS = 8


class Leased:
    """A leased message. ``fence`` is the number of the lease: only its newest holder may settle the message."""

    __slots__ = ("body", "due", "edge", "fence", "id", "lease_until", "ordering_key", "receives", "seq")

    def __init__(self, row: tuple[Any, ...]) -> None:
        self.seq: int
        self.edge: str
        self.id: str
        self.body: bytes
        self.fence: int
        self.receives: int
        self.lease_until: int
        self.ordering_key: str | None
        self.due: int
        (
            self.seq,
            self.edge,
            self.id,
            self.body,
            self.fence,
            self.receives,
            self.lease_until,
            self.ordering_key,
            self.due,
        ) = row


class Store:
    """One SQLite file, safe to use from many threads and processes.

    Args:
        path: The file; made when it is missing. ``:memory:`` is a file of this process' memory, which is lost with it.
        clock: The time by which messages are due and leases end.

    Attributes:
        patience: How long a transaction waits for another process that writes, in seconds.

    Raises:
        StoreError: The file is not ours, is damaged, was written by a newer version, or cannot be written.

    Example:
        >>> from purista_serverless.runtime.clock import SystemClock
        >>> store = Store(":memory:", SystemClock())
        >>> store.send("queue:emails", "1", b"hello")
        >>> (leased,) = store.lease("queue:emails", 60_000)
        >>> leased.body, store.acknowledge(leased)
        (b'hello', True)
    """

    def __init__(self, path: "str | Path", clock: "Clock") -> None:
        self.clock = clock
        self.patience = PATIENCE
        self._process = os.getpid()
        self.owner = f"{socket.gethostname()}:{self._process}"
        self.file = File(path)
        self._lock = threading.RLock()
        self._writer = self.file.connect()
        self._writer.execute("PRAGMA busy_timeout = 0")
        self._readers: list[sqlite3.Connection] = []
        self._version = self._data_version()
        self._depth = 0
        self._holder = 0
        self._is_durable = True
        self._failure: Exception | None = None
        self._committed: list[Callable[[], None]] = []
        self._listeners: tuple[Callable[[str, int], None], ...] = ()

    def transaction(self, *, durable: bool = True) -> "Transaction":
        """Make this thread's writes one commit; nested transactions join the outermost.

        A transaction that ends with ``Unavailable`` is committed as far as it came, because every step of the core may
        be repeated; one that ends with anything else, or in which SQLite itself failed, leaves nothing behind.

        Args:
            durable: Whether the commit survives a power cut; the outermost transaction decides.

        Raises:
            Unavailable: The file is full, or locked by another process for too long.
            StoreError: The file cannot be written any more.
        """
        return Transaction(self, durable=durable)

    def savepoint(self) -> "Savepoint":
        """Make some of an open transaction's writes stand or fall together; ``Unavailable`` lets them stand."""
        return Savepoint(self)

    def send(
        self, edge: str, id: str, body: bytes, *, delay: int = 0, priority: int = 0, ordering_key: str | None = None
    ) -> None:
        """Put a message onto an edge, durably.

        Args:
            edge: Name of the edge, ``queue:emails`` for instance.
            id: Id of the message; several may have the same.
            body: What is delivered.
            delay: After how many milliseconds it is due.
            priority: The higher goes first, for those who lease with ``levels``.
            ordering_key: Messages of one key are leased one by one, in the order in which they were sent.
        """
        due = self.clock.now() + delay
        with self.transaction():
            if ordering_key is None:
                self.execute(_SEND, (edge, spelled_out(id), body, due, priority))
            else:
                self.execute(_SEND_IN_ORDER, (edge, spelled_out(id), body, due, priority, spelled_out(ordering_key)))
            self._note(edge, due)

    def send_many(self, edge: str, messages: "Iterable[tuple[str, bytes]]") -> None:
        """Put ``(id, body)`` messages onto an edge, in one commit."""
        due = self.clock.now()
        with self.transaction():
            self._execute_many(_SEND, ((edge, spelled_out(id), body, due, 0) for id, body in messages))
            self._note(edge, due)

    def lease(self, edge: str, duration: int, limit: int = 1, *, levels: int = 1) -> list[Leased]:
        """Lease due messages of an edge; those whose lease has run out are due again.

        Args:
            edge: Name of the edge.
            duration: How long the leases last, in milliseconds.
            limit: How many messages to lease at most.
            levels: How many priorities the edge has, from 0; the highest go first, then the longest due.
        """
        with self.transaction(durable=False):
            leased = self.take(edge, duration, limit, levels)
            if len(leased) < limit and self.reclaim():
                leased += self.take(edge, duration, limit - len(leased), levels)
        return leased

    def acknowledge(self, leased: Leased) -> bool:
        """Remove a leased message, durably; ``False`` if the lease is lost."""
        with self.transaction():
            held = self.execute(_ACKNOWLEDGE, (leased.seq, leased.fence)).rowcount == 1
            if held:
                self._unblock(leased.edge, leased.ordering_key)
        return held

    def acknowledge_many(self, batch: "Sequence[Leased]") -> int:
        """Remove leased messages in one commit, and give how many leases were still held."""
        with self.transaction():
            if any(leased.ordering_key is not None for leased in batch):
                return sum(self.acknowledge(leased) for leased in batch)
            return self._execute_many(_ACKNOWLEDGE, [(leased.seq, leased.fence) for leased in batch])

    def exchange(self, batch: "Sequence[Leased]", edge: str, duration: int, limit: int = 1) -> list[Leased]:
        """Acknowledge leased messages and lease the next ones, in one commit."""
        with self.transaction():
            self.acknowledge_many(batch)
            return self.lease(edge, duration, limit)

    def release(self, leased: Leased, delay: int = 0, *, counted: bool = True) -> bool:
        """Give a leased message back, due again after ``delay`` milliseconds; ``False`` if the lease is lost.

        Args:
            leased: The message.
            delay: In milliseconds.
            counted: Whether the delivery counts among its receives.
        """
        due = self.clock.now() + delay
        with self.transaction():
            given = (due, 0 if counted else 1, leased.seq, leased.fence)
            held = self.execute(_RELEASE, given).rowcount == 1
            self._note(leased.edge, due)
        return held

    def remove(self, edge: str, id: str) -> int:
        """Remove the messages of an id that nobody has leased, durably, and give how many there were."""
        with self.transaction():
            removed = self.execute(_REMOVE, (edge, spelled_out(id))).fetchall()
            for (ordering_key,) in removed:
                self._unblock(edge, ordering_key)
        return len(removed)

    def extend(self, leased: Leased, duration: int) -> bool:
        """Have a lease end ``duration`` milliseconds from now; ``False`` if it is lost."""
        until = self.clock.now() + duration
        with self.transaction(durable=False):
            held = self.execute(_EXTEND, (until, leased.seq, leased.fence)).rowcount == 1
        if held:
            leased.lease_until = until
        return held

    def reclaim(self) -> int:
        """Make messages due again whose lease has run out, and give how many there were."""
        with self.transaction(durable=False):
            reclaimed = self.execute(_RECLAIM, (self.clock.now(),)).fetchall()
            for edge, due in reclaimed:
                self._note(edge, due)
        return len(reclaimed)

    def next_due(self, edge: str) -> int | None:
        """Give when the next message of an edge is due that nobody has leased, ``None`` if there is none."""
        due: int | None = self.read("SELECT min(due) FROM message WHERE edge = ? AND state = 0", (edge,))[0][0]
        return due

    def next_expiry(self) -> int | None:
        """Give when the next lease runs out, ``None`` if nothing is leased."""
        expiry: int | None = self.read("SELECT min(lease_until) FROM message WHERE state = 1")[0][0]
        return expiry

    def has_changed(self) -> bool:
        """Say whether another process has written since this was asked before."""
        with self._lock:
            before, self._version = self._version, self._data_version()
            return before != self._version

    def listen(self, listener: "Callable[[str, int], None]") -> None:
        """Have a function told, after the commit, on which edge something is due, and when."""
        self._listeners = (*self._listeners, listener)

    def forget(self, listener: "Callable[[str, int], None]") -> None:
        """Tell a function no more."""
        self._listeners = tuple(other for other in self._listeners if other != listener)

    def after_commit(self, call: "Callable[[], None]") -> None:
        """Have something called when the open transaction of this thread is committed, and not if it is undone."""
        self._committed.append(call)

    def execute(self, statement: str, values: "Sequence[Any] | Mapping[str, Any]" = ()) -> sqlite3.Cursor:
        """Execute a statement that writes, inside a transaction.

        Raises:
            Unavailable: The file is full or busy; the transaction is void.
            StoreError: The file is damaged or cannot be written; the transaction is void.
        """
        if self._failure is not None:
            raise self._failure
        try:
            return self._writer.execute(statement, values)
        except sqlite3.Error as error:
            self._failure = self.file.error(error)
            raise self._failure from error

    def read(self, statement: str, values: "Sequence[Any]" = ()) -> list[Any]:
        """Give the rows of a query; a thread sees what it wrote in its open transaction."""
        if self._holder == threading.get_ident() or self.file.is_memory:
            with self._lock:
                return self._fetch(self._writer, statement, values)
        self._refuse_fork()
        reader = self._reader()
        try:
            return self._fetch(reader, statement, values)
        finally:
            if len(self._readers) < _READERS:
                self._readers.append(reader)
            else:
                reader.close()

    def close(self) -> None:
        """Close the file. Using the store afterwards is an error."""
        with self._lock:
            while self._readers:
                self._readers.pop().close()
            self._writer.close()

    def begin(self, *, durable: bool) -> None:
        """Begin a transaction, or join the open one."""
        self._refuse_fork()
        self._lock.acquire()
        if self._depth == 0:
            try:
                self._open_transaction(durable=durable)
            except sqlite3.Error as error:
                self._lock.release()
                raise self.file.error(error) from error
            self._holder = threading.get_ident()
        self._depth += 1

    def end(self, error: BaseException | None) -> None:
        """End a transaction; the outermost is committed or undone."""
        try:
            self._depth -= 1
            if self._depth == 0:
                self._holder = 0
                self._close_transaction(error)
        finally:
            self._lock.release()

    def _refuse_fork(self) -> None:
        # A connection that two processes share breaks SQLite's locks, and then the file.
        if os.getpid() != self._process:
            raise StoreError(self.file.path, "the file was opened before this process was forked", "open it in each")

    def _reader(self) -> sqlite3.Connection:
        try:
            return self._readers.pop()
        except IndexError:
            return self.file.connect_reader()

    def _open_transaction(self, *, durable: bool) -> None:
        if durable != self._is_durable:
            self._writer.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            self._is_durable = durable
        self._try("BEGIN IMMEDIATE")
        self._failure = None
        self._committed = []

    def _close_transaction(self, error: BaseException | None) -> None:
        failure, self._failure = self._failure, None
        keeps = failure is None and (error is None or isinstance(error, Unavailable))
        try:
            if keeps:
                self._writer.execute("COMMIT")
            elif self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
        except sqlite3.Error as broken:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            raise self.file.error(broken) from broken
        if keeps:
            for call in self._committed:
                call()
        elif error is None and failure is not None:
            # Somebody swallowed the failure; what was meant to be one commit must not look like one.
            raise failure

    def _note(self, edge: str, due: int) -> None:
        for listener in self._listeners:
            self.after_commit(partial(listener, edge, due))

    def take(self, edge: str, duration: int, limit: int, levels: int) -> list[Leased]:
        """Lease inside a transaction, as ``lease`` does but for leases that have run out."""
        now = self.clock.now()
        until = now + duration
        rows: list[tuple[Any, ...]] = []
        for priority in range(levels - 1, 0, -1):
            if len(rows) < limit:
                found = self.execute(_LEASE_URGENT, (until, self.owner, edge, priority, now, limit - len(rows)))
                rows += sorted(found.fetchall(), key=_order)
        if len(rows) < limit:
            statement = _LEASE_ONE if limit - len(rows) == 1 else _LEASE_SOME
            found = self.execute(statement, (until, self.owner, edge, now, limit - len(rows)))
            rows += sorted(found.fetchall(), key=_order)
        return [Leased(row) for row in rows]

    def _unblock(self, edge: str, ordering_key: str | None) -> None:
        if ordering_key is not None:
            for (due,) in self.execute(_UNBLOCK, (edge, ordering_key)).fetchall():
                self._note(edge, due)

    def _execute_many(self, statement: str, rows: "Iterable[Sequence[Any]]") -> int:
        if self._failure is not None:
            raise self._failure
        try:
            return self._writer.executemany(statement, rows).rowcount
        except sqlite3.Error as error:
            self._failure = self.file.error(error)
            raise self._failure from error

    def _fetch(self, connection: sqlite3.Connection, statement: str, values: "Sequence[Any]") -> list[Any]:
        try:
            return connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise self.file.error(error) from error

    def _data_version(self) -> int:
        try:
            version: int = self._try("PRAGMA data_version").fetchone()[0]
        except sqlite3.Error as error:
            raise self.file.error(error) from error
        return version

    def _try(self, statement: str) -> sqlite3.Cursor:
        """Execute what another process may hold up, again and again until patience is spent."""
        deadline, pause = monotonic() + self.patience, _FIRST_PAUSE
        while True:
            try:
                return self._writer.execute(statement)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or monotonic() >= deadline:
                    raise
            sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)


class Transaction:
    """One commit of one thread; see ``Store.transaction``."""

    __slots__ = ("_durable", "_store")

    def __init__(self, store: Store, *, durable: bool) -> None:
        self._store = store
        self._durable = durable

    def __enter__(self) -> None:
        self._store.begin(durable=self._durable)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        self._store.end(error)


class Savepoint:
    """A part of a transaction that is undone by itself when it fails; see ``Store.savepoint``."""

    __slots__ = ("_store",)

    def __init__(self, store: Store) -> None:
        self._store = store

    def __enter__(self) -> None:
        self._store.execute("SAVEPOINT part")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        if error is not None and not isinstance(error, Unavailable):
            self._store.execute("ROLLBACK TO part")
        self._store.execute("RELEASE part")


def _order(row: tuple[Any, ...]) -> tuple[int, int]:
    """Give the place of a leased row: longest due first, then first come."""
    return row[-1], row[0]
