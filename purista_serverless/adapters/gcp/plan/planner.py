"""The plan of a whole deployment: from a topology to typed resources."""

from collections.abc import Iterator
from operator import attrgetter

from purista_serverless.adapter import Adapter
from purista_serverless.adapters.gcp.options import LONGEST_PREFIX, options_of
from purista_serverless.adapters.gcp.plan.access import route_of
from purista_serverless.adapters.gcp.plan.draft import Draft, draft_of
from purista_serverless.adapters.gcp.plan.functions import function_of
from purista_serverless.adapters.gcp.plan.grants import grants_of, shared_grants
from purista_serverless.adapters.gcp.plan.messages import messages_of, shared_topics
from purista_serverless.adapters.gcp.plan.names import prefix_of
from purista_serverless.adapters.gcp.plan.places import DATABASE
from purista_serverless.adapters.gcp.plan.resources import (
    Declared,
    Deployment,
    Function,
    Job,
    Output,
    Resource,
    Sub,
    Topic,
    Variable,
    WorkerPool,
)
from purista_serverless.adapters.gcp.plan.schedules import jobs_of
from purista_serverless.adapters.gcp.plan.shared import apis_of, push_account, shared_resources
from purista_serverless.model import Application
from purista_serverless.naming import shorten, slug
from purista_serverless.synth.handlers import handler_paths
from purista_serverless.topology import ScheduleEdge, Topology

_LABEL = "purista-application"
_LONGEST_LABEL = 63


def plan(topology: Topology, application: Application, adapter: Adapter) -> Deployment:
    """Plan the resources of an application.

    Args:
        topology: Its functions and edges, without what the provider carries by itself.
        application: The compiled application.
        adapter: The adapter, configured or not.
    """
    options = options_of(adapter)
    draft = draft_of(topology, application, options)
    jobs = tuple(sorted(_jobs(draft), key=attrgetter("id")))
    resources = [*_resources(draft), *(() if options.schedules_apart else jobs)]
    resources += push_account(resources)
    resources += shared_grants(list(resources))
    resources += apis_of([*resources, *jobs])
    return Deployment(
        application=application.name,
        declared=Declared(name=application.name, origin=application.origin),
        labels=tuple(sorted({**options.labels, _LABEL: _label(application.name)}.items())),
        variables=tuple(sorted(_variables(draft, resources), key=attrgetter("name"))),
        resources=tuple(sorted({one.id: one for one in resources}.values(), key=attrgetter("id"))),
        outputs=tuple(sorted(_outputs(draft, resources), key=attrgetter("name"))),
        apart=jobs if options.schedules_apart else (),
        options=options,
        authorizer=draft.authorizer,
        has_authenticate=application.authenticate is not None,
        has_cors=application.cors is not None,
    )


def _label(application: str) -> str:
    return shorten(slug(application), _LONGEST_LABEL)


def _jobs(draft: Draft) -> Iterator[Job]:
    for edge in draft.topology.edges:
        if isinstance(edge, ScheduleEdge):
            yield from jobs_of(edge, draft)


def _resources(draft: Draft) -> Iterator[Resource]:
    yield from shared_topics(draft)
    yield from shared_resources(draft)
    paths = handler_paths(draft.topology)
    for function in draft.topology.functions:
        yield from function_of(function, paths[function.name], draft)
        yield from grants_of(function, draft)
    for edge in draft.topology.edges:
        yield from messages_of(edge, draft)


def _variables(draft: Draft, resources: list[Resource]) -> Iterator[Variable]:
    options = draft.options
    yield Variable(name="project", description="Id of the project.")
    yield Variable(name="region", description="Region of everything.", default=options.region)
    yield Variable(
        name="prefix",
        description="What every name begins with; two deployments in a project differ in it.",
        default=prefix_of(draft.application.name, options),
        pattern=f"^[a-z]([a-z0-9-]{{0,{LONGEST_PREFIX - 2}}}[a-z0-9])?$",
    )
    if any(isinstance(resource, WorkerPool) for resource in resources):
        yield Variable(name="image", description="Image with the application and its dependencies, for worker pools.")
    if options.alerts and draft.topology.edges:
        yield Variable(
            name="notification_channels", description="Full names of the channels that alerts go to.", default=()
        )
    yield from _settings(draft)
    yield from (
        Variable(name=f"command.{address}", description=f"URL of the command {address} of another system.")
        for address in _foreign_commands(draft)
    )


def _settings(draft: Draft) -> Iterator[Variable]:
    defaults = {setting.name: setting.default for setting in draft.application.settings if setting.kind == "config"}
    for name in sorted({name for one in draft.rights.values() for name in one.config}):
        default = None if defaults.get(name) is None else ""
        kept = "" if default is None else " Empty is the default that the application declares."
        yield Variable(name=f"config.{name}", description=f"The setting {name}.{kept}", default=default)


def _foreign_commands(draft: Draft) -> list[str]:
    return sorted(address for address in draft.callers if f"command:{address}" not in draft.rights)


def _outputs(draft: Draft, resources: list[Resource]) -> Iterator[Output]:
    routed = {function.name for function in draft.topology.functions if route_of(function) is not None}
    for resource in resources:
        match resource:
            case Function(function=name) if name in routed:
                id = resource.id.removeprefix("function_")
                yield Output(name=f"url_{id}", value=resource.url, description=f"Where {name} answers.")
            case Topic(kind="event" | "queue"):
                yield Output(name=resource.id, value=resource.path, description=f"Topic of {resource.key}.")
            case _ if resource.id == DATABASE:
                yield Output(
                    name="database", value=Sub("${prefix}-records"), description="The Firestore database of records."
                )
            case _:
                pass
