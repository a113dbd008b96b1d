"""One generated handler on one raw event of a provider: what `invoke --provider` runs."""

import base64
import binascii
import json
import os
from typing import TYPE_CHECKING, Any

import click

from purista_serverless.cli.failures import ExitCode, Failure
from purista_serverless.cli.project import Project
from purista_serverless.cli.values import known
from purista_serverless.emulation.running import require

if TYPE_CHECKING:
    from purista_serverless.emulation.forwarding import Answer, Request

# As long as a function may run, in seconds: of AWS, and of Google Cloud.
_AWS_TIMEOUT = 900.0
_GCP_TIMEOUT = 3_600.0

# What a function of Google Cloud answers when it could not do what it was asked for begins here.
_FIRST_FAULT = 500


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

    require("aws-emulator", "awslambdaric")
    _require_handler(project, name)
    setup = FunctionSetup(
        name=name,
        arn=f"arn:aws:lambda:local:000000000000:function:{name}",
        handler=f"handlers.{name}.handler",
        code=project.root,
        timeout=_AWS_TIMEOUT,
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


def run_on_gcp(project: Project, name: str, event: bytes) -> Any:
    """Run a generated handler on a request under the real functions-framework, and give its answer.

    The function has this process' environment; what it prints goes to the error stream.

    Args:
        project: Whose ``handlers`` folder it is in.
        name: Name of its file, without the ending.
        event: The request, as JSON: ``{"method": "POST", "path": "/", "headers": {}, "body": ""}``, or with the body as
            ``bodyBase64``.

    Returns:
        Status, headers and body of the answer; the body as JSON if it is some.

    Raises:
        MissingExtra: The functions-framework is not installed.
        Failure: There is no such handler, the event is no request, or the function failed.
    """
    from purista_serverless.adapters.gcp.emulator.instance import Instance, InstanceSetup
    from purista_serverless.emulation.agenda import Agenda
    from purista_serverless.emulation.clock import WallClock
    from purista_serverless.emulation.platform import Platform

    require("gcp-emulator", "functions_framework")
    _require_handler(project, name)
    request = _request_of(event)
    root = str(project.root)
    setup = InstanceSetup(
        name=name,
        root=root,
        source=f"handlers/{name}.py",
        timeout=_GCP_TIMEOUT,
        variables={**os.environ, "PYTHONPATH": root},
    )
    clock = WallClock()
    platform = Platform(clock=clock, agenda=Agenda(clock), log=lambda _, line: click.echo(line, err=True))
    instance = Instance(setup, platform)
    try:
        answer = instance.answer(request)
    finally:
        instance.stop()
    if answer.status >= _FIRST_FAULT:
        what = f"{answer.status}: {answer.body.decode(errors='replace')}"
        raise Failure(what, where=f"handlers/{name}.py", code=ExitCode.FINDINGS)
    return _shape_of(answer)


def _request_of(event: bytes) -> "Request":
    from purista_serverless.emulation.forwarding import Request

    try:
        found = json.loads(event)
        encoded = found.get("bodyBase64")
        body = found.get("body", "").encode() if encoded is None else base64.b64decode(encoded, validate=True)
        headers = tuple((str(key), str(value)) for key, value in found.get("headers", {}).items())
        return Request(method=found.get("method", "POST"), target=found["path"], headers=headers, body=body)
    except (ValueError, TypeError, AttributeError, KeyError, binascii.Error) as error:
        raise Failure(
            f"the event is no request: {type(error).__name__}: {error}",
            fix='write it as {"method": "POST", "path": "/", "headers": {}, "body": "..."}',
            code=ExitCode.USAGE,
        ) from error


def _shape_of(answer: "Answer") -> Any:
    try:
        body = json.loads(answer.body) if answer.body else None
    except ValueError:
        body = answer.body.decode(errors="replace")
    return {"status": answer.status, "headers": dict(answer.headers), "body": body}


def _require_handler(project: Project, name: str) -> None:
    known("generated handler", name, {path.stem: path for path in (project.root / "handlers").glob("*.py")})
