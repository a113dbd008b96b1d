"""Where the application and the database are found."""

from pathlib import Path

import pytest

from purista_serverless.cli.failures import ExitCode, Failure
from purista_serverless.cli.project import Project

TABLE = '[tool.purista-serverless]\napp = "tests.unit.cli.shop:app"\n'


def write(folder: Path, text: str) -> Path:
    """Make a project."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(text)
    return folder


def test_the_nearest_table_above_counts(tmp_path):
    """A folder inside a project belongs to it; a pyproject.toml without our table is passed over."""
    root = write(tmp_path / "shop", TABLE)
    inner = write(root / "packages" / "part", "[project]\nname = 'part'\n")

    found = Project.find(inner)

    assert (found.root, found.reference) == (root, "tests.unit.cli.shop:app")
    assert found.database == root / "shop.db"


def test_options_win_over_the_table(tmp_path):
    """What the command line says is taken instead; its database is relative to the current folder."""
    root = write(tmp_path, TABLE + 'db = "var/data.db"\n')

    assert Project.find(root).database == root / "var" / "data.db"
    given = Project.find(root, app="other:app", database=Path("here.db"))
    assert (given.reference, given.database) == ("other:app", Path("here.db"))


def test_without_an_application_the_fix_is_told(tmp_path):
    """Nobody named an application: the failure tells both ways to do it."""
    with pytest.raises(Failure, match="no application is named") as caught:
        _ = Project(root=tmp_path, reference=None, given_database=None).application

    assert caught.value.code == ExitCode.USAGE
    assert "--app" in str(caught.value.fix)


@pytest.mark.parametrize(
    ("text", "problem"),
    [("[tool", "it is not TOML"), ("[tool.purista-serverless]\napp = 3\n", "app of .* must be text")],
)
def test_a_damaged_table_is_named(tmp_path, text, problem):
    """A file that is no TOML, or holds something else than text, is named with its path."""
    write(tmp_path, text)

    with pytest.raises(Failure, match=problem) as caught:
        Project.find(tmp_path)

    assert caught.value.where == str(tmp_path / "pyproject.toml")
