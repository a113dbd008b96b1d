"""The emulator runs worker pools: the real command line, pulling from Google's emulator."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from purista_serverless.adapters import load_adapter
from purista_serverless.adapters.gcp.emulator.emulator import Emulator
from purista_serverless.adapters.gcp.plan.resources import WorkerPool
from purista_serverless.adapters.gcp.ports import GcpPorts
from purista_serverless.errors import DeclarationError, MissingTool
from purista_serverless.runtime.assembly import assemble
from purista_serverless.runtime.client import Client
from purista_serverless.synth.blueprint import draw
from tests.connected.gcp.emulated.pool.longrun import Ride, app, rides
from tests.repo.tree import ROOT

pytestmark = pytest.mark.connected

APPLICATION = "tests.connected.gcp.emulated.pool.longrun:app"


def emulate(**options: Any) -> Emulator:
    """Make an emulator of the application."""
    plan = draw(app.model, load_adapter("gcp")).plan
    return Emulator(plan, ROOT, environment={"PURISTA_APP": APPLICATION}, **options)


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Run the application."""
    try:
        with emulate() as running:
            yield running
    except MissingTool as error:
        pytest.skip(str(error))


def test_a_worker_pool_pulls_and_its_process_can_be_killed(emulator, tmp_path):
    """Jobs that are enqueued are run by the process of the pool, which a test can end in the middle of one."""
    (pool,) = emulator.site.of(WorkerPool)
    told = tmp_path / "told"
    os.mkfifo(told)
    ports = GcpPorts({**emulator.site.environment(pool.environment), **emulator.addresses})
    Client(app.name, ports, queues=assemble(app.model).queues).enqueue(rides, Ride(told=str(told)))
    with told.open() as first:
        process = first.readline()
        killed = emulator.kill(emulator.site.name(pool.name))
        assert first.read() == ""

    assert process == f"{killed[0]}\n"


def test_a_worker_pool_needs_the_wall_clock():
    """What pulls cannot be told another time, which is said before anything starts."""
    with pytest.raises(DeclarationError, match="worker pool, which needs the wall clock"):
        emulate(start=datetime(2026, 1, 1, tzinfo=UTC))
