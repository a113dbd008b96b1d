"""What Terraform makes anew instead of changing it, and what is lost with it.

Source: documentation of Terraform's Google provider, "Changing this forces a new resource to be created", and of the
services: a subscription's filter and order are those of its creation.
"""

from collections.abc import Iterator

from purista_serverless.adapters.gcp.compare.document import Resource, shown
from purista_serverless.synth.changes import Danger

CREATE_ONLY: dict[str, tuple[str, ...]] = {
    "google_cloud_run_v2_worker_pool": ("location", "name", "project"),
    "google_cloud_scheduler_job": ("name", "project", "region"),
    "google_cloud_tasks_queue": ("location", "name", "project"),
    "google_cloudfunctions2_function": ("location", "name", "project"),
    "google_firestore_database": ("location_id", "name", "project"),
    "google_firestore_field": ("collection", "database", "field", "project"),
    "google_project_service": ("project", "service"),
    "google_pubsub_subscription": ("enable_message_ordering", "filter", "name", "project", "topic"),
    "google_pubsub_topic": ("kms_key_name", "name", "project"),
    "google_secret_manager_secret": ("project", "replication", "secret_id"),
    "google_service_account": ("account_id", "project"),
    "google_storage_bucket": ("location", "name", "project"),
}

CONTENTS = {
    "google_cloud_tasks_queue": "what waits in it for its time",
    "google_firestore_database": "its records",
    "google_pubsub_subscription": "the messages in it",
    "google_pubsub_topic": "messages that are on their way to its subscriptions",
    "google_secret_manager_secret": "its versions",
    "google_storage_bucket": "its objects",
}

# What keeps the contents although Terraform has forgotten the resource.
_KEPT = {"google_firestore_database": ("deletion_policy", "ABANDON")}

_AGE = "condition.age"
_PROTECTED = "DELETE_PROTECTION_ENABLED"


def dangers_of_removing(old: Resource) -> tuple[Danger, ...]:
    """Say what is lost with a resource."""
    return tuple(_lost(old))


def dangers_of_replacing(old: Resource, new: Resource) -> tuple[Danger, ...]:
    """Say what is lost when a resource takes the place of another one at its address."""
    fixed = CREATE_ONLY.get(new.type, ())
    reasons = [f"{name} cannot be changed" for name in fixed if _under(old, name) != _under(new, name)]
    if not reasons:
        return ()
    return (Danger(risk="replaces-resource", why="; ".join(reasons)), *_lost(old))


def dangers_of_keeping_shorter(old: Resource, new: Resource) -> tuple[Danger, ...]:
    """Say what is kept for a shorter time than before, or may be deleted more easily."""
    return tuple(Danger(risk="loses-data", why=reason) for reason in _shorter(old, new))


def _shorter(old: Resource, new: Resource) -> Iterator[str]:
    for path in sorted({*old.arguments} & {*new.arguments}):
        was, now = old.arguments[path], new.arguments[path]
        is_age = new.type == "google_storage_bucket" and path.endswith(_AGE)
        if is_age and was.isdecimal() and now.isdecimal() and int(now) < int(was):
            yield f"{path} goes down from {was} to {now}"
    if new.type == "google_firestore_database" and _PROTECTED in old.arguments.values():
        if _PROTECTED not in new.arguments.values():
            yield "the database can be deleted"
        name, value = _KEPT[new.type]
        if old.arguments.get(name) == value != new.arguments.get(name):
            yield f"{name} goes from {value} to {shown(new.arguments.get(name))}: its records go with it"


def _lost(old: Resource) -> Iterator[Danger]:
    name, value = _KEPT.get(old.type, ("", ""))
    if old.type in CONTENTS and not (name and old.arguments.get(name) == value):
        yield Danger(risk="loses-data", why=f"{CONTENTS[old.type]}: deleted")


def _under(resource: Resource, name: str) -> dict[str, str]:
    """Give an argument with all that is below it; switched off is what an absent switch is."""
    below = {path: value for path, value in resource.arguments.items() if path == name or path.startswith(f"{name}.")}
    return {path: value for path, value in below.items() if value not in {"false", "", "null"}}
