"""The bus with its rules, and schedules."""

from typing import assert_never

from purista_serverless.adapters.aws.plan.resources import Archive, EventBus, Rule, RuleTarget, Schedule, ScheduleGroup
from purista_serverless.adapters.aws.render.properties import Properties, arn_of, ref

# Amazon EventBridge User Guide, retry policy: the defaults, spelled out.
_MOST_RETRIES = 185
_LONGEST_AGE = 86_400


def events(resource: EventBus | Archive | Rule | Schedule | ScheduleGroup) -> Properties:
    """Give what stands under the id of a resource."""
    match resource:
        case EventBus():
            return {"Type": "AWS::Events::EventBus", "Properties": {"Name": ref("Prefix")}}
        case Archive():
            return _archive(resource)
        case Rule():
            return _rule(resource)
        case Schedule():
            return _schedule(resource)
        case ScheduleGroup():
            return {"Type": "AWS::Scheduler::ScheduleGroup", "Properties": {"Name": ref("Prefix")}}
        case _:
            assert_never(resource)


def _archive(archive: Archive) -> Properties:
    return {
        "Type": "AWS::Events::Archive",
        "Properties": {"SourceArn": arn_of(archive.bus), "RetentionDays": archive.days},
    }


def _rule(rule: Rule) -> Properties:
    bus = {} if rule.bus is None else {"EventBusName": rule.bus}
    return {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "Description": rule.description,
            **bus,
            "EventPattern": rule.pattern,
            "Targets": tuple(_target(target) for target in rule.targets),
        },
    }


def _target(target: RuleTarget) -> Properties:
    fixed = {} if target.input is None else {"Input": target.input}
    return {
        "Id": target.id,
        "Arn": arn_of(target.queue),
        **fixed,
        "DeadLetterConfig": {"Arn": arn_of(target.dead_letter)},
        "RetryPolicy": {"MaximumRetryAttempts": _MOST_RETRIES, "MaximumEventAgeInSeconds": _LONGEST_AGE},
    }


def _schedule(schedule: Schedule) -> Properties:
    target: Properties = {
        "Arn": schedule.target,
        "RoleArn": arn_of(schedule.role),
        "Input": schedule.input,
        "DeadLetterConfig": {"Arn": arn_of(schedule.dead_letter)},
        "RetryPolicy": {"MaximumRetryAttempts": _MOST_RETRIES, "MaximumEventAgeInSeconds": schedule.longest_age},
    }
    if schedule.put_events is not None:
        detail_type, source = schedule.put_events
        target["EventBridgeParameters"] = {"DetailType": detail_type, "Source": source}
    return {
        "Type": "AWS::Scheduler::Schedule",
        "Properties": {
            "Description": schedule.description,
            "GroupName": schedule.group,
            "ScheduleExpression": schedule.expression,
            "ScheduleExpressionTimezone": schedule.timezone,
            "State": "ENABLED" if schedule.is_enabled else "DISABLED",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": target,
        },
    }
