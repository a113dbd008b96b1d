"""Small templates to compare, and what is told of them."""

import json
from copy import deepcopy
from typing import Any

from purista_serverless.adapters.aws.compare.differ import differ
from purista_serverless.synth.changes import Change

FILE = "template.yaml"

QUEUE = {
    "Type": "AWS::SQS::Queue",
    "Properties": {
        "QueueName": "orders",
        "VisibilityTimeout": 120,
        "MessageRetentionPeriod": 345_600,
        "RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]}, "maxReceiveCount": 30},
    },
}
TABLE = {
    "Type": "AWS::DynamoDB::Table",
    "DeletionPolicy": "Retain",
    "UpdateReplacePolicy": "Retain",
    "Properties": {"KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]},
}
SEND = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": {"Fn::GetAtt": ["Queue", "Arn"]}}
ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {"Policies": [{"PolicyName": "edges", "PolicyDocument": {"Statement": [SEND]}}]},
}
SCHEDULE = {
    "Type": "AWS::Scheduler::Schedule",
    "Properties": {
        "ScheduleExpression": "rate(1 day)",
        "Target": {
            "Arn": {"Fn::GetAtt": ["Queue", "Arn"]},
            "RetryPolicy": {"MaximumRetryAttempts": 100},
            "DeadLetterConfig": {"Arn": {"Fn::GetAtt": ["Dead", "Arn"]}},
        },
    },
}
FUNCTION = {
    "Type": "AWS::Serverless::Function",
    "Properties": {
        "Handler": "handlers.work.handler",
        "Timeout": 60,
        "Events": {
            "Jobs": {
                "Type": "SQS",
                "Properties": {
                    "Queue": {"Fn::GetAtt": ["Queue", "Arn"]},
                    "FunctionResponseTypes": ["ReportBatchItemFailures"],
                },
            }
        },
    },
}
SHOP: dict[str, Any] = {"Queue": QUEUE, "Table": TABLE, "Role": ROLE, "Schedule": SCHEDULE, "Function": FUNCTION}


def template(resources: dict[str, Any], **others: Any) -> str:
    """Write a template; JSON is YAML."""
    return json.dumps({**others, "Resources": resources})


def changed(path: str, value: Any, resources: dict[str, Any] = SHOP) -> dict[str, Any]:
    """Give the resources with one value changed; ``None`` takes it away. Parts of the path are split by slashes."""
    copy = deepcopy(resources)
    *parts, last = path.split("/")
    node: Any = copy
    for part in parts:
        node = node[int(part)] if isinstance(node, list) else node.setdefault(part, {})
    if value is None:
        del node[last]
    else:
        node[int(last) if isinstance(node, list) else last] = value
    return copy


def compare(old: dict[str, Any], new: dict[str, Any]) -> tuple[Change, ...]:
    """Compare two templates of one file."""
    return differ({FILE: template(old)}, {FILE: template(new)})


def risks(changes: tuple[Change, ...]) -> list[str]:
    """Give the risks of changes, sorted."""
    return sorted({danger.risk for change in changes for danger in change.dangers})
