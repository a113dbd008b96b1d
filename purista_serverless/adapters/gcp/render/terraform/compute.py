"""Functions, and pools of workers."""

from typing import Any

from purista_serverless.adapters.gcp.plan.resources import Function, Text, WorkerPool
from purista_serverless.adapters.gcp.render.terraform.addresses import Addresses
from purista_serverless.adapters.gcp.render.terraform.expressions import expression, template
from purista_serverless.adapters.gcp.render.terraform.values import Arguments, named

_INGRESS = {
    "all": "ALLOW_ALL",
    "internal": "ALLOW_INTERNAL_ONLY",
    "internal-and-load-balancer": "ALLOW_INTERNAL_AND_GCLB",
}
_BUILD_ACCOUNT = expression('var.build_account == "" ? null : var.build_account')
_NEWEST = "latest"


def function(resource: Function, addresses: Addresses) -> Arguments:
    """Give the arguments of a function."""
    return {
        "name": named(resource.name),
        "location": expression("var.region"),
        "description": resource.function,
        "build_config": {
            "runtime": resource.runtime,
            "entry_point": "handler",
            "environment_variables": _variables(resource.build_environment),
            "service_account": _BUILD_ACCOUNT,
            "source": {
                "storage_source": {
                    "bucket": expression("google_storage_bucket.source.name"),
                    "object": expression("google_storage_bucket_object.source.name"),
                }
            },
        },
        "service_config": _service(resource, addresses),
    }


def _service(resource: Function, addresses: Addresses) -> Arguments:
    written: Arguments = {
        "available_cpu": _processors(resource.cpu),
        "available_memory": _memory(resource.memory),
        "timeout_seconds": resource.timeout,
        "max_instance_request_concurrency": resource.concurrency,
        "min_instance_count": resource.min_instances,
        "max_instance_count": resource.max_instances,
        "ingress_settings": _INGRESS[resource.ingress],
        "all_traffic_on_latest_revision": True,
        "service_account_email": addresses.attribute(resource.account, "email"),
        "environment_variables": _variables(resource.environment),
    }
    if resource.secrets:
        written["secret_environment_variables"] = [
            {
                "key": variable,
                "project_id": expression("var.project"),
                "secret": addresses.attribute(secret, "secret_id"),
                "version": _NEWEST,
            }
            for variable, secret in resource.secrets
        ]
    return written


def worker_pool(resource: WorkerPool, addresses: Addresses) -> Arguments:
    """Give the arguments of a pool of workers."""
    variables: list[Any] = [{"name": name, "value": template(value)} for name, value in resource.environment]
    secrets = [
        {"name": name, "value_source": {"secret_key_ref": _secret(addresses.attribute(secret, "secret_id"))}}
        for name, secret in resource.secrets
    ]
    container = {
        "image": template(resource.image),
        "args": [template(argument) for argument in resource.arguments],
        "env": variables + secrets,
        "resources": {"limits": {"cpu": _processors(resource.cpu), "memory": _memory(resource.memory)}},
    }
    return {
        "name": named(resource.name),
        "location": expression("var.region"),
        "description": resource.function,
        # It holds no data: nothing is lost with it.
        "deletion_protection": False,
        "scaling": {"manual_instance_count": resource.instances},
        "template": {
            "service_account": addresses.attribute(resource.account, "email"),
            "containers": [container],
        },
    }


def _secret(reference: str) -> Arguments:
    return {"secret": reference, "version": _NEWEST}


def _variables(variables: tuple[tuple[str, Text], ...]) -> dict[str, str]:
    return {name: template(value) for name, value in variables}


def _processors(thousandths: int) -> str:
    return f"{thousandths / 1000:g}"


def _memory(mebibytes: int) -> str:
    return f"{mebibytes}Mi"
