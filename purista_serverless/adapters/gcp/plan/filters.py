"""Filters of subscriptions: what a declared one says about attributes. Dispatch checks all of it again."""

from collections.abc import Iterator

from purista_serverless.adapters.gcp.constants import SERVICE_ATTRIBUTE, VERSION_ATTRIBUTE
from purista_serverless.adapters.gcp.limits import LONGEST_FILTER
from purista_serverless.topology import BindingEdge, SubscriptionEdge


def filter_of(edge: SubscriptionEdge | BindingEdge) -> str | None:
    """Give the filter of an edge's subscription; ``None`` where attributes cannot say it within Pub/Sub's bounds."""
    wanted = edge.filter if isinstance(edge, SubscriptionEdge) else edge
    text = " AND ".join(_conditions(wanted.sender_service, wanted.sender_version))
    return text if text and len(text.encode()) <= LONGEST_FILTER else None


def _conditions(service: str | None, version: str | None) -> Iterator[str]:
    if service is not None:
        yield f"attributes.{SERVICE_ATTRIBUTE} = {_quoted(service)}"
    if version is not None:
        yield f"attributes.{VERSION_ATTRIBUTE} = {_quoted(version)}"


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
