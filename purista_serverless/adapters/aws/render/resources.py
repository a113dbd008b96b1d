"""The properties of each resource, as CloudFormation and SAM spell them."""

import re
from typing import Any

from purista_serverless.adapters.aws.constants import EXPIRES, PARTITION_KEY, SORT_KEY
from purista_serverless.adapters.aws.options import Options
from purista_serverless.adapters.aws.plan.resources import (
    Alarm,
    Archive,
    Authorizer,
    Bucket,
    DeadLetterQueue,
    EventBus,
    Function,
    HttpApi,
    LogGroup,
    NestedStack,
    Queue,
    QueuePolicy,
    Resource,
    Role,
    Route,
    Rule,
    RuleTarget,
    Schedule,
    ScheduleGroup,
    Source,
    Statement,
    Sub,
    Table,
)
from purista_serverless.adapters.aws.render.yaml import Call

OVERRIDDEN = "VisibilityOverridden"
ALARMED = "SomebodyIsTold"

# What is lost with them cannot be made again; a deployment that fails at once leaves nothing behind.
_KEPT = {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}

# Amazon EventBridge User Guide, retry policy: the defaults, spelled out.
_RETRIES = {"MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 86_400}
_VERSION = "2012-10-17"
_PLACEHOLDER = re.compile(r"\{[^/}]*\}")

Rendered = dict[str, dict[str, Any]]


def _ref(id: str) -> Sub:
    return Sub(f"${{{id}}}")


def _arn(id: str) -> Sub:
    return Sub(f"${{{id}.Arn}}")


def _named(physical_name: str) -> Sub:
    return Sub(f"${{Prefix}}-{physical_name}")


def rendered(resource: Resource, options: Options) -> Rendered:
    """Give what stands under ``Resources`` for a resource, by logical id."""
    match resource:
        case Function():
            return {resource.id: _function(resource)}
        case LogGroup():
            return {resource.id: _log_group(resource, options)}
        case Role():
            return {resource.id: _role(resource)}
        case Queue():
            return {resource.id: _queue(resource)}
        case DeadLetterQueue():
            return {resource.id: _dead_letter(resource)}
        case QueuePolicy():
            return {resource.id: _queue_policy(resource)}
        case Alarm():
            return {resource.id: _alarm(resource)}
        case Rule():
            return {resource.id: _rule(resource)}
        case Schedule():
            return {resource.id: _schedule(resource)}
        case ScheduleGroup():
            return {resource.id: {"Type": "AWS::Scheduler::ScheduleGroup", "Properties": {"Name": _ref("Prefix")}}}
        case EventBus():
            return {resource.id: {"Type": "AWS::Events::EventBus", "Properties": {"Name": _ref("Prefix")}}}
        case Archive():
            return {resource.id: _archive(resource)}
        case Table():
            return {resource.id: _table()}
        case Bucket():
            return {resource.id: _bucket(resource)}
        case HttpApi():
            return _api(resource)
        case Authorizer():
            return {resource.id: _authorizer(resource)}
        case Route():
            return _route(resource)
        case NestedStack():
            return {resource.id: _nested(resource)}


def _function(function: Function) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "FunctionName": _named(function.physical_name),
        "Description": function.declared.name,
        "Handler": function.handler,
        "Role": _arn(function.role),
        "Timeout": function.timeout,
        "LoggingConfig": {"LogGroup": _ref(function.log_group)},
        "Tags": {"purista:function": function.name},
    }
    if function.memory is not None:
        properties["MemorySize"] = function.memory
    if function.reserved_concurrency is not None:
        properties["ReservedConcurrentExecutions"] = function.reserved_concurrency
    if function.is_recursive:
        properties["RecursiveLoop"] = "Allow"
    if function.environment:
        properties["Environment"] = {"Variables": dict(function.environment)}
    if function.sources:
        properties["Events"] = {source.id: _source(source) for source in function.sources}
    return {"Type": "AWS::Serverless::Function", "Properties": properties}


def _source(source: Source) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "Queue": source.queue,
        "BatchSize": source.batch_size,
        "FunctionResponseTypes": ("ReportBatchItemFailures",),
    }
    if source.window:
        properties["MaximumBatchingWindowInSeconds"] = source.window
    if source.concurrency is not None:
        properties["ScalingConfig"] = {"MaximumConcurrency": source.concurrency}
    return {"Type": "SQS", "Properties": properties}


def _log_group(group: LogGroup, options: Options) -> dict[str, Any]:
    name = Sub(f"/aws/lambda/${{Prefix}}-{group.function}")
    return {
        "Type": "AWS::Logs::LogGroup",
        "Properties": {"LogGroupName": name, "RetentionInDays": options.log_retention},
    }


def _role(role: Role) -> dict[str, Any]:
    statements = tuple(_statement(statement) for statement in role.statements)
    policy = {"Version": _VERSION, "Statement": statements}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": _TRUST[role.service],
            "Policies": ({"PolicyName": "Edges", "PolicyDocument": policy},),
        },
    }


def _trust(service: str, **condition: Any) -> dict[str, Any]:
    principal = {"Service": f"{service}.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **condition}
    return {"Version": _VERSION, "Statement": (statement,)}


_TRUST = {
    "lambda": _trust("lambda"),
    # Scheduler acts for every account; the condition keeps others from having it act with this role.
    "scheduler": _trust("scheduler", Condition={"StringEquals": {"aws:SourceAccount": Sub("${AWS::AccountId}")}}),
}


def _statement(statement: Statement) -> dict[str, Any]:
    written: dict[str, Any] = {
        "Effect": "Allow",
        "Action": _one_or_more(statement.actions),
        "Resource": _one_or_more(statement.resources),
    }
    if statement.condition is not None:
        operator, key, values = statement.condition
        written["Condition"] = {operator: {key: _one_or_more(values)}}
    return written


def _one_or_more(values: tuple[Any, ...]) -> Any:
    return values[0] if len(values) == 1 else values


def _queue(queue: Queue) -> dict[str, Any]:
    redrive = {"deadLetterTargetArn": _arn(queue.dead_letter), "maxReceiveCount": queue.most_receives}
    return {
        "Type": "AWS::SQS::Queue",
        "Properties": {
            "QueueName": _named(queue.physical_name),
            **(_FIFO if queue.is_fifo else {}),
            "VisibilityTimeout": Call("If", (OVERRIDDEN, _ref("VisibilityTimeout"), queue.visibility)),
            "MessageRetentionPeriod": queue.retention,
            "RedrivePolicy": redrive,
            "SqsManagedSseEnabled": True,
            "Tags": ({"Key": "purista:edge", "Value": queue.edge},),
        },
    }


# An order within each key only, so that keys do not wait for each other.
_FIFO = {"FifoQueue": True, "DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"}


def _dead_letter(queue: DeadLetterQueue) -> dict[str, Any]:
    return {
        "Type": "AWS::SQS::Queue",
        **_KEPT,
        "Properties": {
            **({"FifoQueue": True} if queue.is_fifo else {}),
            "MessageRetentionPeriod": queue.retention,
            "SqsManagedSseEnabled": True,
            "Tags": ({"Key": "purista:dead-letter", "Value": queue.edge},),
        },
    }


def _queue_policy(policy: QueuePolicy) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": _arn(policy.queue),
        "Condition": {"ArnEquals": {"aws:SourceArn": _one_or_more(tuple(_arn(rule) for rule in policy.rules))}},
    }
    document = {"Version": _VERSION, "Statement": (statement,)}
    return {
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {"Queues": (_ref(policy.queue),), "PolicyDocument": document},
    }


def _alarm(alarm: Alarm) -> dict[str, Any]:
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmDescription": alarm.description,
            "Namespace": "AWS/SQS",
            "MetricName": alarm.metric,
            "Dimensions": ({"Name": "QueueName", "Value": _arn_part(alarm.dead_letter, "QueueName")},),
            "Statistic": "Maximum",
            "Period": 300,
            "EvaluationPeriods": 1,
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": alarm.threshold,
            "TreatMissingData": "notBreaching",
            "AlarmActions": Call("If", (ALARMED, (_ref("AlarmTopic"),), _ref("AWS::NoValue"))),
        },
    }


def _arn_part(id: str, attribute: str) -> Sub:
    return Sub(f"${{{id}.{attribute}}}")


def _rule(rule: Rule) -> dict[str, Any]:
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


def _target(target: RuleTarget) -> dict[str, Any]:
    fixed = {} if target.input is None else {"Input": target.input}
    return {
        "Id": target.id,
        "Arn": _arn(target.queue),
        **fixed,
        "DeadLetterConfig": {"Arn": _arn(target.dead_letter)},
        "RetryPolicy": _RETRIES,
    }


def _schedule(schedule: Schedule) -> dict[str, Any]:
    target: dict[str, Any] = {
        "Arn": schedule.target,
        "RoleArn": _arn(schedule.role),
        "Input": schedule.input,
        "DeadLetterConfig": {"Arn": _arn(schedule.dead_letter)},
        "RetryPolicy": {"MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": schedule.longest_age},
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


def _archive(archive: Archive) -> dict[str, Any]:
    return {
        "Type": "AWS::Events::Archive",
        "Properties": {"SourceArn": _arn(archive.bus), "RetentionDays": archive.days},
    }


def _table() -> dict[str, Any]:
    keys = ((PARTITION_KEY, "HASH"), (SORT_KEY, "RANGE"))
    return {
        "Type": "AWS::DynamoDB::Table",
        **_KEPT,
        "Properties": {
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": tuple({"AttributeName": name, "AttributeType": "S"} for name, _ in keys),
            "KeySchema": tuple({"AttributeName": name, "KeyType": kind} for name, kind in keys),
            "TimeToLiveSpecification": {"AttributeName": EXPIRES, "Enabled": True},
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            "SSESpecification": {"SSEEnabled": True},
        },
    }


def _bucket(bucket: Bucket) -> dict[str, Any]:
    expiry = {"Id": "Expire", "Status": "Enabled", "ExpirationInDays": bucket.days}
    encryption = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    closed = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    return {
        "Type": "AWS::S3::Bucket",
        **_KEPT,
        "Properties": {
            "BucketEncryption": {"ServerSideEncryptionConfiguration": (encryption,)},
            "LifecycleConfiguration": {"Rules": (expiry,)},
            "OwnershipControls": {"Rules": ({"ObjectOwnership": "BucketOwnerEnforced"},)},
            "PublicAccessBlockConfiguration": dict.fromkeys(closed, True),
        },
    }


def _api(api: HttpApi) -> Rendered:
    cors = {} if api.cors is None else {"CorsConfiguration": api.cors}
    return {
        api.id: {
            "Type": "AWS::ApiGatewayV2::Api",
            "Properties": {"Name": _ref("Prefix"), "ProtocolType": "HTTP", **cors},
        },
        api.stage: {
            "Type": "AWS::ApiGatewayV2::Stage",
            "Properties": {"ApiId": _ref(api.id), "StageName": "$default", "AutoDeploy": True},
        },
    }


def _authorizer(authorizer: Authorizer) -> dict[str, Any]:
    return {
        "Type": "AWS::ApiGatewayV2::Authorizer",
        "Properties": {
            "ApiId": authorizer.api,
            "Name": "callers",
            "AuthorizerType": "JWT",
            "IdentitySource": ("$request.header.Authorization",),
            "JwtConfiguration": {"Issuer": _ref("JwtIssuer"), "Audience": (_ref("JwtAudience"),)},
        },
    }


def _route(route: Route) -> Rendered:
    alias = _ref(f"{route.function}Alias{route.alias}")
    authorizer = {} if route.authorizer is None else {"AuthorizerId": route.authorizer}
    partition = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}"
    return {
        route.integration: {
            "Type": "AWS::ApiGatewayV2::Integration",
            "Properties": {
                "ApiId": route.api,
                "IntegrationType": "AWS_PROXY",
                "IntegrationUri": alias,
                "PayloadFormatVersion": "2.0",
            },
        },
        route.id: {
            "Type": "AWS::ApiGatewayV2::Route",
            "Properties": {
                "ApiId": route.api,
                "RouteKey": f"{route.method} {route.path}",
                "AuthorizationType": route.authorization,
                **authorizer,
                "Target": Sub(f"integrations/${{{route.integration}}}"),
            },
        },
        route.permission: {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "FunctionName": alias,
                "Action": "lambda:InvokeFunction",
                "Principal": "apigateway.amazonaws.com",
                "SourceArn": Sub(f"{partition}:{route.api}/*/{route.method}{_any_value(route.path)}"),
            },
        },
    }


def _any_value(path: str) -> str:
    """Write a path as an ARN has it, where a parameter may be anything."""
    return _PLACEHOLDER.sub("*", path)


def _nested(stack: NestedStack) -> dict[str, Any]:
    return {
        "Type": "AWS::Serverless::Application",
        "Properties": {"Location": stack.location, "Parameters": dict(stack.parameters)},
    }
