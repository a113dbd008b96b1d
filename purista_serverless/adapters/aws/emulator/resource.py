"""Resources while they are made: what a kind of resource is, where it is made, and what is left of it."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from purista_serverless.adapters.aws.emulator.cloud import ACCOUNT, Cloud
from purista_serverless.adapters.aws.emulator.environment import FunctionSetup
from purista_serverless.errors import DeclarationError
from purista_serverless.naming import did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """An event source mapping: a queue whose messages a function is given.

    Attributes:
        queue: ARN of the queue.
        function: Name or ARN of the function.
        batch_size: How many messages an invocation is given at most.
        window: How long messages are gathered, in seconds.
        reports_failures: Whether the function's answer names the messages that failed.
        concurrency: How many invocations may run at a time.
    """

    queue: str
    function: str
    batch_size: int
    window: float
    reports_failures: bool
    concurrency: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSchedule:
    """A schedule that was stored with EventBridge Scheduler."""

    name: str
    group: str


Authorization: TypeAlias = Literal["jwt", "iam"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpApi:
    """An HTTP API.

    Attributes:
        id: Its id.
        cors: What pages of other origins may do, as in ``CorsConfiguration``; ``None`` if they may do nothing.
        routes: The routes of its OpenAPI document.
    """

    id: str
    cors: Mapping[str, Any] | None
    routes: "tuple[Route, ...]" = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Integration:
    """What answers for routes: a function."""

    id: str
    function: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A route of an HTTP API.

    Attributes:
        api: Id of the API.
        method: Such as ``POST``; ``ANY`` for all.
        path: Such as ``/orders/{id}``.
        target: Name or ARN of the function that answers, or id of the integration that names it.
        authorization: Who finds out who calls; ``None`` if everybody may call.
    """

    api: str
    method: str
    path: str
    target: str
    authorization: Authorization | None


Part: TypeAlias = FunctionSetup | Mapped | StoredSchedule | HttpApi | Integration | Route


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource that was made.

    Attributes:
        ref: What ``Ref`` gives.
        attributes: What ``Fn::GetAtt`` gives, by name.
        part: What the emulator itself runs of it.
    """

    ref: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    part: Part | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where the resources of a stack are made.

    Attributes:
        cloud: The account.
        stack_name: The stack.
        code: Folder of each function's code, by logical id.
    """

    cloud: Cloud
    stack_name: str
    code: Mapping[str, Path]

    def name_of(self, logical_id: str, limit: int = 64) -> str:
        """Name a resource whose template does not: as CloudFormation does, but the same each time."""
        ending = hashlib.sha256(f"{self.stack_name}/{logical_id}".encode()).hexdigest()[:12].upper()
        return f"{self.stack_name}-{logical_id}"[: limit - len(ending) - 1] + f"-{ending}"

    def arn(self, service: str, resource: str) -> str:
        """Give the ARN of something in this account."""
        return f"arn:aws:{service}:{self.cloud.region}:{ACCOUNT}:{resource}"


Create: TypeAlias = Callable[[Site, str, Mapping[str, Any]], Resource]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of resource.

    Attributes:
        create: Makes one from its site, its logical id and its properties.
        used: Properties that have their effect here.
        inert: Properties that are accepted and have none: nothing here is encrypted, tagged or billed.
    """

    create: Create
    used: frozenset[str] = frozenset()
    inert: frozenset[str] = frozenset()

    def check(self, resource_type: str, properties: Mapping[str, Any]) -> None:
        """Refuse properties that nobody looks at, so that none is lost without a word.

        Raises:
            DeclarationError: There is such a property.
        """
        known = self.used | self.inert
        for name in properties:
            if name not in known:
                hint = did_you_mean(name, known) or f"it knows {', '.join(sorted(known)) or 'none'}"
                raise DeclarationError(f"the emulator does not know {name} of {resource_type}; {hint}")
