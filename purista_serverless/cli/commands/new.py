"""``new``: a project that works."""

from pathlib import Path

import click

from purista_serverless.cli.command import Command, with_output
from purista_serverless.cli.failures import ExitCode, Failure
from purista_serverless.cli.output import show

_SHAPE = """
{"name": "tea-shop", "folder": "tea-shop", "files": ["Makefile", "pyproject.toml", "tea_shop/service.py"]}
"""


@click.command(cls=Command, example="new tea-shop", shape=_SHAPE)
@click.argument("name")
@click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to write to, which must be empty or new; NAME when omitted.",
)
@with_output
def new(*, name: str, folder: Path | None) -> None:
    """Write a small service that works, with its tests.

    It comes with a Makefile and a workflow for continuous integration. NAME is in lower case, with hyphens between
    words.
    """
    from purista_serverless.cli.blueprint import project_files
    from purista_serverless.synth.files import write

    files, root = project_files(name), folder or Path(name)
    if root.exists() and any(root.iterdir()):
        fix = "choose another name, or an empty folder with --dir"
        raise Failure("the folder is not empty", where=str(root), fix=fix, code=ExitCode.USAGE)
    written = write(root, files).written
    lines = [f"wrote {root / path}" for path in written]
    steps = ["", "next:", f"  cd {root}", "  make test", "  make run"]
    show({"name": name, "folder": str(root), "files": list(written)}, "\n".join([*lines, *steps]))
