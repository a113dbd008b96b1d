"""``build``: the files that are generated from the application."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from purista_serverless.cli.command import Command, with_project
from purista_serverless.cli.output import show
from purista_serverless.cli.project import Project
from purista_serverless.cli.providers import adapters_of
from purista_serverless.errors import StaleFiles

if TYPE_CHECKING:
    from purista_serverless.synth.files import Changes

SHAPE = """
{"written": ["handlers/orders_place.py"], "removed": []}
"""


@click.command(cls=Command, example="build --check", shape=SHAPE)
@click.option(
    "--provider", default="embedded", show_default=True, metavar="NAME", help="What to build for; `all` is everything."
)
@click.option("--strict", is_flag=True, help="Refuse also promises that are kept in part only.")
@click.option("--check", "only_check", is_flag=True, help="Write nothing; exit with 1 if a file would change.")
@click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to write to; that of pyproject.toml when omitted.",
)
@with_project
def build(*, project: Project, provider: str, strict: bool, only_check: bool, folder: Path | None) -> None:
    """Write one small module per function, and what is deployed.

    Both are to be committed and reviewed. Files that were not generated are never overwritten.
    """
    from purista_serverless.synth.collector import collector_resting

    root = folder or project.root
    # From here on, since loading the application makes as many values as the build.
    with collector_resting():
        done = _built(project, provider, root, strict=strict, only_check=only_check)
    written = sorted({path for changes in done for path in changes.written})
    removed = sorted({path for changes in done for path in changes.removed})
    lines = [*(f"wrote {path}" for path in written), *(f"removed {path}" for path in removed)]
    show({"written": written, "removed": removed}, "\n".join(lines) or "nothing has changed")


def _built(project: Project, provider: str, root: Path, *, strict: bool, only_check: bool) -> "list[Changes]":
    from purista_serverless.synth.blueprint import draw
    from purista_serverless.synth.check import verified
    from purista_serverless.synth.pipeline import stale_files, write_files

    blueprints = [draw(project.model, adapter) for adapter in adapters_of(project, provider)]
    if only_check and (stale := {path for each in blueprints for path in stale_files(each, root)}):
        raise StaleFiles(stale)
    for blueprint in blueprints if only_check or len(blueprints) > 1 else ():
        # All of them first: when one is refused, none is written.
        verified(blueprint, strict=strict)
    return [] if only_check else [write_files(each, root, strict=strict) for each in blueprints]
