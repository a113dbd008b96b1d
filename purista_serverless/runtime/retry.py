"""Whether and when a failed delivery comes again: pure arithmetic over a queue's lifecycle."""

from typing import TYPE_CHECKING

from purista_serverless.message import BadInput, Cancelled, Failed, Outcome, Rejected, Retry, Success
from purista_serverless.message.wire import spelled_out

if TYPE_CHECKING:
    from collections.abc import Callable

_FAILING_STATUSES = frozenset({408, 425, 429})


class RetryPolicy:
    """A lifecycle's numbers, in milliseconds."""

    __slots__ = ("initial", "jitter", "max_attempts", "maximum", "multiplier", "window")

    def __init__(
        self,
        *,
        max_attempts: int = 10,
        window: int = 86_400_000,
        initial: int = 1_000,
        maximum: int = 120_000,
        multiplier: float = 2.0,
        jitter: float = 0.25,
    ) -> None:
        self.max_attempts = max_attempts
        self.window = window
        self.initial = initial
        self.maximum = maximum
        self.multiplier = multiplier
        self.jitter = jitter

    def backoff(self, attempt: int, spread: float) -> int:
        """Give the delay after a failed attempt.

        Args:
            attempt: The attempt that failed, from 1.
            spread: A random number in ``[0, 1)``; 0.5 gives the delay without jitter.
        """
        # 64 doublings overflow every cap; more would overflow the float.
        plain = min(float(self.maximum), self.initial * self.multiplier ** min(attempt - 1, 64))
        return round(min(float(self.maximum), plain * (1.0 + self.jitter * (2.0 * spread - 1.0))))


class Complete:
    """The delivery is done."""

    __slots__ = ("result",)
    __match_args__ = ("result",)

    def __init__(self, result: bytes | None) -> None:
        self.result = result


class Again:
    """The delivery comes again after ``delay`` milliseconds."""

    __slots__ = ("delay", "reason")
    __match_args__ = ("delay", "reason")

    def __init__(self, delay: int, reason: str) -> None:
        self.delay = delay
        self.reason = reason


class GiveUp:
    """The delivery goes to the dead letters."""

    __slots__ = ("reason",)
    __match_args__ = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason


class Stop:
    """The delivery was cancelled."""

    __slots__ = ("reason",)
    __match_args__ = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason


Decision = Complete | Again | GiveUp | Stop


def decide(
    outcome: Outcome,
    policy: RetryPolicy,
    *,
    attempt: int,
    since: int,
    now: int,
    random: "Callable[[], float]",
    max_attempts: int | None = None,
) -> Decision:
    """Say what happens to a delivery after one run of its handler.

    Args:
        outcome: How the run ended.
        policy: The lifecycle of the edge.
        attempt: The number of the run, from 1.
        since: When the window began: last enqueue, redrive or scheduled time, in milliseconds; 0 if the message
            does not say, and then only the attempts are bounded.
        now: The time, in milliseconds.
        random: Gives numbers in ``[0, 1)``.
        max_attempts: Fewer attempts than the lifecycle allows, if the job asked for that.
    """
    limit = policy.max_attempts if max_attempts is None else min(max_attempts, policy.max_attempts)
    match outcome:
        case Success(value):
            return Complete(value)
        case Cancelled(reason):
            return Stop(reason)
        case BadInput():
            return GiveUp(describe(outcome))
        case Rejected(error) if error.status < 500 and error.status not in _FAILING_STATUSES:
            return GiveUp(describe(outcome))
        case Retry(asked, _) if asked is not None:
            delay = max(asked, 0)
        case _:
            delay = policy.backoff(attempt, random())
    reason = describe(outcome)
    if attempt >= limit:
        return GiveUp(f"{reason} (attempt {attempt} of {limit})")
    if since > 0 and now + delay - since > policy.window:
        return GiveUp(f"{reason} (the retry window of {policy.window // 1000} s is over)")
    return Again(delay, reason)


def describe(outcome: Outcome) -> str:
    """Give the reason that history, dead letters and events keep; an error's class and text, never input values."""
    return spelled_out(_described(outcome))


def _described(outcome: Outcome) -> str:
    match outcome:
        case Success():
            return "success"
        case Rejected(error):
            return f"{error.status} {error.message}"
        case BadInput(subject, problems):
            listing = "; ".join(f"{problem['path'] or 'value'}: {problem['message']}" for problem in problems)
            return f"{subject} is not valid: {listing}"
        case Retry(_, reason):
            return reason or "retry later"
        case Failed(error):
            return f"{type(error).__name__}: {error}"
        case Cancelled(reason):
            return reason or "cancelled"
