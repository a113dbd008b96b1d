"""The ways out of a function on AWS: each port is made when it is first used, and its client with its first call.

What a function may do stands in its environment, see ``constants``; a port that finds nothing there raises
``UndeclaredUse``. This file runs on every cold start, also of functions that send nothing: it loads no SDK.
"""

from typing import TYPE_CHECKING, Any

from purista_serverless.runtime.clock import SystemClock
from purista_serverless.runtime.ports import LazyPorts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from purista_serverless.adapters.aws.ports.claim_check import S3ClaimCheck
    from purista_serverless.adapters.aws.ports.deployment import Deployment
    from purista_serverless.adapters.aws.ports.visibility import SqsVisibility
    from purista_serverless.runtime.ports import Clock

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


class AwsPorts(LazyPorts):
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

    __slots__ = ("_clients", "_environment", "claims", "visibility")
    makers = {name: f"{__name__}.{place}" for name, place in _PORTS.items()}  # noqa: RUF012 - nobody changes it
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
        super().__init__(clock=clock or SystemClock(), random=random, resources=resources)
        self._environment = environment
        self._clients = clients

    @property
    def deployment(self) -> "Deployment":
        """Give what the environment says, read on first use."""
        shared: Deployment = self._shared()
        return shared

    def _share(self) -> "Deployment":
        from purista_serverless.adapters.aws.ports.deployment import Deployment

        return Deployment(self._environment, clock=self.clock, make_client=self._clients)

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
