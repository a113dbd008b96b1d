"""What Google Cloud can do, what the adapter adds to it, and where the adapter's parts are."""

from typing import TYPE_CHECKING

from purista_serverless.adapter import Adapter, Capabilities
from purista_serverless.adapters.gcp.limits import LIMITS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_HERE = "purista_serverless.adapters.gcp"

_POOL = (
    "a Cloud Run worker pool pulls the queue and extends its leases (Pub/Sub documentation, lease management); "
    "written by Terraform only"
)
_EMULATIONS = {
    "delay": "Cloud Tasks holds a message for 30 d at most (Cloud Tasks documentation, quotas and limits), and for the "
    "rest again",
    "runtime": _POOL,
    "heartbeat": _POOL,
}
_CLAIM_CHECK = "a larger body is kept in the claim-check bucket (Pub/Sub documentation, quotas and limits: 10 MB)"

ADAPTER = Adapter(
    "gcp",
    extra="gcp",
    capabilities=Capabilities(
        direct=("schedule",),
        attempts="approximate",
        # A failed push comes again by the subscription's own exponential backoff between two bounds.
        backoff="approximate",
        delays_apart=True,
        # Pub/Sub would extend the lease of what is pulled; a push has the one lease only.
        lease_extension=False,
        dialect="google",
        clock_source="Cloud Scheduler documentation, cron job schedules",
        slots=False,
        limits=LIMITS,
    ),
    entry=f"{_HERE}.entry",
    planner=f"{_HERE}.plan.planner:plan",
    renderers=(f"{_HERE}.render.terraform.files:render", f"{_HERE}.render.gcloud.script:render"),
    translator=f"{_HERE}.plan.clock:translate",
    checker=f"{_HERE}.checks.check:check",
    configurator=f"{_HERE}.descriptor:configured",
    worker=f"{_HERE}.worker.work:work",
    scheduler=f"{_HERE}.schedules.scheduler:open_scheduler",
    differ=f"{_HERE}.compare.differ:differ",
    operator=f"{_HERE}.stack.operator:open_stack",
    emulations=_EMULATIONS,
)


def configured(adapter: Adapter, table: "Mapping[str, Any]") -> Adapter:
    """Give the adapter with the options of ``[tool.purista-serverless.gcp]``.

    Raises:
        InvalidOptions: Options are unknown or wrong; tells all of them.
    """
    from purista_serverless.adapters.gcp.options import read_options

    options = read_options(table)
    claims = {"payload": _CLAIM_CHECK, "binding-payload": _CLAIM_CHECK} if options.claim_check else {}
    return adapter.replace(options=options, emulations={**adapter.emulations, **claims})
