"""Schedules that no stack holds: they are what CloudFormation would have made of them, and they fire."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from examples.enterprise_billing_cycle.app import app
from purista_serverless.adapters.aws.emulator.cloud import Cloud
from purista_serverless.adapters.aws.emulator.lambda_api import LambdaApi
from purista_serverless.adapters.aws.emulator.stack import Stack
from purista_serverless.adapters.aws.emulator.template import load_template
from purista_serverless.adapters.aws.schedules.deployed import DeployedStacks
from purista_serverless.adapters.aws.schedules.scheduler import request_of
from purista_serverless.emulation.clock import WallClock
from purista_serverless.synth.blueprint import Blueprint, draw
from purista_serverless.synth.pipeline import rendered
from tests.connected.aws.example import aws_example
from tests.connected.aws.tools import REGION
from tests.connected.month import play_month
from tests.unit.aws.plan.applications import everything
from tests.unit.aws.plan.translation import adapter_with

pytestmark = pytest.mark.connected

PARAMETERS = {"JwtIssuer": "https://issuer.example", "JwtAudience": "shop"}
# Each is another one in each account.
OWN = {"Arn", "CreationDate", "LastModificationDate", "Name", "ResponseMetadata"}


@contextmanager
def deployed(blueprint: Blueprint, folder: Path) -> Iterator[tuple[Stack, Cloud]]:
    """Make the resources of a plan in an empty account; no function runs."""
    for path, text in rendered(blueprint).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    external = {one.name: "arn:aws:sqs:::x" for one in blueprint.plan.stacks[0].parameters if one.default is None}
    parameters = {**external, **PARAMETERS}
    invocations = LambdaApi()
    invocations.start()
    cloud = Cloud(WallClock(), REGION, invocations.url)
    try:
        template = load_template(folder / "template.yaml", parameters, REGION)
        stack = Stack(template, cloud, name="shop", parameters=parameters)
        stack.make()
        yield stack, cloud
    finally:
        cloud.close()
        invocations.stop()


def schedules_of(cloud: Cloud) -> list[dict[str, Any]]:
    """Give all schedules of an account, without what another account would have otherwise."""
    client = cloud.client("scheduler")
    listed = client.get_paginator("list_schedules").paginate().search("Schedules[]")
    found = [client.get_schedule(Name=one["Name"], GroupName=one["GroupName"]) for one in listed]
    own = [{member: value for member, value in one.items() if member not in OWN} for one in found]
    return sorted(own, key=lambda one: (one["ScheduleExpression"], one["Description"]))


@pytest.mark.parametrize("stacks", ["single", "nested"])
def test_what_is_applied_is_what_cloudformation_would_have_made(tmp_path, stacks):
    """Every member of every schedule is the same, from SAM's translation and from the plan."""
    model = everything().model
    with deployed(draw(model, adapter_with(stacks=stacks)), tmp_path / "whole") as (_, cloud):
        whole = schedules_of(cloud)
    blueprint = draw(model, adapter_with(stacks=stacks, schedules_apart=True))
    with deployed(blueprint, tmp_path / "apart") as (stack, cloud):
        assert schedules_of(cloud) == []
        found = DeployedStacks("shop", tuple(stack.deployed()))
        for schedule in blueprint.plan.apart:
            cloud.client("scheduler").create_schedule(**request_of(schedule, found))
        apart = schedules_of(cloud)

    assert len(whole) == 5
    assert apart == whole


def test_the_month_is_closed_by_a_schedule_that_no_stack_holds(tmp_path):
    """The emulator fires what the template leaves out, as it fires what a template has."""
    blueprint = draw(app.model, adapter_with(schedules_apart=True))
    template = rendered(blueprint)["template.yaml"]

    assert "AWS::Scheduler::Schedule\n" not in template
    with aws_example(tmp_path, apart=blueprint.plan.apart, template=template) as example:
        play_month(example)
