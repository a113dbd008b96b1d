"""A provider on paper: what it deploys is one small template, compared as AWS' are."""

import json

from purista_serverless.adapter import Adapter, Capabilities
from purista_serverless.synth.files import MARKER

PAPER = Adapter(
    "paper",
    capabilities=Capabilities(),
    entry="purista_serverless.adapters.embedded.entry",
    planner="tests.unit.cli.paper:plan",
    renderers=("tests.unit.cli.paper:render",),
    differ="purista_serverless.adapters.aws.compare.differ:differ",
    configurator="tests.unit.cli.paper:configured",
)


def configured(adapter, table):
    """Take the project's table as the options."""
    return adapter.replace(options=table)


def plan(_topology, application, adapter):
    """Plan a queue for each that is declared, retaining as long as the project says."""
    days = (adapter.options or {}).get("retention", 4)
    return {
        "".join(part.title() for part in queue.name.split(".")): {
            "Type": "AWS::SQS::Queue",
            "Properties": {"MessageRetentionPeriod": days * 86_400},
        }
        for queue in application.queues
    }


def render(plan):
    """Render them; JSON is YAML."""
    return {"infra/paper/template.yaml": f"# {MARKER}\n{json.dumps({'Resources': plan}, indent=1, sort_keys=True)}\n"}
