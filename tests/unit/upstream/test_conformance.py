"""The shapes on the wire are upstream's, except where the table of deviations says otherwise."""

from functools import cache

import pytest

from tests.unit.upstream.comparison import COPIES, ROOT, Difference, differences
from tests.unit.upstream.deviations import DEVIATIONS, Deviation, render
from tests.unit.upstream.scenarios import SCENARIOS, Scenario

PAGE = ROOT / "docs" / "upstream-deviations.md"


@cache
def found(scenario: Scenario) -> tuple[Difference, ...]:
    """Run a scenario and give all its differences."""
    return differences(*scenario.pair())


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.file)
def test_a_scenario_differs_only_where_the_table_says_so(scenario):
    """Every field that upstream produced is produced here, and nothing else, but for the listed deviations."""
    unexplained = [
        difference
        for difference in found(scenario)
        if not any(row.allows(scenario.file, difference) for row in DEVIATIONS)
    ]

    assert unexplained == []


def test_every_deviation_is_needed():
    """A row that explains no difference is out of date."""
    unused = [
        row
        for row in DEVIATIONS
        if not any(row.allows(scenario.file, difference) for scenario in SCENARIOS for difference in found(scenario))
    ]

    assert unused == []


def test_every_reference_is_compared():
    """Each copied reference has a scenario."""
    assert [scenario.file for scenario in SCENARIOS] == sorted(path.stem for path in COPIES.glob("*.json"))


def test_delays_without_jitter_are_upstreams():
    """The retry delays of ten attempts are equal to the millisecond, and those with the worst jitter too."""
    scenario = next(scenario for scenario in SCENARIOS if scenario.file == "retry-delays")
    theirs, ours = scenario.pair()

    assert ours["rows"] == theirs["rows"]


def test_the_page_lists_the_deviations(request):
    """The documentation's page is the table; ``--update-golden`` writes it anew."""
    if request.config.getoption("--update-golden"):
        PAGE.write_text(render(DEVIATIONS), encoding="utf-8")

    assert PAGE.read_text(encoding="utf-8") == render(DEVIATIONS)


def test_differences_are_found():
    """Missing, added and other values are told by path; identifiers and times are compared by their role."""
    theirs = {"a": {"id": "<id1>", "same": "<id1>", "at": "<epochMs>", "list": [1, {"x": 1}]}, "gone": 1, "flag": 1}
    ours = {"a": {"id": "m1", "same": "m2", "at": 5, "list": [1, {"x": 2}]}, "new": 1, "flag": True}

    assert differences(theirs, ours) == (
        Difference(path="a/list/1/x", ours="2"),
        Difference(path="a/same", ours='"m2"'),
        Difference(path="flag", ours="true"),
        Difference(path="gone", ours="absent"),
        Difference(path="new", ours="added"),
    )
    assert differences([1], []) == (Difference(path="", ours="length 0"),)
    assert differences({"at": "<epochMs>"}, {"at": "soon"}) == (Difference(path="at", ours='"soon"'),)


def test_patterns_stay_within_their_keys():
    """One star matches within a key, two match across keys, and what stands there has to match as well."""
    row = Deviation(file="f*", path="a/*/x.y", ours='"4*"', reason="")
    deep = Deviation(file="*", path="**/z", ours="absent", reason="")

    assert row.allows("file", Difference(path="a/b/x.y", ours='"404"'))
    assert not row.allows("file", Difference(path="a/b/c/x.y", ours='"404"'))
    assert not row.allows("file", Difference(path="a/b/xzy", ours='"404"'))
    assert not row.allows("file", Difference(path="a/b/x.y", ours='"500"'))
    assert not row.allows("other", Difference(path="a/b/x.y", ours='"404"'))
    assert deep.allows("any", Difference(path="a/b/z", ours="absent"))
