"""Each resource as CloudFormation and SAM spell it."""

from typing import assert_never

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
    Schedule,
    ScheduleGroup,
    Table,
)
from purista_serverless.adapters.aws.render.compute import compute
from purista_serverless.adapters.aws.render.events import events
from purista_serverless.adapters.aws.render.http import http
from purista_serverless.adapters.aws.render.properties import Properties
from purista_serverless.adapters.aws.render.queueing import queueing
from purista_serverless.adapters.aws.render.storage import bucket, table


def rendered(resource: Resource, options: Options) -> dict[str, Properties]:
    """Give what stands under ``Resources`` for a resource, by logical id."""
    match resource:
        case Function() | LogGroup() | Role():
            return {resource.id: compute(resource, options)}
        case Queue() | DeadLetterQueue() | QueuePolicy() | Alarm():
            return {resource.id: queueing(resource)}
        case EventBus() | Archive() | Rule() | Schedule() | ScheduleGroup():
            return {resource.id: events(resource)}
        case HttpApi() | Authorizer() | Route():
            return http(resource)
        case Table():
            return {resource.id: table()}
        case Bucket():
            return {resource.id: bucket(resource)}
        case NestedStack():
            return {resource.id: _nested(resource)}
        case _:
            assert_never(resource)


def _nested(stack: NestedStack) -> Properties:
    return {
        "Type": "AWS::Serverless::Application",
        "Properties": {"Location": stack.location, "Parameters": dict(stack.parameters)},
    }
