"""Files that are not what they should be: each is refused in words that help, and left as it was."""

import sqlite3
from pathlib import Path

import pytest

from purista_serverless.adapters.embedded.file import APPLICATION_ID, MIGRATIONS, File
from purista_serverless.adapters.embedded.store import Store
from purista_serverless.errors import StoreError, Unavailable
from purista_serverless.testing.clock import VirtualClock
from tests.unit.embedded.shop import START


def opened(path: object) -> Store:
    """Open a store at a time that stands still."""
    return Store(str(path), VirtualClock(START))


def made(path: Path, messages: int = 0) -> Path:
    """Make a file of ours with some messages of two kilobytes."""
    store = opened(path)
    store.send_many("queue:a", ((str(number), b"x" * 2_000) for number in range(messages)))
    store.close()
    return path


def test_a_new_file_is_made_ours(tmp_path):
    """The file that is made carries our mark, the newest schema and a write-ahead log."""
    connection = sqlite3.connect(made(tmp_path / "new.db"))
    pragmas = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
    mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
    connection.close()

    assert (pragmas, mode) == ([APPLICATION_ID, len(MIGRATIONS)], "wal")


def test_an_empty_file_becomes_ours(tmp_path):
    """A file that was only touched is nobody's yet."""
    path = tmp_path / "empty.db"
    path.touch()

    opened(path).close()

    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    connection.close()


def test_a_text_file_is_refused_and_kept(tmp_path):
    """What is no database at all is not written to."""
    path = tmp_path / "notes.txt"
    path.write_text("my notes")

    with pytest.raises(StoreError, match="is not an SQLite database; name another file"):
        opened(path)
    assert path.read_text() == "my notes"


def test_a_database_of_another_program_is_refused_and_kept(tmp_path):
    """A database with tables that are not ours is left alone."""
    path = tmp_path / "other.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE message (id)")
    connection.close()
    before = path.read_bytes()

    with pytest.raises(StoreError, match="belongs to another program"):
        opened(path)
    assert path.read_bytes() == before


def test_a_database_with_the_mark_of_another_program_is_refused(tmp_path):
    """A database without tables may be somebody's too."""
    path = tmp_path / "other.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA application_id = 7")
    connection.close()

    with pytest.raises(StoreError, match="belongs to another program"):
        opened(path)


def test_a_file_of_a_newer_version_is_refused_and_kept(tmp_path):
    """An older program does not touch what it does not understand, and says which versions meet."""
    path = made(tmp_path / "new.db", messages=3)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()

    with pytest.raises(StoreError, match=f"has schema 99, this version .* knows up to {len(MIGRATIONS)}; install"):
        opened(path)
    connection = sqlite3.connect(path)
    count = connection.execute("SELECT count(*) FROM message").fetchone()[0]
    connection.close()
    assert count == 3


def test_a_file_whose_beginning_is_damaged_is_refused(tmp_path):
    """A header without a database behind it is told as damage."""
    path = tmp_path / "torn.db"
    path.write_bytes(b"SQLite format 3\x00" + b"\xff" * 8_000)

    with pytest.raises(StoreError, match="the file is damaged"):
        opened(path)


def test_damage_in_the_middle_is_told_where_it_is_met(tmp_path):
    """Pages that were overwritten are met when they are read; the error names the file and a way out."""
    path = made(tmp_path / "torn.db", messages=500)
    content = bytearray(path.read_bytes())
    content[8_192:-4_096] = b"\xab" * (len(content) - 12_288)
    path.write_bytes(content)

    with pytest.raises(StoreError, match=r"torn\.db: the file is damaged .* restore a copy"):
        opened(path).lease("queue:a", 1_000, 500)


def test_a_file_that_may_only_be_read_is_refused(tmp_path):
    """A runtime that cannot settle anything does not start."""
    path = made(tmp_path / "old.db")

    with pytest.raises(StoreError, match="the file cannot be written"):
        opened(f"file:{path}?mode=ro")


def test_a_folder_is_refused(tmp_path):
    """A folder is not a file."""
    with pytest.raises(StoreError, match="this is a folder"):
        opened(tmp_path)


def test_a_file_in_a_folder_that_is_missing_is_refused(tmp_path):
    """The error says what to do."""
    with pytest.raises(StoreError, match=r"cannot be opened .* make the folder"):
        opened(tmp_path / "missing" / "new.db")


def test_a_shared_memory_file_is_refused():
    """What SQLite calls a shared cache locks tables, not the file."""
    with pytest.raises(StoreError, match=r"use ':memory:'"):
        opened("file:x?mode=memory&cache=shared")


def test_an_older_file_is_migrated_when_it_is_opened(tmp_path):
    """Scripts that a file lacks are applied in one transaction, and its messages stay."""
    path = made(tmp_path / "old.db", messages=2)
    connection = sqlite3.connect(path)
    connection.execute("DROP INDEX message_urgent")
    connection.execute("DROP INDEX message_leased")
    connection.close()
    second = (*MIGRATIONS, "CREATE INDEX message_leased ON message (lease_until, edge) WHERE state = 1")

    migrated = File(path, migrations=second).connect()
    version = migrated.execute("PRAGMA user_version").fetchone()[0]
    messages = migrated.execute("SELECT count(*) FROM message").fetchone()[0]
    migrated.close()
    assert (version, messages) == (len(second), 2)


def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path):
    """A file is never between two versions."""
    path = made(tmp_path / "old.db", messages=2)
    broken = (*MIGRATIONS, "CREATE TABLE half (id);\nCREATE TABLE message (id)")

    with pytest.raises(Unavailable, match="already exists"):
        File(path, migrations=broken).connect()
    connection = sqlite3.connect(path)
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    connection.close()
    assert ("half" in tables, version) == (False, len(MIGRATIONS))
