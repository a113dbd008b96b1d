"""The options of ``[tool.purista-serverless.gcp]``: what Google Cloud needs to know and an application does not say."""

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
    underscored,
)

CODE = "PS331"
TABLE = "tool.purista-serverless.gcp"

Authorizer = Literal["iam", "application"]
Ingress = Literal["all", "internal", "internal-and-load-balancer"]

_PYTHONS = ("3.11", "3.12", "3.13", "3.14")
# MiB and thousandths of a processor (Cloud Run functions documentation, configure memory limits).
CPUS: Mapping[int, int] = {
    128: 83,
    256: 167,
    512: 333,
    1_024: 583,
    2_048: 1_000,
    4_096: 2_000,
    8_192: 2_000,
    16_384: 4_000,
    32_768: 8_000,
}
_LABEL = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_-")
LONGEST_PREFIX = 16
_LONGEST_LABEL = 63


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionOptions:
    """What one function has of its own; ``None`` is what all have.

    Attributes:
        memory: MiB: 128, 256, 512, 1024 ... 32768.
        cpu: Thousandths of a processor, 80 to 8,000; what Google gives for the memory when omitted.
        concurrency: Requests at one time in one instance, 1 to 1,000.
        min_instances: Instances that are kept warm.
        max_instances: Most instances.
    """

    memory: int | None = None
    cpu: int | None = None
    concurrency: int | None = None
    min_instances: int | None = None
    max_instances: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How an application is deployed to Google Cloud.

    Attributes:
        prefix: What every name begins with, 16 characters at most; the application's name when omitted.
        region: Default of the region that everything is in; to be given at deployment when omitted.
        python: Version of the runtime.
        memory: MiB of a function: 128, 256, 512, 1024 ... 32768.
        cpu: Thousandths of a processor, 80 to 8,000; what Google gives for the memory when omitted.
        concurrency: Requests at one time in one instance; above 1 handlers run in threads, and a processor is needed.
        min_instances: Instances of each function that are kept warm.
        max_instances: Most instances of each function.
        pool_instances: Instances of each worker pool, which run always.
        ingress: Where requests may come from.
        authorizer: Who knows the callers of private routes: Google's ``iam``, or the ``application`` by its
            ``authenticate``; ``application`` if it has one.
        tenant_claim: Claim of a caller's token that names the tenant.
        claim_check: Keep bodies that are too large for their edge in a bucket.
        ledger_location: Location of the database of records, ``eur3`` for instance; the region when omitted.
        alerts: Alerts on every dead letter.
        schedules_apart: Leave the jobs of schedules to ``schedules apply``.
        labels: Labels of all that can have some.
        functions: Options of single functions, by name: ``worker:Billing.1.closeCycle``.
    """

    prefix: str | None = None
    region: str | None = None
    python: str = "3.13"
    memory: int = 256
    cpu: int | None = None
    concurrency: int = 1
    min_instances: int = 0
    max_instances: int = 100
    pool_instances: int = 1
    ingress: Ingress = "all"
    authorizer: Authorizer | None = None
    tenant_claim: str | None = None
    claim_check: bool = False
    ledger_location: str | None = None
    alerts: bool = True
    schedules_apart: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
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
        >>> read_options({"region": "europe-west1", "max-instances": 20}).max_instances
        20
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


def _prefix(value: Any) -> str | None:
    is_prefix = isinstance(value, str) and problem_of_prefix(value) is None
    return None if is_prefix else "small letters, digits and hyphens, 16 at most, starting with a letter, not goog..."


def problem_of_prefix(prefix: str) -> str | None:
    """Say what is wrong with a prefix: names of topics, functions and accounts begin with it.

    Example:
        >>> problem_of_prefix("goog-shop")
        "it starts with 'goog', which Google keeps for itself"
    """
    if not 0 < len(prefix) <= LONGEST_PREFIX:
        return f"it has {len(prefix)} characters; {LONGEST_PREFIX} is the most, and 1 the least"
    if prefix.startswith("goog"):
        return "it starts with 'goog', which Google keeps for itself"
    if not (prefix[0].isalpha() and prefix[-1] != "-" and set(prefix) <= _LABEL - {"_"}):
        return "it is not made of small letters, digits and hyphens, with a letter first and no hyphen last"
    return None


def _place(value: Any) -> str | None:
    is_place = isinstance(value, str) and value != "" and set(value) <= _LABEL - {"_"}
    return None if is_place else "the name of a location, as in 'europe-west1'"


def _labels(value: Any) -> str | None:
    is_table = isinstance(value, dict) and all(map(_is_label, value.items()))
    return None if is_table else 'small letters, digits, "_" and "-", as in { team = "billing" }'


def _is_label(item: tuple[Any, Any]) -> bool:
    name, value = item
    fits = isinstance(value, str) and 0 < len(name) <= _LONGEST_LABEL and len(value) <= _LONGEST_LABEL
    return fits and name[0].isalpha() and set(name) | set(value) <= _LABEL


_FUNCTION_RULES: dict[str, OptionRule] = {
    "memory": choice(*CPUS),
    "cpu": number(80, 8_000),
    "concurrency": number(1, 1_000),
    "min_instances": number(0, 1_000),
    "max_instances": number(1, 1_000),
}
_RULES: dict[str, OptionRule] = {
    **_FUNCTION_RULES,
    "prefix": _prefix,
    "region": _place,
    "python": choice(*_PYTHONS),
    "pool_instances": number(1, 1_000),
    "ingress": choice("all", "internal", "internal-and-load-balancer"),
    "authorizer": choice("iam", "application"),
    "tenant_claim": text,
    "claim_check": flag,
    "ledger_location": _place,
    "alerts": flag,
    "schedules_apart": flag,
    "labels": _labels,
    "functions": tables,
}
