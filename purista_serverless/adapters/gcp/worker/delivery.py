"""A pulled message as the core sees it."""

from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.gcp.codecs.push import Pushed
from purista_serverless.adapters.gcp.delivery import PushDelivery

if TYPE_CHECKING:
    from purista_serverless.runtime.ports import Clock


class PulledDelivery(PushDelivery):
    """A message that was pulled. Settling notes what is to be told to Pub/Sub, as for one that was pushed.

    While it runs, Pub/Sub's client extends its lease by itself, up to a time that it was given for all of them.

    Args:
        pushed: The message.
        edge: The edge that it came on.
        lease_until: That time, in milliseconds since the epoch.
        clock: The time.
    """

    __slots__ = ("_clock",)

    def __init__(self, pushed: Pushed, edge: str, lease_until: int, clock: "Clock") -> None:
        super().__init__(pushed, edge, lease_until)
        self._clock = clock

    def extend(self, duration: int) -> bool:
        """Say whether it is still ours: the client sees to that as long as this process lives."""
        return self.lease_until is not None and self._clock.now() < self.lease_until


def pulled(message: Any, subscription: str) -> Pushed:
    """Read a message of Pub/Sub's client.

    Args:
        message: ``google.cloud.pubsub_v1.subscriber.message.Message``.
        subscription: Full name of the subscription that it came from.
    """
    return Pushed(
        id=message.message_id,
        data=message.data,
        attributes=dict(message.attributes),
        published=f"{message.publish_time:%Y-%m-%dT%H:%M:%S.%f}Z",
        attempt=message.delivery_attempt or 0,
        ordering_key=message.ordering_key,
        subscription=subscription,
    )
