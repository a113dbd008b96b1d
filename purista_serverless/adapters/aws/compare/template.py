"""Templates as data: resources by file and logical id, functions in one spelling, parameters at their defaults."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from purista_serverless.adapters.aws.compare.defaults import Defaults
from purista_serverless.errors import DeclarationError, MissingExtra

# What tells the items of a list apart, if they have it.
_NAMES = ("Id", "Sid", "Key", "Name")

# What a difference shows of a value; the files show the rest.
_LONGEST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One resource of a template.

    Attributes:
        file: Path of its template.
        id: Its logical id.
        type: Its type, ``AWS::SQS::Queue`` for instance.
        properties: Its properties, with the defaults of ``Globals``, and parameters replaced by their defaults.
        kept_when_removed: Whether it outlives its removal from the template.
        kept_when_replaced: Whether it outlives its replacement.
    """

    file: str
    id: str
    type: str
    properties: Mapping[str, Any]
    kept_when_removed: bool
    kept_when_replaced: bool

    @property
    def subject(self) -> str:
        """Give its name for a report."""
        return f"{self.id} ({self.type})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One template; ``others`` are its members besides resources, flattened."""

    file: str
    resources: tuple[Resource, ...]
    others: Mapping[str, Any]


def read_template(file: str, text: str) -> Template | None:
    """Read a template; ``None`` if the text is something else.

    Raises:
        DeclarationError: It is no YAML, or no JSON.
        MissingExtra: PyYAML is not installed.
    """
    if not file.endswith((".yaml", ".yml", ".json")):
        return None
    try:
        # JSON is YAML, but is read many times as fast.
        document = json.loads(text) if file.endswith(".json") else _yaml(text)
    except ValueError as error:
        raise DeclarationError(f"{file} cannot be read: {error}; build it again") from error
    if not isinstance(document, dict) or not isinstance(document.get("Resources"), dict):
        return None
    return Template(file=file, resources=tuple(_resources(file, document)), others=flattened(_others(document)))


def flattened(node: Any, path: str = "") -> dict[str, Any]:
    """Give the values of a tree by path; functions such as ``Ref`` and lists of plain values are values.

    Example:
        >>> flattened({"Targets": [{"Id": "a", "Arn": {"Ref": "Queue"}}], "State": "ENABLED"})
        {'Targets[a].Id': 'a', 'Targets[a].Arn': {'Ref': 'Queue'}, 'State': 'ENABLED'}
    """
    found: dict[str, Any] = {}
    for key, value in _members(node):
        inner = f"{path}[{key}]" if isinstance(node, list) else f"{path}.{key}".lstrip(".")
        found.update(flattened(value, inner) if _is_tree(value) else {inner: value})
    return found


def text_of(value: Any) -> str:
    """Write a value as a reader of templates knows it, cut where it is long.

    Example:
        >>> text_of({"Fn::GetAtt": ["Queue", "Arn"]}), text_of(900), text_of(None)
        ('!GetAtt Queue.Arn', '900', 'nothing')
    """
    text = whole_text_of(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def canonical(value: Any) -> str:
    """Write a value so that equal ones have equal texts; texts stay as they are."""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)


def whole_text_of(value: Any) -> str:
    """Write a value without cutting it."""
    match value:
        case None:
            return "nothing"
        case str():
            return value
        case {"Ref": str(name)} if len(value) == 1:
            return f"!Ref {name}"
        case {"Fn::GetAtt": [*names]} if len(value) == 1:
            return f"!GetAtt {'.'.join(map(str, names))}"
        case {"Fn::Sub": str(pattern)} if len(value) == 1:
            return pattern
        case _:
            return canonical(value)


def _members(node: Any) -> Iterator[tuple[str, Any]]:
    match node:
        case dict():
            yield from node.items()
        case list():
            names = [str(next((value[name] for name in _NAMES if name in value), "")) for value in node]
            for place, (name, value) in enumerate(zip(names, node, strict=True)):
                # By its place where others are called the same, or one of them would stand for all.
                yield (name if name and names.count(name) == 1 else str(place)), value
        case _:
            pass


def _is_tree(value: Any) -> bool:
    match value:
        case dict():
            return bool(value) and not is_function(value)
        case list():
            return bool(value) and all(isinstance(item, dict) and not is_function(item) for item in value)
        case _:
            return False


def is_function(value: Any) -> bool:
    """Say whether a value is computed by CloudFormation: ``Ref``, ``Fn::Sub`` and so on."""
    return isinstance(value, dict) and len(value) == 1 and str(next(iter(value))).startswith(("Ref", "Fn::"))


def _resources(file: str, document: Mapping[str, Any]) -> Iterator[Resource]:
    defaults = Defaults(document)
    for logical_id, body in document["Resources"].items():
        kind = str(body.get("Type", ""))
        shared = document.get("Globals", {}).get(kind.removeprefix("AWS::Serverless::"), {})
        yield Resource(
            file=file,
            id=logical_id,
            type=kind,
            properties=defaults.resolved(_merged(shared, body.get("Properties") or {})),
            kept_when_removed=_is_kept(body.get("DeletionPolicy")),
            kept_when_replaced=_is_kept(body.get("UpdateReplacePolicy")),
        )


def _is_kept(policy: Any) -> bool:
    return policy in {"Retain", "RetainExceptOnCreate", "Snapshot"}


def _others(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in document.items() if name not in {"Resources", "Globals"}}


def _merged(shared: Any, own: Any) -> Any:
    """Merge what all resources of a type share into one's own properties, as SAM does: maps merge, lists add up."""
    match shared, own:
        case dict(), dict() if not (is_function(shared) or is_function(own)):
            return {**shared, **{name: _merged(shared.get(name), value) for name, value in own.items()}}
        case list(), list():
            return [*shared, *own]
        case _:
            return own


def _yaml(text: str) -> Any:
    loader, load, failure = _yaml_loader()
    try:
        return load(text, Loader=loader)
    except failure as error:
        raise ValueError(str(error)) from error


@cache
def _yaml_loader() -> tuple[Any, Any, type[Exception]]:
    try:
        import yaml
    except ModuleNotFoundError as error:
        raise MissingExtra("yaml", "cli") from error
    # The parser in C is many times as fast; not every platform's wheel has it.
    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loader: Any = type("TemplateLoader", (base,), {})
    loader.add_multi_constructor("!", _construct)
    # A policy's version is a text that looks like a date.
    loader.add_constructor("tag:yaml.org,2002:timestamp", lambda found, node: found.construct_scalar(node))
    return loader, yaml.load, yaml.YAMLError


def _construct(loader: Any, suffix: str, node: Any) -> dict[str, Any]:
    """Read the short form of a function as its long form."""
    if node.id == "scalar":
        value: Any = loader.construct_scalar(node)
    elif node.id == "sequence":
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}
