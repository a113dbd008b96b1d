"""Functions with their log groups, and the roles of functions and schedules."""

from typing import assert_never

from purista_serverless.adapters.aws.options import Options
from purista_serverless.adapters.aws.plan.resources import Function, LogGroup, Role, Source, Statement, Sub
from purista_serverless.adapters.aws.render.properties import (
    POLICY_VERSION,
    Properties,
    arn_of,
    named,
    one_or_more,
    ref,
)


def compute(resource: Function | LogGroup | Role, options: Options) -> Properties:
    """Give what stands under the id of a resource."""
    match resource:
        case Function():
            return _function(resource)
        case LogGroup():
            return _log_group(resource, options)
        case Role():
            return _role(resource)
        case _:
            assert_never(resource)


def _function(function: Function) -> Properties:
    properties: Properties = {
        "FunctionName": named(function.physical_name),
        "Description": function.declared.name,
        "Handler": function.handler,
        "Role": arn_of(function.role),
        "Timeout": function.timeout,
        "LoggingConfig": {"LogGroup": ref(function.log_group)},
        "Tags": {"purista:function": function.name},
    }
    if function.memory is not None:
        properties["MemorySize"] = function.memory
    if function.reserved_concurrency is not None:
        properties["ReservedConcurrentExecutions"] = function.reserved_concurrency
    if function.is_recursive:
        properties["RecursiveLoop"] = "Allow"
    # Else a changed timeout or variable makes no version, and what is called by the alias stays as it was.
    properties["AutoPublishAliasAllProperties"] = True
    if function.environment:
        properties["Environment"] = {"Variables": dict(function.environment)}
    if function.sources:
        properties["Events"] = {source.id: _source(source) for source in function.sources}
    return {"Type": "AWS::Serverless::Function", "Properties": properties}


def _source(source: Source) -> Properties:
    properties: Properties = {
        "Queue": source.queue,
        "BatchSize": source.batch_size,
        "FunctionResponseTypes": ("ReportBatchItemFailures",),
    }
    if source.window:
        properties["MaximumBatchingWindowInSeconds"] = source.window
    if source.concurrency is not None:
        properties["ScalingConfig"] = {"MaximumConcurrency": source.concurrency}
    return {"Type": "SQS", "Properties": properties}


def _log_group(group: LogGroup, options: Options) -> Properties:
    name = Sub(f"/aws/lambda/${{Prefix}}-{group.function}")
    return {
        "Type": "AWS::Logs::LogGroup",
        "Properties": {"LogGroupName": name, "RetentionInDays": options.log_retention},
    }


def _role(role: Role) -> Properties:
    statements = tuple(_statement(statement) for statement in role.statements)
    policy = {"Version": POLICY_VERSION, "Statement": statements}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": _TRUST[role.service],
            "Policies": ({"PolicyName": "Edges", "PolicyDocument": policy},),
        },
    }


def _trust(service: str, **condition: Properties) -> Properties:
    principal = {"Service": f"{service}.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **condition}
    return {"Version": POLICY_VERSION, "Statement": (statement,)}


_TRUST = {
    "lambda": _trust("lambda"),
    # Scheduler acts for every account; the condition keeps others from having it act with this role.
    "scheduler": _trust("scheduler", Condition={"StringEquals": {"aws:SourceAccount": Sub("${AWS::AccountId}")}}),
}


def _statement(statement: Statement) -> Properties:
    written: Properties = {
        "Effect": "Allow",
        "Action": one_or_more(statement.actions),
        "Resource": one_or_more(statement.resources),
    }
    if statement.condition is not None:
        operator, key, values = statement.condition
        written["Condition"] = {operator: {key: one_or_more(values)}}
    return written
