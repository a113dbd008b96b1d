"""``diff``, and the flags of ``build`` and ``check`` that concern providers: what they print and exit with."""

import json
import subprocess
from pathlib import Path

import pytest

from purista_serverless.adapters import ADAPTERS
from purista_serverless.cli.failures import ExitCode

PAPER = ("--provider", "tests.unit.cli.paper:PAPER")
TABLE = '[tool.purista-serverless]\napp = "tests.unit.cli.shop:app"\n'


@pytest.fixture
def project(cli, tmp_path: Path, monkeypatch) -> Path:
    """Build the shop in a project of its own, and commit it."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "pyproject.toml").write_text(TABLE)
    assert cli("build", *PAPER, app=None).code == 0
    git("init", "--quiet", "--initial-branch=main")
    git("add", ".")
    git("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "--quiet", "--message=Begin")
    return folder


def git(*arguments: str) -> None:
    """Run git in the current folder."""
    subprocess.run(["git", *arguments], check=True, capture_output=True)  # noqa: S607 - git of this machine


def retain(folder: Path, days: int) -> None:
    """Have the project ask for another retention."""
    (folder / "pyproject.toml").write_text(f"{TABLE}\n[tool.purista-serverless.paper]\nretention = {days}\n")


@pytest.mark.parametrize("against", [(), ("--against", "HEAD"), ("--against", "main"), ("--against", ".")])
def test_nothing_differs(cli, project, against):
    """What was just built and committed does not differ, whichever way it is named."""
    shown = cli("diff", *PAPER, *against, app=None)

    assert shown.code == ExitCode.DONE
    assert "nothing differs" in shown.out


def test_dangerous_changes(cli, project, golden):
    """A change that needs consent is told with its reason and has an exit code of its own."""
    retain(project, 1)

    text = cli("diff", *PAPER, "--against", "HEAD", app=None)
    shape = cli("diff", *PAPER, "--against", "HEAD", "--json", app=None)

    assert (text.code, shape.code) == (ExitCode.DANGEROUS, ExitCode.DANGEROUS)
    assert "weakens-retry" in text.out
    golden("cli/diff.txt", text.out)
    golden("cli/diff.json", shape.out)


def test_harmless_changes(cli, project):
    """A change that loses nothing is told by the exit code as well."""
    retain(project, 7)

    assert cli("diff", *PAPER, app=None).code == ExitCode.DIFFERENT


def test_the_files_as_they_are(cli, project):
    """Without a name the folder itself is compared, also where nothing was built yet."""
    for path in project.rglob("*.yaml"):
        path.unlink()

    shown = cli("diff", *PAPER, app=None)

    assert shown.code == ExitCode.DIFFERENT
    assert "added  ShopPacking (AWS::SQS::Queue)" in shown.out


def test_a_file_that_is_left_over(cli, project):
    """A generated file that nobody wants any more would be removed; a file of somebody else's is not mentioned."""
    handler = next((project / "handlers").glob("*.py")).read_text()
    (project / "handlers" / "old.py").write_text(handler)
    (project / "handlers" / "mine.py").write_text("x = 1\n")

    shown = cli("diff", *PAPER, app=None)

    assert shown.out.splitlines()[-2:] == ["handlers/old.py", "  removed"]


def test_a_commit_is_compared_from_a_folder_below(cli, project, tmp_path):
    """A project that is a part of its repository finds its own files in a revision."""
    whole = tmp_path / "whole"
    whole.mkdir()
    project.rename(whole / "part")
    (whole / "part" / ".git").rename(whole / ".git")
    git("-C", str(whole), "add", "--all")
    git("-C", str(whole), "-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "--message=Move")

    assert cli("diff", *PAPER, "--against", "main", app=None).code == ExitCode.DONE


@pytest.mark.parametrize(("against", "problem"), [("nobody", "neither"), ("--all", "neither"), ("both", "a revision")])
def test_what_cannot_be_compared_with(cli, project, against, problem):
    """A name that is nothing, an option, or two things at once is a usage error."""
    (project / "both").mkdir()
    git("branch", "both")

    failed = cli("diff", *PAPER, "--against", against, app=None)

    assert failed.code == ExitCode.USAGE
    assert problem in failed.err
    assert cli("diff", *PAPER, "--against", "refs/heads/both", app=None).code == ExitCode.DONE


def test_options_of_the_project_reach_the_build(cli, project):
    """``build --check`` follows the project's table; a stale file is a finding."""
    assert cli("build", "--check", *PAPER, app=None).code == ExitCode.DONE
    retain(project, 1)
    assert cli("build", "--check", *PAPER, app=None).code == ExitCode.FINDINGS


def test_options_of_a_provider_that_has_none(cli, project):
    """A table for a provider without options is told."""
    (project / "pyproject.toml").write_text(f"{TABLE}\n[tool.purista-serverless.embedded]\nmemory = 1\n")

    failed = cli("check", app=None)

    assert failed.code == ExitCode.APPLICATION
    assert "has no options" in failed.err


def test_check_of_all_providers(cli):
    """``all`` reports on every provider of the registry, as a list for programs."""
    text, shape = cli("check", "--provider", "all"), cli("check", "--provider", "all", "--json")

    assert [report["adapter"] for report in json.loads(shape.out)] == sorted(ADAPTERS)
    assert all(f"shop on {name}:" in text.out for name in ADAPTERS)


def test_build_check_refuses_what_a_build_would(cli, project):
    """``build --check`` fails for promises that cannot be kept, also when every file is as it should be."""
    refused = ("--provider", "purista_serverless.testing.descriptors:SQS_LIKE")

    assert cli("build", "--check", *refused, app=None).code == ExitCode.FINDINGS


def test_a_build_for_all_providers(cli, tmp_path):
    """``all`` writes the files of every provider once, and tells the stale ones of all at once."""
    arguments = ("build", "--provider", "all", "--dir", str(tmp_path))

    written = json.loads(cli(*arguments, "--json", app="tests.unit.cli.desk:app").raw)["written"]

    assert {"template.yaml", "infra/contracts.json"} < set(written)
    assert len(written) == len(set(written))
    assert cli(*arguments, "--check", app="tests.unit.cli.desk:app").code == ExitCode.DONE
    for path in ("template.yaml", next(path for path in written if path.startswith("handlers/"))):
        (tmp_path / path).unlink()
    stale = cli(*arguments, "--check", app="tests.unit.cli.desk:app")
    assert stale.code == ExitCode.FINDINGS
    assert "2 generated files are stale" in stale.err


def test_a_build_for_all_providers_is_refused_as_a_whole(cli, tmp_path):
    """What one provider cannot keep is built for none."""
    refused = cli("build", "--provider", "all", "--dir", str(tmp_path / "project"))

    assert refused.code == ExitCode.FINDINGS
    assert not (tmp_path / "project").exists()
