"""``build``: the files that are generated from the application."""

from pathlib import Path

import click

from purista_serverless.cli.command import Command, with_project
from purista_serverless.cli.output import show
from purista_serverless.cli.project import Project

SHAPE = """
{"written": ["handlers/orders_place.py"], "removed": []}
"""


@click.command(cls=Command, example="build --check", shape=SHAPE)
@click.option("--provider", default="embedded", show_default=True, metavar="NAME", help="What to build for.")
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
    """Write one small module per function.

    They go to handlers/, to be committed and reviewed. Files that were not generated are never overwritten.
    """
    from purista_serverless.adapters import load_adapter
    from purista_serverless.synth.files import Changes
    from purista_serverless.synth.pipeline import build as write
    from purista_serverless.synth.pipeline import verify_files

    adapter, root = load_adapter(provider), folder or project.root
    changes = Changes(written=(), removed=())
    if only_check:
        verify_files(project.model, adapter, root)
    else:
        changes = write(project.model, adapter, root, strict=strict)
    lines = [*(f"wrote {path}" for path in changes.written), *(f"removed {path}" for path in changes.removed)]
    shape = {"written": list(changes.written), "removed": list(changes.removed)}
    show(shape, "\n".join(lines) or "nothing has changed")
