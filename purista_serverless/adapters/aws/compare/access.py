"""Who may do what: the grants of a resource, as a set, and which of them are wider than before."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from purista_serverless.adapters.aws.compare.template import Resource, whole_text_of

# Properties that hold grants; they are compared as sets and not by their place.
PROPERTIES = frozenset({"AssumeRolePolicyDocument", "ManagedPolicyArns", "Policies", "PolicyDocument"})

# Operators under which more values mean less access; their values are compared as a whole.
_NEGATIVE = ("Not", "Null")

EVERYBODY = "everybody"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Grant:
    """One action on one resource, allowed or denied.

    Attributes:
        effect: ``Allow`` or ``Deny``.
        action: The action; a pattern if it has stars.
        resource: The resource's ARN, as text; a pattern if it has stars.
        principal: Who; empty for the role that holds the grant.
        conditions: What must hold besides: operator, key and values.
    """

    effect: str
    action: str
    resource: str
    principal: str
    conditions: frozenset[tuple[str, str, frozenset[str]]]

    def __str__(self) -> str:
        who = f"{self.principal} " if self.principal else ""
        verb = "may" if self.effect == "Allow" else "must not"
        limits = "".join(
            f", {key} {operator} {' or '.join(sorted(values))}"
            for operator, key, values in sorted(self.conditions, key=str)
        )
        return f"{who}{verb} {self.action} on {self.resource}{limits}"

    def covers(self, other: "Grant") -> bool:
        """Say whether this grant holds wherever another one of the same effect does."""
        return (
            self.effect == other.effect
            and _matches(other.action.lower(), self.action.lower())
            and _matches(other.resource, self.resource)
            and _matches(other.principal, self.principal)
            and all(any(_implies(theirs, ours) for theirs in other.conditions) for ours in self.conditions)
        )


def grants_of(resource: Resource) -> frozenset[Grant]:
    """Give what a resource allows and denies."""
    return frozenset(_grants(resource))


def widening(old: Iterable[Grant], new: Iterable[Grant]) -> tuple[Grant, ...]:
    """Give the grants by which more is allowed than before: new permissions, and prohibitions that have gone."""
    before, after = frozenset(old), frozenset(new)
    allowed = (grant for grant in after - before if grant.effect == "Allow" and not _is_covered(grant, before))
    freed = (grant for grant in before - after if grant.effect == "Deny" and not _is_covered(grant, after))
    return tuple(sorted((*allowed, *freed), key=str))


def _is_covered(grant: Grant, others: Iterable[Grant]) -> bool:
    return any(other.covers(grant) for other in others)


def _matches(text: str, pattern: str) -> bool:
    return text == pattern or ("*" in pattern and _pattern(pattern).fullmatch(text) is not None)


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    """Read a pattern of IAM: brackets stand for themselves, unlike in those of a shell."""
    return re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)


def _implies(theirs: tuple[str, str, frozenset[str]], ours: tuple[str, str, frozenset[str]]) -> bool:
    if theirs[:2] != ours[:2]:
        return False
    if any(word in ours[0] for word in _NEGATIVE):
        return theirs[2] == ours[2]
    return all(any(_matches(value, pattern) for pattern in ours[2]) for value in theirs[2])


def _grants(resource: Resource) -> Iterator[Grant]:
    properties = resource.properties
    for document in _documents(properties):
        yield from _statements(document)
    for name in _listed(properties.get("ManagedPolicyArns")):
        yield _allow("everything in", whole_text_of(name))
    match resource.type:
        case "AWS::Serverless::Function":
            yield from _named_policies(properties.get("Policies"))
            yield from _open_routes(properties)
        case "AWS::Lambda::Permission":
            yield _permission(properties)
        case "AWS::Lambda::Url" if properties.get("AuthType") == "NONE":
            yield _allow("call", whole_text_of(properties.get("TargetFunctionArn")), principal=EVERYBODY)
        case "AWS::ApiGatewayV2::Route" if properties.get("AuthorizationType", "NONE") == "NONE":
            yield _allow("call", whole_text_of(properties.get("RouteKey")), principal=EVERYBODY)
        case _:
            pass


def _documents(properties: Mapping[str, Any]) -> Iterator[Any]:
    yield properties.get("PolicyDocument")
    yield properties.get("AssumeRolePolicyDocument")
    for policy in _listed(properties.get("Policies")):
        if isinstance(policy, dict):
            # A role's policy wraps its document, a function's is one.
            yield policy.get("PolicyDocument", policy)


def _statements(document: Any) -> Iterator[Grant]:
    if not isinstance(document, dict):
        return
    for statement in _listed(document.get("Statement")):
        for action in _either(statement, "Action"):
            for resource in _either(statement, "Resource"):
                for principal in _principals(statement):
                    yield Grant(
                        effect=statement.get("Effect", "Allow"),
                        action=action,
                        resource=resource,
                        principal=principal,
                        conditions=_conditions(statement.get("Condition")),
                    )


def _either(statement: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Give the values of ``Action`` or ``Resource``; what is excepted is one value that nothing else matches."""
    if f"Not{name}" in statement:
        return (f"everything but {whole_text_of(statement[f'Not{name}'])}",)
    # A trust policy names no resource: it is the role itself.
    return tuple(map(whole_text_of, _listed(statement[name]))) if name in statement else ("",)


def _principals(statement: Mapping[str, Any]) -> tuple[str, ...]:
    match statement.get("Principal"):
        case None:
            return ("",)
        case "*" | {"AWS": "*"}:
            return ("*",)
        case dict() as principals:
            return tuple(
                f"{kind} {whole_text_of(name)}" for kind, names in principals.items() for name in _listed(names)
            )
        case other:
            return (whole_text_of(other),)


def _conditions(condition: Any) -> frozenset[tuple[str, str, frozenset[str]]]:
    if not isinstance(condition, dict):
        return frozenset()
    return frozenset(
        (operator, key, frozenset(map(whole_text_of, _listed(values))))
        for operator, tests in condition.items()
        for key, values in tests.items()
    )


def _named_policies(policies: Any) -> Iterator[Grant]:
    """Give SAM's policy templates and managed policies, whose statements are not in the template."""
    for policy in _listed(policies):
        if isinstance(policy, str) or (isinstance(policy, dict) and "Statement" not in policy):
            yield _allow("everything in", whole_text_of(policy))


def _open_routes(properties: Mapping[str, Any]) -> Iterator[Grant]:
    for event in (properties.get("Events") or {}).values():
        inner = event.get("Properties") or {}
        if event.get("Type") in {"Api", "HttpApi"} and (inner.get("Auth") or {}).get("Authorizer") == "NONE":
            yield _allow("call", f"{inner.get('Method', 'ANY')} {inner.get('Path', '/')}".upper(), principal=EVERYBODY)
    if (properties.get("FunctionUrlConfig") or {}).get("AuthType") == "NONE":
        yield _allow("call", "its URL", principal=EVERYBODY)


def _permission(properties: Mapping[str, Any]) -> Grant:
    bounds = {name: properties[name] for name in ("SourceAccount", "SourceArn", "PrincipalOrgID") if name in properties}
    return Grant(
        effect="Allow",
        action=whole_text_of(properties.get("Action")),
        resource=whole_text_of(properties.get("FunctionName")),
        principal=whole_text_of(properties.get("Principal")),
        conditions=_conditions({"Equals": bounds}),
    )


def _allow(action: str, resource: str, *, principal: str = "") -> Grant:
    return Grant(effect="Allow", action=action, resource=resource, principal=principal, conditions=frozenset())


def _listed(value: Any) -> list[Any]:
    match value:
        case None:
            return []
        case list():
            return value
        case _:
            return [value]
