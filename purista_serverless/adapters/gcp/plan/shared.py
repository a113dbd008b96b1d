"""What all functions of an application share: services of Google, accounts, records, delays, claims and secrets."""

from collections.abc import Iterable, Iterator

from purista_serverless.adapters.gcp.limits import LONGEST_RETENTION
from purista_serverless.adapters.gcp.plan.draft import Draft
from purista_serverless.adapters.gcp.plan.places import BUCKET, DATABASE, PUSH_ACCOUNT, TASKS
from purista_serverless.adapters.gcp.plan.resources import (
    Account,
    Alert,
    Api,
    Bucket,
    Database,
    Function,
    Job,
    Resource,
    Secret,
    Sub,
    Subscription,
    TasksQueue,
    Topic,
    Ttl,
    WorkerPool,
)

_DAY = 24 * 3_600
# As long as its source and its dead letter could keep a reference to it, and two weeks more to look into that.
_CLAIM_DAYS = 2 * (LONGEST_RETENTION // _DAY) + 14

_RUNNING = ("artifactregistry", "cloudbuild", "cloudfunctions", "run")
_APIS: tuple[tuple[type[Resource], tuple[str, ...]], ...] = (
    (Account, ("iam",)),
    (Alert, ("monitoring",)),
    (Bucket, ("storage",)),
    (Database, ("firestore",)),
    (Function, _RUNNING),
    (Job, ("cloudscheduler",)),
    (Secret, ("secretmanager",)),
    (TasksQueue, ("cloudtasks",)),
    (Topic, ("pubsub",)),
    (WorkerPool, ("run",)),
)


def shared_resources(draft: Draft) -> Iterator[Resource]:
    """Plan the database, the queue of tasks, the bucket and the secrets, where they are used."""
    rights = draft.rights.values()
    if any(one.records for one in rights):
        location = draft.options.ledger_location
        yield Database(id=DATABASE, name="records", location=location or Sub("${region}"))
        yield Ttl(id="ttl_records", database=DATABASE, collection="records", field="expires")
    if any(draft.delays(function) for function in draft.rights):
        yield TasksQueue(id=TASKS, name="later")
    if draft.options.claim_check and any(draft.publishes(function) for function in draft.rights):
        yield Bucket(id=BUCKET, name="claims", days=_CLAIM_DAYS)
    for name in sorted({secret for one in rights for secret in one.secrets}):
        yield Secret(id=f"secret_{draft.places.secret_ids[name]}", name=name, setting=name)


def push_account(resources: Iterable[Resource]) -> Iterator[Account]:
    """Plan the account as which Pub/Sub pushes, if it does."""
    if any(isinstance(resource, Subscription) and resource.push is not None for resource in resources):
        yield Account(
            id=PUSH_ACCOUNT, name="push", display_name="push", description="Pub/Sub pushes messages as this account."
        )


def apis_of(resources: Iterable[Resource]) -> Iterator[Api]:
    """Plan the services that some resources need."""
    kinds = {type(resource) for resource in resources}
    names = {name for kind, needed in _APIS if kind in kinds for name in needed}
    return (Api(id=f"api_{name}", service=f"{name}.googleapis.com") for name in sorted(names))
