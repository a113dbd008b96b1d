"""Which stack holds what, and that it stays there."""

from collections import Counter, defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from purista_serverless.adapters.aws.plan.layout import FULL_AT, ROOT, Unit, stacks_of
from tests.unit.aws.plan.applications import large
from tests.unit.aws.plan.translation import adapter_with, templates_of, translated

UNITS = st.lists(
    st.builds(
        Unit,
        name=st.text("abcdefgh", min_size=1, max_size=6),
        service=st.sampled_from(["Billing-1", "Ledger-1"]),
        weight=st.integers(1, 60),
    ),
    max_size=120,
    unique_by=lambda unit: unit.name,
)


def loads(units, stacks):
    """Give the weight of each stack."""
    found: Counter[str] = Counter()
    for unit in units:
        found[stacks[unit.name]] += unit.weight
    return found


@given(units=UNITS, shared=st.integers(0, 20))
def test_what_fits_stays_in_one_stack(units, shared):
    """One root holds everything up to the limit, and nothing above it."""
    stacks = stacks_of(units, shared, "auto")
    is_small = shared + sum(unit.weight for unit in units) <= FULL_AT

    assert set(stacks) == {unit.name for unit in units}
    assert (set(stacks.values()) <= {ROOT}) == (is_small or not units)


@given(units=UNITS)
def test_no_stack_is_too_large(units):
    """Every nested stack stays below the limit, and holds one service only."""
    stacks = stacks_of(units, 0, "nested")
    services = defaultdict(set)
    for unit in units:
        services[stacks[unit.name]].add(unit.service)

    assert all(weight <= FULL_AT for weight in loads(units, stacks).values())
    assert all(len(found) == 1 for found in services.values())


@given(units=UNITS, added=st.builds(Unit, name=st.just("new"), service=st.just("Billing-1"), weight=st.integers(1, 60)))
def test_what_is_added_moves_nothing_but_the_part_that_it_splits(units, added):
    """A new unit leaves all others where they are, unless it overfills one stack: then only that one is split."""
    before, after = stacks_of(units, 0, "nested"), stacks_of([*units, added], 0, "nested")
    split = {before[unit.name] for unit in units if before[unit.name] != after[unit.name]}

    assert len(split) <= 1
    for stack in split:
        members = [unit for unit in units if before[unit.name] == stack]
        assert sum(unit.weight for unit in members) + added.weight > FULL_AT


def test_a_single_stack_is_never_split_on_demand():
    """Whoever asks for one stack gets one, and the check says that it is too large."""
    units = [Unit(name=str(number), service="Billing-1", weight=100) for number in range(20)]

    assert set(stacks_of(units, 0, "single").values()) == {ROOT}


@pytest.mark.parametrize("services", [1, 3])
def test_large_applications_are_split_by_what_counts_after_translation(services):
    """Every template of many workers has less than 450 resources when CloudFormation counts them."""
    templates = templates_of(large(120, services=services).model, adapter_with())
    counts = {path: len(translated(text)["Resources"]) for path, text in templates.items()}

    assert len(counts) > services
    assert all(count <= FULL_AT for count in counts.values()), counts


def test_a_service_more_adds_a_template():
    """An application that has grown by a service renders the templates of all others as before."""
    before = templates_of(large(120, services=3).model, adapter_with())
    after = templates_of(large(160, services=4).model, adapter_with())
    added = set(after) - set(before)

    assert added == {"infra/aws/service3-1.yaml"}
    assert {path for path in before if before[path] != after[path]} == {"template.yaml"}
