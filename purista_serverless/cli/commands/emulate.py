"""``emulate``: a provider on this machine, from the files that a build wrote."""

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import click

from purista_serverless.cli.command import Command, Group, with_output
from purista_serverless.cli.output import fields, instant, line_of
from purista_serverless.cli.values import Duration, Instant, Json

if TYPE_CHECKING:
    from purista_serverless.adapters.aws.emulator.emulator import Emulator

_SHAPE = """
{"state": "serving", "endpoint": "http://127.0.0.1:41337", "http": "http://127.0.0.1:3000",
 "functions": ["BillingCloseAccount"], "outputs": {"EventBusName": "emulated-bus"}, "clock": "wall"}
{"state": "moved", "now": "2026-02-01T00:00:00.000Z"}
{"state": "stopping"}
{"state": "stopped"}
"""


@click.group(cls=Group)
def emulate() -> None:
    """Run on this machine what a build wrote for a provider."""


@emulate.command("aws", cls=Command, example="emulate aws --port 3000", shape=_SHAPE)
@click.option(
    "--template",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default="template.yaml",
    show_default=True,
    help="The template that `build --provider aws` wrote.",
)
@click.option("--parameter", "parameters", metavar="NAME=VALUE", multiple=True, help="A parameter of the template.")
@click.option("--port", type=click.IntRange(0, 65535), default=3000, show_default=True, help="Of HTTP; 0: a free one.")
@click.option("--identity", type=Json(), help="Claims of whoever calls routes with an authoriser, as JSON or @FILE.")
@click.option("--clock", type=click.Choice(["wall", "virtual"]), default="wall", show_default=True)
@click.option("--start", type=Instant(), help="First instant of the virtual clock; now when omitted.")
@with_output
def aws(
    *,
    template: Path,
    parameters: tuple[str, ...],
    port: int,
    identity: bytes | None,
    clock: str,
    start: datetime | None,
) -> None:
    """Run an AWS template: resources on moto, functions under the real Lambda runtime client.

    Configuration values and secrets are taken from the environment. With `--clock virtual`, each duration on standard
    input (90s, 1d) moves the clock. Ctrl+C or SIGTERM stops everything.
    """
    from purista_serverless.adapters.aws.emulator.emulator import Emulator
    from purista_serverless.cli.serving import stop_on_signals

    if start is not None and clock == "wall":
        raise click.UsageError("--start needs --clock virtual")
    stopping = line_of({"state": "stopping"}, "stopping")
    first = (start or datetime.now(UTC)) if clock == "virtual" else None
    emulator = Emulator(
        template,
        parameters=dict(map(_named, parameters)),
        start=first,
        identity=None if identity is None else _claims(identity),
        port=port,
    )
    with stop_on_signals(lambda: click.echo(stopping)) as stop:
        with emulator:
            click.echo(_serving_line(emulator, clock))
            if first is not None:
                _move_by_input(emulator, click.get_current_context(), stop)
            stop.wait()
        click.echo(line_of({"state": "stopped"}, "stopped"))


def _named(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.UsageError(f"--parameter {text!r} is not NAME=VALUE")
    return name, value


def _claims(raw: bytes) -> Mapping[str, Any]:
    import json

    try:
        claims = json.loads(raw)
    except ValueError:
        claims = None
    if not isinstance(claims, dict):
        raise click.UsageError("""--identity is no JSON object, such as '{"sub": "operator-7"}'""")
    return claims


def _serving_line(emulator: "Emulator", clock: str) -> str:
    functions = [function.setup.name for function in emulator.functions]
    head = {"endpoint": emulator.endpoint, "http": emulator.http_url, "clock": clock}
    rows = [*head.items(), ("functions", ", ".join(functions) or None), *sorted(emulator.outputs.items())]
    shape = {"state": "serving", **head, "functions": functions, "outputs": dict(emulator.outputs)}
    return line_of(shape, f"{fields(rows)}\nserving; stop with Ctrl+C")


def _move_by_input(emulator: "Emulator", context: click.Context, stop: Event) -> None:
    def move() -> None:
        for line in sys.stdin:
            try:
                with context.scope(cleanup=False):
                    emulator.advance(Duration().convert(line.strip(), None, None))
                    click.echo(_moved_line(emulator.now()))
            except (click.UsageError, TimeoutError) as error:
                click.echo(str(error), err=True)
            if stop.is_set():
                return

    Thread(target=move, daemon=True).start()


def _moved_line(now: datetime) -> str:
    text = instant(round(now.timestamp() * 1000))
    return line_of({"state": "moved", "now": text}, f"it is {text}")
