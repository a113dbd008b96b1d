"""Partial batch responses are read by the rules of Lambda; who polls no more says so."""

from types import SimpleNamespace
from typing import Any

import pytest

from purista_serverless.adapters.aws.emulator.polling import Polling, failures
from purista_serverless.adapters.aws.emulator.runtime_api import Answer
from purista_serverless.errors import Unavailable

BATCH = ["a", "b"]


@pytest.mark.parametrize(
    "payload",
    [b"null", b"", b"{}", b'{"batchItemFailures": null}', b'{"batchItemFailures": []}', b'{"other": 1}'],
)
def test_an_answer_that_names_nothing_is_a_success(payload):
    """Nothing failed where nothing is named."""
    assert failures(Answer(payload=payload), BATCH, reports=True) == set()


@pytest.mark.parametrize(
    "payload",
    [
        b"no json",
        b'"text"',
        b"[1]",
        b'{"batchItemFailures": [{"itemIdentifier": ""}]}',
        b'{"batchItemFailures": [{"itemIdentifier": null}]}',
        b'{"batchItemFailures": [{"itemIdentifier": ["a"]}]}',
        b'{"batchItemFailures": [{"identifier": "a"}]}',
        b'{"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "elsewhere"}]}',
    ],
)
def test_an_answer_that_makes_no_sense_fails_all(payload):
    """A function that names a message of another batch, or none in the right form, gets all of them again."""
    assert failures(Answer(payload=payload), BATCH, reports=True) == {"a", "b"}


def test_only_what_is_named_failed():
    """The others of the batch are done."""
    answer = Answer(payload=b'{"batchItemFailures": [{"itemIdentifier": "b"}]}')

    assert failures(answer, BATCH, reports=True) == {"b"}


def test_an_error_fails_all_and_without_reports_nothing_else_does():
    """An error fails the batch; a mapping without reports does not look at answers."""
    answer = Answer(payload=b'{"batchItemFailures": [{"itemIdentifier": "b"}]}')

    assert failures(Answer(payload=b"{}", error_type="Unhandled"), BATCH, reports=False) == {"a", "b"}
    assert failures(answer, BATCH, reports=False) == set()


class Gone:
    """An account that is gone."""

    def backlog(self) -> Any:
        """Refuse."""
        raise ConnectionError("the account is gone")


def test_a_failure_to_poll_is_logged_and_told_to_whoever_waits():
    """In a terminal nobody waits, and an emulator that polls no more would look like one without messages."""
    lines: list[tuple[str, str]] = []
    account: Any = Gone()
    source: Any = SimpleNamespace(mapped=SimpleNamespace(concurrency=1), queue="orders")
    polling = Polling(account, [source], log=lambda name, line: lines.append((name, line)))
    polling.start()

    with pytest.raises(Unavailable, match="polls no more"):
        polling.settle(10)
    polling.stop()
    assert lines == [("polling", "queues cannot be polled any more: ConnectionError('the account is gone')")]
