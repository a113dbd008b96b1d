"""Schedules that no stack holds: they are what CloudFormation would have made of them, and they fire."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest

from examples.enterprise_billing_cycle.app import app
from purista_serverless.adapters.aws.emulator.cloud import Cloud
from purista_serverless.adapters.aws.emulator.lambda_api import LambdaApi
from purista_serverless.adapters.aws.emulator.stack import Stack
from purista_serverless.adapters.aws.emulator.template import load_template
from purista_serverless.adapters.aws.schedules.deployed import DeployedStacks
from purista_serverless.adapters.aws.schedules.scheduler import request_of
from purista_serverless.cli.failures import ExitCode
from purista_serverless.emulation.clock import WallClock
from purista_serverless.synth.blueprint import Blueprint, draw
from purista_serverless.synth.pipeline import rendered
from tests.connected.aws.example import aws_example
from tests.connected.aws.tools import REGION
from tests.connected.month import play_month
from tests.connected.programs import Program, ended, line, start
from tests.unit.aws.plan.applications import everything
from tests.unit.aws.plan.translation import adapter_with

pytestmark = pytest.mark.connected

PARAMETERS = {"JwtIssuer": "https://issuer.example", "JwtAudience": "shop"}
# Each is another one in each account.
OWN = {"Arn", "CreationDate", "LastModificationDate", "Name", "ResponseMetadata"}
KEYS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
EMULATE = ("emulate", "aws", "--port", "0", "--json")
PROJECT = """
[tool.purista-serverless]
app = "clock:app"

[tool.purista-serverless.aws]
schedules-apart = true
"""
CLOCK = """
from purista_serverless import Application, Cron, ServiceBuilder

clock = ServiceBuilder("Clock")
ticked = clock.event("clock.ticked", str)
clock.schedule("tick").emit_event(ticked, expression=Cron("0 3 * * *"), payload=lambda slot: f"{slot:%Y}")
app = Application("clock", [clock])
"""


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


@pytest.fixture
def program() -> Iterator[list[Program]]:
    """Hold the processes that a test starts, and end those that it leaves."""
    with ended([]) as programs:
        yield programs


def test_the_command_line_fires_what_the_project_s_own_template_leaves_out(tmp_path, program):
    """It draws the application for that; handlers that are not those of the application are refused."""
    (tmp_path / "clock.py").write_text(CLOCK, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    built = start(program, "build", "--provider", "aws", folder=tmp_path)
    assert built.wait(60) == ExitCode.DONE
    serving = start(program, *EMULATE, folder=tmp_path)
    account = boto3.client("scheduler", REGION, endpoint_url=line(serving)["endpoint"], **KEYS)
    (kept,) = account.list_schedules(GroupName="clock")["Schedules"]
    next((tmp_path / "handlers").glob("clock_*.py")).unlink()
    refused = start(program, *EMULATE, folder=tmp_path)
    _, told = refused.communicate(timeout=60)

    assert kept["Name"] == "ClockTickSchedule"
    assert (refused.returncode, "handlers/clock_" in told) == (ExitCode.FINDINGS, True)
