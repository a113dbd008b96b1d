"""The script that deploys with gcloud: executed by the real gcloud, as it is, against a project on this machine."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from json import dumps
from pathlib import Path
from zipfile import ZipFile

import pytest

from purista_serverless.adapters.gcp.plan.resources import Deployment, Function, Job, Subscription
from purista_serverless.adapters.gcp.render.gcloud.script import FILE, script
from tests.connected.gcp.found import found
from tests.connected.gcp.gcloud import offline_environment
from tests.connected.gcp.gcloud_application import shop
from tests.connected.gcp.plane.proxy import Call, ControlPlane, control_plane
from tests.connected.gcp.tools import pubsub
from tests.connected.gcp.wanted import differences, wanted
from tests.unit.gcp.plan.deployments import planned

pytestmark = pytest.mark.connected

PROJECT, REGION, PREFIX = "demo-project", "europe-west1", "shop"
CHANNELS = ("projects/demo-project/notificationChannels/1", "projects/demo-project/notificationChannels/2")
# All that JSON, the shell and gcloud might take for something else.
RATE = "1\"9'\\$HOME`,;^\n%"
LEGACY = "https://rates.example.com/quote"
# Some two hundred commands, of half a second each where nothing else runs.
PATIENCE = 1_500


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a run of the script said and did."""

    status: int
    output: str
    errors: str
    changes: tuple[Call, ...]


class Project:
    """A project, and a checkout from which it is deployed."""

    def __init__(self, plane: ControlPlane, folder: Path) -> None:
        self.plane = plane
        self._folder = folder / "checkout"
        self._environment = offline_environment(plane.address, folder)
        (self._folder / "handlers").mkdir(parents=True)
        (self._folder / "handlers" / "shop_order.py").write_text("# two words\n", encoding="utf-8")
        (self._folder / "requirements.txt").write_text("pydantic\n", encoding="utf-8")
        (self._folder / "notes.txt").write_text("not for the world\n", encoding="utf-8")
        (self._folder / ".gcloudignore").write_text("notes.txt\ninfra/\n", encoding="utf-8")

    def write(self, path: str, text: str) -> None:
        """Write a file of the checkout."""
        (self._folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self._folder / path).write_text(text, encoding="utf-8")

    def deploy(self, plan: Deployment, **variables: str) -> Run:
        """Run the script of a plan."""
        self.write(FILE, script(plan))
        return self._run("bash", str(self._folder / FILE), **_VARIABLES | variables)

    def gcloud(self, *arguments: str, given: str = "") -> Run:
        """Run gcloud as somebody at a terminal does."""
        return self._run("gcloud", *arguments, given=given, CLOUDSDK_CORE_PROJECT=PROJECT)

    def _run(self, *command: str, given: str = "", **variables: str) -> Run:
        before = len(self.plane.calls)
        done = subprocess.run(
            command,
            env={**self._environment, **variables},
            input=given,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        changes = tuple(call for call in self.plane.calls[before:] if call.is_change)
        return Run(status=done.returncode, output=done.stdout, errors=done.stderr, changes=changes)


_VARIABLES = {
    "PROJECT": PROJECT,
    "REGION": REGION,
    "PREFIX": PREFIX,
    "NOTIFICATION_CHANNELS": ",".join(CHANNELS),
    "CONFIG_RATE": RATE,
    "COMMAND_Rates_3_quote": LEGACY,
}
VALUES = {
    "project": PROJECT,
    "region": REGION,
    "prefix": PREFIX,
    "config.RATE": dumps(RATE)[1:-1],
    "command.Rates.3.quote": LEGACY,
}


PLAN = planned(shop().model, claim_check=True, labels={"team": "billing"})


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Iterator[Project]:
    """Give a project in which nothing is deployed and no service is enabled."""
    with pubsub() as emulator, control_plane(emulator.host) as plane:
        yield Project(plane, tmp_path_factory.mktemp("gcloud"))


def test_a_secret_without_a_value_stops_before_functions(project):
    """A function would not start: the run ends behind the containers, and says how each secret is set."""
    run = project.deploy(PLAN)

    assert run.status == 1, run.errors
    assert f"gcloud secrets versions add {PREFIX}-TOKEN --data-file=-" in run.output
    assert not [call for call in run.changes if "functions" in call.method]
    said = run.output.split("again:\n")[1].split()
    assert project.gcloud(*said[1:], given="a value").status == 0


def test_what_is_there_afterwards_is_the_plan(project):
    """The run that follows ends well; the project holds what is planned, field by field, and nothing else."""
    run = project.deploy(PLAN)

    assert run.status == 0, run.errors
    there = found(project.plane, PROJECT, REGION)
    assert there.pop(f"bucket {PROJECT}-{PREFIX}-source") == []
    assert differences(there, wanted(PLAN, VALUES, CHANNELS)) == []
    assert project.plane.refusals == []


def test_the_archive_holds_what_gcloud_would_upload(project):
    """Functions are built from one archive, without what the checkout keeps from gcloud."""
    (upload,) = project.plane.store.named(f"storage/b/{PROJECT}-{PREFIX}-source/o").values()

    assert upload["name"].startswith("source-")
    with ZipFile(BytesIO(project.plane.store.files[upload["name"]])) as archive:
        assert archive.namelist() == [".gcloudignore", "handlers/shop_order.py", "requirements.txt"]


def test_a_second_run_changes_nothing(project):
    """Not one request that could change anything is sent."""
    run = project.deploy(PLAN)

    assert run.status == 0, run.errors
    assert run.changes == ()
    assert "0 changes" in run.output


def test_another_value_deploys_the_functions_that_use_it(project):
    """A changed setting is one changed function."""
    functions = [one for one in PLAN.resources if isinstance(one, Function)]
    users = [one for one in functions if "config.RATE" in str(one.environment)]

    run = project.deploy(PLAN, CONFIG_RATE="2")

    assert run.status == 0, run.errors
    # gcloud makes sure that the public may not call what it deploys.
    assert sorted(_verbs(run)) == ["patch"] * len(users) + ["setIamPolicy"] * len(users)
    assert {call.name.rpartition("/")[2] for call in run.changes} == {f"{PREFIX}-{user.name}" for user in users}


def test_what_cannot_be_changed_stops_before_anything_is(project):
    """Another filter of a subscription that exists is refused with its name, and nothing has been changed."""
    pushed = next(one for one in PLAN.resources if isinstance(one, Subscription) and one.kind == "push")
    changed = replace(pushed, filter='attributes.service = "Else"')

    run = project.deploy(replace(PLAN, resources=tuple(changed if one is pushed else one for one in PLAN.resources)))

    assert run.status == 1
    assert run.changes == ()
    assert "nothing has been changed" in run.errors
    assert 'attributes.service = "Else"' in run.errors


def test_what_is_changed_is_updated_and_what_is_gone_is_named(project):
    """A changed schedule is updated, a paused one paused; what is no longer declared is named and left."""
    first, second = sorted((one for one in PLAN.resources if isinstance(one, Job)), key=lambda one: not one.is_enabled)
    changed = replace(first, cron="5 4 * * *", is_enabled=False)
    kept = tuple(changed if one is first else one for one in PLAN.resources if one is not second)

    run = project.deploy(replace(PLAN, resources=kept), CONFIG_RATE="2")

    assert run.status == 0, run.errors
    assert _verbs(run) == ["patch", "pause"]
    assert f"no longer declared, and not deleted: jobs {PREFIX}-{second.name}" in run.output


def test_nothing_tried_to_leave_the_machine(project):
    """No connection to anywhere else was asked for."""
    assert project.plane.strays == []


def _verbs(run: Run) -> list[str]:
    return [call.method.rpartition(".")[2] for call in run.changes]
