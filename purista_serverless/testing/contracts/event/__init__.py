"""What every event does: ``EventContract``, and the groups that it is made of, one per module."""

from purista_serverless.testing.contracts.event.bindings import Bindings
from purista_serverless.testing.contracts.event.outcomes import SubscriptionOutcomes
from purista_serverless.testing.contracts.event.routing import Repetition, Routing


class EventContract(SubscriptionOutcomes, Routing, Repetition, Bindings):
    """Behaviour of events, subscriptions and bindings that every adapter keeps."""
