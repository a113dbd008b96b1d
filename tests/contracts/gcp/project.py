"""A deployment of the adapter's own plan: topics and subscriptions on the emulator, and what functions are told.

Terraform is left out: resources are made as the plan says, and the places in their texts are filled in.
"""

import json
from collections.abc import Mapping
from itertools import count
from typing import TypeVar
from urllib.parse import urlsplit

from purista_serverless.adapters.gcp.constants import ACCOUNT, COMMAND_TRIGGER, COMMANDS, LEDGER, TASKS
from purista_serverless.adapters.gcp.emulator.filters import read_filter
from purista_serverless.adapters.gcp.plan.resources import (
    Deployment,
    Function,
    Job,
    Resource,
    Subscription,
    Topic,
)
from purista_serverless.adapters.gcp.plan.resources import Text as PlannedText
from purista_serverless.adapters.gcp.plan.texts import fill
from purista_serverless.adapters.gcp.stack.place import Place
from tests.contracts.gcp.broker import Broker
from tests.contracts.gcp.pushing import Target

PROJECT = "demo"
REGION = "europe-west1"

_NUMBERS = count(1)

R = TypeVar("R", bound=Resource)


class Project:
    """A deployed application. Deploying another one over it changes what is there.

    Args:
        broker: Where topics and subscriptions are made; names are used once.

    Attributes:
        topics: Full names of topics, by what they are found by at run time.
        dead_letters: Those of dead letters, by their edge.
    """

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._resources: tuple[Resource, ...] = ()
        self.place = Place(project=PROJECT, region=REGION, prefix=f"c{next(_NUMBERS)}")
        self._values = {**self.place.values, "number": "1", "image": "image"}
        self.topics: dict[str, str] = {}
        self.dead_letters: dict[str, str] = {}
        self.plan: Deployment

    def deploy(self, plan: Deployment) -> None:
        """Make what a plan has; what is no longer in it stays, as nobody knows."""
        self.plan = plan
        self._resources = plan.resources
        paths = {topic.id: self.text(topic.path) for topic in self._of(Topic)}
        self.topics = {topic.key: paths[topic.id] for topic in self._of(Topic) if topic.kind != "dead-letter"}
        self.dead_letters = {topic.key: paths[topic.id] for topic in self._of(Topic) if topic.kind == "dead-letter"}
        for path in paths.values():
            self._broker.create_topic(path)
        for subscription in self._of(Subscription):
            self._broker.create_subscription(
                self.text(subscription.path),
                paths[subscription.topic],
                dead_letter=None if subscription.dead_letter is None else paths[subscription.dead_letter],
                max_deliveries=subscription.max_deliveries,
            )

    def functions(self) -> tuple[Function, ...]:
        """Give the functions."""
        return self._of(Function)

    def jobs(self) -> tuple[Job, ...]:
        """Give the jobs of Cloud Scheduler."""
        return self._of(Job)

    def topic_of(self, job: Job) -> str:
        """Give the full name of a job's topic."""
        return next(self.text(topic.path) for topic in self._of(Topic) if topic.id == job.topic)

    def environment(self, function: Function) -> Mapping[str, str]:
        """Give the variables of a function."""
        return {**{name: self.text(value) for name, value in function.environment}, "K_SERVICE": function.name}

    def host(self, function: Function) -> str:
        """Give the host of a function's URL."""
        return urlsplit(self.text(function.url)).netloc

    def targets(self) -> tuple[Target, ...]:
        """Give the subscriptions that push."""
        topics = {topic.id: self.text(topic.path) for topic in self._of(Topic)}
        functions = {function.id: function.name for function in self.functions()}
        return tuple(
            Target(
                name=self.text(one.path),
                topic=topics[one.topic],
                edge=one.edge,
                function=functions[one.push.function],
                path=urlsplit(self.text(one.push.endpoint)).path,
                backoff=(0, 0) if one.backoff is None else (one.backoff[0] * 1_000, one.backoff[1] * 1_000),
                max_deliveries=one.max_deliveries,
                matches=read_filter(one.filter) if one.filter is not None else lambda _: True,
            )
            for one in self._of(Subscription)
            if one.push is not None
        )

    def outside(self) -> dict[str, str]:
        """Give the variables of a tool that may use all that is deployed, and records whether there are any or not."""
        commands = {
            function.function.removeprefix(COMMAND_TRIGGER): self.text(function.url)
            for function in self.functions()
            if function.function.startswith(COMMAND_TRIGGER)
        }
        return {
            **self.place.environment(self.plan, {}),
            COMMANDS: json.dumps(commands),
            TASKS: f"projects/{PROJECT}/locations/{REGION}/queues/later",
            ACCOUNT: f"outside@{PROJECT}.iam.gserviceaccount.com",
            LEDGER: f"{self.place.prefix}-records",
            "K_SERVICE": "outside",
        }

    def text(self, value: PlannedText) -> str:
        """Give a text with its places filled in."""
        return fill(value, self._values)

    def _of(self, kind: type[R]) -> tuple[R, ...]:
        return tuple(resource for resource in self._resources if isinstance(resource, kind))
