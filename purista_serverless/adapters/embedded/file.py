"""The SQLite file: opening it, its schema and its migrations, and what its errors mean.

A file is ours by its application id, and its schema is numbered. A file of an older number is migrated when it is
opened, one of a newer number is refused.
"""

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from purista_serverless.errors import PuristaServerlessError, StoreError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterable

MEMORY = ":memory:"

# "PSrv": tells our files from those of other programs.
APPLICATION_ID = 0x50537276

# How long a statement waits for another process that writes, in seconds.
PATIENCE = 20.0

_HEADER = b"SQLite format 3\x00"

# States of a message: 0 waits for its time, 1 is leased, 2 stands in line behind another one with its ordering key.
# A fence starts at a random number: row numbers are used again, and a late receiver must not settle another message.
_FIRST = """
CREATE TABLE message (
    seq INTEGER PRIMARY KEY,
    edge TEXT NOT NULL,
    id TEXT NOT NULL,
    body BLOB NOT NULL,
    due INTEGER NOT NULL,
    priority INTEGER NOT NULL DEFAULT 0,
    ordering_key TEXT,
    state INTEGER NOT NULL DEFAULT 0,
    fence INTEGER NOT NULL DEFAULT (random() & 0x3fffffffffffffff),
    receives INTEGER NOT NULL DEFAULT 0,
    lease_until INTEGER,
    owner TEXT
);
CREATE INDEX message_ready ON message (edge, due, seq) WHERE state = 0;
CREATE INDEX message_urgent ON message (edge, priority, due, seq) WHERE state = 0 AND priority > 0;
CREATE INDEX message_leased ON message (lease_until, edge) WHERE state = 1;
CREATE INDEX message_key ON message (edge, ordering_key, seq) WHERE ordering_key IS NOT NULL;
CREATE TABLE record (
    key TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    fields TEXT NOT NULL,
    expires INTEGER
) WITHOUT ROWID;
CREATE INDEX record_expiry ON record (expires) WHERE expires IS NOT NULL;
CREATE TABLE letter (
    seq INTEGER PRIMARY KEY,
    edge TEXT NOT NULL,
    key TEXT NOT NULL,
    id TEXT NOT NULL,
    generation INTEGER NOT NULL,
    body BLOB NOT NULL,
    reason TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    at INTEGER NOT NULL,
    UNIQUE (edge, key)
);
CREATE TABLE route (
    application TEXT NOT NULL,
    edge TEXT NOT NULL,
    filter TEXT NOT NULL,
    PRIMARY KEY (application, edge)
) WITHOUT ROWID
"""

# One script per version, oldest first; a file's version is the number of scripts that were applied to it.
MIGRATIONS = (_FIRST,)


class File:
    """A file that is ours: made or migrated if need be, and ready for connections.

    Args:
        path: Path of the file, a ``file:`` URI as SQLite has it, or ``:memory:``.
        migrations: One script per version, oldest first.

    Raises:
        StoreError: The file is not ours, is damaged, was written by a newer version, or cannot be written.
        Unavailable: Another process holds it for longer than ``PATIENCE``.
    """

    __slots__ = ("_migrations", "path")

    def __init__(self, path: "str | Path", migrations: tuple[str, ...] = MIGRATIONS) -> None:
        self.path = str(path)
        self._migrations = migrations
        if not self.is_memory:
            self._look()

    @property
    def is_memory(self) -> bool:
        """Say whether the file lives in this process' memory."""
        return self.path == MEMORY

    def connect(self) -> sqlite3.Connection:
        """Open a connection that writes, on a schema of this version."""
        connection = self._open()
        try:
            self._prepare(connection)
        except sqlite3.Error as error:
            connection.close()
            raise self.error(error) from error
        except PuristaServerlessError:
            connection.close()
            raise
        return connection

    def connect_reader(self) -> sqlite3.Connection:
        """Open a connection that only reads."""
        connection = self._open()
        connection.execute("PRAGMA query_only = 1")
        return connection

    def error(self, error: sqlite3.Error) -> PuristaServerlessError:
        """Say in our words what an error of SQLite means."""
        text = str(error)
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_FULL:
            return Unavailable(f"{self.path}: there is no room left ({text}); nothing was written, make room")
        if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            return Unavailable(f"{self.path}: another process wrote for longer than {PATIENCE:g} s ({text})")
        if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
            fix = "restore a copy, or save what `sqlite3 FILE .recover` finds, and start with another file"
            return StoreError(self.path, f"the file is damaged ({text})", fix)
        if code == sqlite3.SQLITE_READONLY:
            return StoreError(self.path, f"the file cannot be written ({text})", "allow this user to write it")
        if code == sqlite3.SQLITE_CANTOPEN:
            fix = "make the folder, or allow this user to write in it"
            return StoreError(self.path, f"the file cannot be opened ({text})", fix)
        return Unavailable(f"{self.path}: {type(error).__name__}: {text}")

    def _look(self) -> None:
        """Refuse what is no SQLite file before SQLite does, whose words help nobody."""
        path = Path(urlsplit(self.path).path if self.path.startswith("file:") else self.path)
        if parse_qs(urlsplit(self.path).query).get("mode") == ["memory"]:
            raise StoreError(self.path, "a shared memory file locks its tables, not its file", f"use {MEMORY!r}")
        if path.is_dir():
            raise StoreError(self.path, "this is a folder", "name a file in it")
        try:
            with path.open("rb") as file:
                head = file.read(len(_HEADER))
        except FileNotFoundError:
            return
        except OSError as error:
            raise StoreError(self.path, f"the file cannot be read ({error.strerror})", "allow this user to") from error
        if head and head != _HEADER:
            raise StoreError(self.path, "the file is not an SQLite database", "name another file")

    def _open(self) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(
                self.path,
                timeout=PATIENCE,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=256,
                uri=self.path.startswith("file:"),
            )
            connection.execute("PRAGMA temp_store = memory")
        except sqlite3.Error as error:
            raise self.error(error) from error
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        self._refuse_foreign(connection)
        if not self.is_memory:
            connection.execute("PRAGMA journal_mode = wal")
            # A log that a burst made large does not stay large.
            connection.execute("PRAGMA journal_size_limit = 67108864")
        connection.execute("PRAGMA cache_size = -8192")
        connection.execute("BEGIN IMMEDIATE")
        try:
            # Looked at again under the lock: another process may have been faster.
            self._refuse_foreign(connection)
            _migrate(connection, self._migrations)
            # Changes nothing, and fails now where the file may only be read, instead of at the first message.
            connection.execute("DELETE FROM message WHERE 0")
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    def _refuse_foreign(self, connection: sqlite3.Connection) -> None:
        tables = _number(connection, "SELECT count(*) FROM sqlite_master")
        owner, version = _number(connection, "PRAGMA application_id"), _number(connection, "PRAGMA user_version")
        if owner != APPLICATION_ID and (owner or version or tables):
            raise StoreError(self.path, "the file belongs to another program", "name another file")
        if version > len(self._migrations):
            known = len(self._migrations)
            problem = f"the file has schema {version}, this version of purista-serverless knows up to {known}"
            raise StoreError(self.path, problem, "install the newer version that wrote it")


def _migrate(connection: sqlite3.Connection, migrations: "Iterable[str]") -> None:
    """Apply what a file lacks; inside the caller's transaction, so that a file is never between two versions."""
    version = _number(connection, "PRAGMA user_version")
    for number, script in enumerate(migrations, 1):
        if number <= version:
            continue
        for statement in script.split(";\n"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {number}")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")


def _number(connection: sqlite3.Connection, statement: str) -> int:
    found: int = connection.execute(statement).fetchone()[0]
    return found
