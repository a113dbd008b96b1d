"""The pytest plugin: fixtures for tests of applications. Loaded in every test run, so it imports nothing heavy."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from purista_serverless.application import Application
    from purista_serverless.testing.clock import VirtualClock
    from purista_serverless.testing.simulation import Simulation


class SimulationFactory:
    """Starts simulations for a test: ``simulation(app, backend="sqs-like")``."""

    def __call__(self, application: "Application", **options: Any) -> "Simulation":
        """Start a simulation; the options are those of ``Simulation``."""
        from purista_serverless.testing.simulation import Simulation

        return Simulation(application, **options)


@pytest.fixture
def virtual_clock() -> "VirtualClock":
    """Give a clock that only the test moves; it starts at 2026-01-01 in UTC."""
    from datetime import UTC, datetime

    from purista_serverless.testing.clock import VirtualClock

    return VirtualClock(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def simulation() -> SimulationFactory:
    """Give a factory of simulations."""
    return SimulationFactory()
