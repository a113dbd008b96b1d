"""The resources of a deployment by id."""

from collections.abc import Iterator
from typing import TypeVar

from purista_serverless.adapters.gcp.plan.resources import Account, Deployment, Resource, Secret, Subscription, Topic

_Kind = TypeVar("_Kind", bound=Resource)


class Resources:
    """The resources of a deployment, looked up by id and listed by kind."""

    def __init__(self, deployment: Deployment) -> None:
        self._resources = {resource.id: resource for resource in deployment.resources}

    def all(self, kind: type[_Kind]) -> Iterator[_Kind]:
        """List those of a kind, in the order of the plan."""
        return (resource for resource in self._resources.values() if isinstance(resource, kind))

    def get(self, id: str) -> Resource:
        """Give any resource."""
        return self._resources[id]

    def account(self, id: str) -> Account:
        """Give an account."""
        return self._of(Account, id)

    def secret(self, id: str) -> Secret:
        """Give a secret."""
        return self._of(Secret, id)

    def subscription(self, id: str) -> Subscription:
        """Give a subscription."""
        return self._of(Subscription, id)

    def topic(self, id: str) -> Topic:
        """Give a topic."""
        return self._of(Topic, id)

    def _of(self, kind: type[_Kind], id: str) -> _Kind:
        resource = self._resources[id]
        if not isinstance(resource, kind):
            raise TypeError(f"{id} is a {type(resource).__name__}, no {kind.__name__}")
        return resource
