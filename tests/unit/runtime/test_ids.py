"""Identifiers: random ones never repeat, derived ones always do."""

import os
import re
import uuid
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from purista_serverless.runtime.ids import derived_id, derived_job_id, drop_pool, random_id, random_span_id
from tests.cold.interpreter import modules_after

parts = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x1f"), max_size=10), min_size=1, max_size=4)


def test_random_ids_are_hexadecimal_and_unique():
    """Ids of messages have 32 characters, ids of spans 16 that are not all zero; none comes twice."""
    ids = [random_id() for _ in range(1000)]
    spans = [random_span_id() for _ in range(1000)]

    assert all(re.fullmatch("[0-9a-f]{32}", id) for id in ids)
    assert all(re.fullmatch("[0-9a-f]{15}1", span) for span in spans)
    assert len(set(ids)) == len(set(spans)) == 1000


def test_threads_never_share_an_id():
    """Many threads empty and fill the pool at the same time, and all their ids differ."""
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: [random_id() for _ in range(500)], range(16)))

    assert len({id for ids in taken for id in ids}) == 16 * 500


def test_a_dropped_pool_is_not_used_again():
    """After a restore the next id comes from fresh bytes."""
    before = {random_id() for _ in range(3)}
    drop_pool()

    assert random_id() not in before


def test_a_forked_process_has_ids_of_its_own():
    """Parent and child share a filled pool at the fork; the child drops it."""
    program = """
import os
from purista_serverless.runtime.ids import random_id
random_id()
reading, writing = os.pipe()
child = os.fork()
if child == 0:
    os.write(writing, random_id().encode())
    os._exit(0)
os.waitpid(child, 0)
assert os.read(reading, 64).decode() not in {random_id() for _ in range(300)}
"""
    assert hasattr(os, "fork")
    assert "purista_serverless.runtime.ids" in modules_after(program)


@given(parts)
def test_derived_ids_are_stable(given_parts):
    """The same parts give the same id, in the form that random ones have."""
    assert derived_id(*given_parts) == derived_id(*given_parts)
    assert re.fullmatch("[0-9a-f]{32}", derived_id(*given_parts))


@given(parts, parts)
def test_derived_ids_differ_with_their_parts(one, other):
    """Other parts give another id, also when their texts joined would be equal."""
    assert (derived_id(*one) == derived_id(*other)) == (one == other)
    assert (derived_job_id(*one) == derived_job_id(*other)) == (one == other)


@given(parts)
def test_derived_job_ids_are_uuids(given_parts):
    """A job's id is a UUID of version 8 in its canonical form."""
    job_id = derived_job_id(*given_parts)

    assert str(uuid.UUID(job_id)) == job_id
    assert uuid.UUID(job_id).version == 8
    assert uuid.UUID(job_id).variant == uuid.RFC_4122


def test_derived_ids_do_not_change_between_versions():
    """Ids that are on queues already must be found again after an update."""
    assert derived_id("m1", "event:closed", 0) == "7e0782b04e884fcc5a22ba700fdda205"
    assert derived_job_id("closing", "key", "2026-01") == "a2f15bb2-6db5-8d20-9da2-e24547bdb3fa"
