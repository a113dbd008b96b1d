"""Tokens: from a metadata server on loopback, over real HTTP."""

import base64
import json

import pytest

from purista_serverless.adapters.gcp.ports.credentials import MARGIN, Tokens
from purista_serverless.adapters.gcp.ports.rest import Rest
from purista_serverless.errors import ProviderRefused, Unavailable

NOW = 1_790_000_000_000


class Clock:
    """A clock that is set by hand."""

    def __init__(self):
        self.time = NOW

    def now(self):
        """Give the time."""
        return self.time


@pytest.fixture
def clock():
    """Give a clock."""
    return Clock()


@pytest.fixture
def tokens(apis, clock):
    """Give the tokens of a function on Cloud Run."""
    return Tokens({"K_SERVICE": "closing", "GCE_METADATA_HOST": apis.host}, clock, Rest())


def access(text, seconds=3_600):
    """Give what the metadata server says of an access token."""
    return 200, {"access_token": text, "expires_in": seconds, "token_type": "Bearer"}


def web_token(expires, name="a"):
    """Give a JSON web token; nobody here looks at its signature."""
    parts = [{"alg": "RS256"}, {"exp": expires // 1_000, "email": name}]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, "c2ln"])


def test_an_access_token_is_asked_for_once(apis, tokens):
    """The metadata server is asked as it wants to be, and not again while the token is good."""
    apis.answers = [access("t1")]

    assert [tokens.access(), tokens.access()] == ["t1", "t1"]
    (asked,) = apis.asked
    assert asked.path == "/computeMetadata/v1/instance/service-accounts/default/token"
    assert asked.headers["Metadata-Flavor"] == "Google"


def test_a_token_is_renewed_five_minutes_before_it_expires(apis, tokens, clock):
    """Until then it is kept, and from then on there is a new one."""
    apis.answers = [access("t1"), access("t2")]
    tokens.access()

    clock.time = NOW + 3_600_000 - MARGIN - 1
    assert tokens.access() == "t1"
    clock.time += 1
    assert tokens.access() == "t2"


def test_an_identity_token_is_for_one_audience(apis, tokens, clock):
    """Each function that is invoked has its own, kept as long as the token itself says."""
    first, second = web_token(NOW + 3_600_000, "a"), web_token(NOW + 3_600_000, "b")
    apis.answers = [(200, first.encode()), (200, second.encode()), (200, second.encode())]

    url = "https://close-1.europe-west1.run.app"
    assert [tokens.identity(url), tokens.identity("https://other"), tokens.identity(url)] == [first, second, first]
    path = "/computeMetadata/v1/instance/service-accounts/default/identity?audience="
    assert apis.asked[0].path == f"{path}https%3A%2F%2Fclose-1.europe-west1.run.app&format=full"
    clock.time += 3_600_000
    assert tokens.identity(url) == second


def test_forgotten_tokens_are_asked_for_again(apis, tokens):
    """What was not accepted is of no use."""
    apis.answers = [access("t1"), access("t2")]
    tokens.access()
    tokens.forget()

    assert tokens.access() == "t2"


@pytest.mark.parametrize("answer", [(404, b""), (503, b""), None], ids=["no account", "unavailable", "hangs up"])
def test_a_metadata_server_without_a_token_is_unavailable(apis, tokens, answer):
    """It passes, as when an instance has just started."""
    apis.answers = [answer]

    with pytest.raises(Unavailable, match="the metadata server gave no token"):
        tokens.access()


def test_a_machine_without_credentials_says_how_to_get_them(clock, monkeypatch, tmp_path):
    """Away from Cloud Run google-auth decides, and what it lacks is told as ours."""
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    tokens = Tokens({}, clock, Rest())

    with pytest.raises(ProviderRefused, match="gcloud auth application-default login"):
        tokens.access()
    with pytest.raises(ProviderRefused, match="gcloud auth application-default login"):
        tokens.identity("https://other")


def test_google_auth_s_credentials_are_used_elsewhere(apis, clock, monkeypatch, tmp_path):
    """A user's own credentials, as gcloud writes them, give tokens from the endpoint that they name."""
    file = tmp_path / "credentials.json"
    file.write_text(
        json.dumps({"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r"}),
        encoding="utf-8",
    )
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    monkeypatch.setattr("google.oauth2.credentials._GOOGLE_OAUTH2_TOKEN_ENDPOINT", f"{apis.url}/token")
    apis.answers = [access("mine")]

    assert Tokens({}, clock, Rest()).access() == "mine"
    assert b"refresh_token=r" in apis.asked[0].body
