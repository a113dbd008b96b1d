"""``dlq``: what could not be done, and what to do with it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from purista_serverless.cli.command import Command, Group
from purista_serverless.cli.failures import ExitCode, Failure, failure_of
from purista_serverless.cli.operations import with_operations
from purista_serverless.cli.output import fields, finish, instant, moment, progress, show, table, wants_json
from purista_serverless.cli.values import known
from purista_serverless.errors import InvalidPayload

if TYPE_CHECKING:
    from purista_serverless.runtime.operations import Operations
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
  ],
  "moving": 0
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
@with_operations
def list_all(*, operations: "Operations", edge: str | None, limit: int) -> None:
    """List dead letters, oldest first."""
    letters = operations.letters(_edge_named(operations, edge), limit=limit)
    rows = [(letter.edge, letter.id, letter.attempts, moment(letter.at), letter.reason) for letter in letters]
    headings = ("edge", "id", "attempts", "since (UTC)", "reason")
    show([_shape(letter) for letter in letters], table(headings, rows, empty="no dead letters"))


@dlq.command("show", cls=Command, example="dlq show 5f1c2d", shape=_SHAPE_OF_SHOW)
@click.argument("letter_id", metavar="ID")
@_edge
@with_operations
def show_one(*, operations: "Operations", letter_id: str, edge: str | None) -> None:
    """Show one dead letter with its body and why it is one."""
    letter = _find(operations, letter_id, _edge_named(operations, edge))
    shape = {**_shape(letter), "body": _body(letter)}
    show(shape, _text(letter))


@dlq.command("redrive", cls=Command, example="dlq redrive --all --dry-run", shape=_SHAPE_OF_REDRIVE)
@click.option("--id", "ids", metavar="ID", multiple=True, help="This letter; may be given several times.")
@click.option("--all", "everything", is_flag=True, help="All letters, of --edge if that is given.")
@_edge
@click.option("--dry-run", is_flag=True, help="Only check which letters would go.")
@click.option("--bulk", is_flag=True, help="With --all --edge: let the platform move them, unchecked and as they are.")
@with_operations
def redrive(
    *, operations: "Operations", ids: tuple[str, ...], everything: bool, edge: str | None, dry_run: bool, bulk: bool
) -> None:
    """Send dead letters back to where they came from, as a new generation with all its attempts.

    Each is checked against today's schema first; one that does not match stays, and its fields are named. Exits with 1
    if a letter stayed.
    """
    name = _edge_named(operations, edge)
    if bulk:
        _move(operations, name, is_plain=everything and not ids and not dry_run)
        return
    letters = _chosen(operations, ids, everything, name)
    act = operations.judge if dry_run else operations.redrive
    tried = [_try(act, letter) for letter in progress(letters, "redriving")]
    results = [result for result in tried if result is not None]
    _show_redrive(results, dry_run=dry_run)
    finish(findings=any(result.error is not None for result in results))


@dlq.command("purge", cls=Command, example="dlq purge --edge queue:orders.shipping --yes", shape=_SHAPE_OF_PURGE)
@_edge
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_operations
def purge(*, operations: "Operations", edge: str | None, yes: bool) -> None:
    """Delete the dead letters of an edge, or all of them, for good."""
    name = _edge_named(operations, edge)
    if not yes:
        _ask(operations.count_letters(name), name)
    count = operations.purge(name)
    show({"purged": count}, f"deleted {_letters(count)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Result:
    """What came of redriving one letter; ``error`` says why it stayed."""

    letter: "DeadLetter"
    error: Exception | None


def _try(act: "Callable[[DeadLetter], bool]", letter: "DeadLetter") -> _Result | None:
    """Act on one letter; ``None`` if somebody else was faster."""
    try:
        return _Result(letter=letter, error=None) if act(letter) else None
    except OSError:
        # The store or what lies behind a port: no other letter would fare better.
        raise
    except Exception as error:  # noqa: BLE001 - a schedule's payload is computed by the user's code
        return _Result(letter=letter, error=error)


def _move(operations: "Operations", edge: str | None, *, is_plain: bool) -> None:
    if edge is None or not is_plain:
        raise click.UsageError("--bulk goes with --all and --edge, and with neither --id nor --dry-run")
    count = operations.move(edge)
    show(_redrive_shape([], dry_run=False, moving=count), f"the platform moves about {_letters(count)} of {edge}")


def _chosen(
    operations: "Operations",
    ids: tuple[str, ...],
    everything: bool,  # noqa: FBT001 - an option as it came
    edge: str | None,
) -> "tuple[DeadLetter, ...]":
    if everything == bool(ids):
        raise click.UsageError("say which letters: --id ID (several times), or --all")
    return operations.letters(edge) if everything else tuple(_find(operations, letter_id, edge) for letter_id in ids)


def _find(operations: "Operations", letter_id: str, edge: str | None) -> "DeadLetter":
    for name in [edge] if edge is not None else operations.edges():
        try:
            return operations.letter(name, letter_id)
        except KeyError:
            continue
    fix = "`dlq list` shows what is there"
    raise Failure(f"there is no dead letter {letter_id!r}", where=operations.place, fix=fix, code=ExitCode.FINDINGS)


def _edge_named(operations: "Operations", edge: str | None) -> str | None:
    if edge is None:
        return None
    edges = operations.edges()
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
    verb = "would redrive" if dry_run else "redrove"
    lines = [f"{verb} {letter.id} to {letter.edge}" for letter in gone]
    for letter, error in stayed:
        first, *details = failure_of(error).what.splitlines()
        lines += [f"stayed {letter.id} in {letter.edge}: {first}", *(f"  {line}" for line in details)]
    show(_redrive_shape(results, dry_run=dry_run, moving=0), "\n".join(lines) or "no dead letters")


def _redrive_shape(results: list[_Result], *, dry_run: bool, moving: int) -> dict[str, Any]:
    return {
        "dryRun": dry_run,
        "redriven": [_name(result.letter) for result in results if result.error is None],
        "stayed": [
            {**_name(result.letter), **_problem(result.error)} for result in results if result.error is not None
        ],
        "moving": moving,
    }


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
