"""What makes failures be tried less: figures that go down, and dead letters that go.

Sources of the defaults: Pub/Sub documentation (subscription properties), API references of Cloud Scheduler and Cloud
Tasks (RetryConfig).
"""

import math
import re
from collections.abc import Iterator

from purista_serverless.adapters.gcp.compare.document import Resource
from purista_serverless.synth.changes import Danger

# Figures by type and path, with what counts where none is given; a lower one is weaker.
_FIGURES: tuple[tuple[str, str, float], ...] = (
    ("google_pubsub_subscription", "ack_deadline_seconds", 10),
    ("google_pubsub_subscription", "dead_letter_policy.max_delivery_attempts", 5),
    ("google_pubsub_subscription", "message_retention_duration", 604_800),
    ("google_cloud_scheduler_job", "retry_config.retry_count", 0),
    ("google_cloud_tasks_queue", "retry_config.max_attempts", 100),
)
_DEAD_LETTER = "dead_letter_policy.dead_letter_topic"
_EXPIRY = "expiration_policy.ttl"
# How Cloud Tasks writes that there is no limit.
_UNLIMITED = "-1"
_RETRY = re.compile(r"retry_policy\..*")


def dangers_of_retrying(old: Resource, new: Resource) -> tuple[Danger, ...]:
    """Say what is tried less, or not kept, when a resource changes."""
    reasons = (*_lowered(old, new), *(_subscription(old, new) if new.type == "google_pubsub_subscription" else ()))
    return tuple(Danger(risk="weakens-retry", why=reason) for reason in reasons)


def _lowered(old: Resource, new: Resource) -> Iterator[str]:
    for kind, path, default in _FIGURES:
        # Without a dead letter nothing counts deliveries.
        is_counted = not path.startswith("dead_letter") or _DEAD_LETTER in new.arguments
        if kind == new.type and is_counted:
            was, now = (_number(one.arguments.get(path), default) for one in (old, new))
            if was is not None and now is not None and now < was:
                yield f"{path} goes down from {_shown(was)} to {_shown(now)}"


def _subscription(old: Resource, new: Resource) -> Iterator[str]:
    if _DEAD_LETTER in old.arguments and _DEAD_LETTER not in new.arguments:
        yield "dead_letter_policy is gone: what fails for good is not kept"
    if any(map(_RETRY.fullmatch, old.arguments)) and not any(map(_RETRY.fullmatch, new.arguments)):
        yield "retry_policy is gone: what fails comes again at once, and spends its deliveries within seconds"
    if old.arguments.get(_EXPIRY) == "" and new.arguments.get(_EXPIRY) != "":
        yield "expiration_policy is gone: after 31 days without use the subscription is deleted"


def _number(text: str | None, default: float) -> float | None:
    if text is None:
        return default
    if text == _UNLIMITED:
        return math.inf
    # Durations are written with their unit: ``604800s``.
    found = re.fullmatch(r"(\d+(?:\.\d+)?)s?", text)
    return float(found[1]) if found is not None else None


def _shown(figure: float) -> str:
    return "unlimited" if math.isinf(figure) else f"{figure:.12g}"
