"""The operations on what is deployed under a prefix: its dead letters and records."""

import os
import time
from collections.abc import Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from purista_serverless.adapter import configure
from purista_serverless.adapters.gcp.constants import EDGE_ATTRIBUTE, GATE_EDGE, LEDGER, SCHEDULE_EDGE, TOPICS
from purista_serverless.adapters.gcp.descriptor import ADAPTER
from purista_serverless.adapters.gcp.ports import GcpPorts
from purista_serverless.adapters.gcp.ports.topics import BODY_BUDGET, Outgoing, publish
from purista_serverless.adapters.gcp.stack.letters import Letters, PubSubLetter
from purista_serverless.adapters.gcp.stack.place import Place, place_of
from purista_serverless.errors import DeclarationError
from purista_serverless.runtime.assembly import assemble
from purista_serverless.runtime.deployed import Use
from purista_serverless.runtime.deployed_operations import DeployedOperations
from purista_serverless.synth.blueprint import draw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from purista_serverless.adapters.gcp.plan.resources import Deployment
    from purista_serverless.adapters.gcp.ports.rest import Rest
    from purista_serverless.application import Application
    from purista_serverless.runtime.operations import Operations, QueueMetrics
    from purista_serverless.runtime.ports import Clock

_PUBLISH = Use("pubsub.topics.publish", "use credentials that may")


@contextmanager
def open_stack(
    application: "Application",
    name: str,
    *,
    environment: Mapping[str, str] = os.environ,
    clock: "Clock | None" = None,
    pause: "Callable[[float], None]" = time.sleep,
) -> "Iterator[Operations]":
    """Open the operations on a deployment; letters that were looked at are given back in the end.

    Args:
        application: What is deployed there.
        name: The prefix of the names of all that is deployed.
        environment: Where ``GOOGLE_CLOUD_PROJECT`` and emulators are named.
        clock: The time.
        pause: Waits for some seconds before an empty subscription is asked again.

    Raises:
        DeclarationError: Nothing names the project.
    """
    # With the bucket, whether this deployment has it or not: a letter may hold a claim.
    plan: Deployment = draw(application.model, configure(ADAPTER, {"claim_check": True})).plan
    place = place_of(plan, name, environment)
    operations = DeploymentOperations(application, plan, place, environment=environment, clock=clock, pause=pause)
    try:
        yield operations
    finally:
        operations.close()


class DeploymentOperations(DeployedOperations[PubSubLetter]):
    """Look after what is deployed.

    Args:
        application: What is deployed there, as it is declared today.
        plan: What its deployment consists of.
        place: Where it is.
        environment: Where emulators are named.
        clock: The time.
        pause: Waits for some seconds before an empty subscription is asked again.
        rest: Sends requests; one with connections of its own when omitted.
    """

    def __init__(
        self,
        application: "Application",
        plan: "Deployment",
        place: Place,
        *,
        environment: Mapping[str, str],
        clock: "Clock | None" = None,
        pause: "Callable[[float], None]" = time.sleep,
        rest: "Rest | None" = None,
    ) -> None:
        names = place.environment(plan, environment)
        ports = GcpPorts(names, clock=clock, rest=rest)
        letters = Letters(place.letters(plan), assemble(application.model), ports, pause=pause)
        where = f"{place.prefix} in project {place.project}"
        super().__init__(application, where, ports, letters, has_records=LEDGER in names)
        self._clouds = ports
        self._subscriptions = letters

    def move(self, edge: str) -> int:
        """Refuse: Pub/Sub moves nothing by itself.

        Raises:
            DeclarationError: Always.
        """
        raise DeclarationError(f"Pub/Sub moves no letters of {edge} by itself; redrive without --bulk")

    def count_letters(self, edge: str | None = None) -> int:
        """Say how many letters there are; Pub/Sub does not tell, so that each is looked at."""
        return len(self.letters(edge))

    def purge(self, edge: str | None = None) -> int:
        """Delete letters; bodies that were kept elsewhere expire by themselves."""
        total = self.count_letters(edge)
        for name in self._named(edge):
            self._subscriptions.purge(name)
        return total

    def metrics(self) -> "tuple[QueueMetrics, ...]":
        """Refuse: how full a subscription is stands in Cloud Monitoring, minutes later.

        Raises:
            DeclarationError: Always.
        """
        where = "in Cloud Monitoring as pubsub.googleapis.com/subscription/num_undelivered_messages"
        raise DeclarationError(f"Pub/Sub does not tell how full {self.place} is; look {where}")

    def _put_again(self, edge: str, letter_id: str, generation: int, body: bytes) -> None:
        fitted = self._clouds.claims.fitted(edge, letter_id, generation, body, BODY_BUDGET)
        self._publish(edge, fitted)

    def _knocks_again(self, letter: PubSubLetter) -> bool:
        if not letter.is_slot:
            return False
        self._publish(f"{GATE_EDGE}{letter.edge.removeprefix(SCHEDULE_EDGE)}", letter.pushed.data)
        return True

    def _publish(self, edge: str, body: bytes) -> None:
        topic = self._clouds.deployment.entry(TOPICS, edge, _PUBLISH)
        publish(self._clouds.deployment, _PUBLISH, topic, (Outgoing(body, {EDGE_ATTRIBUTE: edge}),))
