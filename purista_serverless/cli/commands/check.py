"""``check``: what a provider can keep of what the application promises."""

import json

import click

from purista_serverless.cli.command import Command, with_project
from purista_serverless.cli.output import finish, show
from purista_serverless.cli.project import Project
from purista_serverless.cli.providers import ALL, adapters_of

SHAPE = """
{
  "application": "orders",
  "adapter": "embedded",
  "findings": [
    {"declaration": "Orders v1 > orders.shipping", "file": "app.py", "line": 15, "promise": "attempts",
     "code": "CK101", "verdict": "native | emulated | degraded | refused", "how": "...", "why": "...", "fix": "..."}
  ],
  "ledgerWrites": [
    {"queue": "orders.shipping", "tracking": "none", "reasons": [], "perJob": 0, "perRetry": 0, "perExtension": 0}
  ]
}
"""


@click.command(cls=Command, example="check --provider embedded --strict", shape=SHAPE)
@click.option(
    "--provider",
    default="embedded",
    show_default=True,
    metavar="NAME",
    help="An adapter by name, module:ATTRIBUTE of a descriptor, or `all`: then --json is a list of reports.",
)
@click.option("--strict", is_flag=True, help="Fail also for promises that are kept in part only.")
@with_project
def check(*, project: Project, provider: str, strict: bool) -> None:
    """Check what a provider keeps of what the application promises.

    Each promise is native, emulated, degraded (kept in part) or refused. Exits with 1 if one is refused.
    """
    from purista_serverless.synth.check import check as judge

    reports = [judge(project.model, adapter) for adapter in adapters_of(project, provider)]
    shapes = [json.loads(report.to_json()) for report in reports]
    text = "\n".join(report.text() for report in reports)
    show(shapes if provider == ALL else shapes[0], text.rstrip("\n"))
    finish(findings=any(report.failed(strict=strict) for report in reports))
