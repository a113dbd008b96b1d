"""What Google's services make of a configuration, as far as it follows from the configuration alone.

The real provider knows most of it after the apply only. That it is known when the plan is made shows, without an
account, which resource is granted to whom.
"""

from collections.abc import Mapping
from typing import Any

from tests.connected.gcp.terraform_protocol import is_unknown
from tests.connected.gcp.terraform_provider import Outcome

NUMBER = "123456789012"

Values = Mapping[str, Any]


def _project(given: Values, settings: Values) -> str:
    chosen = given.get("project")
    return str(settings["project"] if chosen is None or is_unknown(chosen) else chosen)


def _named(collection: str, argument: str = "name") -> Outcome:
    """Give the outcome of a resource whose id is made of its name."""

    def outcome(given: Values, settings: Values) -> Values:
        if is_unknown(given[argument]):
            return {}
        return {"id": f"projects/{_project(given, settings)}/{collection}/{given[argument]}"}

    return outcome


def _account(given: Values, settings: Values) -> Values:
    if is_unknown(given["account_id"]):
        return {}
    project = _project(given, settings)
    email = f"{given['account_id']}@{project}.iam.gserviceaccount.com"
    name = f"projects/{project}/serviceAccounts/{email}"
    return {"id": name, "name": name, "email": email, "member": f"serviceAccount:{email}"}


def _number(_given: Values, _settings: Values) -> Values:
    return {"number": NUMBER}


# By type of resource or data source.
OUTCOMES: Mapping[str, Outcome] = {
    "google_project": _number,
    "google_service_account": _account,
    "google_pubsub_topic": _named("topics"),
    "google_pubsub_subscription": _named("subscriptions"),
    "google_secret_manager_secret": _named("secrets", "secret_id"),
}

# What a change of makes the resource anew.
REPLACED_BY: Mapping[str, tuple[str, ...]] = {
    "google_service_account": ("account_id",),
    "google_pubsub_topic": ("name",),
    "google_pubsub_subscription": ("name", "topic", "filter", "enable_message_ordering"),
    "google_cloudfunctions2_function": ("name", "location"),
    "google_cloud_scheduler_job": ("name", "region"),
    "google_cloud_tasks_queue": ("name", "location"),
    "google_firestore_database": ("name", "location_id"),
    "google_storage_bucket": ("name", "location"),
    "google_storage_bucket_object": ("name", "bucket", "source"),
    "google_secret_manager_secret": ("secret_id",),
}
