"""The command line as a person uses it: a command, an exit code, what was printed."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from purista_serverless.cli.program import program

SHOP = "tests.unit.cli.shop:app"

_IDS = re.compile(r"\b[0-9a-f]{32}\b|\b[0-9a-f]{16}\b|\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_TIMES = re.compile(r"\b20\d\d-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d{3}Z)?")
_MILLISECONDS = re.compile(r"\b1[7-9]\d{11}\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """What a command printed: ``raw`` as it was, the others with names in the place of ids and times."""

    code: int
    raw: str
    out: str
    err: str


def named(text: str, folder: Path) -> str:
    """Replace what differs between two runs by names as long: ids by their order, times, the test's folder."""
    text = text.replace(str(folder), "FOLDER")
    for place, found in enumerate(dict.fromkeys(match[0] for match in _IDS.finditer(text)), start=1):
        text = text.replace(found, f"id-{place}".ljust(len(found), "."))
    text = _MILLISECONDS.sub("1700000000000", text)
    return _TIMES.sub(lambda match: "time".ljust(len(match[0]), "."), text)


@pytest.fixture
def cli(tmp_path: Path) -> Callable[..., Printed]:
    """Run commands on the shop, with a database of this test."""
    runner = CliRunner()

    def run(*arguments: str, app: str | None = SHOP, stdin: str | None = None) -> Printed:
        environment = {"PURISTA_APP": app, "PURISTA_DB": str(tmp_path / "shop.db"), "PURISTA_DEBUG": None}
        result = runner.invoke(program, arguments, prog_name="purista-serverless", env=environment, input=stdin)
        return Printed(
            code=result.exit_code,
            raw=result.stdout,
            out=named(result.stdout, tmp_path),
            err=named(result.stderr, tmp_path),
        )

    return run


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Name the database that ``cli`` uses."""
    return tmp_path / "shop.db"
