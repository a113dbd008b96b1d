"""What Terraform reads: its text, and in what order it lets things be made."""

import json

import pytest

from purista_serverless.adapters.gcp.render.terraform.files import FILE, configuration, render
from purista_serverless.synth.files import is_generated
from tests.connected.gcp.terraform_applications import APPLICATIONS, large
from tests.unit.gcp.plan.deployments import planned


def before(resources, address):
    """Give the addresses that a resource waits for, directly or not, by what it says itself."""
    found, waiting = set(), [address]
    while waiting:
        kind, _, name = waiting.pop().partition(".")
        for other in resources[kind][name].get("depends_on", ()):
            if other not in found:
                found.add(other)
                waiting.append(other)
    return found


@pytest.fixture(scope="module")
def resources():
    """Give the resources of an application with every kind of edge."""
    return configuration(planned(APPLICATIONS["everything"], claim_check=True))["resource"]


def test_the_text_is_reviewed(golden):
    """A difference in what is written for every kind of resource is seen."""
    (text,) = render(planned(APPLICATIONS["everything"], claim_check=True)).values()

    golden("gcp/everything.tf.json", text)


def test_the_first_line_says_that_it_is_generated():
    """The build may write the file anew, and it is JSON all the same."""
    text = render(planned(APPLICATIONS["example"]))[FILE]

    assert is_generated(text)
    assert json.loads(text).keys() >= {"terraform", "provider", "variable", "resource"}


def test_functions_start_with_all_their_rights(resources):
    """What a function or a pool may use is granted before it is there, and so is what the grant is on."""
    grants = {
        f"{kind}.{name}": grant["member"]
        for kind, found in resources.items()
        if kind.endswith("_iam_member") and kind != "google_cloud_run_v2_service_iam_member"
        for name, grant in found.items()
    }
    assert grants
    for kind, place in (
        ("google_cloudfunctions2_function", lambda found: found["service_config"]["service_account_email"]),
        ("google_cloud_run_v2_worker_pool", lambda found: found["template"]["service_account"]),
    ):
        for name, found in resources[kind].items():
            member = place(found).replace(".email}", ".member}")
            own = {address for address, holder in grants.items() if holder == member}
            assert own <= before(resources, f"{kind}.{name}")


def test_nothing_is_pushed_before_somebody_may_answer(resources):
    """A subscription comes after its function, the right to call it, and a place for what is given up."""
    for name, found in resources["google_pubsub_subscription"].items():
        if "push_config" not in found:
            continue
        waits = before(resources, f"google_pubsub_subscription.{name}")
        kinds = {address.partition(".")[0] for address in waits}
        assert {"google_cloudfunctions2_function", "google_cloud_run_v2_service_iam_member"} <= kinds
        letters = found["dead_letter_policy"]["dead_letter_topic"]
        kept = {key for key, other in resources["google_pubsub_subscription"].items() if other["topic"] == letters}
        assert {f"google_pubsub_subscription.{key}" for key in kept} <= waits
        assert kept


def test_no_slot_is_lost_for_want_of_a_subscriber(resources):
    """A job that publishes comes after all subscriptions of its topic."""
    for name, job in resources["google_cloud_scheduler_job"].items():
        waits = before(resources, f"google_cloud_scheduler_job.{name}")
        topic = job["pubsub_target"]["topic_name"]
        wanted = {key for key, found in resources["google_pubsub_subscription"].items() if found["topic"] == topic}
        assert {f"google_pubsub_subscription.{key}" for key in wanted} <= waits
        assert wanted


def test_jobs_that_are_kept_apart_are_left_out():
    """Who reconciles schedules by itself has none in Terraform."""
    assert (
        "google_cloud_scheduler_job"
        not in configuration(planned(APPLICATIONS["everything"], schedules_apart=True))["resource"]
    )


def test_grants_take_nobody_s_rights_away(resources):
    """No policy and no binding is written, which would remove members that others have added."""
    kinds = {kind for kind in resources if "_iam_" in kind}

    assert kinds
    assert all(kind.endswith("_iam_member") for kind in kinds)


def test_the_text_grows_with_the_application_and_no_faster():
    """Twice the functions are not more than twice the text."""
    small, double = (sum(map(len, render(planned(large(size, services=2).model)).values())) for size in (20, 40))

    assert double < 2 * small
