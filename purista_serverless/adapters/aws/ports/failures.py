"""What goes wrong at AWS, in our own errors: nothing of botocore leaves the ports."""

from typing import TYPE_CHECKING, Any

from purista_serverless.errors import ProviderRefused, PuristaServerlessError, Unavailable
from purista_serverless.runtime.deployed import Use

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

# Codes that pass, besides the statuses below. AWS has no single word for it.
_PASSING = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "InternalFailure",
        "InternalServerError",
        "KMS.ThrottlingException",
        "KmsThrottled",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "ReplicatedWriteConflictException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflictException",
    }
)
# 409: something else is just being done to the same resource, as while a function is updated.
_PASSING_STATUSES = frozenset({408, 409, 429})

_DENIED = frozenset(
    {
        # What botocore makes of a denial whose body it cannot read, such as a proxy's.
        "403",
        "AccessDenied",
        "AccessDeniedException",
        "AWS.SimpleQueueService.AccessDenied",
        "KMS.AccessDeniedException",
        "KMSAccessDeniedException",
        "KmsAccessDenied",
        "NotAuthorizedForDetailTypeException",
        "NotAuthorizedForSourceException",
        "UnauthorizedOperation",
    }
)


def call(
    method: "Callable[..., Any]", use: Use, target: str, *, expected: "Collection[str]" = (), **parameters: Any
) -> Any:
    """Call AWS and give its answer, or the answer that holds one of the ``expected`` error codes.

    Args:
        method: A method of a client, or of a body that is still being received.
        use: What it is, for the text of errors.
        target: What it is done to.
        expected: Error codes that are answers to the caller.
        parameters: What the method takes.

    Raises:
        Unavailable: The network, a throttle or a fault of the service; it may have happened all the same.
        UndeclaredUse: The function's role does not allow it.
        ProviderRefused: It would be refused again.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return method(**parameters)
    except ClientError as error:
        if code_of(error.response) in expected:
            return error.response
        raise failure_of(error.response, use, target) from error
    except BotoCoreError as error:
        raise fault_of(error, use, target) from error


def code_of(response: Any) -> str:
    """Give the error code in an answer, empty if there is none."""
    return str(response.get("Error", {}).get("Code", ""))


def failure_of(response: Any, use: Use, target: str) -> PuristaServerlessError:
    """Give our error for an answer that tells of one."""
    error = response.get("Error", {})
    code, status = code_of(response), response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    detail = f"{code}: {error.get('Message', '')}"
    if code in _DENIED:
        return use.undeclared(target, detail)
    if code in _PASSING or status in _PASSING_STATUSES or status >= 500:
        return Unavailable(f"{use.action} on {target} cannot be done now; {detail}")
    return ProviderRefused(
        f"{use.action} on {target} was refused; {detail}; compare what is deployed with what the code declares"
    )


def fault_of(error: Exception, use: Use, target: str) -> PuristaServerlessError:
    """Give our error for one that botocore raised without an answer of AWS."""
    from botocore.exceptions import (
        ConnectionError,  # noqa: A004 - botocore's name
        CredentialRetrievalError,
        HTTPClientError,
        IncompleteReadError,
        MetadataRetrievalError,
    )

    passing = (ConnectionError, CredentialRetrievalError, HTTPClientError, IncompleteReadError, MetadataRetrievalError)
    if isinstance(error, passing):
        return Unavailable(f"{use.action} on {target} got no answer; {error}")
    return ProviderRefused(f"{use.action} on {target} could not be asked for; {str(error).rstrip('.')}; {use.fix}")
