"""Google's REST interfaces as their discovery documents describe them: which methods there are, and what they take."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

# Of every method, whatever its document says.
_SYSTEM_PARAMETERS = frozenset({"$alt"})
_DURATION = re.compile(r"-?\d+(\.\d{1,9})?s")
_VARIABLE = re.compile(r"\\\{\\?\+?(\w+)\\\}")

_Schema = Mapping[str, Any]


class Refusal(Exception):
    """What the interface answers instead of doing what it is asked for."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def invalid(message: str) -> Refusal:
    """Give the refusal of what the interface does not understand."""
    return Refusal(400, "INVALID_ARGUMENT", message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A method of an interface.

    Attributes:
        id: ``pubsub.projects.topics.create``.
        parameters: Names of those that may stand in the query.
        request: Schema of the body; ``None`` where there is none.
        response: Name of the answer's schema.
        is_upload: Its body is a file, with the fields of ``request`` in front of it.
    """

    id: str
    verb: str
    pattern: re.Pattern[str]
    parameters: frozenset[str]
    request: str | None
    response: str
    is_upload: bool = False

    @property
    def name(self) -> str:
        """Give the last part of its id."""
        return self.id.rpartition(".")[2]


class Interface:
    """The interface of one service in one version.

    Args:
        document: Its discovery document.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._schemas: Mapping[str, _Schema] = document["schemas"]
        self._methods = tuple(_methods(document, document))

    def method(self, verb: str, path: str) -> Method:
        """Find the method of a request.

        Raises:
            Refusal: There is none.
        """
        for method in self._methods:
            if method.verb == verb and method.pattern.fullmatch(path):
                return method
        raise Refusal(404, "NOT_FOUND", f"no method {verb} {path}")

    def check(self, method: Method, query: Mapping[str, Any], body: Any) -> None:
        """Check that a request is one that the method takes.

        Raises:
            Refusal: A parameter or a field is unknown or of a wrong type.
        """
        if unknown := sorted(query.keys() - method.parameters - _SYSTEM_PARAMETERS):
            raise invalid(f"{method.id} has no parameter {unknown[0]!r}")
        if method.request is not None:
            self._check(body if body is not None else {}, self._schemas[method.request], "body")

    def lists(self, method: Method) -> str:
        """Name the field of a list's answer that holds what is listed."""
        properties = self._schemas[method.response]["properties"]
        names: list[str] = [name for name, schema in properties.items() if schema.get("type") == "array"]
        return names[0]

    def _check(self, value: Any, schema: _Schema, where: str) -> None:
        schema = self._schemas[schema["$ref"]] if "$ref" in schema else schema
        kind: str = schema.get("type", "")
        match kind:
            case "object":
                self._check_object(value, schema, where)
            case "array":
                _demand(isinstance(value, list), where, "an array")
                for index, item in enumerate(value):
                    self._check(item, schema["items"], f"{where}[{index}]")
            case "string":
                _check_text(value, schema, where)
            case "boolean":
                _demand(isinstance(value, bool), where, "a boolean")
            case "integer" | "number":
                _demand(isinstance(value, int | float) and not isinstance(value, bool), where, "a number")
            case _:
                # Documents describe a value of any type by none.
                pass

    def _check_object(self, value: Any, schema: _Schema, where: str) -> None:
        _demand(isinstance(value, dict), where, "an object")
        properties, further = schema.get("properties", {}), schema.get("additionalProperties")
        for name, member in value.items():
            described = properties.get(name, further)
            if described is None:
                raise invalid(f"{where} has no field {name!r}")
            self._check(member, described, f"{where}.{name}")


def _check_text(value: Any, schema: _Schema, where: str) -> None:
    form, values = schema.get("format"), schema.get("enum")
    if form in {"int64", "uint64"} and isinstance(value, int):
        return
    if values is not None and isinstance(value, int) and 0 <= value < len(values):
        # Clients may send the number of an enum's value instead of its name.
        return
    _demand(isinstance(value, str), where, "a text")
    if values is not None:
        _demand(value in values, where, f"one of {values}")
    if form == "google-duration":
        _demand(_DURATION.fullmatch(value) is not None, where, "a duration")


def _demand(holds: bool, where: str, expected: str) -> None:  # noqa: FBT001 - the condition itself
    if not holds:
        raise invalid(f"{where} is not {expected}")


@cache
def interface(service: str, version: str) -> Interface:
    """Load the interface of a service.

    Raises:
        Refusal: There is no discovery document of it.
    """
    document = files("googleapiclient") / "discovery_cache" / "documents" / f"{service}.{version}.json"
    if not document.is_file():
        raise Refusal(404, "NOT_FOUND", f"no discovery document of {service} {version}")
    return Interface(json.loads(document.read_text(encoding="utf-8")))


def _methods(node: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[Method]:
    for described in node.get("methods", {}).values():
        path = document.get("servicePath", "") + described.get("flatPath", described["path"])
        yield _method(described, document, path)
        if described.get("supportsMediaUpload"):
            upload = described["mediaUpload"]["protocols"]["simple"]["path"]
            yield _method(described, document, upload.lstrip("/"), is_upload=True)
    for resource in node.get("resources", {}).values():
        yield from _methods(resource, document)


def _method(described: Mapping[str, Any], document: Mapping[str, Any], path: str, *, is_upload: bool = False) -> Method:
    return Method(
        id=described["id"],
        verb=described["httpMethod"],
        pattern=re.compile(_VARIABLE.sub("[^/:]+", re.escape(path))),
        parameters=frozenset({*described.get("parameters", {}), *document.get("parameters", {})}),
        request=described.get("request", {}).get("$ref"),
        response=described.get("response", {}).get("$ref", "Empty"),
        is_upload=is_upload,
    )
