"""What the connected tests of Google Cloud share."""

import pytest

from tests.connected.gcp.terraform import google_schema, serve


@pytest.fixture(scope="session")
def google():
    """Serve Google's provider, and give the variables with which Terraform finds it."""
    with serve(google_schema()) as environment:
        yield environment
