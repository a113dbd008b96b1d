"""When something is due: expressions, occurrences in a time zone, and other schedulers' dialects.

Everything here is pure: no clock, no IO beyond the time zone database, no knowledge of services or of providers'
resources. What a schedule does when it is due lives in ``builder`` (declaration) and ``runtime`` (gate). Declaring one
imports ``expressions`` only; parsing, occurrences and dialects load on first use, because handlers seldom need them.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from purista_serverless.schedule.cron import CronFields as CronFields
    from purista_serverless.schedule.cron import parse_cron as parse_cron
    from purista_serverless.schedule.dialects import Knocks as Knocks
    from purista_serverless.schedule.dialects import Refusal as Refusal
    from purista_serverless.schedule.dialects import Translation as Translation
    from purista_serverless.schedule.dialects import translate as translate
    from purista_serverless.schedule.expressions import Cron as Cron
    from purista_serverless.schedule.expressions import DstPolicy as DstPolicy
    from purista_serverless.schedule.expressions import Expression as Expression
    from purista_serverless.schedule.expressions import Interval as Interval
    from purista_serverless.schedule.expressions import OneShot as OneShot
    from purista_serverless.schedule.expressions import from_wire as from_wire
    from purista_serverless.schedule.expressions import to_wire as to_wire
    from purista_serverless.schedule.occurrences import Occurrences as Occurrences

_HOMES = {
    "Cron": "expressions",
    "CronFields": "cron",
    "DstPolicy": "expressions",
    "Expression": "expressions",
    "Interval": "expressions",
    "Occurrences": "occurrences",
    "OneShot": "expressions",
    "Knocks": "dialects",
    "Refusal": "dialects",
    "Translation": "dialects",
    "from_wire": "expressions",
    "parse_cron": "cron",
    "to_wire": "expressions",
    "translate": "dialects",
}


def __getattr__(name: str) -> object:
    from importlib import import_module

    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return sorted(_HOMES)
