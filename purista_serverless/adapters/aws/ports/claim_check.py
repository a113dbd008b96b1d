"""Bodies that are too big for their edge: kept in S3, while a claim to them travels."""

from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.aws.constants import CLAIM, CLAIM_CHECK, MARK
from purista_serverless.adapters.aws.ports.failures import Use, call, code_of
from purista_serverless.adapters.aws.ports.sqs import token_of
from purista_serverless.errors import BadEvent, TooLarge
from purista_serverless.message.wire import format_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from purista_serverless.adapters.aws.ports.deployment import Deployment

_PUT = Use("s3:PutObject", "switch claim_check on in [tool.purista-serverless.aws]")
_GET = Use("s3:GetObject", "switch claim_check on in [tool.purista-serverless.aws]")

# Of what is not there S3 says the former only to those who may list the bucket, and no function may (GetObject, API
# reference): to the others it denies whatever they ask for.
_GONE = ("NoSuchKey", "AccessDenied")

_FIX = "send less, or a reference to it, or switch claim_check on in [tool.purista-serverless.aws]"


class S3ClaimCheck:
    """Keep bodies in the bucket of the deployment; none is ever written twice.

    Args:
        deployment: Where to.
    """

    __slots__ = ("_deployment",)

    def __init__(self, deployment: "Deployment") -> None:
        self._deployment = deployment

    @property
    def is_on(self) -> bool:
        """Say whether the function was deployed with a bucket."""
        return bool(self._deployment.environment.get(CLAIM_CHECK))

    def fitted(self, edge: str, id: str, generation: int, body: bytes, budget: int) -> bytes:
        """Give a body as it travels: itself, or the claim to it where it is above the budget.

        Raises:
            TooLarge: It is above the budget, and there is no bucket.
            Unavailable: S3 could not be reached.
        """
        if len(body) <= budget:
            return body
        return format_json(self.keep(edge, id, generation, body, budget))

    def keep(self, edge: str, id: str, generation: int, body: bytes, budget: int) -> dict[str, Any]:
        """Keep a body and give the claim to it.

        Ids are derived, so that a body which is there already is the same one, sent before.

        Raises:
            TooLarge: There is no bucket.
            Unavailable: S3 could not be reached.
        """
        if not self.is_on:
            raise TooLarge(f"what goes to {edge}", len(body), budget, _FIX)
        key = f"{edge}/{token_of(id)}" + (f":{generation}" if generation else "")
        bucket = self._deployment.name(CLAIM_CHECK, _PUT, edge)
        put = self._deployment.client("s3").put_object
        parameters = {"Bucket": bucket, "Key": key, "Body": body, "ContentType": "application/json"}
        call(put, _PUT, key, expected=("PreconditionFailed",), IfNoneMatch="*", **parameters)
        return {MARK: CLAIM, "key": key, "size": len(body)}

    def fetch(self, claim: "Mapping[str, Any]") -> bytes:
        """Give the body that a claim stands for.

        Raises:
            BadEvent: It is no claim, or what it stands for has expired, or is not for this function to read.
            Unavailable: S3 could not be reached.
            UndeclaredUse: The function was deployed without a bucket.
        """
        key = claim.get("key")
        if not is_claim(claim) or not isinstance(key, str):
            raise BadEvent("not a claim: 'key' must be a string")
        bucket = self._deployment.name(CLAIM_CHECK, _GET, key)
        get = self._deployment.client("s3").get_object
        found = call(get, _GET, key, expected=_GONE, Bucket=bucket, Key=key)
        if code := code_of(found):
            raise BadEvent(f"the body {key!r} is no longer in the bucket of claims, or not for this function ({code})")
        body: bytes = call(found["Body"].read, _GET, key)
        return body


def is_claim(wire: "Mapping[str, Any]") -> bool:
    """Say whether a body on the wire is a claim.

    Example:
        >>> is_claim({"purista": "claim", "key": "queue:shop.packing/1", "size": 2_000_000})
        True
    """
    return wire.get(MARK) == CLAIM
