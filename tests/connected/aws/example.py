"""The example on the emulator of AWS: its generated template and handlers, unmodified, in virtual time."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from examples.enterprise_billing_cycle.app import app
from purista_serverless.adapters.aws.emulator.emulator import Emulator
from purista_serverless.adapters.aws.plan.resources import Schedule
from purista_serverless.adapters.aws.stack.operator import open_stack
from tests.connected.aws.watch import AwsWatch
from tests.connected.copies import Change, Sources
from tests.connected.month import SETTINGS, START
from tests.connected.watch import Watch

PARAMETERS = {"JwtIssuer": "https://issuer.example", "JwtAudience": "billing"}


class AwsExample:
    """The example on the emulator; it also is the clock of the tools that look after it.

    Args:
        sources: What runs.
        emulator: Where.
    """

    def __init__(self, sources: Sources, emulator: Emulator) -> None:
        self._sources = sources
        self._emulator = emulator

    def client(self, service: str) -> Any:
        """Give the client of a service, such as ``sqs``."""
        return self._emulator.client(service)

    def environments(self) -> Iterator[Mapping[str, str]]:
        """Give the environment of each deployed function."""
        for function in self._emulator.functions:
            yield function.setup.variables

    def watch(self) -> AwsWatch:
        """Begin to look at the account."""
        return AwsWatch(self)

    def release(self, *changes: Change) -> None:
        """Have functions run the example with texts of its files replaced."""
        self._sources.change(*changes)
        self._emulator.reload()

    def fire(self) -> None:
        """Let the clock pass the hour at which the schedule fires."""
        self._emulator.advance(timedelta(hours=4))

    def redrive(self, edge: str) -> None:
        """Redrive as a tool does, on the clock of the account."""
        with open_stack(app, "emulated", clients=self.client, clock=self) as operations:
            for letter in operations.letters(edge):
                operations.redrive(letter)

    def now(self) -> int:
        """Give the time of the account in milliseconds since the epoch."""
        return int(self._emulator.now().timestamp() * 1000)

    def kill_what_works(self) -> None:
        """End with SIGKILL the processes of functions that are at work."""
        assert [process for function in self._emulator.functions for process in function.kill()]

    def let_leases_end(self, watch: Watch) -> None:
        """Let an hour pass: visibility timeouts of functions that may run for eight minutes are below that."""
        self._emulator.advance(timedelta(hours=1))


@contextmanager
def aws_example(folder: Path, *, apart: Sequence[Schedule] = (), template: str | None = None) -> Iterator[AwsExample]:
    """Run the example from a copy of the repository in a folder, with another template if one is given."""
    sources, path = Sources(folder), folder / "template.yaml"
    if template is not None:
        path.write_text(template, encoding="utf-8")
    with Emulator(path, apart=apart, parameters=PARAMETERS, start=START, settings=SETTINGS, log=_say) as emulator:
        yield AwsExample(sources, emulator)


def _say(name: str, line: str) -> None:
    sys.stdout.write(f"{name}: {line}\n")
