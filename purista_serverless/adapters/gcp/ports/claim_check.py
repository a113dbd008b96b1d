"""Bodies that are too big for their edge: kept in Cloud Storage, while a claim to them travels."""

from typing import TYPE_CHECKING
from urllib.parse import quote

from purista_serverless.adapters.gcp.constants import CLAIM_CHECK
from purista_serverless.errors import BadEvent
from purista_serverless.runtime.claims import ClaimCheck
from purista_serverless.runtime.deployed import Use

if TYPE_CHECKING:
    from purista_serverless.adapters.gcp.ports.deployment import Deployment

_FIX = "switch claim_check on in [tool.purista-serverless.gcp]"
_CREATE = Use("storage.objects.create", _FIX)
_GET = Use("storage.objects.get", _FIX)

# A write that expects no object, where there is one: the same body, sent before.
_THERE = ("412",)

# Of what is not there Cloud Storage says the former only to those who may list the bucket.
_GONE = ("404", "403")


class StorageClaimCheck(ClaimCheck):
    """Keep bodies in the bucket of the deployment.

    Args:
        deployment: Where to.
    """

    __slots__ = ("_deployment",)

    def __init__(self, deployment: "Deployment") -> None:
        super().__init__("gcp")
        self._deployment = deployment

    @property
    def is_on(self) -> bool:
        """Say whether the function was deployed with a bucket."""
        return bool(self._deployment.environment.get(CLAIM_CHECK))

    def put(self, key: str, body: bytes) -> None:
        """Write a body unless there is one under that key.

        Raises:
            Unavailable: Cloud Storage could not be reached.
            UndeclaredUse: The function may not write there.
        """
        bucket = self._deployment.name(CLAIM_CHECK, _CREATE, key)
        query = f"uploadType=media&name={quote(key, safe='')}&ifGenerationMatch=0"
        path = f"/upload/storage/v1/b/{bucket}/o?{query}"
        self._deployment.call("POST", "storage", path, _CREATE, key, body=body, expected=_THERE)

    def get(self, key: str) -> bytes:
        """Give the body under a key.

        Raises:
            BadEvent: It has expired, or is not for this function to read.
            Unavailable: Cloud Storage could not be reached.
            UndeclaredUse: The function was deployed without a bucket.
        """
        bucket = self._deployment.name(CLAIM_CHECK, _GET, key)
        path = f"/storage/v1/b/{bucket}/o/{quote(key, safe='')}?alt=media"
        answer = self._deployment.call("GET", "storage", path, _GET, key, expected=_GONE)
        if answer.status >= 400:
            problem = f"the body {key!r} is no longer in the bucket of claims, or not for this function"
            raise BadEvent(f"{problem} ({answer.status})")
        return answer.body
