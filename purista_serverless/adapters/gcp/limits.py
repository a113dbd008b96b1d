"""The figures of Google Cloud, of 2026, each with the public document that gives it; rows for one edge stand first.

Where two services share an edge the tighter figure counts. A push has one lease, its acknowledgement deadline, which is
the time of its request as well.
"""

from purista_serverless.adapter import Limit

_PUBSUB = "Pub/Sub documentation, quotas and limits"
_SUBSCRIPTION = "Pub/Sub documentation, subscription properties"
_DEAD_LETTERS = "Pub/Sub documentation, dead-letter topics"
_PUSH = "Pub/Sub documentation, push subscriptions"
_TASKS = "Cloud Tasks documentation, quotas and limits"
_SCHEDULER = "Cloud Scheduler documentation, quotas and limits"
_RUN = "Cloud Run documentation, quotas and limits"
_FUNCTIONS = "Cloud Run functions documentation, quotas"

_MINUTE = 60
_DAY = 24 * 60 * _MINUTE

LONGEST_DELAY = 30 * _DAY
SHORTEST_ACK_DEADLINE = 10
LONGEST_ACK_DEADLINE = 10 * _MINUTE
SHORTEST_RETENTION = 10 * _MINUTE
LONGEST_RETENTION = 31 * _DAY
LONGEST_BACKOFF = 10 * _MINUTE
LONGEST_REQUEST = 60 * _MINUTE
# Seconds of a request that no handler gets: they start the instance and settle what was done.
MARGIN = 30
LONGEST_PUSH = LONGEST_ACK_DEADLINE - MARGIN
FEWEST_DELIVERIES, MOST_DELIVERIES = 5, 100

# Of 10,000,000 bytes: the rest is room for attributes, those of a dead letter included.
LARGEST_MESSAGE = 10_000_000 - 16_384
# Of 1,000,000 bytes of a task, in which a body stands as base64 among its attributes.
LARGEST_TASK = (1_000_000 - 24_576) // 4 * 3
LARGEST_JOB = 1 << 20
LARGEST_REQUEST = 32 << 20
MOST_ATTRIBUTES = 100
LONGEST_ATTRIBUTE_KEY = 256
LONGEST_ATTRIBUTE = 1_024
LONGEST_FILTER = 256

LONGEST_FUNCTION_NAME = 49
LONGEST_TOPIC_NAME = 255
LONGEST_JOB_NAME = 500
SHORTEST_ACCOUNT_NAME, LONGEST_ACCOUNT_NAME = 6, 30
LONGEST_SECRET_NAME = 255
LARGEST_ENVIRONMENT = 32 << 10
MOST_VARIABLES = 1_000
# Operators of one condition, conditions of one member in one role, and all of one policy (IAM documentation, quotas and
# limits; overview of conditions).
MOST_CONDITIONS = 12
MOST_CONDITIONS_OF_MEMBER = 20
MOST_CONDITIONAL_BINDINGS = 100
MOST_ACCOUNTS = 100
MOST_SERVICES = 1_000
MOST_JOBS = 5_000
MOST_TOPICS = 10_000
MOST_RETRIES = 5
MOST_CONCURRENCY = 1_000

LIMITS = (
    Limit("delay", LONGEST_DELAY, "s", edge="queue", source=_TASKS),
    Limit("lease", LONGEST_PUSH, "s", source=_PUSH),
    Limit("leaseTotal", LONGEST_PUSH, "s", source=_PUSH),
    Limit("backoff", LONGEST_BACKOFF, "s", source=_SUBSCRIPTION),
    Limit("retention", LONGEST_RETENTION, "s", source=_SUBSCRIPTION),
    Limit("deadLetterRetention", LONGEST_RETENTION, "s", source=_SUBSCRIPTION),
    Limit("deliveries", MOST_DELIVERIES, "count", source=_DEAD_LETTERS),
    Limit("payload", LARGEST_MESSAGE, "B", edge="queue", source=_PUBSUB),
    Limit("payload", LARGEST_MESSAGE, "B", edge="event", source=_PUBSUB),
    Limit("payload", LARGEST_REQUEST, "B", edge="command", source=_FUNCTIONS),
    Limit("payload", LARGEST_REQUEST, "B", edge="http", source=_FUNCTIONS),
    Limit("payload", LARGEST_JOB, "B", edge="schedule", source=_SCHEDULER),
    Limit("priorities", 1, "count", edge="queue", source=_PUBSUB),
    Limit("batch", 1, "count", edge="queue", source=_PUSH),
    Limit("runtime", LONGEST_REQUEST - MARGIN, "s", edge="http", source=_RUN),
    Limit("runtime", LONGEST_REQUEST - MARGIN, "s", edge="command", source=_RUN),
    Limit("runtime", LONGEST_PUSH, "s", source=_PUSH),
    Limit("jitter", LONGEST_DELAY, "s", edge="schedule", source=_TASKS),
    Limit("name", LONGEST_TOPIC_NAME, "characters", edge="queue", source=_PUBSUB),
    Limit("name", LONGEST_TOPIC_NAME, "characters", edge="event", source=_PUBSUB),
    Limit("name", LONGEST_JOB_NAME, "characters", edge="schedule", source=_SCHEDULER),
    Limit("name", LONGEST_FUNCTION_NAME, "characters", source=_RUN),
)
