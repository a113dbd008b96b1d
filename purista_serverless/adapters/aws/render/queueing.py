"""Queues with their dead letters, who may send to them, and who is told when something ends there."""

from functools import cache
from typing import assert_never

from purista_serverless.adapters.aws.plan.resources import Alarm, DeadLetterQueue, Queue, QueuePolicy, Sub
from purista_serverless.adapters.aws.render.properties import (
    KEPT,
    POLICY_VERSION,
    Properties,
    arn_of,
    named,
    one_or_more,
    ref,
)
from purista_serverless.adapters.aws.render.yaml import Call

# Conditions of the template.
OVERRIDDEN = "VisibilityOverridden"
ALARMED = "SomebodyIsTold"


def queueing(resource: Queue | DeadLetterQueue | QueuePolicy | Alarm) -> Properties:
    """Give what stands under the id of a resource."""
    match resource:
        case Queue():
            return _queue(resource)
        case DeadLetterQueue():
            return _dead_letter(resource)
        case QueuePolicy():
            return _queue_policy(resource)
        case Alarm():
            return _alarm(resource)
        case _:
            assert_never(resource)


def _queue(queue: Queue) -> Properties:
    redrive = {"deadLetterTargetArn": arn_of(queue.dead_letter), "maxReceiveCount": queue.most_receives}
    return {
        "Type": "AWS::SQS::Queue",
        "Properties": {
            "QueueName": named(queue.physical_name),
            **(_FIFO if queue.is_fifo else {}),
            "VisibilityTimeout": _visibility(queue.visibility),
            "MessageRetentionPeriod": queue.retention,
            "RedrivePolicy": redrive,
            "SqsManagedSseEnabled": True,
            "Tags": ({"Key": "purista:edge", "Value": queue.edge},),
        },
    }


@cache
def _visibility(planned: int) -> Call:
    return Call("If", (OVERRIDDEN, ref("VisibilityTimeout"), planned))


# An order within each key only, so that keys do not wait for each other.
_FIFO = {"FifoQueue": True, "DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"}


def _dead_letter(queue: DeadLetterQueue) -> Properties:
    return {
        "Type": "AWS::SQS::Queue",
        **KEPT,
        "Properties": {
            **({"FifoQueue": True} if queue.is_fifo else {}),
            "MessageRetentionPeriod": queue.retention,
            "SqsManagedSseEnabled": True,
            "Tags": ({"Key": "purista:dead-letter", "Value": queue.edge},),
        },
    }


def _queue_policy(policy: QueuePolicy) -> Properties:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn_of(policy.queue),
        "Condition": {"ArnEquals": {"aws:SourceArn": one_or_more(tuple(arn_of(rule) for rule in policy.rules))}},
    }
    document = {"Version": POLICY_VERSION, "Statement": (statement,)}
    return {
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {"Queues": (ref(policy.queue),), "PolicyDocument": document},
    }


# One value for all alarms, so that it is written once.
_TOLD = Call("If", (ALARMED, (ref("AlarmTopic"),), ref("AWS::NoValue")))

# SQS tells no figures of a queue that nobody touches for hours. Letters in it go on growing old.
_MISSING = {"ApproximateNumberOfMessagesVisible": "notBreaching", "ApproximateAgeOfOldestMessage": "ignore"}


def _alarm(alarm: Alarm) -> Properties:
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmDescription": alarm.description,
            "Namespace": "AWS/SQS",
            "MetricName": alarm.metric,
            "Dimensions": ({"Name": "QueueName", "Value": Sub(f"${{{alarm.dead_letter}.QueueName}}")},),
            "Statistic": "Maximum",
            "Period": 300,
            "EvaluationPeriods": 1,
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": alarm.threshold,
            "TreatMissingData": _MISSING[alarm.metric],
            "AlarmActions": _TOLD,
        },
    }
