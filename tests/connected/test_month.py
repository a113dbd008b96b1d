"""The example's month on every platform that it runs on here: the same story, held against the same assertions."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.connected.aws.example import aws_example
from tests.connected.embedded import embedded_example
from tests.connected.gcp.example import gcp_example
from tests.connected.month import BillingAccount, kill_a_job, play_month

pytestmark = pytest.mark.connected

PLATFORMS: Mapping[str, Callable[[Path], AbstractContextManager[BillingAccount]]] = {
    "embedded": embedded_example,
    "aws": aws_example,
    "gcp": gcp_example,
}


@pytest.fixture(params=PLATFORMS)
def account(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BillingAccount]:
    """Run the example from a copy of the repository."""
    with PLATFORMS[request.param](tmp_path) as example:
        yield example


def test_a_month_is_closed_after_a_mistake_was_mended(account):
    """The cycle fails for an account's tariff, its job is a dead letter with that reason, and a redrive closes it."""
    play_month(account)


def test_a_killed_job_is_done_by_another_run(account):
    """SIGKILL in the middle of the charges loses nothing: a second run charges the rest, and the report is whole."""
    kill_a_job(account, "2026-02")
