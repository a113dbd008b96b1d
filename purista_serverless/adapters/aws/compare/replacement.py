"""What CloudFormation makes anew instead of changing it, and what is lost with it.

Source: AWS CloudFormation template reference, "Update requires: Replacement"; the same as ``createOnlyProperties`` of
the registry's schemas, which a test compares.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from purista_serverless.adapters.aws.compare.template import Resource, canonical, flattened, text_of
from purista_serverless.synth.changes import Danger

CREATE_ONLY: dict[str, tuple[str, ...]] = {
    "AWS::ApiGatewayV2::Api": ("ProtocolType",),
    "AWS::ApiGatewayV2::Authorizer": ("ApiId",),
    "AWS::ApiGatewayV2::Route": ("ApiId",),
    "AWS::ApiGatewayV2::Stage": ("ApiId", "StageName"),
    "AWS::CloudWatch::Alarm": ("AlarmName",),
    "AWS::DynamoDB::Table": ("ImportSourceSpecification", "KeySchema", "TableName"),
    "AWS::Events::Archive": ("ArchiveName", "SourceArn"),
    "AWS::Events::EventBus": ("Name",),
    "AWS::Events::Rule": ("EventBusName", "Name"),
    "AWS::IAM::ManagedPolicy": ("Description", "ManagedPolicyName", "Path"),
    "AWS::IAM::Role": ("Path", "RoleName"),
    "AWS::Lambda::Alias": ("FunctionName", "Name"),
    "AWS::Lambda::EventInvokeConfig": ("FunctionName", "Qualifier"),
    "AWS::Lambda::EventSourceMapping": (
        "EventSourceArn",
        "SelfManagedEventSource",
        "StartingPosition",
        "StartingPositionTimestamp",
    ),
    "AWS::Lambda::Function": ("DurableConfig", "FunctionName", "PackageType", "TenancyConfig"),
    "AWS::Lambda::Url": ("Qualifier", "TargetFunctionArn"),
    "AWS::Logs::LogGroup": ("LogGroupName",),
    "AWS::S3::Bucket": ("BucketName", "BucketNamePrefix", "BucketNamespace"),
    "AWS::SNS::Topic": ("FifoTopic", "TopicName"),
    "AWS::SQS::Queue": ("FifoQueue", "QueueName"),
    "AWS::Scheduler::Schedule": ("Name",),
    "AWS::Scheduler::ScheduleGroup": ("Name",),
}

# What SAM passes on as it is, to the type that it makes.
_SAM = {"AWS::Serverless::Function": "AWS::Lambda::Function"}

CONTENTS = {
    "AWS::DynamoDB::Table": "its records",
    "AWS::Events::Archive": "its archived events",
    "AWS::Logs::LogGroup": "its logs",
    "AWS::S3::Bucket": "its objects",
    "AWS::SQS::Queue": "the messages in it",
}


# How many days something is kept, by type and path; no figure and 0 are for ever.
_DAYS = (
    ("AWS::Events::Archive", r"RetentionDays"),
    ("AWS::Logs::LogGroup", r"RetentionInDays"),
    ("AWS::S3::Bucket", r"LifecycleConfiguration\.Rules\[.*\]\.(Noncurrent)?(Version)?ExpirationInDays"),
)
_BACKUPS = "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled"


def dangers_of_replacing(old: Resource, new: Resource) -> tuple[Danger, ...]:
    """Say what is lost when a resource takes the place of another one with its logical id."""
    reasons = tuple(_reasons(old, new))
    if not reasons:
        return ()
    replaces = Danger(risk="replaces-resource", why="; ".join(reasons))
    return (replaces, *_lost(old, is_kept=old.kept_when_replaced))


def dangers_of_removing(old: Resource) -> tuple[Danger, ...]:
    """Say what is lost with a resource."""
    return tuple(_lost(old, is_kept=old.kept_when_removed))


def dangers_of_moving(old: Resource) -> tuple[Danger, ...]:
    """Say what is lost when a resource goes to another stack: it is deleted here and made there."""
    replaces = Danger(risk="replaces-resource", why="a stack cannot take over a resource of another one")
    return (replaces, *_lost(old, is_kept=old.kept_when_removed))


def dangers_of_keeping_less(old: Resource, new: Resource) -> tuple[Danger, ...]:
    """Say what would be lost later, since a policy that kept it has gone."""
    if new.type not in CONTENTS:
        return ()
    policies = (
        ("DeletionPolicy", old.kept_when_removed and not new.kept_when_removed),
        ("UpdateReplacePolicy", old.kept_when_replaced and not new.kept_when_replaced),
    )
    return tuple(
        Danger(risk="loses-data", why=f"{policy} keeps {CONTENTS[new.type]} no more")
        for policy, is_gone in policies
        if is_gone
    )


def dangers_of_keeping_shorter(old: Resource, new: Resource) -> tuple[Danger, ...]:
    """Say what is kept for fewer days, or without backups, than before."""
    before, after = flattened(old.properties), flattened(new.properties)
    reasons = [
        f"{path} goes down from {text_of(before.get(path) or 'for ever')} to {after[path]}"
        for kind, pattern in _DAYS
        for path in sorted(after)
        if new.type == kind and re.fullmatch(pattern, path) and _is_shorter(before.get(path), after[path])
    ]
    if before.get(_BACKUPS) is True and after.get(_BACKUPS) is not True:
        reasons.append("the table can no longer be restored to an earlier time")
    return tuple(Danger(risk="loses-data", why=reason) for reason in reasons)


def _is_shorter(was: Any, now: Any) -> bool:
    return isinstance(now, int) and now > 0 and (not was or (isinstance(was, int) and now < was))


def _reasons(old: Resource, new: Resource) -> Iterator[str]:
    if old.type != new.type:
        yield f"it was {old.type}"
        return
    for name in CREATE_ONLY.get(_SAM.get(new.type, new.type), ()):
        if _set(old.properties, name) != _set(new.properties, name):
            yield f"{name} cannot be changed"


def _set(properties: Mapping[str, Any], name: str) -> str:
    # Switched off is what an absent switch is.
    return canonical(properties.get(name) or None)


def _lost(old: Resource, *, is_kept: bool) -> Iterator[Danger]:
    if old.type in CONTENTS and not is_kept:
        yield Danger(risk="loses-data", why=f"{CONTENTS[old.type]} are deleted")
