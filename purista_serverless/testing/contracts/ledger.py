"""What every record store keeps: conditional writes, expiry, order and JSON as it was given.

Inherit ``LedgerContract`` and supply ``open_store``; everything that guards a job against running twice rests on it.
"""

from abc import ABC, abstractmethod
from collections.abc import Generator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from purista_serverless.runtime.ports import Clock, LedgerStore
from purista_serverless.testing.clock import VirtualClock, to_milliseconds

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
MILLISECOND = timedelta(milliseconds=1)

VALUES = {
    "text beyond ASCII": "Zürich · 北京 · 🧾 · \u0000 · \u2028",
    "empty text": "",
    "integer beyond a double's precision": 2**53 + 1,
    "negative integer of 64 bits": -(2**63),
    "fraction": 0.1,
    "whole fraction": 1.0,
    "true": True,
    "nothing": None,
    "empty object": {},
    "empty array": [],
    "nested": {"a": [{"b": [[], [None, {"c": "d"}]]}], "": {"": ""}},
    "keys with the store's own punctuation": {"a.b": 1, "a/b": 2, "$a": 3, "#a": 4, " ": 5},
}


class LedgerContract(ABC):
    """Behaviour of a ``LedgerStore``."""

    @abstractmethod
    def open_store(self, clock: Clock) -> LedgerStore:
        """Give an empty store that reads the time from ``clock``."""

    @pytest.fixture
    def clock(self) -> VirtualClock:
        """Give a clock that stands still until it is moved."""
        return VirtualClock(START)

    @pytest.fixture
    def store(self, clock: VirtualClock) -> LedgerStore:
        """Give an empty store."""
        return self.open_store(clock)

    def test_a_record_that_was_never_written_does_not_exist(self, store: LedgerStore) -> None:
        """Reading an unknown key gives nothing."""
        assert store.read("queue:closing/1") is None

    def test_a_new_record_is_written_as_version_one(self, store: LedgerStore) -> None:
        """Expecting version 0 creates the record, whose version is then 1."""
        assert store.write("queue:closing/1", {"status": "queued"}, expected=0)

        assert content(store, "queue:closing/1") == (1, {"status": "queued"})

    def test_a_record_is_created_once(self, store: LedgerStore) -> None:
        """A second creation is refused and leaves the first one as it was."""
        store.write("queue:closing/1", {"owner": "first"}, expected=0)

        assert not store.write("queue:closing/1", {"owner": "second"}, expected=0)
        assert content(store, "queue:closing/1") == (1, {"owner": "first"})

    def test_an_update_replaces_all_fields_and_counts_the_version(self, store: LedgerStore) -> None:
        """A write with the right version replaces the record: fields that it does not name are gone."""
        store.write("queue:closing/1", {"status": "running", "owner": "a"}, expected=0)

        assert store.write("queue:closing/1", {"status": "success"}, expected=1)
        assert content(store, "queue:closing/1") == (2, {"status": "success"})

    @pytest.mark.parametrize("expected", [0, 1, 3], ids=["none", "older", "newer"])
    def test_a_write_with_another_version_changes_nothing(self, store: LedgerStore, expected: int) -> None:
        """A writer who read another version is refused, whether it is older or newer."""
        store.write("queue:closing/1", {"n": 1}, expected=0)
        store.write("queue:closing/1", {"n": 2}, expected=1)

        assert not store.write("queue:closing/1", {"n": 3}, expected=expected)
        assert content(store, "queue:closing/1") == (2, {"n": 2})

    def test_an_update_of_what_does_not_exist_is_refused(self, store: LedgerStore) -> None:
        """Expecting a version of a record that is not there creates nothing."""
        assert not store.write("queue:closing/1", {"n": 1}, expected=1)
        assert store.read("queue:closing/1") is None

    def test_keys_do_not_touch_each_other(self, store: LedgerStore) -> None:
        """A key that is the beginning of another one is a record of its own."""
        store.write("queue:closing/1", {"n": 1}, expected=0)
        store.write("queue:closing/11", {"n": 11}, expected=0)
        store.write("queue:closing/1", {"n": 2}, expected=1)

        assert content(store, "queue:closing/11") == (1, {"n": 11})

    @pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
    def test_a_json_value_comes_back_as_it_was_given(self, store: LedgerStore, value: Any) -> None:
        """What JSON can say survives the store: text, large integers, nesting, and the difference of 1 and 1.0."""
        store.write("queue:closing/1", {"value": value}, expected=0)

        stored = content(store, "queue:closing/1")[1]["value"]
        assert (stored, type(stored)) == (value, type(value))

    def test_a_stored_record_does_not_change_with_what_was_written_or_read(self, store: LedgerStore) -> None:
        """The store keeps its own copy: changing a mapping before or after does not change the record."""
        fields = {"history": ["first"]}
        store.write("queue:closing/1", fields, expected=0)
        fields["history"].append("second")
        content(store, "queue:closing/1")[1]["history"].append("third")

        assert content(store, "queue:closing/1") == (1, {"history": ["first"]})

    def test_a_record_is_there_until_it_expires(self, store: LedgerStore, clock: VirtualClock) -> None:
        """A record exists up to its expiry, and from then on no more."""
        store.write("queue:closing/1", {"n": 1}, expected=0, expires=to_milliseconds(START + HOUR))

        clock.advance(HOUR - MILLISECOND)
        assert content(store, "queue:closing/1") == (1, {"n": 1})
        clock.advance(MILLISECOND)
        assert store.read("queue:closing/1") is None

    def test_an_expired_record_is_created_anew(self, store: LedgerStore, clock: VirtualClock) -> None:
        """After its expiry a key is free: its old version is refused, a creation starts at version 1."""
        store.write("queue:closing/1", {"n": 1}, expected=0, expires=to_milliseconds(START + HOUR))
        clock.advance(2 * HOUR)

        assert not store.write("queue:closing/1", {"n": 2}, expected=1)
        assert store.write("queue:closing/1", {"n": 3}, expected=0)
        assert content(store, "queue:closing/1") == (1, {"n": 3})

    def test_each_write_sets_the_expiry(self, store: LedgerStore, clock: VirtualClock) -> None:
        """A later write moves the expiry; one without an expiry removes it."""
        store.write("queue:closing/1", {"n": 1}, expected=0, expires=to_milliseconds(START + HOUR))
        store.write("queue:closing/1", {"n": 2}, expected=1, expires=to_milliseconds(START + 3 * HOUR))
        store.write("queue:closing/2", {"n": 1}, expected=0, expires=to_milliseconds(START + HOUR))
        store.write("queue:closing/2", {"n": 2}, expected=1)
        clock.advance(2 * HOUR)

        assert content(store, "queue:closing/1") == (2, {"n": 2})
        clock.advance(2 * HOUR)
        assert store.read("queue:closing/1") is None
        assert content(store, "queue:closing/2") == (2, {"n": 2})

    def test_a_scan_gives_the_records_below_a_prefix_in_the_order_of_their_keys(self, store: LedgerStore) -> None:
        """Whatever the order of writing, a scan is sorted by code point and ends where the prefix does."""
        for key in ("queue:b/2", "queue:b/10", "queue:a/1", "queue:b/1", "queue:bb/1", "queue:b/é", "call:b/1"):
            store.write(key, {"key": key}, expected=0)

        found = list(store.scan("queue:b/"))
        assert [key for key, _ in found] == ["queue:b/1", "queue:b/10", "queue:b/2", "queue:b/é"]
        assert [stored.fields["key"] for _, stored in found] == [key for key, _ in found]
        assert {stored.version for _, stored in found} == {1}

    def test_a_scan_passes_over_expired_records(self, store: LedgerStore, clock: VirtualClock) -> None:
        """A record past its expiry does not exist for a scan either."""
        store.write("queue:b/1", {}, expected=0, expires=to_milliseconds(START + HOUR))
        store.write("queue:b/2", {}, expected=0)
        clock.advance(HOUR)

        assert [key for key, _ in store.scan("queue:b/")] == ["queue:b/2"]

    def test_a_scan_of_an_unknown_prefix_is_empty(self, store: LedgerStore) -> None:
        """A prefix without records gives nothing."""
        store.write("queue:b/1", {}, expected=0)

        assert list(store.scan("queue:c/")) == []

    def test_no_write_is_lost_between_concurrent_writers(self, clock: VirtualClock) -> None:
        """In each of the 90 interleavings of three writers that read and then write, each counts exactly once."""
        schedules = sorted(set(permutations("aabbcc")))
        assert len(schedules) == 90
        for schedule in schedules:
            store = self.open_store(clock)
            writers = {name: _counting(store, name) for name in "abc"}
            for name in schedule:
                next(writers[name])
            for writer in writers.values():
                _finish(writer)

            version, fields = content(store, "counter")
            assert (version, fields) == (3, {"a": 1, "b": 1, "c": 1}), schedule


def content(store: LedgerStore, key: str) -> tuple[int, Mapping[str, Any]]:
    """Give version and fields of a record that exists."""
    stored = store.read(key)
    assert stored is not None, key
    return stored.version, stored.fields


def _counting(store: LedgerStore, name: str) -> Generator[None, None, None]:
    """Add one to the writer's own field; stop after each read and after each write, and begin again if it lost."""
    while True:
        stored = store.read("counter")
        version, fields = (stored.version, stored.fields) if stored is not None else (0, {})
        yield
        if store.write("counter", {**fields, name: fields.get(name, 0) + 1}, expected=version):
            break
        yield
    yield


def _finish(writer: Generator[None, None, None]) -> None:
    for _ in writer:
        pass
