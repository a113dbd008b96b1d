"""A real moto server in a process of its own, and clients of it."""

import json
import re
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from botocore.config import Config
from botocore.session import Session

from purista_serverless.adapters.aws.ports import AwsPorts

REGION = "eu-central-1"

# One for all: a session reads its models of the services once.
_SESSION = Session()
_NUMBERS = count(1)


def unused(name: str) -> str:
    """Give a name that no other test of this process uses."""
    return f"{name}-{next(_NUMBERS)}"


class Moto:
    """A running server; ``client`` is a factory for ``AwsPorts``."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._made: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """Give the client of a service, one per service."""
        if service not in self._made:
            self._made[service] = self.client_of(service, "testing", "testing")
        return self._made[service]

    def client_of(self, service: str, key: str, secret: str, token: str | None = None) -> Any:
        """Make a client that signs with the given credentials."""
        return _SESSION.create_client(
            service,
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=Config(retries={"total_max_attempts": 1}),
        )

    def ports(self, environment: dict[str, Any] | None = None, **options: Any) -> AwsPorts:
        """Give ports onto this server; values of the environment that are no texts are written as JSON."""
        variables = {
            name: value if isinstance(value, str) else json.dumps(value) for name, value in (environment or {}).items()
        }
        return AwsPorts(variables, **{"clients": self.client, **options})

    def queue(self, name: str = "queue", **attributes: str) -> str:
        """Create a queue and give its URL."""
        name, dot, suffix = name.partition(".")
        made = self.client("sqs").create_queue(QueueName=unused(name) + dot + suffix, Attributes=attributes)
        return str(made["QueueUrl"])

    def fifo(self) -> str:
        """Create a FIFO queue and give its URL."""
        return self.queue("queue.fifo", FifoQueue="true")

    def table(self) -> str:
        """Create a table of records and give its name."""
        name, keys = unused("ledger"), {"pk": "HASH", "sk": "RANGE"}
        self.client("dynamodb").create_table(
            TableName=name,
            KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in keys.items()],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
            BillingMode="PAY_PER_REQUEST",
        )
        return name

    def bucket(self) -> str:
        """Create a bucket and give its name."""
        name = unused("claims")
        self.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        return name

    def bus(self, pattern: dict[str, Any]) -> tuple[str, str]:
        """Create a bus with a rule from it to a queue, and give the names of the bus and the queue."""
        name, url = unused("bus"), self.queue()
        found = self.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        events = self.client("events")
        events.create_event_bus(Name=name)
        events.put_rule(Name=name, EventBusName=name, EventPattern=json.dumps(pattern))
        target = {"Id": "queue", "Arn": found["Attributes"]["QueueArn"]}
        events.put_targets(Rule=name, EventBusName=name, Targets=[target])
        return name, url

    def role_that_may(self, action: str) -> tuple[str, str, str]:
        """Create a role that may do one thing, and give the credentials of a session of it."""
        name = unused("role")
        allowed = {"Effect": "Allow", "Action": action, "Resource": "*"}
        trusted = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
        iam = self.client("iam")
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(trusted))
        iam.put_role_policy(RoleName=name, PolicyName=name, PolicyDocument=_policy(allowed))
        session = self.client("sts").assume_role(RoleArn=made["Role"]["Arn"], RoleSessionName=name)
        given = session["Credentials"]
        return given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]

    @contextmanager
    def enforcing(self) -> Iterator[None]:
        """Have the server check permissions meanwhile."""
        self.post("/moto-api/reset-auth", "0")
        try:
            yield
        finally:
            self.post("/moto-api/reset-auth", "inf")

    def receive(self, url: str) -> list[Any]:
        """Give the messages that are visible now, ten at most."""
        found = self.client("sqs").receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"], MessageAttributeNames=["All"]
        )
        return list(found.get("Messages", []))

    def counts(self, url: str) -> tuple[int, int, int]:
        """Give how many messages are visible, hidden and delayed."""
        names = ("", "NotVisible", "Delayed")
        found = self.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        visible, hidden, delayed = (int(found[f"ApproximateNumberOfMessages{name}"]) for name in names)
        return visible, hidden, delayed

    def post(self, path: str, body: str) -> None:
        """Post a text to moto's own interface."""
        headers = {"Content-Type": "text/plain"}
        request = urllib.request.Request(self.url + path, body.encode(), headers, method="POST")  # noqa: S310
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - loopback
            answer.read()


def _policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@contextmanager
def moto_server() -> Iterator[Moto]:
    """Start a server on a free port of the loopback interface; it is gone afterwards."""
    command = [str(Path(sys.executable).with_name("moto_server")), "-H", "127.0.0.1", "-p", "0"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            lines = iter(process.stderr)
            url = next(found[0] for line in lines if (found := re.search(r"http://127\.0\.0\.1:\d+", line)))
            # The log has to be read, or the server stops when the pipe is full.
            threading.Thread(target=lambda: [None for _ in lines], daemon=True).start()
            yield Moto(url)
        finally:
            process.terminate()
