"""Where a resource of the plan is in Terraform's configuration."""

from collections.abc import Mapping
from typing import NamedTuple

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
    Ttl,
    WorkerPool,
)
from purista_serverless.adapters.gcp.render.terraform.expressions import expression

# In this order they are written.
TYPES: Mapping[type, str] = {
    Api: "google_project_service",
    Account: "google_service_account",
    Topic: "google_pubsub_topic",
    Subscription: "google_pubsub_subscription",
    Function: "google_cloudfunctions2_function",
    WorkerPool: "google_cloud_run_v2_worker_pool",
    Job: "google_cloud_scheduler_job",
    TasksQueue: "google_cloud_tasks_queue",
    Database: "google_firestore_database",
    Ttl: "google_firestore_field",
    Bucket: "google_storage_bucket",
    Secret: "google_secret_manager_secret",
    Alert: "google_monitoring_alert_policy",
}


class Target(NamedTuple):
    """How a grant on a kind of resource is written.

    ``kind`` is the type of the grant, ``argument`` names the resource in it, and ``attribute`` is that of the resource.
    """

    kind: str
    argument: str
    attribute: str
    has_location: bool = False


# Each adds one member to one role and takes nobody else's away, as a binding or a policy would.
TARGETS: Mapping[type, Target] = {
    Topic: Target("google_pubsub_topic_iam_member", "topic", "name"),
    Subscription: Target("google_pubsub_subscription_iam_member", "subscription", "name"),
    # The service that Cloud Run has for a function is called as the function is.
    Function: Target("google_cloud_run_v2_service_iam_member", "name", "name", has_location=True),
    Account: Target("google_service_account_iam_member", "service_account_id", "name"),
    TasksQueue: Target("google_cloud_tasks_queue_iam_member", "name", "name", has_location=True),
    Secret: Target("google_secret_manager_secret_iam_member", "secret_id", "secret_id"),
    Bucket: Target("google_storage_bucket_iam_member", "bucket", "name"),
}
PROJECT_GRANT = "google_project_iam_member"


class Addresses:
    """The resources of a deployment by id, and where each of them is."""

    def __init__(self, deployment: Deployment) -> None:
        self._resources = {resource.id: resource for resource in deployment.resources}

    def type_of(self, resource: Resource) -> str:
        """Give Terraform's type of a resource."""
        if isinstance(resource, Grant):
            return PROJECT_GRANT if resource.on == PROJECT else self.target_of(resource).kind
        return TYPES[type(resource)]

    def target_of(self, grant: Grant) -> Target:
        """Give how a grant is written that is not on the project."""
        return TARGETS[type(self._resources[grant.on])]

    def subscription(self, id: str) -> Subscription:
        """Give a subscription by its id."""
        found = self._resources[id]
        assert isinstance(found, Subscription)  # noqa: S101 - the plan says so
        return found

    def address(self, id: str) -> str:
        """Give the address of a resource by its id."""
        return f"{self.type_of(self._resources[id])}.{id}"

    def attribute(self, id: str, name: str) -> str:
        """Refer to what a resource tells about itself."""
        return expression(f"{self.address(id)}.{name}")
