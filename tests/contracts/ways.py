"""The ways into a host, and what the suite of hosts leaves out there, as tables for the documents."""

from purista_serverless.testing.contracts.host import NEEDS, HostContract, Need, asking_for
from purista_serverless.testing.contracts.host.needs import TRIGGER_NEEDS

Ways = tuple[type[HostContract], ...]

_TRIGGERS = {need: trigger for trigger, need in TRIGGER_NEEDS.items()}


def render_ways(suites: Ways) -> str:
    """Give a table of ways, those together that lack the same."""
    alike: dict[str, list[str]] = {}
    for suite in suites:
        lacks = " ".join(f"`{need}`: {why}" for need, why in suite.lacks.items())
        alike.setdefault(lacks or "nothing", []).append(way_of(suite))
    rows = [f"| {'; '.join(ways)} | {lacks} |" for lacks, ways in alike.items()]
    return "\n".join(("| Way in | Lacks |", "| --- | --- |", *rows)) + "\n"


def way_of(suite: type[HostContract]) -> str:
    """Give the sentence about a way in, without its full stop."""
    return (suite.__doc__ or "").replace("``", "`").rstrip(".")


def render_needs() -> str:
    """Give a table of what tests need, with the tests."""
    rows = [f"| `{need}` | {meaning} | {_tests(need)} |" for need, meaning in NEEDS.items()]
    return "\n".join(("| Need | Meaning | Tests that ask for it |", "| --- | --- | --- |", *rows)) + "\n"


def _tests(need: Need) -> str:
    tests = [f"`{test}`" for test in asking_for(HostContract, need)]
    per_trigger = [f"each that runs for every trigger, with `{_TRIGGERS[need]}`"] if need in _TRIGGERS else []
    return ", ".join([*per_trigger, *tests])
