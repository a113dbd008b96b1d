"""Bodies that are too big for their edge: kept in S3, while a claim to them travels."""

from typing import TYPE_CHECKING

from purista_serverless.adapters.aws.constants import CLAIM_CHECK
from purista_serverless.adapters.aws.ports.failures import call, code_of
from purista_serverless.errors import BadEvent
from purista_serverless.runtime.claims import ClaimCheck
from purista_serverless.runtime.deployed import Use

if TYPE_CHECKING:
    from purista_serverless.adapters.aws.ports.deployment import Deployment

_PUT = Use("s3:PutObject", "switch claim_check on in [tool.purista-serverless.aws]")
_GET = Use("s3:GetObject", "switch claim_check on in [tool.purista-serverless.aws]")

# Of what is not there S3 says the former only to those who may list the bucket, and no function may (GetObject, API
# reference): to the others it denies whatever they ask for.
_GONE = ("NoSuchKey", "AccessDenied")


class S3ClaimCheck(ClaimCheck):
    """Keep bodies in the bucket of the deployment.

    Args:
        deployment: Where to.
    """

    __slots__ = ("_deployment",)

    def __init__(self, deployment: "Deployment") -> None:
        super().__init__("aws")
        self._deployment = deployment

    @property
    def is_on(self) -> bool:
        """Say whether the function was deployed with a bucket."""
        return bool(self._deployment.environment.get(CLAIM_CHECK))

    def put(self, key: str, body: bytes) -> None:
        """Write a body unless there is one under that key.

        Raises:
            Unavailable: S3 could not be reached.
            UndeclaredUse: The function may not write there.
        """
        bucket = self._deployment.name(CLAIM_CHECK, _PUT, key)
        put = self._deployment.client("s3").put_object
        parameters = {"Bucket": bucket, "Key": key, "Body": body, "ContentType": "application/json"}
        call(put, _PUT, key, expected=("PreconditionFailed",), IfNoneMatch="*", **parameters)

    def get(self, key: str) -> bytes:
        """Give the body under a key.

        Raises:
            BadEvent: It has expired, or is not for this function to read.
            Unavailable: S3 could not be reached.
            UndeclaredUse: The function was deployed without a bucket.
        """
        bucket = self._deployment.name(CLAIM_CHECK, _GET, key)
        get = self._deployment.client("s3").get_object
        found = call(get, _GET, key, expected=_GONE, Bucket=bucket, Key=key)
        if code := code_of(found):
            raise BadEvent(f"the body {key!r} is no longer in the bucket of claims, or not for this function ({code})")
        body: bytes = call(found["Body"].read, _GET, key)
        return body
