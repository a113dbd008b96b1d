"""``emulate``: a provider on this machine, from the files that a build wrote."""

import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import click

from purista_serverless.cli.command import Command, Group, with_project
from purista_serverless.cli.output import fields, instant, line_of
from purista_serverless.cli.values import Duration, Instant, Json

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from datetime import timedelta

    from purista_serverless.adapters.aws.emulator.emulator import Emulator as AwsEmulator
    from purista_serverless.adapters.aws.plan.resources import Schedule
    from purista_serverless.adapters.gcp.emulator.emulator import Emulator as GcpEmulator
    from purista_serverless.cli.project import Project
    from purista_serverless.synth.blueprint import Blueprint

_SHAPE_OF_AWS = """
{"state": "serving", "endpoint": "http://127.0.0.1:41337", "http": "http://127.0.0.1:3000",
 "functions": ["BillingCloseAccount"], "outputs": {"EventBusName": "emulated-bus"}, "clock": "wall"}
{"state": "moved", "now": "2026-02-01T00:00:00.000Z"}
{"state": "stopping"}
{"state": "stopped"}
"""

_SHAPE_OF_GCP = """
{"state": "serving", "http": "http://127.0.0.1:3000", "clock": "wall", "functions": ["shop-billing-close-account"],
 "variables": {"PUBSUB_EMULATOR_HOST": "127.0.0.1:41337", "GOOGLE_CLOUD_PROJECT": "emulated"}}
{"state": "moved", "now": "2026-02-01T00:00:00.000Z"}
{"state": "stopping"}
{"state": "stopped"}
"""


class _Emulator(Protocol):
    """What both emulators can do."""

    def now(self) -> datetime: ...

    def advance(self, duration: "timedelta") -> None: ...


EmulatorT = TypeVar("EmulatorT", bound=_Emulator)
F = TypeVar("F", bound="Callable[..., Any]")


def _with_serving(function: F) -> F:
    """Add the options of whatever is served."""
    for option in (
        click.option("--start", type=Instant(), help="First instant of the virtual clock; now when omitted."),
        click.option("--clock", type=click.Choice(["wall", "virtual"]), default="wall", show_default=True),
        click.option("--identity", type=Json(), help="Claims of whoever calls private routes, as JSON or @FILE."),
        click.option(
            "--port", type=click.IntRange(0, 65535), default=3000, show_default=True, help="Of HTTP; 0: a free one."
        ),
    ):
        function = option(function)
    return function


@click.group(cls=Group)
def emulate() -> None:
    """Run on this machine what a build wrote for a provider."""


@emulate.command("aws", cls=Command, example="emulate aws --port 3000", shape=_SHAPE_OF_AWS)
@click.option(
    "--template",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default="template.yaml",
    show_default=True,
    help="The template that `build --provider aws` wrote.",
)
@click.option("--parameter", "parameters", metavar="NAME=VALUE", multiple=True, help="A parameter of the template.")
@_with_serving
@with_project
def aws(
    *,
    project: "Project",
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

    The application is needed only where its template leaves schedules out, see `schedules_apart` among the options.
    """
    from purista_serverless.adapters.aws.emulator.emulator import Emulator

    first = _first_instant(clock, start)
    emulator = Emulator(
        template,
        apart=_apart(project, template),
        parameters=_named("--parameter", parameters),
        start=first,
        identity=None if identity is None else _claims(identity),
        port=port,
    )
    _serve(emulator, lambda running: _aws_line(running, clock), is_moved=first is not None)


@emulate.command("gcp", cls=Command, example="emulate gcp --port 3000", shape=_SHAPE_OF_GCP)
@click.option("--variable", "variables", metavar="NAME=VALUE", multiple=True, help="A variable of the deployment.")
@_with_serving
@with_project
def gcp(
    *,
    project: "Project",
    variables: tuple[str, ...],
    port: int,
    identity: bytes | None,
    clock: str,
    start: datetime | None,
) -> None:
    """Run an application as on Google Cloud: Google's emulators, functions under the real functions-framework.

    Configuration values and secrets are taken from the environment. With `--clock virtual`, each duration on standard
    input (90s, 1d) moves the clock. Ctrl+C or SIGTERM stops everything.
    """
    from purista_serverless.adapters.gcp.emulator.emulator import Emulator

    first = _first_instant(clock, start)
    blueprint = _built(project, "gcp")
    emulator = Emulator(
        blueprint.plan,
        project.root,
        topology=blueprint.topology,
        variables=_named("--variable", variables),
        start=first,
        identity=None if identity is None else _claims(identity),
        port=port,
    )
    _serve(emulator, lambda running: _gcp_line(running, clock), is_moved=first is not None)


def _apart(project: "Project", template: Path) -> "tuple[Schedule, ...]":
    """Give the schedules that the project's own template leaves out."""
    from purista_serverless.adapters.aws.options import Options
    from purista_serverless.adapters.aws.plan.layout import ROOT, path_of
    from purista_serverless.cli.providers import adapter_of

    options = adapter_of(project, "aws").options
    is_apart = isinstance(options, Options) and options.schedules_apart
    if not is_apart or template.resolve() != (project.root / path_of(ROOT)).resolve():
        return ()
    schedules: tuple[Schedule, ...] = _built(project, "aws").plan.apart
    return schedules


def _built(project: "Project", provider: str) -> "Blueprint":
    """Draw the application for a provider; its handlers must be those that a build would write.

    Raises:
        CheckFailed: A promise cannot be kept.
        StaleFiles: Handlers are missing or others.
    """
    from purista_serverless.cli.providers import adapter_of
    from purista_serverless.errors import StaleFiles
    from purista_serverless.synth.blueprint import draw
    from purista_serverless.synth.check import verified
    from purista_serverless.synth.handlers import FOLDER
    from purista_serverless.synth.pipeline import stale_files

    blueprint = draw(project.model, adapter_of(project, provider))
    verified(blueprint, strict=False)
    stale = [path for path in stale_files(blueprint, project.root) if path.startswith(f"{FOLDER}/")]
    if stale:
        raise StaleFiles(stale)
    return blueprint


def _first_instant(clock: str, start: datetime | None) -> datetime | None:
    if start is not None and clock == "wall":
        raise click.UsageError("--start needs --clock virtual")
    return (start or datetime.now(UTC)) if clock == "virtual" else None


def _serve(
    emulator: "AbstractContextManager[EmulatorT]", line: "Callable[[EmulatorT], str]", *, is_moved: bool
) -> None:
    """Run an emulator until a signal, and say when it serves, stops and has stopped."""
    from purista_serverless.cli.serving import stop_on_signals

    stopping = line_of({"state": "stopping"}, "stopping")
    with stop_on_signals(lambda: click.echo(stopping)) as stop:
        with emulator as running:
            click.echo(line(running))
            if is_moved:
                _move_by_input(running, click.get_current_context(), stop)
            stop.wait()
        click.echo(line_of({"state": "stopped"}, "stopped"))


def _named(option: str, texts: tuple[str, ...]) -> dict[str, str]:
    """Read what was given as NAME=VALUE."""
    pairs = [text.partition("=") for text in texts]
    for text, (_, equals, _) in zip(texts, pairs, strict=True):
        if not equals:
            raise click.UsageError(f"{option} {text!r} is not NAME=VALUE")
    return {name: value for name, _, value in pairs}


def _claims(raw: bytes) -> Mapping[str, Any]:
    import json

    try:
        claims = json.loads(raw)
    except ValueError:
        claims = None
    if not isinstance(claims, dict):
        raise click.UsageError("""--identity is no JSON object, such as '{"sub": "operator-7"}'""")
    return claims


def _aws_line(emulator: "AwsEmulator", clock: str) -> str:
    functions = [function.setup.name for function in emulator.functions]
    head = {"endpoint": emulator.endpoint, "http": emulator.http_url, "clock": clock}
    return _serving_line(head, functions, "outputs", emulator.outputs)


def _gcp_line(emulator: "GcpEmulator", clock: str) -> str:
    head = {"http": emulator.http_url, "clock": clock}
    return _serving_line(head, emulator.functions, "variables", emulator.addresses)


def _serving_line(head: Mapping[str, str], functions: Sequence[str], name: str, told: Mapping[str, Any]) -> str:
    rows = [*head.items(), ("functions", ", ".join(functions) or None), *sorted(told.items())]
    shape = {"state": "serving", **head, "functions": list(functions), name: dict(told)}
    return line_of(shape, f"{fields(rows)}\nserving; stop with Ctrl+C")


def _move_by_input(emulator: _Emulator, context: click.Context, stop: Event) -> None:
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
