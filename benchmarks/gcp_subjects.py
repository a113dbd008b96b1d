"""The programs that the Google Cloud benchmarks compare: the same work written for us and by hand.

All of them run under functions-framework, in fresh interpreters that differ in nothing but the program.
"""

import base64
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import quote

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

PYTHON = sys.executable

_TOPIC = "projects/bench/topics/billing-accountClosed"

# By hand: what somebody writes who wants this one function and nothing else, with the libraries that we use.
BARE_COMMAND = """
import base64
import json
import logging

from flask import Response

from models import AccountClosed, CloseAccount

LOGGER = logging.getLogger("billing")


def handler(request):
    claims = request.headers["authorization"].split(".")[1]
    principal = json.loads(base64.urlsafe_b64decode(claims + "=="))["email"]
    payload = CloseAccount.model_validate_json(request.get_data())
    LOGGER.debug("closing %s for %s", payload.account_id, principal)
    body = AccountClosed(account_id=payload.account_id, closed=True).model_dump_json()
    return Response(body, content_type="application/json")
"""

BARE_WORKER = """
import base64
import json
import logging

from models import CloseAccount

LOGGER = logging.getLogger("billing")


def handler(request):
    push = request.get_json()
    job = json.loads(base64.b64decode(push["message"]["data"]))
    payload = CloseAccount.model_validate(job["payload"])
    LOGGER.debug("closing %s", payload.account_id)
    return "", 204
"""

BARE_TELLER = """
import base64
import json
import logging
import os
from http.client import HTTPConnection

from models import AccountClosed, CloseAccount

LOGGER = logging.getLogger("billing")
PUBSUB = HTTPConnection(os.environ["PUBSUB_EMULATOR_HOST"])
TOPIC = "TOPIC_NAME"


def handler(request):
    push = request.get_json()
    job = json.loads(base64.b64decode(push["message"]["data"]))
    payload = CloseAccount.model_validate(job["payload"])
    closed = AccountClosed(account_id=payload.account_id, closed=True).model_dump_json()
    data = base64.b64encode(closed.encode()).decode()
    body = json.dumps({"messages": [{"data": data, "attributes": {"event": "billing.accountClosed"}}]})
    PUBSUB.request("POST", f"/v1/{TOPIC}:publish", body, {"content-type": "application/json"})
    answer = PUBSUB.getresponse()
    answer.read()
    if answer.status != 200:
        LOGGER.error("not published: %s", answer.status)
        return "", 503
    return "", 204
""".replace("TOPIC_NAME", _TOPIC)

# The same, with Google's client made where every tutorial makes it.
EAGER_TELLER = (
    """
from google.cloud import pubsub_v1

PUBLISHER = pubsub_v1.PublisherClient()
"""
    + BARE_TELLER
)

PROGRAMS = {
    "models": MODELS,
    "contracts": CONTRACTS,
    "close": CLOSE,
    "work": WORK,
    "tell": TELL,
    "ours_command": OURS_COMMAND,
    "ours_worker": OURS_WORKER,
    "ours_teller": OURS_TELLER,
    "bare_command": BARE_COMMAND,
    "bare_worker": BARE_WORKER,
    "bare_teller": BARE_TELLER,
    "eager_teller": EAGER_TELLER,
}

_QUEUES = {"worker": "billing.closing", "teller": "billing.telling"}


def write_programs(folder: Path) -> None:
    """Write every program into a folder, as a module."""
    for name, text in PROGRAMS.items():
        (folder / f"{name}.py").write_text(text)


def environment(folder: Path, module: str, pubsub: str) -> dict[str, str]:
    """Give the environment of a function on Cloud Run, with bytecode compiled as an image has it.

    Args:
        folder: Where the programs are.
        module: The program, which has the variables that a plan gives it.
        pubsub: Address of what stands in for Pub/Sub.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "PURISTA_", "GOOGLE_", "FUNCTION_", "K_"))
    }
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]),
        "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
        "K_SERVICE": "closing",
        "PUBSUB_EMULATOR_HOST": pubsub,
        "PURISTA_PROJECT": "bench",
        **_variables(module),
    }


def _variables(module: str) -> dict[str, str]:
    kind = module.partition("_")[2]
    if kind not in _QUEUES:
        return {}
    edge = f"queue:{_QUEUES[kind]}"
    topics = {edge: f"projects/bench/topics/{kind}", "event:billing.accountClosed": _TOPIC}
    return {
        "PURISTA_TOPICS": json.dumps(topics if kind == "teller" else {edge: topics[edge]}),
        "PURISTA_DEAD_LETTERS": json.dumps({edge: f"projects/bench/topics/{kind}-dead"}),
        "PURISTA_ACCOUNT": "closing@bench.iam.gserviceaccount.com",
        "PURISTA_TASKS": "projects/bench/locations/europe-west1/queues/delays",
        "PURISTA_TIMEOUT": "570",
    }


def headers_of(module: str) -> dict[str, str]:
    """Give the headers of a program's request; Cloud Run has checked a caller's token and taken its signature off."""
    claims = {"email": "clerk@bench.iam.gserviceaccount.com", "sub": "1", "aud": "https://closing", "exp": 1795179600}
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in ({"alg": "RS256"}, claims)]
    token = b".".join([*parts, b"SIGNATURE_REMOVED_BY_GOOGLE"]).decode()
    return {"authorization": f"Bearer {token}", "content-type": "application/json"}


def path_of(module: str) -> str:
    """Give the path of a program's request: of the command's route, or of the push of a queue's edge."""
    kind = module.partition("_")[2]
    return f"/_purista/{quote(f'queue:{_QUEUES[kind]}', safe='')}" if kind in _QUEUES else "/accounts/close"


def body_of(module: str) -> bytes:
    """Give the body of a program's request: what is asked of the command, or a push with a job."""
    kind = module.partition("_")[2]
    if kind not in _QUEUES:
        return b'{"accountId": "a-1", "amount": 3}'
    job = {
        "id": "0198f1c2a5b47d000000000000000001",
        "queueName": _QUEUES[kind],
        "payload": {"accountId": "a-1", "amount": 3},
        "parameter": {},
        "headers": {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
        "createdAt": 1795176000000,
        "scheduledAt": 1795176000000,
        "priority": 0,
        "attempt": 0,
        "maxAttempts": 10,
        "leaseTtlMs": 900000,
        "traceId": "4bf92f3577b34da6a3ce929d0e0e4736",
        "correlationId": "0198f1c2a5b47d31b9f2c0ffee000001",
    }
    message = {
        "data": base64.b64encode(json.dumps(job, separators=(",", ":")).encode()).decode(),
        "attributes": {"edge": f"queue:{_QUEUES[kind]}"},
        "messageId": "12345678901234567",
        "message_id": "12345678901234567",
        "publishTime": "2026-11-20T12:00:00.123Z",
        "publish_time": "2026-11-20T12:00:00.123Z",
    }
    push = {"message": message, "subscription": "projects/bench/subscriptions/closing", "deliveryAttempt": 1}
    return json.dumps(push).encode()


class _Publish(BaseHTTPRequestHandler):
    """Accept every message, as Pub/Sub does on a good day."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        answer = b'{"messageIds": ["1"]}'
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base names it
        """Say nothing."""


@contextmanager
def pubsub() -> Iterator[str]:
    """Serve publishing on loopback and give its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Publish) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
