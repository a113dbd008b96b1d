"""The pulling of one queue: a stream of messages, each of which is settled in a thread of its own."""

from typing import TYPE_CHECKING, Any

from google.api_core.exceptions import Forbidden, GoogleAPICallError, ServerError, TooManyRequests, Unauthorized
from google.cloud.pubsub_v1.types import FlowControl

from purista_serverless.adapters.gcp.push import Edge
from purista_serverless.adapters.gcp.worker.delivery import PulledDelivery, pulled
from purista_serverless.adapters.gcp.worker.runs import Runs
from purista_serverless.adapters.gcp.worker.threads import Threads
from purista_serverless.errors import ProviderRefused, PuristaServerlessError, Unavailable
from purista_serverless.runtime.deployed import Use

if TYPE_CHECKING:
    from collections.abc import Callable

    from purista_serverless.runtime.jobs import JobConsumer
    from purista_serverless.runtime.ports import Ports

CONSUME = Use("pubsub.subscriptions.consume", "declare the queue's worker in this application")

# How long handlers may go on after a stop, in seconds: 10 s after it was asked to stop, Cloud Run ends an instance
# (Cloud Run documentation, container runtime contract), and what is given back has to be told to Pub/Sub before that.
GRACE = 7.0

# Milliseconds by which a lease may outlast the longest run: settling takes time, too.
_MARGIN = 60_000


class Pull:
    """Pull the jobs of a queue.

    Args:
        consumer: What handles them.
        subscription: Full name of the subscription.
        ports: The ways out.
        concurrency: How many run at a time.
        grace: How long handlers may go on after a stop, in seconds.
    """

    def __init__(
        self,
        consumer: "JobConsumer",
        subscription: str,
        ports: "Ports",
        *,
        concurrency: int,
        grace: float = GRACE,
    ) -> None:
        self._subscription = subscription
        self._ports = ports
        self._concurrency = concurrency
        self._lease = _longest_lease(consumer)
        self._runs = Runs(ports.clock)
        self._edge = Edge(consumer.edge, consumer, consumer.function, ports, self._runs.run)
        self._threads = Threads(self._runs, grace)
        self._future: Any = None

    def open(self, subscriber: Any, ended: "Callable[[], object]") -> None:
        """Begin to pull.

        Args:
            subscriber: Pub/Sub's client.
            ended: Called when there is nothing more to pull: it failed, or was closed.
        """
        flow = FlowControl(max_messages=self._concurrency, max_lease_duration=self._lease / 1_000)
        self._future = subscriber.subscribe(
            self._subscription,
            self._receive,
            flow_control=flow,
            scheduler=self._threads,
            await_callbacks_on_shutdown=True,
        )
        self._future.add_done_callback(lambda _: ended())

    def stop(self) -> None:
        """Pull no more; what runs goes on for its grace."""
        self._future.cancel()

    def close(self) -> None:
        """Wait until all that was pulled is settled or given back.

        Raises:
            UndeclaredUse: The process may not pull it.
            ProviderRefused: There is no such subscription.
            Unavailable: Pub/Sub could not be reached.
        """
        try:
            self._future.result()
        except GoogleAPICallError as error:
            raise _failure_of(error, self._subscription) from error
        finally:
            self._runs.close()

    def _receive(self, message: Any) -> None:
        lease_until = self._ports.clock.now() + self._lease
        delivery = PulledDelivery(pulled(message, self._subscription), self._edge.name, lease_until, self._ports.clock)
        if self._edge.settle(delivery):
            message.ack()
        else:
            message.nack()


def _longest_lease(consumer: "JobConsumer") -> int:
    """Give how long a message is held at most, in milliseconds."""
    lifecycle = consumer.lifecycle
    if lifecycle.max_runtime is not None:
        return lifecycle.max_runtime + _MARGIN
    return lifecycle.visibility * (1 + lifecycle.max_extensions) + _MARGIN


def _failure_of(error: GoogleAPICallError, subscription: str) -> PuristaServerlessError:
    detail = f"{error.code}: {error.message}"
    if isinstance(error, Forbidden | Unauthorized):
        return CONSUME.undeclared(subscription, detail)
    if isinstance(error, ServerError | TooManyRequests):
        return Unavailable(f"{CONSUME.action} on {subscription} cannot be done now; {detail}")
    fix = "compare what is deployed with what the code declares"
    return ProviderRefused(f"{CONSUME.action} on {subscription} was refused; {detail}; {fix}")
