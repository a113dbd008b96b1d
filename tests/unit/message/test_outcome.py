"""Outcomes are taken apart by position and shown in logs."""

import pytest

from purista_serverless.errors import HandledError
from purista_serverless.message import BadInput, Cancelled, Failed, Outcome, Rejected, Retry, Success

REFUSAL = HandledError(404, "no such account")
OUTCOMES: tuple[tuple[Outcome, str], ...] = (
    (Success(b"1"), "Success(b'1')"),
    (Rejected(REFUSAL), "Rejected(404, 'no such account')"),
    (BadInput("payload", ({"path": "a", "message": "missing"},)), "BadInput('payload', "),
    (Retry(5, "later"), "Retry(5, 'later')"),
    (Failed(ValueError("x")), "Failed(ValueError('x'))"),
    (Cancelled("enough"), "Cancelled('enough')"),
)


@pytest.mark.parametrize(("outcome", "shown"), OUTCOMES, ids=lambda value: type(value).__name__)
def test_an_outcome_shows_what_it_holds(outcome, shown):
    """The representation begins with the class and its parts."""
    assert repr(outcome).startswith(shown)


def test_outcomes_match_by_position():
    """The parts come in the order that the hosts rely on."""
    match OUTCOMES[2][0], OUTCOMES[3][0]:
        case BadInput(subject, problems), Retry(delay, reason):
            assert (subject, problems[0]["path"], delay, reason) == ("payload", "a", 5, "later")
        case _:
            pytest.fail("the outcomes are not what they are")
