"""Who may ask: which functions are open to everybody's requests, and where they answer."""

from urllib.parse import quote

from purista_serverless.adapters.gcp.constants import PUSH_PATH
from purista_serverless.adapters.gcp.options import Authorizer, Options
from purista_serverless.adapters.gcp.plan.resources import Sub
from purista_serverless.model import Application
from purista_serverless.topology import Function, HttpTrigger


def authorizer_of(application: Application, options: Options) -> Authorizer:
    """Give who knows the callers of private routes: what the options say, else the application if it can."""
    return options.authorizer or ("iam" if application.authenticate is None else "application")


def route_of(function: Function) -> HttpTrigger | None:
    """Give the route of a function, if it has one."""
    return next((trigger for trigger in function.triggers if isinstance(trigger, HttpTrigger)), None)


def is_open(function: Function, application: Application, authorizer: Authorizer) -> bool:
    """Say whether requests have to reach a function unchecked: public ones, and those that the application checks."""
    route = route_of(function)
    if route is None:
        return False
    return route.public or (authorizer == "application" and application.authenticate is not None)


def url_of(name: str) -> Sub:
    """Give where a function answers; known before it is there, so that functions can invoke each other both ways."""
    return Sub(f"https://${{prefix}}-{name}-${{number}}.${{region}}.run.app")


def endpoint_of(url: Sub, edge: str) -> Sub:
    """Give where the messages of an edge are pushed to."""
    return Sub(f"{url}{PUSH_PATH}{quote(edge, safe='')}")
