"""Templates: the resources of each stack with its parameters and outputs."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter

from purista_serverless.adapters.aws.options import Options
from purista_serverless.adapters.aws.plan.draft import Draft
from purista_serverless.adapters.aws.plan.http import Authorization
from purista_serverless.adapters.aws.plan.layout import ROOT, path_of
from purista_serverless.adapters.aws.plan.names import LONGEST_PREFIX, prefix_of
from purista_serverless.adapters.aws.plan.places import API, AUTHORIZER, BUS, CLAIM_CHECK, LEDGER, SCHEDULES, Places
from purista_serverless.adapters.aws.plan.resources import (
    Alarm,
    Authorizer,
    Bucket,
    DeadLetterQueue,
    Declared,
    EventBus,
    Function,
    HttpApi,
    NestedStack,
    Output,
    Parameter,
    Queue,
    Resource,
    Role,
    Route,
    Rule,
    Schedule,
    ScheduleGroup,
    Stack,
    Sub,
    Table,
    Text,
)
from purista_serverless.naming import slug
from purista_serverless.synth.names import camel


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """All that is deployed.

    Attributes:
        application: Name of the application.
        declared: The application itself.
        options: How it is deployed.
        authorization: Who knows the callers of private routes.
        is_authenticated: Whether somebody does, be it the application itself.
        stacks: The root first, then the others, sorted by name.
        apart: Schedules that no stack holds, sorted by id; the role of each is in the stack that would hold it.
    """

    application: str
    declared: Declared
    options: Options
    authorization: Authorization
    is_authenticated: bool
    stacks: tuple[Stack, ...]
    apart: tuple[Schedule, ...] = ()

    @property
    def stack_name(self) -> str:
        """Give the name that the stack is deployed under unless whoever deploys says otherwise."""
        return self.options.stack_name or slug(self.application)


def deployment_of(
    draft: Draft, places: Places, resources: Mapping[str, Iterable[Resource]], apart: tuple[Schedule, ...] = ()
) -> Deployment:
    """Give the stacks of resources; the root deploys the others, and gives them what they share."""
    name, known = draft.application.name, _known(draft, places)
    nested = tuple(
        _stack(stack, found, known, f"{name}: {stack}") for stack, found in sorted(resources.items()) if stack != ROOT
    )
    links = tuple(
        NestedStack(
            id=f"{camel(stack.name)}Stack",
            location=stack.path,
            parameters=tuple((parameter.name, _given(parameter.name)) for parameter in stack.parameters),
        )
        for stack in nested
    )
    root = _stack(ROOT, (*resources[ROOT], *links), known, name)
    return Deployment(
        application=name,
        declared=Declared(name=name, origin=draft.application.origin),
        options=draft.options,
        authorization=draft.authorization,
        is_authenticated=draft.authorization != "NONE" or draft.application.authenticate is not None,
        stacks=(root, *nested),
        apart=apart,
    )


def _given(parameter: str) -> Text:
    """Give what the root passes on as a parameter of a nested stack: its own, or what it made."""
    if parameter in {BUS, LEDGER, CLAIM_CHECK, SCHEDULES, API, AUTHORIZER}:
        return Sub(f"${{{parameter}}}")
    made = parameter.removesuffix("Arn")
    return Sub(f"${{{made}.Arn}}" if made in {BUS, LEDGER} and made != parameter else f"${{{parameter}}}")


def _stack(name: str, resources: Iterable[Resource], known: Mapping[str, Parameter], description: str) -> Stack:
    found = tuple(sorted(resources, key=attrgetter("id")))
    used = _used(found, known) - {resource.id for resource in found}
    return Stack(
        name=name,
        path=path_of(name),
        description=description,
        parameters=tuple(known[name] for name in known if name in used),
        resources=found,
        outputs=tuple(_outputs(found)),
    )


def _known(draft: Draft, places: Places) -> dict[str, Parameter]:
    """Give every parameter that a stack could have, in the order in which they are shown."""
    return {parameter.name: parameter for parameter in (*_figures(draft), *_others(places), *_shared())}


def _figures(draft: Draft) -> Iterator[Parameter]:
    yield Parameter(
        name="Prefix",
        description="Begins the names of functions, queues and the bus; another one for each deployment in an account.",
        default=prefix_of(draft.application.name),
        pattern="[A-Za-z][A-Za-z0-9-]*",
        longest=LONGEST_PREFIX,
    )
    yield Parameter(
        name="Architecture",
        description="Processor of the functions.",
        default=draft.options.architecture,
        allowed=("arm64", "x86_64"),
    )
    yield Parameter(
        name="VisibilityTimeout",
        description="Seconds that a received message is hidden; 0 is what the timeout of each function needs.",
        type="Number",
        default=0,
    )
    yield Parameter(
        name="AlarmTopic",
        description="ARN of the SNS topic that is told of dead letters; empty tells nobody.",
        default="",
    )


def _others(places: Places) -> Iterator[Parameter]:
    yield Parameter(name="JwtIssuer", description="Issuer of the tokens that private routes ask for.")
    yield Parameter(name="JwtAudience", description="Audience of these tokens.")
    for target, name in sorted(places.external.items()):
        yield Parameter(name=f"{name}Arn", description=f"ARN of {target}, which belongs to another system.")
        yield Parameter(name=f"{name}Url", description=f"URL of {target}, which belongs to another system.")


def _shared() -> Iterator[Parameter]:
    """Give what nested stacks are given by the root."""
    yield Parameter(name=BUS, description="Name of the event bus.")
    yield Parameter(name=f"{BUS}Arn", description="ARN of the event bus.")
    yield Parameter(name=LEDGER, description="Name of the table of records.")
    yield Parameter(name=f"{LEDGER}Arn", description="ARN of the table of records.")
    yield Parameter(name=CLAIM_CHECK, description="Name of the bucket of large bodies.")
    yield Parameter(name=SCHEDULES, description="Name of the group of schedules.")
    yield Parameter(name=API, description="Id of the HTTP API.")
    yield Parameter(name=AUTHORIZER, description="Id of the authoriser of private routes.")


# What the rendered form of a resource refers to besides what its texts name.
_IMPLIED: Mapping[type, tuple[str, ...]] = {
    Function: ("Architecture", "Prefix"),
    Queue: ("VisibilityTimeout", "Prefix"),
    Alarm: ("AlarmTopic",),
    EventBus: ("Prefix",),
    HttpApi: ("Prefix",),
    ScheduleGroup: ("Prefix",),
    Authorizer: ("JwtIssuer", "JwtAudience"),
}


def _used(resources: Iterable[Resource], known: Iterable[str]) -> set[str]:
    """Give the parameters that resources refer to."""
    found = tuple(resources)
    text = "".join(text for resource in found for text in _texts(resource) if isinstance(text, Sub))
    implied = {name for kind in {type(resource) for resource in found} for name in _IMPLIED.get(kind, ())}
    return implied | {name for name in known if f"${{{name}}}" in text}


def _texts(resource: Resource) -> Iterator[Text]:
    match resource:
        case Function(environment=environment, sources=sources):
            yield from (value for _name, value in environment)
            yield from (source.queue for source in sources)
        case Role(statements=statements):
            yield from (text for statement in statements for text in statement.resources)
        case Rule(bus=bus):
            if bus is not None:
                yield bus
        case Schedule(target=target, group=group):
            yield from (target, group)
        case Route(api=api, authorizer=authorizer):
            yield from (api,) if authorizer is None else (api, authorizer)
        case Authorizer(api=api):
            yield api
        case NestedStack(parameters=parameters):
            yield from (value for _name, value in parameters)
        case _:
            pass


def _outputs(resources: Iterable[Resource]) -> Iterator[Output]:
    for resource in resources:
        value = Sub(f"${{{resource.id}}}")
        match resource:
            case Queue(edge=edge):
                yield Output(name=resource.id, value=value, description=edge)
            case DeadLetterQueue(edge=edge):
                yield Output(name=resource.id, value=value, description=f"dead letter of {edge}")
            case EventBus():
                yield Output(name=resource.id, value=value, description="Name of the event bus")
            case Table():
                yield Output(name=resource.id, value=value, description="Name of the table of records")
            case Bucket():
                yield Output(name=resource.id, value=value, description="Name of the bucket of large bodies")
            case HttpApi():
                url = Sub(f"https://${{{API}}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}")
                yield Output(name=resource.id, value=url, description="URL of the HTTP API")
            case _:
                pass
