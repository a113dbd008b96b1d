"""The example's month on the emulator: its generated template and handlers, unmodified, in virtual time."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from examples.enterprise_billing_cycle.app import app
from purista_serverless.adapters.aws.emulator.emulator import Emulator
from purista_serverless.adapters.aws.stack.operator import open_stack
from tests.connected.aws.month import kill_a_job, play_month
from tests.connected.aws.tools import copy_repository
from tests.connected.aws.watch import Watch
from tests.repo.tree import ROOT

pytestmark = pytest.mark.connected

PARAMETERS = {"JwtIssuer": "https://issuer.example", "JwtAudience": "billing"}
# Three hours before a cycle is due.
START = datetime(2026, 3, 31, 23, tzinfo=ZoneInfo("Europe/Berlin"))


class EmulatedExample:
    """The example on the emulator; it also is the clock of the tools that look after it.

    Args:
        folder: A copy of the repository.
        running: Ends the emulator.
    """

    def __init__(self, folder: Path, running: ExitStack) -> None:
        self._folder = folder
        self._running = running
        self._released: tuple[tuple[str, str, str], ...] = ()
        self._emulator: Emulator | None = None

    @property
    def emulator(self) -> Emulator:
        """Give the emulator; it is started by the first release."""
        if self._emulator is None:
            template = self._folder / "template.yaml"
            settings = {"PAYMENTS_KEY": "not-a-real-key"}
            emulator = Emulator(template, parameters=PARAMETERS, start=START, settings=settings, log=_say)
            self._emulator = self._running.enter_context(emulator)
        return self._emulator

    def client(self, service: str) -> Any:
        """Give the client of a service, such as ``sqs``."""
        return self.emulator.client(service)

    def environments(self) -> Iterator[Mapping[str, str]]:
        """Give the environment of each deployed function."""
        for function in self.emulator.functions:
            yield function.setup.variables

    def release(self, *changes: tuple[str, str, str]) -> None:
        """Have functions run the example with texts of its files replaced."""
        for path, _, _ in (*self._released, *changes):
            (self._folder / path).write_text((ROOT / path).read_text(encoding="utf-8"), encoding="utf-8")
        for path, old, new in changes:
            text = (self._folder / path).read_text(encoding="utf-8")
            assert old in text, f"{path} holds no {old!r}"
            (self._folder / path).write_text(text.replace(old, new, 1), encoding="utf-8")
        self._released = changes
        self.emulator.reload()

    def fire(self) -> None:
        """Let the clock pass the hour at which the schedule fires."""
        self.emulator.advance(timedelta(hours=4))

    def redrive(self, edge: str) -> None:
        """Redrive as a tool does, on the clock of the account."""
        with open_stack(app, "emulated", clients=self.client, clock=self) as operations:
            for letter in operations.letters(edge):
                operations.redrive(letter)

    def now(self) -> int:
        """Give the time of the account in milliseconds since the epoch."""
        return int(self.emulator.now().timestamp() * 1000)

    def kill_what_works(self) -> None:
        """End with SIGKILL the processes of functions that are at work."""
        assert [process for function in self.emulator.functions for process in function.kill()]

    def let_leases_end(self, watch: Watch) -> None:
        """Let an hour pass: visibility timeouts of functions that may run for eight minutes are below that."""
        self.emulator.advance(timedelta(hours=1))


def _say(name: str, line: str) -> None:
    sys.stdout.write(f"{name}: {line}\n")


@pytest.fixture
def account(tmp_path: Path) -> Iterator[EmulatedExample]:
    """Run the example from a copy of the repository."""
    copy_repository(tmp_path)
    with ExitStack() as running:
        yield EmulatedExample(tmp_path, running)


def test_a_month_is_closed_after_a_mistake_was_mended(account):
    """The cycle fails for an account's tariff, its job is a dead letter with that reason, and a redrive closes it."""
    play_month(account)


def test_a_killed_job_is_done_by_another_run(account):
    """SIGKILL in the middle of the charges loses nothing: a second run charges the rest, and the report is whole."""
    kill_a_job(account, "2026-02")
