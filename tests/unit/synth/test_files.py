"""Writing and comparing generated files."""

import pytest

from purista_serverless.errors import CheckFailed, StaleFiles
from purista_serverless.synth.files import MARKER, Changes, compare, write
from purista_serverless.synth.pipeline import build, render, verify_files
from purista_serverless.testing.contracts.sample import sample_application
from purista_serverless.testing.descriptors import IDEAL, SQS_LIKE
from tests.unit.synth.demands import DEMANDS, application_of

FILES = {"handlers/a.py": f"# {MARKER}\na = 1\n", "handlers/b.py": f"# {MARKER}\nb = 'ü'\n"}
FOLDERS = ("handlers", "infra")


def test_only_what_differs_is_written(tmp_path):
    """A second write of the same files changes nothing, and one changed text is one written file."""
    assert write(tmp_path, FILES, folders=FOLDERS) == Changes(written=("handlers/a.py", "handlers/b.py"), removed=())
    assert write(tmp_path, FILES, folders=FOLDERS) == Changes(written=(), removed=())

    changed = {**FILES, "handlers/a.py": f"# {MARKER}\na = 2\n"}
    assert write(tmp_path, changed, folders=FOLDERS).written == ("handlers/a.py",)
    assert (tmp_path / "handlers/b.py").read_bytes() == FILES["handlers/b.py"].encode()


def test_left_over_files_go_with_their_folders(tmp_path):
    """A generated file that is no longer wanted is removed, and so is the folder that it leaves empty."""
    write(tmp_path, {**FILES, "infra/old/deep/plan.json": f'{{"//": "{MARKER}"}}\n'}, folders=FOLDERS)

    assert compare(tmp_path, FILES, folders=FOLDERS) == ("infra/old/deep/plan.json",)
    assert write(tmp_path, FILES, folders=FOLDERS).removed == ("infra/old/deep/plan.json",)
    assert not (tmp_path / "infra").exists()


def test_foreign_files_are_left_alone(tmp_path):
    """A file without the mark is neither removed nor counted as stale, whatever its bytes."""
    write(tmp_path, FILES, folders=FOLDERS)
    (tmp_path / "handlers/mine.py").write_text("mine = 1\n")
    (tmp_path / "handlers/empty.py").write_text("")
    (tmp_path / "handlers/picture.bin").write_bytes(bytes(range(256)))

    assert compare(tmp_path, FILES, folders=FOLDERS) == ()
    assert write(tmp_path, FILES, folders=FOLDERS) == Changes(written=(), removed=())


def test_a_foreign_file_in_the_way_stops_the_write(tmp_path):
    """Nothing is written when a path is taken by a file that was not generated."""
    (tmp_path / "handlers").mkdir()
    (tmp_path / "handlers/b.py").write_text("b = 'mine'\n")

    with pytest.raises(FileExistsError, match=r"handlers/b\.py"):
        write(tmp_path, FILES, folders=FOLDERS)

    assert not (tmp_path / "handlers/a.py").exists()


def test_files_outside_the_folders_are_not_searched(tmp_path):
    """A generated file elsewhere belongs to another adapter's build."""
    write(tmp_path, {"other/x.py": f"# {MARKER}\n"})

    assert write(tmp_path, FILES, folders=FOLDERS).removed == ()


def test_a_build_is_compared_with_the_code(tmp_path):
    """After a build nothing is stale; an edited, a missing and a left-over file are named, sorted."""
    application = sample_application()
    build(application, SQS_LIKE, tmp_path)
    verify_files(application, SQS_LIKE, tmp_path)

    (tmp_path / "handlers/mailer_send_email.py").unlink()
    (tmp_path / "handlers/zombie.py").write_text(f"# {MARKER}\n")
    manifest = tmp_path / "infra/sqs-like/topology.json"
    manifest.write_text(manifest.read_text().replace("sample", "edited"))

    with pytest.raises(StaleFiles) as raised:
        verify_files(application, SQS_LIKE, tmp_path)
    assert raised.value.paths == (
        "handlers/mailer_send_email.py",
        "handlers/zombie.py",
        "infra/sqs-like/topology.json",
    )


def test_a_build_of_one_adapter_leaves_the_others_plans(tmp_path):
    """Two adapters share the handlers and keep their own plans."""
    other = tmp_path / "infra/other/plan.json"
    other.parent.mkdir(parents=True)
    other.write_text(f'{{"//": "{MARKER}"}}\n')

    assert build(sample_application(), SQS_LIKE, tmp_path).removed == ()
    assert other.exists()


def test_nothing_is_written_if_a_promise_cannot_be_kept(tmp_path):
    """The check comes first: a refused application leaves no file."""
    adapter, demand, _ = DEMANDS["sqs-like-delay"]

    with pytest.raises(CheckFailed):
        build(application_of(demand), adapter, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_strict_build_minds_what_is_degraded(tmp_path):
    """The same application is built, or refused if strict."""
    with pytest.raises(CheckFailed, match="PS211"):
        build(sample_application(), SQS_LIKE, tmp_path, strict=True)
    assert build(sample_application(), SQS_LIKE, tmp_path).written


def test_a_handler_that_cannot_be_imported_stops_the_build(golden, tmp_path):
    """A handler inside a function, and a service that no module holds, are named with what to do about them."""
    _, demand, _ = DEMANDS["bare-everything"]

    with pytest.raises(CheckFailed) as raised:
        build(application_of(demand), IDEAL, tmp_path)

    golden("check/unreachable.txt", f"{raised.value}\n")
    assert list(tmp_path.iterdir()) == []


def test_the_manifest_is_readable(golden):
    """What the doubles plan is the topology, with a legal name for each resource."""
    golden("manifest/sqs-like.json", render(sample_application(), SQS_LIKE)["infra/sqs-like/topology.json"])
