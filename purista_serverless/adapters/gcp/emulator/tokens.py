"""Tokens that say who calls, signed by a key of this emulator where Google signs with its own."""

import base64
import json
from collections.abc import Mapping
from hmac import compare_digest
from typing import Any

from purista_serverless.emulation.clock import Clock
from purista_serverless.emulation.running import require

_ISSUER = "https://accounts.google.com"
_KEY_ID = "emulator"
_HOUR = 3_600
# What Cloud Run puts in place of a signature that it has verified.
_REMOVED = "SIGNATURE_REMOVED_BY_GOOGLE"


class Signer:
    """Signs and verifies tokens.

    Args:
        clock: The time of what it signs.

    Raises:
        MissingExtra: cryptography is not installed.
    """

    def __init__(self, clock: Clock) -> None:
        require("gcp-emulator", "cryptography")
        from cryptography.hazmat.primitives.asymmetric import rsa

        self._clock = clock
        self._key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)

    @property
    def certificates(self) -> bytes:
        """Give what verifies its tokens, in the shape of Google's own certificates."""
        from cryptography.hazmat.primitives import serialization

        text = self._key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return json.dumps({_KEY_ID: text.decode()}).encode()

    def token(self, email: str, audience: str) -> str:
        """Give a token of a service account for whom it calls."""
        now = int(self._clock.now().timestamp())
        claims = {
            "iss": _ISSUER,
            "aud": audience,
            "azp": email,
            "sub": email,
            "email": email,
            "email_verified": True,
            "iat": now,
            "exp": now + _HOUR,
        }
        head = f"{_part({'alg': 'RS256', 'kid': _KEY_ID, 'typ': 'JWT'})}.{_part(claims)}"
        return f"{head}.{_text(self._signature(head))}"

    def email(self, token: str, audience: str) -> str | None:
        """Give whose token it is; ``None`` if it is not for this audience, has expired or was not signed here."""
        head, _, signature = token.rpartition(".")
        if not self._is_signature(head, signature):
            return None
        claims: Mapping[str, Any] = json.loads(_bytes(head.partition(".")[2]))
        is_valid = claims["aud"] == audience and claims["exp"] > self._clock.now().timestamp()
        return str(claims["email"]) if is_valid else None

    def _signature(self, head: str) -> bytes:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding

        return self._key.sign(head.encode(), padding.PKCS1v15(), hashes.SHA256())

    def _is_signature(self, head: str, signature: str) -> bool:
        # The signature of a text by this method is always the same.
        try:
            return compare_digest(_bytes(signature), self._signature(head))
        except ValueError:
            return False


def unsigned(claims: Mapping[str, Any]) -> str:
    """Give a token with claims as Cloud Run gives it to a service after it has verified it."""
    return f"{_part({'alg': 'RS256', 'typ': 'JWT'})}.{_part(claims)}.{_REMOVED}"


def without_signature(token: str) -> str:
    """Give a token as Cloud Run gives it to a service after it has verified it."""
    return f"{token.rpartition('.')[0]}.{_REMOVED}"


def _part(content: Mapping[str, Any]) -> str:
    return _text(json.dumps(content, separators=(",", ":")).encode())


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
