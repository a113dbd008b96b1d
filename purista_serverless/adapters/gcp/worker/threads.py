"""The threads in which Pub/Sub's client hands over messages, and how they come to their end."""

import threading
from queue import Queue
from typing import TYPE_CHECKING, Any

from google.cloud.pubsub_v1.subscriber.scheduler import Scheduler

if TYPE_CHECKING:
    from collections.abc import Callable

    from purista_serverless.adapters.gcp.worker.runs import Runs

# How long handlers may go on after they were asked to stop, in seconds.
LAST_GRACE = 2.0


class Threads(Scheduler):  # type: ignore[misc]  # the client has no types that checkers find everywhere
    """A thread for each message: flow control says how many there are.

    They are daemons: a handler that ignores its cancellation does not keep the process alive. The client calls
    ``shutdown`` when it has stopped pulling, and extends leases until that returns.

    Args:
        runs: What is asked to stop.
        grace: How long handlers may go on after a stop, in seconds.
    """

    def __init__(self, runs: "Runs", grace: float) -> None:
        self._runs = runs
        self._grace = grace
        self._requests: Queue[Any] = Queue()
        self._threads: set[threading.Thread] = set()
        self._ended = threading.Condition()

    @property
    def queue(self) -> "Queue[Any]":
        """Give the queue of what messages ask of the client."""
        return self._requests

    def schedule(self, callback: "Callable[..., Any]", *args: Any, **kwargs: Any) -> None:
        """Hand over a message."""

        def call() -> None:
            try:
                callback(*args, **kwargs)
            finally:
                with self._ended:
                    self._threads.discard(threading.current_thread())
                    self._ended.notify_all()

        thread = threading.Thread(target=call, name="purista-worker", daemon=True)
        with self._ended:
            self._threads.add(thread)
        thread.start()

    def shutdown(self, await_msg_callbacks: bool = False) -> list[Any]:  # noqa: FBT001, FBT002 - the client's signature
        """Wait for what runs, ask it to stop when its time is over, and give what was not handed over: nothing."""
        if not self._wait(self._grace):
            self._runs.interrupt()
            if not self._wait(LAST_GRACE):
                from purista_serverless.runtime.log import LOGGER

                LOGGER.warning("%d handlers ignore that they should stop", len(self._threads))
        return []

    def _wait(self, seconds: float) -> bool:
        """Wait until no thread is left; say whether that is so."""
        with self._ended:
            return self._ended.wait_for(lambda: not self._threads, seconds)
