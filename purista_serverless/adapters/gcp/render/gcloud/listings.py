"""What the script lists before it does anything: each kind of thing once."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from purista_serverless.adapters.gcp.plan.resources import (
    Account,
    Alert,
    Bucket,
    Database,
    Function,
    Job,
    Resource,
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


class _Listing(NamedTuple):
    """How things of a kind are listed; ``service`` is what has to be enabled for it."""

    service: str
    command: str
    columns: tuple[str, ...]


def listings(resources: Resources) -> Iterator[str]:
    """Give the calls that list what there is of each kind: of what is planned, and of what may be left over."""
    for kind, listing in _LISTINGS.items():
        if any(resources.all(kind)):
            yield _call(listing)
        elif kind in _LEFT_OVER:
            yield f"! is_enabled {listing.service}.googleapis.com ||\n  {_call(listing)}"
    # The sources of functions lie in a bucket as well.
    if any(resources.all(Bucket)) or any(resources.all(Function)):
        yield _call(_Listing("storage", "learn buckets storage buckets list", ("name", *_MARKS)))


def _call(listing: _Listing) -> str:
    return call(*listing.command.split(), f"--format='value({','.join(listing.columns)})'")


# Kinds that the script looks at although nothing of them is declared any more. Alerts are none of them: they need a
# component of gcloud that somebody without alerts may not have.
_LEFT_OVER = frozenset({Account, Topic, Subscription, Secret, Function, Job})
_LISTINGS: Mapping[type[Resource], _Listing] = {
    Account: _Listing("iam", "learn_described accounts iam service-accounts list", ("email", "description")),
    Topic: _Listing("pubsub", "learn topics pubsub topics list", (_NAME, *_MARKS)),
    Subscription: _Listing(
        "pubsub",
        "learn subscriptions pubsub subscriptions list",
        (_NAME, *_MARKS, "topic.basename()", "enableMessageOrdering", "filter"),
    ),
    Secret: _Listing("secretmanager", "learn secrets secrets list", (_NAME, *_MARKS)),
    Database: _Listing("firestore", "learn databases firestore databases list", (_NAME, "locationId")),
    TasksQueue: _Listing("cloudtasks", f"learn queues tasks queues list --location={_REGION}", (_NAME,)),
    Function: _Listing("cloudfunctions", f"learn functions functions list --v2 --regions={_REGION}", (_NAME, *_MARKS)),
    Job: _Listing(
        "cloudscheduler",
        f"learn_described jobs scheduler jobs list --location={_REGION}",
        (_NAME, "description", "state"),
    ),
    Alert: _Listing(
        "monitoring",
        "learn alerts alpha monitoring policies list",
        ("displayName", "userLabels.purista-revision", "userLabels.purista-prefix", "name"),
    ),
}
