"""Who asks: only the application's own function tells, and without one nobody is known."""

from typing import Any

import pytest

from purista_serverless import HttpRequest, Identity
from tests.unit.http.desk import browse
from tests.unit.http.shop import build


@pytest.mark.parametrize("by", [None, "mallory"])
def test_a_private_command_refuses_whom_nobody_knows(by):
    """The answer is 401 and says how to do better."""
    problem = browse(build()).ask("GET", "/orders/7", by=by)

    assert (problem.status_code, problem.headers["www-authenticate"]) == (401, "Bearer")


def test_without_authenticate_everything_private_is_refused():
    """A forgotten declaration never opens a door; public commands answer all the same."""
    browser = browse(build(authenticate=None))

    assert browser.ask("GET", "/orders/7", by="ann").status_code == 401
    assert browser.ask("GET", "/orders/latest").status_code == 204


def test_an_identity_is_never_taken_from_the_request_itself():
    """Headers of the names that messages use mean nothing."""
    headers = {"purista.tenantId": "evil", "purista.principalId": "root", "x-tenant-id": "evil"}
    answer = browse(build()).ask("GET", "/orders/7", by="ann", headers=headers)

    assert answer.json() == {"amount": 7, "principal": "ann", "tenant": "acme"}


def test_authenticate_may_refuse_by_itself():
    """Its HandledError is the answer."""
    problem = browse(build()).ask("GET", "/orders/7", by="banned")

    assert (problem.status_code, problem.json()["details"]) == (403, {"until": "2027"})


def test_authenticate_sees_the_request_but_not_its_body():
    """Method, path, lower-case headers and the query are told."""
    seen: list[HttpRequest] = []

    async def look(request: HttpRequest) -> Identity:
        seen.append(request)
        return Identity(principal_id="ann")

    browse(build(look)).ask("GET", "/orders/7?a=1&a=2", headers={"X-Key": "k"})

    assert (seen[0].method, seen[0].path, seen[0].headers["x-key"]) == ("GET", "/orders/7", "k")
    assert seen[0].query == {"a": ("1", "2")}


class Doorkeeper:
    """An object in place of a function."""

    async def __call__(self, request: HttpRequest) -> Identity | None:
        """Know everybody."""
        return Identity(principal_id="anybody")


def ask_doorkeeper(request: HttpRequest) -> Any:
    """Give something to await."""
    return Doorkeeper()(request)


@pytest.mark.parametrize("authenticate", [Doorkeeper(), ask_doorkeeper], ids=["object", "function"])
def test_authenticate_may_be_anything_that_is_called(authenticate):
    """An object, or a plain function that gives something to await."""
    assert browse(build(authenticate)).ask("GET", "/orders/7").json()["principal"] == "anybody"


@pytest.mark.parametrize("given", ["ann", {"principal_id": "ann"}, True])
def test_anything_else_than_an_identity_is_a_fault(given: Any):
    """It is 500 rather than an identity that nobody meant."""
    assert browse(build(lambda request: given)).ask("GET", "/orders/7").status_code == 500


def test_a_failing_authenticate_leaks_nothing():
    """What went wrong stays inside."""

    def fail(request: HttpRequest) -> Identity:
        raise RuntimeError("the secret key is 42")

    problem = browse(build(fail)).ask("GET", "/orders/7")

    assert (problem.status_code, "secret" in problem.text) == (500, False)


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer abc", "abc"),
        ("bearer  abc ", "abc"),
        ("Basic abc", None),
        ("Bearer", None),
        ("Bearer ", None),
        ("", None),
    ],
)
def test_the_bearer_token_is_read_from_its_header(header, token):
    """The scheme's case does not matter; other schemes are no tokens."""
    request = HttpRequest(method="GET", path="/", headers={"authorization": header})

    assert request.bearer_token == token


def test_a_query_of_many_names_is_told_whole():
    """Each name has its values in order, however many there are."""
    seen: list[HttpRequest] = []
    query = "&".join(f"n{number % 2_000}={number}" for number in range(4_000))

    browse(build(seen.append)).ask("GET", f"/orders/7?{query}")

    assert len(seen[0].query) == 2_000
    assert seen[0].query["n7"] == ("7", "2007")
