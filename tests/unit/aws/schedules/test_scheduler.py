"""Schedules that are managed apart from the stack: EventBridge Scheduler of moto, reached by botocore."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from botocore.stub import Stubber

from purista_serverless import Application, Cron, Interval, Model, ServiceBuilder
from purista_serverless.adapters.aws.render.events import events
from purista_serverless.adapters.aws.schedules.scheduler import open_scheduler
from purista_serverless.errors import DeclarationError, ProviderRefused
from purista_serverless.synth.blueprint import Blueprint, draw
from purista_serverless.synth.reconciliation import carry_out, compare
from tests.repo.tree import ROOT
from tests.unit.aws.plan.applications import everything
from tests.unit.aws.plan.translation import adapter_with
from tests.unit.aws.ports.server import Moto, moto_server
from tests.unit.aws.schedules.site import PLACE, Site

NIGHTLY = Cron("0 3 * * *")
PAGE = (ROOT / "docs" / "schedules.md").read_text(encoding="utf-8")
_ACTION = re.compile(r"`(?:scheduler:)?((?:List|Get|Create|Update|Delete)Schedules?)`")
RIGHTS = {f"scheduler:{name}" for name in _ACTION.findall(PAGE)}


class Due(Model):
    """Nothing but that it is due."""

    text: str = "hello"


def shop(schedules: Mapping[str, Cron | Interval], *, enabled: bool = True, **options: Any) -> Blueprint:
    """Plan an application whose schedules are managed apart."""
    service = ServiceBuilder("Shop", version="1", description="Sells")
    due = service.event("shop.due", Due, "Something is due")
    for name, expression in schedules.items():
        service.schedule(name).emit_event(due, expression=expression, payload=Due(), enabled=enabled)
    model = Application("shop", services=[service]).model
    return draw(model, adapter_with(**{"schedules_apart": True, **options}))


@pytest.fixture(scope="session")
def moto() -> Iterator[Moto]:
    """Give a moto server that the tests of a session share."""
    with moto_server() as server:
        yield server


@pytest.fixture
def site(moto: Moto) -> Site:
    """Give a stack without schedules."""
    return Site(moto)


def test_a_schedule_is_kept_as_the_stack_would_have_it(site: Site) -> None:
    """Names of the stack's queues, roles and bus stand where a template would refer to them."""
    assert site.bring(shop({"nightly": NIGHTLY})) == [("create", "ShopNightlySchedule")]

    found = site.get("ShopNightlySchedule")
    assert (found["ScheduleExpression"], found["ScheduleExpressionTimezone"]) == ("cron(0 3 * * ? *)", "UTC")
    assert found["FlexibleTimeWindow"] == {"Mode": "OFF"}
    target = found["Target"]
    assert target["Arn"] == f"arn:aws:events:{PLACE}:event-bus/shop-bus"
    assert target["RoleArn"] == "arn:aws:iam::123456789012:role/ShopNightlyScheduleRole-1A2B"
    assert target["DeadLetterConfig"]["Arn"] == f"arn:aws:sqs:{PLACE}:ShopNightlyScheduleDeadLetter-1A2B"
    assert target["EventBridgeParameters"]["DetailType"] == "shop.due"
    assert json.loads(target["Input"])["schedule"] == "Shop.1.nightly"


@pytest.mark.parametrize("stacks", ["single", "nested"])
def test_every_kind_of_schedule_is_applied_from_one_stack_and_from_several(site: Site, stacks: str) -> None:
    """Queues, buses and gates are found in the stack that holds them, disabled schedules stay disabled."""
    blueprint = draw(everything().model, adapter_with(schedules_apart=True, stacks=stacks))
    site.bring(blueprint)

    planned = {schedule.id: schedule for schedule in blueprint.plan.apart}
    for name, schedule in planned.items():
        members = events(schedule)["Properties"]
        found = site.get(name)
        assert members.keys() <= found.keys()
        assert members["Target"].keys() == found["Target"].keys()
        assert found["State"] == members["State"]
        assert "${" not in json.dumps(found["Target"])
        assert found["Target"]["Input"] == members["Target"]["Input"]
    assert len(planned) == 5
    assert site.bring(blueprint) == []


def test_applying_twice_changes_nothing_the_second_time(site: Site) -> None:
    """Schedules over several pages are read back as they were written."""
    many = shop({f"number{count}": NIGHTLY for count in range(55)})
    assert len(site.bring(many)) == 55

    assert site.bring(many) == []
    assert len(site.kept()) == 55


def test_a_changed_expression_is_told_and_changed(site: Site) -> None:
    """What is compared is what is shown, field by field."""
    site.bring(shop({"nightly": NIGHTLY}))

    with site.opened(shop({"nightly": Cron("0 4 * * *")})) as opened:
        (action,) = compare(opened)
        carry_out([action], opened)

    assert action.what == "expression: cron(0 3 * * ? *) -> cron(0 4 * * ? *)"
    assert site.kept() == {"ShopNightlySchedule": ("cron(0 4 * * ? *)", "ENABLED")}


def test_what_somebody_else_changed_is_brought_back(site: Site) -> None:
    """A flexible window, another zone and an end are drift like any other; the key of encryption is the account's."""
    blueprint, key = shop({"nightly": NIGHTLY}), f"arn:aws:kms:{PLACE}:key/own"
    site.bring(blueprint)
    site.put(
        "ShopNightlySchedule",
        FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15},
        ScheduleExpressionTimezone="Europe/Berlin",
        EndDate="2030-01-01T00:00:00Z",
        KmsKeyArn=key,
    )

    with site.opened(blueprint) as opened:
        (action,) = compare(opened)
        carry_out([action], opened)

    assert {field for field, _, _ in action.changes} == {"timezone", "end", "window", "window_minutes"}
    found = site.get("ShopNightlySchedule")
    assert (found["FlexibleTimeWindow"], found["ScheduleExpressionTimezone"]) == ({"Mode": "OFF"}, "UTC")
    assert "EndDate" not in found
    assert found["KmsKeyArn"] == key
    assert site.bring(blueprint) == []


def test_a_disabled_schedule_is_there_and_does_not_fire(site: Site) -> None:
    """It is enabled in its place later."""
    site.bring(shop({"nightly": NIGHTLY}, enabled=False))
    assert site.kept() == {"ShopNightlySchedule": ("cron(0 3 * * ? *)", "DISABLED")}

    assert site.bring(shop({"nightly": NIGHTLY})) == [("update", "ShopNightlySchedule")]
    assert site.kept() == {"ShopNightlySchedule": ("cron(0 3 * * ? *)", "ENABLED")}


def test_what_is_no_longer_declared_is_deleted(site: Site) -> None:
    """A schedule that is gone already when it is to be deleted is no error."""
    site.bring(shop({"nightly": NIGHTLY, "hourly": Cron("0 * * * *")}))

    with site.opened(shop({"nightly": NIGHTLY})) as opened:
        actions = compare(opened)
        carry_out(actions, opened)
        carry_out(actions, opened)

    assert [(action.kind, action.target.schedule) for action in actions] == [("delete", "Shop.1.hourly")]
    assert list(site.kept()) == ["ShopNightlySchedule"]


def test_the_last_schedule_goes_with_its_group(site: Site) -> None:
    """A stack without a group, as one of an application that declares no schedule, keeps none."""
    assert site.bring(shop({})) == []


def test_schedules_of_other_groups_are_left_alone(site: Site, moto: Moto) -> None:
    """Not even those are taken for ours that another deployment of the same application has."""
    other = Site(moto)
    other.bring(shop({"nightly": NIGHTLY, "hourly": Cron("0 * * * *")}))
    site.bring(shop({"nightly": NIGHTLY}))

    assert site.bring(shop({}), deployed=shop({"nightly": NIGHTLY})) == [("delete", "ShopNightlySchedule")]
    assert sorted(other.kept()) == ["ShopHourlySchedule", "ShopNightlySchedule"]


def test_what_somebody_put_into_the_group_is_deleted_with_what_is_ours(site: Site) -> None:
    """The group is the application's, and CloudFormation would delete all of it with the stack."""
    blueprint = shop({"nightly": NIGHTLY})
    site.bring(blueprint)
    target = {"Arn": f"arn:aws:sqs:{PLACE}:q", "RoleArn": "arn:aws:iam::123456789012:role/r", "Input": "hello"}
    site.scheduler.create_schedule(
        Name="backup",
        GroupName=site.group,
        ScheduleExpression="rate(1 day)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target=target,
    )

    assert site.bring(blueprint) == [("delete", "backup")]


def test_a_schedule_that_was_made_meanwhile_is_brought_to_the_same(site: Site) -> None:
    """Two that apply at once do not stop each other."""
    with site.opened(shop({"nightly": Cron("0 4 * * *")})) as opened:
        actions = compare(opened)
        site.bring(shop({"nightly": NIGHTLY}))
        carry_out(actions, opened)

    assert site.kept() == {"ShopNightlySchedule": ("cron(0 4 * * ? *)", "ENABLED")}


def test_a_long_name_is_cut_to_what_scheduler_takes(site: Site) -> None:
    """Two that differ at their ends only stay two."""
    stem = "a" * 60
    site.bring(shop({f"{stem}b": NIGHTLY, f"{stem}c": NIGHTLY}))

    assert {len(name) for name in site.kept()} == {64}
    assert len(site.kept()) == 2


def test_another_stack_is_looked_at_by_its_name(site: Site) -> None:
    """One application may be deployed several times."""
    with site.opened(shop({"nightly": NIGHTLY}), stack="shop-staging") as opened:
        assert opened.place == "stack shop-staging in eu-central-1"
        assert [action.kind for action in compare(opened)] == ["create"]


def test_a_stack_that_is_older_than_the_declarations_is_told(site: Site) -> None:
    """A role that is not deployed yet has no name; nothing is changed."""
    with (
        pytest.raises(ProviderRefused, match=r"stack 'shop' has no ShopHourlyScheduleRole; deploy"),
        site.opened(shop({"nightly": NIGHTLY, "hourly": NIGHTLY}), deployed=shop({"nightly": NIGHTLY})) as opened,
    ):
        compare(opened)

    assert site.kept() == {}


def test_a_stack_that_holds_its_schedules_is_refused(site: Site) -> None:
    """They have names of CloudFormation's: each would fire a second time."""
    with (
        pytest.raises(ProviderRefused, match="stack 'shop' holds schedules of its own, ShopNightlySchedule for one"),
        site.opened(shop({"nightly": NIGHTLY}), more=("ShopNightlySchedule",)),
    ):
        pass


def test_a_plan_with_its_schedules_is_refused(site: Site) -> None:
    """The option is what tells apart who looks after schedules."""
    with (
        pytest.raises(DeclarationError, match=r"set schedules_apart = true in \[tool.purista-serverless.aws\]"),
        site.opened(shop({"nightly": NIGHTLY}, schedules_apart=False)),
    ):
        pass


def test_the_page_names_the_rights_that_are_used(site: Site, moto: Moto) -> None:
    """Whoever makes, changes and deletes schedules does nothing else with the scheduler."""
    site.scheduler, used = moto.client_of("scheduler", "testing", "testing"), set()
    site.scheduler.meta.events.register("before-call.scheduler", lambda model, **_: used.add(f"scheduler:{model.name}"))

    assert site.bring(shop({"nightly": NIGHTLY})) == [("create", "ShopNightlySchedule")]
    assert site.bring(shop({"nightly": Cron("0 4 * * *")})) == [("update", "ShopNightlySchedule")]
    assert site.bring(shop({}), deployed=shop({"nightly": NIGHTLY})) == [("delete", "ShopNightlySchedule")]
    assert used == RIGHTS


def test_a_refusal_is_told(site: Site, moto: Moto) -> None:
    """What the credentials may not do is named."""
    site.scheduler = moto.client_of("scheduler", "testing", "testing")
    stub = Stubber(site.scheduler)
    stub.add_client_error("list_schedules", "AccessDeniedException", http_status_code=403)
    stub.activate()

    with pytest.raises(ProviderRefused, match="these credentials may not do scheduler:ListSchedules on stack shop"):
        site.bring(shop({"nightly": NIGHTLY}))


def test_a_stack_that_is_not_there_is_told(moto: Moto) -> None:
    """The name is that of `samconfig.toml` unless another one is given."""
    with (
        pytest.raises(ProviderRefused, match="there is no stack 'our-shop' in eu-central-1"),
        open_scheduler(shop({"nightly": NIGHTLY}, stack_name="our-shop"), None, clients=moto.client),
    ):
        pass
