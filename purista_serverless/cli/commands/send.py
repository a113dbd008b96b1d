"""``invoke``, ``emit`` and ``enqueue``: the three ways into an application from outside."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from purista_serverless.cli.command import Command, with_project
from purista_serverless.cli.failures import ExitCode, Failure
from purista_serverless.cli.output import show
from purista_serverless.cli.project import Project
from purista_serverless.cli.values import Duration, Instant, Json, Text, decoded, known

if TYPE_CHECKING:
    from purista_serverless.adapters.embedded.host import Host
    from purista_serverless.model import Command as CommandModel
    from purista_serverless.runtime.client import Client

F = TypeVar("F", bound=Callable[..., Any])

_SHAPE_OF_INVOKE = """
{"command": "Orders v1 > place", "result": "5f1c..."}
"""

_SHAPE_OF_EMIT = """
{"event": "orders.shipped", "id": "5f1c..."}
"""

_SHAPE_OF_ENQUEUE = """
{"queue": "orders.shipping", "id": "5f1c..."}
"""


def _with_identity(function: F) -> F:
    for name, text in (("--principal", "The principal"), ("--tenant", "The tenant")):
        function = click.option(name, type=Text(), metavar="ID", help=f"{text} on whose behalf it is done.")(function)
    return function


_parameter = click.option("--parameter", type=Json(), help="The parameter, written as a payload is.")
_payload = click.argument("payload", type=Json(), default="null")


@click.command(cls=Command, example="""invoke place '{"sku": "tea", "count": 2}\'""", shape=_SHAPE_OF_INVOKE)
@click.argument("name", metavar="COMMAND")
@_payload
@_parameter
@_with_identity
@click.option(
    "--provider",
    type=click.Choice(["embedded", "aws", "gcp"]),
    default="embedded",
    show_default=True,
    help="With `aws` or `gcp`, COMMAND is the name of a generated handler, and runs as that provider runs it.",
)
@click.option(
    "--event",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with the raw event or request of that provider, instead of PAYLOAD.",
)
@with_project
def invoke(
    *,
    project: Project,
    name: str,
    payload: bytes,
    parameter: bytes | None,
    tenant: str | None,
    principal: str | None,
    provider: str,
    event: Path | None,
) -> None:
    """Invoke a command in this process and print its result.

    COMMAND is its name, or Service.name or Service.version.name where several services have the same. PAYLOAD is JSON,
    @FILE or - for standard input. Exits with 1 if the command refuses.

    With `--provider aws --event FILE` it is the name of any generated handler (`billing_close_account`), which is run
    on that event as Lambda would run it, with this process' environment. With `--provider gcp` the file holds a request
    ({"method": "POST", "path": "/", "headers": {}, "body": ""}), and functions-framework runs the handler.
    """
    from purista_serverless.schema import codec_of

    if (provider == "embedded") != (event is None):
        raise click.UsageError("--provider aws or gcp and --event FILE belong together")
    if event is not None:
        if payload != b"null" or parameter or tenant or principal:
            raise click.UsageError(
                "--event is all that the handler is given; leave out payload, parameter and identity"
            )
        from purista_serverless.cli.raw_events import run_on_aws, run_on_gcp

        run = run_on_aws if provider == "aws" else run_on_gcp
        _show_result(name, json.dumps(run(project, name, event.read_bytes())).encode())
        return
    command = _command(project, name)
    value = decoded(command.payload, payload, f"payload of {command.address.name}")
    given = decoded(command.parameter, parameter or b"null", f"parameter of {command.address.name}")
    with project.host() as host:
        result = _client(host, tenant, principal).invoke(_handle_of(command), value, given)
    raw = codec_of(command.result).dump_json(result, f"result of {command.address.name}")
    _show_result(str(command.address), raw)


@click.command(cls=Command, example="""emit orders.shipped '{"sku": "tea", "count": 2}\'""", shape=_SHAPE_OF_EMIT)
@click.argument("name", metavar="EVENT")
@_payload
@_with_identity
@with_project
def emit(*, project: Project, name: str, payload: bytes, tenant: str | None, principal: str | None) -> None:
    """Emit an event to its subscriptions and bindings.

    PAYLOAD is JSON, @FILE or - for standard input; it is checked against the event's type.
    """
    event: Any = known("event", name, {event.name: event for event in project.model.events})
    value = decoded(event.payload, payload, f"event {event.name}")
    with project.host() as host:
        message_id = _client(host, tenant, principal).emit(event, value)
    show({"event": event.name, "id": message_id}, f"emitted {event.name}: {message_id}")


@click.command(
    cls=Command,
    example="""enqueue orders.shipping '{"sku": "tea", "count": 2}' --delay 5m""",
    shape=_SHAPE_OF_ENQUEUE,
)
@click.argument("name", metavar="QUEUE")
@_payload
@_parameter
@click.option("--delay", type=Duration(), help="Run it that much later: 90s, 5m, 1h30m, 2d.")
@click.option("--at", type=Instant(), help="Run it at this ISO 8601 time instead.")
@click.option("--key", type=Text(), metavar="TEXT", help="Idempotency key; strict queues take each key once.")
@click.option("--priority", type=click.IntRange(min=0), default=0, show_default=True, help="Higher goes first.")
@_with_identity
@with_project
def enqueue(
    *,
    project: Project,
    name: str,
    payload: bytes,
    parameter: bytes | None,
    delay: timedelta | None,
    at: datetime | None,
    key: str | None,
    priority: int,
    tenant: str | None,
    principal: str | None,
) -> None:
    """Enqueue a job and print its id.

    PAYLOAD is JSON, @FILE or - for standard input; it is checked against the queue's type, and the job against its
    bounds.
    """
    queue: Any = known("queue", name, {queue.name: queue for queue in project.model.queues})
    if delay is not None and at is not None:
        raise click.UsageError("--delay and --at contradict each other; give one of them")
    value = decoded(queue.payload, payload, f"payload of {queue.name}")
    given = decoded(queue.parameter, parameter or b"null", f"parameter of {queue.name}")
    with project.host() as host:
        job_id = _client(host, tenant, principal).enqueue(
            queue, value, given, delay=delay, scheduled_at=at, idempotency_key=key, priority=priority
        )
    show({"queue": queue.name, "id": job_id}, f"enqueued on {queue.name}: {job_id}")


def _client(host: "Host", tenant: str | None, principal: str | None) -> "Client":
    return host.client.on_behalf_of(tenant_id=tenant, principal_id=principal)


def _command(project: Project, name: str) -> "CommandModel":
    """Find a command by the shortest name that is unique."""
    named: dict[str, list[CommandModel]] = {}
    for command in project.model.commands:
        address = command.address
        for text in (address.name, f"{address.service}.{address.name}", _full_name(command)):
            named.setdefault(text, []).append(command)
    found = known("command", name, named)
    if len(found) > 1:
        choices = ", ".join(_full_name(command) for command in found)
        raise Failure(f"several services have a command {name!r}", fix=f"name one of {choices}", code=ExitCode.USAGE)
    return found[0]


def _full_name(command: "CommandModel") -> str:
    return f"{command.address.service}.{command.address.version}.{command.address.name}"


def _handle_of(command: "CommandModel") -> Any:
    from purista_serverless.builder.handles import Command as Handle

    address = command.address
    return Handle.external(
        address.service,
        address.version,
        address.name,
        command.payload,
        command.result,
        parameter=command.parameter,
    )


def _show_result(command: str, raw: bytes) -> None:
    result = json.loads(raw)
    show({"command": command, "result": result}, json.dumps(result, indent=2, ensure_ascii=False))
