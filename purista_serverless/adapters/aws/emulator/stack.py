"""Stacks: the resources of a translated template, made in the order in which they need each other."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from purista_serverless.adapters.aws.emulator.cloud import ACCOUNT, Cloud
from purista_serverless.adapters.aws.emulator.intrinsics import Resolver
from purista_serverless.adapters.aws.emulator.kinds import compute, gateway, messaging, storage
from purista_serverless.adapters.aws.emulator.resource import Kind, Part, Resource, Site
from purista_serverless.adapters.aws.emulator.template import Template, load_template
from purista_serverless.adapters.aws.schedules.deployed import DeployedStack, PhysicalResource
from purista_serverless.errors import DeclarationError, PuristaServerlessError
from purista_serverless.naming import did_you_mean

KINDS: Mapping[str, Kind] = {**compute.KINDS, **gateway.KINDS, **messaging.KINDS, **storage.KINDS}
_NESTED = "AWS::CloudFormation::Stack"
_NESTED_PROPERTIES = frozenset({"NotificationARNs", "Parameters", "Tags", "TemplateURL", "TimeoutInMinutes"})


class Stack:
    """The resources of a template; ``make`` makes them.

    Args:
        template: The template, translated.
        cloud: Where they are made.
        name: The stack's name.
        parameters: Values that differ from the defaults.

    Raises:
        DeclarationError: A type of resource is not known, or a parameter has no value.
    """

    def __init__(self, template: Template, cloud: Cloud, *, name: str, parameters: Mapping[str, str]) -> None:
        self.name = name
        self.nested: dict[str, Stack] = {}
        self._template = template
        self._cloud = cloud
        self._site = Site(cloud=cloud, stack_name=name, code=template.code)
        self._declared: Mapping[str, Mapping[str, Any]] = template.section("Resources")
        self._made: dict[str, Resource] = {}
        self._making: list[str] = []
        self._values = {**self._pseudo_parameters(), **_parameters(template, parameters)}
        self._resolver = Resolver(
            self,
            values=self._values,
            conditions=template.section("Conditions"),
            mappings=template.section("Mappings"),
        )
        self._check_types()

    def make(self) -> None:
        """Make every resource whose condition holds.

        Raises:
            DeclarationError: A resource cannot be made here; says which one and why.
        """
        for logical_id in self._declared:
            if self._is_wanted(logical_id):
                self._resource(logical_id)

    @property
    def outputs(self) -> Mapping[str, Any]:
        """Give the values of the template's outputs."""
        return {
            name: self._resolver.resolve(output["Value"])
            for name, output in self._template.section("Outputs").items()
            if "Condition" not in output or self._resolver.is_true(output["Condition"])
        }

    def described_outputs(self) -> Mapping[str, Mapping[str, str]]:
        """Give the outputs of this stack and of those nested in it, with their descriptions, as a template has them."""
        declared = self._template.section("Outputs")
        found: dict[str, Mapping[str, str]] = {}
        for nested in self.nested.values():
            found |= nested.described_outputs()
        for name, value in self.outputs.items():
            found[name] = {"Value": str(value), "Description": declared[name].get("Description", "")}
        return found

    @property
    def ids(self) -> tuple[str, ...]:
        """Give the id of this stack and of those nested in it: their ``AWS::StackId``."""
        nested = (id for stack in self.nested.values() for id in stack.ids)
        return (str(self._values["AWS::StackId"]), *nested)

    def ref(self, logical_id: str) -> Any:
        """Give what ``Ref`` gives: the URL of a queue, the name of a table."""
        return self._resource(logical_id).ref

    def attribute(self, logical_id: str, name: str) -> Any:
        """Give what ``Fn::GetAtt`` gives."""
        attributes = self._resource(logical_id).attributes
        if name not in attributes:
            hint = did_you_mean(name, attributes) or f"it has {', '.join(sorted(attributes)) or 'none'}"
            raise DeclarationError(f"the emulator knows no attribute {name} of {logical_id}; {hint}")
        return attributes[name]

    def parts(self) -> Iterator[tuple[str, Part]]:
        """Give what the emulator runs, by logical id, or by ``Stack.Resource`` where that is in a nested stack."""
        for logical_id, resource in self._made.items():
            if resource.part is not None:
                yield logical_id, resource.part
        for nested_id, nested in self.nested.items():
            yield from ((f"{nested_id}.{path}", part) for path, part in nested.parts())

    def deployed(self) -> Iterator[DeployedStack]:
        """Give this stack and those nested in it as CloudFormation would tell of them."""
        yield DeployedStack(
            arn=str(self._values["AWS::StackId"]),
            parameters={name: str(self._values[name]) for name in self._template.section("Parameters")},
            resources={
                logical_id: PhysicalResource(kind=self._declared[logical_id]["Type"], id=str(resource.ref))
                for logical_id, resource in self._made.items()
            },
        )
        for nested in self.nested.values():
            yield from nested.deployed()

    def find(self, logical_id: str) -> Resource:
        """Find a resource here, or in the stacks nested in this one.

        Raises:
            LookupError: There is none of that name.
        """
        found = self._made.get(logical_id)
        for nested in self.nested.values() if found is None else ():
            with suppress(LookupError):
                return nested.find(logical_id)
        if found is None:
            raise LookupError(
                f"stack {self.name} has no resource {logical_id!r}; it has {', '.join(sorted(self._made))}"
            )
        return found

    def _pseudo_parameters(self) -> dict[str, Any]:
        return {
            "AWS::AccountId": ACCOUNT,
            "AWS::NotificationARNs": [],
            "AWS::Partition": "aws",
            "AWS::Region": self._cloud.region,
            "AWS::StackId": self._site.arn("cloudformation", f"stack/{self.name}/emulated"),
            "AWS::StackName": self.name,
            "AWS::URLSuffix": "amazonaws.com",
        }

    def _check_types(self) -> None:
        types = {str(resource["Type"]): name for name, resource in self._declared.items() if self._is_wanted(name)}
        unknown = [f"{name} ({kind})" for kind, name in types.items() if kind not in KINDS and kind != _NESTED]
        if unknown:
            listed = ", ".join(sorted(unknown))
            raise DeclarationError(
                f"{self._template.path}: the emulator does not know the types of {listed};"
                " put them under a condition that a parameter switches off here"
            )

    def _is_wanted(self, logical_id: str) -> bool:
        condition = self._declared[logical_id].get("Condition")
        return condition is None or self._resolver.is_true(condition)

    def _resource(self, logical_id: str) -> Resource:
        if logical_id in self._made:
            return self._made[logical_id]
        if logical_id not in self._declared:
            raise DeclarationError(f"{self._template.path} has no resource or parameter {logical_id!r}")
        if logical_id in self._making:
            raise DeclarationError(f"resources need each other: {' -> '.join([*self._making, logical_id])}")
        self._making.append(logical_id)
        made = self._make(logical_id)
        self._making.pop()
        self._made[logical_id] = made
        return made

    def _make(self, logical_id: str) -> Resource:
        declared = self._declared[logical_id]
        needed = declared.get("DependsOn", ())
        for other in [needed] if isinstance(needed, str) else needed:
            self._resource(other)
        properties = self._resolver.resolve(declared.get("Properties", {}))
        if declared["Type"] == _NESTED:
            return self._make_nested(logical_id, properties)
        kind = KINDS[declared["Type"]]
        kind.check(declared["Type"], properties)
        try:
            return kind.create(self._site, logical_id, properties)
        except PuristaServerlessError:
            raise
        except Exception as error:
            raise DeclarationError(f"{logical_id} ({declared['Type']}) cannot be made: {error}") from error

    def _make_nested(self, logical_id: str, properties: Mapping[str, Any]) -> Resource:
        if unknown := sorted(properties.keys() - _NESTED_PROPERTIES):
            raise DeclarationError(f"the emulator does not know {unknown[0]} of nested stack {logical_id}")
        path = self._template.nested.get(logical_id)
        if path is None:
            raise DeclarationError(f"the template of nested stack {logical_id} is no file here; give a local path")
        parameters = {name: str(value) for name, value in properties.get("Parameters", {}).items()}
        template = load_template(path, parameters, self._cloud.region)
        nested = Stack(template, self._cloud, name=f"{self.name}-{logical_id}", parameters=parameters)
        nested.make()
        self.nested[logical_id] = nested
        outputs = {f"Outputs.{name}": value for name, value in nested.outputs.items()}
        return Resource(ref=nested.ids[0], attributes=outputs)


def _parameters(template: Template, given: Mapping[str, str]) -> dict[str, Any]:
    declared = template.section("Parameters")
    values = {name: given.get(name, parameter.get("Default")) for name, parameter in declared.items()}
    missing = [name for name, value in values.items() if value is None]
    if missing:
        raise DeclarationError(f"{template.path}: parameters without a default need a value: {', '.join(missing)}")
    lists = {name for name, parameter in declared.items() if "List" in parameter["Type"]}
    return {name: str(value).split(",") if name in lists else value for name, value in values.items()}
