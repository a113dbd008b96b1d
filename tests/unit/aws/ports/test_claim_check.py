"""Bodies in the bucket of claims: written once, read by their claim."""

import pytest

from purista_serverless.errors import BadEvent, Unavailable, UndeclaredUse
from purista_serverless.runtime.claims import is_claim
from tests.unit.aws.ports.scripted import Scripted, refused


@pytest.fixture
def claims(moto):
    """Give the claims of a new bucket."""
    return moto.ports({"PURISTA_CLAIM_CHECK": moto.bucket()}).claims


def test_what_is_kept_comes_back_by_its_claim(claims):
    """A body is any bytes, and a claim says under which key and how many."""
    claim = claims.keep("queue:a", "1", 0, b"\x00\xff", 1)

    assert claim == {"purista": "claim", "key": "queue:a/1", "size": 2}
    assert is_claim(claim)
    assert claims.fetch(claim) == b"\x00\xff"


def test_a_body_is_written_once(claims):
    """A second body under the same edge, id and generation changes nothing: it is the same message, sent again."""
    claims.keep("queue:a", "1", 0, b"first", 1)
    claim = claims.keep("queue:a", "1", 0, b"second", 1)

    assert claims.fetch(claim) == b"first"


def test_a_redriven_body_is_another_one(claims):
    """Each generation has a body of its own, since a redrive changes it."""
    first, second = (claims.keep("queue:a", "1", generation, b"%d" % generation, 0) for generation in (0, 1))

    assert second["key"] == "queue:a/1:1"
    assert (claims.fetch(first), claims.fetch(second)) == (b"0", b"1")


@pytest.mark.parametrize("id", ["../../x", "a b", "Zürich", "x" * 2_000], ids=["path", "space", "letters", "long"])
def test_any_id_makes_a_key(claims, id):
    """Whatever an id holds, the body stays under its edge and comes back."""
    claim = claims.keep("queue:a", id, 0, b"body", 1)

    assert claim["key"].startswith("queue:a/")
    assert claims.fetch(claim) == b"body"


def test_a_body_that_has_expired_is_a_bad_event(claims):
    """A claim whose body is gone can never be handled, so that its message goes to the dead letters."""
    with pytest.raises(BadEvent, match="no longer in the bucket"):
        claims.fetch({"purista": "claim", "key": "queue:a/gone", "size": 1})


def test_a_body_that_s3_denies_is_a_bad_event():
    """S3 denies what has expired, instead of saying so, to a function that may not list the bucket: none may."""
    claims = Scripted(refused("AccessDenied", 403)).ports({"PURISTA_CLAIM_CHECK": "claims"}).claims

    with pytest.raises(BadEvent, match=r"no longer in the bucket of claims, or not for this function \(AccessDenied\)"):
        claims.fetch({"purista": "claim", "key": "queue:a/gone", "size": 1})


@pytest.mark.parametrize(
    "wire", [{}, {"purista": "claim"}, {"purista": "claim", "key": 7}, {"key": "queue:a/1"}], ids=str
)
def test_what_is_no_claim_is_a_bad_event(claims, wire):
    """Nothing is looked up that is not a claim with a key."""
    with pytest.raises(BadEvent, match="not a claim"):
        claims.fetch(wire)


@pytest.mark.parametrize(
    ("error", "ours"),
    [(refused("SlowDown", 503), Unavailable), (refused("ConditionalRequestConflict", 409), Unavailable)],
    ids=["busy", "being written"],
)
def test_a_bucket_that_is_busy_is_unavailable(error, ours):
    """Also when another function is just writing the same body."""
    claims = Scripted(error).ports({"PURISTA_CLAIM_CHECK": "claims"}).claims

    with pytest.raises(ours):
        claims.keep("queue:a", "1", 0, b"body", 1)


def test_a_claim_without_a_bucket_is_an_undeclared_use():
    """A function that was deployed without claim check says what to switch on."""
    claims = Scripted({}).ports({}).claims

    assert not claims.is_on
    with pytest.raises(UndeclaredUse, match="switch claim_check on"):
        claims.fetch({"purista": "claim", "key": "queue:a/1", "size": 1})
