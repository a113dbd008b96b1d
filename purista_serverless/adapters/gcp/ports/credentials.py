"""Tokens that say who a function is: from the platform's metadata server, elsewhere from google-auth."""

import base64
from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.gcp.ports.rest import FAULTS
from purista_serverless.errors import MissingExtra, ProviderRefused, Unavailable
from purista_serverless.message.wire import parse_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from purista_serverless.adapters.gcp.ports.rest import Rest
    from purista_serverless.runtime.ports import Clock

    Token = tuple[str, int]

# Set on Cloud Run, in services and in worker pools.
_PLATFORM = ("K_SERVICE", "CLOUD_RUN_WORKER_POOL")
_METADATA_HOST = "GCE_METADATA_HOST"
_ACCOUNT_PATH = "/computeMetadata/v1/instance/service-accounts/default"
_HEADERS = {"Metadata-Flavor": "Google"}
_TIMEOUT = 5.0

# Milliseconds: a token is renewed that much before it expires.
MARGIN = 300_000

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_FIX = "run: gcloud auth application-default login, or set GOOGLE_APPLICATION_CREDENTIALS to a service account's key"


class Tokens:
    """Give tokens, each kept until five minutes before it expires.

    Args:
        environment: The variables of the process.
        clock: The time.
        rest: Asks the metadata server.
    """

    __slots__ = ("_clock", "_environment", "_kept", "_rest")

    def __init__(self, environment: "Mapping[str, str]", clock: "Clock", rest: "Rest") -> None:
        self._environment = environment
        self._clock = clock
        self._rest = rest
        self._kept: dict[str, Token] = {}

    def access(self) -> str:
        """Give a token for Google's APIs.

        Raises:
            Unavailable: Nobody gives one now.
            ProviderRefused: The process has no credentials.
            MissingExtra: google-auth is not installed, and this is not Cloud Run.
        """
        return self._token("", self._metadata_access if self.is_on_platform else self._local_access)

    def identity(self, audience: str) -> str:
        """Give a token that proves who calls, for one function only.

        Args:
            audience: The URL of that function.

        Raises:
            Unavailable, ProviderRefused, MissingExtra: As ``access`` does.
        """
        fetch = self._metadata_identity if self.is_on_platform else self._local_identity
        return self._token(audience, lambda: fetch(audience))

    def forget(self) -> None:
        """Forget all tokens, as one of them was not accepted."""
        self._kept.clear()

    @property
    def is_on_platform(self) -> bool:
        """Say whether a metadata server gives the tokens."""
        return any(self._environment.get(variable) for variable in _PLATFORM)

    def _token(self, audience: str, fetch: "Callable[[], Token]") -> str:
        kept = self._kept.get(audience)
        if kept is None or kept[1] - MARGIN <= self._clock.now():
            kept = self._kept[audience] = fetch()
        return kept[0]

    def _metadata_access(self) -> "Token":
        told: Any = parse_json(self._metadata("/token"))
        return told["access_token"], self._clock.now() + int(told["expires_in"]) * 1_000

    def _metadata_identity(self, audience: str) -> "Token":
        from urllib.parse import quote

        token = self._metadata(f"/identity?audience={quote(audience, safe='')}&format=full").decode()
        return token, expiry_of(token)

    def _metadata(self, path: str) -> bytes:
        host = self._environment.get(_METADATA_HOST) or "metadata.google.internal"
        url = f"http://{host}{_ACCOUNT_PATH}{path}"
        try:
            answer = self._rest.ask("GET", url, headers=_HEADERS, timeout=_TIMEOUT)
        except FAULTS as error:
            raise Unavailable(f"the metadata server gave no token; {type(error).__name__}: {error}") from error
        if answer.status != 200:
            raise Unavailable(f"the metadata server gave no token; status {answer.status}")
        return answer.body

    def _local_access(self) -> "Token":
        google_auth, request = _google_auth()
        credentials = _asked(lambda: google_auth.default(scopes=[_SCOPE])[0])
        return _refreshed(credentials, request)

    def _local_identity(self, audience: str) -> "Token":
        from importlib import import_module

        _, request = _google_auth()
        id_token = import_module("google.oauth2.id_token")
        return _refreshed(_asked(lambda: id_token.fetch_id_token_credentials(audience, request)), request)


def expiry_of(token: str) -> int:
    """Give when a JSON web token expires, in milliseconds; nothing of it is verified.

    Example:
        >>> expiry_of("e30.eyJleHAiOjF9.")
        1000
    """
    part = token.split(".")[1]
    claims: Any = parse_json(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return int(claims["exp"]) * 1_000


def _google_auth() -> tuple[Any, Any]:
    from importlib import import_module

    try:
        return import_module("google.auth"), import_module("google.auth.transport.requests").Request()
    except ModuleNotFoundError as error:
        raise MissingExtra("google-auth", "gcp") from error


def _refreshed(credentials: Any, request: Any) -> "Token":
    from datetime import UTC

    _asked(lambda: credentials.refresh(request))
    return credentials.token, int(credentials.expiry.replace(tzinfo=UTC).timestamp() * 1_000)


def _asked(ask: "Callable[[], Any]") -> Any:
    """Ask google-auth for something, and give its errors as ours."""
    from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError

    try:
        return ask()
    except DefaultCredentialsError as error:
        raise ProviderRefused(f"this process has no credentials of Google Cloud; {error}; {_FIX}") from error
    except GoogleAuthError as error:
        if error.retryable:
            raise Unavailable(f"Google gave no token; {error}") from error
        raise ProviderRefused(f"Google gave no token; {error}; {_FIX}") from error
