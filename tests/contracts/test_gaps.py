"""What adapters leave out of the contracts is known: it exists, and the documents tell of it."""

from tests.contracts.aws.gaps import EVENT_GAPS, QUEUE_GAPS, SCHEDULE_GAPS
from tests.contracts.gaps import render_gaps
from tests.contracts.test_aws import TestEvent as EventsOnAws
from tests.contracts.test_aws import TestQueue as QueuesOnAws
from tests.contracts.test_aws import TestSchedule as SchedulesOnAws
from tests.repo.tree import ROOT

SUITES = (EventsOnAws, QueuesOnAws, SchedulesOnAws)


def test_only_tests_that_exist_are_left_out():
    """A suite's gap that names no test of it is a test that was renamed, or a typing mistake."""
    missing = [name for suite in SUITES for gap in suite.gaps for name in gap.tests if not hasattr(suite, name)]

    assert missing == []


def test_the_documents_list_what_is_left_out_on_aws():
    """The table in the document is the one that the suites skip by."""
    document = (ROOT / "docs" / "aws-contracts.md").read_text(encoding="utf-8")

    assert render_gaps((*QUEUE_GAPS, *EVENT_GAPS, *SCHEDULE_GAPS)) in document
