"""The figures of Google Cloud: each with its source, and the same on both sides of a deployment."""

from purista_serverless.adapters.gcp.limits import LARGEST_MESSAGE, LARGEST_TASK, LIMITS
from purista_serverless.adapters.gcp.ports.delays import TASK_BUDGET
from purista_serverless.adapters.gcp.ports.topics import BODY_BUDGET


def test_every_figure_has_a_source():
    """Whoever doubts a limit finds the title of the public document behind it."""
    assert all(row.value > 0 and "documentation" in row.source for row in LIMITS)


def test_a_row_for_one_edge_comes_before_all_others():
    """The first row that fits counts, so that none is hidden by a more general one."""
    seen: set[str] = set()
    for row in LIMITS:
        assert row.name not in seen
        seen |= {row.name} if row.edge is None else set()


def test_what_is_judged_is_what_is_sent():
    """The largest body that a check lets pass is the largest that a function sends."""
    assert (LARGEST_MESSAGE, LARGEST_TASK) == (BODY_BUDGET, TASK_BUDGET)
