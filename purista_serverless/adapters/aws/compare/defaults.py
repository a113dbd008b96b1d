"""What a template says when nobody overrides its parameters: references and conditions with their defaults put in."""

import re
from collections.abc import Callable, Mapping
from typing import Any

# A name in the pattern of Fn::Sub; ``${!Name}`` is written out as it is.
_NAME = re.compile(r"\$\{([A-Za-z0-9]+)\}")

_NOTHING = {"Ref": "AWS::NoValue"}


class Defaults:
    """The defaults of a template's parameters, and what they make of its conditions.

    Args:
        document: The template.

    Example:
        >>> never = {"Fn::Equals": [{"Ref": "Days"}, 0]}
        >>> small = Defaults({"Parameters": {"Days": {"Default": "0"}}, "Conditions": {"Never": never}})
        >>> small.resolved({"Fn::If": ["Never", {"Fn::Sub": "kept-${Days}"}, "kept"]})
        'kept-0'
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._values = {
            name: parameter["Default"]
            for name, parameter in document.get("Parameters", {}).items()
            if isinstance(parameter, dict) and "Default" in parameter
        }
        self._conditions: Mapping[str, Any] = document.get("Conditions", {})

    def resolved(self, node: Any) -> Any:
        """Give a part of the template with everything put in that the defaults decide."""
        match node:
            case {"Ref": str(name)} if name in self._values:
                return _number_or_text(self._values[name])
            case {"Fn::GetAtt": str(path)}:
                return {"Fn::GetAtt": path.split(".", 1)}
            case {"Fn::Sub": str(pattern)}:
                return self._substituted(pattern, {})
            case {"Fn::Sub": [str(pattern), dict() as own]}:
                return self._substituted(pattern, own)
            case {"Fn::If": [str(name), yes, no]} if (holds := self._holds({"Condition": name})) is not None:
                return self.resolved(yes if holds else no)
            case dict():
                members = ((key, self.resolved(value)) for key, value in node.items())
                return {key: value for key, value in members if value != _NOTHING}
            case list():
                return [value for value in map(self.resolved, node) if value != _NOTHING]
            case _:
                return node

    def _substituted(self, pattern: str, own: Mapping[str, Any]) -> Any:
        def value(match: re.Match[str]) -> str:
            name = match[1]
            return str(self._values[name]) if name in self._values and name not in own else match[0]

        text = _NAME.sub(value, pattern)
        if own:
            return {"Fn::Sub": [text, self.resolved(own)]}
        return {"Fn::Sub": text} if "${" in text else text

    def _holds(self, condition: Any) -> bool | None:
        """Say whether a condition holds; ``None`` if the defaults do not tell."""
        match condition:
            case {"Condition": str(name)}:
                return self._holds(self._conditions.get(name))
            case {"Fn::Not": [inner]}:
                holds = self._holds(inner)
                return None if holds is None else not holds
            case {"Fn::And": [*inner]}:
                return self._combined(all, inner)
            case {"Fn::Or": [*inner]}:
                return self._combined(any, inner)
            case {"Fn::Equals": [left, right]}:
                sides = [self.resolved(left), self.resolved(right)]
                return None if any(isinstance(side, dict | list) for side in sides) else str(sides[0]) == str(sides[1])
            case _:
                return None

    def _combined(self, combine: Callable[[list[bool]], bool], inner: list[Any]) -> bool | None:
        found = [self._holds(condition) for condition in inner]
        known = [holds for holds in found if holds is not None]
        return combine(known) if len(known) == len(found) else None


def _number_or_text(default: Any) -> Any:
    return int(default) if isinstance(default, str) and default.isdecimal() else default
