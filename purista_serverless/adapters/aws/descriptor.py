"""What AWS can do, what the adapter adds to it, and where the adapter's parts are."""

from typing import TYPE_CHECKING

from purista_serverless.adapter import Adapter, Capabilities
from purista_serverless.adapters.aws.limits import LIMITS
from purista_serverless.schedule.expressions import DstPolicy

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_HERE = "purista_serverless.adapters.aws"

_EMULATIONS = {
    "delay": (
        "a message waits 15 min at most (Amazon SQS Developer Guide, message quotas); one that comes early is put back "
        "for the rest"
    ),
}
_CLAIM_CHECK = "a body above 1020 KiB (Amazon SQS Developer Guide, message quotas) is kept in the claim-check bucket"

ADAPTER = Adapter(
    "aws",
    extra="aws",
    capabilities=Capabilities(
        attempts="approximate",
        # SQS would extend a lease; a function cannot outlive its invocation, which therefore is the only lease.
        lease_extension=False,
        dialect="aws",
        clock_source="EventBridge Scheduler User Guide, schedule types",
        dst=DstPolicy("skip", "first"),
        limits=LIMITS,
    ),
    entry=f"{_HERE}.entry",
    planner=f"{_HERE}.plan.planner:plan",
    renderers=(f"{_HERE}.render.files:render",),
    translator="purista_serverless.schedule.dialects.aws:translate",
    checker=f"{_HERE}.checks.check:check",
    configurator=f"{_HERE}.descriptor:configured",
    differ=f"{_HERE}.compare.differ:differ",
    operator=f"{_HERE}.stack.operator:open_stack",
    scheduler=f"{_HERE}.schedules.scheduler:open_scheduler",
    emulations=_EMULATIONS,
)


def configured(adapter: Adapter, table: "Mapping[str, Any]") -> Adapter:
    """Give the adapter with the options of ``[tool.purista-serverless.aws]``.

    Raises:
        InvalidOptions: Options are unknown or wrong; tells all of them.
    """
    from purista_serverless.adapters.aws.options import read_options

    options = read_options(table)
    claims = {"payload": _CLAIM_CHECK, "binding-payload": _CLAIM_CHECK} if options.claim_check else {}
    return adapter.replace(options=options, emulations={**adapter.emulations, **claims})
