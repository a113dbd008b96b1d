"""What the plan of one resource takes from the whole application, worked out once."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from purista_serverless.adapters.aws.constants import QUEUE_EDGE, SCHEDULE_EDGE
from purista_serverless.adapters.aws.limits import LONGEST_DELAY
from purista_serverless.adapters.aws.options import Options
from purista_serverless.adapters.aws.plan.http import Authorization, authorization_of
from purista_serverless.adapters.aws.plan.loops import recursive_functions
from purista_serverless.adapters.aws.plan.resources import Declared
from purista_serverless.adapters.aws.plan.timing import Timing, timing_of
from purista_serverless.model import Application, Binding, Schedule
from purista_serverless.schedule import Translation
from purista_serverless.schedule.dialects.aws import translate
from purista_serverless.synth.queues import consumed_by, is_bounded
from purista_serverless.topology import (
    BindingEdge,
    CallEdge,
    Edge,
    Function,
    QueueEdge,
    ScheduleEdge,
    SubscriptionEdge,
    Topology,
)
from purista_serverless.topology.lookup import Lookup


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An application on its way to a plan.

    Attributes:
        application: The application.
        topology: Its functions and edges, without what the provider carries by itself.
        lookup: Its declarations by name.
        functions: Its functions by name.
        edges: Its edges by name.
        schedules: Its schedules by name.
        bindings: Its bindings by event and queue.
        translations: What Scheduler fires instead of each schedule, by its name; none where it cannot.
        options: How it is deployed.
        authorization: Who knows the callers of private routes.
        homes: The function, or the direct schedule, that each edge belongs to, by the edge's name.
        consumes: Edges of the queues that start each function, by its name.
        fifo: Edges whose queue keeps an order.
        timings: Figures of each function, by its name.
        recursive: Functions that lie on a circle.
    """

    application: Application
    topology: Topology
    lookup: Lookup
    functions: Mapping[str, Function]
    edges: Mapping[str, Edge]
    schedules: Mapping[str, Schedule]
    bindings: Mapping[tuple[str, str], Binding]
    translations: Mapping[str, Translation]
    options: Options
    authorization: Authorization
    homes: Mapping[str, str]
    consumes: Mapping[str, tuple[str, ...]]
    fifo: frozenset[str]
    timings: Mapping[str, Timing]
    recursive: frozenset[str]

    def delay_of(self, edge: Edge) -> timedelta | None:
        """Give the longest that a message of an edge waits for its time; ``None`` is any time."""
        return self.lookup.queues[edge.queue].max_delay if isinstance(edge, QueueEdge) else timedelta(0)

    def attempts_of(self, edge: Edge) -> int | None:
        """Give the attempts that receives count as on an edge; ``None`` where records count the runs."""
        is_tracked = isinstance(edge, QueueEdge) and self.lookup.queues[edge.queue].tracking == "full"
        return None if is_tracked else edge.lifecycle.max_attempts

    def declared(self, edge: Edge) -> Declared:
        """Give the declaration of an edge."""
        match edge:
            case ScheduleEdge(schedule=name) | CallEdge(schedule=name):
                schedule = self.schedules[name]
                return Declared(name=str(schedule.address), origin=schedule.origin)
            case BindingEdge(event=event, queue=queue):
                binding = self.bindings[event, queue]
                return Declared(name=str(binding.address), origin=binding.origin)
            case QueueEdge(consumer=consumer) | SubscriptionEdge(consumer=consumer):
                function = self.functions[consumer]
                return Declared(name=str(function.address), origin=function.origin)

    def claim_prefixes(self, consumes: Iterable[str]) -> Iterator[str]:
        """Give what the keys begin with of large bodies that come by some queues: edges, or the events on them."""
        for name in consumes:
            match self.edges.get(name):
                case SubscriptionEdge(filter=wanted):
                    yield from (
                        [event.name for event in self.application.events] if wanted.event is None else [wanted.event]
                    )
                case BindingEdge(event=event):
                    yield event
                case QueueEdge(queue=queue):
                    yield name
                    yield from (edge.event for edge in self._direct_bindings(queue))
                case CallEdge(schedule=schedule) if self.edges[f"{SCHEDULE_EDGE}{schedule}"].consumer is not None:
                    yield name
                case CallEdge():
                    # Scheduler itself sends no more than its input.
                    pass
                case ScheduleEdge() | None:
                    # Slots and knocks are small.
                    pass

    def _direct_bindings(self, queue: str) -> Iterator[BindingEdge]:
        for edge in self.topology.edges:
            if isinstance(edge, BindingEdge) and edge.consumer is None and edge.queue == queue:
                yield edge

    def resends(self, function: Function) -> tuple[str, ...]:
        """Give the queues to which a function sends on what came before its time.

        What keeps an order stays where it is, and what waits no longer than SQS delays it never comes early.
        """
        return tuple(
            edge
            for edge in self.consumes.get(function.name, ())
            if edge.startswith(QUEUE_EDGE) and edge not in self.fifo and self._is_delayed(edge)
        )

    def _is_delayed(self, edge: str) -> bool:
        delay = self.lookup.queues[edge.removeprefix(QUEUE_EDGE)].max_delay
        return delay is None or delay > timedelta(seconds=LONGEST_DELAY)


def draft_of(topology: Topology, application: Application, options: Options) -> Draft:
    """Work out what the plan needs."""
    lookup = Lookup(application)
    fifo = frozenset(f"{QUEUE_EDGE}{queue.name}" for queue in application.queues if queue.ordering_key is not None)
    consumes = consumed_by(topology)
    return Draft(
        application=application,
        topology=topology,
        lookup=lookup,
        functions={function.name: function for function in topology.functions},
        edges={edge.name: edge for edge in topology.edges},
        bindings={(binding.event, binding.queue): binding for binding in application.bindings},
        translations=dict(_translations(application)),
        schedules={schedule.name: schedule for schedule in application.schedules},
        options=options,
        authorization=authorization_of(application, options),
        homes=dict(_homes(topology)),
        consumes=consumes,
        fifo=fifo,
        timings={
            function.name: timing_of(
                function,
                options.of(function.name),
                is_bounded=is_bounded(function, lookup),
                is_fifo=any(edge in fifo for edge in consumes.get(function.name, ())),
            )
            for function in topology.functions
        },
        recursive=recursive_functions(topology),
    )


def _translations(application: Application) -> Iterator[tuple[str, Translation]]:
    for schedule in application.schedules:
        translated = translate(schedule.expression, schedule.timezone, schedule.dst)
        if isinstance(translated, Translation):
            yield schedule.name, translated


def _homes(topology: Topology) -> Iterator[tuple[str, str]]:
    consumers = {edge.queue: edge.consumer for edge in topology.edges if isinstance(edge, QueueEdge)}
    for edge in topology.edges:
        if edge.consumer is not None:
            yield edge.name, edge.consumer
        elif isinstance(edge, BindingEdge):
            # A queue has one policy, so that all rules that send to it stand in its stack.
            yield edge.name, consumers[edge.queue]
        else:
            yield edge.name, edge.name
