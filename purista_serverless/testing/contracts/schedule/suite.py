"""What the groups of the schedule suite have in common."""

import pytest

from purista_serverless.testing.contracts.schedule.application import (
    KINDS,
    BoundRounds,
    ContendedRounds,
    Kind,
    Rounds,
)
from purista_serverless.testing.contracts.suite import Stage, Suite


class ScheduleSuite(Suite):
    """A suite whose tests run for each kind of target."""

    @pytest.fixture(params=KINDS)
    def kind(self, request: pytest.FixtureRequest) -> Kind:
        """Give what the schedule does at its slots; a test that asks runs for all three."""
        return request.param  # type: ignore[no-any-return]


def slots_of(stage: Stage[Rounds] | Stage[BoundRounds] | Stage[ContendedRounds]) -> dict[str, str]:
    """Give the recorded runs by slot."""
    return {f"{run.slot:%H:%M}": run.status for run in stage.system.runs(stage.declared.schedule)}
