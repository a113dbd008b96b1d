"""Names of edges, events and schedules from whatever a test has at hand."""

from typing import Any

from purista_serverless.errors import DeclarationError


def edge_of(target: Any, default: str | None = None) -> str:
    """Give the name of an asynchronous edge.

    Args:
        target: The name itself, a queue's handle, or the handler function of a worker or subscription.
        default: The kind that a name without one belongs to: ``"queue"`` makes ``queue:emails`` of ``emails``.

    Raises:
        DeclarationError: The target has no edge.

    Example:
        >>> edge_of("emails", "queue")
        'queue:emails'
    """
    if isinstance(target, str):
        return target if default is None or target.startswith(f"{default}:") else f"{default}:{target}"
    declaration = getattr(target, "__purista__", None)
    if declaration is not None:
        target = declaration.target
        if declaration.kind == "subscription":
            return f"subscription:{target.service.name}.{target.service.version}.{target.name}"
    if getattr(target, "kind", None) == "queue":
        return f"queue:{target.name}"
    raise DeclarationError(f"{target!r} has no asynchronous edge; give a queue, a worker, a subscription or a name")


def name_of_event(event: Any) -> str:
    """Give the name of an event, from its handle or as it is."""
    return event if isinstance(event, str) else str(event.name)


def name_of_schedule(schedule: Any) -> str:
    """Give the full name of a schedule, from its handle or as it is."""
    return schedule if isinstance(schedule, str) else str(schedule.full_name)
