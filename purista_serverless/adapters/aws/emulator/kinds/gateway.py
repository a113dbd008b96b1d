"""HTTP APIs, by the OpenAPI document that SAM makes of them. The emulator serves them itself."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from purista_serverless.adapters.aws.emulator.resource import HttpApi, Kind, Resource, Route, Site
from purista_serverless.errors import DeclarationError

_FUNCTION = re.compile(r"/functions/([^/]+)/invocations$")
_ANY = "x-amazon-apigateway-any-method"
_DOCUMENT = frozenset(
    {
        "components",
        "info",
        "openapi",
        "paths",
        "tags",
        "x-amazon-apigateway-cors",
        "x-amazon-apigateway-importexport-version",
    }
)


def create_api(site: Site, logical_id: str, properties: Mapping[str, Any]) -> Resource:
    """Describe an HTTP API."""
    body = properties.get("Body", {"paths": {}})
    if unknown := sorted(body.keys() - _DOCUMENT):
        raise DeclarationError(f"HTTP API {logical_id}: the emulator does not know {unknown[0]} of its document")
    routes = tuple(
        Route(method=_method(method), path=path, function=_function(operation), authorizer=_authorizer(body, operation))
        for path, operations in body["paths"].items()
        for method, operation in _operations(operations)
    )
    api_id = site.name_of(logical_id)[-10:].lower()
    attributes = {"ApiId": api_id, "ApiEndpoint": f"https://{api_id}.execute-api.{site.cloud.region}.amazonaws.com"}
    return Resource(ref=api_id, attributes=attributes, part=HttpApi(id=api_id, routes=routes))


def create_stage(_site: Site, logical_id: str, properties: Mapping[str, Any]) -> Resource:
    """Accept the default stage: its routes have no prefix."""
    name = properties["StageName"]
    if name != "$default":
        raise DeclarationError(f"stage {logical_id} is named {name}; the emulator serves only the stage $default")
    return Resource(ref=name)


def _operations(operations: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    # An OPTIONS method of SAM's own answers without a function.
    for method, operation in operations.items():
        if method != "parameters" and "x-amazon-apigateway-integration" in operation:
            yield method, operation


def _method(name: str) -> str:
    return "ANY" if name == _ANY else name.upper()


def _function(operation: Mapping[str, Any]) -> str:
    uri = operation["x-amazon-apigateway-integration"].get("uri", "")
    found = _FUNCTION.search(uri)
    if found is None:
        raise DeclarationError(f"the integration {uri!r} invokes no function; the emulator knows no other")
    return found[1]


def _authorizer(body: Mapping[str, Any], operation: Mapping[str, Any]) -> Literal["jwt", "iam"] | None:
    schemes = body.get("components", {}).get("securitySchemes", {})
    for requirement in operation.get("security", ()):
        for name in requirement:
            if name == "NONE":
                continue
            if name == "AWS_IAM":
                return "iam"
            kind = schemes.get(name, {}).get("x-amazon-apigateway-authorizer", {}).get("type")
            if kind != "jwt":
                raise DeclarationError(f"authoriser {name} is of the kind {kind}; the emulator knows jwt and AWS_IAM")
            return "jwt"
    return None


KINDS: Mapping[str, Kind] = {
    "AWS::ApiGatewayV2::Api": Kind(
        create=create_api,
        used=frozenset({"Body"}),
        inert=frozenset(
            {
                "Description",
                "DisableExecuteApiEndpoint",
                "FailOnWarnings",
                "Name",
                "ProtocolType",
                "Tags",
                "CorsConfiguration",
            }
        ),
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
