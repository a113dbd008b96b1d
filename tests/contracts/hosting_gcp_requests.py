"""Deliver a command to a function on Cloud Run as a request, of a caller whom the platform or the application knows."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping

from purista_serverless.adapters.gcp.constants import TENANT_CLAIM, URL
from purista_serverless.testing.contracts.host import Case, Reply, RequestParts, request_of, response_of
from tests.contracts.hosting_gcp_host import CloudRunHost
from tests.unit.gcp.wire import Call

CLAIM = "tenant"


def deliver_with_token(case: Case) -> Reply:
    """Deliver a request whose token Cloud Run has verified, and passes on without its signature."""
    return _deliver(case, {TENANT_CLAIM: CLAIM}, lambda parts: f"Bearer {unsigned(parts)}")


def deliver_unchecked(case: Case) -> Reply:
    """Deliver a request that Cloud Run lets through, of a caller whom the application's ``authenticate`` knows."""
    environment = {URL: "https://answer-7.europe-west3.run.app"}
    return _deliver(case, environment, lambda parts: f"Bearer {parts.principal_id}@{parts.tenant_id}")


def _deliver(case: Case, environment: Mapping[str, str], authorization: Callable[[RequestParts], str]) -> Reply:
    host = CloudRunHost(case, environment=environment)
    parts = request_of(case)
    headers = {**parts.headers, "authorization": authorization(parts)}
    answer = host.start(Call(path=parts.path, headers=headers, body=parts.body))
    told = {name.lower(): text for name, text in answer.headers.items()}
    return host.reply(response=response_of(answer.status, told, answer.body))


def unsigned(parts: RequestParts) -> str:
    """Give a token as Cloud Run passes it on."""
    segments = ({"alg": "RS256"}, {"email": parts.principal_id, "sub": "117", CLAIM: parts.tenant_id})
    encoded = [urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in segments]
    return ".".join([*encoded, "SIGNATURE_REMOVED_BY_GOOGLE"])
