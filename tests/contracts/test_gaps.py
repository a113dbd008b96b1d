"""What adapters leave out of the contracts is known: it exists, and the documents tell of it."""

import pytest

from purista_serverless.testing.contracts.host import NEEDS, HostContract
from purista_serverless.testing.contracts.host.needs import needs_of
from tests.contracts.aws import gaps as on_aws
from tests.contracts.gaps import render_gaps
from tests.contracts.gcp import gaps as on_gcp
from tests.contracts.test_aws import TestEvent as EventsOnAws
from tests.contracts.test_aws import TestQueue as QueuesOnAws
from tests.contracts.test_aws import TestSchedule as SchedulesOnAws
from tests.contracts.test_completeness import classes_of
from tests.contracts.test_gcp import TestEvent as EventsOnGcp
from tests.contracts.test_gcp import TestQueue as QueuesOnGcp
from tests.contracts.test_gcp import TestSchedule as SchedulesOnGcp
from tests.contracts.ways import render_needs, render_ways
from tests.repo.tree import ROOT

SUITES = (EventsOnAws, QueuesOnAws, SchedulesOnAws, EventsOnGcp, QueuesOnGcp, SchedulesOnGcp)
GAPS = {"aws-contracts.md": on_aws, "gcp-contracts.md": on_gcp}
WAYS = {
    "aws-contracts.md": tuple(classes_of("test_aws_host")),
    "gcp-contracts.md": tuple(classes_of("test_gcp_host")),
    "http.md": tuple(classes_of("test_embedded_http")),
}


def test_only_tests_that_exist_are_left_out():
    """A suite's gap that names no test of it is a test that was renamed, or a typing mistake."""
    missing = [name for suite in SUITES for gap in suite.gaps for name in gap.tests if not hasattr(suite, name)]

    assert missing == []


@pytest.mark.parametrize("document", GAPS)
def test_the_documents_list_what_is_left_out(document):
    """The table in the document is the one that the suites skip by."""
    gaps = GAPS[document]

    assert render_gaps((*gaps.QUEUE_GAPS, *gaps.EVENT_GAPS, *gaps.SCHEDULE_GAPS)) in (
        ROOT / "docs" / document
    ).read_text(encoding="utf-8")


@pytest.mark.parametrize("document", WAYS)
def test_the_documents_list_each_way_into_a_host_and_what_it_lacks(document):
    """The table in the document is the one that the suites skip by."""
    assert render_ways(WAYS[document]) in (ROOT / "docs" / document).read_text(encoding="utf-8")


def test_the_documents_list_what_tests_of_hosts_need():
    """The table says which tests are left out for a way that lacks something."""
    assert render_needs() in (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")


def test_hosts_are_asked_for_every_need_that_there_is():
    """A need that no test has is a word without a meaning."""
    tests = [test for base in HostContract.__mro__ for name, test in vars(base).items() if name.startswith("test_")]
    kinds = {"commands", "jobs", "events"}

    assert {need for test in tests for need in needs_of(test)} | kinds == set(NEEDS)


@pytest.mark.parametrize("suite", [suite for suites in WAYS.values() for suite in suites])
def test_no_way_into_a_host_lacks_all_kinds_of_messages(suite):
    """A suite that skips everything proves nothing."""
    assert not suite.lacks.keys() >= {"commands", "jobs", "events"}
