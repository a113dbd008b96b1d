"""Topics, their subscriptions with alerts, jobs that publish, and the queue of what is delivered later."""

from purista_serverless.adapters.gcp.plan.resources import Alert, Job, Push, Sub, Subscription, TasksQueue, Topic
from purista_serverless.adapters.gcp.render.terraform.addresses import Addresses
from purista_serverless.adapters.gcp.render.terraform.expressions import expression, quoted, template
from purista_serverless.adapters.gcp.render.terraform.values import Arguments, named, seconds

# Alerts look at the highest figure of each minute, which is how often Pub/Sub gives one.
_PERIOD = 60


def topic(resource: Topic) -> Arguments:
    """Give the arguments of a topic."""
    return {"name": named(resource.name)}


def subscription(resource: Subscription, addresses: Addresses) -> Arguments:
    """Give the arguments of a subscription."""
    written: Arguments = {
        "name": named(resource.name),
        "topic": addresses.attribute(resource.topic, "id"),
        "ack_deadline_seconds": resource.ack_deadline,
        "message_retention_duration": seconds(resource.retention),
        # Never; what is left out means after 31 days without a subscriber.
        "expiration_policy": {"ttl": ""},
    }
    if resource.is_ordered:
        written["enable_message_ordering"] = True
    if resource.filter is not None:
        written["filter"] = template(resource.filter)
    if resource.backoff is not None:
        shortest, longest = resource.backoff
        written["retry_policy"] = {"minimum_backoff": seconds(shortest), "maximum_backoff": seconds(longest)}
    if resource.dead_letter is not None:
        written["dead_letter_policy"] = {
            "dead_letter_topic": addresses.attribute(resource.dead_letter, "id"),
            "max_delivery_attempts": resource.max_deliveries,
        }
    if resource.push is not None:
        written["push_config"] = _push(resource.push, addresses)
    return written


def _push(push: Push, addresses: Addresses) -> Arguments:
    return {
        "push_endpoint": template(push.endpoint),
        "oidc_token": {
            "service_account_email": addresses.attribute(push.account, "email"),
            "audience": template(push.audience),
        },
    }


def job(resource: Job, addresses: Addresses) -> Arguments:
    """Give the arguments of a job."""
    target: Arguments = {
        "topic_name": addresses.attribute(resource.topic, "id"),
        "data": expression(f"base64encode({quoted(resource.data)})"),
    }
    if resource.attributes:
        target["attributes"] = {name: template(value) for name, value in resource.attributes}
    return {
        "name": named(resource.name),
        "region": expression("var.region"),
        "description": template(resource.description),
        "schedule": resource.cron,
        "time_zone": resource.timezone,
        "paused": not resource.is_enabled,
        "retry_config": {"retry_count": resource.retries},
        "pubsub_target": target,
    }


def tasks_queue(resource: TasksQueue) -> Arguments:
    """Give the arguments of a queue of tasks, which gives up none."""
    return {
        "name": named(resource.name),
        "location": expression("var.region"),
        # By itself it drops a task, and the message in it, after a hundred attempts.
        "retry_config": {"max_attempts": -1},
    }


def alert(resource: Alert, subscription: Subscription, labels: dict[str, str]) -> Arguments:
    """Give the arguments of an alert on the subscription of a dead letter."""
    threshold = {
        "filter": _filter(subscription, resource.metric),
        "comparison": "COMPARISON_GT",
        "threshold_value": resource.threshold,
        "duration": seconds(0),
        "aggregations": [{"alignment_period": seconds(_PERIOD), "per_series_aligner": "ALIGN_MAX"}],
    }
    return {
        "display_name": named(resource.name),
        "combiner": "OR",
        "conditions": [{"display_name": template(resource.description), "condition_threshold": threshold}],
        "documentation": {"content": template(resource.description)},
        "notification_channels": expression("var.notification_channels"),
        "user_labels": labels,
    }


def _filter(subscription: Subscription, metric: str) -> str:
    name = template(Sub(f"${{prefix}}-{subscription.name}"))
    return (
        f'resource.type = "pubsub_subscription" AND resource.labels.subscription_id = "{name}" '
        f'AND metric.type = "pubsub.googleapis.com/subscription/{metric}"'
    )
