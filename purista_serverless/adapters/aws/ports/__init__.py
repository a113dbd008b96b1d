"""The ways out of a function on AWS: each port is made when it is first used, and its client with its first call.

What a function may do stands in its environment, see ``constants``; a port that finds nothing there raises
``UndeclaredUse``. This file runs on every cold start, also of functions that send nothing: it loads no SDK.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

from purista_serverless.runtime.clock import SystemClock
from purista_serverless.runtime.ports import Ports

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from purista_serverless.adapters.aws.ports.claim_check import S3ClaimCheck
    from purista_serverless.adapters.aws.ports.deployment import Deployment
    from purista_serverless.adapters.aws.ports.visibility import SqsVisibility
    from purista_serverless.runtime.ports import Clock

T = TypeVar("T")

_PORTS = {
    "claims": "claim_check:S3ClaimCheck",
    "commands": "commands:LambdaCommands",
    "dead_letters": "dead_letters:SqsDeadLetters",
    "events": "events:EventBridgeEvents",
    "ledger": "ledger:DynamoLedger",
    "queues": "queues:SqsQueues",
    "schedules": "schedules:SqsSchedules",
    "settings": "settings:AwsSettings",
    "visibility": "visibility:SqsVisibility",
}


class AwsPorts(Ports):
    """All ways out of a function, as its environment describes them.

    Args:
        environment: The variables of the function, ``os.environ`` when deployed.
        clock: The time.
        clients: Gives a client of botocore for the name of a service; botocore's own session when omitted, which reads
            ``AWS_REGION``, credentials and ``AWS_ENDPOINT_URL`` from the process.
        random: Gives a number in ``[0, 1)``, for jitter.
        resources: What handlers are given, by name.

    Attributes:
        claims: Bodies that are too big for their edge.
        visibility: Until when received messages stay hidden.

    Example:
        >>> ports = AwsPorts({"PURISTA_EVENT_BUS": "shop"})
        >>> type(ports.events).__name__
        'EventBridgeEvents'
    """

    __slots__ = ("_clients", "_environment", "_made", "_wrappers", "claims", "visibility")
    claims: "S3ClaimCheck"
    visibility: "SqsVisibility"

    def __init__(
        self,
        environment: "Mapping[str, str]",
        *,
        clock: "Clock | None" = None,
        clients: "Callable[[str], Any] | None" = None,
        random: "Callable[[], float] | None" = None,
        resources: "Mapping[str, Any] | None" = None,
    ) -> None:
        # The ports stay unset: ``__getattr__`` makes each when it is asked for.
        self._surround(clock or SystemClock(), resources=resources, random=random, offload=offload)
        self._environment = environment
        self._clients = clients
        self._made: dict[str, Any] = {}
        self._wrappers: dict[str, Callable[[Any], Any]] = {}

    @property
    def deployment(self) -> "Deployment":
        """Give what the environment says, read on first use."""
        found: Deployment | None = self._made.get("deployment")
        return found if found is not None else self._once("deployment", self._read())

    def _read(self) -> "Deployment":
        from purista_serverless.adapters.aws.ports.deployment import Deployment

        return Deployment(self._environment, clock=self.clock, make_client=self._clients)

    def _once(self, name: str, made: T) -> T:
        """Give what was made under a name first: of two threads that ask at once both get the same."""
        kept: T = self._made.setdefault(name, made)
        return kept

    def warm(self, *, emits: bool = False, enqueues: bool = False, invokes: bool = False, ledger: bool = False) -> None:
        """Make the clients that a function needs when all goes well, in its init phase, which has the most CPU.

        Args:
            emits: The function publishes events.
            enqueues: It sends jobs.
            invokes: It invokes commands.
            ledger: It reads and writes records.
        """
        services = (("events", emits), ("sqs", enqueues), ("lambda", invokes), ("dynamodb", ledger))
        for service, wanted in services:
            if wanted:
                self.deployment.client(service)

    def wrap(self, name: str, wrapper: "Callable[[Any], Any]") -> None:
        """Have a port wrapped when it is made; it still is made with its first use.

        Args:
            name: Which port.
            wrapper: Gives what stands in its place.
        """
        self._wrappers[name] = wrapper

    def __getattr__(self, name: str) -> Any:
        place = _PORTS.get(name)
        if place is None:
            raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}")
        module, _, made_by = place.partition(":")
        make = getattr(import_module(f"{__name__}.{module}"), made_by)
        made = make(self.deployment)
        wrapper = self._wrappers.get(name)
        port = self._once(name, made if wrapper is None else wrapper(made))
        setattr(self, name, port)
        return port


async def offload(call: "Callable[..., Any]", *arguments: Any) -> Any:
    """Make a call that waits for the network in a thread, so that the event loop goes on."""
    import asyncio

    return await asyncio.get_running_loop().run_in_executor(None, call, *arguments)
