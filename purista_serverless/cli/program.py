"""The program: its commands in the order in which a newcomer needs them."""

import click

from purista_serverless import __version__
from purista_serverless.cli.command import Program

_COMMANDS = "purista_serverless.cli.commands"

COMMANDS = {
    "new": f"{_COMMANDS}.new:new",
    "run": f"{_COMMANDS}.run:run",
    "work": f"{_COMMANDS}.run:work",
    "invoke": f"{_COMMANDS}.send:invoke",
    "emit": f"{_COMMANDS}.send:emit",
    "enqueue": f"{_COMMANDS}.send:enqueue",
    "jobs": f"{_COMMANDS}.jobs:jobs",
    "dlq": f"{_COMMANDS}.dlq:dlq",
    "schedules": f"{_COMMANDS}.schedules:schedules",
    "check": f"{_COMMANDS}.check:check",
    "graph": f"{_COMMANDS}.graph:graph",
    "build": f"{_COMMANDS}.build:build",
    "emulate": f"{_COMMANDS}.emulate:emulate",
    "diff": f"{_COMMANDS}.diff:diff",
    "translate": f"{_COMMANDS}.translate:translate",
}


@click.command(
    cls=Program,
    lazy=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def program() -> None:
    """Run, test and look after message-driven Python services.

    The application is found by [tool.purista-serverless] app = "module:attribute" in the pyproject.toml of the current
    folder or one above it, or named with --app. Begin with `purista-serverless new NAME`.
    """
