"""The HTTP API: one route per exposed command, private unless declared public."""

from collections.abc import Iterator
from typing import Any, Literal

from purista_serverless.adapters.aws.options import Options
from purista_serverless.adapters.aws.plan.places import API, AUTHORIZER, Places
from purista_serverless.adapters.aws.plan.resources import Authorizer, Declared, HttpApi, Resource, Route, Sub
from purista_serverless.model import Application, Cors, Http
from purista_serverless.topology import Function

Authorization = Literal["NONE", "AWS_IAM", "JWT"]

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_ALLOWED_HEADERS = ("authorization", "content-type", "traceparent", "x-correlation-id")
_EXPOSED_HEADERS = ("location", "retry-after", "traceparent", "x-correlation-id")

_AUTHORIZATIONS: dict[str, Authorization] = {"jwt": "JWT", "iam": "AWS_IAM", "none": "NONE"}


def authorization_of(application: Application, options: Options) -> Authorization:
    """Give who knows the callers of private routes: what the options say, else the application, else a token."""
    chosen = options.authorizer or ("jwt" if application.authenticate is None else "none")
    return _AUTHORIZATIONS[chosen]


def api_of(application: Application, options: Options) -> Iterator[Resource]:
    """Plan the API of an application that exposes commands."""
    exposed = [command.http for command in application.commands if command.http is not None and not command.external]
    if not exposed:
        return
    yield HttpApi(id=API, stage=f"{API}Stage", cors=_cors(application.cors))
    if authorization_of(application, options) == "JWT" and not all(http.public for http in exposed):
        yield Authorizer(id=AUTHORIZER, api=Sub(f"${{{API}}}"))


def route_of(function: Function, http: Http | None, places: Places, authorization: Authorization) -> Iterator[Route]:
    """Plan the route of a command, if it has one."""
    id = places.function_ids[function.name]
    if http is None:
        return
    wanted: Authorization = "NONE" if http.public else authorization
    yield Route(
        id=f"{id}Route",
        integration=f"{id}Integration",
        permission=f"{id}Invocation",
        api=Sub(f"${{{API}}}"),
        authorizer=Sub(f"${{{AUTHORIZER}}}") if wanted == "JWT" else None,
        method=http.method,
        path=http.path,
        authorization=wanted,
        function=id,
        alias=places.alias,
        is_public=http.public,
        largest_body=http.max_body,
        declared=Declared(name=str(function.address), origin=function.origin),
    )


def _cors(cors: Cors | None) -> dict[str, Any] | None:
    if cors is None:
        return None
    return {
        "AllowOrigins": cors.origins,
        "AllowMethods": _METHODS,
        "AllowHeaders": (*_ALLOWED_HEADERS, *cors.headers),
        "ExposeHeaders": _EXPOSED_HEADERS,
        "AllowCredentials": cors.credentials,
        "MaxAge": int(cors.max_age.total_seconds()),
    }
