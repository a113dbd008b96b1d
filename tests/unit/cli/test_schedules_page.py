"""``docs/schedules.md``: the commands for schedules that are managed apart do what the page says, on both clouds."""

import re
from collections.abc import Iterator

import pytest

from examples.enterprise_billing_cycle.app import app
from purista_serverless.adapter import configure
from purista_serverless.adapters import load_adapter
from purista_serverless.adapters.gcp.schedules.scheduler import EMULATOR
from purista_serverless.cli.failures import ExitCode
from purista_serverless.synth.blueprint import draw
from tests.repo.tree import ROOT
from tests.unit.aws.ports.server import REGION, moto_server
from tests.unit.aws.schedules import cloudformation
from tests.unit.aws.schedules.site import Site
from tests.unit.gcp.schedules import cloud_scheduler

PAGE = (ROOT / "docs" / "schedules.md").read_text(encoding="utf-8").partition("## Schedules that are managed apart")[2]
COMMANDS = re.findall(r"^purista-serverless (.+)$", PAGE, re.MULTILINE)
EXPORTS = dict(re.findall(r"(GOOGLE_\w+)=(\S+)", PAGE))


def commands_for(provider: str) -> list[list[str]]:
    """Give the commands of the page for one provider, in their order."""
    return [command.split() for command in COMMANDS if command.endswith(f"--provider {provider}")]


@pytest.fixture(autouse=True)
def _project(tmp_path, monkeypatch) -> None:
    """Write the options of the page into a project, and go there."""
    (options,) = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    application = '[tool.purista-serverless]\napp = "examples.enterprise_billing_cycle.app:app"\n'
    (tmp_path / "pyproject.toml").write_text(f"{application}\n{options}", encoding="utf-8")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def _google(monkeypatch) -> Iterator[None]:
    """Point the process to an empty project of Google Cloud."""
    with cloud_scheduler.served(cloud_scheduler.CloudScheduler()) as host:
        for name, value in {**EXPORTS, EMULATOR: host}.items():
            monkeypatch.setenv(name, value)
        yield


@pytest.fixture
def _amazon(monkeypatch) -> Iterator[None]:
    """Point the process to an account of AWS in which the application is deployed without its schedules."""
    plan = draw(app.model, configure(load_adapter("aws"), {"schedules_apart": True})).plan
    with moto_server() as moto, cloudformation.served(Site(moto).answers(plan, plan.stack_name)) as url:
        variables = {
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_ENDPOINT_URL": moto.url,
            "AWS_ENDPOINT_URL_CLOUDFORMATION": url,
            "AWS_REGION": REGION,
            "AWS_SECRET_ACCESS_KEY": "testing",
        }
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        yield


@pytest.mark.parametrize("provider", ["aws", "gcp"])
def test_the_commands_bring_the_clock_in_step(cli, request, provider):
    """What `diff` tells first is done by `apply`; then nothing differs, and nothing is left to `prune`."""
    request.getfixturevalue({"aws": "_amazon", "gcp": "_google"}[provider])
    first, *others = commands_for(provider)

    assert [command[1] for command in (first, *others)][:3] == ["diff", "apply", "prune"]
    assert cli(*first, app=None).code == ExitCode.DIFFERENT
    for command in others:
        assert cli(*command, app=None).code == ExitCode.DONE
    again = cli(*first, app=None)
    assert (again.code, "nothing differs" in again.out) == (ExitCode.DONE, True)


def test_the_workflow_runs_commands_of_the_page():
    """What looks at drift each morning is what was shown to work."""
    run = re.findall(r"^ +run: purista-serverless (.+)$", PAGE, re.MULTILINE)

    assert run
    assert set(run) <= set(COMMANDS)


@pytest.mark.usefixtures("_amazon")
def test_the_names_on_the_page_are_the_names(cli):
    """The logical id in the table is what a schedule is called."""
    shown = cli(*commands_for("aws")[0], app=None).out

    (name,) = re.findall(r"by their logical id, `(\w+)`", PAGE)
    assert name in shown


def test_a_place_that_is_not_named_is_told(cli, monkeypatch):
    """The exit code is that of the page."""
    for name in EXPORTS:
        monkeypatch.delenv(name, raising=False)

    assert cli(*commands_for("gcp")[0], app=None).code == ExitCode.APPLICATION
