"""Tokens at open functions: really signed, really verified, with certificates from a server on loopback."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from google.auth import crypt, jwt

from purista_serverless.adapters.gcp.tokens import Doorkeeper
from purista_serverless.errors import HandledError, MissingExtra, Unavailable
from purista_serverless.testing.clock import VirtualClock
from tests.unit.gcp.wire import Call, Deployed, load, push

URL = "https://shop-note-7.europe-west3.run.app"
PUSHER = "shop-push@shop-7.iam.gserviceaccount.com"
NOTE = "command:Shop.1.note"


class Signer:
    """A key of Google's: signs tokens, and has a certificate."""

    def __init__(self, key_id: str) -> None:
        self.id = key_id
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .sign(key, hashes.SHA256())
        )
        self.certificate = certificate.public_bytes(serialization.Encoding.PEM).decode()
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        self._signer = crypt.RSASigner.from_string(private, key_id=key_id)

    def token(self, **claims: Any) -> str:
        """Sign a token that is right, except for the given claims; one that is ``None`` is left out."""
        now = int(datetime.now(UTC).timestamp())
        right = {
            "iss": "https://accounts.google.com",
            "aud": URL,
            "email": PUSHER,
            "email_verified": True,
            "sub": "117",
            "iat": now - 10,
            "exp": now + 3_600,
        }
        given = {name: value for name, value in {**right, **claims}.items() if value is not None}
        return str(jwt.encode(self._signer, given).decode())


class Certificates:
    """What Google's server of certificates answers; counts how often it is asked."""

    def __init__(self) -> None:
        self.found: Any = {}
        self.status = 200
        self.asked = 0
        certificates = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                certificates.asked += 1
                body = json.dumps(certificates.found).encode()
                self.send_response(certificates.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/certs"

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def signer() -> Signer:
    """Give Google's key."""
    return Signer("key-1")


@pytest.fixture
def certificates(signer: Signer) -> Iterator[Certificates]:
    """Serve Google's certificates."""
    served = Certificates()
    served.found = {signer.id: signer.certificate}
    yield served
    served.close()


def environment(certificates: Certificates) -> dict[str, str]:
    """Give the variables of an open function."""
    return {
        "PURISTA_URL": URL,
        "PURISTA_TRUSTED": json.dumps([PUSHER]),
        "PURISTA_CERTIFICATES": certificates.url,
    }


def doorkeeper(certificates: Certificates, clock: VirtualClock | None = None) -> Doorkeeper:
    """Give the doorkeeper of an open function."""
    return Doorkeeper(environment(certificates), clock or VirtualClock(datetime(2027, 1, 1, tzinfo=UTC)))


def bearing(token: str) -> dict[str, str]:
    """Give the variables of a request with a token."""
    return {"HTTP_AUTHORIZATION": f"Bearer {token}"}


def status_of(door: Doorkeeper, environ: dict[str, str]) -> int:
    """Give the status of a refusal."""
    with pytest.raises(HandledError) as caught:
        door.check(environ)
    return caught.value.status


def test_a_token_of_a_trusted_account_opens(signer, certificates):
    """It is Google's, for this function, in time, and of somebody who may."""
    doorkeeper(certificates).check(bearing(signer.token()))


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"aud": "https://another-7.europe-west3.run.app"}, 401),
        ({"aud": None}, 401),
        ({"iss": "https://evil.example"}, 401),
        ({"iss": None}, 401),
        ({"exp": 1_700_000_000, "iat": 1_699_999_000}, 401),
        ({"exp": None}, 401),
        ({"email": "mallory@evil.iam.gserviceaccount.com"}, 403),
        ({"email": None}, 403),
        ({"email_verified": False}, 403),
        ({"email_verified": "true"}, 403),
        ({"email_verified": None}, 403),
    ],
)
def test_a_token_that_is_not_right_opens_nothing(signer, certificates, claims, status):
    """Each claim counts."""
    assert status_of(doorkeeper(certificates), bearing(signer.token(**claims))) == status


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "Bearer x",
        "Bearer a.b.c",
        "Bearer e30.e30.",
        "Bearer ä.ö.ü",
        "Bearer eyJraWQiOltdfQ.e30.",
    ],
)
def test_what_is_no_token_opens_nothing(certificates, header):
    """It is refused without a look at its claims."""
    assert status_of(doorkeeper(certificates), {"HTTP_AUTHORIZATION": header}) == 401


def test_a_request_without_a_token_opens_nothing(certificates):
    """Nobody has to be asked for that."""
    assert status_of(doorkeeper(certificates), {}) == 401
    assert certificates.asked == 0


def test_a_token_that_somebody_else_signed_opens_nothing(certificates):
    """Neither under a key of its own nor under the name of Google's."""
    assert status_of(doorkeeper(certificates), bearing(Signer("key-2").token())) == 401
    assert status_of(doorkeeper(certificates), bearing(Signer("key-1").token())) == 401


def test_a_token_without_a_signature_opens_nothing(signer, certificates):
    """As Cloud Run passes tokens on that it has verified: here it has verified none."""
    head, claims, _ = signer.token().split(".")

    assert status_of(doorkeeper(certificates), bearing(f"{head}.{claims}.SIGNATURE_REMOVED_BY_GOOGLE")) == 401


def test_certificates_are_kept_for_an_hour(signer, certificates):
    """Nobody is asked for each request."""
    clock = VirtualClock(datetime(2027, 1, 1, tzinfo=UTC))
    door = doorkeeper(certificates, clock)
    for _ in range(3):
        door.check(bearing(signer.token()))
    assert certificates.asked == 1

    clock.advance(timedelta(hours=1))
    door.check(bearing(signer.token()))
    assert certificates.asked == 2


def test_a_new_key_is_asked_for_and_an_unknown_one_not_without_end(signer, certificates):
    """Google's keys change; whoever makes keys up does not have us ask each time."""
    clock = VirtualClock(datetime(2027, 1, 1, tzinfo=UTC))
    door, renewed = doorkeeper(certificates, clock), Signer("key-3")
    door.check(bearing(signer.token()))
    certificates.found = {renewed.id: renewed.certificate}
    for _ in range(5):
        assert status_of(door, bearing(renewed.token())) == 401
    assert certificates.asked == 1

    clock.advance(timedelta(minutes=1))
    door.check(bearing(renewed.token()))
    assert certificates.asked == 2


@pytest.mark.parametrize(("status", "found"), [(503, {"key-1": "x"}), (200, []), (200, {})])
def test_without_certificates_nobody_can_tell_now(signer, certificates, status, found):
    """The sender tries again."""
    certificates.status, certificates.found = status, found

    with pytest.raises(Unavailable):
        doorkeeper(certificates).check(bearing(signer.token()))


def test_certificates_that_are_none_open_nothing(signer, certificates):
    """They are refused like a token that does not fit them."""
    certificates.found = {"key-1": "no certificate"}

    assert status_of(doorkeeper(certificates), bearing(signer.token())) == 401


def test_a_server_that_is_gone_is_unavailable(signer, certificates):
    """So is one that cannot be reached."""
    certificates.close()

    with pytest.raises(Unavailable):
        doorkeeper(certificates).check(bearing(signer.token()))


def test_a_missing_library_is_named(signer, certificates, monkeypatch):
    """It says what to install."""
    monkeypatch.setitem(__import__("sys").modules, "google.auth.jwt", None)

    with pytest.raises(MissingExtra, match="gcp"):
        doorkeeper(certificates).check(bearing(signer.token()))


def test_an_open_function_takes_invocations_and_pushes_of_whom_it_trusts_only(signer, certificates):
    """Its requests are anybody's, and asked by the application; what is ours needs a token."""
    function = Deployed(NOTE, environment=environment(certificates))
    invoked = load("invoke_command")
    trusted = {**invoked.headers, "Authorization": f"Bearer {signer.token()}"}
    slot = json.dumps(
        {"purista": "slot", "schedule": "Shop.1.daily", "payload": {"text": "x"}, "parameter": {"orderId": "o"}}
    )

    assert function(invoked).status == 401
    assert function(Call(path=invoked.path, body=invoked.body, headers=trusted)).json()["payload"] == {"text": "hello"}
    assert function(push("call:Shop.1.daily", slot)).status == 401
    assert function(push("call:Shop.1.daily", slot, headers=trusted)).status == 204
    other = {**trusted, "Authorization": f"Bearer {signer.token(email='mallory@evil.example')}"}
    assert function(push("call:Shop.1.daily", slot, headers=other)).status == 403
    assert len(function.notes.seen) == 2


def test_an_open_function_answers_503_while_nobody_can_tell(signer, certificates):
    """The push comes again, and the caller may ask again."""
    certificates.status = 500
    function = Deployed(NOTE, environment=environment(certificates))
    headers = {"Authorization": f"Bearer {signer.token()}"}

    assert function(push("call:Shop.1.daily", "{}", headers=headers)).status == 503
