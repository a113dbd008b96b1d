"""What all commands share: an example, the shape of their JSON, common options, lazy loading, and near names."""

from collections.abc import Callable, Mapping
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import click

from purista_serverless.cli.failures import DEBUG, JSON, ExitCode, failure_of
from purista_serverless.cli.project import Project
from purista_serverless.naming import did_you_mean

F = TypeVar("F", bound=Callable[..., Any])


class Command(click.Command):
    """A command with one example below its help, and the shape of its ``--json`` for the documents.

    Args:
        example: A command line that works, without the program's name.
        shape: What ``--json`` prints, as an example in JSON.
    """

    def __init__(self, *args: Any, example: str, shape: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.example = example
        self.shape = shape

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the example."""
        with formatter.section("Example"):
            formatter.write_text(f"{ctx.find_root().info_name} {self.example}")


class Group(click.Group):
    """A group whose commands are loaded when they are named.

    Args:
        lazy: ``module:attribute`` of the commands that are not loaded yet, by name, in the order of the help.
    """

    def __init__(self, *args: Any, lazy: Mapping[str, str] | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.lazy = dict(lazy or {})

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the names in the order of their declaration: the order in which a newcomer needs them."""
        return list(self.lazy or self.commands)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command."""
        if cmd_name not in self.lazy:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = self.lazy[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command, or say which one was probably meant."""
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-") and not ctx.resilient_parsing:
            known = self.list_commands(ctx)
            hint = did_you_mean(name, known) or f"known: {', '.join(known)}"
            raise click.UsageError(f"there is no command {name!r}; {hint}", ctx)
        return super().resolve_command(ctx, args)


class Program(Group):
    """The outermost group: it turns exceptions into blocks and exit codes."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except KeyboardInterrupt:
            click.echo(err=True)
            ctx.exit(int(ExitCode.INTERRUPTED))
        except Exception as error:  # noqa: BLE001 - whatever it is, a person gets one block
            failure = failure_of(error)
            failure.show(ctx, error)
            ctx.exit(int(failure.code))

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what the exit codes mean."""
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(int(code)), code.meaning) for code in ExitCode])


def with_output(function: F) -> F:
    """Add ``--json`` and ``--debug``; ``output.show`` and failures look at them."""
    for option in (
        _flag("--debug", DEBUG, "Show the traceback of an error.", envvar="PURISTA_DEBUG"),
        _flag("--json", JSON, "Print JSON for programs instead of text for people."),
    ):
        function = option(function)
    return function


def with_project(function: F) -> F:
    """Add ``--app`` and ``--db``, and give the function a ``project`` instead of them."""

    @click.option(
        "--app",
        envvar="PURISTA_APP",
        metavar="MODULE:ATTRIBUTE",
        help="The application; [tool.purista-serverless] app in pyproject.toml when omitted.",
    )
    @click.option(
        "--db",
        envvar="PURISTA_DB",
        metavar="FILE",
        type=click.Path(dir_okay=False, path_type=Path),
        help="The database; [tool.purista-serverless] db, else <application>.db beside pyproject.toml.",
    )
    @wraps(function)
    def with_its_project(*args: Any, app: str | None, db: Path | None, **options: Any) -> Any:
        return function(*args, project=Project.find(Path.cwd(), app=app, database=db), **options)

    return with_output(with_its_project)  # type: ignore[return-value]


def _flag(name: str, key: str, text: str, *, envvar: str | None = None) -> Callable[[F], F]:
    def remember(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's
        ctx.meta[key] = value

    return click.option(
        name, is_flag=True, expose_value=False, callback=remember, help=text, is_eager=True, envvar=envvar
    )
