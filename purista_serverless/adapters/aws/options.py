"""The options of ``[tool.purista-serverless.aws]``: what AWS needs to know and an application does not say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from purista_serverless.adapter import Adapter
from purista_serverless.errors import InvalidOptions
from purista_serverless.synth.option_rules import (
    OptionRule,
    choice,
    flag,
    function_problems,
    number,
    problems_of,
    tables,
    text,
    texts,
    underscored,
)

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
        schedules_apart: Leave the schedules to ``schedules apply``; their roles, queues and group stay in the stack.
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
    schedules_apart: bool = False
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
    given = underscored(table)
    problems = [
        *problems_of(given, _RULES, TABLE, CODE),
        *function_problems(given.get("functions"), _FUNCTION_RULES, TABLE, CODE),
    ]
    if problems:
        raise InvalidOptions(f"[{TABLE}]", problems)
    functions = {name: FunctionOptions(**underscored(own)) for name, own in given.pop("functions", {}).items()}
    return Options(**given, functions=functions)


def _name(value: Any) -> str | None:
    is_name = isinstance(value, str) and 0 < len(value) <= 128 and value.replace("-", "").isalnum()
    return None if is_name and value[0].isalpha() else "letters, digits and hyphens, starting with a letter"


def _word(value: Any) -> str | None:
    is_word = isinstance(value, str) and value.isascii() and value.isalnum() and value[0].isalpha()
    return None if is_word else "letters and digits, starting with a letter"


_RULES: dict[str, OptionRule] = {
    "memory": number(128, 10_240),
    "architecture": choice("arm64", "x86_64"),
    "python": choice(*_PYTHONS),
    "log_retention": choice(*_RETENTIONS),
    "log_level": choice(*_LOG_LEVELS),
    "alias": _word,
    "canary": choice(*_CANARIES),
    "snap_start": flag,
    "claim_check": flag,
    "archive_days": number(0, 3_650),
    "authorizer": choice("jwt", "iam", "none"),
    "tenant_claim": text,
    "alarms": flag,
    "metrics": flag,
    "schedules_apart": flag,
    "stacks": choice("auto", "single", "nested"),
    "stack_name": _name,
    "parameters": texts,
    "tags": texts,
    "functions": tables,
}
_FUNCTION_RULES: dict[str, OptionRule] = {
    "memory": number(128, 10_240),
    "reserved_concurrency": number(0, 1_000_000),
    "batch_size": number(1, 10_000),
    "batch_window": number(0, 300),
}
