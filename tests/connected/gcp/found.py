"""What the control planes hold, in the form in which a plan is compared with them."""

from base64 import b64decode
from collections.abc import Iterator
from typing import Any

from tests.connected.gcp.plane.proxy import ControlPlane

# What marks a thing as deployed by a script of ours.
_MARKS = frozenset({"purista-prefix", "purista-revision"})
# What gcloud adds to a function: a variable and a label.
_OF_GCLOUD = frozenset({"LOG_EXECUTION_ID", "deployment-tool"})
_SUBSCRIPTION = (
    *("topic", "ackDeadlineSeconds", "messageRetentionDuration", "enableMessageOrdering", "filter"),
    *("retryPolicy", "deadLetterPolicy", "pushConfig"),
)


def found(plane: ControlPlane, project: str, region: str) -> dict[str, Any]:
    """Give what is in a project, by kind and name."""
    world = _World(plane, f"projects/{project}", f"projects/{project}/locations/{region}")
    kinds = (world.messaging(), world.functions(), world.jobs(), world.kept(), world.alerts(), world.grants())
    return dict(sorted(pair for kind in kinds for pair in kind))


class _World:
    def __init__(self, plane: ControlPlane, project: str, place: str) -> None:
        self._plane = plane
        self._project = project
        self._place = place

    def messaging(self) -> Iterator[tuple[str, Any]]:
        for topic in self._plane.pubsub.all(self._project, "topics"):
            yield f"topic {topic['name']}", _unmarked(topic["labels"])
        for subscription in self._plane.pubsub.all(self._project, "subscriptions"):
            assert subscription["expirationPolicy"] == {}, f"{subscription['name']} expires"
            kept = {name: subscription[name] for name in _SUBSCRIPTION if subscription.get(name)}
            yield f"subscription {subscription['name']}", {**kept, "labels": _unmarked(subscription["labels"])}

    def functions(self) -> Iterator[tuple[str, Any]]:
        for name, function in self._below(f"cloudfunctions/{self._place}/functions"):
            build, service = function["buildConfig"], function["serviceConfig"]
            variables, secrets = service["environmentVariables"], service.get("secretEnvironmentVariables", ())
            yield (
                f"function {name}",
                {
                    "runtime": build["runtime"],
                    "entryPoint": build["entryPoint"],
                    "build": build["environmentVariables"],
                    "environment": {one: variables[one] for one in variables if one not in _OF_GCLOUD},
                    "secrets": {secret["key"]: secret["secret"] for secret in secrets},
                    "account": service["serviceAccountEmail"],
                    "timeout": service["timeoutSeconds"],
                    "memory": service["availableMemory"],
                    "cpu": service["availableCpu"],
                    "concurrency": service["maxInstanceRequestConcurrency"],
                    "instances": (service.get("minInstanceCount", 0), service["maxInstanceCount"]),
                    "ingress": service["ingressSettings"],
                    "labels": _unmarked(function["labels"]),
                },
            )

    def jobs(self) -> Iterator[tuple[str, Any]]:
        for name, job in self._below(f"cloudscheduler/{self._place}/jobs"):
            target = job["pubsubTarget"]
            yield (
                f"job {name}",
                {
                    "schedule": job["schedule"],
                    "timeZone": job["timeZone"],
                    "topic": target["topicName"],
                    "data": b64decode(target["data"]).decode(),
                    "attributes": target.get("attributes", {}),
                    "state": job["state"],
                    "retries": job["retryConfig"]["retryCount"],
                },
            )

    def kept(self) -> Iterator[tuple[str, Any]]:
        for name, account in self._below(f"iam/{self._project}/serviceAccounts"):
            yield f"account {name}", account["displayName"]
        for name, database in self._below(f"firestore/{self._project}/databases"):
            yield f"database {name}", database["locationId"]
            assert database["deleteProtectionState"] == "DELETE_PROTECTION_ENABLED"
            yield from self._expiries(name)
        for name, queue in self._below(f"cloudtasks/{self._place}/queues"):
            yield f"queue {name}", queue["retryConfig"]["maxAttempts"]
        for name, secret in self._below(f"secretmanager/{self._project}/secrets"):
            yield f"secret {name}", _unmarked(secret["labels"])
        for name, bucket in self._below("storage/b"):
            assert bucket["iamConfiguration"]["publicAccessPrevention"] == "enforced"
            yield f"bucket {name}", [rule["condition"]["age"] for rule in bucket["lifecycle"].get("rule", ())]

    def alerts(self) -> Iterator[tuple[str, Any]]:
        for alert in self._plane.store.named(f"monitoring/{self._project}/alertPolicies").values():
            (condition,) = alert["conditions"]
            threshold = condition["conditionThreshold"]
            yield (
                f"alert {alert['displayName']}",
                {
                    "threshold": threshold.get("thresholdValue", 0),
                    "filter": threshold["filter"],
                    "text": alert["documentation"]["content"],
                    "channels": alert.get("notificationChannels", []),
                },
            )

    def grants(self) -> Iterator[tuple[str, Any]]:
        for key, policy in self._plane.store.policies.items():
            for binding in policy.get("bindings", ()):
                condition = binding.get("condition", {}).get("expression", "")
                for member in binding["members"]:
                    yield f"grant {key} {binding['role']} {member} {condition}", True

    def _expiries(self, database: str) -> Iterator[tuple[str, Any]]:
        prefix = f"firestore/{self._project}/databases/{database}/collectionGroups/"
        for key, field in self._plane.store.resources.items():
            if key.startswith(prefix):
                collection, _, name = key.removeprefix(prefix).partition("/fields/")
                yield f"ttl {database}/{collection}/{name}", field["ttlConfig"]["state"]

    def _below(self, prefix: str) -> Iterator[tuple[str, Any]]:
        yield from self._plane.store.named(prefix).items()


def _unmarked(labels: dict[str, str]) -> dict[str, str]:
    assert labels.keys() >= _MARKS
    return {name: value for name, value in labels.items() if name not in _MARKS | _OF_GCLOUD}
