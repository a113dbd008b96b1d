"""What a schedule's gate sends besides events and jobs: calls of commands, and knocks at gates."""

from typing import TYPE_CHECKING

from purista_serverless.adapters.gcp.constants import (
    CALL_EDGE,
    EDGE_ATTRIBUTE,
    GATE_EDGE,
    KNOCK,
    MARK,
    TOPICS,
    TRACEPARENT_ATTRIBUTE,
)
from purista_serverless.adapters.gcp.ports.claim_check import StorageClaimCheck
from purista_serverless.adapters.gcp.ports.topics import BODY_BUDGET, Outgoing, publish
from purista_serverless.message.wire import format_json
from purista_serverless.runtime.deployed import Use

if TYPE_CHECKING:
    from purista_serverless.adapters.gcp.ports.deployment import Deployment
    from purista_serverless.message import Message

_PUBLISH = Use("pubsub.topics.publish", "declare the schedule in this application")


class PubSubSchedules:
    """A ``SchedulePort``: each schedule has topics of its own.

    Args:
        deployment: Where to.
    """

    __slots__ = ("_claims", "_deployment")

    def __init__(self, deployment: "Deployment") -> None:
        self._deployment = deployment
        self._claims = StorageClaimCheck(deployment)

    def call(self, schedule: str, message: "Message") -> None:
        """Deliver a command message on the schedule's own edge.

        Raises:
            TooLarge: It is more than a topic carries, and there is no claim check.
            Unavailable: The topic could not be reached.
            UndeclaredUse: The function was deployed without the permission.
            ProviderRefused: The topic refused it.
        """
        edge = CALL_EDGE + schedule
        body = self._claims.fitted(edge, message.id, message.generation, message.encode(), BODY_BUDGET)
        self._send(edge, body, message.traceparent)

    def knock(self, schedule: str) -> None:
        """Ask the schedule's gate to look at its slots again; two knocks do no more than one.

        Raises:
            Unavailable: The topic could not be reached.
            UndeclaredUse: The function was deployed without the permission.
        """
        self._send(GATE_EDGE + schedule, format_json({MARK: KNOCK, "schedule": schedule}), None)

    def _send(self, edge: str, body: bytes, traceparent: str | None) -> None:
        topic = self._deployment.entry(TOPICS, edge, _PUBLISH)
        attributes = {EDGE_ATTRIBUTE: edge, TRACEPARENT_ATTRIBUTE: traceparent}
        publish(self._deployment, _PUBLISH, topic, (Outgoing(body, attributes),))
