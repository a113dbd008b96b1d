"""Translations of a schedule to other schedulers' expressions: exact, or refused with a reason and a fix.

One module per dialect, and ``unix`` for the two that read plain five-field cron. No dialect knows a resource or an
SDK, and none imports another. A new one is a module with a ``translate`` function and a row in ``DIALECTS``.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

from purista_serverless.schedule.dialects import airflow, aws, temporal, unix
from purista_serverless.schedule.dialects.result import Knocks, Outcome, Refusal, Translation
from purista_serverless.schedule.expressions import DstPolicy, Expression
from purista_serverless.schedule.zones import load_zone

__all__ = ["DIALECTS", "Dialect", "Knocks", "Refusal", "Translation", "translate"]

Dialect: TypeAlias = Literal["airflow", "aws", "google", "kubernetes", "temporal"]

DIALECTS: Mapping[Dialect, Callable[[Expression, str, DstPolicy], Outcome]] = MappingProxyType(
    {
        "airflow": airflow.translate,
        "aws": aws.translate,
        "google": unix.translate_google,
        "kubernetes": unix.translate_kubernetes,
        "temporal": temporal.translate,
    }
)


def translate(
    dialect: Dialect, expression: Expression, timezone: str, policy: DstPolicy | None = None
) -> Translation | Refusal:
    """Translate an expression in a zone to another scheduler, or refuse.

    A translation fires at the slots of ``Occurrences(expression, timezone, policy)``, all of them and nothing else, in
    the years 2020 to 2040.

    Raises:
        CronSyntaxError: The cron expression does not parse.
        UnknownTimezone: No zone has this name.

    Example:
        >>> from purista_serverless.schedule.expressions import Cron
        >>> translate("aws", Cron("0 9 1 * SAT"), "UTC").expressions
        ('cron(0 9 1 * ? *)', 'cron(0 9 ? * 7 *)')
        >>> translate("kubernetes", Cron("30 2 * * *"), "Europe/Berlin").fix[:51]
        "declare DstPolicy(skipped='skip', repeated='both'),"
    """
    load_zone(timezone)
    return DIALECTS[dialect](expression, timezone, DstPolicy() if policy is None else policy)
