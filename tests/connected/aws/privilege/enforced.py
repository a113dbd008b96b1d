"""A template's roles and queues in an account that enforces policies itself; moto does so for SQS."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from purista_serverless.adapters.aws.emulator.cloud import ACCOUNT, Cloud
from purista_serverless.adapters.aws.emulator.stack import Stack
from purista_serverless.adapters.aws.emulator.template import load_template
from purista_serverless.emulation.clock import WallClock
from tests.connected.aws.privilege.deployed import REGION, Deployed

# What runs functions; nothing here does.
_NOBODY = "http://127.0.0.1:9"


class EnforcedAccount:
    """An account in which every request is allowed by a policy or refused.

    Args:
        deployed: The template in it.
        queues: URLs of its queues, by ARN.
        clients: A client of SQS for each role, by the role's logical id.
    """

    def __init__(self, deployed: Deployed, queues: Mapping[str, str], clients: Mapping[str, Any]) -> None:
        self.deployed = deployed
        self.queues = queues
        self._clients = clients

    def allows(self, role: str, action: str, queue: str) -> bool:
        """Say whether a role may do something to a queue."""
        try:
            self._do(self._clients[role], action, self.queues[queue])
        except ClientError as error:
            # moto tells the reason as XML, which clients of SQS do not read.
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 403:
                return False
            raise
        return True

    def _do(self, sqs: Any, action: str, url: str) -> None:
        match action:
            case "sqs:SendMessage":
                sqs.send_message(QueueUrl=url, MessageBody="{}")
            case "sqs:ReceiveMessage":
                sqs.receive_message(QueueUrl=url, VisibilityTimeout=0)
            case "sqs:GetQueueAttributes":
                sqs.get_queue_attributes(QueueUrl=url)
            case "sqs:PurgeQueue":
                sqs.purge_queue(QueueUrl=url)
            case _:
                raise LookupError(action)


@contextmanager
def enforce(template: Path, parameters: Mapping[str, str]) -> Iterator[EnforcedAccount]:
    """Deploy a template's resources, and have moto look at policies from then on."""
    cloud = Cloud(WallClock(), REGION, _NOBODY)
    try:
        loaded = load_template(template, parameters, REGION)
        stack = Stack(loaded, cloud, name="enforced", parameters=parameters)
        stack.make()
        deployed = Deployed(loaded, parameters, stack)
        urls = {arn: _url_of(arn, cloud) for arn in deployed.queues()}
        clients = {role: _client_of(name, cloud) for role, name in deployed.roles().items()}
        with urlopen(Request(f"{cloud.endpoint}/moto-api/reset-auth", b"0", {"Content-Type": "text/plain"})):  # noqa: S310 - this machine's
            yield EnforcedAccount(deployed, urls, clients)
    finally:
        cloud.close()


def _url_of(arn: str, cloud: Cloud) -> str:
    return str(cloud.client("sqs").get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"])


def _client_of(role: str, cloud: Cloud) -> Any:
    arn = f"arn:aws:iam::{ACCOUNT}:role/{role}"
    session = cloud.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
    return boto3.client(
        "sqs",
        endpoint_url=cloud.endpoint,
        region_name=REGION,
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"],
        config=Config(retries={"total_max_attempts": 1}),
    )
