"""Records in Firestore: conditional writes, each of them one request where the record was read before."""

import json
from os import urandom
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from purista_serverless.adapters.gcp.constants import LEDGER, PROJECT
from purista_serverless.adapters.gcp.ports.failures import code_of
from purista_serverless.adapters.gcp.ports.times import timestamp_of
from purista_serverless.errors import TooLarge
from purista_serverless.message.times import milliseconds_of
from purista_serverless.runtime.deployed import Use
from purista_serverless.runtime.ports import Stored

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from purista_serverless.adapters.gcp.ports.deployment import Deployment

COLLECTION = "records"

_FIX = "declare tracking or idempotency on the queue"
_READ = Use("datastore.entities.get", _FIX)
_WRITE = Use("datastore.entities.update", _FIX)
_QUERY = Use("datastore.entities.list", "give it to who runs the tool")

# Of a document with its fields' names (Firestore, quotas and limits); what is not ``fields`` stays below 16 KB.
_MAX_FIELDS = 1_048_576 - 16_384

# Of a document's id (Firestore, quotas and limits: constraints on document ids).
_LONGEST_ID = 1_500

# The precondition of a write does not hold.
_CONFLICTS = ("ALREADY_EXISTS", "FAILED_PRECONDITION", "NOT_FOUND")

# Documents in one answer to a query.
_PAGE = 300

# Records of which it is known when they were written; an instance works on few at a time.
_MOST_KNOWN = 256


class Document:
    """A record as Firestore has it.

    Attributes:
        updated: When it was written; no two writes of a document have the same.
        expires: When it ceases to exist, in milliseconds, if ever.
        writer: The write that made it. One whose answer got lost is sent again, and then meets itself.
    """

    __slots__ = ("expires", "fields", "key", "updated", "version", "writer")

    def __init__(self, wire: "Mapping[str, Any]") -> None:
        fields = wire["fields"]
        self.key: str = fields["key"]["stringValue"]
        self.version = int(fields["version"]["integerValue"])
        self.fields: str = fields["fields"]["stringValue"]
        self.writer: str = fields["writer"]["stringValue"]
        self.expires = milliseconds_of(fields["expires"]["timestampValue"]) if "expires" in fields else None
        self.updated: str = wire["updateTime"]

    def is_gone(self, now: int) -> bool:
        """Say whether it does not exist any more, whether or not Firestore has removed it: that may take a day."""
        return self.expires is not None and self.expires <= now

    def stored(self) -> Stored:
        """Give it as the core sees it."""
        return Stored(self.version, json.loads(self.fields))


class FirestoreLedger:
    """A ``LedgerStore`` in the database of the deployment.

    A condition on a version is one on the time of the document's last write, which is known of what was read.

    Args:
        deployment: Where the database is.
    """

    __slots__ = ("_deployment", "_known")

    def __init__(self, deployment: "Deployment") -> None:
        self._deployment = deployment
        self._known: dict[str, tuple[int, str, int | None]] = {}

    def read(self, key: str) -> Stored | None:
        """Give the record as of the latest write, or ``None``.

        Raises:
            Unavailable: The database could not be reached.
            UndeclaredUse: The function may not read records.
        """
        found = self._find(key)
        return None if found is None or found.is_gone(self._deployment.clock.now()) else found.stored()

    def write(self, key: str, fields: "Mapping[str, Any]", *, expected: int, expires: int | None = None) -> bool:
        """Write if the record's version is ``expected``; say whether it was written.

        Raises:
            TooLarge: The fields are more than a document holds.
            Unavailable: The database could not be reached; it may have been written.
            UndeclaredUse: The function may not write records.
        """
        draft = _Draft(key, fields, expected + 1, expires)
        updated = self._updated(key, expected) if expected else None
        if expected and updated is None:
            return False
        if self._commit(draft, updated):
            return True
        found = self._find(key)
        if found is not None and found.writer == draft.writer:
            return True
        if expected or (found is not None and not found.is_gone(self._deployment.clock.now())):
            return False
        # Past its expiry, so that its key is free; or removed just now.
        return self._commit(draft, found.updated if found is not None else None)

    def scan(self, prefix: str) -> "Iterator[tuple[str, Stored]]":
        """Give all records whose key starts with ``prefix``, in the order of their keys; for tools only."""
        now = self._deployment.clock.now()
        for found in self._from(prefix):
            if not found.key.startswith(prefix):
                return
            if not found.is_gone(now):
                yield found.key, found.stored()

    def _updated(self, key: str, version: int) -> str | None:
        """Give when a record was written that has a version and exists, ``None`` if it has another one."""
        known = self._known.get(key)
        if known is None or known[0] != version:
            found = self._find(key)
            known = None if found is None else (found.version, found.updated, found.expires)
        if known is None or known[0] != version:
            return None
        _, updated, expires = known
        return None if expires is not None and expires <= self._deployment.clock.now() else updated

    def _find(self, key: str) -> Document | None:
        path = f"/v1/{self._documents(_READ, key)}/{COLLECTION}/{quote(id_of(key), safe='')}"
        answer = self._deployment.call("GET", "firestore", path, _READ, key, expected=("NOT_FOUND",))
        if code_of(answer):
            self._known.pop(key, None)
            return None
        found = Document(answer.json())
        self._know(key, found.version, found.updated, found.expires)
        return found

    def _commit(self, draft: "_Draft", updated: str | None) -> bool:
        """Write a document that was last written at a time, or is not there; say whether it was so."""
        documents = self._documents(_WRITE, draft.key)
        write = {
            "update": {"name": f"{documents}/{COLLECTION}/{id_of(draft.key)}", "fields": draft.to_wire()},
            "currentDocument": {"exists": False} if updated is None else {"updateTime": updated},
        }
        path, value = f"/v1/{documents}:commit", {"writes": [write]}
        answer = self._deployment.post("firestore", path, value, _WRITE, draft.key, expected=_CONFLICTS)
        if code_of(answer):
            self._known.pop(draft.key, None)
            return False
        self._know(draft.key, draft.version, answer.json()["writeResults"][0]["updateTime"], draft.expires)
        return True

    def _know(self, key: str, version: int, updated: str, expires: int | None) -> None:
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[key] = (version, updated, expires)

    def _from(self, prefix: str) -> "Iterator[Document]":
        path = f"/v1/{self._documents(_QUERY, prefix)}:runQuery"
        start: dict[str, Any] = {"values": [{"stringValue": prefix}], "before": True}
        while True:
            answer = self._deployment.post("firestore", path, _query(start), _QUERY, prefix)
            page = [Document(row["document"]) for row in answer.json() if "document" in row]
            yield from page
            if len(page) < _PAGE:
                return
            start = {"values": [{"stringValue": page[-1].key}], "before": False}

    def _documents(self, use: Use, target: str) -> str:
        deployment = self._deployment
        project, database = deployment.name(PROJECT, use, target), deployment.name(LEDGER, use, target)
        return f"projects/{project}/databases/{database}/documents"


class _Draft:
    """A record that is about to be written."""

    __slots__ = ("_text", "expires", "key", "version", "writer")

    def __init__(self, key: str, fields: "Mapping[str, Any]", version: int, expires: int | None) -> None:
        # ASCII only: escapes hold what UTF-8 cannot, such as half of a surrogate pair in the text of an error.
        self._text = json.dumps(fields, separators=(",", ":"))
        if len(self._text) > _MAX_FIELDS:
            fix = "keep results and progress small, or elsewhere"
            raise TooLarge(f"the record {key!r}", len(self._text), _MAX_FIELDS, fix)
        self.key = key
        self.version = version
        self.expires = expires
        self.writer = urandom(12).hex()

    def to_wire(self) -> dict[str, Any]:
        """Give the fields of the document."""
        wire: dict[str, Any] = {
            "key": {"stringValue": self.key},
            "version": {"integerValue": str(self.version)},
            "fields": {"stringValue": self._text},
            "writer": {"stringValue": self.writer},
        }
        return wire if self.expires is None else {**wire, "expires": {"timestampValue": timestamp_of(self.expires)}}


def id_of(key: str) -> str:
    """Give the id of the document of a key: the key percent-encoded, or its hash where that is too long.

    Example:
        >>> id_of("queue:shop.packing/1")
        'queue%3Ashop.packing%2F1'
    """
    encoded = quote(key, safe="").replace("__", "%5F%5F")
    if len(encoded) <= _LONGEST_ID and encoded.strip("."):
        return encoded
    from hashlib import sha256

    return f"sha256-{sha256(key.encode()).hexdigest()}"


def _query(start: dict[str, Any]) -> dict[str, Any]:
    field = {"fieldPath": "key"}
    return {
        "structuredQuery": {
            "from": [{"collectionId": COLLECTION}],
            "orderBy": [{"field": field, "direction": "ASCENDING"}],
            "startAt": start,
            "limit": _PAGE,
        }
    }
