"""Rules of queues, event rules and schedules."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from purista_serverless.adapters.aws import limits
from purista_serverless.adapters.aws.checks.rule import Case, too_long
from purista_serverless.adapters.aws.plan.resources import Function, Queue, Rule, Schedule, compact
from purista_serverless.adapters.aws.plan.timing import LONGEST_WAIT, VISIBILITY_FACTOR, net_of, waits_of
from purista_serverless.errors import UnknownTimezone
from purista_serverless.schedule.zones import load_zone
from purista_serverless.synth.figures import duration_text, size_text
from purista_serverless.synth.promises.queues import bound_text
from purista_serverless.synth.rules import Objection
from purista_serverless.synth.rules import Rule as Check
from purista_serverless.synth.verdicts import Degraded, Refused

_SQS = "Amazon SQS Developer Guide, message quotas"
_DEAD_LETTERS = "Amazon SQS Developer Guide, dead-letter queues"
_SOURCE = "AWS Lambda Developer Guide, Amazon SQS event source"
_EVENTBRIDGE = "Amazon EventBridge User Guide, quotas"
_PATTERNS = "Amazon EventBridge User Guide, event patterns"
_SCHEDULER = "EventBridge Scheduler User Guide, schedule types"

_LONGEST_PATTERN = 2_048
_LONGEST_DETAIL_TYPE = 128
_LONGEST_EXPRESSION = 256
_LONGEST_ZONE = 50
_LONGEST_HIDDEN = duration_text(timedelta(seconds=limits.LONGEST_VISIBILITY))
_TOP_FIELDS = frozenset(
    {"account", "detail", "detail-type", "id", "region", "replay-name", "resources", "source", "time", "version"}
)
_OPERATORS = frozenset(
    {"anything-but", "cidr", "equals-ignore-case", "exists", "numeric", "prefix", "suffix", "wildcard"}
)
_CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)")
_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")


def judge_visibility(function: Function, case: Case) -> Iterator[Objection]:
    """Judge whether messages stay hidden while Lambda has them, its own retries included."""
    for source in function.sources:
        queue = case.queues[source.edge]
        wanted = VISIBILITY_FACTOR * function.timeout + source.window
        if queue.visibility < function.timeout or queue.visibility < min(wanted, limits.LONGEST_VISIBILITY):
            yield Refused(
                why=f"messages are hidden for {queue.visibility} s, and a timeout of {function.timeout} s needs "
                f"{wanted} s ({_SOURCE})",
                fix="shorten the runs of this function",
            )


def judge_age(queue: Queue, case: Case) -> Iterator[Objection]:
    """Judge whether a dead letter can be lost as soon as it is one: on a standard queue it keeps its age."""
    dead_letter = case.dead_letters[queue.dead_letter]
    if not queue.is_fifo and dead_letter.retention < queue.retention:
        yield Degraded(
            why=f"messages are kept for {queue.retention} s and dead letters, which keep their age, for "
            f"{dead_letter.retention} s ({_DEAD_LETTERS})",
            fix="declare a longer dead_letter_retention, or a shorter window and max_delay",
        )


def judge_kind(queue: Queue, case: Case) -> Iterator[Objection]:
    """Judge whether queue and dead letter are of one kind."""
    if queue.is_fifo != case.dead_letters[queue.dead_letter].is_fifo:
        yield Refused(
            why=f"a queue and its dead letter have to be both FIFO or both standard ({_DEAD_LETTERS})",
            fix="give queue and dead letter the same ordering",
        )


def judge_queue_name(queue: Queue, _case: Case) -> Iterator[Objection]:
    """Judge the length of the name with the longest prefix."""
    yield from too_long(queue.physical_name, limits.LONGEST_QUEUE_NAME, _SQS)


def judge_waiting(queue: Queue, _case: Case) -> Iterator[Objection]:
    """Judge whether a job that keeps its place in an order spends its attempts on waiting for its time."""
    waits, attempts = waits_of(queue.delay), queue.attempts
    if not queue.is_fifo or attempts is None or waits < attempts:
        return
    longest = timedelta(hours=(attempts - 1) * LONGEST_WAIT // 3_600)
    told = "any delay is allowed" if queue.delay is None else f"delays of {duration_text(queue.delay)} are declared"
    why = (
        f"{told}, and what keeps its place in an order waits hidden for {_LONGEST_HIDDEN} at a time ({_SQS}): "
        f"it is received {waits} times before it is due, and that counts as {waits} of {attempts} attempts"
    )
    fix = f"declare {bound_text(longest)}, or tracking='full', which counts started runs"
    if queue.delay is not None and waits >= net_of(attempts):
        yield Refused(why=f"{why}; it would be given up without a run", fix=fix)
    else:
        yield Degraded(why=f"{why}; it may get one run only", fix=fix)


def judge_pattern(rule: Rule, _case: Case) -> Iterator[Objection]:
    """Judge an event pattern: known fields, lists of values, known operators, and its length."""
    unknown = sorted(set(rule.pattern) - _TOP_FIELDS)
    if unknown or not rule.pattern:
        yield Refused(
            why=f"an event has no field {', '.join(unknown) or 'to match'} ({_PATTERNS})",
            fix=f"match one of {', '.join(sorted(_TOP_FIELDS))}",
        )
    for place in _misspelt(rule.pattern, ""):
        yield Refused(
            why=f"{place} of the pattern is no list of values that EventBridge compares ({_PATTERNS})",
            fix="filter for exact texts",
        )
    length = len(compact(rule.pattern))
    if length > _LONGEST_PATTERN:
        yield Refused(
            why=f"the pattern has {length} characters, and the limit is {_LONGEST_PATTERN} ({_EVENTBRIDGE})",
            fix="filter for less, and let the handler return early",
        )


def _misspelt(pattern: Mapping[str, Any], place: str) -> Iterator[str]:
    for name, wanted in pattern.items():
        here = f"{place}{name}"
        if isinstance(wanted, dict):
            yield from _misspelt(wanted, f"{here}.")
        elif not isinstance(wanted, tuple) or not wanted or not all(map(_is_comparable, wanted)):
            yield here


def _is_comparable(wanted: Any) -> bool:
    if isinstance(wanted, dict):
        return len(wanted) == 1 and set(wanted) <= _OPERATORS
    return wanted is None or isinstance(wanted, str | int | float)


def judge_targets(rule: Rule, _case: Case) -> Iterator[Objection]:
    """Judge the number of targets."""
    if len(rule.targets) > limits.MOST_TARGETS:
        yield Refused(
            why=f"a rule has {len(rule.targets)} targets, and the limit is {limits.MOST_TARGETS} ({_EVENTBRIDGE})",
            fix="split the rule",
        )


def judge_expression(schedule: Schedule, _case: Case) -> Iterator[Objection]:
    """Judge an expression of Scheduler, of which neither linters nor CloudFormation know the grammar."""
    problem = _problem_of(schedule.expression)
    if problem is not None:
        yield Refused(why=f"{schedule.expression}: {problem} ({_SCHEDULER})", fix="declare another expression")


def _problem_of(expression: str) -> str | None:
    if len(expression) > _LONGEST_EXPRESSION:
        return f"it has {len(expression)} characters, and the limit is {_LONGEST_EXPRESSION}"
    if moment := _AT.fullmatch(expression):
        return None if _is_moment(moment[1]) else "there is no such moment"
    fields = _CRON.fullmatch(expression)
    if fields is None:
        return "it is neither cron() with six fields nor at() with whole seconds"
    days, weekdays = fields[3], fields[5]
    return None if (days == "?") != (weekdays == "?") else "exactly one of the two day fields has to be a question mark"


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def judge_zone(schedule: Schedule, _case: Case) -> Iterator[Objection]:
    """Judge the time zone, which emulators and linters take as it comes."""
    if not _is_zone(schedule.timezone) or len(schedule.timezone) > _LONGEST_ZONE:
        yield Refused(
            why=f"{schedule.timezone!r} is no time zone of the IANA database of {_LONGEST_ZONE} characters at most "
            f"({_SCHEDULER})",
            fix="declare a zone such as 'Europe/Berlin'",
        )


def _is_zone(name: str) -> bool:
    try:
        load_zone(name)
    except UnknownTimezone:
        return False
    return True


def judge_input(schedule: Schedule, _case: Case) -> Iterator[Objection]:
    """Judge the size of what is sent, and the name of the event that it is sent as."""
    size = len(schedule.input.encode())
    if size > limits.LARGEST_INPUT:
        yield Refused(
            why=f"its input has {size_text(size)}, and the limit is {size_text(limits.LARGEST_INPUT)} ({_SCHEDULER})",
            fix="send a reference instead, or compute the payload from the slot",
        )
    if schedule.put_events is not None and len(schedule.put_events[0]) > _LONGEST_DETAIL_TYPE:
        yield Refused(
            why=f"an event's name has {_LONGEST_DETAIL_TYPE} characters at most ({_SCHEDULER})",
            fix="give the event a shorter name",
        )


SOURCE_RULES: tuple[Check[Function, Case], ...] = (
    Check(name="visibility", code="PS311", meaning="messages stay hidden while they are run", judge=judge_visibility),
)
QUEUE_RULES: tuple[Check[Queue, Case], ...] = (
    Check(name="dead-letter-age", code="PS312", meaning="dead letters outlive their queue", judge=judge_age),
    Check(name="dead-letter-kind", code="PS313", meaning="queue and dead letter are of one kind", judge=judge_kind),
    Check(name="queue-name", code="PS314", meaning="a name fits with every prefix", judge=judge_queue_name),
    Check(name="waiting", code="PS320", meaning="jobs in an order keep attempts while they wait", judge=judge_waiting),
)
EVENT_RULES: tuple[Check[Rule, Case], ...] = (
    Check(name="event-pattern", code="PS315", meaning="a pattern is one of EventBridge's", judge=judge_pattern),
    Check(name="event-targets", code="PS316", meaning="a rule has five targets at most", judge=judge_targets),
)
SCHEDULE_RULES: tuple[Check[Schedule, Case], ...] = (
    Check(name="expression", code="PS317", meaning="an expression is one of Scheduler's", judge=judge_expression),
    Check(name="zone", code="PS318", meaning="a time zone is in the IANA database", judge=judge_zone),
    Check(name="input", code="PS319", meaning="what a schedule sends fits", judge=judge_input),
)
