"""Messages to queues of SQS: what they may hold, and how one is sent."""

from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.aws.constants import FIFO_SUFFIX
from purista_serverless.adapters.aws.ports.failures import call
from purista_serverless.runtime.claims import token_of
from purista_serverless.runtime.deployed import Use

if TYPE_CHECKING:
    from collections.abc import Mapping

    from purista_serverless.adapters.aws.ports.deployment import Deployment

# Body and attributes together (Amazon SQS, message quotas).
MAX_MESSAGE = 1_048_576

# What is sent leaves room for what comes on top later: EventBridge's envelope, and the attributes of a dead letter.
BODY_BUDGET = MAX_MESSAGE - 4_096

# Seconds (Amazon SQS, message quotas). What is due later is given back by its consumer until it is due.
_LONGEST_DELAY = 900

# The two characters that SQS refuses and JSON does not escape, as UTF-8, with their escapes.
_REFUSED = ((b"\xef\xbf\xbe", b"\\ufffe"), (b"\xef\xbf\xbf", b"\\uffff"))


def legal_body(body: bytes) -> bytes:
    r"""Give a JSON text in the characters that SQS accepts; the value stays the same.

    Example:
        >>> legal_body('{"mark":"\uffff"}'.encode())
        b'{"mark":"\\uffff"}'
    """
    for character, escape in _REFUSED:
        body = body.replace(character, escape)
    return body


def legal_text(text: str) -> str:
    r"""Give a text with a mark in place of each character that SQS refuses.

    Example:
        >>> legal_text("a\x00b")
        'a\ufffdb'
    """
    import re

    return re.sub(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text)


def attribute_size(name: str, value: str | int) -> int:
    """Give the bytes that an attribute takes of its message."""
    return len(name) + len(_type_of(value)) + len(str(value).encode())


def send(
    deployment: "Deployment",
    use: Use,
    url: str,
    body: bytes,
    *,
    attributes: "Mapping[str, str | int]",
    group: str,
    deduplication: str,
    delay: int = 0,
) -> None:
    """Send a message.

    Args:
        deployment: Where to.
        use: What it is, for the text of errors.
        url: The queue.
        body: JSON in characters that SQS accepts.
        attributes: Texts, not empty, and numbers.
        group: What is delivered in order; on a FIFO queue only.
        deduplication: What is sent once; on a FIFO queue only.
        delay: Milliseconds; at most 15 minutes of it are SQS's part, and nothing on a FIFO queue, which has no delay
            of one message.

    Raises:
        Unavailable: SQS could not be reached.
        UndeclaredUse: The function's role does not allow it.
        ProviderRefused: SQS refused the message.
    """
    parameters: dict[str, Any] = {"QueueUrl": url, "MessageBody": body.decode()}
    parameters["MessageAttributes"] = {
        name: {"DataType": _type_of(value), "StringValue": str(value)} for name, value in attributes.items()
    }
    if url.endswith(FIFO_SUFFIX):
        parameters |= {"MessageGroupId": token_of(group), "MessageDeduplicationId": token_of(deduplication)}
    elif delay > 0:
        # Rounded up: a job that comes early is received twice.
        parameters["DelaySeconds"] = min(-(-delay // 1000), _LONGEST_DELAY)
    call(deployment.client("sqs").send_message, use, url, **parameters)


def _type_of(value: str | int) -> str:
    return "Number" if isinstance(value, int) else "String"
