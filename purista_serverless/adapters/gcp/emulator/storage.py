"""Cloud Storage: objects that are written once and read."""

import json
import re
from threading import Lock
from urllib.parse import parse_qs, unquote, urlsplit

from purista_serverless.emulation.forwarding import Answer, Request

_UPLOAD = re.compile(r"/upload/storage/v1/b/([^/]+)/o")
_OBJECT = re.compile(r"(?:/download)?/storage/v1/b/([^/]+)/o/([^/]+)")


class Storage:
    """Keeps objects in memory.

    Args:
        buckets: Names of the buckets that exist.
    """

    def __init__(self, buckets: frozenset[str]) -> None:
        self._buckets = buckets
        self._lock = Lock()
        self._objects: dict[tuple[str, str], bytes] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Give the names of all objects, sorted, each after that of its bucket."""
        with self._lock:
            return tuple(sorted(f"{bucket}/{name}" for bucket, name in self._objects))

    def answer(self, request: Request) -> Answer:
        """Answer a request of Cloud Storage's JSON interface: an object is written or read."""
        upload = _UPLOAD.fullmatch(request.path)
        if upload is not None and request.method == "POST":
            query = parse_qs(urlsplit(request.target).query)
            is_new_only = query.get("ifGenerationMatch") == ["0"]
            return self._write(upload[1], query["name"][0], request.body, is_new_only=is_new_only)
        found = _OBJECT.fullmatch(request.path)
        if found is not None and request.method == "GET":
            return self._read(found[1], unquote(found[2]))
        return _error(404, f"{request.method} {request.path} is not emulated")

    def _write(self, bucket: str, name: str, body: bytes, *, is_new_only: bool) -> Answer:
        if bucket not in self._buckets:
            return _error(404, f"there is no bucket {bucket}")
        with self._lock:
            if is_new_only and (bucket, name) in self._objects:
                return _error(412, f"{name} exists")
            self._objects[bucket, name] = body
        content = {"bucket": bucket, "name": name, "size": str(len(body))}
        return Answer(status=200, body=json.dumps(content).encode())

    def _read(self, bucket: str, name: str) -> Answer:
        with self._lock:
            body = self._objects.get((bucket, name))
        if body is None:
            return _error(404, f"there is no object {name} in {bucket}")
        return Answer(status=200, headers=(("Content-Type", "application/octet-stream"),), body=body)


def _error(status: int, text: str) -> Answer:
    return Answer(status=status, body=json.dumps({"error": {"code": status, "message": text}}).encode())
