"""Rules of whole stacks, and of options that contradict each other or the application."""

from collections import Counter
from collections.abc import Iterator

from purista_serverless.adapters.aws import limits
from purista_serverless.adapters.aws.checks.rule import Case
from purista_serverless.adapters.aws.plan.resources import Function, Resource, Route, Stack
from purista_serverless.adapters.aws.plan.stacks import Deployment
from purista_serverless.adapters.aws.plan.weights import DEPLOYMENT_RESOURCES, weight_of
from purista_serverless.naming import did_you_mean
from purista_serverless.synth.rules import Objection, Rule
from purista_serverless.synth.verdicts import Refused

_CLOUDFORMATION = "AWS CloudFormation User Guide, quotas"
_SNAP_START = "AWS Lambda Developer Guide, Lambda SnapStart"

_MOST_OUTPUTS = 200
_MOST_PARAMETERS = 200
_SNAPSHOT_PYTHONS = ("3.12", "3.13", "3.14")


def judge_size(stack: Stack, case: Case) -> Iterator[Objection]:
    """Judge the number of resources after translation, which no linter counts, and those of parameters and outputs."""
    has_canary = case.deployment.options.canary is not None
    resources = (
        sum(weight_of(one, has_canary=has_canary) for one in stack.resources) + has_canary * DEPLOYMENT_RESOURCES
    )
    counts = (
        (resources, limits.MOST_RESOURCES, "resources"),
        (len(stack.outputs), _MOST_OUTPUTS, "outputs"),
        (len(stack.parameters), _MOST_PARAMETERS, "parameters"),
    )
    for count, most, what in counts:
        if count > most:
            yield Refused(
                why=f"{stack.path} has {count} {what}, and the limit is {most} ({_CLOUDFORMATION})",
                fix='set stacks to "auto", or split the application',
            )


def judge_ids(stack: Stack, case: Case) -> Iterator[Objection]:
    """Judge whether every logical id is one resource's, those that SAM derives included."""
    counts = Counter(id for resource in stack.resources for id in _ids_of(resource, case.deployment.options.alias))
    for id, count in counts.items():
        if count > 1:
            yield Refused(why=f"{stack.path} has {count} resources with the id {id}", fix="rename one of them")


def _ids_of(resource: Resource, alias: str) -> Iterator[str]:
    yield resource.id
    match resource:
        case Function(sources=sources):
            yield f"{resource.id}Alias{alias}"
            yield from (f"{resource.id}{source.id}" for source in sources)
        case Route(integration=integration, permission=permission):
            yield from (integration, permission)
        case _:
            pass


def judge_snapshots(deployment: Deployment, _case: Case) -> Iterator[Objection]:
    """Judge whether the runtime can be started from a snapshot."""
    options = deployment.options
    if options.snap_start and options.python not in _SNAPSHOT_PYTHONS:
        yield Refused(
            why=f"functions of Python {options.python} cannot be started from a snapshot ({_SNAP_START})",
            fix=f"set python to {_SNAPSHOT_PYTHONS[0]} or newer, or snap-start to false",
        )


def judge_function_options(deployment: Deployment, _case: Case) -> Iterator[Objection]:
    """Judge whether every function that has options of its own exists."""
    known = [
        resource.name for stack in deployment.stacks for resource in stack.resources if isinstance(resource, Function)
    ]
    for name in deployment.options.functions:
        if name not in known:
            hint = did_you_mean(name, known) or f"it has {', '.join(known)}"
            yield Refused(why=f"the options of {name!r} are of no function that is deployed", fix=hint)


def judge_tenant_claim(deployment: Deployment, _case: Case) -> Iterator[Objection]:
    """Judge whether callers bring a token that could have the claim."""
    claim = deployment.options.tenant_claim
    if claim is not None and deployment.authorization != "JWT":
        yield Refused(
            why=f'tenant-claim = "{claim}" is a claim of tokens, and without authorizer = "jwt" nobody reads any',
            fix='set authorizer to "jwt", or drop tenant-claim',
        )


STACK_RULES: tuple[Rule[Stack, Case], ...] = (
    Rule(name="stack-size", code="PS321", meaning="a stack holds no more than CloudFormation takes", judge=judge_size),
    Rule(name="logical-ids", code="PS322", meaning="every logical id is one resource's", judge=judge_ids),
)
DEPLOYMENT_RULES: tuple[Rule[Deployment, Case], ...] = (
    Rule(name="snap-start", code="PS323", meaning="the runtime can do what is asked for", judge=judge_snapshots),
    Rule(
        name="function-options",
        code="PS324",
        meaning="options of functions are of functions that exist",
        judge=judge_function_options,
    ),
    Rule(name="tenant-claim", code="PS325", meaning="tokens have the claim of the tenant", judge=judge_tenant_claim),
)
