"""Messages that are due later: tasks of Cloud Tasks, each of which publishes one message when it is."""

from base64 import b64encode
from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.gcp.constants import ACCOUNT, TASKS, TOPICS
from purista_serverless.adapters.gcp.ports.claim_check import StorageClaimCheck
from purista_serverless.adapters.gcp.ports.times import timestamp_of
from purista_serverless.adapters.gcp.ports.topics import Outgoing, path_of, wire_of
from purista_serverless.message.wire import format_json
from purista_serverless.runtime.deployed import Use

if TYPE_CHECKING:
    from collections.abc import Mapping

    from purista_serverless.adapters.gcp.ports.deployment import Deployment

_FIX = "declare can_enqueue=[...] on the handler"
_PUBLISH = Use("pubsub.topics.publish", _FIX)
_CREATE = Use("cloudtasks.tasks.create", _FIX)

# Of a task (Cloud Tasks, quotas and limits); what is not the body of its request stays below 8 KB.
_MAX_TASK = 1_000_000 - 8_192

# In a request a body is in base64, three bytes in four characters, and beside its attributes.
TASK_BUDGET = (_MAX_TASK - 16_384) // 4 * 3

# Milliseconds: 30 days (Cloud Tasks, quotas and limits) without the minute in which the request may be under way.
_LONGEST_DELAY = 30 * 86_400_000 - 60_000

_SCOPE = "https://www.googleapis.com/auth/pubsub"


class TaskDelays:
    """Deliver messages later. What is due in more than 30 days comes then, and is given back for the rest.

    Args:
        deployment: Where to.
    """

    __slots__ = ("_claims", "_deployment")

    def __init__(self, deployment: "Deployment") -> None:
        self._deployment = deployment
        self._claims = StorageClaimCheck(deployment)

    def send(
        self,
        edge: str,
        body: bytes,
        *,
        attributes: "Mapping[str, str | None]",
        ordering_key: str | None,
        id: str,
        due: int,
    ) -> None:
        """Have a message published on an edge's own topic when it is due.

        Args:
            edge: The edge.
            body: What the message says.
            attributes: Of the message.
            ordering_key: What is delivered in order, if anything.
            id: What is sent once: a second task of the same edge and id is none.
            due: When, in milliseconds since the epoch.

        Raises:
            TooLarge: It is more than a task holds, and there is no claim check.
            Unavailable: Cloud Tasks could not be reached; it may have been sent.
            UndeclaredUse: The function was deployed without the permission.
            ProviderRefused: Cloud Tasks refused it.
        """
        deployment = self._deployment
        queue = deployment.name(TASKS, _CREATE, edge)
        topic = deployment.entry(TOPICS, edge, _PUBLISH)
        fitted = self._claims.fitted(edge, id, 0, body, TASK_BUDGET)
        request = wire_of((Outgoing(fitted, attributes, ordering_key),))
        task = {
            "name": f"{queue}/tasks/{task_name(edge, id)}",
            "scheduleTime": timestamp_of(min(due, deployment.clock.now() + _LONGEST_DELAY)),
            "httpRequest": self._request(deployment.url_of("pubsub") + path_of(topic), request),
        }
        deployment.post("cloudtasks", f"/v2/{queue}/tasks", {"task": task}, _CREATE, edge, expected=("ALREADY_EXISTS",))

    def _request(self, url: str, value: Any) -> dict[str, Any]:
        account = self._deployment.name(ACCOUNT, _CREATE, url)
        return {
            "url": url,
            "httpMethod": "POST",
            "headers": {"Content-Type": "application/json"},
            "body": b64encode(format_json(value)).decode(),
            "oauthToken": {"serviceAccountEmail": account, "scope": _SCOPE},
        }


def task_name(edge: str, id: str) -> str:
    """Give the name of the task that sends what has an id, on an edge; equal ones are one task.

    Example:
        >>> len(task_name("queue:shop.packing", "j1:0:0"))
        64
    """
    from hashlib import sha256

    return sha256(f"{edge}\n{id}".encode("utf-8", "surrogatepass")).hexdigest()
