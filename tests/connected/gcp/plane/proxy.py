"""The control planes of Google Cloud on this machine, as a forward proxy: what goes through it goes nowhere else.

Clients are told that a service is at ``http://<service>.gcp.test/``, and that this is their proxy: regional names need
no name server then, and whatever else they try to reach is refused and recorded.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from threading import RLock
from urllib.parse import parse_qsl, unquote, urlsplit

from purista_serverless.emulation.loopback import LoopbackHandler, LoopbackServer
from tests.connected.gcp.plane.discovery import Refusal, interface
from tests.connected.gcp.plane.pubsub import EmulatedPubSub
from tests.connected.gcp.plane.services import (
    ALWAYS_ENABLED,
    COMPLETED,
    OWN,
    SUFFIX,
    check_references,
)
from tests.connected.gcp.plane.store import Request, Resource, Store

_REGION = re.compile(r"^[a-z]+-[a-z]+\d+-")
_VERSION = re.compile(r"(?:^|/)(v\d\w*)/")
_POLICIES = frozenset({"getIamPolicy", "setIamPolicy"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request that was answered, and how."""

    method: str
    name: str
    is_change: bool
    status: int
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The body of a request."""

    type: str
    text: bytes

    @property
    def fields(self) -> Resource:
        """Give the fields: all of the body, or what stands in front of a file."""
        text = self._parts[0] if self._parts else self.text
        fields: Resource = json.loads(text) if text else {}
        return fields

    @property
    def file(self) -> bytes:
        """Give the file behind the fields; without one there is none."""
        return self._parts[1] if self._parts else b""

    @property
    def _parts(self) -> list[bytes]:
        if not self.type.startswith("multipart/"):
            return []
        # Clients put the boundary into the quotes that Python's parser does not take for some.
        kind = self.type.replace("'", '"').encode()
        message = message_from_bytes(b"Content-Type: " + kind + b"\r\n\r\n" + self.text)
        payloads = (part.get_payload(decode=True) for part in message.walk() if not part.is_multipart())
        return [payload for payload in payloads if isinstance(payload, bytes)]


class ControlPlane:
    """All services of one project.

    Args:
        pubsub: Pub/Sub.

    Attributes:
        calls: What was asked, in order.
        strays: What clients tried to reach elsewhere.
    """

    def __init__(self, pubsub: EmulatedPubSub) -> None:
        self.pubsub = pubsub
        self.store = Store(completed=COMPLETED)
        self.calls: list[Call] = []
        self.strays: list[str] = []
        self.address = ""
        self._lock = RLock()

    @property
    def changes(self) -> list[Call]:
        """Give the calls that changed something."""
        return [call for call in self.calls if call.is_change and call.status < 400]

    @property
    def refusals(self) -> list[Call]:
        """Give the calls that were refused, but for questions after what does not exist."""
        return [call for call in self.calls if call.status >= 400 and (call.status != 404 or call.is_change)]

    def answer(self, host: str, verb: str, target: str, content: Content) -> tuple[int, Resource]:
        """Answer a request."""
        try:
            request = _decoded(host, verb, target, content)
        except Refusal as refusal:
            self._record(f"{verb} {host}{target}", "", refusal, is_change=verb != "GET")
            return _refused(refusal)
        with self._lock:
            try:
                answer = self._answer(request)
            except Refusal as refusal:
                self._record(request.method.id, request.name, refusal, is_change=request.is_change)
                return _refused(refusal)
            self._record(request.method.id, request.name, None, is_change=request.is_change)
            return 200, answer

    def _answer(self, request: Request) -> Resource:
        self._check_enabled(request)
        check_references(self.store, request)
        if request.method.id in OWN:
            return OWN[request.method.id](self.store, request)
        if request.service == "pubsub" and request.method.name not in _POLICIES:
            return self.pubsub.answer(request)
        if request.method.name in _POLICIES:
            self._check_exists(request)
        topic = request.body.get("pubsubTarget", {}).get("topicName")
        if topic is not None and not self.pubsub.exists(topic):
            raise Refusal(404, "NOT_FOUND", f"{topic} was not found")
        return self.store.answer(request)

    def _check_enabled(self, request: Request) -> None:
        project = request.name.split("/")[1] if "/" in request.name else ""
        key = f"serviceusage/projects/{project}/services/{request.service}.googleapis.com"
        if request.service not in ALWAYS_ENABLED and key not in self.store.resources:
            raise Refusal(403, "PERMISSION_DENIED", f"{request.service} has not been used in project {project}")

    def _check_exists(self, request: Request) -> None:
        match request.service:
            case "pubsub":
                exists = self.pubsub.exists(request.name)
            case "run":
                function = request.name.replace("/services/", "/functions/")
                exists = f"cloudfunctions/{function}" in self.store.resources
            case "cloudresourcemanager":
                exists = True
            case _:
                exists = request.key in self.store.resources
        if not exists:
            raise Refusal(404, "NOT_FOUND", f"{request.name} was not found")

    def _record(self, method: str, name: str, refusal: Refusal | None, *, is_change: bool) -> None:
        status = 200 if refusal is None else refusal.status
        self.calls.append(
            Call(method=method, name=name, is_change=is_change, status=status, message=str(refusal or ""))
        )


def _refused(refusal: Refusal) -> tuple[int, Resource]:
    return refusal.status, {"error": {"code": refusal.status, "message": str(refusal), "status": refusal.code}}


def _decoded(host: str, verb: str, target: str, content: Content) -> Request:
    """Find out what a request asks for.

    Raises:
        Refusal: No interface has such a method, or not with such a body.
    """
    service = _REGION.sub("", host.removesuffix(SUFFIX))
    parts = urlsplit(target)
    path = unquote(parts.path).lstrip("/")
    version = _VERSION.search(path)
    described = interface(service, version[1] if version else "v1")
    method = described.method(verb, path)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    body = content.fields
    described.check(method, query, body)
    return Request(
        service=service,
        version=version[1] if version else "v1",
        method=method,
        verb=verb,
        path=path,
        query=query,
        body=body,
        file=content.file,
    )


class _Server(LoopbackServer):
    plane: ControlPlane


class _Handler(LoopbackHandler):
    server: _Server

    def _handle(self) -> None:
        parts = urlsplit(self.path)
        host = parts.hostname or ""
        content = Content(type=self.headers.get("Content-Type", ""), text=self.body())
        if not host.endswith(SUFFIX):
            self._refuse()
            return
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        status, answer = self.server.plane.answer(host, self.command, target, content)
        self.answer(status, json.dumps(answer).encode())

    def _refuse(self) -> None:
        self.server.plane.strays.append(self.path)
        self.answer(403)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _handle  # noqa: N815 - the standard library's names
    do_CONNECT = _refuse  # noqa: N815


@contextmanager
def control_plane(pubsub: str) -> Iterator[ControlPlane]:
    """Run the control planes, with Pub/Sub's emulator behind them.

    Args:
        pubsub: Where the emulator listens: ``127.0.0.1:41337``.
    """
    server = _Server(_Handler)
    server.plane = ControlPlane(EmulatedPubSub(pubsub))
    server.plane.address = server.url
    server.start()
    try:
        yield server.plane
    finally:
        server.stop()
