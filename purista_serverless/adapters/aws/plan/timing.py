"""How long an invocation may take, how many messages it gets, and how long these are hidden meanwhile."""

from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from purista_serverless.adapters.aws.limits import (
    LARGEST_BATCH,
    LONGEST_RETENTION,
    LONGEST_RUN,
    LONGEST_VISIBILITY,
    MOST_RECEIVES,
)
from purista_serverless.adapters.aws.options import FunctionOptions
from purista_serverless.model import Lifecycle
from purista_serverless.topology import Function, QueueTrigger

# Seconds of an invocation that no handler gets: they settle what was done.
MARGIN = 10

# An invocation of more messages than this has to gather them (AWS Lambda Developer Guide, Amazon SQS event source).
LARGEST_UNGATHERED = 10
LARGEST_FIFO_BATCH = 10

# Of the visibility to the timeout, as the same guide recommends: room for what Lambda retries by itself.
VISIBILITY_FACTOR = 6

# The longest that a message is hidden from when its function answers: a window of at most this many seconds came first.
LONGEST_WAIT = LONGEST_VISIBILITY - 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The figures of a function, in seconds, and of its batches.

    ``longest_run`` is what one run may take; ``None`` is whatever its invocation has.
    """

    timeout: int
    longest_run: int | None
    batch_size: int
    window: int

    @property
    def visibility(self) -> int:
        """Give the visibility of its queues."""
        return min(VISIBILITY_FACTOR * self.timeout + self.window, LONGEST_VISIBILITY)


def timing_of(function: Function, options: FunctionOptions, *, is_bounded: bool, is_fifo: bool) -> Timing:
    """Give a function the time for a whole batch, and as many messages as it has the time for.

    Args:
        function: The function.
        options: What it has of its own.
        is_bounded: Whether its runs have a declared bound; others may take the whole invocation.
        is_fifo: Whether its queue keeps an order.
    """
    run = ceil(function.timeout.total_seconds())
    wanted = options.batch_size or _declared_batch(function)
    wanted = min(wanted, LARGEST_FIFO_BATCH if is_fifo else LARGEST_BATCH)
    batch = max(1, min(wanted, (LONGEST_RUN - MARGIN) // max(run, 1))) if is_bounded else wanted
    window = options.batch_window or (1 if batch > LARGEST_UNGATHERED else 0)
    return Timing(
        timeout=min(batch * run + MARGIN, LONGEST_RUN),
        longest_run=run if is_bounded else None,
        batch_size=batch,
        window=0 if is_fifo else window,
    )


def _declared_batch(function: Function) -> int:
    return max((trigger.batch_size for trigger in function.triggers if isinstance(trigger, QueueTrigger)), default=1)


def waits_of(delay: timedelta | None) -> int:
    """Give how often a message is received that waits for its time by being hidden again and again.

    Args:
        delay: How long it waits; ``None`` is as long as SQS keeps it.

    Example:
        >>> waits_of(timedelta(0)), waits_of(timedelta(hours=12)), waits_of(None)
        (0, 2, 29)
    """
    seconds = LONGEST_RETENTION if delay is None else delay.total_seconds()
    return ceil(seconds / LONGEST_WAIT)


def most_receives(lifecycle: Lifecycle, waits: int = 0) -> int:
    """Give the receives after which the platform gives up: far above the policy, of which it is only the net."""
    return min(net_of(lifecycle.max_attempts) + waits, MOST_RECEIVES)


def net_of(max_attempts: int) -> int:
    """Give the receives after which the runtime itself gives up on what never answers."""
    return 2 * max_attempts + 10
