"""What the resources of a Terraform provider look like, read from its typed bindings for TypeScript.

The provider itself is a program of 100 MB and more; its bindings name every argument with its type and whether it is
required, and every exported attribute. They do not tell which optional arguments the provider fills in by itself.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

# Arguments that Terraform itself gives to every resource.
_META = frozenset({"connection", "count", "dependsOn", "forEach", "lifecycle", "provider", "provisioners"})
_MAPS = {"cdktf.StringMap": "string", "cdktf.NumberMap": "number", "cdktf.BooleanMap": "bool"}
_PRIMITIVES = {"string": "string", "number": "number", "boolean": "bool", "any": "dynamic"}
# The remarks of an argument end with a link whose text is "Class#argument", spelled as in a configuration.
_ARGUMENT = re.compile(r"#(\w+) \w+#\1\b")

# A type as Terraform's protocol writes it: "string", or ["list", "string"].
Kind = str | list[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """A value of a block."""

    kind: Kind
    required: bool = False
    optional: bool = False
    computed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Attributes and blocks by name."""

    attributes: Mapping[str, Attribute]
    blocks: Mapping[str, "Nested"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Nested:
    """A block inside a block; ``most`` is 0 without a bound. ``single`` are the timeouts, which are no list."""

    block: Block
    least: int
    most: int
    single: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """A provider: its own configuration, its resources and its data sources by type."""

    provider: Block
    resources: Mapping[str, Block]
    data: Mapping[str, Block]


def load_schema(assembly: Path, prefix: str, resources: Iterable[str], data: Iterable[str]) -> Schema:
    """Read some types of a provider.

    Args:
        assembly: The description of the bindings: the file ``.jsii`` of their package.
        prefix: What every type begins with: ``google``.
        resources: Types of resources.
        data: Types of data sources.

    Raises:
        KeyError: The provider has no such type.
    """
    bindings = _Bindings(json.loads(assembly.read_text(encoding="utf-8"))["types"])
    provider = bindings.block(bindings.find(f"{prefix}ProviderConfig"))
    return Schema(
        provider=provider,
        resources={name: bindings.resource(_class_name(name, prefix)) for name in resources},
        data={name: bindings.resource(f"DataGoogle{_class_name(name, prefix)}") for name in data},
    )


def _class_name(kind: str, prefix: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in kind.removeprefix(f"{prefix}_").split("_"))


class _Bindings:
    def __init__(self, types: Mapping[str, Any]) -> None:
        self._types = types
        self._by_name: dict[str, list[str]] = {}
        for qualified in types:
            self._by_name.setdefault(qualified.rpartition(".")[2].lower(), []).append(qualified)
        self.block = cache(self._block)

    def find(self, name: str) -> str:
        """Give the qualified name of a class or an interface, whatever the case of its letters."""
        (found,) = self._by_name[name.lower()]
        return found

    def resource(self, name: str) -> Block:
        """Give what a configuration may say about a resource, and what the resource tells about itself."""
        configured = self.block(self.find(f"{name}Config"))
        attributes = {**configured.attributes, **self._exported(self.find(name), configured)}
        attributes["id"] = Attribute(kind="string", optional=True, computed=True)
        return Block(attributes=attributes, blocks=configured.blocks)

    def _block(self, qualified: str) -> Block:
        attributes: dict[str, Attribute] = {}
        blocks: dict[str, Nested] = {}
        for given in self._properties(qualified):
            if given["name"] in _META:
                continue
            name, required = _spelled(given), not given.get("optional")
            target, is_list = self._block_of(given["type"])
            if target is None:
                attributes[name] = Attribute(kind=self._kind(given["type"]), required=required, optional=not required)
            else:
                single = name == "timeouts"
                most = 0 if is_list or single else 1
                blocks[name] = Nested(block=self.block(target), least=int(required), most=most, single=single)
        return Block(attributes={**attributes, **self._exported_below(qualified, attributes)}, blocks=blocks)

    def _exported_below(self, qualified: str, attributes: Mapping[str, Attribute]) -> dict[str, Attribute]:
        reference = f"{qualified}OutputReference"
        return self._exported(reference, Block(attributes=attributes, blocks={})) if reference in self._types else {}

    def _exported(self, qualified: str, configured: Block) -> dict[str, Attribute]:
        """Give what is only to be read: it cannot be set, and is neither the value of an argument nor a block."""
        known = {name.replace("_", "") for name in (*configured.attributes, *configured.blocks)}
        return {
            _snake(given["name"]): Attribute(kind=self._kind(given["type"]), computed=True)
            for given in self._properties(qualified)
            if given.get("immutable") and not given.get("static") and not given["name"].endswith("Input")
            if given["name"].lower() not in known and not _is_reference(given["type"])
        }

    def _properties(self, qualified: str) -> Iterator[Mapping[str, Any]]:
        yield from self._types[qualified].get("properties", ())

    def _block_of(self, kind: Mapping[str, Any]) -> tuple[str | None, bool]:
        """Give the interface behind a type, if it is a block, and whether it may be there several times."""
        if "union" in kind:
            return self._block_of(_settled(kind))
        if "collection" in kind and kind["collection"]["kind"] == "array":
            return self._block_of(kind["collection"]["elementtype"])[0], True
        name = kind.get("fqn", "")
        return (None if not name or name.startswith("cdktf.") else name), False

    def _kind(self, kind: Mapping[str, Any]) -> Kind:
        match kind:
            case {"primitive": name}:
                return _PRIMITIVES[name]
            case {"union": _}:
                return self._kind(_settled(kind))
            case {"collection": {"kind": "array", "elementtype": element}}:
                return ["list", self._kind(element)]
            case {"collection": {"elementtype": element}}:
                return ["map", self._kind(element)]
            case {"fqn": name} if name in _MAPS:
                return ["map", _MAPS[name]]
            case _:
                return "bool" if kind.get("fqn") == "cdktf.IResolvable" else "dynamic"


def _settled(kind: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give the type of a value that may also be an expression."""
    (settled,) = (one for one in kind["union"]["types"] if one.get("fqn") != "cdktf.IResolvable")
    return dict(settled)


def _is_reference(kind: Mapping[str, Any]) -> bool:
    return bool(re.search(r"(OutputReference|List)$", kind.get("fqn", "")))


def _spelled(given: Mapping[str, Any]) -> str:
    docs = given.get("docs", {})
    found = _ARGUMENT.search(f"{docs.get('summary', '')} {docs.get('remarks', '')}")
    return found[1] if found else _snake(given["name"])


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
