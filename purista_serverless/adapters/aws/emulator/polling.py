"""Event source mappings: what Lambda does between a queue and a function."""

import json
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Condition, Event, Thread
from typing import Any

from purista_serverless.adapters.aws.emulator.cloud import Backlog, Cloud
from purista_serverless.adapters.aws.emulator.environment import Log
from purista_serverless.adapters.aws.emulator.functions import Function
from purista_serverless.adapters.aws.emulator.resource import Mapped
from purista_serverless.adapters.aws.emulator.runtime_api import Answer
from purista_serverless.adapters.aws.limits import LARGEST_REQUEST
from purista_serverless.errors import Unavailable

_MOST_PER_CALL = 10
# Lambda gives a function at most this many bytes; the rest is for what surrounds the bodies.
_LARGEST_BATCH = LARGEST_REQUEST - 64 * 1024
# How long to rest when a look at the queues found nothing, in seconds.
_REST = 0.02


class Source:
    """A queue that a function consumes.

    Args:
        cloud: Where the queue is.
        mapped: How they are connected.
        function: The function.
        gathers: Whether batching windows are waited for.
        log: Takes a line for each invocation that fails.
    """

    def __init__(self, cloud: Cloud, mapped: Mapped, function: Function, *, gathers: bool, log: Log) -> None:
        self._sqs = cloud.client("sqs")
        self._region = cloud.region
        self.mapped = mapped
        self.queue = mapped.queue.rpartition(":")[2]
        self._url = self._sqs.get_queue_url(QueueName=self.queue)["QueueUrl"]
        self._function = function
        self._window = mapped.window if gathers else 0.0
        self._log = log

    def receive(self) -> list[list[dict[str, Any]]]:
        """Receive up to a batch, in as many events as its size needs."""
        end = time.monotonic() + self._window
        messages: list[dict[str, Any]] = []
        while (room := self.mapped.batch_size - len(messages)) > 0:
            found = self._sqs.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=min(room, _MOST_PER_CALL),
                AttributeNames=["All"],
                MessageAttributeNames=["All"],
                WaitTimeSeconds=max(0, min(20, round(end - time.monotonic()))) if messages else 0,
            ).get("Messages", [])
            messages += found
            if not found and time.monotonic() >= end:
                break
        return _cut(messages)

    def handle(self, messages: Sequence[Mapping[str, Any]]) -> None:
        """Invoke the function with a batch, and delete what did not fail."""
        event = {"Records": [self._record(message) for message in messages]}
        answer = self._function.invoke(json.dumps(event).encode())
        if answer.error_type is not None:
            text = answer.payload.decode(errors="replace")
            self._log(self._function.setup.name, f"{answer.error_type} on a batch of {len(messages)}: {text}")
        failed = failures(answer, [message["MessageId"] for message in messages], reports=self.mapped.reports_failures)
        done = [message for message in messages if message["MessageId"] not in failed]
        for first in range(0, len(done), _MOST_PER_CALL):
            entries = [
                {"Id": str(place), "ReceiptHandle": message["ReceiptHandle"]}
                for place, message in enumerate(done[first : first + _MOST_PER_CALL])
            ]
            self._sqs.delete_message_batch(QueueUrl=self._url, Entries=entries)

    def _record(self, message: Mapping[str, Any]) -> dict[str, Any]:
        attributes = {
            name: {
                "dataType": value["DataType"],
                "stringListValues": [],
                "binaryListValues": [],
                **({"stringValue": value["StringValue"]} if "StringValue" in value else {}),
            }
            for name, value in message.get("MessageAttributes", {}).items()
        }
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message["Attributes"],
            "messageAttributes": attributes,
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": self.mapped.queue,
            "awsRegion": self._region,
        }


def failures(answer: Answer, batch: Sequence[str], *, reports: bool) -> frozenset[str]:
    """Give the ids of a batch that failed, by the rules of Lambda for partial batch responses.

    An error fails all. An answer that names no message fails none; one that names a message which is not of this batch,
    or that is no such answer at all, fails all.

    Example:
        >>> answer = Answer(payload=b'{"batchItemFailures": [{"itemIdentifier": "b"}]}')
        >>> sorted(failures(answer, ["a", "b"], reports=True)), sorted(failures(answer, ["x", "y"], reports=True))
        (['b'], ['x', 'y'])
    """
    everything = frozenset(batch)
    if answer.error_type is not None:
        return everything
    if not reports:
        return frozenset()
    try:
        response = json.loads(answer.payload or b"null")
        items = (response or {}).get("batchItemFailures") or ()
        named = frozenset(item["itemIdentifier"] for item in items)
    except (ValueError, TypeError, AttributeError, KeyError):
        return everything
    is_of_this_batch = named <= everything
    return named if is_of_this_batch else everything


def _cut(messages: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Cut a batch where its size would be more than a function is given."""
    batches: list[list[dict[str, Any]]] = []
    size = _LARGEST_BATCH
    for message in messages:
        # As JSON inside of JSON: what is escaped counts.
        length = len(json.dumps(message))
        if size + length > _LARGEST_BATCH:
            batches.append([])
            size = 0
        batches[-1].append(message)
        size += length
    return batches


class Polling:
    """Looks at the queues and has their messages handled, on a thread of its own.

    Args:
        cloud: Where the queues are.
        sources: What is consumed.
        log: Takes a line when it has to end: in a terminal nobody waits for it who would be told.
    """

    def __init__(self, cloud: Cloud, sources: Sequence[Source], *, log: Log) -> None:
        self._cloud = cloud
        self._sources = sources
        self._log = log
        self._workers = ThreadPoolExecutor(thread_name_prefix="mapping", max_workers=_workers(sources))
        self._changed = Condition()
        self._running = dict.fromkeys(range(len(sources)), 0)
        self._receiving: set[int] = set()
        self._rounds = 0
        self._is_idle = False
        self._failure: BaseException | None = None
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="polling", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Take no more messages."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def join(self) -> None:
        """Wait until no function runs; after ``stop``."""
        self._workers.shutdown()

    def due(self) -> datetime | None:
        """Give when the next message that waits may be received, ``None`` if none waits."""
        backlog = self._cloud.backlog()
        instants = [backlog[source.queue].due for source in self._sources]
        return min((instant for instant in instants if instant is not None), default=None)

    def settle(self, seconds: float) -> None:
        """Wait until no message may be received and no function runs.

        Raises:
            TimeoutError: Something still runs after that many seconds.
            Unavailable: The account is gone.
        """
        with self._changed:
            # One that began after this call.
            round_ = self._rounds + 2
            done = self._changed.wait_for(
                lambda: self._failure is not None or (self._is_idle and self._rounds >= round_), seconds
            )
            if self._failure is not None:
                raise Unavailable("the emulator polls no more") from self._failure
            if not done:
                busy = [self._sources[place].queue for place, count in self._running.items() if count]
                raise TimeoutError(f"after {seconds:g} s functions still run or messages wait: {busy}")

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                if not self._look():
                    self._stopping.wait(_REST)
        except Exception as error:  # noqa: BLE001 - handed to whoever waits
            self._fail("queues", error)

    def _fail(self, what: str, error: BaseException) -> None:
        self._log("polling", f"{what} cannot be polled any more: {error!r}")
        with self._changed:
            self._failure = error
            self._changed.notify_all()

    def _look(self) -> bool:
        """Start what can be started; say whether that was anything."""
        with self._changed:
            before = any(self._running.values())
        backlog = self._cloud.backlog() if self._sources else {}
        with self._changed:
            wanted = [
                place for place, source in enumerate(self._sources) if self._is_wanted(place, backlog[source.queue])
            ]
            for place in wanted:
                self._running[place] += 1
                self._receiving.add(place)
                self._workers.submit(self._work, place)
            # Nothing ran before the look at the queues either, so that nothing was sent meanwhile.
            self._is_idle = not before and not any(self._running.values())
            self._rounds += 1
            self._changed.notify_all()
        return bool(wanted)

    def _is_wanted(self, place: int, backlog: Backlog) -> bool:
        """Say whether to receive from a queue: one call at a time, or batches would be smaller than they can be."""
        is_free = self._running[place] < self._sources[place].mapped.concurrency
        return backlog.ready > 0 and is_free and place not in self._receiving

    def _work(self, place: int) -> None:
        source = self._sources[place]
        try:
            try:
                batches = source.receive()
            finally:
                with self._changed:
                    self._receiving.discard(place)
            for batch in batches:
                source.handle(batch)
        except Exception as error:  # noqa: BLE001 - handed to whoever waits
            if not self._stopping.is_set():
                self._fail(source.queue, error)
        finally:
            with self._changed:
                self._running[place] -= 1
                self._changed.notify_all()


def _workers(sources: Sequence[Source]) -> int:
    return max(1, sum(source.mapped.concurrency for source in sources))
