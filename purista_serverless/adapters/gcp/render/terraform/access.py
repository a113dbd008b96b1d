"""Service accounts, what they and others may do, and the services of Google that are switched on."""

from typing import assert_never

from purista_serverless.adapters.gcp.plan.resources import (
    ALL_USERS,
    PROJECT,
    PUBSUB_AGENT,
    Account,
    Api,
    Condition,
    Grant,
    Sub,
)
from purista_serverless.adapters.gcp.render.terraform.addresses import Addresses
from purista_serverless.adapters.gcp.render.terraform.expressions import expression, template
from purista_serverless.adapters.gcp.render.terraform.values import Arguments, named

_AGENT = Sub("serviceAccount:service-${number}@gcp-sa-pubsub.iam.gserviceaccount.com")


def access(resource: Api | Account | Grant, addresses: Addresses) -> Arguments:
    """Give the arguments of an account, a grant or a service."""
    match resource:
        case Api():
            # Others in the project may need it as well, when this deployment is gone.
            return {"service": resource.service, "disable_on_destroy": False}
        case Account():
            return {
                "account_id": named(resource.name),
                "display_name": template(resource.display_name),
                "description": template(resource.description),
            }
        case Grant():
            return _grant(resource, addresses)
        case _:
            assert_never(resource)


def _grant(grant: Grant, addresses: Addresses) -> Arguments:
    written = {**_target(grant, addresses), "role": grant.role, "member": _member(grant.member, addresses)}
    if grant.condition is not None:
        written["condition"] = _condition(grant.condition)
    return written


def _target(grant: Grant, addresses: Addresses) -> Arguments:
    if grant.on == PROJECT:
        return {"project": expression("var.project")}
    target = addresses.target_of(grant)
    location = {"location": expression("var.region")} if target.has_location else {}
    return {target.argument: addresses.attribute(grant.on, target.attribute), **location}


def _member(member: str, addresses: Addresses) -> str:
    if member == PUBSUB_AGENT:
        return template(_AGENT)
    return member if member == ALL_USERS else addresses.attribute(member, "member")


def _condition(condition: Condition) -> Arguments:
    return {"title": condition.title, "expression": template(condition.expression)}
