"""What the plan of one resource takes from the whole application, worked out once."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from purista_serverless.adapters.gcp import constants
from purista_serverless.adapters.gcp.options import Authorizer, Options
from purista_serverless.adapters.gcp.plan.access import authorizer_of
from purista_serverless.adapters.gcp.plan.names import account_names, function_names, identifiers
from purista_serverless.adapters.gcp.plan.places import Places
from purista_serverless.adapters.gcp.plan.resources import Declared
from purista_serverless.adapters.gcp.plan.timing import Timing, timing_of
from purista_serverless.model import Application, EventTarget, QueueTarget, Schedule
from purista_serverless.synth.queues import consumed_by, is_bounded
from purista_serverless.synth.rights import Rights, rights_of
from purista_serverless.synth.sources import Sources
from purista_serverless.topology import BindingEdge, Edge, Function, QueueEdge, SubscriptionEdge, Topology
from purista_serverless.topology.lookup import Lookup


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An application on its way to a plan.

    Attributes:
        application: The application.
        topology: Its functions and edges, without what the provider carries by itself.
        lookup: Its declarations by name.
        options: How it is deployed.
        authorizer: Who knows the callers of private routes.
        edges: Its edges by name.
        schedules: Its schedules by name.
        sources: Where its declarations stand.
        consumes: Keys of the topics that start each function, by its name.
        rights: What each function may do, by its name.
        timings: Figures of each function, by its name.
        callers: Functions that invoke a command, by its address.
        events: Names of all events that are sent or listened to, sorted.
        outside: Keys of the topics of other systems' queues, sorted.
        places: Where everything is.
    """

    application: Application
    topology: Topology
    lookup: Lookup
    options: Options
    authorizer: Authorizer
    edges: Mapping[str, Edge]
    schedules: Mapping[str, Schedule]
    sources: Sources
    consumes: Mapping[str, tuple[str, ...]]
    rights: Mapping[str, Rights]
    timings: Mapping[str, Timing]
    callers: Mapping[str, tuple[str, ...]]
    events: tuple[str, ...]
    outside: tuple[str, ...]
    places: Places

    def declared(self, edge: Edge) -> Declared:
        """Give the declaration of an edge."""
        name, origin = self.sources.of(edge)
        return Declared(name=name, origin=origin)

    def publishes(self, function: str) -> tuple[str, ...]:
        """Give the keys of the topics that a function publishes to, its own included, which it puts off to."""
        rights = self.rights[function]
        events = (f"{constants.EVENT_EDGE}{event}" for event in rights.emits)
        return tuple(sorted({*events, *rights.sends, *rights.consumes}))

    def delays(self, function: str) -> bool:
        """Say whether a function sends what is due later: whatever it is delivered, and jobs with a delay."""
        rights = self.rights[function]
        return bool(rights.consumes) or any(self._is_delayed(key) for key in rights.sends)

    def _is_delayed(self, key: str) -> bool:
        queue = self.lookup.queues.get(key.removeprefix(constants.QUEUE_EDGE))
        return queue is not None and (queue.max_delay is None or queue.max_delay > timedelta(0))

    def events_of(self, edge: SubscriptionEdge | BindingEdge) -> tuple[str, ...]:
        """Give the events whose topics an edge listens to: all, where it names none."""
        event = edge.filter.event if isinstance(edge, SubscriptionEdge) else edge.event
        return self.events if event is None else (event,)

    def read_prefixes(self, function: str) -> tuple[str, ...]:
        """Give what the keys begin with of large bodies that a function is sent."""
        return tuple(sorted(set(self._read_prefixes(self.consumes.get(function, ())))))

    def _read_prefixes(self, keys: Iterable[str]) -> Iterator[str]:
        for key in keys:
            edge = self.edges.get(key)
            if isinstance(edge, SubscriptionEdge | BindingEdge):
                yield from (f"{constants.EVENT_EDGE}{event}" for event in self.events_of(edge))
            # Slots and knocks are small; everything else also comes again by its own topic.
            if edge is not None:
                yield key

    def written_prefixes(self, function: str) -> tuple[str, ...]:
        """Give what the keys begin with of large bodies that a function sends."""
        buried = (edge for edge in self.rights[function].buries if not edge.startswith(constants.SCHEDULE_EDGE))
        sent = (key for key in self.publishes(function) if not key.startswith(constants.GATE_EDGE))
        return tuple(sorted({*buried, *sent}))


def draft_of(topology: Topology, application: Application, options: Options) -> Draft:
    """Work out what the plan needs."""
    lookup, consumes = Lookup(application), consumed_by(topology)
    rights = {
        function.name: rights_of(function, consumes.get(function.name, ()), resends=(), claims=None)
        for function in topology.functions
    }
    events = _events(topology, application, rights.values())
    queues = {edge.name for edge in topology.edges if isinstance(edge, QueueEdge)}
    outside = sorted(_sent_to(application, rights.values()) - queues)
    return Draft(
        application=application,
        topology=topology,
        lookup=lookup,
        options=options,
        authorizer=authorizer_of(application, options),
        edges={edge.name: edge for edge in topology.edges},
        schedules={schedule.name: schedule for schedule in application.schedules},
        sources=Sources(application),
        consumes=consumes,
        rights=rights,
        timings={function.name: _timing(function, lookup, consumes) for function in topology.functions},
        callers=_callers(rights),
        events=events,
        outside=tuple(outside),
        places=_places(topology, events, outside, rights.values()),
    )


def _timing(function: Function, lookup: Lookup, consumes: Mapping[str, tuple[str, ...]]) -> Timing:
    return timing_of(function, is_bounded=is_bounded(function, lookup), is_pushed=function.name in consumes)


def _events(topology: Topology, application: Application, rights: Iterable[Rights]) -> tuple[str, ...]:
    """Give the events that somebody sends or listens to; who listens to all of them listens to all declared ones."""
    found = {event for one in rights for event in one.emits}
    found.update(
        schedule.target.event for schedule in application.schedules if isinstance(schedule.target, EventTarget)
    )
    for edge in topology.edges:
        if isinstance(edge, BindingEdge):
            found.add(edge.event)
        elif isinstance(edge, SubscriptionEdge):
            event = edge.filter.event
            found.update([event] if event is not None else (one.name for one in application.events))
    return tuple(sorted(found))


def _sent_to(application: Application, rights: Iterable[Rights]) -> set[str]:
    """Give the queues that somebody sends to."""
    sent = {key for one in rights for key in one.sends if key.startswith(constants.QUEUE_EDGE)}
    targets = (schedule.target for schedule in application.schedules)
    return sent | {f"{constants.QUEUE_EDGE}{target.queue}" for target in targets if isinstance(target, QueueTarget)}


def _callers(rights: Mapping[str, Rights]) -> dict[str, tuple[str, ...]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for function, one in rights.items():
        for address in one.invokes:
            found[address].append(function)
    return {address: tuple(sorted(functions)) for address, functions in found.items()}


def _places(topology: Topology, events: Iterable[str], outside: Iterable[str], rights: Iterable[Rights]) -> Places:
    functions = [function.name for function in topology.functions]
    secrets = {secret for one in rights for secret in one.secrets}
    return Places(
        function_ids=identifiers(functions),
        function_names=function_names(functions),
        account_names=account_names(functions),
        edge_ids=identifiers([*(edge.name for edge in topology.edges), *outside]),
        event_ids=identifiers([f"{constants.EVENT_EDGE}{event}" for event in events]),
        secret_ids=_secret_ids(secrets),
    )


def _secret_ids(secrets: Iterable[str]) -> dict[str, str]:
    # A setting's name is no edge's: the queue's kind is the one that leaves no trace.
    named = identifiers(f"{constants.QUEUE_EDGE}{secret}" for secret in sorted(secrets))
    return {key.removeprefix(constants.QUEUE_EDGE): id for key, id in named.items()}
