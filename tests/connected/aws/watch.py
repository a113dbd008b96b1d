"""What can be seen of an application on AWS: its queues, its records, the events on its bus."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Protocol
from uuid import uuid4

from purista_serverless.adapters.aws import constants
from tests.connected.watch import Letter, Watch


class Account(Protocol):
    """An account with the example in it, whoever made it."""

    def client(self, service: str) -> Any:
        """Give the client of a service, such as ``sqs``."""
        ...

    def environments(self) -> Iterable[Mapping[str, str]]:
        """Give the environment of each deployed function."""
        ...


class AwsWatch(Watch):
    """Looks at an account.

    Attributes:
        queues: URLs of the queues by edge.
        dead_letters: URLs of the dead letter queues by edge.
    """

    def __init__(self, account: Account) -> None:
        super().__init__()
        environments = list(account.environments())
        self.queues = _merged(environments, constants.QUEUES)
        self.dead_letters = _merged(environments, constants.DEAD_LETTERS)
        self._table = _one(environments, constants.LEDGER)
        self._bus = _one(environments, constants.EVENT_BUS)
        self._sqs, self._tables = account.client("sqs"), account.client("dynamodb")
        self._events = account.client("events")
        self._tap = self._tap_bus()

    def emit(self, name: str, envelope: Mapping[str, Any]) -> None:
        """Put an event on the bus, as another system would."""
        entry = {
            "EventBusName": self._bus,
            "Source": "elsewhere",
            "DetailType": name,
            "Detail": json.dumps(envelope),
        }
        answer = self._events.put_events(Entries=[entry])
        assert answer["FailedEntryCount"] == 0, answer

    def records(self, partition: str) -> dict[str, Mapping[str, Any]]:
        """Give the fields of all records of a partition, by sort key."""
        answer = self._tables.query(
            TableName=self._table,
            KeyConditionExpression="#pk = :pk",
            ExpressionAttributeNames={"#pk": constants.PARTITION_KEY},
            ExpressionAttributeValues={":pk": {"S": partition}},
            ConsistentRead=True,
        )
        return {item[constants.SORT_KEY]["S"]: json.loads(item[constants.FIELDS]["S"]) for item in answer["Items"]}

    def change_record(self, partition: str, sort: str, **changes: Any) -> None:
        """Change fields of a record behind everybody's back."""
        fields = {**self.records(partition)[sort], **changes}
        self._tables.update_item(
            TableName=self._table,
            Key={constants.PARTITION_KEY: {"S": partition}, constants.SORT_KEY: {"S": sort}},
            UpdateExpression="SET #fields = :fields",
            ExpressionAttributeNames={"#fields": constants.FIELDS},
            ExpressionAttributeValues={":fields": {"S": json.dumps(fields)}},
        )

    def letters(self, edge: str) -> list[Letter]:
        """Give the dead letters of an edge, without taking them."""
        messages = self._sqs.receive_message(
            QueueUrl=self.dead_letters[edge],
            MaxNumberOfMessages=10,
            VisibilityTimeout=0,
            MessageAttributeNames=["All"],
        ).get("Messages", [])
        unique = {message["MessageId"]: message for message in messages}
        return [
            Letter(
                body=json.loads(message["Body"]),
                attributes={name: value["StringValue"] for name, value in message.get("MessageAttributes", {}).items()},
            )
            for message in unique.values()
        ]

    def waiting(self) -> dict[str, int]:
        """Give how many messages are in each queue that is not empty, hidden and delayed ones included."""
        queues = {edge: url for edge, url in self.queues.items() if not edge.startswith(constants.GATE_EDGE)}
        counts = {edge: self._count(url) for edge, url in queues.items()}
        return {edge: count for edge, count in counts.items() if count}

    def buried(self) -> dict[str, int]:
        """Give how many dead letters each edge has that has some."""
        counts = {edge: self._count(url) for edge, url in self.dead_letters.items()}
        return {edge: count for edge, count in counts.items() if count}

    def listen(self) -> None:
        """Note the events that come within a second."""
        answer = self._sqs.receive_message(QueueUrl=self._tap, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        for message in answer.get("Messages", []):
            event = json.loads(message["Body"])
            self.events.append((event["detail-type"], event["detail"]))
            self._sqs.delete_message(QueueUrl=self._tap, ReceiptHandle=message["ReceiptHandle"])

    def _count(self, url: str) -> int:
        attributes = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return sum(int(attributes[f"ApproximateNumberOfMessages{suffix}"]) for suffix in ("", "NotVisible", "Delayed"))

    def _tap_bus(self) -> str:
        name = f"tap-{uuid4()}"
        url: str = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        pattern = json.dumps({"source": [{"prefix": constants.SOURCE_PREFIX}]})
        self._events.put_rule(Name=name, EventBusName=self._bus, EventPattern=pattern)
        self._events.put_targets(Rule=name, EventBusName=self._bus, Targets=[{"Id": "tap", "Arn": arn}])
        return url


def _merged(environments: Iterable[Mapping[str, str]], variable: str) -> dict[str, str]:
    return {
        name: value
        for environment in environments
        for name, value in json.loads(environment.get(variable, "{}")).items()
    }


def _one(environments: Iterable[Mapping[str, str]], variable: str) -> str:
    (value,) = {environment[variable] for environment in environments if variable in environment}
    return value
