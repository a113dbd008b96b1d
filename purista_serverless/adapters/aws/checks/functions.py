"""Rules of functions, their sources and their roles."""

import re
from collections.abc import Iterator

from purista_serverless.adapters.aws import limits
from purista_serverless.adapters.aws.checks.rule import Case, too_long
from purista_serverless.adapters.aws.plan.names import LONGEST_PREFIX
from purista_serverless.adapters.aws.plan.resources import Function, Role, Route, Source
from purista_serverless.adapters.aws.plan.timing import LARGEST_FIFO_BATCH, LARGEST_UNGATHERED, MARGIN
from purista_serverless.synth.figures import size_text
from purista_serverless.synth.rules import Objection, Rule
from purista_serverless.synth.verdicts import Degraded, Refused

_LARGEST_ENVIRONMENT = 4 << 10
_LARGEST_POLICY = 10_240
_FEWEST_INVOCATIONS = 2
_MOST_INVOCATIONS = 1_000

_LAMBDA = "AWS Lambda Developer Guide, quotas"
_SOURCE = "AWS Lambda Developer Guide, Amazon SQS event source"
_IAM = "AWS IAM User Guide, IAM and STS quotas"

# The longest texts that CloudFormation puts in place of references, and that of all others: a queue's URL.
_LONGEST = {
    "${AWS::AccountId}": len("123456789012"),
    "${AWS::Partition}": len("aws-us-gov"),
    "${AWS::Region}": len("ap-southeast-2"),
    "${AWS::URLSuffix}": len("amazonaws.com.cn"),
    "${Prefix}": LONGEST_PREFIX,
}
_LONGEST_URL = len("https://sqs.ap-southeast-2.amazonaws.com/123456789012/") + limits.LONGEST_QUEUE_NAME
_REFERENCE = re.compile(r"\$\{[^}]+\}")


def judge_time(function: Function, _case: Case) -> Iterator[Objection]:
    """Judge whether a run can overrun before its invocation ends, so that somebody is left to say so."""
    if function.longest_run is not None and function.longest_run + MARGIN > limits.LONGEST_RUN:
        longest = limits.LONGEST_RUN - MARGIN
        yield Degraded(
            why=f"a run of {function.longest_run} s leaves no time to settle it: an invocation ends after "
            f"{limits.LONGEST_RUN} s ({_LAMBDA})",
            fix=f"declare {longest} s or less",
        )


def judge_environment(function: Function, _case: Case) -> Iterator[Objection]:
    """Judge whether the variables fit."""
    size = sum(len(name) + _length(value) for name, value in function.environment)
    if size > _LARGEST_ENVIRONMENT:
        yield Refused(
            why=f"its variables have about {size} bytes of {_LARGEST_ENVIRONMENT} that Lambda takes ({_LAMBDA})",
            fix="let another function do a part of what it may emit, enqueue, invoke and read",
        )


def _length(text: str) -> int:
    """Give the length of a text after CloudFormation has replaced its references."""
    references = _REFERENCE.findall(text) if "$" in text else ()
    return len(text) + sum(_LONGEST.get(one, _LONGEST_URL) - len(one) for one in references)


def judge_batches(function: Function, _case: Case) -> Iterator[Objection]:
    """Judge whether Lambda gathers batches as large, and whether one invocation has the time for a batch."""
    for source in function.sources:
        if source.is_fifo and source.batch_size > LARGEST_FIFO_BATCH:
            yield _too_large(source, LARGEST_FIFO_BATCH)
        elif source.batch_size > limits.LARGEST_BATCH:
            yield _too_large(source, limits.LARGEST_BATCH)
        elif source.batch_size > LARGEST_UNGATHERED and not source.window:
            yield Refused(
                why=f"batches of {source.batch_size} have to be gathered for a second at least ({_SOURCE})",
                fix="set batch-window of this function to 1 or more",
            )


def _too_large(source: Source, largest: int) -> Objection:
    return Refused(
        why=f"batches of {source.batch_size} are asked for, and the limit is {largest} ({_SOURCE})",
        fix=f"declare batch_size={largest} or less",
    )


def judge_concurrency(function: Function, _case: Case) -> Iterator[Objection]:
    """Judge bounds of concurrency: both their range, and whether they contradict each other."""
    for source in function.sources:
        wanted, reserved = source.concurrency, function.reserved_concurrency
        if wanted is None:
            continue
        if not _FEWEST_INVOCATIONS <= wanted <= _MOST_INVOCATIONS:
            yield Refused(
                why=f"concurrency={wanted} is declared, and a queue takes {_FEWEST_INVOCATIONS} to "
                f"{_MOST_INVOCATIONS} ({_SOURCE})",
                fix=f"declare {_FEWEST_INVOCATIONS} or more; for one at a time give all jobs the same ordering key",
            )
        if reserved is not None and reserved < wanted:
            yield Degraded(
                why=f"{wanted} invocations at one time are asked for, and {reserved} reserved: what is throttled "
                f"spends receives ({_SOURCE})",
                fix=f"set reserved-concurrency of this function to {wanted} or more",
            )


def judge_name(function: Function, _case: Case) -> Iterator[Objection]:
    """Judge the length of the name with the longest prefix."""
    yield from too_long(function.physical_name, limits.LONGEST_FUNCTION_NAME, _LAMBDA)


def judge_body(route: Route, _case: Case) -> Iterator[Objection]:
    """Judge whether a request may be as large as declared."""
    if route.largest_body > limits.LARGEST_REQUEST:
        yield Refused(
            why=f"bodies of {size_text(route.largest_body)} are declared, and the limit of an invocation is "
            f"{size_text(limits.LARGEST_REQUEST)} ({_LAMBDA})",
            fix=f"declare max_body={limits.LARGEST_REQUEST} or less",
        )


def judge_callers(route: Route, case: Case) -> Iterator[Objection]:
    """Judge whether somebody knows the callers of a private route."""
    is_private = route.authorization == "NONE" and not route.is_public
    if is_private and not case.deployment.is_authenticated:
        yield Refused(
            why=f"{route.method} {route.path} is private, and with authorizer = none nobody knows its callers",
            fix='set authorizer to "jwt" or "iam", or give Application(..., authenticate=...)',
        )


def judge_policy(role: Role, _case: Case) -> Iterator[Objection]:
    """Judge the size of a policy."""
    size = sum(
        sum(map(len, statement.actions)) + sum(map(_length, statement.resources)) + sum(map(len, statement.values))
        for statement in role.statements
    )
    if size > _LARGEST_POLICY:
        yield Refused(
            why=f"its rights take about {size} characters, and the limit of a role is {_LARGEST_POLICY} ({_IAM})",
            fix="let another function do a part of what it may emit, enqueue, invoke and read",
        )


FUNCTION_RULES: tuple[Rule[Function, Case], ...] = (
    Rule(name="invocation", code="PS302", meaning="a run ends before its invocation does", judge=judge_time),
    Rule(name="environment", code="PS303", meaning="variables fit into 4 KiB", judge=judge_environment),
    Rule(name="batching", code="PS304", meaning="batches are such as Lambda gathers", judge=judge_batches),
    Rule(name="concurrency", code="PS305", meaning="bounds of concurrency can be kept", judge=judge_concurrency),
    Rule(name="function-name", code="PS306", meaning="a name fits with every prefix", judge=judge_name),
)
ROUTE_RULES: tuple[Rule[Route, Case], ...] = (
    Rule(name="body", code="PS307", meaning="a request may be as large as declared", judge=judge_body),
    Rule(name="callers", code="PS308", meaning="somebody knows the callers of private routes", judge=judge_callers),
)
ROLE_RULES: tuple[Rule[Role, Case], ...] = (
    Rule(name="rights", code="PS309", meaning="the rights of a function fit into its role", judge=judge_policy),
)
