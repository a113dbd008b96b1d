"""Identity from a JSON Web Token, verified with PyJWT; the extra ``http`` installs it."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from purista_serverless.errors import DeclarationError, HandledError, MissingExtra
from purista_serverless.message.identity import HttpRequest, Identity
from purista_serverless.naming import did_you_mean

if TYPE_CHECKING:
    from datetime import timedelta

ALGORITHMS = ("HS256", "RS256")

# RFC 7518, 3.2: a key shorter than the hash is the weak part.
_LEAST_SECRET = 32

_HINT = 'write algorithms=["RS256"], for instance'


def jwt_authenticator(
    key: str | bytes | Callable[[str], Any],
    *,
    issuer: str,
    audience: str,
    algorithms: Sequence[str],
    tenant_claim: str | None = None,
    principal_claim: str = "sub",
    leeway: "timedelta | None" = None,
) -> "JwtAuthenticator":
    """Give a function for ``Application(authenticate=...)`` that reads ``Authorization: Bearer <token>``.

    A token must carry its issuer, audience, expiry and principal. A request without a token has no identity and is
    answered with 401; so is one whose token does not verify.

    Args:
        key: The shared secret of HS256, at least 32 bytes; the public key of RS256 in PEM; or a function from a token
            to its key, such as ``lambda token: keys.get_signing_key_from_jwt(token).key`` of PyJWT's ``PyJWKClient``.
        issuer: The only issuer that is believed.
        audience: What the token must be meant for.
        algorithms: The only algorithms that are believed: ``["RS256"]`` or ``["HS256"]``. Not both for one key: a
            public key would then do as a shared secret.
        tenant_claim: Claim with the tenant; a token without it is refused. ``None`` for an application without tenants.
        principal_claim: Claim with the principal.
        leeway: Difference of clocks that is forgiven; none when omitted.

    Raises:
        DeclarationError: An argument would let wrong tokens pass.
        MissingExtra: PyJWT is not installed; raised when the first token is verified.

    Example:
        >>> signed_in = jwt_authenticator("s" * 32, issuer="https://id.example", audience="shop", algorithms=["HS256"])
        >>> signed_in(HttpRequest(method="GET", path="/", headers={})) is None
        True
    """
    _check(key, issuer, audience, algorithms)
    return JwtAuthenticator(
        key,
        issuer=issuer,
        audience=audience,
        algorithms=tuple(algorithms),
        tenant_claim=tenant_claim,
        principal_claim=principal_claim,
        leeway=leeway.total_seconds() if leeway is not None else 0.0,
    )


class JwtAuthenticator:
    """Tell who asks from the bearer token of a request; made by ``jwt_authenticator``."""

    # How callers prove themselves, for the OpenAPI document.
    security_scheme = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}  # noqa: RUF012 - read only

    def __init__(
        self,
        key: str | bytes | Callable[[str], Any],
        *,
        issuer: str,
        audience: str,
        algorithms: tuple[str, ...],
        tenant_claim: str | None,
        principal_claim: str,
        leeway: float,
    ) -> None:
        self._key = key
        self._issuer = issuer
        self._audience = audience
        self._algorithms = algorithms
        self._tenant_claim = tenant_claim
        self._principal_claim = principal_claim
        self._leeway = leeway

    def __call__(self, request: HttpRequest) -> Identity | None:
        """Give the identity in the request's token; ``None`` if it carries no token.

        Raises:
            HandledError: 401, the token does not verify; says why, and nothing of what is in it.
        """
        token = request.bearer_token
        if token is None:
            return None
        claims = self._verified(token)
        tenant = _text(claims, self._tenant_claim) if self._tenant_claim is not None else None
        return Identity(principal_id=_text(claims, self._principal_claim), tenant_id=tenant)

    def _verified(self, token: str) -> dict[str, Any]:
        try:
            import jwt
        except ImportError as error:
            raise MissingExtra("jwt", "http") from error
        try:
            return jwt.decode(
                token,
                self._key(token) if callable(self._key) else self._key,
                algorithms=list(self._algorithms),
                issuer=self._issuer,
                audience=self._audience,
                leeway=self._leeway,
                options={"require": ["exp", "iss", "aud", self._principal_claim]},
            )
        except jwt.ExpiredSignatureError as error:
            raise HandledError(401, "the token has expired") from error
        except jwt.PyJWKClientConnectionError as error:
            raise HandledError(503, "the keys of the issuer cannot be reached") from error
        except jwt.PyJWTError as error:
            raise HandledError(401, "the token is not valid here") from error


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise HandledError(401, f"the token has no claim {name!r} with a text")
    return value


def _check(key: object, issuer: str, audience: str, algorithms: Sequence[str]) -> None:
    if not issuer or not audience:
        raise DeclarationError("jwt_authenticator needs an issuer and an audience; without them any token would do")
    unknown = [name for name in algorithms if name not in ALGORITHMS]
    if unknown or len(algorithms) != 1:
        hint = did_you_mean(unknown[0], ALGORITHMS) if unknown else None
        problem = f"jwt_authenticator takes one of {' or '.join(ALGORITHMS)} as its algorithms, not {list(algorithms)}"
        raise DeclarationError(f"{problem}; {hint or _HINT}")
    if algorithms[0] == "HS256" and isinstance(key, str | bytes) and len(key) < _LEAST_SECRET:
        raise DeclarationError(f"the secret of HS256 has {len(key)} bytes; use {_LEAST_SECRET} random ones at least")
