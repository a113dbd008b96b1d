"""Intrinsic functions of CloudFormation, resolved: no resource, no client, only values."""

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from purista_serverless.errors import DeclarationError

_NO_VALUE = object()
_VARIABLE = re.compile(r"\$\{(!?)([^}]+)\}")


class Lookup(Protocol):
    """Gives what ``Ref`` and ``Fn::GetAtt`` ask of resources."""

    def ref(self, logical_id: str) -> Any:
        """Give what ``Ref`` gives."""
        ...

    def attribute(self, logical_id: str, name: str) -> Any:
        """Give what ``Fn::GetAtt`` gives."""
        ...


class Resolver:
    """Replaces intrinsic functions by their values.

    Args:
        lookup: The resources.
        values: Parameters and pseudo parameters (``AWS::Region``) by name.
        conditions: The template's conditions, unresolved.
        mappings: The template's mappings.
    """

    def __init__(
        self,
        lookup: Lookup,
        *,
        values: Mapping[str, Any],
        conditions: Mapping[str, Any],
        mappings: Mapping[str, Any],
    ) -> None:
        self._lookup = lookup
        self._values = values
        self._conditions = conditions
        self._mappings = mappings
        self._functions: Mapping[str, Callable[[Any], Any]] = {
            "Condition": self.is_true,
            "Fn::And": lambda items: all(self.resolve(item) for item in items),
            "Fn::Base64": lambda text: base64.b64encode(str(self.resolve(text)).encode()).decode(),
            "Fn::Equals": self._equals,
            "Fn::FindInMap": self._find_in_map,
            "Fn::GetAtt": self._attribute,
            "Fn::If": self._if,
            "Fn::Join": self._join,
            "Fn::Not": lambda items: not self.resolve(items[0]),
            "Fn::Or": lambda items: any(self.resolve(item) for item in items),
            "Fn::Select": self._select,
            "Fn::Split": self._split,
            "Fn::Sub": self._substitute,
            "Ref": self._ref,
        }

    def resolve(self, value: Any) -> Any:
        """Give a value without intrinsic functions; members that are ``AWS::NoValue`` are left out.

        Raises:
            DeclarationError: A function is not known, or names something that is not there.
        """
        match value:
            case dict():
                return self._resolve_object(value)
            case list():
                items = [self.resolve(item) for item in value]
                return [item for item in items if item is not _NO_VALUE]
            case _:
                return value

    def is_true(self, condition: str) -> bool:
        """Say whether a condition of the template holds."""
        if condition not in self._conditions:
            raise DeclarationError(f"the template has no condition {condition!r}")
        return bool(self.resolve(self._conditions[condition]))

    def _resolve_object(self, value: dict[str, Any]) -> Any:
        if len(value) == 1:
            name, argument = next(iter(value.items()))
            if name in self._functions and (name != "Condition" or isinstance(argument, str)):
                return self._functions[name](argument)
            if name.startswith("Fn::"):
                known = ", ".join(sorted(self._functions))
                raise DeclarationError(f"the emulator does not know the function {name}; it knows {known}")
        members = {name: self.resolve(member) for name, member in value.items()}
        return {name: member for name, member in members.items() if member is not _NO_VALUE}

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NO_VALUE
        return self._values[name] if name in self._values else self._lookup.ref(name)

    def _attribute(self, argument: str | list[Any]) -> Any:
        logical_id, name = argument.split(".", 1) if isinstance(argument, str) else argument
        return self._lookup.attribute(logical_id, str(self.resolve(name)))

    def _substitute(self, argument: str | list[Any]) -> str:
        text, own = (argument, {}) if isinstance(argument, str) else argument
        return _VARIABLE.sub(lambda found: self._variable(found, own), text)

    def _variable(self, found: "re.Match[str]", own: Mapping[str, Any]) -> str:
        escaped, name = found[1], found[2].strip()
        if escaped:
            return f"${{{name}}}"
        if name in own:
            return _text(self.resolve(own[name]))
        if "." in name and name not in self._values:
            return _text(self._attribute(name))
        return _text(self._ref(name))

    def _if(self, argument: list[Any]) -> Any:
        condition, then, otherwise = argument
        return self.resolve(then if self.is_true(condition) else otherwise)

    def _equals(self, argument: list[Any]) -> bool:
        first, second = (_text(self.resolve(item)) for item in argument)
        return first == second

    def _join(self, argument: list[Any]) -> str:
        separator, items = argument
        return str(separator).join(_text(item) for item in self.resolve(items))

    def _select(self, argument: list[Any]) -> Any:
        place, items = self.resolve(argument)
        return items[int(place)]

    def _split(self, argument: list[Any]) -> list[str]:
        separator, text = self.resolve(argument)
        return str(text).split(separator)

    def _find_in_map(self, argument: list[Any]) -> Any:
        name, top, second = self.resolve(argument)
        try:
            return self._mappings[name][top][second]
        except KeyError as error:
            raise DeclarationError(f"the template's mappings have no {name}.{top}.{second}") from error


def _text(value: Any) -> str:
    """Write a value as CloudFormation does inside of text."""
    return str(value).lower() if isinstance(value, bool) else str(value)
