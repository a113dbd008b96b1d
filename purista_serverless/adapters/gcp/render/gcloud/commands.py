"""Each resource as a call of the script's own functions, whose text is ``functions.sh``."""

from purista_serverless.adapters.gcp.plan.resources import (
    ALL_USERS,
    PUBSUB_AGENT,
    Account,
    Alert,
    Function,
    Grant,
    Job,
    Sub,
    Subscription,
    Text,
)
from purista_serverless.adapters.gcp.render.gcloud.resources import Resources
from purista_serverless.adapters.gcp.render.gcloud.words import flag, line, named, one_line, word

_AGENT = Sub("serviceAccount:service-${number}@gcp-sa-pubsub.iam.gserviceaccount.com")
# Ends what is given to a call line by line; no line of ours is the same.
_END = "END"
_WIDTH = 116
_LONGEST_DESCRIPTION = 200


def account(resource: Account) -> str:
    """Call for an account."""
    description = one_line(resource.description)[:_LONGEST_DESCRIPTION]
    return call("account", named(resource.name), word(resource.display_name), word(description))


def subscription(resource: Subscription, resources: Resources) -> str:
    """Call what the section's argument names for a subscription: it is checked first and made later."""
    fixed = (
        named(resources.topic(resource.topic).name),
        "True" if resource.is_ordered else "''",
        word(resource.filter or ""),
    )
    return call('"$1"', named(resource.name), *fixed, *_subscription_flags(resource, resources))


def _subscription_flags(resource: Subscription, resources: Resources) -> list[str]:
    flags = [
        f"--ack-deadline={resource.ack_deadline}",
        f"--message-retention-duration={resource.retention}s",
        "--expiration-period=never",
    ]
    if resource.backoff is None:
        flags.append("update:--clear-retry-policy")
    else:
        flags.extend((f"--min-retry-delay={resource.backoff[0]}s", f"--max-retry-delay={resource.backoff[1]}s"))
    if resource.dead_letter is None:
        flags.append("update:--clear-dead-letter-policy")
    else:
        topic = resources.topic(resource.dead_letter)
        flags.extend((f"--dead-letter-topic={named(topic.name)}", f"--max-delivery-attempts={resource.max_deliveries}"))
    return [*flags, *_push_flags(resource, resources)]


def _push_flags(resource: Subscription, resources: Resources) -> list[str]:
    if resource.push is None:
        # What was pushed may be pulled from now on.
        return ["update:--push-endpoint="]
    return [
        flag("--push-endpoint", resource.push.endpoint),
        flag("--push-auth-service-account", resources.account(resource.push.account).email),
        flag("--push-auth-token-audience", resource.push.audience),
    ]


def function(resource: Function, resources: Resources) -> str:
    """Call for a function, followed by its variables."""
    flags = [
        f"--runtime={resource.runtime}",
        flag("--service-account", resources.account(resource.account).email),
        _variables("--set-build-env-vars", resource.build_environment),
        _secrets(resource, resources),
        f"--memory={resource.memory}Mi",
        f"--cpu={resource.cpu / 1000:g}",
        f"--timeout={resource.timeout}s",
        f"--concurrency={resource.concurrency}",
        f"--min-instances={resource.min_instances}",
        f"--max-instances={resource.max_instances}",
        f"--ingress-settings={_INGRESS[resource.ingress]}",
        "--allow-unauthenticated" if resource.is_open else "--no-allow-unauthenticated",
    ]
    variables = [f"{name}={line(value)}" for name, value in resource.environment]
    deployed = call("cloud_function", named(resource.name), *flags)
    return "\n".join([f"# {resource.function}", f"{deployed} <<{_END}", *variables, _END])


_INGRESS = {"all": "all", "internal": "internal-only", "internal-and-load-balancer": "internal-and-gclb"}


def _variables(name: str, variables: tuple[tuple[str, Text], ...]) -> str:
    return f"{name}={','.join(f'{variable}={word(value)}' for variable, value in variables)}"


def _secrets(resource: Function, resources: Resources) -> str:
    if not resource.secrets:
        return "update:--clear-secrets"
    secrets = ((variable, resources.secret(id).name) for variable, id in resource.secrets)
    return f"--set-secrets={','.join(f'{variable}={named(name)}:latest' for variable, name in secrets)}"


def job(resource: Job, resources: Resources) -> str:
    """Call for a job."""
    attributes = ",".join(f"{name}={value}" for name, value in resource.attributes)
    kept = (
        [f"create:--attributes={word(attributes)}", f"update:--update-attributes={word(attributes)}"]
        if attributes
        else ["update:--clear-attributes"]
    )
    return call(
        "job",
        named(resource.name),
        word(one_line(resource.description)[:_LONGEST_DESCRIPTION]),
        "ENABLED" if resource.is_enabled else "PAUSED",
        f"--schedule={word(resource.cron)}",
        f"--time-zone={word(resource.timezone)}",
        f"--topic={named(resources.topic(resource.topic).name)}",
        f"--message-body={word(resource.data)}",
        f"--max-retry-attempts={resource.retries}",
        *kept,
    )


def grant(resource: Grant, resources: Resources) -> str:
    """Call for a grant on what was named before."""
    condition = (
        () if resource.condition is None else (word(resource.condition.title), word(resource.condition.expression))
    )
    return call("grant", resource.role, _member(resource.member, resources), *condition)


def _member(member: str, resources: Resources) -> str:
    if member == ALL_USERS:
        return ALL_USERS
    return word(_AGENT if member == PUBSUB_AGENT else Sub(f"serviceAccount:{resources.account(member).email}"))


def alert(resource: Alert, resources: Resources) -> str:
    """Call for an alert."""
    subscription = named(resources.subscription(resource.subscription).name)
    what = (resource.metric, str(resource.threshold), subscription, word(one_line(resource.description)))
    return call("alert", named(resource.name), *what)


def call(*words: str) -> str:
    """Write a call, on as few lines as it needs."""
    lines = [words[0]]
    for part in words[1:]:
        if len(lines[-1]) + len(part) < _WIDTH:
            lines[-1] += f" {part}"
        else:
            lines.append(f"  {part}")
    return " \\\n".join(lines)
