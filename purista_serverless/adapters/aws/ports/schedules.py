"""What a schedule's gate sends besides events and jobs: calls of commands, and knocks at gates."""

from typing import TYPE_CHECKING

from purista_serverless.adapters.aws.constants import CALL_EDGE, EDGE_ATTRIBUTE, GATE_EDGE, KNOCK, MARK, QUEUES
from purista_serverless.adapters.aws.ports.claim_check import S3ClaimCheck
from purista_serverless.adapters.aws.ports.sqs import BODY_BUDGET, legal_body, send
from purista_serverless.message.wire import format_json
from purista_serverless.runtime.deployed import Use

if TYPE_CHECKING:
    from purista_serverless.adapters.aws.ports.deployment import Deployment
    from purista_serverless.message import Message

_SEND = Use("sqs:SendMessage", "declare the schedule in this application")


class SqsSchedules:
    """A ``SchedulePort``: each schedule has queues of its own.

    Args:
        deployment: Where to.
    """

    __slots__ = ("_claims", "_deployment")

    def __init__(self, deployment: "Deployment") -> None:
        self._deployment = deployment
        self._claims = S3ClaimCheck(deployment)

    def call(self, schedule: str, message: "Message") -> None:
        """Deliver a command message on the schedule's own edge.

        Raises:
            TooLarge: It is more than a queue carries, and there is no claim check.
            Unavailable: The queue could not be reached.
            UndeclaredUse: The function was deployed without the permission.
            ProviderRefused: The queue refused it.
        """
        edge = CALL_EDGE + schedule
        body = self._claims.fitted(edge, message.id, message.generation, legal_body(message.encode()), BODY_BUDGET)
        self._send(edge, body, message.id)

    def knock(self, schedule: str) -> None:
        """Ask the schedule's gate to look at its slots again; two knocks do no more than one.

        Raises:
            Unavailable: The queue could not be reached.
            UndeclaredUse: The function was deployed without the permission.
        """
        self._send(GATE_EDGE + schedule, format_json({MARK: KNOCK, "schedule": schedule}), KNOCK)

    def _send(self, edge: str, body: bytes, id: str) -> None:
        url = self._deployment.entry(QUEUES, edge, _SEND)
        send(self._deployment, _SEND, url, body, attributes={EDGE_ATTRIBUTE: edge}, group=id, deduplication=id)
