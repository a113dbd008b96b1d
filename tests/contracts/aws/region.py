"""An account in one process: moto, whose time is the virtual clock of a test.

moto takes a message for visible when its time has *passed*, and not yet when it has come. So it is asked for messages
at the end of a millisecond and for everything else at its beginning; only a lease that runs out is noticed a
millisecond late. And moto counts the 12 hours that a message may stay hidden from when it was sent, where SQS counts
from when it was received; while a visibility is changed, it is therefore told that all messages were sent just now.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import cache
from typing import Any

import boto3
import time_machine
from botocore import UNSIGNED
from botocore.config import Config
from moto.core.base_backend import BackendDict
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sqs.models import sqs_backends

from purista_serverless.testing.clock import VirtualClock, to_datetime

NAME = "us-east-1"

_END_OF_MILLISECOND = timedelta(microseconds=999)

Watch = Callable[[str, int], None]
"""Takes the URL of a queue and in how many milliseconds something may become visible in it."""


class Region:
    """One region of an account that exists until it is closed; there can be one at a time, inside of ``mock_aws``.

    Args:
        clock: Its time.
        watch: Is told when to look at a queue.
    """

    def __init__(self, clock: VirtualClock, watch: Watch) -> None:
        self._clock = clock
        self._watch = watch
        # Emptied, not started: that takes as long as all calls of a small test.
        BackendDict.reset()
        self._travel = time_machine.travel(to_datetime(clock.now()), tick=False)
        self._time = self._travel.start()
        self._sent: list[tuple[Any, int]] = []
        _Current.region = self

    def close(self) -> None:
        """Forget everything and give the process its own time back."""
        if _Current.region is self:
            _Current.region = None
            self._travel.stop()

    def client(self, service: str) -> Any:
        """Give a real client of a service."""
        return _client(service)

    def is_waiting(self, url: str) -> bool:
        """Say whether a message of a queue may be received now, so that nobody asks an empty queue."""
        self._move(_END_OF_MILLISECOND)
        return bool(self._queue(url).messages)

    def depth(self, url: str) -> int:
        """Count the messages of a queue: visible, delayed and in flight."""
        return len(self._queue(url)._messages)  # noqa: SLF001 - the public counts miss what is visible and delayed

    def _move(self, offset: timedelta) -> None:
        self._time.move_to(to_datetime(self._clock.now()) + offset, tick=False)

    def _queue(self, url: str) -> Any:
        return sqs_backends[DEFAULT_ACCOUNT_ID][NAME].queues[url.rpartition("/")[2]]

    def before(self, operation: str, parameters: Mapping[str, Any]) -> None:
        """Set the time of a call, and note when something may become visible by it."""
        self._move(_END_OF_MILLISECOND if operation == "ReceiveMessage" else timedelta(0))
        if operation.startswith("ChangeMessageVisibility"):
            self._hide_ages(parameters["QueueUrl"])
        for url, delay in self._effects(operation, parameters):
            self._watch(url, delay)

    def after(self) -> None:
        """Undo what a call was told besides."""
        for message, sent in self._sent:
            message.sent_timestamp = sent
        self._sent.clear()

    def _hide_ages(self, url: str) -> None:
        for message in self._queue(url)._messages:  # noqa: SLF001 - moto has no other way to reach what is hidden
            self._sent.append((message, message.sent_timestamp))
            message.sent_timestamp = self._clock.now()

    def _effects(self, operation: str, parameters: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
        match operation:
            case "SendMessage":
                yield parameters["QueueUrl"], parameters.get("DelaySeconds", 0) * 1_000
            case "SendMessageBatch":
                for entry in parameters["Entries"]:
                    yield parameters["QueueUrl"], entry.get("DelaySeconds", 0) * 1_000
            case "ChangeMessageVisibility":
                yield parameters["QueueUrl"], parameters["VisibilityTimeout"] * 1_000
            case "ChangeMessageVisibilityBatch":
                for entry in parameters["Entries"]:
                    yield parameters["QueueUrl"], entry["VisibilityTimeout"] * 1_000
            case "DeleteMessage" | "DeleteMessageBatch":
                # The next of a FIFO group may go.
                yield parameters["QueueUrl"], 0
            case "PutEvents":
                yield "", 0
            case _:
                pass


class _Current:
    """The region that clients speak to."""

    region: Region | None = None


def _note(params: Mapping[str, Any], model: Any, **_: Any) -> None:
    if _Current.region is not None:
        _Current.region.before(model.name, params)


def _undo(**_: Any) -> None:
    if _Current.region is not None:
        _Current.region.after()


@cache
def _client(service: str) -> Any:
    """Make a client; once, because it loads the service's model, and moto serves it whichever region is open."""
    # Without signatures, which cost a tenth of a call; moto takes what is not signed for a call to its default region.
    client = boto3.session.Session(region_name=NAME).client(service, config=Config(signature_version=UNSIGNED))
    client.meta.events.register("before-parameter-build", _note)
    client.meta.events.register("after-call", _undo)
    return client
