"""The part of IAM's logic that generated policies use: what a statement grants, and which request it allows.

Whatever a statement says that is not known here is an error, so that nothing is taken for narrower than it is.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

_MEMBERS = frozenset({"Action", "Condition", "Effect", "Principal", "Resource", "Sid"})

# Operators by whether they take a request that does not have their key at all.
_OPERATORS = {"ArnEquals": False, "ArnLike": False, "ForAllValues:StringEquals": True, "StringEquals": False}
_PATTERNS = frozenset({"ArnEquals", "ArnLike"})

# How an ARN may end that is one thing to us: what is below a prefix, streams of a log group, a secret's own characters.
_END = re.compile(r"(?<=[^:/])(?:/\*|:\*|-\?{6})$")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Call:
    """A request as IAM sees it.

    Attributes:
        who: The role that asks, or the service that does so in its own name.
        action: What it asks for.
        resource: ARN of what it is done to.
        context: Condition keys and their values.
    """

    who: str
    action: str
    resource: str
    context: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        about = "".join(f", {key} is {value}" for key, value in self.context)
        return f"{self.who}: {self.action} on {self.resource}{about}"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Grant:
    """One action on one resource for one value of each condition: the least that a statement can be made of.

    Attributes:
        who: The role, or the service.
        action: The action.
        resource: ARN of the resource; stars and question marks stand for other characters.
        conditions: Operator, condition key and value.
    """

    who: str
    action: str
    resource: str
    conditions: tuple[tuple[str, str, str], ...] = field(default=())

    def __str__(self) -> str:
        bounds = "".join(f", {key} {operator} {value}" for operator, key, value in self.conditions)
        return f"{self.who} may {self.action} on {self.resource}{bounds}"

    def allows(self, call: Call) -> bool:
        """Say whether it allows a request."""
        context = dict(call.context)
        return (
            self.who == call.who
            and _is_like(call.action.lower(), self.action.lower())
            and _is_like(call.resource, self.resource)
            and all(_holds(condition, context) for condition in self.conditions)
        )


def grants_of(document: Mapping[str, Any], *, who: str | None = None, resource: str | None = None) -> Iterator[Grant]:
    """Give the grants of a policy.

    Args:
        document: The policy, its references resolved.
        who: The role that has it; the principals that it names when omitted.
        resource: What it is about, where it names nothing: the role of a trust policy.
    """
    for statement in _listed(document["Statement"]):
        assert statement.keys() <= _MEMBERS, f"not known: {sorted(statement.keys() - _MEMBERS)}"
        assert statement["Effect"] == "Allow", statement
        for holder in [who] if who is not None else _listed(statement["Principal"]["Service"]):
            for action in _listed(statement["Action"]):
                for target in _listed(statement.get("Resource", resource)):
                    for conditions in _alternatives(statement.get("Condition", {})):
                        yield Grant(who=holder, action=action, resource=target, conditions=conditions)


def missing(calls: Iterable[Call], grants: Iterable[Grant]) -> list[str]:
    """Tell of the requests that nothing allows."""
    known = tuple(grants)
    return sorted(str(call) for call in set(calls) if not _is_allowed(call, known))


def unused(calls: Iterable[Call], grants: Iterable[Grant]) -> list[str]:
    """Tell of the grants that no request needed."""
    made = frozenset(calls)
    return sorted(str(grant) for grant in set(grants) if not any(grant.allows(call) for call in made))


def foreign(calls: Iterable[Call], grants: Iterable[Grant]) -> list[str]:
    """Tell of what only others asked for, and somebody could have asked for as well.

    Who asks is a role or a service, and of a service also in whose name: for the rule in ``aws:SourceArn``.
    """
    made, held = frozenset(calls), defaultdict(list)
    for grant in grants:
        held[grant.who].append(grant)
    askers = {(call.who, _asking(call)) for call in made}
    deeds = {(call.action, call.resource, _asked(call)) for call in made}
    known = {(call.who, _asking(call), call.action, call.resource, _asked(call)) for call in made}
    imagined = (
        Call(who=who, action=action, resource=resource, context=(*asking, *asked))
        for who, asking in askers
        for action, resource, asked in deeds
        if (who, asking, action, resource, asked) not in known
    )
    return sorted(str(call) for call in imagined if _is_allowed(call, held[call.who]))


def starred(grants: Iterable[Grant]) -> list[str]:
    """Tell of the grants of more than one action, or of everything there is of a kind."""
    return sorted(str(grant) for grant in grants if "*" in grant.action or _END.sub("", grant.resource)[-1] in "*?:/")


def _asking(call: Call) -> tuple[tuple[str, str], ...]:
    return tuple(pair for pair in call.context if pair[0].startswith("aws:"))


def _asked(call: Call) -> tuple[tuple[str, str], ...]:
    return tuple(pair for pair in call.context if not pair[0].startswith("aws:"))


def _is_allowed(call: Call, grants: Iterable[Grant]) -> bool:
    return any(grant.allows(call) for grant in grants)


def _alternatives(condition: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[tuple[str, str, str], ...]]:
    """Give one set of bounds for each combination of values: of several values of a key one has to match."""
    found: list[tuple[tuple[str, str, str], ...]] = [()]
    for operator, tests in condition.items():
        assert operator in _OPERATORS, f"not known: {operator}"
        for key, values in tests.items():
            found = [(*bounds, (operator, key, value)) for bounds in found for value in _listed(values)]
    yield from found


def _holds(condition: tuple[str, str, str], context: Mapping[str, str]) -> bool:
    operator, key, wanted = condition
    if key not in context:
        return _OPERATORS[operator]
    return _is_like(context[key], wanted) if operator in _PATTERNS else context[key] == wanted


def _is_like(text: str, pattern: str) -> bool:
    return text == pattern or _pattern(pattern).fullmatch(text) is not None


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
