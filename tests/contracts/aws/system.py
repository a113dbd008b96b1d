"""An application on AWS in one process and in virtual time: plan, entries, codecs and ports are the real ones."""

import json
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from purista_serverless.adapters.aws.constants import COMMANDS, GATE_EDGE, KNOCK, MARK, SLOT
from purista_serverless.adapters.aws.descriptor import ADAPTER
from purista_serverless.adapters.aws.entry import bind
from purista_serverless.adapters.aws.options import Options
from purista_serverless.adapters.aws.plan.planner import plan
from purista_serverless.adapters.aws.plan.resources import Resource, Schedule
from purista_serverless.adapters.aws.ports import AwsPorts
from purista_serverless.adapters.aws.stack.operator import StackOperations
from purista_serverless.application import Application
from purista_serverless.message.wire import format_json
from purista_serverless.runtime.assembly import assemble
from purista_serverless.runtime.client import Client
from purista_serverless.runtime.function import Function
from purista_serverless.runtime.ports import DeadLetter
from purista_serverless.testing.clock import VirtualClock, to_milliseconds
from purista_serverless.testing.edges import edge_of, name_of_schedule
from purista_serverless.testing.faults import Faults, Instance
from purista_serverless.testing.journal import Journal
from purista_serverless.testing.simulation import Simulation
from purista_serverless.topology import Function as Described
from purista_serverless.topology import topology_of
from tests.contracts.aws.functions import Deployed, Environment, Functions, Handler, LambdaClient, Start
from tests.contracts.aws.loading import LoadedEntry, target_of, targets_of
from tests.contracts.aws.mappings import Mapping as SourceMapping
from tests.contracts.aws.mappings import Source
from tests.contracts.aws.reading import reader_of
from tests.contracts.aws.region import Region
from tests.contracts.aws.scheduler import Scheduler
from tests.contracts.aws.stack import PREFIX, Stack, physical_name
from tests.contracts.aws.witness import guard, watch, witness

Duration = timedelta | Callable[[int], timedelta]
Edge = Any
"""A queue, a handler or the name of an edge."""

_GRACE = timedelta(seconds=30)


class AwsSimulation(Simulation):
    """Run an application on AWS in virtual time, as ``Simulation`` does on a broker in memory.

    Args:
        application: What runs.
        start: The first instant, aware.
        seed: Decides the jitter of retries.
        faults: What goes wrong. Messages are duplicated, ports fail and processes die, and a receive is counted that
            nobody got; order, delays and leases are moto's own.
        durations: How long handlers take, by handler: a duration, or a function from the attempt's number to one.
        resources: What handlers are given, by name.

    Raises:
        ValueError: A fault is asked for that nobody can inject here.
    """

    def __init__(
        self,
        application: Application,
        *,
        start: datetime = datetime(2026, 1, 1, tzinfo=UTC),
        seed: int = 0,
        faults: Faults | None = None,
        durations: Mapping[Callable[..., Any], Duration] | None = None,
        resources: Mapping[str, Any] | None = None,
    ) -> None:
        self.clock = VirtualClock(start)
        self.faults = faults if faults is not None else Faults(seed)
        if self.faults.reorder or self.faults.delay or self.faults.lease_lost:
            raise ValueError(f"{self.faults!r}: order, delays and leases are those of moto; ask for other faults")
        self._durations = dict(durations or {})
        self._resources = dict(resources or {})
        self._random = Random(seed).random  # noqa: S311 - repeatable on purpose
        self._mappings: dict[str, SourceMapping] = {}
        self._region = Region(self.clock, self._watch)
        self._functions = Functions(self.clock, lambda: Instance(self.faults))
        self._lambda = LambdaClient(self.clock, self._functions)
        self._stack = Stack(self._region)
        self._alarm_clock = Scheduler(self.clock, self._fire)
        self._outside = self._outside_ports()
        self._ledger = self._outside.ledger
        self._journal = Journal(self.clock, self._ledger)
        self.replace_application(application)

    @property
    def client(self) -> Client:
        """Give the typed way in from outside; no fault strikes it."""
        return Client(self._assembly.application.name, self._outside, queues=self._assembly.queues)

    def dead_letters(self, edge: Edge) -> tuple[DeadLetter, ...]:
        """Give the dead letters of an edge, oldest first, one per message and generation."""
        with closing(self._operations()) as operations:
            return operations.letters(edge_of(edge))

    def redrive(self, letter: DeadLetter) -> None:
        """Send a dead letter back to its edge, and forget it.

        Raises:
            BadEvent: It does not decode; it can only be purged.
            InvalidPayload: It does not match today's types; the letter stays.
        """
        with closing(self._operations()) as operations:
            operations.redrive(letter)

    def purge(self, edge: Edge) -> int:
        """Delete the dead letters of an edge and say how many there were."""
        with closing(self._operations()) as operations:
            # An empty queue is not purged: SQS does so once a minute only.
            return operations.purge(edge_of(edge)) if operations.count_letters(edge_of(edge)) else 0

    def inject(self, edge: Edge, body: bytes) -> None:
        """Put a body onto an edge as another system may; where AWS carries a binding by itself, that is its bus."""
        name = edge_of(edge)
        if name in self._stack.queues:
            self._send(name, body.decode())
        else:
            self._put_event(name.split(":")[1], "purista.injected", body.decode())

    def knock(self, schedule: Any, slot: datetime | None = None) -> None:
        """Knock at a schedule's gate, as the scheduler does: for a slot, also a late one, and also twice."""
        name = name_of_schedule(schedule)
        told: dict[str, Any] = {MARK: KNOCK, "schedule": name}
        if slot is not None:
            told |= {MARK: SLOT, "slot": f"{slot:%Y-%m-%dT%H:%M:%SZ}"}
        self._send(GATE_EDGE + name, format_json(told).decode())
        self._mappings[GATE_EDGE + name].poll()

    def stop_scheduler(self) -> None:
        """Stop firing schedules: an outage."""
        self._alarm_clock.stop()

    def start_scheduler(self) -> None:
        """Fire schedules again, and those late that are missing."""
        self._alarm_clock.start()

    def shutdown(self, grace: timedelta = _GRACE) -> None:
        """Hand over nothing more, wait, and let what still runs die; a function cannot be asked to stop."""
        for mapping in self._mappings.values():
            mapping.is_enabled = False
        self.advance(grace)
        self._functions.kill()

    def restart(self) -> None:
        """Kill everything that runs, without a word; the platform starts anew what is called for."""
        self._functions.kill()
        for mapping in self._mappings.values():
            mapping.is_enabled = True
            mapping.look_at(self.clock.now())

    def replace_application(self, application: Application) -> None:
        """Deploy another version of the application over this one; handlers that run go on as they were."""
        self._application = application
        self._assembly = assemble(application.model)
        self._stack.deploy(resources_of(application))
        self._deploy_functions(application)
        self._outside = self._outside_ports()
        witness(self._outside, self._journal, self.faults)
        self._alarm_clock.use(self._stack.schedules())
        self._tell_of_deployment()

    def close(self) -> None:
        """Forget everything."""
        self._functions.kill()
        self._region.close()

    def _deploy_functions(self, application: Application) -> None:
        self._described = topology_of(application.model).functions
        self._targets = targets_of(application)
        described = {function.name: function for function in self._described}
        deployed = {}
        for function in self._stack.functions():
            variables = self._stack.environment(function)
            start = self._start_of(described[function.name], variables)
            name = physical_name(function)
            deployed[name] = Deployed(name=name, timeout=function.timeout * 1_000, start=start)
        self._functions.deploy(deployed)
        self._map_sources()

    def _start_of(self, described: Described, variables: Mapping[str, str]) -> Start:
        target = target_of(self._targets, described)

        def start(environment: Environment) -> Handler:
            ports = AwsPorts(
                variables, clock=self.clock, clients=self._client_of, random=self._random, resources=self._resources
            )
            witness(ports, self._journal, self.faults)
            guard(ports, environment.instance)

            def watched(function: Function) -> None:
                watch(function, environment, self._journal, self._pace)

            handler: Handler = bind(LoadedEntry(described, target, watched), variables, ports=ports)
            return handler

        return start

    def _handler_of(self, edge: str) -> Function | None:
        """Give the handler behind an edge, if there is one, as its function binds it."""
        described = next(one for one in self._described if any(trigger.name == edge for trigger in one.triggers))
        if described.kind in {"binding", "gate"}:
            return None
        return LoadedEntry(described, target_of(self._targets, described), lambda _: None).function()

    def _map_sources(self) -> None:
        """Have every queue polled; one that nobody consumes any more waits."""
        for mapping in self._mappings.values():
            mapping.is_enabled = False
        sources = [source for function in self._stack.functions() for source in self._stack.sources(function)]
        self._mappings = {source.edge: self._mapping(source) for source in sources}
        for mapping in self._mappings.values():
            mapping.look_at(self.clock.now())

    def _mapping(self, source: Source) -> SourceMapping:
        return SourceMapping(
            self.clock,
            source,
            region=self._region,
            functions=self._functions,
            read=reader_of(source.edge, self._handler_of(source.edge), self._outside, self._journal),
            is_phantom=self.faults.is_phantom,
        )

    def _outside_ports(self) -> AwsPorts:
        """Give the ways in and out of a tool that may use all that is deployed."""
        variables = {**self._stack.outputs().environment(), COMMANDS: json.dumps(self._stack.commands())}
        return AwsPorts(variables, clock=self.clock, clients=self._client_of, random=self._random)

    def _operations(self) -> StackOperations:
        """Give the tools on the deployed stack."""
        return StackOperations(
            self._application, self._stack.outputs(), clients=self._client_of, clock=self.clock, patience=0
        )

    def _client_of(self, service: str) -> Any:
        return self._lambda if service == "lambda" else self._region.client(service)

    def _watch(self, url: str, delay: int) -> None:
        """Look at a queue when something may become visible in it; at all of them when that is not known."""
        at = self.clock.now() + delay
        for mapping in self._mappings.values():
            if url in {"", mapping.source.url}:
                mapping.look_at(at)

    def _send(self, edge: str, body: str) -> None:
        url = self._stack.queues[edge]
        self._region.client("sqs").send_message(QueueUrl=url, MessageBody=body)

    def _fire(self, schedule: Schedule, text: str) -> None:
        """Deliver what the scheduler sends."""
        target = self._stack.text(schedule.target)
        if schedule.put_events is None:
            self._region.client("sqs").send_message(QueueUrl=self._stack.url_of(target), MessageBody=text)
            return
        detail_type, source = schedule.put_events
        self._put_event(detail_type, source, text)

    def _put_event(self, detail_type: str, source: str, detail: str) -> None:
        entry = {"EventBusName": PREFIX, "DetailType": detail_type, "Source": source, "Detail": detail}
        self._region.client("events").put_events(Entries=[entry])

    def _tell_of_deployment(self) -> None:
        """Send what CloudFormation tells of a stack that is done, by the rules that listen to it."""
        for rule in self._stack.rules_of_the_account():
            for target in rule.targets:
                if target.input is not None:
                    url = self._stack.url(target.queue)
                    self._region.client("sqs").send_message(QueueUrl=url, MessageBody=target.input)

    def _pace(self, handler: Callable[..., Any], attempt: int) -> int:
        duration = self._durations.get(handler, timedelta(0))
        return to_milliseconds(duration(attempt) if callable(duration) else duration)

    def _is_idle(self) -> bool:
        return self._functions.is_idle and not any(map(self._holds, self._mappings.values()))

    def _holds(self, mapping: SourceMapping) -> bool:
        """Say whether a queue holds what has to be waited for; a gate may have asked itself to look again later."""
        source = mapping.source
        is_gate = source.edge.startswith(GATE_EDGE)
        return self._region.is_waiting(source.url) if is_gate else self._region.depth(source.url) > 0


def resources_of(application: Application) -> tuple[Resource, ...]:
    """Give what the adapter plans for an application, in one stack."""
    topology = topology_of(application.model).carrying(ADAPTER.capabilities.direct)
    single = ADAPTER.replace(options=Options(stacks="single"))
    (root,) = plan(topology, application.model, single).stacks
    return root.resources
