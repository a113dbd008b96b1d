"""Have pytest explain the assertions of the suites, which live in the package, and skip what adapters leave out."""

import pytest

from tests.contracts.gaps import mark_gaps

pytest.register_assert_rewrite("purista_serverless.testing.contracts")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what an adapter's suites leave out, each with its reason."""
    mark_gaps(items)
