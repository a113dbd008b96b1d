"""Where an application is deployed: what a plan's texts stand for there."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass

from purista_serverless.adapters.gcp.constants import CLAIM_CHECK, DEAD_LETTERS, LEDGER, PROJECT, TOPICS
from purista_serverless.adapters.gcp.plan.resources import Bucket, Database, Deployment, Subscription, Topic
from purista_serverless.adapters.gcp.plan.texts import fill
from purista_serverless.errors import DeclarationError

PROJECT_VARIABLE = "GOOGLE_CLOUD_PROJECT"
REGION_VARIABLE = "GOOGLE_CLOUD_REGION"

# What functions are told besides; a tool that looks after them has the emulators from its own environment.
_EMULATORS = ("PUBSUB_EMULATOR_HOST", "FIRESTORE_EMULATOR_HOST", "STORAGE_EMULATOR_HOST")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A project with an application in it.

    Attributes:
        project: Id of the project.
        region: Its region; ``None`` if nothing names it.
        prefix: What the names of all that is deployed begin with.
    """

    project: str
    region: str | None
    prefix: str

    @property
    def values(self) -> dict[str, str]:
        """Give what the texts of a plan stand for here."""
        known = {"project": self.project, "region": self.region, "prefix": self.prefix}
        return {name: value for name, value in known.items() if value is not None}

    def environment(self, deployment: Deployment, surroundings: Mapping[str, str]) -> dict[str, str]:
        """Give the variables of a function that may use all of a deployment here.

        Args:
            deployment: What is deployed.
            surroundings: Where emulators are named, if some stand in for Google.
        """
        topics = [one for one in deployment.resources if isinstance(one, Topic)]
        found = {
            PROJECT: self.project,
            TOPICS: json.dumps({one.key: self._text(one) for one in topics if one.kind != "dead-letter"}),
            DEAD_LETTERS: json.dumps({one.key: self._text(one) for one in topics if one.kind == "dead-letter"}),
            **{name: surroundings[name] for name in _EMULATORS if name in surroundings},
        }
        for resource in deployment.resources:
            if isinstance(resource, Database):
                found[LEDGER] = f"{self.prefix}-{resource.name}"
            elif isinstance(resource, Bucket):
                found[CLAIM_CHECK] = fill(resource.full_name, self.values)
        return found

    def letters(self, deployment: Deployment) -> dict[str, str]:
        """Give the full names of the subscriptions of dead letters, by edge."""
        found = (one for one in deployment.resources if isinstance(one, Subscription) and one.kind == "dead-letter")
        return {one.edge: fill(one.path, self.values) for one in found}

    def _text(self, topic: Topic) -> str:
        return fill(topic.path, self.values)


def place_of(deployment: Deployment, name: str | None, environment: Mapping[str, str] = os.environ) -> Place:
    """Give where an application is deployed.

    Args:
        deployment: What is deployed.
        name: The prefix; the plan's own when omitted.
        environment: Where ``GOOGLE_CLOUD_PROJECT`` and ``GOOGLE_CLOUD_REGION`` are read; the plan may have a region.

    Raises:
        DeclarationError: Nothing names the project.
    """
    defaults = {one.name: one.default for one in deployment.variables}
    project = environment.get(PROJECT_VARIABLE)
    if not project:
        raise DeclarationError(f"nothing names the project of Google Cloud; set {PROJECT_VARIABLE}")
    region, prefix = environment.get(REGION_VARIABLE) or defaults.get("region"), name or defaults["prefix"]
    return Place(project=project, region=str(region) if region else None, prefix=str(prefix))
