"""Where everything is: ids in the plan and names in the project of what is referred to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from purista_serverless.adapters.gcp import constants
from purista_serverless.adapters.gcp.plan.access import url_of
from purista_serverless.adapters.gcp.plan.names import topic_name
from purista_serverless.adapters.gcp.plan.resources import Sub

DATABASE = "database_records"
TASKS = "tasks_later"
BUCKET = "bucket_claims"
PUSH_ACCOUNT = "account_push"

TopicKind = Literal["event", "queue", "call", "gate", "again"]

_AGAIN = (constants.SUBSCRIPTION_EDGE, constants.BINDING_EDGE)
_KINDS: Mapping[str, TopicKind] = {"event": "event", "queue": "queue", "call": "call", "gate": "gate"}


def edge_behind(key: str) -> str:
    """Give the edge of a topic's key: a gate's is its schedule's."""
    if key.startswith(constants.GATE_EDGE):
        return f"{constants.SCHEDULE_EDGE}{key.removeprefix(constants.GATE_EDGE)}"
    return key


def kind_of_topic(key: str) -> TopicKind:
    """Give what is published to the topic of a key."""
    return _KINDS.get(key.partition(":")[0], "again")


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Ids and names of everything that is referred to.

    Attributes:
        function_ids: What the ids of a function's resources end with, by its name.
        function_names: Names of functions in the project.
        account_names: Names of their accounts.
        edge_ids: What the ids of an edge's resources end with, by its name; of external queues too.
        event_ids: The same of events, by ``event:<name>``.
        secret_ids: The same of secrets, by their names.
    """

    function_ids: Mapping[str, str]
    function_names: Mapping[str, str]
    account_names: Mapping[str, str]
    edge_ids: Mapping[str, str]
    event_ids: Mapping[str, str]
    secret_ids: Mapping[str, str]

    def function_id(self, function: str) -> str:
        """Give the id of a function."""
        return f"function_{self.function_ids[function]}"

    def account_id(self, function: str) -> str:
        """Give the id of a function's account."""
        return f"account_{self.function_ids[function]}"

    def account_email(self, function: str) -> Sub:
        """Give the address of a function's account."""
        return email_of(self.account_names[function])

    def url(self, function: str) -> Sub:
        """Give where a function answers."""
        return url_of(self.function_names[function])

    def topic_id(self, key: str) -> str:
        """Give the id of the topic that is found by a key."""
        if key.startswith(constants.EVENT_EDGE):
            return f"event_{self.event_ids[key]}"
        kind = "again" if key.startswith(_AGAIN) else "topic"
        return f"{kind}_{self.edge_ids[edge_behind(key)]}"

    def dead_letter_id(self, edge: str) -> str:
        """Give the id of an edge's dead-letter topic."""
        return f"dead_letter_{self.edge_ids[edge]}"


def topic_short_name(key: str) -> str:
    """Give the name of the topic that is found by a key."""
    return topic_name(key, "again" if key.startswith(_AGAIN) else "")


def dead_letter_name(edge: str) -> str:
    """Give the name of an edge's dead-letter topic, and of its subscription."""
    return topic_name(edge, "dead-letter")


def topic_path(name: str) -> Sub:
    """Give the full name of a topic."""
    return Sub(f"projects/${{project}}/topics/${{prefix}}-{name}")


def email_of(account: str) -> Sub:
    """Give the address of an account."""
    return Sub(f"${{prefix}}-{account}@${{project}}.iam.gserviceaccount.com")
