"""Queues, buses, rules and schedules."""

import json
from collections.abc import Mapping
from typing import Any

from purista_serverless.adapters.aws.emulator.resource import Kind, Resource, Site, StoredSchedule
from purista_serverless.errors import DeclarationError

_FIFO = ".fifo"

_QUEUE_ATTRIBUTES = frozenset(
    {
        "ContentBasedDeduplication",
        "DeduplicationScope",
        "DelaySeconds",
        "FifoQueue",
        "FifoThroughputLimit",
        "MaximumMessageSize",
        "MessageRetentionPeriod",
        "ReceiveMessageWaitTimeSeconds",
        "RedriveAllowPolicy",
        "RedrivePolicy",
        "VisibilityTimeout",
    }
)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def create_queue(site: Site, logical_id: str, properties: Mapping[str, Any]) -> Resource:
    """Make a queue."""
    sqs = site.cloud.client("sqs")
    is_fifo = _text(properties.get("FifoQueue", False)) == "true"
    name = properties.get("QueueName") or site.name_of(logical_id, 80 - len(_FIFO)) + (_FIFO if is_fifo else "")
    attributes = {key: _text(value) for key, value in properties.items() if key in _QUEUE_ATTRIBUTES}
    if not is_fifo:
        attributes.pop("FifoQueue", None)
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return Resource(ref=url, attributes={"Arn": site.arn("sqs", name), "QueueName": name, "QueueUrl": url})


def create_queue_policy(site: Site, logical_id: str, properties: Mapping[str, Any]) -> Resource:
    """Store a policy with its queues."""
    policy = _text(properties["PolicyDocument"])
    for url in properties["Queues"]:
        site.cloud.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    return Resource(ref=site.name_of(logical_id), attributes={"Id": logical_id})


def create_bus(site: Site, logical_id: str, properties: Mapping[str, Any]) -> Resource:
    """Make an event bus."""
    name = properties.get("Name") or site.name_of(logical_id)
    arn = site.cloud.client("events").create_event_bus(Name=name)["EventBusArn"]
    return Resource(ref=name, attributes={"Arn": arn, "Name": name})


def create_rule(site: Site, logical_id: str, properties: Mapping[str, Any]) -> Resource:
    """Make a rule with its targets, which have to be queues."""
    events = site.cloud.client("events")
    name, bus = properties.get("Name") or site.name_of(logical_id), properties.get("EventBusName", "default")
    rule = {"Name": name, "EventBusName": bus, "State": properties.get("State", "ENABLED")}
    arn = events.put_rule(**rule, EventPattern=json.dumps(properties["EventPattern"]))["RuleArn"]
    targets = [_checked_target(logical_id, target) for target in properties.get("Targets", ())]
    # moto delivers to the targets of a disabled rule as well.
    if targets and rule["State"] == "ENABLED":
        answer = events.put_targets(Rule=name, EventBusName=bus, Targets=targets)
        if answer["FailedEntryCount"]:
            raise DeclarationError(f"targets of rule {logical_id} are refused: {answer['FailedEntries']}")
    return Resource(ref=name, attributes={"Arn": arn})


def _checked_target(logical_id: str, target: Mapping[str, Any]) -> Mapping[str, Any]:
    if "InputPath" in target:
        raise DeclarationError(f"rule {logical_id}: the emulator knows no InputPath; give targets the whole event")
    if not str(target["Arn"]).startswith("arn:aws:sqs:"):
        raise DeclarationError(f"rule {logical_id}: {target['Arn']} is no queue; the emulator's rules know only queues")
    if "Input" not in target:
        return target
    # moto does not look at a constant input, but at a template, and this one has no variables.
    others = {name: value for name, value in target.items() if name != "Input"}
    return {**others, "InputTransformer": {"InputPathsMap": {}, "InputTemplate": target["Input"]}}


def create_archive(site: Site, logical_id: str, properties: Mapping[str, Any]) -> Resource:
    """Make an archive of a bus."""
    name = properties.get("ArchiveName") or site.name_of(logical_id, 48)
    options = {"EventSourceArn": properties["SourceArn"], "RetentionDays": int(properties.get("RetentionDays", 0))}
    if "EventPattern" in properties:
        options["EventPattern"] = json.dumps(properties["EventPattern"])
    arn = site.cloud.client("events").create_archive(ArchiveName=name, **options)["ArchiveArn"]
    return Resource(ref=name, attributes={"Arn": arn})


def create_schedule_group(site: Site, logical_id: str, properties: Mapping[str, Any]) -> Resource:
    """Make a group of schedules."""
    name = properties.get("Name") or site.name_of(logical_id)
    arn = site.cloud.client("scheduler").create_schedule_group(Name=name)["ScheduleGroupArn"]
    return Resource(ref=name, attributes={"Arn": arn})


def create_schedule(site: Site, logical_id: str, properties: Mapping[str, Any]) -> Resource:
    """Store a schedule; the emulator's own scheduler fires it."""
    name = properties.get("Name") or site.name_of(logical_id)
    options = {key: value for key, value in properties.items() if key not in {"Name", "KmsKeyArn"}}
    arn = site.cloud.client("scheduler").create_schedule(Name=name, **options)["ScheduleArn"]
    part = StoredSchedule(name=name, group=properties.get("GroupName", "default"))
    return Resource(ref=name, attributes={"Arn": arn}, part=part)


def create_topic(site: Site, logical_id: str, properties: Mapping[str, Any]) -> Resource:
    """Make a topic, for alarms; nobody is subscribed."""
    name = properties.get("TopicName") or site.name_of(logical_id, 256)
    arn = site.cloud.client("sns").create_topic(Name=name)["TopicArn"]
    return Resource(ref=arn, attributes={"TopicArn": arn, "TopicName": name})


KINDS: Mapping[str, Kind] = {
    "AWS::Events::Archive": Kind(
        create=create_archive,
        used=frozenset({"ArchiveName", "EventPattern", "RetentionDays", "SourceArn"}),
        inert=frozenset({"Description", "KmsKeyIdentifier"}),
    ),
    "AWS::Events::EventBus": Kind(
        create=create_bus,
        used=frozenset({"Name"}),
        inert=frozenset({"DeadLetterConfig", "Description", "KmsKeyIdentifier", "LogConfig", "Policy", "Tags"}),
    ),
    "AWS::Events::Rule": Kind(
        create=create_rule,
        used=frozenset({"EventBusName", "EventPattern", "Name", "State", "Targets"}),
        inert=frozenset({"Description", "Tags"}),
    ),
    "AWS::SNS::Topic": Kind(
        create=create_topic,
        used=frozenset({"TopicName"}),
        inert=frozenset({"DisplayName", "KmsMasterKeyId", "Subscription", "Tags"}),
    ),
    "AWS::SQS::Queue": Kind(
        create=create_queue,
        used=_QUEUE_ATTRIBUTES | {"QueueName"},
        inert=frozenset({"KmsDataKeyReusePeriodSeconds", "KmsMasterKeyId", "SqsManagedSseEnabled", "Tags"}),
    ),
    "AWS::SQS::QueuePolicy": Kind(create=create_queue_policy, used=frozenset({"PolicyDocument", "Queues"})),
    "AWS::Scheduler::Schedule": Kind(
        create=create_schedule,
        used=frozenset(
            {
                "ActionAfterCompletion",
                "Description",
                "EndDate",
                "FlexibleTimeWindow",
                "GroupName",
                "Name",
                "ScheduleExpression",
                "ScheduleExpressionTimezone",
                "StartDate",
                "State",
                "Target",
            }
        ),
        inert=frozenset({"KmsKeyArn"}),
    ),
    "AWS::Scheduler::ScheduleGroup": Kind(
        create=create_schedule_group, used=frozenset({"Name"}), inert=frozenset({"Tags"})
    ),
}
