"""JSON Web Tokens: which ones are believed, and that everything else is refused."""

import time
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from purista_serverless import DeclarationError, HandledError, HttpRequest, Identity, jwt_authenticator
from tests.unit.http.desk import browse
from tests.unit.http.shop import build

SECRET = "a secret for tests, as long as the longest hash: " + "s" * 16
PRIVATE = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
PUBLIC = PRIVATE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
EXPECTED: dict[str, Any] = {"issuer": "https://id.example", "audience": "shop"}


def claims(**changes: Any) -> dict[str, Any]:
    """Give the claims of a token that is believed, some of them changed or, as None, left out."""
    found = {"iss": "https://id.example", "aud": "shop", "exp": time.time() + 60, "sub": "ann", "org": "acme"}
    return {name: value for name, value in {**found, **changes}.items() if value is not None}


def carrying(token: str) -> HttpRequest:
    """Give a request with a token."""
    return HttpRequest(method="GET", path="/", headers={"authorization": f"Bearer {token}"})


def shared() -> Any:
    """Give the authenticator of a shared secret."""
    return jwt_authenticator(SECRET, algorithms=["HS256"], tenant_claim="org", **EXPECTED)


def test_a_token_of_a_shared_secret_is_believed():
    """Principal and tenant come from the claims that are named."""
    assert shared()(carrying(jwt.encode(claims(), SECRET))) == Identity(principal_id="ann", tenant_id="acme")


@pytest.mark.parametrize("key", [PUBLIC, lambda token: PUBLIC], ids=["pem", "look-up"])
def test_a_token_of_a_key_pair_is_believed(key):
    """The public key is given as text, or looked up by a function."""
    authenticate = jwt_authenticator(key, algorithms=["RS256"], **EXPECTED)

    assert authenticate(carrying(jwt.encode(claims(), PRIVATE, "RS256"))) == Identity(principal_id="ann")


@pytest.mark.parametrize(
    "token",
    [  # by issuer, audience, times, missing and odd claims, key, algorithm
        jwt.encode(claims(iss="https://evil.example"), SECRET),
        jwt.encode(claims(aud="another"), SECRET),
        jwt.encode(claims(exp=time.time() - 60), SECRET),
        jwt.encode(claims(nbf=time.time() + 60), SECRET),
        jwt.encode(claims(exp=None), SECRET),
        jwt.encode(claims(sub=None), SECRET),
        jwt.encode(claims(sub=""), SECRET),
        jwt.encode(claims(org=None), SECRET),
        jwt.encode(claims(org=7), SECRET),
        jwt.encode(claims(), SECRET[::-1]),
        jwt.encode(claims(), SECRET, "HS512"),
        jwt.encode(claims(), PRIVATE, "RS256"),
        jwt.encode(claims(), "", "none"),
        "not.a.token",
    ],
)
def test_everything_else_is_refused(token):
    """The refusal is 401 and repeats nothing of the token."""
    with pytest.raises(HandledError) as caught:
        shared()(carrying(token))

    assert caught.value.status == 401
    assert token not in str(caught.value)


def test_no_token_is_nobody():
    """Whether that is allowed is the route's to say."""
    assert shared()(HttpRequest(method="GET", path="/", headers={})) is None


def test_clocks_may_differ_by_the_declared_leeway():
    """A token that has just expired is believed where that is declared."""
    token = jwt.encode(claims(exp=time.time() - 5), SECRET)
    forgiving = jwt_authenticator(SECRET, algorithms=["HS256"], leeway=timedelta(seconds=60), **EXPECTED)

    assert forgiving(carrying(token)) == Identity(principal_id="ann")


def test_keys_that_cannot_be_fetched_are_not_the_callers_fault():
    """It is 503: the same token may do later."""

    def offline(token: str) -> Any:
        raise jwt.PyJWKClientConnectionError("no route to host")

    with pytest.raises(HandledError) as caught:
        jwt_authenticator(offline, algorithms=["RS256"], **EXPECTED)(carrying("a.b.c"))

    assert caught.value.status == 503


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"algorithms": ["none"]}, "takes one of HS256 or RS256"),
        ({"algorithms": ["HS265"]}, "did you mean 'HS256'"),
        ({"algorithms": []}, "takes one of"),
        ({"algorithms": ["HS256", "RS256"]}, "takes one of"),
        ({"algorithms": ["HS256"], "key": "short"}, "has 5 bytes"),
        ({"algorithms": ["HS256"], "issuer": ""}, "needs an issuer"),
        ({"algorithms": ["HS256"], "audience": ""}, "needs an issuer and an audience"),
    ],
)
def test_careless_declarations_are_refused(arguments, text):
    """What would let wrong tokens pass is told when it is declared."""
    given = {"key": SECRET, **EXPECTED, **arguments}

    with pytest.raises(DeclarationError, match=text):
        jwt_authenticator(given.pop("key"), **given)


def test_the_surface_takes_it_as_it_is():
    """A token opens a private route, and a wrong one is answered with 401 and a challenge."""
    browser = browse(build(shared()))

    assert browser.ask("GET", "/orders/7", by=jwt.encode(claims(), SECRET)).json()["tenant"] == "acme"
    refused = browser.ask("GET", "/orders/7", by="not.a.token")
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
