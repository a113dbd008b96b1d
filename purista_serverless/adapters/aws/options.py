"""The options of ``[tool.purista-serverless.aws]``: what AWS needs to know and an application does not say."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from purista_serverless.adapter import Adapter
from purista_serverless.errors import InvalidOptions, Problem
from purista_serverless.naming import did_you_mean

CODE = "PS301"
TABLE = "tool.purista-serverless.aws"

Authorizer = Literal["jwt", "iam", "none"]

# What CloudWatch Logs takes, in days (Amazon CloudWatch Logs API Reference, PutRetentionPolicy).
_RETENTIONS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
# AWS SAM Developer Guide, DeploymentPreference.
_CANARIES = (
    "Canary10Percent5Minutes",
    "Canary10Percent10Minutes",
    "Canary10Percent15Minutes",
    "Canary10Percent30Minutes",
    "Linear10PercentEvery1Minute",
    "Linear10PercentEvery2Minutes",
    "Linear10PercentEvery3Minutes",
    "Linear10PercentEvery10Minutes",
    "AllAtOnce",
)
_PYTHONS = ("3.11", "3.12", "3.13", "3.14")
_LOG_LEVELS = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionOptions:
    """What one function has of its own; ``None`` is what all have.

    Attributes:
        memory: Megabytes, 128 to 10,240.
        reserved_concurrency: Environments that are kept for this function, and the most that it gets.
        batch_size: Messages per invocation; of a worker, the declaration's when omitted.
        batch_window: Seconds to gather a batch, 0 to 300.
    """

    memory: int | None = None
    reserved_concurrency: int | None = None
    batch_size: int | None = None
    batch_window: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How an application is deployed to AWS.

    Attributes:
        memory: Megabytes of a function, 128 to 10,240; its share of a processor grows with them.
        architecture: Default of the template's parameter.
        python: Version of the Lambda runtime.
        log_retention: Days that logs are kept.
        log_level: Lowest level of the application's log lines that are kept.
        alias: Name of the alias that everything is sent to.
        canary: How a new version takes over; ``None`` is at once.
        snap_start: Start from a snapshot of the initialised function.
        claim_check: Keep bodies that are too large for their edge in a bucket.
        archive_days: Days that the bus keeps its events for a replay; 0 is no archive.
        authorizer: Who knows the callers of private routes; ``jwt`` unless the application has an ``authenticate``.
        tenant_claim: Claim that names the tenant, in the token of every caller; ``authorizer`` has to be ``jwt``.
        alarms: Alarms on every dead letter.
        metrics: Each invocation writes how its runs ended, and how long it took, as metrics of CloudWatch.
        stacks: ``auto`` splits above the provider's limit; ``nested`` at once, so that no growth ever moves a resource.
        stack_name: Name of the stack in ``samconfig.toml``; the application's when omitted.
        parameters: Values of the template's parameters in ``samconfig.toml``.
        tags: Tags of the stack, and of all that it holds.
        functions: Options of single functions, by name: ``worker:Billing.1.closeCycle``.
    """

    memory: int = 256
    architecture: Literal["arm64", "x86_64"] = "arm64"
    python: str = "3.13"
    log_retention: int = 30
    log_level: str = "INFO"
    alias: str = "live"
    canary: str | None = None
    snap_start: bool = False
    claim_check: bool = False
    archive_days: int = 0
    authorizer: Authorizer | None = None
    tenant_claim: str | None = None
    alarms: bool = True
    metrics: bool = False
    stacks: Literal["auto", "single", "nested"] = "auto"
    stack_name: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    functions: Mapping[str, FunctionOptions] = field(default_factory=dict)

    def of(self, function: str) -> FunctionOptions:
        """Give what a function has of its own."""
        return self.functions.get(function, _PLAIN)


_PLAIN = FunctionOptions()
_DEFAULTS = Options()

# What is wrong with a value, ``None`` if nothing is.
_Rule = Callable[[Any], str | None]


def options_of(adapter: Adapter) -> Options:
    """Give the options of an adapter; the defaults if nobody configured it."""
    return adapter.options if isinstance(adapter.options, Options) else _DEFAULTS


def read_options(table: Mapping[str, Any]) -> Options:
    """Read the table of a project.

    Args:
        table: Keys as in TOML, with hyphens or underscores.

    Raises:
        InvalidOptions: Keys are unknown or values are wrong; tells all of them.

    Example:
        >>> read_options({"memory": 512, "log-retention": 90}).log_retention
        90
    """
    given = {name.replace("-", "_"): value for name, value in table.items()}
    problems = [*_problems(given, _RULES, TABLE), *_function_problems(given.get("functions"))]
    if problems:
        raise InvalidOptions(f"[{TABLE}]", problems)
    functions = {name: FunctionOptions(**_underscored(own)) for name, own in given.pop("functions", {}).items()}
    return Options(**given, functions=functions)


def _underscored(table: Mapping[str, Any]) -> dict[str, Any]:
    return {name.replace("-", "_"): value for name, value in table.items()}


def _function_problems(functions: Any) -> Iterator[Problem]:
    if isinstance(functions, dict):
        for name, own in functions.items():
            if isinstance(own, dict):
                yield from _problems(_underscored(own), _FUNCTION_RULES, f'{TABLE}.functions."{name}"')


def _problems(given: Mapping[str, Any], rules: Mapping[str, _Rule], table: str) -> Iterator[Problem]:
    for name, value in given.items():
        where = f"[{table}] {name}"
        if name not in rules:
            fix = did_you_mean(name, rules) or f"it takes {', '.join(sorted(rules))}"
            yield Problem(CODE, where=where, what="there is no such option", fix=fix)
        elif (wanted := rules[name](value)) is not None:
            yield Problem(CODE, where=where, what=f"{value!r} is not allowed", fix=f"write {wanted}")


def _number(low: int, high: int) -> _Rule:
    def rule(value: Any) -> str | None:
        is_number = isinstance(value, int) and not isinstance(value, bool)
        return None if is_number and low <= value <= high else f"a number from {low} to {high}"

    return rule


def _choice(*known: object) -> _Rule:
    def rule(value: Any) -> str | None:
        return None if value in known and not isinstance(value, bool) else f"one of {', '.join(map(str, known))}"

    return rule


def _flag(value: Any) -> str | None:
    return None if isinstance(value, bool) else "true or false"


def _name(value: Any) -> str | None:
    is_name = isinstance(value, str) and 0 < len(value) <= 128 and value.replace("-", "").isalnum()
    return None if is_name and value[0].isalpha() else "letters, digits and hyphens, starting with a letter"


def _word(value: Any) -> str | None:
    is_word = isinstance(value, str) and value.isascii() and value.isalnum() and value[0].isalpha()
    return None if is_word else "letters and digits, starting with a letter"


def _text(value: Any) -> str | None:
    return None if isinstance(value, str) and value else "a text that is not empty"


def _texts(value: Any) -> str | None:
    is_table = isinstance(value, dict) and all(isinstance(one, str) for one in value.values())
    return None if is_table else 'a table of texts, as in { name = "value" }'


def _tables(value: Any) -> str | None:
    is_table = isinstance(value, dict) and all(isinstance(one, dict) for one in value.values())
    return None if is_table else 'tables by function, as in "worker:Billing.1.closeCycle" = { memory = 512 }'


_RULES: dict[str, _Rule] = {
    "memory": _number(128, 10_240),
    "architecture": _choice("arm64", "x86_64"),
    "python": _choice(*_PYTHONS),
    "log_retention": _choice(*_RETENTIONS),
    "log_level": _choice(*_LOG_LEVELS),
    "alias": _word,
    "canary": _choice(*_CANARIES),
    "snap_start": _flag,
    "claim_check": _flag,
    "archive_days": _number(0, 3_650),
    "authorizer": _choice("jwt", "iam", "none"),
    "tenant_claim": _text,
    "alarms": _flag,
    "metrics": _flag,
    "stacks": _choice("auto", "single", "nested"),
    "stack_name": _name,
    "parameters": _texts,
    "tags": _texts,
    "functions": _tables,
}
_FUNCTION_RULES: dict[str, _Rule] = {
    "memory": _number(128, 10_240),
    "reserved_concurrency": _number(0, 1_000_000),
    "batch_size": _number(1, 10_000),
    "batch_window": _number(0, 300),
}
