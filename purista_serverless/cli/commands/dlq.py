"""``dlq``: what could not be done, and what to do with it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from purista_serverless.cli.command import Command, Group, with_project
from purista_serverless.cli.failures import ExitCode, Failure, failure_of
from purista_serverless.cli.output import fields, finish, instant, moment, progress, show, table, wants_json
from purista_serverless.cli.project import Project
from purista_serverless.cli.values import known
from purista_serverless.errors import DeclarationError, InvalidPayload

if TYPE_CHECKING:
    from purista_serverless.adapters.embedded.host import Host
    from purista_serverless.runtime.ports import DeadLetter

F = TypeVar("F", bound=Callable[..., Any])

_LETTER = """{
  "edge": "queue:orders.shipping", "id": "5f1c...", "generation": 0, "attempts": 10,
  "reason": "ValueError: ...", "at": "2026-01-05T05:00:00.000Z"
}"""

_SHAPE_OF_SHOW = _LETTER.replace("\n}", ',\n  "body": {"...": "as it came; text if it is no JSON"}\n}')

_SHAPE_OF_REDRIVE = """
{
  "dryRun": false,
  "redriven": [{"edge": "queue:orders.shipping", "id": "5f1c...", "generation": 0}],
  "stayed": [
    {"edge": "queue:orders.shipping", "id": "7a2b...", "generation": 0, "problem": "payload ... is not valid",
     "problems": [{"path": "payload.count", "message": "Field required"}]}
  ]
}
"""

_SHAPE_OF_PURGE = """
{"purged": 3}
"""

_edge = click.option("--edge", metavar="EDGE", help="Only letters of this edge: queue:NAME, or a queue's plain name.")


@click.group(cls=Group)
def dlq() -> None:
    """Look at dead letters, send them again, or delete them."""


@dlq.command("list", cls=Command, example="dlq list --edge queue:orders.shipping", shape=f"[\n{_LETTER}\n]")
@_edge
@click.option("--limit", type=click.IntRange(min=1), default=1_000, show_default=True, help="At most so many.")
@with_project
def list_all(*, project: Project, edge: str | None, limit: int) -> None:
    """List dead letters, oldest first."""
    from purista_serverless.adapters.embedded.dead_letters import list_letters

    with project.existing_host() as host:
        letters = list_letters(host, _edge_named(host, edge), limit=limit)
    rows = [(letter.edge, letter.id, letter.attempts, moment(letter.at), letter.reason) for letter in letters]
    headings = ("edge", "id", "attempts", "since (UTC)", "reason")
    show([_shape(letter) for letter in letters], table(headings, rows, empty="no dead letters"))


@dlq.command("show", cls=Command, example="dlq show 5f1c2d", shape=_SHAPE_OF_SHOW)
@click.argument("letter_id", metavar="ID")
@_edge
@with_project
def show_one(*, project: Project, letter_id: str, edge: str | None) -> None:
    """Show one dead letter with its body and why it is one."""
    with project.existing_host() as host:
        letter = _find(host, letter_id, _edge_named(host, edge))
    shape = {**_shape(letter), "body": _body(letter)}
    show(shape, _text(letter))


@dlq.command("redrive", cls=Command, example="dlq redrive --all --dry-run", shape=_SHAPE_OF_REDRIVE)
@click.option("--id", "ids", metavar="ID", multiple=True, help="This letter; may be given several times.")
@click.option("--all", "everything", is_flag=True, help="All letters, of --edge if that is given.")
@_edge
@click.option("--dry-run", is_flag=True, help="Only check which letters would go.")
@with_project
def redrive(*, project: Project, ids: tuple[str, ...], everything: bool, edge: str | None, dry_run: bool) -> None:
    """Send dead letters back to where they came from, as a new generation with all its attempts.

    Each is checked against today's schema first; one that does not match stays, and its fields are named. Exits with 1
    if a letter stayed.
    """
    from purista_serverless.adapters.embedded.dead_letters import redrive_letter

    with project.existing_host() as host:
        letters = _chosen(host, ids, everything, _edge_named(host, edge))
        act = _judge if dry_run else redrive_letter
        tried = [_try(act, host, letter) for letter in progress(letters, "redriving")]
    results = [result for result in tried if result is not None]
    _show_redrive(results, dry_run=dry_run)
    finish(findings=any(result.error is not None for result in results))


@dlq.command("purge", cls=Command, example="dlq purge --edge queue:orders.shipping --yes", shape=_SHAPE_OF_PURGE)
@_edge
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_project
def purge(*, project: Project, edge: str | None, yes: bool) -> None:
    """Delete the dead letters of an edge, or all of them, for good."""
    from purista_serverless.adapters.embedded.dead_letters import count_letters, purge_letters

    with project.existing_host() as host:
        name = _edge_named(host, edge)
        if not yes:
            counts = count_letters(host)
            _ask(sum(counts.values()) if name is None else counts.get(name, 0), name)
        count = purge_letters(host, name)
    show({"purged": count}, f"deleted {_letters(count)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Result:
    """What came of redriving one letter; ``error`` says why it stayed."""

    letter: "DeadLetter"
    error: Exception | None


def _try(act: "Callable[[Host, DeadLetter], bool]", host: "Host", letter: "DeadLetter") -> _Result | None:
    """Act on one letter; ``None`` if somebody else was faster."""
    try:
        return _Result(letter=letter, error=None) if act(host, letter) else None
    except OSError:
        # The store or what lies behind a port: no other letter would fare better.
        raise
    except Exception as error:  # noqa: BLE001 - a schedule's payload is computed by the user's code
        return _Result(letter=letter, error=error)


def _judge(host: "Host", letter: "DeadLetter") -> bool:
    """Check a letter as redriving does."""
    consumer = host.assembly.consumers.get(letter.edge)
    if consumer is not None:
        consumer.validate(letter.body)
    elif letter.edge.removeprefix("schedule:") not in host.gates:
        raise DeclarationError(f"nothing of this application consumes {letter.edge}")
    return True


def _chosen(host: "Host", ids: tuple[str, ...], everything: bool, edge: str | None) -> "tuple[DeadLetter, ...]":  # noqa: FBT001 - an option as it came
    from purista_serverless.adapters.embedded.dead_letters import list_letters

    if everything == bool(ids):
        raise click.UsageError("say which letters: --id ID (several times), or --all")
    return list_letters(host, edge) if everything else tuple(_find(host, letter_id, edge) for letter_id in ids)


def _find(host: "Host", letter_id: str, edge: str | None) -> "DeadLetter":
    from purista_serverless.adapters.embedded.dead_letters import show_letter

    for name in [edge] if edge is not None else _edges(host):
        try:
            return show_letter(host, name, letter_id)
        except KeyError:
            continue
    fix = "`dlq list` shows what is there"
    raise Failure(f"there is no dead letter {letter_id!r}", fix=fix, code=ExitCode.FINDINGS)


def _edges(host: "Host") -> list[str]:
    """Name the edges that have letters, and those that may have some; an edge of an older version counts too."""
    from purista_serverless.adapters.embedded.dead_letters import count_letters

    declared = [*host.assembly.consumers, *(f"schedule:{name}" for name in host.gates)]
    return list(dict.fromkeys([*declared, *count_letters(host)]))


def _edge_named(host: "Host", edge: str | None) -> str | None:
    if edge is None:
        return None
    edges = _edges(host)
    return known("edge", edge if edge in edges or ":" in edge else f"queue:{edge}", {name: name for name in edges})


def _ask(count: int, edge: str | None) -> None:
    if wants_json():
        raise click.UsageError("--json does not ask; give --yes as well")
    click.confirm(f"Delete {_letters(count)} of {edge or 'all edges'} for good?", abort=True, err=True)


def _letters(count: int) -> str:
    return f"{count} dead letter" + ("" if count == 1 else "s")


def _show_redrive(results: list[_Result], *, dry_run: bool) -> None:
    gone = [result.letter for result in results if result.error is None]
    stayed = [(result.letter, result.error) for result in results if result.error is not None]
    shape = {
        "dryRun": dry_run,
        "redriven": [_name(letter) for letter in gone],
        "stayed": [{**_name(letter), **_problem(error)} for letter, error in stayed],
    }
    verb = "would redrive" if dry_run else "redrove"
    lines = [f"{verb} {letter.id} to {letter.edge}" for letter in gone]
    for letter, error in stayed:
        first, *details = failure_of(error).what.splitlines()
        lines += [f"stayed {letter.id} in {letter.edge}: {first}", *(f"  {line}" for line in details)]
    show(shape, "\n".join(lines) or "no dead letters")


def _problem(error: Exception) -> dict[str, Any]:
    problems = list(error.problems) if isinstance(error, InvalidPayload) else []
    return {"problem": str(error), "problems": problems}


def _name(letter: "DeadLetter") -> dict[str, Any]:
    return {"edge": letter.edge, "id": letter.id, "generation": letter.generation}


def _shape(letter: "DeadLetter") -> dict[str, Any]:
    return {**_name(letter), "attempts": letter.attempts, "reason": letter.reason, "at": instant(letter.at)}


def _body(letter: "DeadLetter") -> Any:
    from purista_serverless.message.wire import parse_json

    try:
        return parse_json(letter.body)
    except ValueError:
        return letter.body.decode(errors="replace")


def _text(letter: "DeadLetter") -> str:
    import json

    body = _body(letter)
    pairs = [
        ("edge", letter.edge),
        ("id", letter.id),
        ("generation", letter.generation or None),
        ("attempts", letter.attempts),
        ("since", moment(letter.at)),
        ("reason", letter.reason),
    ]
    return "\n".join([fields(pairs), "", body if isinstance(body, str) else json.dumps(body, indent=2)])
