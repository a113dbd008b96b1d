"""The Mermaid chart of a topology."""

from purista_serverless.exports.graph import graph
from purista_serverless.testing.contracts.sample import sample_application
from purista_serverless.topology import topology_of

SAMPLE = topology_of(sample_application())


def test_everything_is_drawn_once(golden):
    """Functions, events, queues and schedules have a node each, and an arrow for each way between them."""
    golden("graph/sample.mmd", graph(SAMPLE))


def test_carried_edges_are_drawn_without_functions(golden):
    """On a provider that carries direct edges, the event points at the queue and the schedule at its target."""
    golden("graph/sample-carried.mmd", graph(SAMPLE.carrying(["binding", "schedule"])))
