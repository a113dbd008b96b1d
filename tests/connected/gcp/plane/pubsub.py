"""Pub/Sub itself: Google's emulator, with what it refuses kept beside it: changed labels, and long retention."""

import json
from http.client import HTTPConnection
from urllib.parse import quote, urlencode

from tests.connected.gcp.plane.discovery import Refusal
from tests.connected.gcp.plane.store import Request, Resource

_PATIENCE = 30
# The emulator's bound; the service keeps messages for 31 days.
_LONGEST_RETENTION = 7 * 86_400


class EmulatedPubSub:
    """The emulator, behind the interface that Google describes.

    Args:
        host: Where it listens: ``127.0.0.1:41337``.
    """

    def __init__(self, host: str) -> None:
        self._host = host
        self._beside: dict[str, Resource] = {}

    def answer(self, request: Request) -> Resource:
        """Do what a request asks for.

        Raises:
            Refusal: The emulator refuses it.
        """
        if request.method.name == "patch":
            return self._patched(request)
        body = dict(request.body)
        if request.method.name == "create":
            self._beside[request.name] = _held_back(body)
        query = {name: value for name, value in request.query.items() if name != "alt"}
        answer = self._ask(request.verb, request.path, body or None, query)
        for members in ("topics", "subscriptions"):
            for resource in answer.get(members, ()):
                resource.update(self._beside.get(resource["name"], {}))
        return {**answer, **self._beside.get(answer.get("name", ""), {})}

    def all(self, project: str, kind: str) -> list[Resource]:
        """List the ``topics`` or ``subscriptions`` of a project: ``projects/p``."""
        listed = self._ask("GET", f"v1/{project}/{kind}", None, {"pageSize": "1000"}).get(kind, ())
        return [{**resource, **self._beside.get(resource["name"], {})} for resource in listed]

    def get(self, name: str) -> Resource:
        """Give a topic or subscription.

        Raises:
            Refusal: There is none.
        """
        return {**self._ask("GET", f"v1/{name}", None, {}), **self._beside.get(name, {})}

    def exists(self, name: str) -> bool:
        """Tell whether there is a topic or subscription."""
        try:
            self.get(name)
        except Refusal:
            return False
        return True

    def _patched(self, request: Request) -> Resource:
        body: Resource = json.loads(json.dumps(request.body))
        kind = "topic" if "topic" in body else "subscription"
        fields = [field for field in body["updateMask"].split(",") if field != "labels"]
        if "labels" in request.body["updateMask"]:
            self._beside.setdefault(request.name, {})["labels"] = body[kind].pop("labels", {})
        self._beside.setdefault(request.name, {}).update(_held_back(body[kind]))
        if fields:
            self._ask("PATCH", request.path, {**body, "updateMask": ",".join(fields)}, {})
        return self.get(request.name)

    def _ask(self, verb: str, path: str, body: Resource | None, query: dict[str, str]) -> Resource:
        connection = HTTPConnection(self._host, timeout=_PATIENCE)
        target = f"/{quote(path, safe='/:~%+')}" + (f"?{urlencode(query)}" if query else "")
        connection.request(verb, target, json.dumps(body) if body else None, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        decoded: Resource = json.loads(answer.read() or b"{}")
        connection.close()
        if answer.status >= 400:
            error = decoded.get("error", {})
            raise Refusal(answer.status, error.get("status", "UNKNOWN"), error.get("message", "the emulator refused"))
        return decoded


def _held_back(resource: Resource) -> Resource:
    """Take out of a resource what the emulator does not accept in it, and give that."""
    retention = resource.get("messageRetentionDuration", "0s")
    if int(retention.removesuffix("s")) <= _LONGEST_RETENTION:
        return {}
    resource["messageRetentionDuration"] = f"{_LONGEST_RETENTION}s"
    return {"messageRetentionDuration": retention}
