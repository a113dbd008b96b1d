"""Tokens that prove who pushes or invokes, verified where the platform lets everybody through."""

import json
from importlib import import_module
from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.gcp.constants import CERTIFICATES, TRUSTED, URL
from purista_serverless.adapters.gcp.ports.rest import FAULTS, Rest
from purista_serverless.errors import HandledError, MissingExtra, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from purista_serverless.runtime.ports import Clock

# Certificates by the id of their key, in PEM (Google identity, verify the token on the server side).
_CERTIFICATES = "https://www.googleapis.com/oauth2/v1/certs"
_ISSUERS = frozenset({"accounts.google.com", "https://accounts.google.com"})

# Milliseconds: Google says for how long certificates may be kept, several hours; and how soon to ask again for a key
# that is not among them, so that nobody can have us ask without end.
_KEPT = 3_600_000
_PAUSE = 60_000

_TIMEOUT = 10.0
# Seconds by which clocks may differ.
_SKEW = 5


class Doorkeeper:
    """Let those through who may push to a function or invoke it.

    Args:
        environment: The function's variables.
        clock: The time.
    """

    __slots__ = ("_certificates", "_clock", "_fetched", "_rest", "_trusted", "_url", "_where")

    def __init__(self, environment: "Mapping[str, str]", clock: "Clock") -> None:
        self._url = environment[URL]
        self._trusted = frozenset(json.loads(environment.get(TRUSTED, "[]")))
        self._where = environment.get(CERTIFICATES) or _CERTIFICATES
        self._clock = clock
        self._rest = Rest()
        self._certificates: dict[str, str] = {}
        self._fetched: int | None = None

    def check(self, environ: "Mapping[str, Any]") -> None:
        """Look at the token of a request.

        Args:
            environ: WSGI's variables of the request.

        Raises:
            HandledError: 401, it has no valid token; 403, the token is of somebody else.
            Unavailable: Google's certificates cannot be had.
            MissingExtra: google-auth is not installed.
        """
        scheme, _, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise HandledError(401, "a token of a service account is needed")
        claims = self._verified(token)
        if claims.get("iss") not in _ISSUERS:
            raise HandledError(401, "the token is not Google's")
        if claims.get("email_verified") is not True or claims.get("email") not in self._trusted:
            raise HandledError(403, "this account may not do that here")

    def _verified(self, token: str) -> "Mapping[str, Any]":
        jwt = _google_jwt()
        try:
            # The certificates that the key of the token may be among are fetched first: nothing else needs them.
            key = jwt.decode_header(token).get("kid")
            claims: Mapping[str, Any] = jwt.decode(
                token, certs=self._certificates_with(key), audience=self._url, clock_skew_in_seconds=_SKEW
            )
        except ValueError as error:
            # Also google-auth's own errors of tokens.
            raise HandledError(401, "the token is not valid for this function") from error
        return claims

    def _certificates_with(self, key: object) -> dict[str, str]:
        """Give the certificates, fetched again when they are old, or when one is missing and some time has passed."""
        fetched, now = self._fetched, self._clock.now()
        # Anybody may write anything into a token.
        longest = _KEPT if isinstance(key, str) and key in self._certificates else _PAUSE
        if fetched is None or now - fetched >= longest:
            self._certificates = self._fetch()
            self._fetched = now
        return self._certificates

    def _fetch(self) -> dict[str, str]:
        try:
            answer = self._rest.ask("GET", self._where, headers={}, timeout=_TIMEOUT)
        except FAULTS as error:
            raise Unavailable(f"the certificates at {self._where} cannot be had: {error}") from error
        found = answer.json()
        if answer.status != 200 or not isinstance(found, dict) or not found:
            raise Unavailable(f"the certificates at {self._where} cannot be had: status {answer.status}")
        return found


def _google_jwt() -> Any:
    try:
        return import_module("google.auth.jwt")
    except ModuleNotFoundError as error:
        raise MissingExtra("google-auth", "gcp") from error
