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
    from purista_serverless.adapter import Adapter

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
    from purista_serverless.synth.check import verify
    from purista_serverless.synth.pipeline import build as write

    adapters, root = adapters_of(project, provider), folder or project.root
    if only_check:
        _verify_files(project, adapters, root)
    for adapter in adapters if only_check or len(adapters) > 1 else ():
        # All of them first: when one is refused, none is written.
        verify(project.model, adapter, strict=strict)
    done = [] if only_check else [write(project.model, adapter, root, strict=strict) for adapter in adapters]
    written = sorted({path for changes in done for path in changes.written})
    removed = sorted({path for changes in done for path in changes.removed})
    lines = [*(f"wrote {path}" for path in written), *(f"removed {path}" for path in removed)]
    show({"written": written, "removed": removed}, "\n".join(lines) or "nothing has changed")


def _verify_files(project: Project, adapters: "tuple[Adapter, ...]", root: Path) -> None:
    """Raise if files are stale; tells those of all adapters at once."""
    from purista_serverless.synth.pipeline import verify_files

    stale: set[str] = set()
    for adapter in adapters:
        try:
            verify_files(project.model, adapter, root)
        except StaleFiles as error:
            stale.update(error.paths)
    if stale:
        raise StaleFiles(stale)
