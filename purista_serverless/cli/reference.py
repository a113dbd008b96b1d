"""The reference of all commands as a document, made from the commands themselves."""

from collections.abc import Iterator

import click

from purista_serverless.cli.command import Command
from purista_serverless.cli.failures import ExitCode
from purista_serverless.cli.program import program

_HEAD = """# The command line

<!-- Made from the commands by `make golden`; do not edit. -->

It comes with `pip install 'purista-serverless[cli,http]'`; `python -m purista_serverless` is the same.

- The **application** is found by `[tool.purista-serverless] app = "module:attribute"` in the `pyproject.toml` of the
  current folder or one above it, or given by `--app` or `PURISTA_APP`.
- The **database** is `--db`, `PURISTA_DB`, or `db` in the same table; otherwise `<application>.db` beside
  `pyproject.toml`.
- **What is deployed** is looked after by `jobs` and `dlq` with `--stack NAME` instead of the database, in the region
  and with the credentials that the provider's SDK finds (`AWS_REGION`, `AWS_PROFILE`). Dead letters that are looked at
  are hidden from others until the command ends, five minutes at most.
- **Payloads** are JSON: an argument, `@FILE`, or `-` for standard input. They are checked against the declared type
  before anything happens.
- **Output** is text for people; with `--json` it is JSON of the shape that is shown here. Keys are added, not renamed.
  Times are ISO 8601 in UTC. Progress and logs go to the error stream, progress only to a terminal.
- **Errors** are one block on the error stream: what, where, how to mend it; with `--json` an object
  `{"error": {"message", "where", "fix", "exitCode"}}`. `--debug` or `PURISTA_DEBUG=1` adds the traceback.

## Exit codes

| code | meaning |
|---|---|
"""


def reference() -> str:
    """Give the document, in Markdown."""
    codes = "".join(f"| {int(code)} | {code.meaning} |\n" for code in ExitCode)
    return _HEAD + codes + "".join(_section(context) for context in _walk(_root()))


def commands() -> tuple[tuple[str, Command], ...]:
    """Give every command by its full name, without the groups."""
    return tuple(
        (context.command_path.partition(" ")[2], context.command)
        for context in _walk(_root())
        if isinstance(context.command, Command)
    )


def _root() -> click.Context:
    # A width of its own, since the page must not depend on somebody's terminal.
    return click.Context(program, info_name="purista-serverless", terminal_width=100, **program.context_settings)


def _walk(context: click.Context) -> Iterator[click.Context]:
    group = context.command
    if not isinstance(group, click.Group):
        return
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is not None:
            inner = click.Context(command, parent=context, info_name=name)
            yield inner
            yield from _walk(inner)


def _section(context: click.Context) -> str:
    command = context.command
    depth = "#" * (context.command_path.count(" ") + 1)
    name = context.command_path.partition(" ")[2]
    if not isinstance(command, Command):
        return f"\n{depth} {name}\n\n{command.get_short_help_str(1000)}\n"
    usage = command.get_help(context)
    return f"\n{depth} {name}\n\n```text\n{usage}\n```\n\nWith `--json`:\n\n```json\n{command.shape.strip()}\n```\n"
