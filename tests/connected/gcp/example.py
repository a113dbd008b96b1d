"""The example on the emulator of Google Cloud: its planned deployment and its handlers, unmodified, in virtual time."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from examples.enterprise_billing_cycle.app import app
from purista_serverless.adapters import load_adapter
from purista_serverless.adapters.gcp.emulator.emulator import Emulator
from purista_serverless.adapters.gcp.emulator.site import PROJECT, REGION
from purista_serverless.adapters.gcp.plan.resources import Function, Subscription
from purista_serverless.adapters.gcp.stack.operator import open_stack
from purista_serverless.errors import MissingTool
from purista_serverless.synth.blueprint import draw
from tests.connected.copies import Change, Sources
from tests.connected.gcp.watch import GcpWatch
from tests.connected.month import SETTINGS, START
from tests.connected.watch import Watch


class GcpExample:
    """The example on the emulator; it also is the clock of the tools that look after it.

    Args:
        sources: What runs.
        emulator: Where.
    """

    def __init__(self, sources: Sources, emulator: Emulator) -> None:
        self._sources = sources
        self._emulator = emulator

    def watch(self) -> GcpWatch:
        """Begin to look at the project."""
        return GcpWatch(self)

    def variables(self) -> Iterator[Mapping[str, str]]:
        """Give the environment of each deployed function."""
        for function in self._emulator.site.of(Function):
            yield self._emulator.variables(function.id)

    def subscriptions(self) -> Mapping[str, str]:
        """Give the full name of the subscription of each edge's dead letters."""
        site = self._emulator.site
        found = [one for one in site.of(Subscription) if one.kind == "dead-letter"]
        return {subscription.edge: site.text(subscription.path) for subscription in found}

    def addresses(self) -> Mapping[str, str]:
        """Give the variables that lead clients to the emulators."""
        return self._emulator.addresses

    def waiting(self) -> Mapping[str, int]:
        """Give how many messages wait, by where they are."""
        return self._emulator.waiting()

    def release(self, *changes: Change) -> None:
        """Have functions run the example with texts of its files replaced."""
        self._sources.change(*changes)
        self._emulator.reload()

    def fire(self) -> None:
        """Let the clock pass the hour at which the schedule fires."""
        self._emulator.advance(timedelta(hours=4))

    def redrive(self, edge: str) -> None:
        """Redrive as a tool does, on the clock of the project."""
        environment = {**os.environ, **self.addresses(), "GOOGLE_CLOUD_PROJECT": PROJECT, "GOOGLE_CLOUD_REGION": REGION}
        with open_stack(app, self._emulator.site.prefix, environment=environment, clock=self) as operations:
            for letter in operations.letters(edge):
                operations.redrive(letter)

    def now(self) -> int:
        """Give the time of the project in milliseconds since the epoch."""
        return int(self._emulator.now().timestamp() * 1000)

    def kill_what_works(self) -> None:
        """End with SIGKILL the processes of functions that are at work."""
        assert [process for name in self._emulator.functions for process in self._emulator.kill(name)]

    def let_leases_end(self, watch: Watch) -> None:
        """Let an hour pass: a push waits ten minutes at most, and leases end with it."""
        self._emulator.advance(timedelta(hours=1))


@contextmanager
def gcp_example(folder: Path) -> Iterator[GcpExample]:
    """Run the example from a copy of the repository in a folder; skips where Google's emulators are missing."""
    sources = Sources(folder)
    blueprint = draw(app.model, load_adapter("gcp"))
    emulator = Emulator(blueprint.plan, folder, topology=blueprint.topology, start=START, settings=SETTINGS, log=_say)
    try:
        with emulator:
            yield GcpExample(sources, emulator)
    except MissingTool as error:
        pytest.skip(str(error))


def _say(name: str, line: str) -> None:
    sys.stdout.write(f"{name}: {line}\n")
