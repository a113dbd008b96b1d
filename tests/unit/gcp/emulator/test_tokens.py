"""Tokens of the emulator are those of Google, but for the key."""

import json
from base64 import urlsafe_b64decode
from datetime import UTC, datetime, timedelta

from purista_serverless.adapters.gcp.emulator.tokens import Signer, unsigned, without_signature
from purista_serverless.emulation.clock import VirtualClock

EMAIL = "push@emulated.iam.gserviceaccount.com"
AUDIENCE = "https://here"


def claims_of(token: str) -> dict[str, object]:
    """Read the claims of a token."""
    return dict(json.loads(urlsafe_b64decode(token.split(".")[1] + "==")))


def test_a_token_holds_for_an_hour_and_for_its_audience():
    """Whose token it is is told for its own audience only, until it expires by the clock."""
    clock = VirtualClock(datetime(2026, 1, 1, tzinfo=UTC))
    signer = Signer(clock)
    token = signer.token(EMAIL, AUDIENCE)
    found = signer.email(token, AUDIENCE), signer.email(token, "https://elsewhere")
    clock.move_to(clock.now() + timedelta(hours=2))

    assert found == (EMAIL, None)
    assert signer.email(token, AUDIENCE) is None


def test_only_its_own_signature_counts():
    """A token of another key, without a signature or that is none at all is nobody's."""
    clock = VirtualClock(datetime(2026, 1, 1, tzinfo=UTC))
    signer = Signer(clock)
    token = signer.token(EMAIL, AUDIENCE)

    for other in (
        Signer(clock).token(EMAIL, AUDIENCE),
        without_signature(token),
        unsigned({"email": EMAIL}),
        "",
        "a.b",
    ):
        assert signer.email(other, AUDIENCE) is None


def test_the_signature_is_removed_as_cloud_run_does():
    """What a function is given has the claims and a text in place of the signature."""
    token = Signer(VirtualClock(datetime(2026, 1, 1, tzinfo=UTC))).token(EMAIL, AUDIENCE)
    given = without_signature(token)

    assert claims_of(given) == claims_of(token)
    assert given.endswith(".SIGNATURE_REMOVED_BY_GOOGLE")
    assert claims_of(unsigned({"sub": "ann"})) == {"sub": "ann"}
