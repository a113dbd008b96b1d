"""Requests to Google's own hosts carry a token, and one that is not accepted is renewed once."""

import json
from typing import Any

import pytest

from purista_serverless.adapters.gcp.ports import GcpPorts
from purista_serverless.adapters.gcp.ports.rest import Answer, Rest
from purista_serverless.errors import UndeclaredUse
from tests.unit.aws.ports.messages import job
from tests.unit.gcp.ports.apis import VARIABLES


class Google(Rest):
    """Google's hosts: the metadata server gives numbered tokens, and Pub/Sub answers as it is told."""

    def __init__(self, *statuses: int) -> None:
        super().__init__()
        self.statuses = list(statuses)
        self.given = 0
        self.seen: list[tuple[str, str]] = []

    def ask(self, method: str, url: str, *, headers: Any, body: Any = None, timeout: float) -> Answer:
        """Answer a request."""
        if url.startswith("http://metadata.google.internal/"):
            self.given += 1
            return Answer(200, json.dumps({"access_token": f"t{self.given}", "expires_in": 3_600}).encode())
        self.seen.append((url.rpartition("/")[0], headers["Authorization"]))
        return Answer(self.statuses.pop(0), b"{}")


def sending(google):
    """Send a job from a function on Cloud Run."""
    variables = {name: json.dumps(value) if isinstance(value, dict) else value for name, value in VARIABLES.items()}
    GcpPorts({**variables, "K_SERVICE": "f"}, rest=google).queues.send(job(), delay=0)


def test_a_request_carries_the_function_s_token():
    """It goes to Google's own host, as the function's account."""
    google = Google(200)
    sending(google)

    assert google.seen == [("https://pubsub.googleapis.com/v1/projects/p/topics", "Bearer t1")]


def test_a_token_that_is_not_accepted_is_renewed_once():
    """It may have been taken back; a second refusal is about the account."""
    google = Google(401, 200)
    sending(google)
    assert [token for _, token in google.seen] == ["Bearer t1", "Bearer t2"]

    with pytest.raises(UndeclaredUse, match="401"):
        sending(Google(401, 401))
