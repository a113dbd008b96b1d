"""The emulator: a deployment on this machine, from its plan to its last function."""

import os
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from purista_serverless.adapters.gcp.emulator.doubles import CERTIFICATES_PATH, Doubles
from purista_serverless.adapters.gcp.emulator.project import Host, Project
from purista_serverless.adapters.gcp.emulator.pubsub import Backlog, PubSub
from purista_serverless.adapters.gcp.emulator.routes import Route, Routes
from purista_serverless.adapters.gcp.emulator.scheduler import Scheduler
from purista_serverless.adapters.gcp.emulator.servers import both_emulators
from purista_serverless.adapters.gcp.emulator.service import Metadata, Service
from purista_serverless.adapters.gcp.emulator.site import PROJECT, Site
from purista_serverless.adapters.gcp.emulator.storage import Storage
from purista_serverless.adapters.gcp.emulator.tasks import Tasks
from purista_serverless.adapters.gcp.emulator.tokens import Signer
from purista_serverless.adapters.gcp.plan.resources import Deployment, Function, WorkerPool
from purista_serverless.adapters.gcp.stack.place import PROJECT_VARIABLE
from purista_serverless.emulation.agenda import Agenda
from purista_serverless.emulation.clock import Clock, VirtualClock, WallClock
from purista_serverless.emulation.door import Door
from purista_serverless.emulation.forwarding import Answer, Request
from purista_serverless.emulation.platform import Log, Platform
from purista_serverless.emulation.running import Running, print_line, require
from purista_serverless.errors import DeclarationError
from purista_serverless.naming import did_you_mean
from purista_serverless.topology import HttpTrigger, Topology

if TYPE_CHECKING:
    from purista_serverless.adapters.gcp.emulator.pool import Pool
    from purista_serverless.adapters.gcp.emulator.pushing import Pusher

_SETTLE_SECONDS = 60.0

DoorT = TypeVar("DoorT", bound=Door)


class Emulator(Running):
    """Run a deployment: Google's own emulators, and its functions under the real functions-framework.

    It is a context manager; inside, everything runs, and afterwards nothing is left.

    Args:
        deployment: What the planner made of the application.
        root: Folder of the application's sources, with its generated handlers.
        topology: Says which functions answer which routes; none does when omitted.
        variables: Values of the deployment's variables that differ from their defaults.
        start: The first instant of a virtual clock, which ``advance`` moves; the wall clock when omitted. Functions
            are told the time of that clock too.
        settings: Configuration values and secrets by name; what is not here is taken from this process' environment.
        environment: More variables for the environment of every function.
        identity: Claims of whoever calls functions that Cloud Run guards; nobody gets in when omitted.
        port: Where routes are served, 0 for a free port.
        python: The interpreter that runs functions.
        log: Takes the name of a function and a line that it printed; to standard error when omitted.

    Raises:
        MissingTool: An emulator of Google or Java is not installed; says how to install it.
        MissingExtra: A package of the extra ``gcp-emulator`` is not installed.
        DeclarationError: A variable of the deployment has no value, or a worker pool would need the virtual clock.
    """

    def __init__(
        self,
        deployment: Deployment,
        root: Path,
        *,
        topology: Topology | None = None,
        variables: Mapping[str, str] | None = None,
        start: datetime | None = None,
        settings: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
        identity: Mapping[str, Any] | None = None,
        port: int = 0,
        python: str = sys.executable,
        log: Log = print_line,
    ) -> None:
        super().__init__()
        self._settings = {**os.environ, **(settings or {})}
        self._root = str(root.resolve())
        self._site = Site(deployment, variables=variables or {}, settings=self._settings, root=self._root)
        if start is not None and (pools := self._site.of(WorkerPool)):
            raise DeclarationError(f"{pools[0].function} is a worker pool, which needs the wall clock: omit start=")
        self._topology = topology
        self._clock: Clock = WallClock() if start is None else VirtualClock(start)
        self._platform = Platform(clock=self._clock, agenda=Agenda(self._clock), log=log)
        self._environment = dict(environment or {})
        self._identity = identity
        self._port = port
        self._python = python
        self._pushers: list[Pusher] = []
        self._pools: list[Pool] = []

    def _start(self, running: ExitStack) -> None:
        require("gcp-emulator", "functions_framework", "cryptography", "time_machine")
        self._start_servers(running)
        self._start_services(running)
        self._project.make_topics()
        self._pushers.extend(self._project.pushers())
        self._start_pools(running)
        for pusher in self._pushers:
            pusher.start()
            running.callback(pusher.stop)
        self._scheduler = Scheduler(self._project.jobs(), self.pubsub, self._platform)
        self._scheduler.start()
        self._routes = _opened(Routes(self._find_routes(), identity=self._identity, port=self._port), running)
        self._platform.agenda.start()
        running.callback(self._platform.agenda.stop)

    def _start_servers(self, running: ExitStack) -> None:
        """Start what the functions use."""
        # They listen to the emulator until it is gone.
        running.callback(self._join_pushers)
        emulator, self._firestore = running.enter_context(both_emulators())
        self.pubsub = _opened(PubSub(emulator.host, self._clock, Backlog(self._platform)), running)
        self.signer = Signer(self._clock)
        self._project = Project(self._site, self.pubsub, self.signer, self._platform)
        self.storage = Storage(self._project.buckets())
        self._tasks = Tasks(self._platform)
        self._doubles = _opened(Doubles(self._tasks, self.storage, self.signer), running)

    def _start_services(self, running: ExitStack) -> None:
        """Give each function its URL, and when all have one, its environment."""
        functions = {function.id: function for function in self._site.of(Function)}
        for id, service in self._project.services.items():
            self._site.move(functions[id].url, _opened(service, running).url)
        for id, service in self._project.services.items():
            service.deploy(self._project.instance_setup(functions[id], self._host(service.setup.email, running)))
            running.callback(service.instances.close)

    def _start_pools(self, running: ExitStack) -> None:
        for pool in self._site.of(WorkerPool):
            for one in self._project.pools(pool, self._host(self._site.email(pool.account), running)):
                one.start()
                running.callback(one.close)
                self._pools.append(one)

    def _host(self, email: str, running: ExitStack) -> Host:
        """Give what runs as an account its surroundings, with a metadata server of that account."""
        metadata = _opened(Metadata(email, self.signer), running)
        return Host(
            root=self._root,
            variables={**self._addresses(), "GCE_METADATA_HOST": metadata.host, **self._environment},
            settings=self._settings,
            python=self._python,
        )

    def _addresses(self) -> dict[str, str]:
        """Give the variables that lead clients to this emulator."""
        return {
            "CLOUD_TASKS_EMULATOR_HOST": self._doubles.host,
            "FIRESTORE_EMULATOR_HOST": self._firestore.host,
            "PUBSUB_EMULATOR_HOST": self.pubsub.host,
            "PURISTA_CERTIFICATES": f"{self._doubles.url}{CERTIFICATES_PATH}",
            "STORAGE_EMULATOR_HOST": self._doubles.host,
        }

    def _join_pushers(self) -> None:
        for pusher in self._pushers:
            pusher.join()

    def _find_routes(self) -> list[Route]:
        services = {function.function: self._project.services[function.id] for function in self._site.of(Function)}
        return [
            Route(method=trigger.method, path=trigger.path, service=services[function.name])
            for function in (() if self._topology is None else self._topology.functions)
            for trigger in function.triggers
            if isinstance(trigger, HttpTrigger)
        ]

    @property
    def addresses(self) -> Mapping[str, str]:
        """Give the variables that lead other programs to this emulator: ``PUBSUB_EMULATOR_HOST`` and its like."""
        return {**self._addresses(), PROJECT_VARIABLE: PROJECT}

    @property
    def http_url(self) -> str:
        """Give where routes are served."""
        return self._routes.url

    @property
    def site(self) -> Site:
        """Give the texts and resources of the deployment as they are here."""
        return self._site

    @property
    def functions(self) -> tuple[str, ...]:
        """Give the names of all functions, sorted."""
        return tuple(sorted(service.setup.name for service in self._project.services.values()))

    def now(self) -> datetime:
        """Give the time of the platform, in UTC."""
        return self._clock.now()

    def service(self, function: str) -> Service:
        """Give the service of a function.

        Args:
            function: Its name with or without prefix, its id, or its name in the topology.

        Raises:
            LookupError: There is none; says which one was probably meant.
        """
        known: dict[str, Service] = {}
        for resource in self._site.of(Function):
            service = self._project.services[resource.id]
            known |= dict.fromkeys((resource.id, resource.name, resource.function, service.setup.name), service)
        if function not in known:
            raise LookupError(f"there is no function {function!r}; {did_you_mean(function, known) or 'none is near'}")
        return known[function]

    def request(self, function: str, request: Request) -> Answer:
        """Send a request to the URL of a function, whoever may call it, and give its answer."""
        return self.service(function).run(request)

    def variables(self, function: str) -> Mapping[str, str]:
        """Give the environment that the deployment gives a function, as it is here."""
        service = self.service(function)
        (found,) = (one for one in self._site.of(Function) if self._project.services[one.id] is service)
        return self._site.environment(found.environment)

    def waiting(self) -> Mapping[str, int]:
        """Give how many messages wait or are worked on, where there are some.

        Returns:
            By full name of the push subscription; what a task of Cloud Tasks holds by the path that it is sent to.
        """
        counts = self.pubsub.backlog.counts() + self._tasks.counts()
        for pusher in self._pushers:
            counts[pusher.path] += pusher.count()
        return +counts

    def kill(self, function: str) -> tuple[int, ...]:
        """End, with SIGKILL, the processes of a function that work on something; gives their ids."""
        pools = [pool for pool in self._pools if function == pool.setup.name]
        return pools[0].kill() if pools else self.service(function).instances.kill()

    def reload(self) -> None:
        """Have functions run their code as it is in its folder now; what is at work ends with the old one."""
        for service in self._project.services.values():
            service.instances.reload()

    def fire(self, schedule: str, slot: datetime) -> None:
        """Fire a schedule, by its name, for a slot: early, late or twice, as a test wants it."""
        self._scheduler.fire(schedule, slot)

    def settle(self, seconds: float = _SETTLE_SECONDS) -> None:
        """Wait until no message may be pushed and no function runs.

        Raises:
            TimeoutError: Something still goes on after that many seconds.
        """
        self._platform.settle(seconds)

    def advance(self, duration: timedelta, seconds: float = _SETTLE_SECONDS) -> None:
        """Move the virtual clock; every delay and slot on the way happens at its time, in order.

        Args:
            duration: How far.
            seconds: What each step may take at most, of this machine's time.

        Raises:
            DeclarationError: The clock is not virtual.
            TimeoutError: A step takes longer.
        """
        if not isinstance(self._clock, VirtualClock):
            raise DeclarationError("the wall clock cannot be moved; give the emulator start=datetime(...)")
        end = self._clock.now() + duration
        while True:
            self.settle(seconds)
            instant = self._platform.agenda.next()
            self._clock.move_to(end if instant is None else min(instant, end))
            self.settle(seconds)
            if instant is None or instant >= end:
                return


def _opened(door: DoorT, running: ExitStack) -> DoorT:
    door.start()
    running.callback(door.stop)
    return door
