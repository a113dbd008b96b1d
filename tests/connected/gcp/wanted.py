"""What a project has to hold by a plan: worked out from the plan's values, not from what a script says."""

from collections.abc import Iterator, Mapping
from typing import Any

from purista_serverless.adapters.gcp.plan.resources import (
    ALL_USERS,
    PROJECT,
    PUBSUB_AGENT,
    Account,
    Alert,
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
    Text,
    Topic,
    Ttl,
)
from purista_serverless.adapters.gcp.plan.texts import fill
from tests.connected.gcp.plane.services import NUMBER

_INGRESS = {
    "all": "ALLOW_ALL",
    "internal": "ALLOW_INTERNAL_ONLY",
    "internal-and-load-balancer": "ALLOW_INTERNAL_AND_GCLB",
}


def wanted(plan: Deployment, values: Mapping[str, str], channels: tuple[str, ...] = ()) -> dict[str, Any]:
    """Give what has to be there, by kind and name.

    Args:
        plan: The plan.
        values: Of the plan's variables, with JSON's escapes.
        channels: That alerts go to.
    """
    project = _Project(plan, values, channels)
    return dict(sorted(pair for resource in plan.resources for pair in project.wants(resource)))


def differences(there: Mapping[str, Any], expected: Mapping[str, Any]) -> list[str]:
    """Name each field of each thing that is not as expected, and each thing that is missing or too many."""
    fields, others = _fields(there), _fields(expected)
    places = sorted({*fields, *others})
    return [
        f"{place}: {fields.get(place)!r} is not {others.get(place)!r}"
        for place in places
        if (place in fields, fields.get(place)) != (place in others, others.get(place))
    ]


def _fields(things: Mapping[str, Any]) -> dict[str, Any]:
    return {
        f"{name}: {field}": value
        for name, thing in things.items()
        for field, value in (thing.items() if isinstance(thing, dict) else [("", thing)])
    }


class _Project:
    def __init__(self, plan: Deployment, values: Mapping[str, str], channels: tuple[str, ...]) -> None:
        self._plan = plan
        self._channels = list(channels)
        self._values = {"number": NUMBER, **values}
        self._resources: dict[str, Any] = {resource.id: resource for resource in plan.resources}
        project, region = values["project"], values["region"]
        self._project = f"projects/{project}"
        self._place = f"{self._project}/locations/{region}"

    def _text(self, text: Text) -> str:
        return fill(text, self._values)

    def _named(self, name: str) -> str:
        return f"{self._values['prefix']}-{name}"

    def wants(self, resource: Resource) -> Iterator[tuple[str, Any]]:
        """Give what one resource wants; services that are enabled are not worth a comparison."""
        match resource:
            case Account() | Database() | Ttl() | TasksQueue() | Bucket() | Secret():
                yield from self._kept(resource)
            case Topic():
                yield f"topic {self._text(resource.path)}", dict(self._plan.labels)
            case Subscription():
                yield f"subscription {self._text(resource.path)}", self._subscription(resource)
            case Function():
                yield f"function {self._named(resource.name)}", self._function(resource)
            case Job():
                yield f"job {self._named(resource.name)}", self._job(resource)
            case Alert():
                yield f"alert {self._named(resource.name)}", self._alert(resource)
            case Grant():
                yield self._grant(resource), True
            case _:
                pass

    def _kept(self, resource: Account | Database | Ttl | TasksQueue | Bucket | Secret) -> Iterator[tuple[str, Any]]:
        match resource:
            case Account():
                yield f"account {self._text(resource.email)}", resource.display_name
            case Database():
                yield f"database {self._named(resource.name)}", self._text(resource.location)
            case Ttl():
                database = self._named(self._resources[resource.database].name)
                yield f"ttl {database}/{resource.collection}/{resource.field}", "ACTIVE"
            case TasksQueue():
                # It gives up nothing.
                yield f"queue {self._named(resource.name)}", -1
            case Bucket():
                yield f"bucket {self._text(resource.full_name)}", [resource.days]
            case Secret():
                yield f"secret {self._named(resource.name)}", dict(self._plan.labels)

    def _subscription(self, resource: Subscription) -> dict[str, Any]:
        wanted: dict[str, Any] = {
            "topic": self._text(self._resources[resource.topic].path),
            "ackDeadlineSeconds": resource.ack_deadline,
            "messageRetentionDuration": f"{resource.retention}s",
            "labels": dict(self._plan.labels),
        }
        if resource.is_ordered:
            wanted["enableMessageOrdering"] = True
        if resource.filter is not None:
            wanted["filter"] = resource.filter
        if resource.backoff is not None:
            shortest, longest = resource.backoff
            wanted["retryPolicy"] = {"minimumBackoff": f"{shortest}s", "maximumBackoff": f"{longest}s"}
        if resource.dead_letter is not None:
            topic = self._text(self._resources[resource.dead_letter].path)
            wanted["deadLetterPolicy"] = {"deadLetterTopic": topic, "maxDeliveryAttempts": resource.max_deliveries}
        if resource.push is not None:
            wanted["pushConfig"] = {
                "pushEndpoint": self._text(resource.push.endpoint),
                "oidcToken": {
                    "serviceAccountEmail": self._text(self._resources[resource.push.account].email),
                    "audience": self._text(resource.push.audience),
                },
            }
        return wanted

    def _function(self, resource: Function) -> dict[str, Any]:
        return {
            "runtime": resource.runtime,
            "entryPoint": "handler",
            "build": {name: self._text(value) for name, value in resource.build_environment},
            "environment": {name: self._text(value) for name, value in resource.environment},
            "secrets": {name: self._named(self._resources[id].name) for name, id in resource.secrets},
            "account": self._text(self._resources[resource.account].email),
            "timeout": resource.timeout,
            "memory": f"{resource.memory}Mi",
            "cpu": f"{resource.cpu / 1000:g}",
            "concurrency": resource.concurrency,
            "instances": (resource.min_instances, resource.max_instances),
            "ingress": _INGRESS[resource.ingress],
            "labels": dict(self._plan.labels),
        }

    def _job(self, resource: Job) -> dict[str, Any]:
        return {
            "schedule": resource.cron,
            "timeZone": resource.timezone,
            "topic": self._text(self._resources[resource.topic].path),
            "data": resource.data,
            "attributes": dict(resource.attributes),
            "state": "ENABLED" if resource.is_enabled else "PAUSED",
            "retries": resource.retries,
        }

    def _alert(self, resource: Alert) -> dict[str, Any]:
        subscription = self._named(self._resources[resource.subscription].name)
        return {
            "threshold": resource.threshold,
            "filter": f'resource.type = "pubsub_subscription" AND resource.labels.subscription_id = "{subscription}"'
            f' AND metric.type = "pubsub.googleapis.com/subscription/{resource.metric}"',
            "text": resource.description,
            "channels": self._channels,
        }

    def _grant(self, grant: Grant) -> str:
        match grant.member:
            case member if member == ALL_USERS:
                member = ALL_USERS
            case member if member == PUBSUB_AGENT:
                member = f"serviceAccount:service-{NUMBER}@gcp-sa-pubsub.iam.gserviceaccount.com"
            case account:
                member = f"serviceAccount:{self._text(self._resources[account].email)}"
        condition = "" if grant.condition is None else self._text(grant.condition.expression)
        return f"grant {self._key(grant.on)} {grant.role} {member} {condition}"

    def _key(self, id: str) -> str:
        if id == PROJECT:
            return f"cloudresourcemanager/{self._project}"
        match self._resources[id]:
            case (Topic() | Subscription()) as resource:
                return f"pubsub/{self._text(resource.path)}"
            case Account() as account:
                return f"iam/{self._project}/serviceAccounts/{self._text(account.email)}"
            case Function() as function:
                return f"run/{self._place}/services/{self._named(function.name)}"
            case TasksQueue() as queue:
                return f"cloudtasks/{self._text(queue.path)}"
            case Secret() as secret:
                return f"secretmanager/{self._project}/secrets/{self._named(secret.name)}"
            case Bucket() as bucket:
                return f"storage/b/{self._text(bucket.full_name)}"
            case other:
                raise TypeError(f"no policy on a {type(other).__name__}")
