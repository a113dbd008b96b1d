"""``diff``: what a build would change, and what is dangerous about it."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from purista_serverless.cli.baseline import read_baseline
from purista_serverless.cli.command import Command, with_project
from purista_serverless.cli.failures import ExitCode
from purista_serverless.cli.output import show
from purista_serverless.cli.project import Project
from purista_serverless.cli.providers import adapter_of

if TYPE_CHECKING:
    from purista_serverless.synth.changes import Difference

SHAPE = """
{
  "application": "orders", "adapter": "aws", "against": "origin/main", "dangerous": 1,
  "changes": [
    {"file": "template.yaml", "subject": "ShippingQueue (AWS::SQS::Queue)", "kind": "added | removed | changed",
     "what": "FifoQueue: nothing -> true",
     "dangers": [
       {"risk": "replaces-resource | loses-data | widens-access | weakens-retry | breaks-contract", "why": "..."}
     ]}
  ]
}
"""


@click.command(cls=Command, example="diff --provider aws --against origin/main", shape=SHAPE)
@click.option("--provider", default="embedded", show_default=True, metavar="NAME", help="What the build is for.")
@click.option(
    "--against",
    metavar="REVISION|FOLDER",
    help="What to compare with: a git revision or a folder; the project's files as they are when omitted.",
)
@click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the generated files; that of pyproject.toml when omitted.",
)
@with_project
def diff(*, project: Project, provider: str, against: str | None, folder: Path | None) -> None:
    """Tell what a build would change, and what is dangerous about it.

    Nothing is written. Each change is classified: it replaces a resource, loses data, widens access, weakens retry or
    breaks a contract. Exits with 5 if something differs, with 6 if something dangerous does.
    """
    from purista_serverless.synth.diff import diff as compare
    from purista_serverless.synth.pipeline import folders_of, render

    adapter, root = adapter_of(project, provider), folder or project.root
    after = render(project.model, adapter)
    before = read_baseline(root, against, after, folders_of(adapter))
    found = compare(project.model, adapter, before, after, against=against or "the files as they are")
    show(json.loads(found.to_json()), found.text().rstrip("\n"))
    click.get_current_context().exit(_code_of(found))


def _code_of(found: "Difference") -> int:
    if not found.changes:
        return int(ExitCode.DONE)
    return int(ExitCode.DANGEROUS if found.dangerous else ExitCode.DIFFERENT)
