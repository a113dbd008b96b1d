"""What has to be there before a resource that does not refer to it."""

from collections.abc import Iterator, Mapping

from purista_serverless.adapters.gcp.plan.resources import (
    PROJECT,
    Account,
    Alert,
    Api,
    Bucket,
    Database,
    Deployment,
    Function,
    Grant,
    Job,
    Resource,
    Secret,
    Subscription,
    TasksQueue,
    Topic,
    WorkerPool,
)

# The services of Google behind a resource; what refers to one of these needs no more.
_SERVICES: Mapping[type, tuple[str, ...]] = {
    Account: ("iam",),
    Topic: ("pubsub",),
    Function: ("artifactregistry", "cloudbuild", "cloudfunctions", "run"),
    WorkerPool: ("run",),
    Job: ("cloudscheduler",),
    TasksQueue: ("cloudtasks",),
    Database: ("firestore",),
    Bucket: ("storage",),
    Secret: ("secretmanager",),
    Alert: ("monitoring",),
}


class Order:
    """The order in which a deployment's resources are made, as far as references do not tell it."""

    def __init__(self, deployment: Deployment) -> None:
        self._apis: dict[str, str] = {}
        self._databases: list[str] = []
        self._permissions: dict[str, list[str]] = {}
        self._invokers: dict[str, list[str]] = {}
        self._granted_on: dict[str, list[str]] = {}
        self._subscriptions: dict[str, list[str]] = {}
        functions = {resource.id for resource in deployment.resources if isinstance(resource, Function)}
        for resource in deployment.resources:
            match resource:
                case Api():
                    self._apis[resource.service.partition(".")[0]] = resource.id
                case Database():
                    self._databases.append(resource.id)
                case Subscription():
                    self._subscriptions.setdefault(resource.topic, []).append(resource.id)
                case Grant() if resource.on in functions:
                    self._invokers.setdefault(resource.on, []).append(resource.id)
                case Grant():
                    self._permissions.setdefault(resource.member, []).append(resource.id)
                    self._granted_on.setdefault(resource.on, []).append(resource.id)
                case _:
                    pass

    def before(self, resource: Resource) -> tuple[str, ...]:
        """Give the ids of what a resource has to wait for, sorted."""
        services = _SERVICES.get(type(resource), ())
        apis = (self._apis[service] for service in services if service in self._apis)
        return tuple(sorted({*apis, *self._others(resource)}))

    def _others(self, resource: Resource) -> Iterator[str]:
        match resource:
            case Function() | WorkerPool():
                # Without them its first message fails. Who may invoke functions comes later: they invoke each other.
                yield from self._permissions.get(resource.account, ())
            case Subscription():
                yield from self._before_delivery(resource)
            case Job():
                # What is published before anybody has subscribed is lost.
                yield from self._subscriptions.get(resource.topic, ())
            case Grant() if resource.on == PROJECT:
                yield from self._databases
            case _:
                pass

    def _before_delivery(self, subscription: Subscription) -> Iterator[str]:
        if subscription.push is not None:
            yield subscription.push.function
            yield from self._invokers.get(subscription.push.function, ())
            yield from self._granted_on.get(subscription.push.account, ())
        if subscription.dead_letter is not None:
            # Pub/Sub's own agent among them; and what it forwards must not find the topic without a subscription.
            yield from self._granted_on.get(subscription.dead_letter, ())
            yield from self._subscriptions.get(subscription.dead_letter, ())
