"""``translate``: what SAM makes of a template, for linters that look at CloudFormation."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from purista_serverless.cli.command import Command, with_output
from purista_serverless.cli.output import show

SHAPE = """
{"written": [".aws-sam/translated/template.json"]}
"""


@click.command(cls=Command, example="translate --to .aws-sam/translated", shape=SHAPE)
@click.option(
    "--template",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default="template.yaml",
    show_default=True,
    help="The template that `build --provider aws` wrote.",
)
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=".aws-sam/translated",
    show_default=True,
    help="Folder to write to; not to be committed.",
)
@click.option(
    "--region", envvar="AWS_REGION", default="us-east-1", show_default=True, metavar="NAME", help="Where it would go."
)
@with_output
def translate(*, template: Path, folder: Path, region: str) -> None:
    """Write what SAM makes of a template, as CloudFormation gets it.

    Roles, mappings and permissions that SAM adds are to be seen there only. Nested templates are written too.
    """
    written = []
    for path, body in _translated(template, region):
        target = folder / path.relative_to(template.parent.resolve()).with_suffix(".json")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(body, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        written.append(target.as_posix())
    show({"written": written}, "\n".join(f"wrote {path}" for path in written))


def _translated(template: Path, region: str) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Translate a template and those that it nests."""
    from purista_serverless.adapters.aws.emulator.template import load_template

    pending = [template.resolve()]
    while pending:
        found = load_template(pending.pop(), {}, region)
        yield found.path, found.body
        pending += sorted(found.nested.values(), reverse=True)
