"""The HTTP API with its routes."""

import re
from typing import assert_never

from purista_serverless.adapters.aws.plan.resources import Authorizer, HttpApi, Route, Sub
from purista_serverless.adapters.aws.render.properties import Properties, ref

_PLACEHOLDER = re.compile(r"\{[^/}]*\}")


def http(resource: HttpApi | Authorizer | Route) -> dict[str, Properties]:
    """Give what becomes of a resource, by id."""
    match resource:
        case HttpApi():
            return _api(resource)
        case Authorizer():
            return {resource.id: _authorizer(resource)}
        case Route():
            return _route(resource)
        case _:
            assert_never(resource)


def _api(api: HttpApi) -> dict[str, Properties]:
    cors = {} if api.cors is None else {"CorsConfiguration": api.cors}
    return {
        api.id: {
            "Type": "AWS::ApiGatewayV2::Api",
            "Properties": {"Name": ref("Prefix"), "ProtocolType": "HTTP", **cors},
        },
        api.stage: {
            "Type": "AWS::ApiGatewayV2::Stage",
            "Properties": {"ApiId": ref(api.id), "StageName": "$default", "AutoDeploy": True},
        },
    }


def _authorizer(authorizer: Authorizer) -> Properties:
    return {
        "Type": "AWS::ApiGatewayV2::Authorizer",
        "Properties": {
            "ApiId": authorizer.api,
            "Name": "callers",
            "AuthorizerType": "JWT",
            "IdentitySource": ("$request.header.Authorization",),
            "JwtConfiguration": {"Issuer": ref("JwtIssuer"), "Audience": (ref("JwtAudience"),)},
        },
    }


def _route(route: Route) -> dict[str, Properties]:
    alias = ref(f"{route.function}Alias{route.alias}")
    authorizer = {} if route.authorizer is None else {"AuthorizerId": route.authorizer}
    partition = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}"
    return {
        route.integration: {
            "Type": "AWS::ApiGatewayV2::Integration",
            "Properties": {
                "ApiId": route.api,
                "IntegrationType": "AWS_PROXY",
                "IntegrationUri": alias,
                "PayloadFormatVersion": "2.0",
            },
        },
        route.id: {
            "Type": "AWS::ApiGatewayV2::Route",
            "Properties": {
                "ApiId": route.api,
                "RouteKey": f"{route.method} {route.path}",
                "AuthorizationType": route.authorization,
                **authorizer,
                "Target": Sub(f"integrations/${{{route.integration}}}"),
            },
        },
        route.permission: {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "FunctionName": alias,
                "Action": "lambda:InvokeFunction",
                "Principal": "apigateway.amazonaws.com",
                "SourceArn": Sub(f"{partition}:{route.api}/*/{route.method}{_any_value(route.path)}"),
            },
        },
    }


def _any_value(path: str) -> str:
    """Write a path as an ARN has it, where a parameter may be anything."""
    return _PLACEHOLDER.sub("*", path)
