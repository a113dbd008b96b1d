"""Ways into a command's function that Cloud Run guards: its route is for its callers, all else for our own accounts."""

import json
from base64 import urlsafe_b64encode
from typing import Any

from tests.unit.gcp.wire import Call, Deployed, load, push

PUSHER = "shop-push@shop-7.iam.gserviceaccount.com"
NOTE = "command:Shop.1.note"


def test_a_private_function_takes_invocations_and_pushes_of_whom_it_trusts_only():
    """Who may ask its route can neither invoke it, and name somebody else as the caller, nor push to it."""
    function = Deployed(NOTE, environment={"PURISTA_TRUSTED": json.dumps([PUSHER])})
    invoked, asked = load("invoke_command"), load("http_iam")
    guest = {**invoked.headers, "Authorization": asked.headers["Authorization"]}
    trusted = {**invoked.headers, "Authorization": f"Bearer {removed(email=PUSHER)}"}

    assert function(asked).status == 200
    assert function(Call(path=invoked.path, body=invoked.body, headers=guest)).status == 403
    assert function(Call(path=invoked.path, body=invoked.body)).status == 403
    assert function(push("call:Shop.1.daily", "{}", headers=guest)).status == 403
    assert function(Call(path=invoked.path, body=invoked.body, headers=trusted)).json()["payload"] == {"text": "hello"}
    assert len(function.notes.seen) == 2


def removed(**claims: Any) -> str:
    """Give a token as Cloud Run passes it on when it has verified it."""
    return f"e30.{urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.SIGNATURE_REMOVED_BY_GOOGLE"
