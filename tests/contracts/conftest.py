"""Skip what adapters leave out of the suites, which live in the package."""

import pytest

from tests.contracts.gaps import mark_gaps


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what an adapter's suites leave out, each with its reason."""
    mark_gaps(items)
