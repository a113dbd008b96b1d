"""The record store of the file: conditional writes, each of them one statement."""

import json
from typing import TYPE_CHECKING, Any

from purista_serverless.message.wire import spelled_out
from purista_serverless.runtime.ports import Stored

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from purista_serverless.adapters.embedded.store import Store

_READ = "SELECT version, fields FROM record WHERE key = ? AND (expires IS NULL OR expires > ?)"

# A record past its expiry does not exist: its key is free.
_CREATE = """
INSERT INTO record (key, version, fields, expires) VALUES (?, 1, ?, ?)
ON CONFLICT (key) DO UPDATE SET version = 1, fields = excluded.fields, expires = excluded.expires
WHERE record.expires <= ?
"""
_REPLACE = """
UPDATE record SET version = version + 1, fields = ?, expires = ?
WHERE key = ? AND version = ? AND (expires IS NULL OR expires > ?)
"""
_SCAN = """
SELECT key, version, fields FROM record
WHERE key > ? AND key >= ? AND key < ? AND (expires IS NULL OR expires > ?) ORDER BY key LIMIT ?
"""
_PURGE = "DELETE FROM record WHERE key IN (SELECT key FROM record WHERE expires <= ? LIMIT ?)"

_LAST_CHARACTER = "\U0010ffff"
_PAGE = 500


class FileLedger:
    """A ``LedgerStore`` in the file.

    Args:
        store: The file.
    """

    __slots__ = ("_store",)

    def __init__(self, store: "Store") -> None:
        self._store = store

    def read(self, key: str) -> Stored | None:
        """Give the record, or ``None``."""
        rows = self._store.read(_READ, (spelled_out(key), self._store.clock.now()))
        return Stored(rows[0][0], json.loads(rows[0][1])) if rows else None

    def write(self, key: str, fields: "Mapping[str, Any]", *, expected: int, expires: int | None = None) -> bool:
        """Write if the record's version is ``expected``; say whether it was written."""
        # ASCII only: escapes hold what a text of SQLite cannot.
        text, now = json.dumps(fields, separators=(",", ":")), self._store.clock.now()
        with self._store.transaction():
            if expected == 0:
                written = self._store.execute(_CREATE, (spelled_out(key), text, expires, now))
            else:
                written = self._store.execute(_REPLACE, (text, expires, spelled_out(key), expected, now))
            return written.rowcount == 1

    def scan(self, prefix: str) -> "Iterator[tuple[str, Stored]]":
        """Give all records whose key starts with ``prefix``, in the order of their keys."""
        after, page = "", [("", 0, "")]
        while page:
            page = self._store.read(_SCAN, (after, prefix, prefix + _LAST_CHARACTER, self._store.clock.now(), _PAGE))
            for key, version, fields in page:
                yield key, Stored(version, json.loads(fields))
            after = page[-1][0] if page else after

    def purge(self, limit: int = 1_000) -> int:
        """Forget up to ``limit`` records that are past their expiry, and give how many there were."""
        with self._store.transaction(durable=False):
            return self._store.execute(_PURGE, (self._store.clock.now(), limit)).rowcount
