"""What a worker pool's process does before it pulls."""

from threading import Event

import pytest

from examples.orders import app
from purista_serverless.adapters.gcp.constants import SUBSCRIPTIONS
from purista_serverless.adapters.gcp.worker.work import work
from purista_serverless.errors import DeclarationError


def test_a_process_that_nothing_tells_what_to_pull_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends, where it would serve nothing until somebody noticed."""
    monkeypatch.delenv(SUBSCRIPTIONS, raising=False)

    with pytest.raises(DeclarationError, match="PURISTA_SUBSCRIPTIONS names nothing to pull"):
        work(app, (), stop=Event(), concurrency=1)
