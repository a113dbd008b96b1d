"""Rules of topics, subscriptions and jobs."""

from collections.abc import Iterator

from purista_serverless.adapters.gcp import limits
from purista_serverless.adapters.gcp.checks.case import Case
from purista_serverless.adapters.gcp.emulator.filters import read_filter
from purista_serverless.adapters.gcp.options import LONGEST_PREFIX
from purista_serverless.adapters.gcp.plan.resources import Job, Subscription, Topic
from purista_serverless.errors import CronSyntaxError, DeclarationError
from purista_serverless.schedule import parse_cron
from purista_serverless.synth.figures import size_text
from purista_serverless.synth.rules import Objection, Rule
from purista_serverless.synth.verdicts import Degraded, Refused

_NAMES = "Pub/Sub documentation, resource names"
_SUBSCRIPTION = "Pub/Sub documentation, subscription properties"
_FILTER = "Pub/Sub documentation, filter messages from a subscription"
_DEAD_LETTERS = "Pub/Sub documentation, dead-letter topics"
_QUOTAS = "Pub/Sub documentation, quotas and limits"
_TASKS = "Cloud Tasks documentation, quotas and limits"
_SCHEDULER = "Cloud Scheduler documentation, quotas and limits"


def judge_deadline(subscription: Subscription, _case: Case) -> Iterator[Objection]:
    """Judge how long deliveries are held, kept and put off."""
    shortest, longest = subscription.backoff or (0, 0)
    figures = (
        (subscription.ack_deadline, limits.SHORTEST_ACK_DEADLINE, limits.LONGEST_ACK_DEADLINE, "an ack deadline"),
        (subscription.retention, limits.SHORTEST_RETENTION, limits.LONGEST_RETENTION, "a retention"),
        (longest, shortest, limits.LONGEST_BACKOFF, "a longest backoff"),
    )
    for value, low, high, what in figures:
        if not low <= value <= high:
            yield Refused(
                why=f"{what} of {value} s is planned, and Pub/Sub takes {low} s to {high} s ({_SUBSCRIPTION})",
                fix="declare a Lifecycle within these bounds",
            )


def judge_dead_letter(subscription: Subscription, case: Case) -> Iterator[Objection]:
    """Judge whether what is given up is kept, and for no shorter than its source keeps it."""
    if subscription.kind == "dead-letter":
        return
    most = subscription.max_deliveries or 0
    if not limits.FEWEST_DELIVERIES <= most <= limits.MOST_DELIVERIES:
        yield Refused(
            why=f"{most} deliveries are planned, and Pub/Sub takes {limits.FEWEST_DELIVERIES} to "
            f"{limits.MOST_DELIVERIES} ({_DEAD_LETTERS})",
            fix="declare a Lifecycle(max_attempts=...) of 45 or less",
        )
    if subscription.dead_letter not in case.resources:
        yield Refused(
            why=f"{subscription.name} has no dead-letter topic ({_DEAD_LETTERS})", fix="report this: a plan makes one"
        )


def judge_filter(subscription: Subscription, _case: Case) -> Iterator[Objection]:
    """Judge whether a filter is one of Pub/Sub's; what it lets through, dispatch checks again."""
    if subscription.filter is None:
        return
    try:
        read_filter(subscription.filter)
    except DeclarationError as error:
        yield Refused(why=f"{error} ({_FILTER})", fix="filter by names without quotes and backslashes")


def judge_subscription_name(subscription: Subscription, _case: Case) -> Iterator[Objection]:
    """Judge the name of a subscription."""
    yield from _judge_name(subscription.name)


def judge_topic_name(topic: Topic, _case: Case) -> Iterator[Objection]:
    """Judge the name of a topic."""
    yield from _judge_name(topic.name)


def _judge_name(name: str) -> Iterator[Objection]:
    length = LONGEST_PREFIX + 1 + len(name)
    if length > limits.LONGEST_TOPIC_NAME:
        yield Refused(
            why=f"{name!r} would have {length} characters, and the limit is {limits.LONGEST_TOPIC_NAME} ({_NAMES})",
            fix="give it a shorter name",
        )
    if wrong := {character for character in name if not (character.isalnum() or character in "-._~+%")}:
        yield Refused(why=f"{name!r} has {sorted(wrong)}, which no name may have ({_NAMES})", fix="rename it")


def judge_put_off(topic: Topic, case: Case) -> Iterator[Objection]:
    """Judge whether what is put off, or enqueued with a delay, may be as large as what is sent at once."""
    largest = topic.largest_body
    if largest is not None and largest > limits.LARGEST_TASK and not case.deployment.options.claim_check:
        yield Degraded(
            why=f"jobs may have {size_text(largest)}, and {size_text(limits.LARGEST_TASK)} when they are put off or "
            f"delayed ({_TASKS})",
            fix="set claim-check to true, or lower the queue's max_payload",
        )


def judge_data(job: Job, _case: Case) -> Iterator[Objection]:
    """Judge whether what a job publishes fits."""
    size = len(job.data.encode()) + sum(len(name) + len(value) for name, value in job.attributes)
    if size > limits.LARGEST_JOB:
        yield Refused(
            why=f"a job would have {size_text(size)}, and the limit is {size_text(limits.LARGEST_JOB)} ({_SCHEDULER})",
            fix="send a reference instead, or compute the payload from the slot",
        )
    for name, value in job.attributes:
        if len(value.encode()) > limits.LONGEST_ATTRIBUTE:
            yield Refused(
                why=f"the attribute {name} has {len(value.encode())} bytes, and the limit is "
                f"{limits.LONGEST_ATTRIBUTE} ({_QUOTAS})",
                fix="give it a shorter name",
            )


def judge_expression(job: Job, _case: Case) -> Iterator[Objection]:
    """Judge whether five fields are such as Cloud Scheduler reads like we do, and whether a name fits."""
    try:
        parse_cron(job.cron)
    except CronSyntaxError as error:
        yield Refused(why=f"{error} ({_SCHEDULER})", fix="write five fields")
    length = LONGEST_PREFIX + 1 + len(job.name)
    if length > limits.LONGEST_JOB_NAME:
        yield Refused(
            why=f"the name of its job would have {length} characters, and the limit is {limits.LONGEST_JOB_NAME} "
            f"({_SCHEDULER})",
            fix="give the schedule a shorter name",
        )


SUBSCRIPTION_RULES: tuple[Rule[Subscription, Case], ...] = (
    Rule(name="subscription", code="PS341", meaning="figures are within Pub/Sub's bounds", judge=judge_deadline),
    Rule(name="undeliverable", code="PS342", meaning="what is given up is kept", judge=judge_dead_letter),
    Rule(name="filter", code="PS343", meaning="a filter is one of Pub/Sub's", judge=judge_filter),
    Rule(
        name="subscription-name", code="PS344", meaning="a name fits with every prefix", judge=judge_subscription_name
    ),
)
TOPIC_RULES: tuple[Rule[Topic, Case], ...] = (
    Rule(name="topic-name", code="PS345", meaning="a name fits with every prefix", judge=judge_topic_name),
    Rule(name="put-off", code="PS348", meaning="what is put off may be as large", judge=judge_put_off),
)
JOB_RULES: tuple[Rule[Job, Case], ...] = (
    Rule(name="job-data", code="PS346", meaning="what a job publishes fits", judge=judge_data),
    Rule(name="job", code="PS347", meaning="an expression is one of Cloud Scheduler's", judge=judge_expression),
)
