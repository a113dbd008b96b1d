"""Pushes of Pub/Sub: each settled for itself, by the status of its answer."""

from typing import TYPE_CHECKING, Any, cast

from purista_serverless.adapters.gcp.codecs import push
from purista_serverless.adapters.gcp.constants import GATE_EDGE, PUSH_PATH, QUEUE_EDGE, TIMEOUT
from purista_serverless.adapters.gcp.delivery import PushDelivery, put_off
from purista_serverless.adapters.gcp.direct import Unwrapper
from purista_serverless.errors import BadEvent, BoundExceeded, InvalidPayload, Unavailable
from purista_serverless.runtime.consume import rest
from purista_serverless.runtime.dead_letters import bury

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from purista_serverless.adapters.gcp.codecs.push import Pushed
    from purista_serverless.message import Outcome
    from purista_serverless.runtime.consume import Attempt, Consumer, Interrupted
    from purista_serverless.runtime.function import Function
    from purista_serverless.runtime.jobs import JobConsumer
    from purista_serverless.runtime.knocks import GateConsumer
    from purista_serverless.runtime.ports import Ports

    Reply = tuple[str, int]

DONE: "Reply" = ("", 204)
AGAIN: "Reply" = ("", 503)

# Longer than a push is open no request runs (Pub/Sub, acknowledgement deadline), in seconds.
_LONGEST_PUSH = 600
# How the platform's own server is told of a request's time.
_PLATFORM_TIMEOUT = "CLOUD_RUN_TIMEOUT_SECONDS"


class Pushes:
    """Handle the pushes of a function.

    Args:
        consumers: What handles the messages, by trigger.
        function: The handler behind all of them; ``None`` behind a binding or a gate.
        ports: The ways out; ``delays`` and ``claims`` among them.
        environment: The function's variables.
    """

    __slots__ = ("_edges", "_lease", "_only", "_ports")

    def __init__(
        self,
        consumers: "Mapping[str, Consumer]",
        function: "Function | None",
        ports: "Ports",
        environment: "Mapping[str, str]",
    ) -> None:
        self._ports = ports
        self._lease = _lease_of(environment)
        self._edges = {trigger: Edge(trigger, consumer, function, ports) for trigger, consumer in consumers.items()}
        self._only = next(iter(self._edges.values())) if len(self._edges) == 1 else None

    def handle(self, environ: "Mapping[str, Any]", body: bytes) -> "Reply":
        """Settle a push, and give the answer that says whether it comes again.

        Args:
            environ: WSGI's variables of the request.
            body: Its body.

        Raises:
            BadEvent: It is no push, or of none of this function's edges.
        """
        edge = self._edge_of(environ["PATH_INFO"])
        delivery = PushDelivery(pushed_in(environ, body), edge.name, self._ports.clock.now() + self._lease)
        return DONE if edge.settle(delivery) else AGAIN

    def _edge_of(self, path: str) -> "Edge":
        """Give the edge that the subscription's path names; where there is but one, also a push without our path."""
        if path.startswith(PUSH_PATH):
            name = path[len(PUSH_PATH) :]
            edge = self._edges.get(name if name.isascii() else name.encode("latin-1").decode(errors="replace"))
        else:
            edge = self._only
        if edge is None:
            raise BadEvent(f"a push to {path!r} is for none of this function's edges: {', '.join(self._edges)}")
        return edge


def pushed_in(environ: "Mapping[str, Any]", body: bytes) -> "Pushed":
    """Read the message in a request, by the headers that its shape has to have.

    Args:
        environ: WSGI's variables of the request.
        body: Its body.

    Raises:
        BadEvent: It is none.
    """
    if "HTTP_CE_SPECVERSION" not in environ and "HTTP_X_GOOG_PUBSUB_SUBSCRIPTION_NAME" not in environ:
        return push.decode(body)
    from purista_serverless.adapters.gcp.codecs import eventarc, unwrapped

    return eventarc.decode(body) if eventarc.is_message(environ) else unwrapped.decode(environ, body)


def _lease_of(environment: "Mapping[str, str]") -> int:
    """Give how long a push is ours, in milliseconds."""
    told = environment.get(TIMEOUT) or environment.get(_PLATFORM_TIMEOUT) or ""
    seconds = int(told) if told.isascii() and told.isdecimal() else _LONGEST_PUSH
    return 1_000 * min(seconds, _LONGEST_PUSH)


class Edge:
    """The way of a function's messages through one consumer.

    Args:
        trigger: The edge, as the function's trigger names it.
        consumer: What handles its messages.
        function: The handler behind it; ``None`` behind a binding or a gate.
        ports: The ways out; ``delays`` and ``claims`` among them.
        run: Runs an attempt; straight away when omitted.

    Attributes:
        name: The edge, as its consumer names it.
    """

    __slots__ = ("_consumer", "_jobs", "_ports", "_run", "_trigger", "_unwrapper", "name")

    def __init__(
        self,
        trigger: str,
        consumer: "Consumer",
        function: "Function | None",
        ports: "Ports",
        run: "Callable[[Attempt], Outcome | Interrupted] | None" = None,
    ) -> None:
        slots = cast("GateConsumer", consumer).timetable.slots if trigger.startswith(GATE_EDGE) else None
        self.name = consumer.edge
        self._trigger = trigger
        self._consumer = consumer
        self._ports = ports
        self._run = run
        self._unwrapper = Unwrapper(trigger, function, ports, slots)
        self._jobs = cast("JobConsumer", consumer) if trigger.startswith(QUEUE_EDGE) else None

    def settle(self, delivery: PushDelivery) -> bool:
        """Settle a message; say whether Pub/Sub may forget it."""
        try:
            self._handle(delivery)
        except Unavailable:
            delivery.redeliver(rest(delivery), counted=False)
        except Exception as error:  # noqa: BLE001 - whatever it is, the message comes again
            _log(delivery, error)
            delivery.redeliver(rest(delivery), counted=True)
        if delivery.is_done or not delivery.is_exact:
            return delivery.is_done
        return put_off(delivery, self._trigger, self._ports)

    def _handle(self, delivery: PushDelivery) -> None:
        jobs, ports = self._jobs, self._ports
        if jobs is not None:
            # What can be read as a job is one, and nothing that came in our place.
            read = jobs.read(delivery.pushed.data, delivery.receives)
            attempt = jobs.begin(delivery, ports, read) if read or self._is_readable(delivery) else None
            # There are many jobs and most are short: they go without the generator, which takes its time.
            if attempt is not None:
                jobs.end(attempt, self._outcome(delivery, attempt))
        elif self._is_readable(delivery):
            self._drive(delivery)

    def _drive(self, delivery: PushDelivery) -> None:
        steps = self._consumer.consume(delivery, self._ports)
        try:
            attempt: Attempt = next(steps)
            while True:
                attempt = steps.send(self._outcome(delivery, attempt))
        except StopIteration:
            return

    def _outcome(self, delivery: PushDelivery, attempt: "Attempt") -> "Outcome | Interrupted":
        outcome = attempt.run() if self._run is None else self._run(attempt)
        delivery.outcome = outcome
        return outcome

    def _is_readable(self, delivery: PushDelivery) -> bool:
        """Unwrap a message; bury it where that cannot be done."""
        try:
            delivery.body = self._unwrapper.body(delivery.pushed)
        except (BadEvent, BoundExceeded, InvalidPayload) as error:
            bury(delivery, self._ports, reason=str(error), attempts=delivery.receives)
            return False
        return True


def _log(delivery: PushDelivery, error: Exception) -> None:
    from purista_serverless.runtime.log import LOGGER

    LOGGER.error("message %s of %s could not be settled", delivery.id, delivery.edge, exc_info=error)
