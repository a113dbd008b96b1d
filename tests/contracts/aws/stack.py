"""A deployment of the adapter's own plan into a region: queues, bus, rules, table, and what functions are told of them.

CloudFormation is left out: resources are made as the plan says, and references are replaced by what they stand for. Of
the template's parameters only ``VisibilityTimeout`` is not the default: messages are hidden as long as their function
may run and no longer, so that what died is tried again at the earliest time that is right.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import TypeVar

from moto.core.models import DEFAULT_ACCOUNT_ID

from purista_serverless.adapters.aws.constants import COMMAND_TRIGGER, EVENT_BUS, LEDGER, PARTITION_KEY, SORT_KEY
from purista_serverless.adapters.aws.plan.places import BUS
from purista_serverless.adapters.aws.plan.places import LEDGER as TABLE
from purista_serverless.adapters.aws.plan.resources import (
    DeadLetterQueue,
    Function,
    Queue,
    Resource,
    Rule,
    Schedule,
    Sub,
)
from purista_serverless.adapters.aws.stack.outputs import Stack as Outputs
from tests.contracts.aws import region as regions
from tests.contracts.aws.mappings import Source
from tests.contracts.aws.region import Region

PREFIX = "contract"

_VARIABLE = re.compile(r"\$\{([^}]+)\}")

R = TypeVar("R")


def physical_name(function: Function) -> str:
    """Give the name of a function in the account."""
    return f"{PREFIX}-{function.physical_name}"


class Stack:
    """A deployed application. Deploying another one over it changes what is there.

    Attributes:
        queues: URL of each edge's queue, by the edge's name.
        dead_letters: URL of each edge's dead-letter queue, by the edge's name.
    """

    def __init__(self, region: Region) -> None:
        self._sqs, self._events = region.client("sqs"), region.client("events")
        self._dynamodb = region.client("dynamodb")
        self._resources: tuple[Resource, ...] = ()
        self._values = {
            "Prefix": PREFIX,
            "AWS::Region": regions.NAME,
            "AWS::AccountId": DEFAULT_ACCOUNT_ID,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
        }
        self._rules: dict[str, str] = {}
        self.queues: dict[str, str] = {}
        self.dead_letters: dict[str, str] = {}
        self._create_stores()

    def deploy(self, resources: Iterable[Resource]) -> None:
        """Make a deployment what the resources say; queues that are not among them any more stay, as nobody knows."""
        self._resources = tuple(resources)
        for letters in self._of(DeadLetterQueue):
            self._create_dead_letters(letters)
        for queue in self._of(Queue):
            self._create_queue(queue)
        self._replace_rules()

    def functions(self) -> tuple[Function, ...]:
        """Give the functions."""
        return self._of(Function)

    def outputs(self) -> Outputs:
        """Give what CloudFormation would tell of the stack."""
        names = {EVENT_BUS: self._values[BUS], LEDGER: self._values[TABLE]}
        return Outputs(name=PREFIX, queues=self.queues, dead_letters=self.dead_letters, names=names)

    def commands(self) -> Mapping[str, str]:
        """Give the names of the functions that answer commands, by the commands' addresses."""
        found = (function for function in self.functions() if function.name.startswith(COMMAND_TRIGGER))
        return {function.name.removeprefix(COMMAND_TRIGGER): physical_name(function) for function in found}

    def schedules(self) -> tuple[Schedule, ...]:
        """Give the expressions of all schedules."""
        return self._of(Schedule)

    def rules_of_the_account(self) -> tuple[Rule, ...]:
        """Give the rules on the events of AWS itself."""
        return tuple(rule for rule in self._of(Rule) if rule.bus is None)

    def environment(self, function: Function) -> Mapping[str, str]:
        """Give the variables of a function."""
        return {name: self.text(value) for name, value in function.environment}

    def sources(self, function: Function) -> tuple[Source, ...]:
        """Give the queues that start a function."""
        return tuple(
            Source(
                edge=source.edge,
                url=self.queues[source.edge],
                arn=self.text(source.queue),
                function=physical_name(function),
                visibility=function.timeout,
                batch_size=source.batch_size,
                concurrency=source.concurrency,
            )
            for source in function.sources
        )

    def text(self, value: str) -> str:
        """Give a text with its references replaced."""
        return _VARIABLE.sub(lambda found: self._values[found[1]], value) if isinstance(value, Sub) else value

    def url_of(self, arn: str) -> str:
        """Give the URL of a queue by its ARN."""
        return next(self._values[name.removesuffix(".Arn")] for name, value in self._values.items() if value == arn)

    def url(self, queue_id: str) -> str:
        """Give the URL of a queue by its logical id."""
        return self._values[queue_id]

    def _of(self, kind: type[R]) -> tuple[R, ...]:
        return tuple(resource for resource in self._resources if isinstance(resource, kind))

    def _create_stores(self) -> None:
        """Create table and bus, whether the plan has them or not: a test looks at them and emits from outside."""
        keys = ((PARTITION_KEY, "HASH"), (SORT_KEY, "RANGE"))
        self._dynamodb.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in keys],
        )
        arn = self._events.create_event_bus(Name=PREFIX)["EventBusArn"]
        self._values |= {TABLE: TABLE, BUS: PREFIX, f"{BUS}.Arn": arn}

    def _create_dead_letters(self, letters: DeadLetterQueue) -> None:
        name = f"{PREFIX}-{letters.id}" + (".fifo" if letters.is_fifo else "")
        attributes = {"MessageRetentionPeriod": str(letters.retention)}
        self.dead_letters[letters.edge] = self._put_queue(letters.id, name, attributes, is_fifo=letters.is_fifo)

    def _create_queue(self, queue: Queue) -> None:
        redrive = {
            "deadLetterTargetArn": self._values[f"{queue.dead_letter}.Arn"],
            "maxReceiveCount": queue.most_receives,
        }
        attributes = {
            "VisibilityTimeout": str(self._visibility_of(queue)),
            "MessageRetentionPeriod": str(queue.retention),
            "RedrivePolicy": json.dumps(redrive),
        }
        name = f"{PREFIX}-{queue.physical_name}"
        self.queues[queue.edge] = self._put_queue(queue.id, name, attributes, is_fifo=queue.is_fifo)

    def _visibility_of(self, queue: Queue) -> int:
        return next(
            function.timeout
            for function in self.functions()
            if any(source.edge == queue.edge for source in function.sources)
        )

    def _put_queue(self, id: str, name: str, attributes: dict[str, str], *, is_fifo: bool) -> str:
        if id in self._values:
            self._sqs.set_queue_attributes(QueueUrl=self._values[id], Attributes=attributes)
            return self._values[id]
        fifo = {"FifoQueue": "true"} if is_fifo else {}
        url: str = self._sqs.create_queue(QueueName=name, Attributes={**attributes, **fifo})["QueueUrl"]
        self._values[id] = url
        self._values[f"{id}.Arn"] = f"arn:aws:sqs:{regions.NAME}:{DEFAULT_ACCOUNT_ID}:{name}"
        return url

    def _replace_rules(self) -> None:
        rules = {rule.id: rule for rule in self._of(Rule) if rule.bus is not None}
        for id in tuple(self._rules):
            if id not in rules:
                targets = self._events.list_targets_by_rule(Rule=id, EventBusName=self._rules[id])["Targets"]
                bus = self._rules.pop(id)
                self._events.remove_targets(Rule=id, EventBusName=bus, Ids=[target["Id"] for target in targets])
                self._events.delete_rule(Name=id, EventBusName=bus)
        for rule in rules.values():
            self._put_rule(rule)

    def _put_rule(self, rule: Rule) -> None:
        bus = self.text(rule.bus) if rule.bus is not None else "default"
        self._rules[rule.id] = bus
        self._events.put_rule(Name=rule.id, EventBusName=bus, EventPattern=json.dumps(rule.pattern))
        targets = [{"Id": target.id, "Arn": self._values[f"{target.queue}.Arn"]} for target in rule.targets]
        self._events.put_targets(Rule=rule.id, EventBusName=bus, Targets=targets)
