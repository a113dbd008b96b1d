"""Requests to AWS on the wire: which actions they need, as the reference of service authorization names them."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from purista_serverless.adapters.aws.constants import PARTITION_KEY
from purista_serverless.adapters.aws.emulator.cloud import ACCOUNT

Need = tuple[str, str, tuple[tuple[str, str], ...]]
"""Action, ARN and condition keys."""

_INVOKE, _INVOCATIONS = "/2015-03-31/functions/", "/invocations"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A signed request.

    Attributes:
        service: The service that it was signed for.
        region: The region.
        method: Such as ``POST``.
        path: Its path and query, as sent.
        operation: The operation, where a header names it.
        body: Its body.
    """

    service: str
    region: str
    method: str
    path: str
    operation: str
    body: bytes

    def arn(self, resource: str) -> str:
        """Give the ARN of something of the service in this account."""
        return f"arn:aws:{self.service}:{self.region}:{ACCOUNT}:{resource}"


def needs_of(request: Request) -> Iterator[Need]:
    """Give what a request needs.

    Raises:
        KeyError: It is one of which nothing is known.
    """
    return _SERVICES[request.service](request)


def queue_arn(url: str, region: str) -> str:
    """Give the ARN of a queue of this account."""
    return f"arn:aws:sqs:{region}:{ACCOUNT}:{url.rpartition('/')[2]}"


def _sqs(request: Request) -> Iterator[Need]:
    # One right covers an action and its batches.
    action = request.operation.removesuffix("Batch")
    yield f"sqs:{action}", queue_arn(_json(request)["QueueUrl"], request.region), ()


def _dynamodb(request: Request) -> Iterator[Need]:
    member = {"GetItem": "Key", "PutItem": "Item"}[request.operation]
    wire = _json(request)
    key = ("dynamodb:LeadingKeys", wire[member][PARTITION_KEY]["S"])
    yield f"dynamodb:{request.operation}", request.arn(f"table/{wire['TableName']}"), (key,)


def _events(request: Request) -> Iterator[Need]:
    for entry in _json(request)["Entries"]:
        context = (("events:detail-type", entry["DetailType"]), ("events:source", entry["Source"]))
        yield f"events:{request.operation}", request.arn(f"event-bus/{entry['EventBusName']}"), context


def _lambda(request: Request) -> Iterator[Need]:
    path = unquote(urlsplit(request.path).path)
    assert path.startswith(_INVOKE), path
    assert path.endswith(_INVOCATIONS), path
    name = path.removeprefix(_INVOKE).removesuffix(_INVOCATIONS)
    yield "lambda:InvokeFunction", name if name.startswith("arn:") else request.arn(f"function:{name}"), ()


def _s3(request: Request) -> Iterator[Need]:
    action = {"GET": "s3:GetObject", "PUT": "s3:PutObject"}[request.method]
    bucket, _, key = unquote(urlsplit(request.path).path).removeprefix("/").partition("/")
    edge, _, id = key.rpartition("/")
    assert edge, request.path
    assert id, request.path
    # Which of the bodies of an edge it is makes no difference.
    yield action, f"arn:aws:s3:::{bucket}/{edge}/id", ()


def _ssm(request: Request) -> Iterator[Need]:
    yield f"ssm:{request.operation}", request.arn(f"parameter/{_json(request)['Name'].removeprefix('/')}"), ()


def _secretsmanager(request: Request) -> Iterator[Need]:
    # An ARN ends with six characters that Secrets Manager chose.
    arn = request.arn(f"secret:{_json(request)['SecretId']}-aB3dE6")
    yield f"secretsmanager:{request.operation}", arn, ()


def _json(request: Request) -> Mapping[str, Any]:
    wire: Mapping[str, Any] = json.loads(request.body)
    return wire


_SERVICES: Mapping[str, Callable[[Request], Iterator[Need]]] = {
    "dynamodb": _dynamodb,
    "events": _events,
    "lambda": _lambda,
    "s3": _s3,
    "secretsmanager": _secretsmanager,
    "sqs": _sqs,
    "ssm": _ssm,
}
