"""The pytest plugin and the package's lazy names."""

import subprocess
import sys
from datetime import UTC, datetime

import pytest

from purista_serverless import testing
from purista_serverless.testing import Simulation
from tests.simulation.shop import Order, open_shop

pytest_plugins = ("purista_serverless.testing.plugin",)


def test_the_clock_is_a_fixture(virtual_clock):
    """A test gets a clock of its own, at a fixed instant."""
    assert virtual_clock.instant == datetime(2026, 1, 1, tzinfo=UTC)


def test_a_simulation_is_a_call_away(simulation):
    """The factory takes the application and the options of a simulation."""
    shop = open_shop()
    sim = simulation(shop.application, backend="push-like", schedules=False)
    sim.client.emit(shop.ordered, Order(number=1))
    sim.drain()

    assert isinstance(sim, Simulation)
    assert [job.status for job in sim.jobs(shop.packing)] == ["success"]


def test_the_plugin_loads_nothing_until_it_is_used():
    """A project that installed this package and tests something else pays for pytest alone."""
    program = (
        "import sys, pytest; before = set(sys.modules); import purista_serverless.testing.plugin; "
        "print(*sorted(set(sys.modules) - before))"
    )
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert finished.stdout.split() == [
        "purista_serverless",
        "purista_serverless.testing",
        "purista_serverless.testing.plugin",
    ]


@pytest.mark.parametrize("name", testing.__all__)
def test_public_names_resolve(name):
    """Every public name is resolved on first use and listed."""
    assert getattr(testing, name) is not None
    assert name in dir(testing)


def test_an_unknown_name_is_an_attribute_error():
    """A misspelt name fails as in any module."""
    assert not hasattr(testing, "no_such_name")
