"""A deployment that has one of each part that the emulator drives, made by hand."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from purista_serverless.adapters import load_adapter
from purista_serverless.adapters.gcp.plan.resources import (
    Account,
    Bucket,
    Declared,
    Deployment,
    Function,
    Grant,
    Job,
    Push,
    Resource,
    Secret,
    Sub,
    Subscription,
    TasksQueue,
    Topic,
    Variable,
)
from purista_serverless.model import Address, Application, Origin
from purista_serverless.synth.blueprint import draw
from purista_serverless.topology import Function as Compiled
from purista_serverless.topology import HttpTrigger, Topology

SOURCES = {"open": "answerer"}
DECLARED = Declared(name="stub", origin=Origin(file="stub.py", line=1))


def function(id: str, *, is_open: bool = False, instances: int = 2, timeout: int = 20, **more: Any) -> Function:
    """Make a function whose source is named like it."""
    environment = (
        ("PURISTA_CONFIG", Sub('{"RATE":"${config.RATE}"}')),
        ("PYTHONPATH", "/workspace"),
        ("TOPIC", Sub("projects/${project}/topics/${prefix}-jobs")),
        ("WORKER", url("worker")),
    )
    given: dict[str, Any] = {"memory": 256, "cpu": 1000, "concurrency": 1, "runtime": "python313", "min_instances": 0}
    return Function(
        id=id,
        name=id,
        function=f"command:Stub.1.{id}",
        # The one that is open to everybody answers in the same way.
        source=f"handlers/{SOURCES.get(id, id)}.py",
        timeout=timeout,
        environment=environment,
        build_environment=(),
        secrets=(("PURISTA_SECRET_KEY", "key"),),
        account=f"{id}-account",
        ingress="all",
        url=url(id),
        is_open=is_open,
        max_instances=instances,
        declared=DECLARED,
        **{**given, **more},
    )


def url(id: str) -> Sub:
    """Give the URL of a function."""
    return Sub(f"https://${{prefix}}-{id}-${{number}}.${{region}}.run.app")


def account(id: str) -> Account:
    """Make an account."""
    return Account(id=f"{id}-account", name=id, display_name=id, description="")


def topic(name: str, kind: Any = "queue") -> Topic:
    """Make a topic."""
    return Topic(id=f"topic-{name}", name=name, key=f"queue:{name}", kind=kind, declared=DECLARED)


def pushed(name: str, *, is_ordered: bool = False, wanted: str | None = None) -> Subscription:
    """Make a subscription that pushes the topic of its name to the worker."""
    push = Push(
        function="worker",
        account="push-account",
        endpoint=Sub(f"{url('worker')}/_purista/queue%3A{name}"),
        audience=url("worker"),
    )
    return subscription(
        name,
        kind="push",
        push=push,
        ack_deadline=30,
        backoff=(10, 600),
        dead_letter="topic-letters",
        max_deliveries=5,
        is_ordered=is_ordered,
        filter=wanted,
    )


def subscription(name: str, **given: Any) -> Subscription:
    """Make a subscription to the topic of its name, which is pulled unless it says otherwise."""
    defaults: dict[str, Any] = {
        "kind": "dead-letter",
        "push": None,
        "ack_deadline": 10,
        "backoff": None,
        "dead_letter": None,
        "max_deliveries": None,
        "is_ordered": False,
        "filter": None,
    }
    return Subscription(
        id=f"subscription-{name}",
        name=name,
        topic=f"topic-{name}",
        edge=f"queue:{name}",
        retention=604_800,
        declared=DECLARED,
        **{**defaults, **given},
    )


def job() -> Job:
    """Make a job that fires every night at half past two in Berlin."""
    return Job(
        id="job",
        name="Stub-1-nightly",
        schedule="Stub.1.nightly",
        description="",
        cron="30 2 * * *",
        timezone="Europe/Berlin",
        topic="topic-jobs",
        data='{"do": "note", "id": "nightly"}',
        attributes=(("edge", "queue:jobs"),),
        is_enabled=True,
        retries=0,
        declared=DECLARED,
    )


def resources() -> Iterable[Resource]:
    """Make all resources."""
    yield from (function("worker"), function("answerer", timeout=2), function("broken"), function("open", is_open=True))
    yield from (account(id) for id in ("worker", "answerer", "broken", "open", "push"))
    yield from (topic("jobs"), topic("ordered"), topic("picky"), topic("letters", "dead-letter"))
    yield from (pushed("jobs"), pushed("ordered", is_ordered=True), pushed("picky", wanted='attributes.kind = "good"'))
    yield subscription("letters")
    yield Grant(id="grant-push", role="roles/run.invoker", member="push-account", on="worker")
    yield Grant(id="grant-answerer", role="roles/run.invoker", member="answerer-account", on="worker")
    yield from (job(), TasksQueue(id="tasks", name="delayed"), Bucket(id="claims", name="claims", days=7))
    yield Secret(id="key", name="key", setting="KEY")


def deployment() -> Deployment:
    """Make the deployment."""
    variables = (
        Variable(name="config.RATE", description="", default=""),
        Variable(name="prefix", description="", default="stub"),
        Variable(name="project", description=""),
        Variable(name="region", description="", default="europe-west1"),
    )
    planned: Deployment = draw(Application(name="stub", origin=DECLARED.origin), load_adapter("gcp")).plan
    return replace(planned, variables=variables, resources=tuple(sorted(resources(), key=lambda one: one.id)))


def topology() -> Topology:
    """Make a topology that says which routes the answering functions have."""
    return Topology(
        application="stub",
        functions=(
            compiled("answerer", "/things/{thingId}", "GET", "POST"),
            compiled("open", "/things/open", "GET"),
        ),
        edges=(),
    )


def compiled(name: str, path: str, *methods: Any) -> Compiled:
    """Make a function with a route for each method."""
    return Compiled(
        name=f"command:Stub.1.{name}",
        kind="command",
        address=Address(service="Stub", version="1", name=name),
        module="stub",
        attribute="handler",
        triggers=tuple(HttpTrigger(method=method, path=path, public=False, mode="sync") for method in methods),
        permissions=(),
        timeout=timedelta(seconds=20),
        origin=DECLARED.origin,
    )
