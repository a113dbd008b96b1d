"""One generated handler on one raw event of a provider: what `invoke --provider` runs."""

import json
import os
from typing import Any

import click

from purista_serverless.cli.failures import ExitCode, Failure
from purista_serverless.cli.project import Project
from purista_serverless.cli.values import known
from purista_serverless.errors import MissingExtra

# As long as a function of AWS may run, in seconds.
_TIMEOUT = 900.0


def run_on_aws(project: Project, name: str, event: bytes) -> Any:
    """Run a generated handler on an event under the real Lambda runtime client, and give its answer.

    The function has this process' environment; what it prints goes to the error stream.

    Args:
        project: Whose ``handlers`` folder it is in.
        name: Name of its file, without the ending.
        event: The event, as JSON.

    Raises:
        MissingExtra: The runtime client is not installed.
        Failure: There is no such handler, or the function failed.
    """
    from purista_serverless.adapters.aws.emulator.environment import Environment, FunctionSetup
    from purista_serverless.emulation.clock import WallClock

    _require_client()
    known("generated handler", name, {path.stem: path for path in (project.root / "handlers").glob("*.py")})
    setup = FunctionSetup(
        name=name,
        arn=f"arn:aws:lambda:local:000000000000:function:{name}",
        handler=f"handlers.{name}.handler",
        code=project.root,
        timeout=_TIMEOUT,
        variables=dict(os.environ),
    )
    environment = Environment(setup, WallClock(), {}, log=lambda _, line: click.echo(line, err=True))
    try:
        answer = environment.invoke(event)
    finally:
        environment.stop()
    content = json.loads(answer.payload or b"null")
    if answer.error_type is not None:
        what = f"{answer.error_type}: {content.get('errorMessage', '')}"
        raise Failure(what, where=f"handlers/{name}.py", code=ExitCode.FINDINGS)
    return content


def _require_client() -> None:
    from importlib.util import find_spec

    if find_spec("awslambdaric") is None:
        raise MissingExtra("awslambdaric", "aws-emulator")
