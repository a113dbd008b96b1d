"""The judge is awake: faults that are put into a good configuration are found before anything is made."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from tests.connected.gcp.terraform import Terraform
from tests.connected.gcp.terraform_applications import APPLICATIONS, configuration_of

pytestmark = pytest.mark.connected

TOPIC = "google_pubsub_topic"
SUBSCRIPTION = "google_pubsub_subscription"
FUNCTION = "google_cloudfunctions2_function"
JOB = "google_cloud_scheduler_job"
ACCOUNT = "google_service_account"

Resources = dict[str, dict[str, dict[str, Any]]]


def first(resources: Resources, kind: str, argument: str = "name") -> dict[str, Any]:
    """Give the first resource of a type that has an argument."""
    return next(found for _, found in sorted(resources[kind].items()) if argument in found)


def rename(resources: Resources) -> None:
    """Give a topic another name in the configuration than others know it by."""
    name, topic = next(iter(sorted(resources[TOPIC].items())))
    del resources[TOPIC][name]
    resources[TOPIC][f"{name}_renamed"] = topic


def circle(resources: Resources) -> None:
    """Let two resources wait for each other."""
    subscription = next(iter(sorted(resources[SUBSCRIPTION])))
    topic = resources[SUBSCRIPTION][subscription]["topic"].strip("${}").split(".")[1]
    resources[TOPIC][topic]["depends_on"] = [f"{SUBSCRIPTION}.{subscription}"]


def of(kind: str, argument: str = "name", **changes: Any) -> Callable[[Resources], None]:
    """Change arguments of the first resource of a type that has an argument; ``None`` takes one away."""

    def change(resources: Resources) -> None:
        found = first(resources, kind, argument)
        found.update(changes)
        for name in [name for name, value in changes.items() if value is None]:
            del found[name]

    return change


def within(kind: str, block: str, **changes: Any) -> Callable[[Resources], None]:
    """Change arguments of a block of the first resource of a type that has the block."""

    def change(resources: Resources) -> None:
        first(resources, kind, block)[block].update(changes)

    return change


# What is done to the configuration, and what the complaint has in it.
FAULTS: dict[str, tuple[Callable[[Resources], None], str]] = {
    # Found by Terraform itself, from the schema.
    "unknown argument": (of(SUBSCRIPTION, retain_messages=True), "retain_messages"),
    "unknown argument of a block": (within(SUBSCRIPTION, "dead_letter_policy", max_attempts=5), "max_attempts"),
    "wrong type": (of(SUBSCRIPTION, ack_deadline_seconds="soon"), "a number is required"),
    "missing argument": (of(SUBSCRIPTION, topic=None), '"topic" is required'),
    "unknown type": (
        lambda resources: resources.update(google_pubsub_topik={"a": {"name": "a"}}),
        "google_pubsub_topik",
    ),
    "undeclared resource": (rename, "Reference to undeclared resource"),
    "undeclared variable": (of(JOB, time_zone="${var.zone}"), "Reference to undeclared input variable"),
    "unknown attribute": (of(SUBSCRIPTION, topic="${google_service_account.account_push.arn}"), "arn"),
    "block twice": (of(SUBSCRIPTION, "push_config", retry_policy=[{}, {}]), "Too many retry_policy blocks"),
    "circle": (circle, "Cycle"),
    # Found by the rules of the services.
    "short deadline": (of(SUBSCRIPTION, ack_deadline_seconds=5), "from 10 to 600"),
    "long retention": (of(SUBSCRIPTION, message_retention_duration="2678401s"), "2678401s"),
    "slow backoff": (within(SUBSCRIPTION, "retry_policy", maximum_backoff="601s"), "601s"),
    "few attempts": (within(SUBSCRIPTION, "dead_letter_policy", max_delivery_attempts=4), "from 5 to 100"),
    "long filter": (of(SUBSCRIPTION, filter=f'attributes.service = "{"x" * 256}"'), "256 is the most"),
    "unknown pusher": (
        of(SUBSCRIPTION, "push_config", push_config={"push_endpoint": "https://a.run.app"}),
        "oidc_token",
    ),
    "six fields": (of(JOB, schedule="0 0 2 1 * *"), "6 fields"),
    "hour 24": (of(JOB, schedule="0 24 * * *"), "within 0 and 23"),
    "unknown zone": (of(JOB, time_zone="Europe/Berlyn"), "no time zone"),
    "many retries": (within(JOB, "retry_config", retry_count=6), "from 0 to 5"),
    "name of a topic": (of(TOPIC, name="goog-orders"), "no legal name"),
    "long account": (of(ACCOUNT, "account_id", account_id="a" * 31), "no legal account_id"),
    "hour-long request": (within(FUNCTION, "service_config", timeout_seconds=3_601), "from 1 to 3600"),
    "variable of the platform": (
        within(FUNCTION, "service_config", environment_variables={"K_SERVICE": "shop"}),
        "the variable K_SERVICE",
    ),
}


@pytest.fixture(scope="module")
def configuration():
    """Give a configuration without a fault."""
    return configuration_of(APPLICATIONS["example"], {})


@pytest.fixture(scope="module")
def terraform(google, tmp_path_factory, configuration):
    """Give Terraform in a folder that is prepared."""
    prepared = Terraform(tmp_path_factory.mktemp("faults"), google)
    prepared.write(configuration)
    prepared.init()
    return prepared


def test_a_faultless_configuration_has_none(terraform, configuration):
    """Nothing is found where nothing was put in."""
    terraform.write(configuration)

    assert terraform.faults() == ""


@pytest.mark.parametrize(("change", "complaint"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_found(terraform, configuration, change, complaint):
    """What is wrong is said, by `validate` or at the latest by `plan`."""
    broken = deepcopy(configuration)
    change(broken["resource"])
    terraform.write(broken)

    assert complaint in terraform.faults()
