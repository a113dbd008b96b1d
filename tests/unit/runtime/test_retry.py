"""Whether and when a failed delivery comes again."""

from typing import assert_never

import pytest
from hypothesis import given
from hypothesis import strategies as st

from purista_serverless.errors import HandledError
from purista_serverless.message import BadInput, Cancelled, Failed, Outcome, Rejected, Retry, Success
from purista_serverless.runtime.retry import Again, Complete, GiveUp, RetryPolicy, Stop, decide, describe

policies = st.builds(
    RetryPolicy,
    max_attempts=st.integers(1, 20),
    window=st.integers(1_000, 10**9),
    initial=st.integers(0, 60_000),
    maximum=st.integers(0, 600_000),
    multiplier=st.floats(1, 10),
    jitter=st.floats(0, 1),
)
attempts = st.integers(1, 10_000)
spreads = st.floats(0, 1, exclude_max=True)
NOW = 1_767_225_600_000
PROBLEM = {"path": "cycleId", "message": "Field required"}
failures: st.SearchStrategy[Outcome] = st.one_of(
    st.builds(lambda text: Failed(ValueError(text)), st.text()),
    st.builds(lambda status: Rejected(HandledError(status)), st.sampled_from([408, 425, 429, 500, 503, 599])),
    st.builds(Retry, st.none() | st.integers(-5, 10**7), st.text()),
)


@given(policies, attempts, spreads)
def test_a_delay_is_bounded(policy, attempt, spread):
    """No delay is negative or longer than the maximum, however many attempts were made."""
    assert 0 <= policy.backoff(attempt, spread) <= policy.maximum


@given(policies, attempts, spreads)
def test_delays_never_shrink(policy, attempt, spread):
    """With the same luck the next delay is at least as long as the one before."""
    assert policy.backoff(attempt, spread) <= policy.backoff(attempt + 1, spread)


@given(policies, attempts, spreads)
def test_jitter_stays_within_its_share(policy, attempt, spread):
    """A delay differs from the one without jitter by the declared share at most, rounding aside."""
    plain = policy.backoff(attempt, 0.5)

    assert abs(policy.backoff(attempt, spread) - plain) <= plain * policy.jitter + 1


@given(policies, failures, st.integers(1, 30), st.integers(0, 10**10), st.none() | st.integers(1, 30))
def test_attempts_and_window_are_never_exceeded(policy, outcome, attempt, elapsed, asked):
    """A failure comes again only while an attempt is left and its delay ends within the window."""
    limit = min(asked or policy.max_attempts, policy.max_attempts)
    now = NOW + elapsed
    decision = decide(outcome, policy, attempt=attempt, since=NOW, now=now, random=lambda: 0.9, max_attempts=asked)
    match decision:
        case Again(delay, reason):
            assert attempt < limit
            assert delay >= 0
            assert elapsed + delay <= policy.window
            assert reason == describe(outcome)
        case GiveUp(reason):
            assert reason.startswith(describe(outcome))
            assert "attempt" in reason or "window" in reason
        case Complete() | Stop():
            pytest.fail("a failure was taken for an end")
        case _:
            assert_never(decision)


def test_an_unknown_begin_leaves_the_attempts_as_the_only_bound():
    """A message that does not say when it was sent is not old because of that."""
    failed = Failed(ValueError("no"))
    decisions = [
        decide(failed, RetryPolicy(), attempt=attempt, since=0, now=NOW, random=lambda: 0.5) for attempt in (1, 10)
    ]

    assert [type(decision) for decision in decisions] == [Again, GiveUp]


def decision_on(outcome: Outcome) -> Complete | Again | GiveUp | Stop:
    """Decide on a first attempt under the default policy, without jitter."""
    return decide(outcome, RetryPolicy(), attempt=1, since=NOW, now=NOW, random=lambda: 0.5)


@pytest.mark.parametrize("status", [400, 404, 409, 422, 499])
def test_a_refusal_is_final(status):
    """A handled error that repeating cannot mend goes to the dead letters at once."""
    decision = decision_on(Rejected(HandledError(status, "no")))

    assert isinstance(decision, GiveUp)
    assert decision.reason == f"{status} no"


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503])
def test_a_refusal_that_time_may_mend_is_a_failure(status):
    """Timeouts, throttling and server errors are tried again."""
    decision = decision_on(Rejected(HandledError(status, "later")))

    assert isinstance(decision, Again)
    assert decision.delay == 1_000


def test_bad_input_is_final_and_names_the_field():
    """What does not match its type now will not match it later."""
    decision = decision_on(BadInput("payload of close", (PROBLEM, {"path": "", "message": "no"})))

    assert isinstance(decision, GiveUp)
    assert decision.reason == "payload of close is not valid: cycleId: Field required; value: no"


def test_an_asked_delay_is_kept():
    """The handler's own delay counts, beyond the backoff's maximum too; a negative one is none."""
    for asked, delay in ((300_000, 300_000), (0, 0), (-5, 0)):
        decision = decision_on(Retry(asked, "later"))
        assert isinstance(decision, Again)
        assert decision.delay == delay


def test_ends_are_ends():
    """A success is complete with its result, a cancellation stops."""
    done, stopped = decision_on(Success(b"1")), decision_on(Cancelled("enough"))

    assert isinstance(done, Complete)
    assert done.result == b"1"
    assert isinstance(stopped, Stop)
    assert stopped.reason == "enough"


@pytest.mark.parametrize(
    ("outcome", "text"),
    [
        (Success(None), "success"),
        (Retry(None, ""), "retry later"),
        (Cancelled(""), "cancelled"),
        (Failed(KeyError("x")), "KeyError: 'x'"),
    ],
)
def test_reasons_are_never_empty(outcome, text):
    """History and dead letters always have something to show."""
    assert describe(outcome) == text
