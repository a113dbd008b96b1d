"""HTTP APIs, by their resources or by the OpenAPI document that SAM makes of them. The emulator serves them itself."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from purista_serverless.adapters.aws.emulator.resource import (
    Authorization,
    HttpApi,
    Integration,
    Kind,
    Resource,
    Route,
    Site,
)
from purista_serverless.errors import DeclarationError

_FUNCTION = re.compile(r"/functions/([^/]+)/invocations$")
_ANY = "x-amazon-apigateway-any-method"
_INTEGRATION = "x-amazon-apigateway-integration"
_CORS = "x-amazon-apigateway-cors"
_DOCUMENT = frozenset({"components", "info", "openapi", "paths", "tags", _CORS})
_AUTHORIZATIONS: Mapping[str, Authorization | None] = {"AWS_IAM": "iam", "JWT": "jwt", "NONE": None}


def create_api(site: Site, logical_id: str, properties: Mapping[str, Any]) -> Resource:
    """Describe an HTTP API."""
    body = properties.get("Body", {"paths": {}})
    if unknown := sorted(body.keys() - _DOCUMENT):
        raise DeclarationError(f"HTTP API {logical_id}: the emulator does not know {unknown[0]} of its document")
    api_id = _id(site, logical_id)
    cors = properties.get("CorsConfiguration") or {_capital(name): value for name, value in body.get(_CORS, {}).items()}
    attributes = {"ApiId": api_id, "ApiEndpoint": f"https://{api_id}.execute-api.{site.cloud.region}.amazonaws.com"}
    api = HttpApi(id=api_id, cors=cors or None, routes=tuple(_routes(api_id, body)))
    return Resource(ref=api_id, attributes=attributes, part=api)


def create_stage(_site: Site, logical_id: str, properties: Mapping[str, Any]) -> Resource:
    """Accept the default stage: its routes have no prefix."""
    name = properties["StageName"]
    if name != "$default":
        raise DeclarationError(f"stage {logical_id} is named {name}; the emulator serves only the stage $default")
    return Resource(ref=name)


def create_authorizer(site: Site, logical_id: str, properties: Mapping[str, Any]) -> Resource:
    """Accept an authoriser; the emulator verifies no token."""
    if properties["AuthorizerType"] != "JWT":
        kind = properties["AuthorizerType"]
        raise DeclarationError(f"authoriser {logical_id} is of the type {kind}; the emulator knows only JWT")
    return Resource(ref=_id(site, logical_id), attributes={"AuthorizerId": _id(site, logical_id)})


def create_integration(site: Site, logical_id: str, properties: Mapping[str, Any]) -> Resource:
    """Describe the function that answers."""
    version = properties.get("PayloadFormatVersion")
    if version != "2.0":
        raise DeclarationError(f"integration {logical_id} has payload format {version}; the emulator speaks only 2.0")
    uri = str(properties["IntegrationUri"])
    integration = Integration(id=_id(site, logical_id), function=uri if ":function:" in uri else _function(uri))
    return Resource(ref=integration.id, attributes={"IntegrationId": integration.id}, part=integration)


def create_route(site: Site, logical_id: str, properties: Mapping[str, Any]) -> Resource:
    """Describe a route."""
    kind = properties.get("AuthorizationType", "NONE")
    if kind not in _AUTHORIZATIONS:
        known = ", ".join(_AUTHORIZATIONS)
        raise DeclarationError(f"route {logical_id} has the authorisation {kind}; the emulator knows {known}")
    method, _, path = properties["RouteKey"].partition(" ")
    if not path:
        raise DeclarationError(f"route {logical_id} has no path; the emulator knows no default route")
    route = Route(
        api=properties["ApiId"],
        method=method,
        path=path,
        target=str(properties["Target"]).removeprefix("integrations/"),
        authorization=_AUTHORIZATIONS[kind],
    )
    return Resource(ref=_id(site, logical_id), attributes={"RouteId": _id(site, logical_id)}, part=route)


def _id(site: Site, logical_id: str) -> str:
    return site.name_of(logical_id)[-10:].lower()


def _capital(name: str) -> str:
    return name[0].upper() + name[1:]


def _routes(api_id: str, body: Mapping[str, Any]) -> Iterator[Route]:
    for path, operations in body["paths"].items():
        for method, operation in operations.items():
            # What has no integration answers without a function.
            if _INTEGRATION in operation:
                yield Route(
                    api=api_id,
                    method="ANY" if method == _ANY else method.upper(),
                    path=path,
                    target=_function(operation[_INTEGRATION].get("uri", "")),
                    authorization=_authorization(body, operation),
                )


def _function(uri: str) -> str:
    found = _FUNCTION.search(uri)
    if found is None:
        raise DeclarationError(f"the integration {uri!r} invokes no function; the emulator knows no other")
    return found[1]


def _authorization(body: Mapping[str, Any], operation: Mapping[str, Any]) -> Authorization | None:
    schemes = body.get("components", {}).get("securitySchemes", {})
    names = [name for requirement in operation.get("security", ()) for name in requirement if name != "NONE"]
    if not names:
        return None
    if names[0] == "AWS_IAM":
        return "iam"
    kind = schemes.get(names[0], {}).get("x-amazon-apigateway-authorizer", {}).get("type")
    if kind != "jwt":
        raise DeclarationError(f"authoriser {names[0]} is of the type {kind}; the emulator knows jwt and AWS_IAM")
    return "jwt"


KINDS: Mapping[str, Kind] = {
    "AWS::ApiGatewayV2::Api": Kind(
        create=create_api,
        used=frozenset({"Body", "CorsConfiguration"}),
        inert=frozenset(
            {"Description", "DisableExecuteApiEndpoint", "FailOnWarnings", "Name", "ProtocolType", "Tags"},
        ),
    ),
    "AWS::ApiGatewayV2::Authorizer": Kind(
        create=create_authorizer,
        used=frozenset({"AuthorizerType"}),
        inert=frozenset({"ApiId", "IdentitySource", "JwtConfiguration", "Name"}),
    ),
    "AWS::ApiGatewayV2::Integration": Kind(
        create=create_integration,
        used=frozenset({"IntegrationUri", "PayloadFormatVersion"}),
        inert=frozenset({"ApiId", "Description", "IntegrationMethod", "IntegrationType", "TimeoutInMillis"}),
    ),
    "AWS::ApiGatewayV2::Route": Kind(
        create=create_route,
        used=frozenset({"ApiId", "AuthorizationType", "RouteKey", "Target"}),
        inert=frozenset({"AuthorizerId", "OperationName"}),
    ),
    "AWS::ApiGatewayV2::Stage": Kind(
        create=create_stage,
        used=frozenset({"StageName"}),
        inert=frozenset(
            {
                "AccessLogSettings",
                "ApiId",
                "AutoDeploy",
                "DefaultRouteSettings",
                "Description",
                "RouteSettings",
                "StageVariables",
                "Tags",
            }
        ),
    ),
}
