"""An emulated project: its topics, subscriptions and services, made from the resources of a deployment."""

from collections.abc import Mapping
from dataclasses import dataclass

from purista_serverless.adapters.gcp.emulator.instance import InstanceSetup
from purista_serverless.adapters.gcp.emulator.pool import Pool, PoolSetup
from purista_serverless.adapters.gcp.emulator.pubsub import PubSub
from purista_serverless.adapters.gcp.emulator.pushing import LONGEST_LEASE, Pusher, PushSetup
from purista_serverless.adapters.gcp.emulator.service import Service, ServiceSetup
from purista_serverless.adapters.gcp.emulator.site import Site
from purista_serverless.adapters.gcp.emulator.tokens import Signer
from purista_serverless.adapters.gcp.plan.resources import (
    Bucket,
    Function,
    Grant,
    Job,
    Push,
    Secret,
    Subscription,
    Topic,
    WorkerPool,
)
from purista_serverless.emulation.forwarding import Answer, Request
from purista_serverless.emulation.instances import MOST_INSTANCES
from purista_serverless.emulation.platform import Platform

_INVOKER = "roles/run.invoker"
# The emulator refuses more than a week, the service more than a month; what is kept here is gone sooner than either.
_LONGEST_RETENTION = 7 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """Where functions and worker pools run.

    Attributes:
        root: Folder of the application's sources.
        variables: What the platform adds to their environment.
        settings: Secrets by name; they lack those that are not here.
        python: The interpreter.
    """

    root: str
    variables: Mapping[str, str]
    settings: Mapping[str, str]
    python: str


class Project:
    """The parts of a project.

    Args:
        site: Gives the texts of the deployment.
        pubsub: Where topics are made.
        signer: Signs who calls.
        platform: The surroundings of its parts.
    """

    def __init__(self, site: Site, pubsub: PubSub, signer: Signer, platform: Platform) -> None:
        self._site = site
        self._pubsub = pubsub
        self._signer = signer
        self._platform = platform
        # By the ids of their functions.
        self.services = {
            function.id: Service(self._service_setup(function), signer, platform) for function in site.of(Function)
        }

    def make_topics(self) -> None:
        """Make all topics and subscriptions in the emulator."""
        for topic in self._site.of(Topic):
            self._pubsub.ask("PUT", self._site.text(topic.path), {})
        for subscription in self._site.of(Subscription):
            self._make_subscription(subscription)

    def pushers(self) -> list[Pusher]:
        """Give what pushes each subscription that has an endpoint."""
        return [
            self._pusher(subscription, subscription.push)
            for subscription in self._site.of(Subscription)
            if subscription.push is not None
        ]

    def jobs(self) -> dict[Job, str]:
        """Give the jobs of Cloud Scheduler, each with the full name of its topic."""
        return {job: self._topic(job.topic) for job in self._site.of(Job)}

    def buckets(self) -> frozenset[str]:
        """Give the names of all buckets."""
        return frozenset(self._site.text(bucket.full_name) for bucket in self._site.of(Bucket))

    def instance_setup(self, function: Function, host: Host) -> InstanceSetup:
        """Say how a function is run."""
        return InstanceSetup(
            name=self._site.name(function.name),
            root=host.root,
            source=function.source,
            timeout=function.timeout,
            variables=self._variables(function, host),
            python=host.python,
        )

    def pools(self, pool: WorkerPool, host: Host) -> list[Pool]:
        """Give the instances of a worker pool."""
        return [Pool(self._pool_setup(pool, host), self._platform.log) for _ in range(pool.instances)]

    def _pool_setup(self, pool: WorkerPool, host: Host) -> PoolSetup:
        return PoolSetup(
            name=self._site.name(pool.name),
            root=host.root,
            arguments=pool.arguments,
            variables=self._variables(pool, host),
            python=host.python,
        )

    def _variables(self, runs: Function | WorkerPool, host: Host) -> dict[str, str]:
        """Give the environment of what runs: the platform's, that of the deployment, and secrets that have a value."""
        return {**host.variables, **self._site.environment(runs.environment), **self._secrets(runs, host.settings)}

    def _service_setup(self, function: Function) -> ServiceSetup:
        grants = [grant for grant in self._site.of(Grant) if (grant.role, grant.on) == (_INVOKER, function.id)]
        invokers = frozenset(self._site.email(grant.member) for grant in grants)
        return ServiceSetup(
            id=function.id,
            name=self._site.name(function.name),
            email=self._site.email(function.account),
            invokers=None if function.is_open else invokers,
            instances=function.max_instances,
        )

    def _secrets(self, runs: Function | WorkerPool, settings: Mapping[str, str]) -> dict[str, str]:
        found = {}
        for variable, id in runs.secrets:
            secret = self._site.find(id)
            if isinstance(secret, Secret) and secret.setting in settings:
                found[variable] = settings[secret.setting]
        return found

    def _make_subscription(self, subscription: Subscription) -> None:
        topic, path = self._topic(subscription.topic), self._site.text(subscription.path)
        is_pushed = subscription.push is not None
        content = {
            "topic": topic,
            "ackDeadlineSeconds": LONGEST_LEASE if is_pushed else subscription.ack_deadline,
            "enableMessageOrdering": subscription.is_ordered and not is_pushed,
            "messageRetentionDuration": f"{min(subscription.retention, _LONGEST_RETENTION)}s",
        }
        self._pubsub.ask("PUT", path, content)
        if is_pushed:
            # The emulator lends its messages to a pusher of ours, which keeps their order: the emulator would lend no
            # message before the one in front of it is done.
            self._pubsub.backlog.subscribe(topic, path)

    def _pusher(self, subscription: Subscription, push: Push) -> Pusher:
        service = self.services[push.function]
        email, audience = self._site.email(push.account), self._site.text(push.audience)

        def send(request: Request) -> Answer:
            return service.answer(request.with_header("Authorization", f"Bearer {self._signer.token(email, audience)}"))

        letters = subscription.dead_letter
        setup = PushSetup(
            path=self._site.text(subscription.path),
            target=self._site.text(push.endpoint).removeprefix(service.url),
            backoff=subscription.backoff,
            dead_letter=None if letters is None else self._topic(letters),
            max_deliveries=subscription.max_deliveries,
            is_ordered=subscription.is_ordered,
            filter=subscription.filter,
            width=min(service.setup.instances, MOST_INSTANCES),
        )
        return Pusher(setup, self._pubsub, send, self._platform)

    def _topic(self, id: str) -> str:
        topic = self._site.find(id)
        assert isinstance(topic, Topic)  # noqa: S101 - so says the plan
        return self._site.text(topic.path)
