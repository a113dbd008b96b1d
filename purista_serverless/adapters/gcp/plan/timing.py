"""How long a request may take, how long a delivery is held, and how often and how late it comes again."""

from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from purista_serverless.adapters.gcp import limits
from purista_serverless.model import Lifecycle
from purista_serverless.topology import Edge, Function

# Pub/Sub's own default: as long as nobody may fetch a message before it is lost.
_WANTED_RETENTION = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The figures of a function, in seconds.

    Attributes:
        timeout: Of one request.
        ack_deadline: How long its deliveries are held, and a push may take.
        is_pooled: Its runs are longer than a push may take, so that a worker pool pulls.
    """

    timeout: int
    ack_deadline: int
    is_pooled: bool


def timing_of(function: Function, *, is_bounded: bool, is_pushed: bool) -> Timing:
    """Give a function the time for a run, for the start of its instance and for what settles the run.

    Args:
        function: The function.
        is_bounded: Whether its runs have a declared bound; others take what a push has.
        is_pushed: Whether messages are pushed to it, which a request alone does not bound.
    """
    needed = max(ceil(function.timeout.total_seconds()) + limits.MARGIN, limits.SHORTEST_ACK_DEADLINE)
    held = min(needed, limits.LONGEST_ACK_DEADLINE)
    is_pooled = function.kind == "worker" and is_bounded and needed > limits.LONGEST_ACK_DEADLINE
    longest = limits.LONGEST_ACK_DEADLINE if is_pushed and function.kind != "command" else limits.LONGEST_REQUEST
    return Timing(timeout=min(needed, longest), ack_deadline=held, is_pooled=is_pooled)


def most_deliveries(lifecycle: Lifecycle) -> int:
    """Give the deliveries after which the platform gives up: above the policy, of which it is only the net."""
    return max(limits.FEWEST_DELIVERIES, min(2 * lifecycle.max_attempts + 10, limits.MOST_DELIVERIES))


def backoff_of(lifecycle: Lifecycle) -> tuple[int, int]:
    """Give the shortest and longest delay in seconds of a plain redelivery."""
    longest = min(max(ceil(lifecycle.backoff.maximum.total_seconds()), 1), limits.LONGEST_BACKOFF)
    return min(max(ceil(lifecycle.backoff.initial.total_seconds()), 1), longest), longest


def retention_of(edge: Edge, ack_deadline: int) -> int:
    """Give the seconds that an edge's messages are kept: their window at least."""
    needed = edge.lifecycle.window + timedelta(seconds=ack_deadline)
    return _bounded(max(needed, _WANTED_RETENTION))


def dead_letter_retention_of(edge: Edge) -> int:
    """Give the seconds that an edge's dead letters are kept."""
    return _bounded(edge.dead_letter.retention)


def _bounded(wanted: timedelta) -> int:
    return int(min(max(wanted.total_seconds(), limits.SHORTEST_RETENTION), limits.LONGEST_RETENTION))
