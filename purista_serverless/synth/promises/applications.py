"""Promises of an application as a whole: names and numbers of what is deployed."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from purista_serverless.model import Application
from purista_serverless.naming import slug
from purista_serverless.synth.figures import limit_text
from purista_serverless.synth.promises.edges import kind_of
from purista_serverless.synth.promises.promise import Case, Promise
from purista_serverless.synth.verdicts import Emulated, Native, Verdict

if TYPE_CHECKING:
    from purista_serverless.adapter import EdgeKind


def judge_names(application: Application, case: Case) -> Verdict | None:
    """Judge whether resources carry the names that were declared."""
    long = [
        row
        for kind, name in _named(case)
        if (row := case.provider.limit("name", kind)) is not None
        and len(slug(f"{application.name}-{name}")) > row.value
    ]
    if not long:
        return Native()
    shortest = min(long, key=lambda row: row.value)
    some = "1 name is" if len(long) == 1 else f"{len(long)} names are"
    return Emulated(how=f"{some} shortened to {limit_text(shortest)} with a hash")


def _named(case: Case) -> Iterator[tuple["EdgeKind", str]]:
    for function in case.topology.functions:
        yield "command", function.name
    for edge in case.topology.edges:
        yield kind_of(edge), edge.name


def judge_resources(application: Application, case: Case) -> Verdict | None:
    """Judge whether one stack holds everything."""
    row = case.provider.limit("resources")
    count = resource_estimate(case)
    if row is None or count <= row.value:
        return Native()
    stacks = -(-count // row.value)
    return Emulated(
        how=f"about {count} resources of {application.name} are split into {stacks} stacks of {limit_text(row)}"
    )


def resource_estimate(case: Case) -> int:
    """Estimate the resources of a deployment: a function with its role, an edge with its dead letter and its wiring."""
    return 2 * len(case.topology.functions) + 3 * len(case.topology.edges)


APPLICATION_PROMISES: tuple[Promise[Application], ...] = (
    Promise(name="names", code="PS251", meaning="resources carry the declared names", rule=judge_names),
    Promise(name="resources", code="PS252", meaning="everything declared can be deployed", rule=judge_resources),
)
