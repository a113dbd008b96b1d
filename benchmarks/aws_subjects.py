"""The programs that the AWS benchmarks compare: the same work written for us, by hand, and for each peer.

Every program closes an account, see ``billing_subjects``. Peers live in the environment of `make tools`, together with
what we need ourselves, so that all of them share one interpreter and one version of each library.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from benchmarks.billing_subjects import (
    CLOSE,
    CONTRACTS,
    MODELS,
    OURS_COMMAND,
    OURS_TELLER,
    OURS_WORKER,
    ROOT,
    TELL,
    WORK,
)

PEERS = Path(sys.prefix) / "tools" / "peers" / "bin" / "python"

# Stands in for DynamoDB, without a network; each batch finds it empty, so that all of its jobs are new.
TABLE = """
class Table:
    def __init__(self):
        self.items = {}

    def get_item(self, *, Key, **_):
        item = self.items.get((Key["pk"]["S"], Key["sk"]["S"]))
        return {} if item is None else {"Item": item}

    def put_item(self, *, Item, **_):
        self.items[Item["pk"]["S"], Item["sk"]["S"]] = Item
        return {}
"""

OURS_TRACKED = """
from purista_serverless.adapters.aws.entry import bind
from purista_serverless.adapters.aws.ports import AwsPorts
from purista_serverless.runtime.entry import Entry
from table import Table

TABLE = Table()
VARIABLES = {"PURISTA_LEDGER": "ledger"}
PORTS = AwsPorts(VARIABLES, clients=lambda service: TABLE)
HANDLE = bind(Entry("work:work", ("queue:billing.closing",), {"tracking": "TRACKING"}), VARIABLES, PORTS)


def handler(event, context):
    TABLE.items.clear()
    return HANDLE(event, context)
"""

# By hand: what somebody writes who wants this one function and nothing else, with the libraries that we use.
BARE_COMMAND = """
import logging

from models import AccountClosed, CloseAccount

LOGGER = logging.getLogger("billing")


def handler(event, context):
    payload = CloseAccount.model_validate_json(event["body"])
    LOGGER.debug("closing %s", payload.account_id)
    body = AccountClosed(account_id=payload.account_id, closed=True).model_dump_json()
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": body}
"""

BARE_TELLER = """
import json
import logging
import os

from botocore.session import get_session

from models import AccountClosed, CloseAccount

LOGGER = logging.getLogger("billing")
EVENTS = get_session().create_client("events")


def handler(event, context):
    failures = []
    for record in event["Records"]:
        try:
            payload = CloseAccount.model_validate(json.loads(record["body"])["payload"])
            closed = AccountClosed(account_id=payload.account_id, closed=True)
            entry = {"Source": "billing", "DetailType": "billing.accountClosed", "Detail": closed.model_dump_json()}
            EVENTS.put_events(Entries=[{**entry, "EventBusName": os.environ["PURISTA_EVENT_BUS"]}])
        except Exception:
            LOGGER.exception("record %s failed", record["messageId"])
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}
"""

POWERTOOLS_COMMAND = """
from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

from models import AccountClosed, CloseAccount

logger = Logger(service="billing")
app = APIGatewayHttpResolver(enable_validation=True)


@app.post("/accounts/close")
def close(payload: CloseAccount) -> AccountClosed:
    logger.debug("closing %s", payload.account_id)
    return AccountClosed(account_id=payload.account_id, closed=True)


def handler(event, context):
    return app.resolve(event, context)
"""

# The record model holds the same envelope that our codec reads.
POWERTOOLS_WORKER = """
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.parser.models import SqsRecordModel
from pydantic import BaseModel, Field, Json

from models import CloseAccount

logger = Logger(service="billing")


class Envelope(BaseModel):
    id: str
    queueName: str
    payload: CloseAccount
    parameter: Any = None
    headers: dict[str, str] = {}
    createdAt: int
    scheduledAt: int
    priority: int = 0
    attempt: int = 0
    maxAttempts: int = Field(10, ge=1)
    leaseTtlMs: int = 900_000
    traceId: str | None = None
    parentSpanId: str | None = None
    correlationId: str | None = None
    idempotencyKey: str | None = None
    orderingKey: str | None = None


class Record(SqsRecordModel):
    body: Json[Envelope]


processor = BatchProcessor(event_type=EventType.SQS, model=Record)


def work(record: Record) -> None:
    logger.debug("closing %s", record.body.payload.account_id)


def handler(event, context):
    return process_partial_response(event=event, record_handler=work, processor=processor, context=context)
"""

POWERTOOLS_TELLER = (
    POWERTOOLS_WORKER.replace("from typing import Any\n", "import os\nfrom typing import Any\n\nimport boto3\n")
    .replace("from models import CloseAccount", "from models import AccountClosed, CloseAccount")
    .replace('Logger(service="billing")', 'Logger(service="billing")\nEVENTS = boto3.client("events")')
    .replace(
        '    logger.debug("closing %s", record.body.payload.account_id)\n',
        "    closed = AccountClosed(account_id=record.body.payload.account_id, closed=True)\n"
        '    entry = {"Source": "billing", "DetailType": "billing.accountClosed", "Detail": closed.model_dump_json()}\n'
        '    EVENTS.put_events(Entries=[{**entry, "EventBusName": os.environ["PURISTA_EVENT_BUS"]}])\n',
    )
)

CHALICE_COMMAND = """
from chalice import Chalice

from models import AccountClosed, CloseAccount

app = Chalice(app_name="billing")


@app.route("/accounts/close", methods=["POST"])
def close():
    payload = CloseAccount.model_validate(app.current_request.json_body)
    return AccountClosed(account_id=payload.account_id, closed=True).model_dump(mode="json")


handler = app
"""

FASTAPI_COMMAND = """
from fastapi import FastAPI
from mangum import Mangum

from models import AccountClosed, CloseAccount

app = FastAPI()


@app.post("/accounts/close")
def close(payload: CloseAccount) -> AccountClosed:
    return AccountClosed(account_id=payload.account_id, closed=True)


handler = Mangum(app, lifespan="off")
"""

PROGRAMS = {
    "models": MODELS,
    "contracts": CONTRACTS,
    "close": CLOSE,
    "work": WORK,
    "tell": TELL,
    "ours_command": OURS_COMMAND,
    "ours_worker": OURS_WORKER,
    "ours_teller": OURS_TELLER,
    "ours_terminal": OURS_TRACKED.replace("TRACKING", "terminal"),
    "ours_full": OURS_TRACKED.replace("TRACKING", "full"),
    "table": TABLE,
    "bare_command": BARE_COMMAND,
    "bare_teller": BARE_TELLER,
    "powertools_command": POWERTOOLS_COMMAND,
    "powertools_worker": POWERTOOLS_WORKER,
    "powertools_teller": POWERTOOLS_TELLER,
    "chalice_command": CHALICE_COMMAND,
    "fastapi_command": FASTAPI_COMMAND,
}

_EDGES = {"worker": "queue:billing.closing", "teller": "queue:billing.telling"}

_URL = "https://sqs.eu-central-1.amazonaws.com/123456789012/"


def write_programs(folder: Path) -> None:
    """Write every program into a folder, as a module."""
    for name, text in PROGRAMS.items():
        (folder / f"{name}.py").write_text(text)


def environment(folder: Path, module: str = "") -> dict[str, str]:
    """Give the environment of a function on Lambda, with bytecode compiled as a deployment package has it.

    Args:
        folder: Where the programs are.
        module: The program, which has the variables that a template gives it: a command that sends nothing has none.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "AWS_", "PURISTA_"))}
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]),
        "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
        "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001",
        "AWS_LAMBDA_FUNCTION_NAME": "closing",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        **_variables(module),
    }


def _variables(module: str) -> dict[str, str]:
    kind = module.partition("_")[2]
    if kind not in _EDGES:
        return {}
    edge = _EDGES[kind]
    variables = {
        "PURISTA_QUEUES": json.dumps({edge: f"{_URL}{kind}"}),
        "PURISTA_DEAD_LETTERS": json.dumps({edge: f"{_URL}{kind}-dead"}),
    }
    return variables | {"PURISTA_EVENT_BUS": "bus"} if kind == "teller" else variables


def http_event() -> dict[str, Any]:
    """Give a request as an HTTP API hands it over, payload format 2.0, from a caller whose token was verified."""
    claims = {"sub": "user-1", "iss": "https://id.example", "aud": "billing"}
    return {
        "version": "2.0",
        "routeKey": "POST /accounts/close",
        "rawPath": "/accounts/close",
        "rawQueryString": "",
        "headers": {
            "content-type": "application/json",
            "host": "api.example",
            "user-agent": "bench",
            "x-forwarded-for": "192.0.2.1",
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api",
            "authorizer": {"jwt": {"claims": claims, "scopes": None}},
            "domainName": "api.example",
            "domainPrefix": "api",
            "http": {
                "method": "POST",
                "path": "/accounts/close",
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "bench",
            },
            "requestId": "request-1",
            "routeKey": "POST /accounts/close",
            "stage": "$default",
            "time": "20/Nov/2026:12:00:00 +0000",
            "timeEpoch": 1795176000000,
        },
        "body": '{"accountId": "a-1", "amount": 3}',
        "isBase64Encoded": False,
    }


def batch_event(size: int = 10) -> dict[str, Any]:
    """Give a batch of jobs as an event source mapping hands it over."""
    return {"Records": [_record(number) for number in range(size)]}


def _record(number: int) -> dict[str, Any]:
    # What our own enqueue sends, field by field.
    job = {
        "id": f"0198f1c2a5b47d{number:018x}",
        "queueName": "billing.closing",
        "payload": {"accountId": f"a-{number}", "amount": number},
        "parameter": {},
        "headers": {
            "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "purista.tenantId": "tenant-1",
            "purista.principalId": "user-1",
        },
        "createdAt": 1795176000000,
        "scheduledAt": 1795176000000,
        "priority": 0,
        "attempt": 0,
        "maxAttempts": 10,
        "leaseTtlMs": 900000,
        "traceId": "4bf92f3577b34da6a3ce929d0e0e4736",
        "correlationId": "0198f1c2a5b47d31b9f2c0ffee000001",
    }
    return {
        "messageId": f"059f36b4-87a3-44ab-83d2-66197511{number:04x}",
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a" * 5,
        "body": json.dumps(job, separators=(",", ":")),
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1795176000000",
            "SenderId": "AROA:function",
            "ApproximateFirstReceiveTimestamp": "1795176000001",
        },
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:closing",
        "awsRegion": "eu-central-1",
    }
