"""The emulated account: moto in a process of its own, its clients, its queues' backlog and its clock."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from purista_serverless.emulation.clock import Clock, VirtualClock
from purista_serverless.emulation.running import require
from purista_serverless.errors import Unavailable

ACCOUNT = "123456789012"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
_HOST = "purista_serverless.adapters.aws.emulator.moto_host"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What waits in a queue.

    Attributes:
        ready: How many messages may be received now.
        due: When the next of the others may be received, ``None`` if there is none.
    """

    ready: int
    due: datetime | None


class Cloud:
    """An empty account, until it is closed.

    Args:
        clock: Its time.
        region: Its region.
        functions: URL of what runs functions.

    Raises:
        MissingExtra: moto is not installed.
        Unavailable: It does not start.
    """

    def __init__(self, clock: Clock, region: str, functions: str) -> None:
        self.region = region
        self._clock = clock
        self._lock = Lock()
        self._clients: dict[str, Any] = {}
        start = [repr(clock.now().timestamp())] if clock.is_virtual else []
        require("aws-emulator", "moto", "boto3", "time_machine")
        self._process = subprocess.Popen(  # noqa: S603 - this module's own program
            [sys.executable, "-m", _HOST, functions.removeprefix("http://"), *start],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self.endpoint = f"http://127.0.0.1:{self._answer()}"
        if clock.is_virtual:
            # The process took a while to start.
            self._ask({"do": "move", "to": clock.now().timestamp()})

    def client(self, service: str) -> Any:
        """Give the boto3 client of a service, such as ``sqs``; threads may share it."""
        import boto3

        with self._lock:
            if service not in self._clients:
                self._clients[service] = boto3.client(
                    service,
                    endpoint_url=self.endpoint,
                    region_name=self.region,
                    aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
                    aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
                )
            return self._clients[service]

    def backlog(self) -> Mapping[str, Backlog]:
        """Give what waits, by the name of the queue.

        Raises:
            Unavailable: The account is closed, or its process has ended.
        """
        found = self._ask({"do": "backlog"})
        return {name: Backlog(ready=ready, due=_instant(due)) for name, (ready, due) in found.items()}

    def move_to(self, instant: datetime) -> None:
        """Move the account's time ahead, and the clock with it; an instant that has passed changes nothing."""
        assert isinstance(self._clock, VirtualClock)  # noqa: S101 - the emulator has looked
        if instant > self._clock.now():
            # The account first: it may be ahead of the scheduler by a moment, never behind a slot that is fired.
            self._ask({"do": "move", "to": instant.timestamp()})
            self._clock.move_to(instant)

    def close(self) -> None:
        """End the process; the account is gone."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None  # noqa: S101 - both are pipes
            pipe.close()

    def _ask(self, request: Mapping[str, Any]) -> Any:
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        try:
            with self._lock:
                self._process.stdin.write(json.dumps(request) + "\n")
                self._process.stdin.flush()
                return self._answer()
        except (OSError, ValueError) as error:
            raise Unavailable("the emulated account is closed, or its process has ended") from error

    def _answer(self) -> Any:
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        line = self._process.stdout.readline()
        if not line:
            raise Unavailable("the process of the emulated account has ended; its last words are on standard error")
        return json.loads(line)


def _instant(milliseconds: float | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, tz=UTC)
