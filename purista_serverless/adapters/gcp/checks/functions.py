"""Rules of functions: their names, variables, time, processors, and who may ask them."""

from collections.abc import Iterator

from purista_serverless.adapters.gcp import limits
from purista_serverless.adapters.gcp.checks.case import Case
from purista_serverless.adapters.gcp.options import LONGEST_PREFIX
from purista_serverless.adapters.gcp.plan.resources import Function
from purista_serverless.synth.figures import size_text
from purista_serverless.synth.rules import Objection, Rule
from purista_serverless.synth.verdicts import Degraded, Refused

_RUN = "Cloud Run documentation, quotas and limits"
_PUSH = "Pub/Sub documentation, push subscriptions"
_MEMORY = "Cloud Run documentation, configure memory limits"
_CPU = "Cloud Run documentation, configure CPU limits"
_CONCURRENCY = "Cloud Run documentation, maximum concurrent requests"
_INGRESS = "Cloud Run documentation, restrict network ingress"
_AUTHENTICATION = "Cloud Run documentation, authenticating end users"

_WHOLE = 1_000
# Ids of projects have so many characters at most.
_LONGEST_VALUE = 30
# Thousandths of a processor that are needed for more than so many MiB.
_NEEDED = ((24_576, 8_000), (16_384, 6_000), (8_192, 4_000), (4_096, 2_000), (1_024, 1_000), (512, 500))
# Thousandths of more than one processor that there are, and the MiB that they need.
_SEVERAL = {2_000: 0, 4_000: 2_048, 6_000: 4_096, 8_000: 4_096}


def judge_name(function: Function, _case: Case) -> Iterator[Objection]:
    """Judge the length of the name with the longest prefix."""
    length = LONGEST_PREFIX + 1 + len(function.name)
    if length > limits.LONGEST_FUNCTION_NAME:
        yield Refused(
            why=f"its name would have {length} characters, and the limit is {limits.LONGEST_FUNCTION_NAME} ({_RUN})",
            fix="give it a shorter name",
        )


def judge_environment(function: Function, _case: Case) -> Iterator[Objection]:
    """Judge whether the variables fit, with all names as long as they can be."""
    count = len(function.environment) + len(function.secrets)
    if count > limits.MOST_VARIABLES:
        yield Refused(
            why=f"it has {count} variables, and the limit is {limits.MOST_VARIABLES} ({_RUN})",
            fix="let another function read a part of its secrets",
        )
    for name, value in function.environment:
        size = len(value) + value.count("${") * _LONGEST_VALUE
        if size > limits.LARGEST_ENVIRONMENT:
            yield Refused(
                why=f"{name} has about {size} bytes, and the limit is {size_text(limits.LARGEST_ENVIRONMENT)} ({_RUN})",
                fix="let another function do a part of what it may emit, enqueue, invoke and read",
            )


def judge_time(function: Function, _case: Case) -> Iterator[Objection]:
    """Judge whether what is pushed can be run before it is pushed again."""
    longest = function.longest_push
    if longest is not None and function.timeout > longest:
        yield Refused(
            why=f"a run may take {function.timeout - limits.MARGIN} s, and a push is made again after {longest} s "
            f"({_PUSH})",
            fix=f"declare a timeout of {limits.LONGEST_PUSH} s or less, or enqueue the work",
        )


def judge_concurrency(function: Function, _case: Case) -> Iterator[Objection]:
    """Judge whether several requests at one time have a processor."""
    if function.concurrency > 1 and function.cpu < _WHOLE:
        yield Refused(
            why=f"{function.concurrency} requests at one time need a whole processor, and it has "
            f"{function.cpu / _WHOLE:g} ({_CONCURRENCY})",
            fix="set cpu of this function to 1000 or more, or concurrency to 1",
        )


def judge_memory(function: Function, _case: Case) -> Iterator[Objection]:
    """Judge whether memory and processors go together."""
    needed = next((cpu for largest, cpu in _NEEDED if function.memory > largest), 0)
    if function.cpu < needed:
        yield Refused(
            why=f"{function.memory} MiB need {needed} thousandths of a processor or more, and it has {function.cpu} "
            f"({_MEMORY})",
            fix=f"set cpu of this function to {needed} or more, or leave it out",
        )
    if function.cpu <= _WHOLE:
        return
    if (least := _SEVERAL.get(function.cpu)) is None:
        yield Refused(
            why=f"cpu is {function.cpu}, and above {_WHOLE} there are {', '.join(map(str, _SEVERAL))} ({_CPU})",
            fix="set cpu of this function to one of these",
        )
    elif function.memory < least:
        yield Refused(
            why=f"cpu is {function.cpu}, which needs {least} MiB, and it has {function.memory} ({_CPU})",
            fix=f"set memory of this function to {least} or more",
        )


def judge_instances(function: Function, _case: Case) -> Iterator[Objection]:
    """Judge whether fewer instances are kept than there may be."""
    if function.min_instances > function.max_instances:
        yield Refused(
            why=f"{function.min_instances} instances are to be kept, of {function.max_instances} at most",
            fix="set min-instances to max-instances or less",
        )


def judge_body(function: Function, _case: Case) -> Iterator[Objection]:
    """Judge whether a request may be as large as declared."""
    if function.largest_body is not None and function.largest_body > limits.LARGEST_REQUEST:
        yield Refused(
            why=f"bodies of {size_text(function.largest_body)} are declared, and the limit of a request is "
            f"{size_text(limits.LARGEST_REQUEST)} ({_RUN})",
            fix=f"declare max_body={limits.LARGEST_REQUEST} or less",
        )


def judge_callers(function: Function, case: Case) -> Iterator[Objection]:
    """Judge whether callers of a private route can come through, and are asked by whom they expect."""
    deployment = case.deployment
    if function.route is None or function.is_open:
        return
    if deployment.authorizer == "application":
        yield Refused(
            why=f"{function.route} is private, and the application that should know its callers has no authenticate",
            fix='give Application(..., authenticate=...), or set authorizer to "iam"',
        )
        return
    if deployment.has_authenticate:
        yield Degraded(
            why=f"Google knows the callers of {function.route}, so that the application's authenticate is not asked",
            fix='set authorizer to "application", or drop authenticate',
        )
    if deployment.has_cors:
        yield Degraded(
            why=f"no page can call {function.route}: browsers ask without a token first, which Google refuses "
            f"({_AUTHENTICATION})",
            fix='give Application(..., authenticate=...) and set authorizer to "application"',
        )


def judge_ingress(function: Function, case: Case) -> Iterator[Objection]:
    """Judge whether functions reach each other: what they send comes from outside of the project's networks."""
    if function.ingress != "all" and function.id in case.invoked:
        yield Refused(
            why=f"other functions invoke it, and ingress = {function.ingress!r} keeps their requests out ({_INGRESS})",
            fix='set ingress to "all": a private function asks for a token all the same',
        )


def judge_pressure(function: Function, case: Case) -> Iterator[Objection]:
    """Judge whether a queue can be longer than its worker is fast: what finds no instance counts as a delivery."""
    runs = function.max_instances * function.concurrency
    if function.longest_push is not None and runs < case.deployment.options.max_instances:
        yield Degraded(
            why=f"while all of its {runs} runs at a time are busy, Cloud Run refuses what is pushed, Pub/Sub counts "
            f"that as a delivery ({_PUSH}), and of a long queue jobs that never ran may become dead letters",
            fix="declare more attempts or no concurrency, and let what cannot be asked so often refuse with RetryLater",
        )


FUNCTION_RULES: tuple[Rule[Function, Case], ...] = (
    Rule(name="function-name", code="PS332", meaning="a name fits with every prefix", judge=judge_name),
    Rule(name="environment", code="PS333", meaning="variables fit into 32 KiB each", judge=judge_environment),
    Rule(name="push-time", code="PS334", meaning="a run ends before it is pushed again", judge=judge_time),
    Rule(name="concurrency", code="PS335", meaning="requests at one time have a processor", judge=judge_concurrency),
    Rule(name="memory", code="PS336", meaning="memory and processors go together", judge=judge_memory),
    Rule(name="instances", code="PS337", meaning="fewer instances are kept than there may be", judge=judge_instances),
    Rule(name="body", code="PS338", meaning="a request may be as large as declared", judge=judge_body),
    Rule(name="callers", code="PS339", meaning="callers of private routes come through", judge=judge_callers),
    Rule(name="ingress", code="PS340", meaning="functions reach each other", judge=judge_ingress),
    Rule(name="pressure", code="PS358", meaning="what waits for an instance keeps its attempts", judge=judge_pressure),
)
