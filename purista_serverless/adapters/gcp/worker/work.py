"""Work on queues until told to stop; see ``purista-serverless work --provider gcp``."""

import os
from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.gcp.constants import QUEUE_EDGE, SUBSCRIPTIONS
from purista_serverless.adapters.gcp.ports import GcpPorts
from purista_serverless.errors import DeclarationError, MissingExtra
from purista_serverless.runtime.assembly import assemble

if TYPE_CHECKING:
    from collections.abc import Sequence
    from threading import Event

    from purista_serverless.adapters.gcp.worker.pull import Pull
    from purista_serverless.application import Application


def work(application: "Application", queues: "Sequence[str]", *, stop: "Event", concurrency: int) -> None:
    """Pull the jobs of queues and run their workers.

    Blocks until ``stop`` is set. Then no more is pulled; what runs has 7 s to end, as Cloud Run waits no longer than
    10, is then asked to stop (``ctx.cancel_requested()``), async handlers are cancelled, and what was cancelled goes
    back without delay and without an attempt. A sync handler that ignores it keeps its lease until that runs out.

    What is pulled, and with which rights, the variables of the process say, as those of a function do; beside them
    ``PURISTA_SUBSCRIPTIONS`` has to name the subscription of each queue. ``PUBSUB_EMULATOR_HOST`` is respected.

    Args:
        application: The application.
        queues: Names of queues with a worker; all of ``PURISTA_SUBSCRIPTIONS`` if there are none.
        stop: Ends it.
        concurrency: How many handlers of a queue run at a time, unless its worker declares fewer.

    Raises:
        DeclarationError: Nothing says what is to be pulled.
        MissingExtra: google-cloud-pubsub is not installed.
        UndeclaredUse: A queue is not among the subscriptions, or the process may not pull it.
        ProviderRefused: A subscription does not exist.
        Unavailable: Pub/Sub cannot be reached.
    """
    try:
        from google.cloud.pubsub_v1 import SubscriberClient
    except ModuleNotFoundError as error:
        raise MissingExtra("google-cloud-pubsub", "gcp") from error
    pulls = _pulls(application, queues, concurrency)
    with SubscriberClient() as subscriber:
        for pull in pulls:
            pull.open(subscriber, stop.set)
        stop.wait()
        for pull in pulls:
            pull.stop()
        for pull in pulls:
            pull.close()


def _pulls(application: "Application", queues: "Sequence[str]", concurrency: int) -> "tuple[Pull, ...]":
    from purista_serverless.adapters.gcp.worker.pull import CONSUME, Pull

    ports = GcpPorts(os.environ)
    deployment = ports.deployment
    declared = {worker.queue: worker.concurrency for worker in application.model.workers}
    consumers: dict[str, Any] = assemble(application.model).consumers
    edges = [QUEUE_EDGE + queue for queue in queues] or sorted(deployment.table(SUBSCRIPTIONS))
    if not edges:
        raise DeclarationError(f"{SUBSCRIPTIONS} names nothing to pull; run this with the variables of a worker pool")
    subscriptions = {edge: deployment.entry(SUBSCRIPTIONS, edge, CONSUME) for edge in edges}
    return tuple(
        Pull(
            consumers[edge],
            subscription,
            ports,
            concurrency=min(declared[edge.removeprefix(QUEUE_EDGE)] or concurrency, concurrency),
        )
        for edge, subscription in subscriptions.items()
    )
