"""Three providers that do not exist: one without limits, one that queues like SQS, one that pushes like Pub/Sub.

They show what ``check`` says about an application before a cloud is chosen, and are what the build's own tests run on.
The figures of the latter two are the real ones, of 2026.
"""

from purista_serverless.adapter import Adapter, Capabilities, Limit
from purista_serverless.schedule.expressions import DstPolicy

_DAY = 86_400

_SQS = "Amazon SQS Developer Guide, message quotas"
_LAMBDA = "AWS Lambda Developer Guide, quotas"
_EVENTBRIDGE = "Amazon EventBridge User Guide, quotas"
_SCHEDULER = "EventBridge Scheduler User Guide, quotas"

_PUBSUB = "Pub/Sub documentation, quotas and limits"
_FUNCTIONS = "Cloud Run functions documentation, quotas"
_CLOCK = "Cloud Scheduler documentation, quotas and limits"

_ENTRY = "purista_serverless.runtime.entry"
_PLANNER = "purista_serverless.testing.manifest:plan"
_RENDERERS = ("purista_serverless.testing.manifest:render",)

IDEAL = Adapter(
    "ideal",
    capabilities=Capabilities(),
    entry=_ENTRY,
    planner=_PLANNER,
    renderers=_RENDERERS,
)

SQS_LIKE = Adapter(
    "sqs-like",
    capabilities=Capabilities(
        attempts="approximate",
        dialect="aws",
        dst=DstPolicy("skip", "first"),
        limits=(
            Limit("delay", 900, "s", edge="queue", source=_SQS),
            Limit("lease", 12 * 3_600, "s", edge="queue", source=_SQS),
            Limit("leaseTotal", 12 * 3_600, "s", edge="queue", source=_SQS),
            Limit("backoff", 12 * 3_600, "s", edge="queue", source=_SQS),
            Limit("backoff", 12 * 3_600, "s", edge="event", source=_SQS),
            Limit("retention", 14 * _DAY, "s", edge="queue", source=_SQS),
            Limit("retention", 14 * _DAY, "s", edge="event", source=_SQS),
            Limit("retention", _DAY, "s", edge="schedule", source=_SCHEDULER),
            Limit("deadLetterRetention", 14 * _DAY, "s", source=_SQS),
            Limit("deliveries", 1_000, "count", edge="queue", source=_SQS),
            Limit("payload", 1 << 20, "B", edge="queue", source=_SQS),
            Limit("payload", 1_000_000, "B", edge="event", source=_EVENTBRIDGE),
            Limit("payload", 6 << 20, "B", edge="command", source=_LAMBDA),
            Limit("payload", 6 << 20, "B", edge="http", source=_LAMBDA),
            Limit("payload", 256 << 10, "B", edge="schedule", source=_SCHEDULER),
            Limit("priorities", 1, "count", edge="queue", source="Amazon SQS Developer Guide, queue types"),
            Limit("batch", 10_000, "count", edge="queue", source="AWS Lambda Developer Guide, Amazon SQS event source"),
            Limit("runtime", 30, "s", edge="http", source="Amazon API Gateway Developer Guide, quotas"),
            Limit("runtime", 900, "s", source=_LAMBDA),
            Limit("jitter", _DAY, "s", edge="schedule", source="EventBridge Scheduler User Guide, flexible windows"),
            Limit("name", 80, "characters", edge="queue", source=_SQS),
            Limit("name", 64, "characters", source=_LAMBDA),
            Limit("resources", 500, "count", source="AWS CloudFormation User Guide, quotas"),
        ),
    ),
    entry=_ENTRY,
    planner=_PLANNER,
    renderers=_RENDERERS,
    translator="purista_serverless.schedule.dialects.aws:translate",
)

PUSH_LIKE = Adapter(
    "push-like",
    capabilities=Capabilities(
        direct=(),
        attempts="approximate",
        lease_extension=False,
        schedule_kinds=("cron", "interval"),
        dialect="google",
        slots=False,
        limits=(
            Limit("delay", 0, "s", edge="queue", source="Pub/Sub documentation, publish messages"),
            Limit("lease", 600, "s", source=_PUBSUB),
            Limit("backoff", 600, "s", source=_PUBSUB),
            Limit("retention", 31 * _DAY, "s", source=_PUBSUB),
            Limit("deadLetterRetention", 31 * _DAY, "s", source=_PUBSUB),
            Limit("deliveries", 100, "count", source="Pub/Sub documentation, dead letter topics"),
            Limit("payload", 1_000_000, "B", edge="schedule", source=_CLOCK),
            Limit("payload", 32 << 20, "B", edge="http", source=_FUNCTIONS),
            Limit("payload", 10_000_000, "B", source=_PUBSUB),
            Limit("priorities", 1, "count", edge="queue", source="Pub/Sub documentation, subscription properties"),
            Limit("batch", 1, "count", edge="queue", source="Pub/Sub documentation, push subscriptions"),
            Limit("runtime", 3_600, "s", edge="http", source=_FUNCTIONS),
            Limit("runtime", 3_600, "s", edge="command", source=_FUNCTIONS),
            Limit("runtime", 540, "s", source=_FUNCTIONS),
            Limit("jitter", 0, "s", edge="schedule", source=_CLOCK),
            Limit("name", 63, "characters", edge="command", source=_FUNCTIONS),
            Limit("name", 255, "characters", source=_PUBSUB),
        ),
    ),
    entry=_ENTRY,
    planner=_PLANNER,
    renderers=_RENDERERS,
    translator="purista_serverless.schedule.dialects.unix:translate_google",
)
