"""Terraform's documents before and after: which changes are told, and which of them are dangerous."""

import copy
import json
from typing import Any

import pytest

from purista_serverless.adapter import load_object
from purista_serverless.adapters import load_adapter
from purista_serverless.adapters.gcp.compare.differ import differ
from purista_serverless.errors import DeclarationError
from purista_serverless.synth.changes import Change
from purista_serverless.synth.pipeline import render
from tests.unit.aws.stack import shop

FILE = "infra/gcp/main.tf.json"

SHOP: dict[str, Any] = {
    "variable": {"prefix": {"type": "string", "default": "shop"}},
    "output": {"database": {"value": "shop-records", "description": "Records."}},
    "resource": {
        "google_pubsub_topic": {"packing": {"name": "packing"}},
        "google_pubsub_subscription": {
            "packing": {
                "name": "packing",
                "topic": "${google_pubsub_topic.packing.id}",
                "ack_deadline_seconds": 90,
                "message_retention_duration": "604800s",
                "expiration_policy": {"ttl": ""},
                "retry_policy": {"minimum_backoff": "1s", "maximum_backoff": "120s"},
                "dead_letter_policy": {"dead_letter_topic": "letters", "max_delivery_attempts": 30},
                "depends_on": ["google_pubsub_topic.packing"],
            }
        },
        "google_firestore_database": {
            "records": {
                "name": "records",
                "location_id": "europe-west1",
                "delete_protection_state": "DELETE_PROTECTION_ENABLED",
                "deletion_policy": "ABANDON",
            }
        },
        "google_storage_bucket": {
            "claims": {
                "name": "claims",
                "location": "europe-west1",
                "public_access_prevention": "enforced",
                "lifecycle_rule": [{"condition": {"age": 60}, "action": {"type": "Delete"}}],
            }
        },
        "google_cloudfunctions2_function": {
            "pack": {
                "name": "pack",
                "service_config": {"timeout_seconds": 60, "ingress_settings": "ALLOW_INTERNAL_ONLY"},
            }
        },
        "google_cloud_scheduler_job": {"nightly": {"schedule": "0 3 * * *", "retry_config": {"retry_count": 5}}},
        "google_cloud_tasks_queue": {"later": {"name": "later", "retry_config": {"max_attempts": -1}}},
        "google_pubsub_topic_iam_member": {
            "pack": {"topic": "packing", "role": "roles/pubsub.publisher", "member": "serviceAccount:pack"}
        },
    },
}

SUBSCRIPTION = "google_pubsub_subscription/packing"

# What a change of one value means.
DANGERS: dict[str, tuple[str, Any, list[str]]] = {
    "a subscription has a filter": (f"{SUBSCRIPTION}/filter", "x", ["loses-data", "replaces-resource"]),
    "a subscription keeps an order": (
        f"{SUBSCRIPTION}/enable_message_ordering",
        True,
        ["loses-data", "replaces-resource"],
    ),
    "an order is said not to be kept": (f"{SUBSCRIPTION}/enable_message_ordering", False, []),
    "another topic": (f"{SUBSCRIPTION}/topic", "other", ["loses-data", "replaces-resource"]),
    "a renamed topic": ("google_pubsub_topic/packing/name", "other", ["loses-data", "replaces-resource"]),
    "a shorter lease": (f"{SUBSCRIPTION}/ack_deadline_seconds", 60, ["weakens-retry"]),
    "a longer lease": (f"{SUBSCRIPTION}/ack_deadline_seconds", 600, []),
    "the default retention": (f"{SUBSCRIPTION}/message_retention_duration", None, []),
    "a shorter retention": (f"{SUBSCRIPTION}/message_retention_duration", "600s", ["weakens-retry"]),
    "fewer deliveries": (f"{SUBSCRIPTION}/dead_letter_policy/max_delivery_attempts", 6, ["weakens-retry"]),
    "no dead letter": (f"{SUBSCRIPTION}/dead_letter_policy", None, ["weakens-retry"]),
    "no retry policy": (f"{SUBSCRIPTION}/retry_policy", None, ["weakens-retry"]),
    "a longer backoff": (f"{SUBSCRIPTION}/retry_policy/maximum_backoff", "600s", []),
    "a subscription that expires": (f"{SUBSCRIPTION}/expiration_policy", None, ["weakens-retry"]),
    "another order of making": (f"{SUBSCRIPTION}/depends_on", [], []),
    "a database elsewhere": ("google_firestore_database/records/location_id", "us", ["replaces-resource"]),
    "a database without protection": (
        "google_firestore_database/records/delete_protection_state",
        None,
        ["loses-data"],
    ),
    "a database that goes with its resource": (
        "google_firestore_database/records/deletion_policy",
        "DELETE",
        ["loses-data"],
    ),
    "objects that are kept for less time": (
        "google_storage_bucket/claims/lifecycle_rule/0/condition/age",
        30,
        ["loses-data"],
    ),
    "objects that may become public": (
        "google_storage_bucket/claims/public_access_prevention",
        "inherited",
        ["widens-access"],
    ),
    "requests from everywhere": (
        "google_cloudfunctions2_function/pack/service_config/ingress_settings",
        "ALLOW_ALL",
        ["widens-access"],
    ),
    "the default ingress": (
        "google_cloudfunctions2_function/pack/service_config/ingress_settings",
        None,
        ["widens-access"],
    ),
    "a longer timeout": ("google_cloudfunctions2_function/pack/service_config/timeout_seconds", 90, []),
    "fewer tries of a schedule": ("google_cloud_scheduler_job/nightly/retry_config", None, ["weakens-retry"]),
    "a limit of tries of a task": ("google_cloud_tasks_queue/later/retry_config", None, ["weakens-retry"]),
    "another expression": ("google_cloud_scheduler_job/nightly/schedule", "0 4 * * *", []),
    "a right for everybody": ("google_pubsub_topic_iam_member/pack/member", "allUsers", ["widens-access"]),
    "another role": ("google_pubsub_topic_iam_member/pack/role", "roles/pubsub.admin", ["widens-access"]),
    "a right under a condition": (
        "google_pubsub_topic_iam_member/pack/condition",
        {"title": "night", "expression": "true"},
        [],
    ),
    "a right less": ("google_pubsub_topic_iam_member/pack", None, []),
    "a subscription less": (SUBSCRIPTION, None, ["loses-data"]),
    "a database less": ("google_firestore_database/records", None, []),
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """Give the shop with another value at a path of its resources; ``None`` takes it away."""
    document = copy.deepcopy(SHOP)
    *parents, last = path.split("/")
    node: Any = document["resource"]
    for name in parents:
        node = node[int(name)] if isinstance(node, list) else node[name]
    if value is None:
        del node[last]
    else:
        node[last] = value
    return document


def compare(before: dict[str, Any], after: dict[str, Any]) -> tuple[Change, ...]:
    """Compare two documents."""
    return differ({FILE: json.dumps(before)}, {FILE: json.dumps(after)})


def risks(changes: tuple[Change, ...]) -> list[str]:
    """Give the risks of changes, sorted."""
    return sorted(danger.risk for change in changes for danger in change.dangers)


@pytest.mark.parametrize("name", DANGERS)
def test_one_value_changes(name):
    """A change is told once, with the risks that it has and no others."""
    path, value, expected = DANGERS[name]

    changes = compare(SHOP, changed(path, value))

    assert len(changes) == (0 if path.endswith("depends_on") else 1)
    assert risks(changes) == expected


def test_nothing_changes():
    """The same document in another order is the same."""
    reordered = {name: SHOP[name] for name in reversed(SHOP)}

    assert compare(SHOP, reordered) == ()


def test_what_is_new_is_told():
    """A new topic is harmless; a new right is somebody's to agree to, and says who may do what."""
    after = copy.deepcopy(SHOP)
    after["resource"]["google_pubsub_topic"]["mails"] = {"name": "mails"}
    after["resource"]["google_pubsub_topic_iam_member"]["mail"] = {
        "topic": "mails",
        "role": "roles/pubsub.publisher",
        "member": "allUsers",
    }

    changes = {change.subject: change for change in compare(SHOP, after)}

    assert changes["google_pubsub_topic.mails"].dangers == ()
    (danger,) = changes["google_pubsub_topic_iam_member.mail"].dangers
    assert danger.why == "everybody has roles/pubsub.publisher on mails"


def test_a_changed_value_is_shown():
    """Whoever reads the report sees what was there and what is there now."""
    (change,) = compare(SHOP, changed(f"{SUBSCRIPTION}/ack_deadline_seconds", 60))

    assert change.subject == "google_pubsub_subscription.packing"
    assert change.what == "ack_deadline_seconds: 90 -> 60"
    assert change.dangers[0].why == "ack_deadline_seconds goes down from 90 to 60"


@pytest.mark.parametrize(
    ("path", "value", "why"),
    [
        (f"{SUBSCRIPTION}/message_retention_duration", "604799s", "goes down from 604800 to 604799"),
        ("google_cloud_tasks_queue/later/retry_config/max_attempts", 3, "goes down from unlimited to 3"),
    ],
)
def test_figures_are_told_as_they_are(path, value, why):
    """A large one is not rounded, and no limit is no figure."""
    (change,) = compare(SHOP, changed(path, value))

    assert change.dangers[0].why.endswith(why)


def test_what_lies_outside_of_resources_is_told():
    """An output may be read by others; a variable in all names makes everything anew."""
    without_output = {**SHOP, "output": {}}
    other_prefix = {**SHOP, "variable": {"prefix": {"type": "string", "default": "market"}}}

    assert risks(compare(SHOP, without_output)) == ["breaks-contract"]
    assert risks(compare(SHOP, other_prefix)) == ["replaces-resource"]


def test_a_document_that_is_gone_takes_everything_with_it():
    """The first one is harmless."""
    gone = differ({FILE: json.dumps(SHOP)}, {})
    first = differ({}, {FILE: json.dumps(SHOP)})

    assert set(risks(gone)) == {"loses-data"}
    assert risks(first) == []


def test_a_document_that_cannot_be_read_is_told():
    """With the file, and what to do."""
    with pytest.raises(DeclarationError, match=r"infra/gcp/main\.tf\.json cannot be read: .*; build it again"):
        differ({FILE: "{"}, {FILE: json.dumps(SHOP)})


def test_what_a_build_renders_can_be_compared():
    """The adapter names this differ, and finds nothing between two builds of one application."""
    adapter = load_adapter("gcp")
    files = render(shop.app.model, adapter)
    assert adapter.differ is not None

    assert load_object(adapter.differ)(files, files) == ()
    assert risks(load_object(adapter.differ)(files, {**files, FILE: json.dumps({"resource": {}})})).count("loses-data")
