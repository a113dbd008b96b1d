"""The script itself: what it takes, what there is, and what there has to be."""

from collections.abc import Iterable, Iterator
from importlib.resources import files

from purista_serverless.adapters.gcp.plan.resources import (
    PROJECT,
    Account,
    Alert,
    Api,
    Bucket,
    Database,
    Deployment,
    Function,
    Grant,
    Job,
    Secret,
    Subscription,
    TasksQueue,
    Topic,
    Ttl,
    Variable,
    WorkerPool,
)
from purista_serverless.adapters.gcp.render.gcloud.commands import account, alert, function, grant, job, subscription
from purista_serverless.adapters.gcp.render.gcloud.listings import listings
from purista_serverless.adapters.gcp.render.gcloud.resources import Resources
from purista_serverless.adapters.gcp.render.gcloud.words import (
    escaped_variable_of,
    line,
    named,
    one_line,
    variable_of,
    word,
)
from purista_serverless.synth.marker import MARKER

FILE = "infra/gcp/deploy.sh"

_HERE = "purista_serverless.adapters.gcp.render.gcloud"
_WIDTH = 118
# Of worker pools only.
_IMAGE = "image"
# Dead letters first: what is given up on must have somewhere to go.
_KINDS = {"dead-letter": 0, "pull": 1, "push": 2}


def render(deployment: Deployment) -> dict[str, str]:
    """Render a plan, by path from the project's root."""
    return {FILE: script(deployment)}


def script(deployment: Deployment) -> str:
    """Give the text of the script."""
    resources = Resources(deployment)
    parts = [
        _head(deployment, resources),
        files(_HERE).joinpath("functions.sh").read_text(encoding="utf-8").rstrip("\n"),
        _preparation(deployment, resources),
        *_sections(resources),
        _end(deployment),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(deployment: Deployment, resources: Resources) -> str:
    required = " ".join(f"{variable_of(one.name)}=..." for one in deployment.variables if _is_required(one))
    pools = [pool.function for pool in resources.all(WorkerPool)]
    lines = [
        f"# {MARKER}",
        # A payload may look like an expression of the shell, and is none.
        "# shellcheck shell=bash disable=SC2016",
        "#",
        f"# Deploys {one_line(deployment.application)} to Google Cloud with gcloud:",
        "#",
        f"#   {required} bash {FILE}",
        "#",
        "# Run it as often as you like: what is as it has to be is left alone, what is no longer declared is named and",
        "# not deleted. Terraform has the same resources in main.tf.json; use one of the two.",
        *(f"# Needs a worker pool, which only Terraform makes here: {name}" for name in pools),
        "set -euo pipefail",
        'cd "$(dirname "${BASH_SOURCE[0]}")/../.."',
        "",
        *_inputs(deployment, resources),
    ]
    return "\n".join(lines)


def _inputs(deployment: Deployment, resources: Resources) -> Iterator[str]:
    for variable in deployment.variables:
        if variable.name == _IMAGE:
            continue
        yield f"# {one_line(variable.description)}"
        yield _input(variable)
    if any(resources.all(Function)):
        yield "# Service account that builds the functions; empty is the project's own."
        yield "BUILD_ACCOUNT=${BUILD_ACCOUNT-}"


def _input(variable: Variable) -> str:
    name = variable_of(variable.name)
    if variable.default is None:
        return f': "${{{name}:?{_message(variable)}}}"'
    default = variable.default if isinstance(variable.default, str) else ",".join(variable.default)
    return f"[[ -n ${{{name}-}} ]] || {name}={word(default)}" if default else f"{name}=${{{name}-}}"


def _is_required(variable: Variable) -> bool:
    return variable.default is None and variable.name != _IMAGE


def _message(variable: Variable) -> str:
    # Inside quotes inside braces.
    return line(one_line(variable.description)).replace('"', '\\"').replace("}", "\\}")


def _preparation(deployment: Deployment, resources: Resources) -> str:
    return "\n".join(
        [
            _title("What there is"),
            *_checks(deployment),
            *_escapes(deployment),
            "",
            "export CLOUDSDK_CORE_PROJECT=$PROJECT CLOUDSDK_CORE_DISABLE_PROMPTS=1",
            "work=$(mktemp -d)",
            "trap 'rm -rf \"$work\"' EXIT",
            f"LABELS={word(''.join(f'{name}={value},' for name, value in deployment.labels))}",
            'ACCOUNTS="$PROJECT.iam.gserviceaccount.com"',
            "NUMBER=$(gcloud projects describe \"$PROJECT\" --format='value(projectNumber)' </dev/null)",
            "changes=0 is_fresh=no conflicts=() unset_secrets=()",
            "",
            *_services(resources),
            *listings(resources),
        ]
    )


def _checks(deployment: Deployment) -> Iterator[str]:
    for variable in deployment.variables:
        if variable.pattern is not None:
            yield f"need {variable_of(variable.name)} {word(variable.pattern)} {word(one_line(variable.description))}"


def _escapes(deployment: Deployment) -> Iterator[str]:
    for variable in deployment.variables:
        if "." in variable.name:
            yield f'{escaped_variable_of(variable.name)}=$(json "${variable_of(variable.name)}")'


def _services(resources: Resources) -> Iterator[str]:
    names = sorted(api.service for api in resources.all(Api))
    yield "learn services services list --enabled --format='value(config.name)'"
    if names:
        yield " \\\n  ".join(["services", *names])


def _sections(resources: Resources) -> Iterator[str]:
    """Give the sections in the order in which things need each other.

    Subscriptions come before functions: what is published while functions are deployed waits in them.
    """
    yield from _subscriptions(resources)
    yield _section("Accounts", (account(one) for one in resources.all(Account)))
    yield _section("Topics", _topics(resources))
    yield _section("Secrets", _secrets(resources))
    yield _section("Records, delays and large bodies", _storage(resources))
    early, late = _grants(resources)
    yield _section("Who may do what", early)
    if any(resources.all(Subscription)):
        yield _section("Subscriptions", ["subscriptions subscription", *late[Subscription]])
    yield _section("Functions", _functions(resources))
    yield _section("Who may start functions", late[Function])
    yield _section("Jobs", (job(one, resources) for one in resources.all(Job)))
    yield _section("Alerts", (alert(one, resources) for one in resources.all(Alert)))


def _subscriptions(resources: Resources) -> Iterator[str]:
    """Give what is checked before anything is changed, and the subscriptions as a function: they are read twice."""
    ordered = sorted(resources.all(Subscription), key=lambda one: (_KINDS[one.kind], one.id))
    checks = [f"check_database {named(one.name)} {word(one.location)}" for one in resources.all(Database)]
    if ordered or checks:
        body = "\n".join(subscription(one, resources) for one in ordered) or ":"
        lines = ["subscriptions() {", _indented(body), "}", "", "subscriptions check_subscription", *checks]
        yield _section(
            "What can never be changed, and is checked before anything else is", [*lines, "report_conflicts"]
        )


def _topics(resources: Resources) -> Iterator[str]:
    names = [named(topic.name) for topic in resources.all(Topic)]
    if names:
        yield " \\\n  ".join(["topics", *names])


def _secrets(resources: Resources) -> Iterator[str]:
    secrets = list(resources.all(Secret))
    yield from (f"secret {named(one.name)}" for one in secrets)
    if secrets:
        yield "require_secrets"


def _storage(resources: Resources) -> Iterator[str]:
    for database in resources.all(Database):
        yield f"database {named(database.name)} {word(database.location)}"
        expiries = (one for one in resources.all(Ttl) if one.database == database.id)
        yield from (f"expiry {named(database.name)} {one.collection} {one.field}" for one in expiries)
    yield from (f"tasks_queue {named(one.name)}" for one in resources.all(TasksQueue))
    yield from (f"bucket {word(one.full_name)} {one.days}" for one in resources.all(Bucket))


def _functions(resources: Resources) -> Iterator[str]:
    functions = list(resources.all(Function))
    if functions:
        yield "bucket \"$PROJECT-$PREFIX-source\" ''"
        yield 'sources "$PROJECT-$PREFIX-source"'
    yield from (f"\n{function(one, resources)}" for one in functions)


def _grants(resources: Resources) -> tuple[list[str], dict[type, list[str]]]:
    """Give the grants on what is there early, and those on functions and subscriptions, each behind what it is on."""
    on: dict[str, list[str]] = {}
    for one in resources.all(Grant):
        on.setdefault(one.on, []).append(grant(one, resources))
    early: list[str] = []
    late: dict[type, list[str]] = {Function: [], Subscription: []}
    for id, grants in on.items():
        kind = type(None) if id == PROJECT else type(resources.get(id))
        late.get(kind, early).extend((f"on {_thing(id, resources)}", *grants))
    return early, late


_THINGS: dict[type, str] = {
    Account: "accounts",
    Topic: "topics",
    Subscription: "subscriptions",
    Function: "functions",
    TasksQueue: "queues",
    Secret: "secrets",
}


def _thing(id: str, resources: Resources) -> str:
    if id == PROJECT:
        return 'projects "$PROJECT"'
    match resources.get(id):
        case Bucket() as bucket:
            return f"buckets {word(bucket.full_name)}"
        case (Account() | Topic() | Subscription() | Function() | TasksQueue() | Secret()) as resource:
            return f"{_THINGS[type(resource)]} {named(resource.name)}"
        case resource:
            raise TypeError(f"{id}: nobody can be granted anything on a {type(resource).__name__}")


def _end(deployment: Deployment) -> str:
    outputs = [f"say {word(output.name)}={word(output.value)}" for output in deployment.outputs]
    return "\n".join([_title("The end"), "report_left_over", 'say "$changes changes"', *outputs])


def _section(title: str, lines: Iterable[str]) -> str:
    written = list(lines)
    return "\n".join([_title(title), *written]) if written else ""


def _title(title: str) -> str:
    return f"# --- {title} ".ljust(_WIDTH, "-")


def _indented(text: str) -> str:
    return "\n".join(f"  {part}" for part in text.splitlines())
