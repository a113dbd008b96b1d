"""Have pytest explain the assertions of the inherited suites, which live in the package."""

import pytest

pytest.register_assert_rewrite("purista_serverless.testing.contracts")
