"""The ways out of a function on Google Cloud: each port is made when it is first used.

What a function may do stands in its environment, see ``constants``; a port that finds nothing there raises
``UndeclaredUse``. This file runs on every cold start, also of functions that send nothing: it loads no HTTP.
"""

from typing import TYPE_CHECKING

from purista_serverless.runtime.clock import SystemClock
from purista_serverless.runtime.ports import LazyPorts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from purista_serverless.adapters.gcp.ports.claim_check import StorageClaimCheck
    from purista_serverless.adapters.gcp.ports.delays import TaskDelays
    from purista_serverless.adapters.gcp.ports.deployment import Deployment
    from purista_serverless.adapters.gcp.ports.rest import Rest
    from purista_serverless.runtime.ports import Clock

_PORTS = {
    "claims": "claim_check:StorageClaimCheck",
    "commands": "commands:RunCommands",
    "dead_letters": "dead_letters:PubSubDeadLetters",
    "delays": "delays:TaskDelays",
    "events": "events:PubSubEvents",
    "ledger": "ledger:FirestoreLedger",
    "queues": "queues:PubSubQueues",
    "schedules": "schedules:PubSubSchedules",
    "settings": "settings:EnvironmentSettings",
}


class GcpPorts(LazyPorts):
    """All ways out of a function, as its environment describes them.

    Args:
        environment: The variables of the function, ``os.environ`` when deployed. ``PUBSUB_EMULATOR_HOST``,
            ``FIRESTORE_EMULATOR_HOST``, ``STORAGE_EMULATOR_HOST`` and ``CLOUD_TASKS_EMULATOR_HOST`` send it to
            emulators, without credentials.
        clock: The time.
        pause: Waits a number of seconds before a request is sent again; ``time.sleep`` when omitted.
        rest: Sends requests; one with connections of its own when omitted.
        random: Gives a number in ``[0, 1)``, for jitter.
        resources: What handlers are given, by name.

    Attributes:
        claims: Bodies that are too big for their edge.
        delays: Messages that are due later.

    Example:
        >>> ports = GcpPorts({"PURISTA_TOPICS": '{"event:shop.sold": "projects/p/topics/sold"}'})
        >>> type(ports.events).__name__
        'PubSubEvents'
    """

    __slots__ = ("_environment", "_pause", "_rest", "claims", "delays")
    makers = {name: f"{__name__}.{place}" for name, place in _PORTS.items()}  # noqa: RUF012 - nobody changes it
    claims: "StorageClaimCheck"
    delays: "TaskDelays"

    def __init__(
        self,
        environment: "Mapping[str, str]",
        *,
        clock: "Clock | None" = None,
        pause: "Callable[[float], None] | None" = None,
        rest: "Rest | None" = None,
        random: "Callable[[], float] | None" = None,
        resources: "Mapping[str, Any] | None" = None,
    ) -> None:
        super().__init__(clock=clock or SystemClock(), random=random, resources=resources)
        self._environment = environment
        self._pause = pause
        self._rest = rest

    @property
    def deployment(self) -> "Deployment":
        """Give what the environment says, read on first use."""
        shared: Deployment = self._shared()
        return shared

    def _share(self) -> "Deployment":
        from purista_serverless.adapters.gcp.ports.deployment import Deployment

        options = {} if self._pause is None else {"pause": self._pause}
        return Deployment(self._environment, clock=self.clock, rest=self._rest, **options)

    def warm(self, *, emits: bool = False, enqueues: bool = False, invokes: bool = False, ledger: bool = False) -> None:
        """Load what a function needs when all goes well while its instance starts, when it has the most CPU.

        Args:
            emits: The function publishes events.
            enqueues: It sends jobs.
            invokes: It invokes commands.
            ledger: It reads and writes records.
        """
        for name, wanted in (("events", emits), ("queues", enqueues), ("commands", invokes), ("ledger", ledger)):
            if wanted:
                getattr(self, name)
