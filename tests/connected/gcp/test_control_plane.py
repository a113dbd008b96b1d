"""The stand-in of Google's control planes refuses what Google does: a run that it lets through means something."""

import json
from typing import Any

import pytest

from tests.connected.gcp.plane.proxy import Content, ControlPlane
from tests.connected.gcp.plane.pubsub import EmulatedPubSub

HERE = "projects/demo-project"
THERE = f"{HERE}/locations/europe-west1"
SERVICES = ("cloudfunctions", "cloudtasks", "iam", "secretmanager")
EMAIL = "shop@demo-project.iam.gserviceaccount.com"
NOBODY = "nobody@demo-project.iam.gserviceaccount.com"


def asked(plane: ControlPlane, service: str, verb: str, path: str, body: Any = None) -> tuple[int, str]:
    """Ask, and give the status with all that was answered."""
    content = Content(type="application/json", text=json.dumps(body).encode() if body is not None else b"")
    status, answer = plane.answer(f"{service}.gcp.test", verb, f"/{path}", content)
    return status, json.dumps(answer)


@pytest.fixture
def plane() -> ControlPlane:
    """Give a project with some services and one account; no server is needed for what is asked here."""
    plane = ControlPlane(EmulatedPubSub("127.0.0.1:1"))
    names = [f"{name}.googleapis.com" for name in SERVICES]
    assert asked(plane, "serviceusage", "POST", f"v1/{HERE}/services:batchEnable", {"serviceIds": names})[0] == 200
    assert asked(plane, "iam", "POST", f"v1/{HERE}/serviceAccounts", {"accountId": "shop"})[0] == 200
    return plane


QUEUES = f"v2/{THERE}/queues"
REFUSED = [
    ("cloudtasks", "POST", QUEUES, {"nam": "a"}, "no field 'nam'"),
    ("cloudtasks", "POST", QUEUES, {"state": "IDLE"}, "is not one of"),
    ("cloudtasks", "POST", QUEUES, {"retryConfig": {"minBackoff": "10"}}, "is not a duration"),
    ("cloudtasks", "POST", QUEUES, {"retryConfig": {"maxAttempts": "ten"}}, "is not a number"),
    ("cloudtasks", "POST", f"{QUEUES}?queueId=a", {}, "no parameter 'queueId'"),
    ("cloudtasks", "POST", f"v2/{THERE}/lines", {}, "no method"),
    ("cloudtasks", "GET", f"v9/{THERE}/queues", None, "no discovery document"),
    ("cloudtasks", "GET", f"{QUEUES}/a", None, "was not found"),
    ("pubsub", "GET", f"v1/{HERE}/topics", None, "has not been used in project demo-project"),
    ("iam", "POST", f"v1/{HERE}/serviceAccounts", {"accountId": "shop"}, "already exists"),
    ("secretmanager", "POST", f"v1/{HERE}/secrets/a:addVersion", {"payload": {}}, "was not found"),
]


@pytest.mark.parametrize("case", REFUSED, ids=[f"{case[0]}: {case[-1]}" for case in REFUSED])
def test_what_google_would_refuse_is_refused(plane, case):
    """Fields, values, parameters and methods are those of the discovery documents; things have to be there."""
    *request, words = case
    before = dict(plane.store.resources)

    status, answer = asked(plane, *request)

    assert status >= 400
    assert words in answer
    assert plane.store.resources == before
    assert plane.calls[-1].status == status


def test_only_accounts_that_exist_are_granted_anything(plane):
    """A policy names accounts that are there."""
    policies = f"v1/{HERE}/serviceAccounts/{EMAIL}:setIamPolicy"

    def granted(email: str) -> int:
        binding = {"role": "roles/iam.serviceAccountUser", "members": [f"serviceAccount:{email}"]}
        return asked(plane, "iam", "POST", policies, {"policy": {"bindings": [binding]}})[0]

    assert granted(NOBODY) == 400
    assert granted(EMAIL) == 200


def test_a_function_needs_its_sources_its_account_and_its_secrets(plane):
    """A function is not made of an archive that is missing, as nobody, or with a secret that has no value."""
    source = {"storageSource": {"bucket": "sources", "object": "source.zip"}}
    secret = {"key": "TOKEN", "projectId": "demo-project", "secret": "token", "version": "latest"}

    def deployed(email: str, *secrets: dict[str, str]) -> int:
        config = {"serviceAccountEmail": email, "secretEnvironmentVariables": list(secrets)}
        body = {"buildConfig": {"source": source}, "serviceConfig": config}
        return asked(plane, "cloudfunctions", "POST", f"v2/{THERE}/functions?functionId=a", body)[0]

    assert deployed(EMAIL) == 404
    plane.store.resources["storage/b/sources/o/source.zip"] = {}
    assert asked(plane, "secretmanager", "POST", f"v1/{HERE}/secrets?secretId=token", {})[0] == 200
    assert deployed(NOBODY) == 400
    assert deployed(EMAIL, secret) == 400
    assert asked(plane, "secretmanager", "POST", f"v1/{HERE}/secrets/token:addVersion", {"payload": {}})[0] == 200
    assert deployed(EMAIL, secret) == 200


def test_questions_are_no_changes(plane):
    """Asking changes nothing, also where it takes a POST; what is refused is no change either."""
    before = len(plane.changes)
    asked(plane, "cloudtasks", "GET", f"v2/{THERE}/queues")
    asked(plane, "iam", "POST", f"v1/{HERE}/serviceAccounts/{EMAIL}:getIamPolicy", {})
    asked(plane, "cloudtasks", "POST", f"v2/{THERE}/queues", {"nam": "a"})
    assert len(plane.changes) == before

    asked(plane, "cloudtasks", "POST", f"v2/{THERE}/queues", {"name": f"{THERE}/queues/a"})

    assert [call.method for call in plane.changes[before:]] == ["cloudtasks.projects.locations.queues.create"]


def test_a_mask_says_what_is_changed(plane):
    """A patch changes the fields of its mask and takes away those that it does not bring."""
    limits = {"maxDispatchesPerSecond": 5, "maxConcurrentDispatches": 7}
    queue = {"name": f"{THERE}/queues/a", "rateLimits": limits, "retryConfig": {"maxAttempts": 3}}
    asked(plane, "cloudtasks", "POST", f"v2/{THERE}/queues", queue)
    path = f"v2/{THERE}/queues/a?updateMask=rate_limits.max_dispatches_per_second,retryConfig"

    asked(plane, "cloudtasks", "PATCH", path, {"rateLimits": {"maxDispatchesPerSecond": 9}})

    (changed,) = plane.store.named(f"cloudtasks/{THERE}/queues").values()
    assert changed["rateLimits"] == {"maxDispatchesPerSecond": 9, "maxConcurrentDispatches": 7}
    assert "retryConfig" not in changed
