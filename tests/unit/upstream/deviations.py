"""Where this kit's shapes differ from upstream's, and why: the only place that allows a difference.

``file`` and ``path`` are patterns: ``*`` is any part of one key, ``**`` any number of keys. ``ours`` is ``absent``,
``added``, or a pattern of what stands there instead, as JSON.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import groupby

from tests.unit.upstream.comparison import ABSENT, ADDED, Difference


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """One allowed difference."""

    file: str
    path: str
    ours: str
    reason: str

    def allows(self, file: str, difference: Difference) -> bool:
        """Say whether a difference is the one that this row is about."""
        path = "".join(_PATTERNS.get(part, re.escape(part)) for part in re.split(r"(\*\*|\*)", self.path))
        return (
            fnmatchcase(file, self.file)
            and re.fullmatch(path, difference.path) is not None
            and fnmatchcase(difference.ours, self.ours)
        )


_PATTERNS = {"*": "[^/]*", "**": ".*"}


def _rows(file: str, *rows: tuple[str, str, str]) -> tuple[Deviation, ...]:
    return tuple(Deviation(file=file, path=path, ours=ours, reason=reason) for path, ours, reason in rows)


_BRIDGE = "upstream's default bridge adds its own instance to each message; here a message is what its sender wrote"
_CAUSE = "the message that caused this one, so that a chain can be followed"
_TRAVELS = "trace and correlation travel over every hop; upstream loses them here"
_IDENTITY = "tenant and principal travel over every hop; upstream loses them here"
_LEASE = "leases belong to the platform; a handler gets no lease identifiers"
_STATE = "a queue message always tells its attempt and its priority"
_TEXT = "texts of errors say what to do in this kit"
_ERROR_CLASS = "a failure is one class that tells the command; its details stay where it ran"
_REASON = "a reason names the error's class and how many attempts were spent"
_ATTRIBUTES = "a dead letter's body is the job's bytes; reason, count and generation are attributes beside it"
_TWO_EVENTS = "a job that is given up is told as failed before it is told as dead-lettered, whatever the reason"
_JOB_HEADERS = (
    "a result event repeats the headers given to the enqueue; a worker returns its result and sets no headers"
)
_DEFINITION = "definitions are exported by their own documents, not kept on the lifecycle"
_ENVELOPE_IN_CONTEXT = "contexts are typed objects: the table of builder calls lists what each member is called here"
_AT_BUILD = (
    "deliveries are durable everywhere and failure handling is the same everywhere, so nothing is left to refuse"
)
_REFUSED = "a declaration that cannot work is refused when the application is built"

DEVIATIONS = (
    *_rows(
        "*",
        ("*/instanceId", ABSENT, _BRIDGE),
        ("*/wire/*/instanceId", ABSENT, _BRIDGE),
        ("**/message/instanceId", ABSENT, _BRIDGE),
        ("**/causationId", ADDED, _CAUSE),
        ("**/hasTraceId", ABSENT, "an error tells no trace: logs and spans do"),
    ),
    *_rows(
        "cloudevents",
        ("cloudEvent/service*", ABSENT, "CloudEvents allows lower-case names only; either spelling is read"),
        ("cloudEvent/service*", ADDED, "the legal spelling"),
        ("cloudEvent/instanceId", ABSENT, "CloudEvents allows lower-case names only; either spelling is read"),
        ("cloudEvent/instanceid", ADDED, "the legal spelling"),
        ("**/otp", ABSENT, "a propagation carrier without a trace context is left out"),
        ("*/error", "*", _TEXT),
        ("schema", ABSENT, "the mapping is documented with its functions"),
    ),
    *_rows(
        "command-errors",
        ("*/error/name", '"InvocationFailed"', _ERROR_CLASS),
        ("*/error/message", '"createInvoice failed: 500 *"', _ERROR_CLASS),
        ("errorObjects/unhandledDefault/name", '"InvocationFailed"', _ERROR_CLASS),
        ("errorObjects/unhandledDefault/message", '"createInvoice failed: 500 *"', _ERROR_CLASS),
        ("errorObjects/unhandledResponse", ABSENT, "a handler's own failure never tells more than 500"),
        ("unknownCommand/error/name", '"Unavailable"', "a command that nobody answers is a port that is unavailable"),
        ("unknownCommand/error/errorCode", ABSENT, "there was no answer, hence no status"),
        ("unknownCommand/error/message", ABSENT, "the text is the adapter's"),
        ("timeoutNoResponder/error/name", '"Unavailable"', "as for an unknown command"),
        ("timeoutNoResponder/error/errorCode", ABSENT, "as for an unknown command"),
        ("timeoutNoResponder/error/message", ABSENT, "as for an unknown command"),
        ("emit/wire/0/correlationId", ADDED, _TRAVELS),
        ("*/ok/extra", '"*-*-8*-*-*"', "`enqueue` returns the job's id alone"),
        ("*/wire/0/payload/extra", '"*-*-8*-*-*"', "`enqueue` returns the job's id alone"),
        (
            "invalidPayload/**/message",
            '"*"',
            "texts of findings come from pydantic, the answer's is the status' phrase",
        ),
        ("invalidPayload/**/path", '"*"', "a path is one text of wire names, divided by dots"),
        ("invalidPayload/**/code", ABSENT, "a finding is a path and a text; the rest is the validator's own"),
        ("invalidPayload/**/origin", ABSENT, "a finding is a path and a text"),
        ("invalidPayload/**/minimum", ABSENT, "a finding is a path and a text"),
        ("invalidPayload/**/inclusive", ABSENT, "a finding is a path and a text"),
    ),
    *_rows(
        "defaults",
        ("**/autoHeartbeat", ABSENT, "heartbeats are always sent"),
        ("**/poisonMessageAction", ABSENT, "a threshold above zero pauses the worker; there is no other action"),
        (
            "longRunning6h/lifecycle/maxLeaseExtensions",
            "361",
            "extensions are used up one per heartbeat, not per lease",
        ),
        ("longRunning60s/lifecycle/maxLeaseExtensions", "2", "extensions are used up one per heartbeat, not per lease"),
        ("*/executionProfile", ABSENT, "the profile is `LongRunning` and becomes a lifecycle when it is declared"),
        ("*/queueBridgeConfig", ABSENT, "batch size and ordering are declared on worker and queue"),
        ("*/deprecated", ABSENT, _DEFINITION),
        ("*/schedules", ABSENT, _DEFINITION),
        ("*/tags", ABSENT, _DEFINITION),
        ("*/workers", ABSENT, _DEFINITION),
        ("messageTypes/Info*", ABSENT, "functions come and go with the platform; they do not announce themselves"),
        ("messageTypes/Stream", ABSENT, "streams are not in the kit"),
        ("statusCodes/*", ABSENT, "only the statuses that the kit itself gives are compared; handlers use any number"),
    ),
    *_rows(
        "envelopes-command",
        ("startupInfoMessages", ABSENT, "functions come and go with the platform; they do not announce themselves"),
        ("handlerContext/keys", ABSENT, _ENVELOPE_IN_CONTEXT),
        ("command/payload/parameter/dryRun", ADDED, "the caller sends defaults that its contract declares"),
        (
            "handlerContext/message/payload/parameter/dryRun",
            ADDED,
            "the caller sends defaults that its contract declares",
        ),
        ("customEventFromSubscription/correlationId", ADDED, _TRAVELS),
        ("customEventFromSubscription/traceId", ADDED, _TRAVELS),
        ("customEventFromSubscription/tenantId", ADDED, _IDENTITY),
        ("customEventFromSubscription/principalId", ADDED, _IDENTITY),
    ),
    *_rows(
        "event-to-queue",
        ("queueOps/0/args/0/attempt", ADDED, _STATE),
        ("**/priority", ADDED, _STATE),
        ("**/correlationId", ADDED, _TRAVELS),
        ("**/traceId", ADDED, _TRAVELS),
        ("**/parentSpanId", ADDED, _TRAVELS),
        ("**/headers/traceparent", ADDED, _TRAVELS),
        ("**/leaseExpiresAt", ABSENT, _LEASE),
        ("queueOps/1/result/leaseId", ABSENT, _LEASE),
        ("queueOps/1/result/leasedAt", ABSENT, _LEASE),
        ("queueOps/2/args", "length 1", _LEASE),
        ("resultEvent/payload/headers", ABSENT, _JOB_HEADERS),
        ("workerSaw/0/*", ABSENT, _ENVELOPE_IN_CONTEXT),
    ),
    *_rows(
        "idempotency-strategies",
        ("*/attempt", ADDED, _STATE),
        ("*/priority", ADDED, _STATE),
        ("*/correlationId", ADDED, _TRAVELS),
    ),
    *_rows(
        "long-running",
        (
            "maxRuntimeReached/ops/2",
            '"nack"',
            "an overrun of the maximum run time is a failure, whatever the handler returns",
        ),
        ("maxRuntimeReached/result", "length 0", "a late success is discarded"),
    ),
    *_rows(
        "queue-enqueue-calls",
        ("*/args/0/attempt", ADDED, _STATE),
        ("*/args/0/priority", ADDED, _STATE),
        ("*/args/0/correlationId", ADDED, _TRAVELS),
        ("*/args/0/traceId", ADDED, _TRAVELS),
        ("*/args/0/parentSpanId", ADDED, _TRAVELS),
        ("0/args/0/headers", ADDED, _IDENTITY),
        ("1/args/0/headers/purista.*", ADDED, _IDENTITY),
        ("1/args/0/headers/traceparent", ADDED, _TRAVELS),
    ),
    *_rows(
        "result-state",
        ("record/ok/*", ADDED, "the ledger's own record: snake_case, with fence and generation"),
        ("record/ok/*", ABSENT, "the ledger's own record: snake_case, and one time for the newest change"),
        ("requiredWithoutJobStore", ABSENT, "required results without a store are refused before deployment"),
    ),
    *_rows("retry-delays", ("requestedTooLarge", "9000000", "a delay that a handler asks for is kept")),
    *_rows(
        "schedule-defaults",
        ("event/expression/timezone", ADDED, "the zone is always told; it is UTC if none is declared"),
        ("emptyTarget/error", "*", _TEXT),
        ("invalidCronAccepted/error", ADDED, _REFUSED),
        ("invalidCronAccepted/*", ABSENT, _REFUSED),
    ),
    *_rows(
        "schedule-manifest",
        ("title", ABSENT, "the document around the schedules is the export's"),
        ("version", ABSENT, "the document around the schedules is the export's"),
        ("schedules/0/payloadSchema", ABSENT, "upstream writes raw internals of its validator here"),
        ("schedules/1/expression/timezone", ADDED, "the zone is always told; it is UTC if none is declared"),
        ("schedules/1/missedRunPolicy", '"catchUp"', "`backfill` is understood and is called `catchUp` from there on"),
        ("schedules/2/description", ADDED, "a description is always a text"),
    ),
    *_rows(
        "strict-capability-errors",
        ("durableSubscriptionOnDefault", ABSENT, _AT_BUILD),
        ("failureHandling*", ABSENT, _AT_BUILD),
        ("strictStartupValidationOff", ABSENT, "the check runs before deployment and cannot be switched off"),
        ("startTwice", ABSENT, "services are not started: functions are"),
    ),
    *_rows(
        "worker-outcomes",
        ("*/deadLetterQueue/0/attempt", "0", _ATTRIBUTES),
        ("*/deadLetterQueue/0/headers/x-purista-*", ABSENT, _ATTRIBUTES),
        ("*/deadLetterQueue/0/leaseExpiresAt", ABSENT, _LEASE),
        ("*/deadLetterQueue/0/parameter", ADDED, "a queue message always has a parameter, an empty one if need be"),
        ("*/deadLetterQueue/0/priority", ADDED, _STATE),
        ("*/events/*.failed", ADDED, _TWO_EVENTS),
        ("*/events/*/payload/headers", ABSENT, _JOB_HEADERS),
        ("*/events/*/payload/payload/reason", '"*"', _REASON),
        ("*/ops/*/queue", '"queue:billing.monthlyClosing"', "dead letters are kept by edge"),
        ("*/ops/*/request", '"*"', _REASON),
        ("*/ops/*/request/reason", ABSENT, "the platform is given a delay; reasons are kept in the ledger and in logs"),
        ("*/secondAttemptHeaders/x-purista-last-retry-reason", ABSENT, "reasons are kept in the ledger and in logs"),
        ("throwHandled/ops", "length 4", "a handled error with a status below 500 is final in a worker too"),
        ("throwHandled/attempts", "length 1", "a handled error with a status below 500 is final in a worker too"),
        ("throwHandled/secondAttemptHeaders", ABSENT, "there is no second attempt"),
        ("throwHandled/events/*.deadLettered/payload/attempt", "1", "there is one attempt only"),
        ("undefined/events/*.completed/payload/payload", ADDED, "a result event always has a payload, null if need be"),
    ),
)

_HEAD = """\
# Differences from upstream

This page is written by a test, from the table in `tests/unit/upstream/deviations.py`. The tests run one scenario per
reference file here, compare every field with what upstream produced, and allow what is listed below, nothing else.

In a path `*` is any part of one key and `**` any number of keys. *absent* is a field of upstream's that is not there,
*added* one that upstream does not have; anything else is what stands there instead.
"""


def render(rows: Iterable[Deviation]) -> str:
    """Write the table as a page of the documentation."""
    parts = [_HEAD]
    for file, group in groupby(rows, key=lambda row: row.file):
        title = "Everywhere" if file == "*" else f"`{file}.json`"
        lines = [f"| `{row.path}` | {_cell(row.ours)} | {row.reason} |" for row in group]
        parts.append("\n".join([f"## {title}", "", "| where | here | why |", "|---|---|---|", *lines]) + "\n")
    return "\n".join(parts)


def _cell(ours: str) -> str:
    return ours if ours in {ABSENT, ADDED} or ours.startswith("length") else "any" if ours == "*" else f"`{ours}`"
