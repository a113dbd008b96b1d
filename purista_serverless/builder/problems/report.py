"""Make problems: the place first, then what is wrong, then the fix."""

from typing import Any

from purista_serverless.builder.declarations import place_name
from purista_serverless.builder.origin import Origin
from purista_serverless.builder.service import ServiceBuilder
from purista_serverless.errors import Problem


def problem_at(code: str, target: Any, what: str, fix: str) -> Problem:
    """Give a problem of something that a service declares: it has ``service``, ``name`` and ``origin``."""
    name = place_name(target.service, target.name) if target.service is not None else f"external {target.name}"
    return problem_in(code, name, target.origin, what, fix)


def problem_of(code: str, service: ServiceBuilder, what: str, fix: str) -> Problem:
    """Give a problem of a service itself."""
    return problem_in(code, f"{service.name} v{service.version}", service.origin, what, fix)


def problem_in(code: str, name: str, origin: Origin, what: str, fix: str) -> Problem:
    """Give a problem of anything with a name and an origin."""
    return Problem(code, where=f"{name} ({origin})", what=what, fix=fix)


def split_error(error: Exception, origin: Origin | None = None) -> tuple[str, str]:
    """Take the text of one of our errors apart: what is wrong, and the fix after the last semicolon."""
    text = str(error) if origin is None else str(error).removeprefix(f"{origin}: ")
    what, _, fix = text.rpartition("; ")
    return (what, fix) if what else (text, "see the message")
