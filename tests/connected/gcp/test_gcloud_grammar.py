"""Every line of the script that deploys, judged by gcloud's own parser without executing it."""

import os
import subprocess
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from purista_serverless.adapters.gcp.plan.resources import Account, Alert, Deployment, Job, Secret, Subscription, Topic
from purista_serverless.adapters.gcp.plan.resources import Function as CloudFunction
from purista_serverless.adapters.gcp.render.gcloud.script import FILE, script
from purista_serverless.adapters.gcp.render.gcloud.words import variable_of
from tests.connected.gcp.gcloud import faults
from tests.connected.gcp.terraform_applications import APPLICATIONS, OPTIONS
from tests.unit.gcp.plan.deployments import planned

pytestmark = pytest.mark.connected

PREFIX = "shop"
# What is given wherever a deployment asks for something.
GIVEN = {"PROJECT": "demo-project", "REGION": "europe-west1", "PREFIX": PREFIX, "BUILD_ACCOUNT": "build@example.com"}
# What there is when there is nothing yet.
NOTHING = {
    "projects describe": "123456789012\n",
    "meta list-files-for-upload": "requirements.txt\n",
    "secrets versions list": "enabled\n",
}


# In place of gcloud: writes down how many arguments it was given and which, and answers by how they begin.
RECORDER = """#!/usr/bin/env bash
printf '%s\\0' "$#" "$@" >>"$RECORD"
for answer in "$ANSWERS"/*; do
  [[ "$*" != "${answer##*/}"* ]] || cat "$answer"
done
"""


def recorded(folder: Path, plan: Deployment, answers: dict[str, str]) -> list[list[str]]:
    """Run the script with a program that writes down what gcloud is called with, as the real shell expands it."""
    files = {f"answers/{command}": answer for command, answer in answers.items()}
    # The parser reads the files that are named, which the script removes at its end.
    programs = {"bin/gcloud": RECORDER, "bin/rm": "#!/bin/sh\n"}
    for path, text in {FILE: script(plan), "requirements.txt": "", **programs, **files}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
        (folder / path).chmod(0o755)
    told = {"TMPDIR": str(folder), "RECORD": str(folder / "record"), "ANSWERS": str(folder / "answers")}
    asked = {variable_of(one.name): "19" for one in plan.variables if one.default is None}
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", str(folder / FILE)],  # noqa: S607 - bash is found on the PATH
        env={**os.environ, **asked, **GIVEN, **told, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return list(_commands((folder / "record").read_text(encoding="utf-8").split("\0")[:-1]))


def _commands(words: list[str]) -> Iterator[list[str]]:
    rest = iter(words)
    for count in rest:
        yield list(islice(rest, int(count)))


def outdated(plan: Deployment) -> dict[str, str]:
    """Answer that all is there, deployed from other declarations."""
    labelled = {
        "pubsub topics list": Topic,
        "secrets list": Secret,
        "functions list": CloudFunction,
        "alpha monitoring policies list": Alert,
    }
    lists = {
        command: _lines(plan, kind, "{name}\told\tshop\tprojects/demo-project/alertPolicies/1")
        for command, kind in labelled.items()
    }
    accounts = _lines(plan, Account, "{name}@demo-project.iam.gserviceaccount.com\tx [shop old]")
    jobs = _lines(plan, Job, "{name}\tx [shop old]\tPAUSED")
    return {
        **NOTHING,
        **lists,
        "iam service-accounts list": accounts,
        "scheduler jobs list": jobs,
        "pubsub subscriptions list": "".join(
            _subscription(plan, one) for one in plan.resources if isinstance(one, Subscription)
        ),
        "storage buckets list": "demo-project-shop-source\told\tshop\ndemo-project-shop-claims\told\tshop\n",
    }


def _lines(plan: Deployment, kind: type[Any], form: str) -> str:
    named: Iterator[Any] = (one for one in plan.resources if isinstance(one, kind))
    return "".join(f"{form.format(name=f'{PREFIX}-{one.name}')}\n" for one in named)


def _subscription(plan: Deployment, one: Subscription) -> str:
    topic = next(topic for topic in plan.resources if topic.id == one.topic and isinstance(topic, Topic))
    fixed = (f"{PREFIX}-{topic.name}", "True" if one.is_ordered else "", one.filter or "")
    return "\t".join((f"{PREFIX}-{one.name}", "old", PREFIX, *fixed)) + "\n"


@pytest.mark.parametrize(
    ("application", "options"),
    [("example", "plain"), ("sample", "plain"), ("everything", "rich"), ("everything", "bare")],
)
def test_every_command_passes_the_parser(tmp_path, application, options):
    """What is executed where nothing is there, and where everything is outdated, are commands as gcloud has them."""
    plan = planned(APPLICATIONS[application], **OPTIONS[options])

    commands = [
        *recorded(tmp_path / "first", plan, NOTHING),
        *recorded(tmp_path / "again", plan, outdated(plan)),
    ]

    assert [pair for pair in zip(commands, faults(commands), strict=True) if pair[1] is not None] == []
    verbs = {word for command in commands for word in command[:4]}
    assert {"create", "update", "deploy", "add-iam-policy-binding"} <= verbs


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ("pubsub topics crate orders", "no such command"),
        ("pubsub topics", "no such command"),
        ("pubsub topics create orders --label=a=b", "label"),
        ("pubsub subscriptions create orders", "--topic"),
        ("pubsub subscriptions create a --topic=b --max-delivery-attempts=4 --dead-letter-topic=c", "5"),
        ("functions deploy a --gen2 --min-instances=-1", "min-instances"),
    ],
)
def test_the_parser_finds_faults(wrong, fault):
    """A wrong command is told from a right one, with gcloud's own words."""
    found, fine = faults([wrong.split(), ["pubsub", "topics", "create", "orders"]])

    assert fine is None
    assert found is not None
    assert fault in found
