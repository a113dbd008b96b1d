"""Facts of a deployment read back from rendered templates."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from purista_serverless.testing.contracts.deployment import Deployment

Resources = Mapping[str, Any]

_VARIABLE = re.compile(r"\$\{(\w+)(?:\.Arn)?\}")


class Template:
    """One parsed template, whose references are texts with the names of what they refer to."""

    def __init__(self, text: str) -> None:
        self.document = yaml_parse(text)
        self.prefix = self.document["Parameters"]["Prefix"]["Default"] if "Parameters" in self.document else ""
        self.resources: Resources = self.document.get("Resources", {})

    def of_type(self, kind: str) -> Iterator[tuple[str, Any]]:
        """Give ids and properties of the resources of a type."""
        for id, resource in self.resources.items():
            if resource["Type"] == kind:
                yield id, resource["Properties"]


def text_of(value: Any) -> str:
    """Write an intrinsic as the text that ``Fn::Sub`` would take for it."""
    match value:
        case {"Ref": name}:
            return f"${{{name}}}"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"${{{name}.{attribute}}}"
        case {"Fn::GetAtt": str(path)}:
            return f"${{{path}}}"
        case {"Fn::Sub": str(text)}:
            return text
        case _:
            return str(value)


def read(files: Mapping[str, str]) -> Deployment:
    """Read names, triggers, permissions and dead letters of all stacks."""
    templates = [Template(text) for path, text in files.items() if path.endswith(".yaml")]
    found = _Found(templates)
    return Deployment(
        names=tuple(found.names()),
        triggers={name: tuple(found.triggers(name)) for name in found.functions},
        permissions={name: frozenset(found.permissions(name)) for name in found.functions},
        dead_letters=dict(found.dead_letters()),
    )


class _Found:
    """What several questions need, looked up once."""

    def __init__(self, templates: list[Template]) -> None:
        self.templates = templates
        self.functions: dict[str, tuple[Template, str, Any]] = {
            properties["Tags"]["purista:function"]: (template, id, properties)
            for template in templates
            for id, properties in template.of_type("AWS::Serverless::Function")
        }
        self.edges = dict(self._tagged("purista:edge"))
        self.letters = dict(self._tagged("purista:dead-letter"))
        # Other stacks refer to a queue by its name.
        self.by_name = {
            text_of(properties["QueueName"]).removeprefix("${Prefix}-"): edge
            for edge, (_template, _id, properties) in self.edges.items()
        }

    def _tagged(self, key: str) -> Iterator[tuple[str, tuple[Template, str, Any]]]:
        for template in self.templates:
            for id, properties in template.of_type("AWS::SQS::Queue"):
                for tag in properties["Tags"]:
                    if tag["Key"] == key:
                        yield tag["Value"], (template, id, properties)

    def names(self) -> Iterator[tuple[str, str]]:
        """Give the names of functions and queues, with the default of the prefix."""
        prefix = self.templates[0].prefix
        for _template, _id, properties in self.functions.values():
            yield "command", text_of(properties["FunctionName"]).replace("${Prefix}", prefix)
        for _template, _id, properties in self.edges.values():
            yield "queue", text_of(properties["QueueName"]).replace("${Prefix}", prefix)

    def dead_letters(self) -> Iterator[tuple[str, float]]:
        """Give the retention of dead letters by edge."""
        for edge, (_template, _id, properties) in self.letters.items():
            yield edge, properties["MessageRetentionPeriod"]

    def triggers(self, name: str) -> Iterator[str]:
        """Give what starts a function: the queues of its sources, its routes, and whoever may invoke a command."""
        template, id, properties = self.functions[name]
        for source in properties.get("Events", {}).values():
            yield self._edge_of(text_of(source["Properties"]["Queue"]))
        integrations = {
            integration
            for integration, found in template.of_type("AWS::ApiGatewayV2::Integration")
            if text_of(found["IntegrationUri"]) == f"${{{id}Aliaslive}}"
        }
        for _route, found in template.of_type("AWS::ApiGatewayV2::Route"):
            if _VARIABLE.findall(text_of(found["Target"]))[0] in integrations:
                yield f"http:{found['RouteKey']}"
        if name.startswith("command:"):
            yield name

    def permissions(self, name: str) -> Iterator[str]:
        """Give what a function's role allows, in the words of the topology."""
        template, _id, properties = self.functions[name]
        role = template.resources[_VARIABLE.findall(text_of(properties["Role"]))[0]]["Properties"]
        own = {self._edge_of(text_of(found["Properties"]["Queue"])) for found in properties.get("Events", {}).values()}
        for policy in role["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                yield from self._rights(statement, properties, own)

    def _rights(self, statement: Any, properties: Any, own: set[str]) -> Iterator[str]:
        actions, resources = _listed(statement["Action"]), [text_of(one) for one in _listed(statement["Resource"])]
        values = [
            value
            for condition in statement.get("Condition", {}).values()
            for listed in condition.values()
            for value in _listed(listed)
        ]
        assert not any("*" in action for action in actions)
        assert all(resource != "*" for resource in resources)
        match actions[0]:
            case "events:PutEvents":
                yield from (f"emit {event}" for event in values)
            case "dynamodb:GetItem":
                yield from (f"use-ledger {edge}" for edge in values)
            case "ssm:GetParameter":
                yield from (f"read-config {resource.rpartition('/')[2]}" for resource in resources)
            case "secretsmanager:GetSecretValue":
                yield from (f"read-secret {resource.rpartition('/')[2][:-7]}" for resource in resources)
            case "lambda:InvokeFunction":
                commands = json.loads(_variable(properties, "PURISTA_COMMANDS"))
                yield from (f"invoke {address}" for address, arn in commands.items() if arn in resources)
            case "sqs:SendMessage":
                # What came before its time is sent on to the queue that it came from; that is no declaration.
                yield from (right for one in resources if (right := self._sending(one, properties, own)) is not None)
            case _:
                assert actions[0] in {"logs:CreateLogStream", "sqs:ChangeMessageVisibility"}, actions

    def _sending(self, resource: str, properties: Any, own: set[str]) -> str | None:
        for edge, (_template, id, _properties) in self.letters.items():
            if resource == f"${{{id}.Arn}}":
                return f"dead-letter {edge}"
        edge = self._edge_of(resource) or self._external(resource, properties)
        kind, _, rest = edge.partition(":")
        if edge in own:
            return None
        return {"queue": f"enqueue {rest}", "gate": f"knock schedule:{rest}", "call": f"invoke {edge}"}[kind]

    def _external(self, resource: str, properties: Any) -> str:
        urls: dict[str, str] = json.loads(_variable(properties, "PURISTA_QUEUES"))
        return next(edge for edge, url in urls.items() if url == resource.replace("Arn}", "Url}"))

    def _edge_of(self, resource: str) -> str:
        """Give the edge of a queue by its ARN, within its stack or by name."""
        for edge, (_template, id, _properties) in self.edges.items():
            if resource == f"${{{id}.Arn}}":
                return edge
        return self.by_name.get(resource.rpartition("${Prefix}-")[2], "")


def _variable(properties: Any, name: str) -> str:
    return text_of(properties["Environment"]["Variables"][name])


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
