"""Descriptors of adapters, and finding them."""

from datetime import timedelta

import pytest

from purista_serverless.adapter import EDGE_KINDS, Capabilities, Limit, load_object
from purista_serverless.adapters import ADAPTERS, load_adapter
from purista_serverless.errors import UnknownAdapter
from purista_serverless.testing.descriptors import IDEAL, PUSH_LIKE, SQS_LIKE

UNITS = {"batch": "count", "deliveries": "count", "name": "characters", "payload": "B", "priorities": "count"}


def test_limits_are_found_by_name_and_edge():
    """The first row that fits wins: a figure for one kind of edge before the one for all of them."""
    provider = Capabilities(
        limits=(
            Limit("runtime", 30, "s", edge="http", source="Manual"),
            Limit("runtime", 900, "s", source="Manual"),
        )
    )

    assert provider.max_runtime("http") == timedelta(seconds=30)
    assert provider.max_runtime("queue") == timedelta(minutes=15)
    assert provider.limit("payload", "queue") is None


def test_no_figure_is_no_limit():
    """A provider without a figure is unlimited, which is not the same as zero."""
    assert IDEAL.capabilities.max_delay is None
    assert PUSH_LIKE.capabilities.max_delay == timedelta(0)
    assert SQS_LIKE.capabilities.max_lease == timedelta(hours=12)
    assert SQS_LIKE.capabilities.max_payload("schedule") == 256 * 1024
    assert IDEAL.capabilities.max_payload("http") is None


@pytest.mark.parametrize("adapter", [IDEAL, SQS_LIKE, PUSH_LIKE], ids=repr)
def test_every_figure_has_a_source_and_the_unit_of_its_kind(adapter):
    """A row says where it is documented, and rows for one edge stand before the row for all."""
    seen = set()
    for row in adapter.limits:
        assert row.source
        assert row.unit == UNITS.get(row.name, "count" if row.name == "resources" else "s"), row
        assert row.edge is None or row.edge in EDGE_KINDS
        assert (row.name, None) not in seen, row
        seen.add((row.name, row.edge))


def test_every_row_of_the_registry_loads():
    """The registry's texts name descriptors that carry the same name."""
    assert {name: load_adapter(name).name for name in ADAPTERS} == {name: name for name in ADAPTERS}


def test_an_adapter_outside_the_registry_is_named_by_its_place():
    """A module and an attribute do instead of a name."""
    assert load_adapter("purista_serverless.testing.descriptors:SQS_LIKE") is SQS_LIKE


def test_an_unknown_adapter_is_suggested():
    """A typing error gets the nearest name, anything else the list of all."""
    registry = {"aws": "a:b", "embedded": "c:d"}

    with pytest.raises(UnknownAdapter, match="did you mean 'embedded'"):
        load_adapter("embeded", registry)
    with pytest.raises(UnknownAdapter, match="known: aws, embedded"):
        load_adapter("mainframe", registry)


def test_parts_are_loaded_by_path():
    """A path may lead through attributes, as it does for handlers inside classes."""
    assert load_object("datetime:timedelta.max") == timedelta.max
