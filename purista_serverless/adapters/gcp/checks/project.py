"""Rules of a deployment as a whole: its prefix, its names, and what a project holds."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from purista_serverless.adapters.gcp import limits
from purista_serverless.adapters.gcp.checks.case import Case
from purista_serverless.adapters.gcp.options import LONGEST_PREFIX, problem_of_prefix
from purista_serverless.adapters.gcp.plan.names import secret_variables
from purista_serverless.adapters.gcp.plan.resources import (
    Account,
    Api,
    Bucket,
    Deployment,
    Function,
    Grant,
    Job,
    Secret,
    Subscription,
    Topic,
    Ttl,
    WorkerPool,
)
from purista_serverless.naming import did_you_mean
from purista_serverless.synth.rules import Objection, Rule
from purista_serverless.synth.verdicts import Degraded, Refused

_IAM = "IAM documentation, quotas and limits"
_RUN = "Cloud Run documentation, quotas and limits"
_SCHEDULER = "Cloud Scheduler documentation, quotas and limits"
_PUBSUB = "Pub/Sub documentation, quotas and limits"
_SECRETS = "Secret Manager documentation, create a secret"

_LONGEST_SETTING = limits.LONGEST_SECRET_NAME - LONGEST_PREFIX - 1


def judge_prefix(deployment: Deployment, _case: Case) -> Iterator[Objection]:
    """Judge whether names can begin with what the application is called."""
    prefix = next(str(variable.default) for variable in deployment.variables if variable.name == "prefix")
    if (problem := problem_of_prefix(prefix)) is not None:
        yield Refused(why=f"names would begin with {prefix!r}: {problem}", fix="set prefix to something else")


def judge_names(deployment: Deployment, _case: Case) -> Iterator[Objection]:
    """Judge whether no two things of a kind have the same name."""
    every = (*deployment.resources, *deployment.apart)
    named = (one for one in every if not isinstance(one, Api | Grant | Ttl))
    counts = Counter((type(one).__name__, one.name) for one in named)
    for (kind, name), count in sorted(counts.items()):
        if count > 1:
            yield Refused(why=f"{count} resources of kind {kind} have the name {name!r}", fix="rename one of them")


def judge_accounts(deployment: Deployment, _case: Case) -> Iterator[Objection]:
    """Judge whether accounts are as long as they have to be, and as few as a project has by itself."""
    accounts = [one for one in deployment.resources if isinstance(one, Account)]
    room = limits.SHORTEST_ACCOUNT_NAME - 2
    for account in accounts:
        if len(account.name) < room:
            yield Refused(
                why=f"the account {account.name!r} would be shorter than {limits.SHORTEST_ACCOUNT_NAME} characters "
                f"({_IAM})",
                fix=f"give {account.display_name} a longer name",
            )
    if len(accounts) > limits.MOST_ACCOUNTS:
        yield Degraded(
            why=f"{len(accounts)} service accounts are needed, one per function, and a project has "
            f"{limits.MOST_ACCOUNTS} by itself ({_IAM})",
            fix="ask for a higher quota before the first deployment, or split the application",
        )


def judge_quotas(deployment: Deployment, _case: Case) -> Iterator[Objection]:
    """Judge whether a region holds as many functions and jobs, and a project as many topics and subscriptions."""
    every = (*deployment.resources, *deployment.apart)
    figures = (
        (sum(isinstance(one, Function | WorkerPool) for one in every), limits.MOST_SERVICES, "functions", _RUN),
        (sum(isinstance(one, Job) for one in every), limits.MOST_JOBS, "jobs", _SCHEDULER),
        (sum(isinstance(one, Topic) for one in every), limits.MOST_TOPICS, "topics", _PUBSUB),
        (sum(isinstance(one, Subscription) for one in every), limits.MOST_TOPICS, "subscriptions", _PUBSUB),
    )
    for count, most, what, source in figures:
        if count > most:
            yield Refused(
                why=f"{count} {what} are needed, and {most} is the most in one place ({source})",
                fix="split the application, and deploy its parts to several projects",
            )


def judge_claims(deployment: Deployment, case: Case) -> Iterator[Objection]:
    """Judge whether each function is bound to the bodies of its own edges."""
    buckets = [id for id, resource in case.resources.items() if isinstance(resource, Bucket)]
    unbound = [
        one for one in deployment.resources if isinstance(one, Grant) and one.on in buckets and one.condition is None
    ]
    if unbound:
        yield Degraded(
            why=f"every function may read every large body: a policy holds {limits.MOST_CONDITIONAL_BINDINGS} "
            f"conditions ({_IAM})",
            fix="split the application, or set claim-check to false",
        )
    yield from _judge_conditions(deployment)


def _judge_conditions(deployment: Deployment) -> Iterator[Objection]:
    policies: defaultdict[str, set[str]] = defaultdict(set)
    members: defaultdict[str, set[str]] = defaultdict(set)
    for grant in deployment.resources:
        if isinstance(grant, Grant) and grant.condition is not None:
            policies[grant.on].add(f"{grant.role} {grant.condition.expression}")
            members[f"{grant.role} of {grant.member} on {grant.on}"].add(grant.condition.expression)
    for found, most in ((policies, limits.MOST_CONDITIONAL_BINDINGS), (members, limits.MOST_CONDITIONS_OF_MEMBER)):
        for what, conditions in sorted(found.items()):
            if len(conditions) > most:
                yield Refused(
                    why=f"{what} has {len(conditions)} conditions, and the limit is {most} ({_IAM})",
                    fix="set claim-check to false, or split the application",
                )


def judge_secrets(deployment: Deployment, _case: Case) -> Iterator[Objection]:
    """Judge the names of secrets, and of the variables into which they are put."""
    settings = [one.setting for one in deployment.resources if isinstance(one, Secret)]
    for name in settings:
        is_legal = name.replace("-", "").replace("_", "").isalnum() and name.isascii()
        if not is_legal or len(name) > _LONGEST_SETTING:
            yield Refused(
                why=f"{name!r} is no name of a secret: letters, digits, hyphens and underscores, {_LONGEST_SETTING} at "
                f"most behind the prefix ({_SECRETS})",
                fix="rename it",
            )
    counts = Counter(secret_variables(settings).values())
    for variable, count in sorted(counts.items()):
        if count > 1:
            yield Refused(why=f"{count} secrets would be put into {variable}", fix="rename one of them")


def judge_function_options(deployment: Deployment, _case: Case) -> Iterator[Objection]:
    """Judge whether every function that has options of its own exists."""
    known = [one.function for one in deployment.resources if isinstance(one, Function | WorkerPool)]
    for name in deployment.options.functions:
        if name not in known:
            hint = did_you_mean(name, known) or f"it has {', '.join(known)}"
            yield Refused(why=f"the options of {name!r} are of no function that is deployed", fix=hint)


PROJECT_RULES: tuple[Rule[Deployment, Case], ...] = (
    Rule(name="prefix", code="PS351", meaning="names can begin with the prefix", judge=judge_prefix),
    Rule(name="unique-names", code="PS352", meaning="no two things have the same name", judge=judge_names),
    Rule(name="accounts", code="PS353", meaning="a project holds the accounts", judge=judge_accounts),
    Rule(name="quotas", code="PS354", meaning="region and project hold what is planned", judge=judge_quotas),
    Rule(name="claims", code="PS355", meaning="functions are bound to their own bodies", judge=judge_claims),
    Rule(name="secrets", code="PS356", meaning="secrets have legal names of their own", judge=judge_secrets),
    Rule(
        name="function-options",
        code="PS357",
        meaning="options of functions are of functions that exist",
        judge=judge_function_options,
    ),
)
