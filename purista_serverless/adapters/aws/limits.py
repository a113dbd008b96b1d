"""The figures of AWS, of 2026, each with the public document that gives it; rows for one edge stand before all others.

Where two services share an edge the tighter figure counts: a request passes API Gateway and Lambda.
"""

from purista_serverless.adapter import Limit

_SQS = "Amazon SQS Developer Guide, message quotas"
_SQS_QUEUES = "Amazon SQS Developer Guide, standard queue quotas"
_DEAD_LETTERS = "Amazon SQS Developer Guide, dead-letter queues"
_LAMBDA = "AWS Lambda Developer Guide, quotas"
_SOURCE = "AWS Lambda Developer Guide, Amazon SQS event source"
_GATEWAY = "Amazon API Gateway Developer Guide, quotas for HTTP APIs"
_EVENTBRIDGE = "Amazon EventBridge User Guide, quotas"
_SCHEDULER = "EventBridge Scheduler User Guide, quotas"

_HOUR = 3_600
_DAY = 24 * _HOUR

# Where a message goes after ``2 * max_attempts + 10`` receives, and at the latest after this many.
MOST_RECEIVES = 1_000
LONGEST_DELAY = 900
LONGEST_VISIBILITY = 12 * _HOUR
LONGEST_RETENTION = 14 * _DAY
# SQS' own default: as long as nobody may fetch a message before it is lost without a trace.
USUAL_RETENTION = 4 * _DAY
LONGEST_RUN = 900
# Of 1 MiB: the rest is room for what EventBridge wraps around a message, and for the attributes of a dead letter.
LARGEST_MESSAGE = (1 << 20) - (4 << 10)
LARGEST_INPUT = 256 << 10
# Of an invocation that somebody waits for; its answer has the same.
LARGEST_REQUEST = 6 << 20
MOST_RESOURCES = 500
LONGEST_FUNCTION_NAME = 64
LONGEST_QUEUE_NAME = 80
LARGEST_BATCH = 10_000
# Of a rule (Amazon EventBridge User Guide, quotas).
MOST_TARGETS = 5

LIMITS = (
    Limit("delay", LONGEST_DELAY, "s", edge="queue", source=_SQS),
    Limit("lease", LONGEST_VISIBILITY, "s", source=_SQS),
    Limit("leaseTotal", LONGEST_VISIBILITY, "s", source=_SQS),
    Limit("backoff", LONGEST_VISIBILITY, "s", source=_SQS),
    Limit("retention", LONGEST_RETENTION, "s", source=_SQS),
    Limit("deadLetterRetention", LONGEST_RETENTION, "s", source=_SQS),
    Limit("deliveries", MOST_RECEIVES, "count", source=_DEAD_LETTERS),
    Limit("payload", LARGEST_MESSAGE, "B", edge="queue", source=_SQS),
    Limit("payload", LARGEST_MESSAGE, "B", edge="event", source=_EVENTBRIDGE),
    Limit("payload", LARGEST_REQUEST, "B", edge="command", source=_LAMBDA),
    Limit("payload", LARGEST_REQUEST, "B", edge="http", source=_LAMBDA),
    Limit("payload", LARGEST_INPUT, "B", edge="schedule", source=_SCHEDULER),
    Limit("priorities", 1, "count", edge="queue", source=_SQS_QUEUES),
    Limit("batch", LARGEST_BATCH, "count", edge="queue", source=_SOURCE),
    Limit("runtime", 30, "s", edge="http", source=_GATEWAY),
    Limit("runtime", LONGEST_RUN, "s", source=_LAMBDA),
    # A gate spreads the starts: until then a knock waits in its queue.
    Limit("jitter", USUAL_RETENTION, "s", edge="schedule", source=_SQS),
    Limit("name", LONGEST_QUEUE_NAME, "characters", edge="queue", source=_SQS),
    Limit("name", LONGEST_QUEUE_NAME, "characters", edge="event", source=_SQS),
    Limit("name", LONGEST_QUEUE_NAME, "characters", edge="schedule", source=_SQS),
    Limit("name", LONGEST_FUNCTION_NAME, "characters", source=_LAMBDA),
    Limit("resources", MOST_RESOURCES, "count", source="AWS CloudFormation User Guide, quotas"),
)
