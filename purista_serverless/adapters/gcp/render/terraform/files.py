"""The files of a deployment with Terraform: one, in the folder that ``terraform`` is run in."""

from collections.abc import Iterator
from typing import Any, assert_never

from purista_serverless.adapters.gcp.plan.resources import (
    Account,
    Alert,
    Api,
    Bucket,
    Database,
    Deployment,
    Function,
    Grant,
    Job,
    Output,
    Resource,
    Secret,
    Sub,
    Subscription,
    TasksQueue,
    Topic,
    Ttl,
    Variable,
    WorkerPool,
)
from purista_serverless.adapters.gcp.render.terraform.access import access
from purista_serverless.adapters.gcp.render.terraform.addresses import TARGETS, TYPES, Addresses
from purista_serverless.adapters.gcp.render.terraform.compute import function, worker_pool
from purista_serverless.adapters.gcp.render.terraform.document import to_json
from purista_serverless.adapters.gcp.render.terraform.expressions import expression, quoted, template, variable_name
from purista_serverless.adapters.gcp.render.terraform.messaging import alert, job, subscription, tasks_queue, topic
from purista_serverless.adapters.gcp.render.terraform.order import Order
from purista_serverless.adapters.gcp.render.terraform.storage import bucket, storage
from purista_serverless.adapters.gcp.render.terraform.values import Arguments
from purista_serverless.synth.marker import MARKER

FILE = "infra/gcp/main.tf.json"

_SETTINGS: Arguments = {
    "required_version": ">= 1.5",
    "required_providers": {"google": {"source": "hashicorp/google", "version": ">= 6.50, < 8.0"}},
}
_KINDS = {kind: place for place, kind in enumerate([*TYPES.values(), *(target.kind for target in TARGETS.values())])}

_ARCHIVE = Variable(
    name="source_archive",
    description="Zip file of the repository's root, as git archive writes it; what is in it is what the functions run",
)
_BUILD_ACCOUNT = Variable(
    name="build_account",
    description="Service account that builds the functions, projects/P/serviceAccounts/E; empty is the project's own",
    default="",
)


def render(deployment: Deployment) -> dict[str, str]:
    """Render a plan, by path from the project's root."""
    return {FILE: to_json(configuration(deployment))}


def configuration(deployment: Deployment) -> Arguments:
    """Give the root of Terraform's configuration."""
    has_functions = any(isinstance(resource, Function) for resource in deployment.resources)
    variables = (*deployment.variables, *((_ARCHIVE, _BUILD_ACCOUNT) if has_functions else ()))
    blocks = {
        "variable": {variable_name(one.name): _variable(one) for one in sorted(variables, key=_name)},
        "data": {"google_project": {"this": {"project_id": expression("var.project")}}},
        "resource": _resources(deployment, has_functions=has_functions),
        "output": {output.name: _output(output) for output in deployment.outputs},
    }
    return {
        "//": MARKER,
        "terraform": _SETTINGS,
        "provider": {"google": _provider(deployment)},
        # Terraform takes an object without members for a block without a name.
        **{name: members for name, members in blocks.items() if members},
    }


def _name(variable: Variable) -> str:
    return variable.name


def _provider(deployment: Deployment) -> Arguments:
    return {
        "project": expression("var.project"),
        "region": expression("var.region"),
        "default_labels": dict(deployment.labels),
    }


def _variable(variable: Variable) -> Arguments:
    written: Arguments = {"type": "string", "description": variable.description}
    if isinstance(variable.default, tuple):
        written |= {"type": "list(string)", "default": list(variable.default)}
    elif variable.default is not None:
        written["default"] = variable.default
    if variable.pattern is not None:
        condition = f"can(regex({quoted(f'^(?:{variable.pattern})$')}, var.{variable_name(variable.name)}))"
        written["validation"] = {
            "condition": expression(condition),
            "error_message": f"{variable.name} has to match {template(variable.pattern)}",
        }
    return written


def _output(output: Output) -> Arguments:
    return {"description": output.description, "value": template(output.value)}


def _resources(deployment: Deployment, *, has_functions: bool) -> dict[str, dict[str, Any]]:
    addresses, order = Addresses(deployment), Order(deployment)
    written: dict[str, dict[str, Any]] = {}
    for resource in deployment.resources:
        arguments = _arguments(resource, addresses, deployment)
        if waits_for := order.before(resource):
            arguments["depends_on"] = sorted(addresses.address(id) for id in waits_for)
        written.setdefault(addresses.type_of(resource), {})[resource.id] = arguments
    if has_functions:
        for kind, arguments in _source():
            written.setdefault(kind, {})["source"] = arguments
    return dict(sorted(written.items(), key=lambda item: (_KINDS.get(item[0], len(_KINDS)), item[0])))


def _source() -> Iterator[tuple[str, Arguments]]:
    """Give where the code of all functions is kept; each version has a name of its own, so that a change is seen."""
    archive = "var.source_archive"
    yield "google_storage_bucket", bucket(Sub("${project}-${prefix}-source"))
    yield (
        "google_storage_bucket_object",
        {
            "name": f"source-{expression(f'filemd5({archive})')}.zip",
            "bucket": expression("google_storage_bucket.source.name"),
            "source": expression(archive),
        },
    )


def _arguments(resource: Resource, addresses: Addresses, deployment: Deployment) -> Arguments:
    match resource:
        case Api() | Account() | Grant():
            return access(resource, addresses)
        case Topic():
            return topic(resource)
        case Subscription():
            return subscription(resource, addresses)
        case Function():
            return function(resource, addresses)
        case WorkerPool():
            return worker_pool(resource, addresses)
        case Job():
            return job(resource, addresses)
        case TasksQueue():
            return tasks_queue(resource)
        case Database() | Ttl() | Bucket() | Secret():
            return storage(resource, addresses)
        case Alert():
            return alert(resource, addresses.subscription(resource.subscription), dict(deployment.labels))
        case _:
            assert_never(resource)
