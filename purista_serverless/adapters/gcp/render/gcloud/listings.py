"""What the script lists before it does anything: each kind of thing once."""

from collections.abc import Iterator

from purista_serverless.adapters.gcp.plan.resources import (
    Account,
    Alert,
    Bucket,
    Database,
    Function,
    Job,
    Secret,
    Subscription,
    TasksQueue,
    Topic,
)
from purista_serverless.adapters.gcp.render.gcloud.commands import call
from purista_serverless.adapters.gcp.render.gcloud.resources import Resources

_REGION = '"$REGION"'
_MARKS = ("labels.purista-revision", "labels.purista-prefix")
_NAME = "name.basename()"


def listings(resources: Resources) -> Iterator[str]:
    """Give the calls that list what there is of each kind of which something is planned."""
    for kind, words, columns in _LISTINGS:
        if any(resources.all(kind)):
            yield _listing(words, columns)
    # The sources of functions lie in a bucket as well.
    if any(resources.all(Bucket)) or any(resources.all(Function)):
        yield _listing(("learn", "buckets", "storage", "buckets", "list"), ("name", *_MARKS))


def _listing(words: tuple[str, ...], columns: tuple[str, ...]) -> str:
    return call(*words, f"--format='value({','.join(columns)})'")


_LISTINGS = (
    (Account, ("learn_described", "accounts", "iam", "service-accounts", "list"), ("email", "description")),
    (Topic, ("learn", "topics", "pubsub", "topics", "list"), (_NAME, *_MARKS)),
    (
        Subscription,
        ("learn", "subscriptions", "pubsub", "subscriptions", "list"),
        (_NAME, *_MARKS, "topic.basename()", "enableMessageOrdering", "filter"),
    ),
    (Secret, ("learn", "secrets", "secrets", "list"), (_NAME, *_MARKS)),
    (Database, ("learn", "databases", "firestore", "databases", "list"), (_NAME, "locationId")),
    (TasksQueue, ("learn", "queues", "tasks", "queues", "list", f"--location={_REGION}"), (_NAME,)),
    (Function, ("learn", "functions", "functions", "list", "--v2", f"--regions={_REGION}"), (_NAME, *_MARKS)),
    (
        Job,
        ("learn_described", "jobs", "scheduler", "jobs", "list", f"--location={_REGION}"),
        (_NAME, "description", "state"),
    ),
    (
        Alert,
        ("learn", "alerts", "alpha", "monitoring", "policies", "list"),
        ("displayName", "userLabels.purista-revision", "userLabels.purista-prefix", "name"),
    ),
)
