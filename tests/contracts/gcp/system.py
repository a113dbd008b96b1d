"""An application on Google Cloud in one process and in virtual time: plan, entry, codecs and ports are real."""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from threading import Event
from typing import Any

from flask import Request
from werkzeug.test import EnvironBuilder

from purista_serverless.adapters.gcp.constants import GATE_EDGE, KNOCK, MARK, SLOT
from purista_serverless.adapters.gcp.descriptor import ADAPTER
from purista_serverless.adapters.gcp.emulator.servers import Server
from purista_serverless.adapters.gcp.entry import bind
from purista_serverless.adapters.gcp.plan.resources import Deployment, Job
from purista_serverless.adapters.gcp.plan.resources import Function as Planned
from purista_serverless.adapters.gcp.ports import GcpPorts
from purista_serverless.adapters.gcp.ports.rest import Answer
from purista_serverless.adapters.gcp.stack.operator import DeploymentOperations
from purista_serverless.application import Application
from purista_serverless.message.wire import format_json
from purista_serverless.runtime.assembly import assemble
from purista_serverless.runtime.client import Client
from purista_serverless.runtime.function import Function
from purista_serverless.runtime.ports import DeadLetter
from purista_serverless.synth.blueprint import draw
from purista_serverless.testing.clock import VirtualClock, to_milliseconds
from purista_serverless.testing.edges import edge_of, name_of_schedule
from purista_serverless.testing.faults import Faults, Guarded, Instance
from purista_serverless.testing.journal import Journal
from purista_serverless.testing.simulation import Simulation
from purista_serverless.topology import Function as Described
from purista_serverless.topology import topology_of
from tests.contracts.aws.functions import Answer as Ended
from tests.contracts.aws.functions import Deployed, Environment, Functions, Handler, Start
from tests.contracts.aws.loading import LoadedEntry, target_of, targets_of
from tests.contracts.aws.strands import wait_for
from tests.contracts.aws.witness import watch, witness
from tests.contracts.gcp.broker import Broker
from tests.contracts.gcp.internet import Internet
from tests.contracts.gcp.project import Project
from tests.contracts.gcp.pushing import Pushing, Target
from tests.contracts.gcp.reading import reader_of
from tests.contracts.gcp.scheduler import Scheduler
from tests.unit.gcp.wire import reply_of

Duration = timedelta | Callable[[int], timedelta]
Edge = Any
"""A queue, a handler or the name of an edge."""

_GRACE = timedelta(seconds=30)
# Seconds of this machine, before the emulator is asked again.
_PAUSE = 0.05
_GUARDED = ("events", "queues", "commands", "schedules", "dead_letters", "ledger", "delays")


class GcpSimulation(Simulation):
    """Run an application on Google Cloud in virtual time, as ``Simulation`` does on a broker in memory.

    Args:
        application: What runs.
        broker: Pub/Sub.
        records: Firestore.
        start: The first instant, aware.
        seed: Decides the jitter of retries.
        faults: What goes wrong. Messages are duplicated, ports fail and processes die, and a delivery is counted that
            nobody got; order, delays and leases are the broker's own.
        durations: How long handlers take, by handler: a duration, or a function from the attempt's number to one.
        resources: What handlers are given, by name.
        project: Where it is deployed; a project whose clock fires what is planned when omitted.

    Raises:
        ValueError: A fault is asked for that nobody can inject here.
    """

    def __init__(
        self,
        application: Application,
        *,
        broker: Broker,
        records: Server,
        start: datetime = datetime(2026, 1, 1, tzinfo=UTC),
        seed: int = 0,
        faults: Faults | None = None,
        durations: Mapping[Callable[..., Any], Duration] | None = None,
        resources: Mapping[str, Any] | None = None,
        project: Project | None = None,
    ) -> None:
        self.clock = VirtualClock(start)
        self.faults = faults if faults is not None else Faults(seed)
        if self.faults.reorder or self.faults.delay or self.faults.lease_lost:
            raise ValueError(f"{self.faults!r}: order, delays and leases are those of Pub/Sub; ask for other faults")
        self._durations = dict(durations or {})
        self._resources = dict(resources or {})
        self._random = Random(seed).random  # noqa: S311 - repeatable on purpose
        self._pubsub = broker
        self._sent: dict[str, int] = {}
        self._published: set[str] = set()
        self._pushings: dict[str, Pushing] = {}
        self._internet = Internet(self.clock, broker, records, self._note, self._answer)
        self._functions = Functions(self.clock, lambda: Instance(self.faults))
        self._project = project if project is not None else Project(broker)
        self._alarm_clock = Scheduler(self.clock, self._fire)
        self.replace_application(application)

    @property
    def client(self) -> Client:
        """Give the typed way in from outside; no fault strikes it."""
        return Client(self._assembly.application.name, self._outside, queues=self._assembly.queues)

    def dead_letters(self, edge: Edge) -> tuple[DeadLetter, ...]:
        """Give the dead letters of an edge, oldest first, one per message and generation."""
        name = edge_of(edge)
        if not self._may_have_letters(name):
            # Asking an empty subscription takes its time.
            return ()
        with self._operations() as operations:
            return operations.letters(name)

    def redrive(self, letter: DeadLetter) -> None:
        """Send a dead letter back to its edge, and forget it.

        Raises:
            BadEvent: It does not decode; it can only be purged.
            InvalidPayload: It does not match today's types; the letter stays.
        """
        with self._operations() as operations:
            # Pulled anew: whoever looked at it before has given it back.
            found = operations.letters(letter.edge)
            operations.redrive(next((one for one in found if one.key == letter.key), letter))

    def purge(self, edge: Edge) -> int:
        """Delete the dead letters of an edge and say how many there were."""
        with self._operations() as operations:
            return operations.purge(edge_of(edge))

    def inject(self, edge: Edge, body: bytes) -> None:
        """Put a body onto an edge's own topic as another system may."""
        name = edge_of(edge)
        self._publish(self._project.topics[name], body, {"injected": "true"})

    def knock(self, schedule: Any, slot: datetime | None = None) -> None:
        """Knock at a schedule's gate, as Cloud Scheduler does: for a slot, also a late one, and also twice."""
        name = name_of_schedule(schedule)
        told: dict[str, Any] = {MARK: KNOCK, "schedule": name}
        if slot is not None:
            told |= {MARK: SLOT, "slot": f"{slot:%Y-%m-%dT%H:%M:%SZ}"}
        topic = self._project.topics[GATE_EDGE + name]
        self._publish(topic, format_json(told), {})
        for pushing in self._pushings.values():
            if pushing.target.topic == topic:
                pushing.look()

    def stop_scheduler(self) -> None:
        """Stop firing schedules: an outage."""
        self._alarm_clock.stop()

    def start_scheduler(self) -> None:
        """Fire schedules again, and those late that are missing."""
        self._alarm_clock.start()

    def shutdown(self, grace: timedelta = _GRACE) -> None:
        """Push nothing more, wait, and let what still runs die; a function is not asked to stop."""
        for pushing in self._pushings.values():
            pushing.is_enabled = False
        self.advance(grace)
        self._functions.kill()

    def restart(self) -> None:
        """Kill everything that runs, without a word; the platform starts anew what is called for."""
        self._functions.kill()
        for pushing in self._pushings.values():
            pushing.is_enabled = True
            self.clock.call_later(0, pushing.look)

    def replace_application(self, application: Application) -> None:
        """Deploy another version of the application over this one; handlers that run go on as they were."""
        self._application = application
        self._assembly = assemble(application.model)
        plan: Deployment = draw(application.model, ADAPTER).plan
        self._project.deploy(plan)
        self._outside = self._ways_out(self._project.outside(), {})
        self._ledger = self._outside.ledger
        if not hasattr(self, "_journal"):
            self._journal = Journal(self.clock, self._ledger)
        witness(self._loosely(self._outside), self._journal, self.faults)
        self._deploy_functions(application)
        self._alarm_clock.use(self._project.jobs())

    def close(self) -> None:
        """Kill everything that runs."""
        self._functions.kill()

    def _deploy_functions(self, application: Application) -> None:
        topology = topology_of(application.model).carrying(ADAPTER.capabilities.direct)
        self._targets = targets_of(application)
        self._described = {function.name: function for function in topology.functions}
        planned = self._project.functions()
        self._hosts = {self._project.host(function): function.name for function in planned}
        self._functions.deploy({function.name: self._deployed(function) for function in planned})
        descriptions = {function.name: self._described[function.function] for function in planned}
        before = self._pushings
        self._pushings = {
            target.name: self._pushing(target, descriptions[target.function], before.get(target.name))
            for target in self._project.targets()
        }

    def _deployed(self, planned: Planned) -> Deployed:
        described, variables = self._described[planned.function], self._project.environment(planned)
        start = self._start_of(described, variables)
        return Deployed(name=planned.name, timeout=planned.timeout * 1_000, start=start)

    def _start_of(self, described: Described, variables: Mapping[str, str]) -> Start:
        target = target_of(self._targets, described)

        def start(environment: Environment) -> Handler:
            ports = self._ways_out(variables, self._resources)
            witness(self._loosely(ports), self._journal, self.faults)
            for name in _GUARDED:
                setattr(ports, name, Guarded(getattr(ports, name), name, environment.instance))

            def watched(function: Function) -> None:
                watch(function, environment, self._journal, self._pace)

            handler = bind(LoadedEntry(described, target, watched), variables, ports=ports)

            def answer(event: Any, _: Any) -> dict[str, Any]:
                reply = reply_of(handler(_request(event)))
                return {"status": reply.status, "body": b64encode(reply.body).decode()}

            return answer

        return start

    def _ways_out(self, variables: Mapping[str, str], resources: Mapping[str, Any]) -> GcpPorts:
        return GcpPorts(
            variables,
            clock=self.clock,
            pause=lambda _: None,
            rest=self._internet,
            random=self._random,
            resources=resources,
        )

    @staticmethod
    def _loosely(ports: GcpPorts) -> Any:
        return ports

    def _pushing(self, target: Target, described: Described, before: Pushing | None) -> Pushing:
        function = None
        if described.kind not in {"binding", "gate"}:
            function = LoadedEntry(described, target_of(self._targets, described), lambda _: None).function()
        read = reader_of(target.edge, function, self._outside, self._journal)
        if before is not None:
            before.use(target, read)
            return before
        return Pushing(
            self.clock,
            target,
            broker=self._pubsub,
            functions=self._functions,
            sent=self._sent,
            read=read,
            is_phantom=self.faults.is_phantom,
        )

    def _may_have_letters(self, edge: str) -> bool:
        """Say whether anything was ever published or forwarded to the dead letters of an edge."""
        forwarded = any(one.has_forwarded for one in self._pushings.values() if one.target.edge == edge)
        return forwarded or self._project.dead_letters.get(edge) in self._published

    def _operations(self) -> "_Operations":
        return _Operations(self._application, self._project, self._internet, self.clock)

    def _note(self, topic: str, ids: tuple[str, ...]) -> None:
        """Learn of what was published: every subscription of the topic will have it."""
        self._sent.update(dict.fromkeys(ids, self.clock.now()))
        self._published.add(topic)
        for pushing in self._pushings.values():
            if pushing.target.topic == topic:
                pushing.expect(ids)

    def _answer(self, host: str, path: str, body: bytes) -> Answer:
        """Run a function to its end and give its answer as Cloud Run does."""
        event = {"method": "POST", "path": path, "body": body.decode()}
        invocation = self._functions.invoke(self._hosts[host], event, lambda *_: None)
        wait_for(self.clock, invocation.strand)
        return _answer_of(invocation.answer)

    def _fire(self, job: Job) -> None:
        self._publish(self._project.topic_of(job), job.data.encode(), dict(job.attributes))

    def _publish(self, topic: str, data: bytes, attributes: Mapping[str, str]) -> None:
        message = {"data": b64encode(data).decode(), "attributes": dict(attributes)}
        value = json.dumps({"messages": [message]}).encode()
        answer = self._internet.pubsub("POST", f"/v1/{topic}:publish", value)
        assert answer.status == 200, answer.body

    def _pace(self, handler: Callable[..., Any], attempt: int) -> int:
        duration = self._durations.get(handler, timedelta(0))
        return to_milliseconds(duration(attempt) if callable(duration) else duration)

    def _is_idle(self) -> bool:
        gates = tuple(topic for key, topic in self._project.topics.items() if key.startswith(GATE_EDGE))
        waits = any(not path.startswith(tuple(f"/v1/{gate}:" for gate in gates)) for path in self._later())
        return self._functions.is_idle and not waits and all(one.is_idle for one in self._pushings.values())

    def _later(self) -> tuple[str, ...]:
        """Give the paths of the tasks that wait."""
        return tuple(self._internet.waiting.values())


class _Operations:
    """The tools on a deployment, as a context."""

    def __init__(self, application: Application, project: Project, internet: Internet, clock: VirtualClock) -> None:
        self._operations = DeploymentOperations(
            application,
            project.plan,
            project.place,
            # As emulators, so that nobody asks for a person's credentials.
            environment={
                "PUBSUB_EMULATOR_HOST": "pubsub.googleapis.com",
                "FIRESTORE_EMULATOR_HOST": "firestore.googleapis.com",
            },
            clock=clock,
            # What was given back is there again some milliseconds later.
            pause=lambda _: _wait(),
            rest=internet,
        )

    def __enter__(self) -> DeploymentOperations:
        return self._operations

    def __exit__(self, *_: object) -> None:
        self._operations.close()


def _wait() -> None:
    Event().wait(_PAUSE)


def _request(event: Mapping[str, str]) -> Request:
    headers = {"Content-Type": "application/json", "Authorization": "Bearer e30.eyJzdWIiOiJwdXNoIn0."}
    builder = EnvironBuilder(
        path=event["path"], method=event["method"], data=event["body"].encode(), headers=[*headers.items()]
    )
    return Request(builder.get_environ())


def _answer_of(ended: Ended) -> Answer:
    match ended.kind:
        case "returned":
            return Answer(ended.value["status"], b64decode(ended.value["body"]))
        case "raised":
            return Answer(500, b"Internal Server Error")
        case "died":
            return Answer(503, b"The request failed because the instance could not answer")
