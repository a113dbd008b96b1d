"""What Google's services keep: resources by name, changed as most methods of most services change them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.connected.gcp.plane.discovery import Method, Refusal, interface

Resource = dict[str, Any]

# What stands before the name of a resource in a path.
_VERSION = re.compile(r"((upload/)?storage/v1|v\d\w*)/")
_PLACE = re.compile(r"projects/[^/]+/locations/[^/]+")
_OPERATIONS = frozenset({"Operation", "GoogleLongrunningOperation"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request of which the interface has been found.

    Attributes:
        service: ``pubsub``.
        version: ``v1``.
        path: Without a slash in front: ``v1/projects/p/topics/t:setIamPolicy``.
        file: What is uploaded.
    """

    service: str
    version: str
    method: Method
    verb: str
    path: str
    query: Mapping[str, str]
    body: Resource
    file: bytes = b""

    @property
    def name(self) -> str:
        """Give the name of the resource, or of what resources are in: ``projects/p/topics/t``."""
        name = _VERSION.sub("", self.path, count=1).partition(":")[0].removesuffix("/iam")
        # Accounts may be asked for without their project, which their address tells.
        email = name.removeprefix("projects/-/serviceAccounts/")
        return (
            name if email == name else f"projects/{email.partition('@')[2].partition('.')[0]}/serviceAccounts/{email}"
        )

    @property
    def key(self) -> str:
        """Give what the resource is kept by."""
        return f"{self.service}/{self.name}"

    @property
    def is_change(self) -> bool:
        """Tell whether it may change anything."""
        return self.verb != "GET" and self.method.name not in {"getIamPolicy", "testIamPermissions"}


@dataclass(slots=True)
class Store:
    """Resources by service and name, and the policies on them.

    Attributes:
        files: What was uploaded, by name.
        completed: Gives what a service adds to a resource that was written, by service.
    """

    resources: dict[str, Resource] = field(default_factory=dict)
    policies: dict[str, Resource] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    completed: Mapping[str, Callable[[str, Resource], Resource]] = field(default_factory=dict)
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def answer(self, request: Request) -> Resource:
        """Do what a method of that name usually does.

        Raises:
            Refusal: The resource is missing, or exists, or methods of that name are unknown here.
        """
        match request.method.name:
            case "get":
                return self.found(request.key)
            case "list":
                return self._listed(request)
            case "create" | "insert":
                return self._created(request)
            case "patch" | "update":
                return self._patched(request)
            case "pause" | "resume":
                state = "PAUSED" if request.method.name == "pause" else "ENABLED"
                return self._written(request, request.name, {**self.found(request.key), "state": state})
            case "getIamPolicy":
                return self.policies.get(request.key, {"version": 1, "etag": "BwAAAAAA"})
            case "setIamPolicy":
                # Storage takes the policy itself as its body.
                policy: Resource = request.body.get("policy", request.body)
                policy = {**policy, "etag": f"Bw{next(self._numbers):06}"}
                self.policies[request.key] = policy
                return policy
            case _:
                raise Refusal(400, "UNIMPLEMENTED", f"{request.method.id} is not in this stand-in")

    def found(self, key: str) -> Resource:
        """Give a resource.

        Raises:
            Refusal: There is none.
        """
        if key not in self.resources:
            raise Refusal(404, "NOT_FOUND", f"{key} was not found")
        return self.resources[key]

    def named(self, prefix: str) -> dict[str, Resource]:
        """Give the resources right below a name, by what follows it."""
        prefix = f"{prefix}/"
        below = {key.removeprefix(prefix): value for key, value in self.resources.items() if key.startswith(prefix)}
        return {name: below[name] for name in sorted(below) if "/" not in name}

    def _listed(self, request: Request) -> Resource:
        members = interface(request.service, request.version).lists(request.method)
        return {members: list(self.named(request.key).values())}

    def _created(self, request: Request) -> Resource:
        name = self._name_of_new(request)
        if f"{request.service}/{name}" in self.resources:
            raise Refusal(409, "ALREADY_EXISTS", f"{name} already exists")
        # Storage names its things within what they are in, all others by their path.
        named = {} if request.service == "storage" else {"name": name}
        return self._written(request, name, {**request.body, **named})

    def _name_of_new(self, request: Request) -> str:
        chosen = [value for name, value in request.query.items() if name.endswith("Id")]
        name: str = chosen[0] if chosen else request.body.get("name", f"{next(self._numbers)}")
        return name if name.startswith("projects/") else f"{request.name}/{name}"

    def _patched(self, request: Request) -> Resource:
        old, fields = self.found(request.key), request.query.get("updateMask")
        new = _masked(old, request.body, fields.split(",")) if fields else {**old, **request.body}
        return self._written(request, request.name, new)

    def _written(self, request: Request, name: str, resource: Resource) -> Resource:
        complete = self.completed.get(request.service)
        written = resource if complete is None else complete(name, resource)
        self.resources[f"{request.service}/{name}"] = written
        if request.method.response not in _OPERATIONS:
            return written
        place = _PLACE.match(name)
        operation = {
            "name": f"{place[0] + '/' if place else ''}operations/{next(self._numbers)}",
            "done": True,
            "metadata": {"target": name},
            "response": {"@type": "type.googleapis.com/stand-in", **written},
        }
        self.resources[f"{request.service}/{operation['name']}"] = operation
        return operation


def _masked(old: Resource, new: Resource, fields: list[str]) -> Resource:
    """Give the old resource with the fields of a mask as they are in the new one."""
    result = dict(old)
    for path in fields:
        head, _, rest = re.sub(r"_(\w)", lambda match: match[1].upper(), path).partition(".")
        if rest:
            result[head] = _masked(result.get(head, {}), new.get(head, {}), [rest])
        elif head in new:
            result[head] = new[head]
        else:
            result.pop(head, None)
    return result
