"""Commands over HTTP: requests in, outcomes out."""

import threading
from datetime import date, timedelta
from typing import Any

import pytest

from purista_serverless import Application, Get, HandledError, Model, Post, ServiceBuilder
from tests.unit.http.desk import Browser, Desk, browse
from tests.unit.http.shop import Line, build, build_misfortune

ORDER = {"lines": [{"article": "cup", "amount": 3}, {"article": "pot", "amount": 1}]}


@pytest.fixture(scope="module")
def shop() -> Browser:
    """Browse the shop."""
    return browse(build())


def test_a_result_is_answered_with_the_declared_status():
    """The result goes out as JSON, and what the handler and the command emit is out before it."""
    application = build()
    desk = Desk(application)

    answer = browse(application, desk).ask("POST", "/orders", by="ann", json=ORDER)

    assert (answer.status_code, answer.headers["content-type"]) == (201, "application/json")
    assert answer.json() == {"amount": 4, "principal": "ann", "tenant": "acme"}
    assert [message.event_name for message in desk.events.messages] == ["shop.ordered", "shop.orderPlaced"]
    assert {message.principal_id for message in desk.events.messages} == {"ann"}


@pytest.mark.parametrize(
    ("request_line", "body", "answer"),
    [
        ("GET /orders/7", None, (200, b'{"amount":7,"principal":"bob","tenant":"acme"}')),
        ("PUT /orders/7", ORDER, (200, b"14")),
        ("DELETE /orders/7", None, (204, b"")),
        ("GET /orders/latest", None, (204, b"")),
        ("PATCH /articles", {"article": " cup ", "amount": 1}, (200, b'{"article":"cup","amount":1}')),
    ],
)
def test_every_method_reaches_its_command(shop, request_line, body, answer):
    """Commands of one path are told apart by method, fixed segments win over placeholders, and null is 204."""
    found = shop.ask(*request_line.split(), by="bob", json=body)

    assert (found.status_code, found.content) == answer


def test_path_and_query_become_the_parameter(shop):
    """Texts turn into what the parameter's schema takes; repeated ones into lists."""
    query = "article=caf%C3%A9&pageSize=20&tags=new&tags=1&inStock=true&order=price"

    assert shop.ask("GET", f"/articles?{query}").json() == {
        "article": "café",
        "pageSize": 20,
        "tags": ["new", "1"],
        "inStock": True,
        "order": "price",
    }


@pytest.mark.parametrize(
    ("query", "path"),
    [("", "article"), ("article=x&pageSize=many", "pageSize"), ("article=x&article=y", "article")],
)
def test_a_wrong_parameter_is_named_as_on_the_wire(shop, query, path):
    """The problem lists each field by its wire name."""
    problem = shop.ask("GET", f"/articles?{query}")

    assert problem.status_code == 400
    assert [error["path"] for error in problem.json()["errors"]] == [path]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b'{"lines":[{"article":"cup","amount":0}]}', "lines.0.amount"),
        (b"{}", "lines"),
        (b"", ""),
        (b"{", ""),
        (b"[" * 900, ""),
        (b'{"lines": "\xff\xfe"}', ""),
    ],
    ids=["field", "missing", "empty", "cut-off", "deep", "not-utf-8"],
)
def test_a_wrong_body_is_a_problem_that_names_the_field(shop, body, path):
    """Bodies that do not load are 400 with wire paths; no handler runs."""
    problem = shop.ask("POST", "/orders", by="ann", content=body, headers={"content-type": "application/json"})

    assert (problem.status_code, problem.headers["content-type"]) == (400, "application/problem+json")
    assert problem.json()["detail"] == "payload of placeOrder is not valid"
    assert [error["path"] for error in problem.json()["errors"]] == [path]


def test_a_body_that_is_no_json_never_meets_a_transform(shop):
    """It is the caller's mistake, not a failure of the transform."""
    problem = shop.ask("PATCH", "/articles", content=b"{", headers={"content-type": "application/json"})

    assert (problem.status_code, "is not JSON" in problem.json()["detail"]) == (400, True)


async def parts():
    """Send a body without saying how long it is."""
    for _ in range(3):
        yield b" " * 25_000


@pytest.mark.parametrize("content", [b" " * 50_001, parts()], ids=["declared", "chunked"])
def test_a_body_beyond_the_limit_is_refused(shop, content):
    """The declared limit of the route holds for announced and for endless bodies."""
    problem = shop.ask("POST", "/orders", by="ann", content=content, headers={"content-type": "application/json"})

    assert (problem.status_code, "50000 bytes" in problem.json()["detail"]) == (413, True)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "application/json; charset=latin-1"},
        {"content-type": "application/json", "content-encoding": "gzip"},
    ],
    ids=["none", "form", "charset", "compressed"],
)
def test_only_json_is_taken(shop, headers):
    """Everything else is 415 before it is looked at."""
    assert shop.ask("POST", "/orders", by="ann", content=b"{}", headers=headers).status_code == 415


@pytest.mark.parametrize("media_type", ["application/json; charset=UTF-8", "application/vnd.shop.order+json"])
def test_json_by_another_name_is_json(shop, media_type):
    """Parameters and structured suffixes do not matter."""
    answer = shop.ask("POST", "/orders", by="ann", json=ORDER, headers={"content-type": media_type})

    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("kind", "status", "members"),
    [
        ("rejected", 409, {"title": "Conflict", "detail": "that was taken", "details": {"by": "bob"}}),
        ("retry", 503, {"title": "Service Unavailable"}),
        ("failed", 500, {"title": "Internal Server Error"}),
        ("cancelled", 499, {"title": "Client Closed Request"}),
    ],
)
def test_each_outcome_has_its_status(kind, status, members):
    """Refusals say what the handler says; failures and reasons meant for logs do not leave."""
    problem = browse(build_misfortune()).ask("POST", "/end", json={"kind": kind})

    trace_id = problem.headers["traceparent"].split("-")[1]
    assert problem.status_code == status
    assert problem.json() == {"type": "about:blank", "status": status, "traceId": trace_id, **members}
    assert "secret" not in problem.text


@pytest.mark.parametrize(
    ("data", "details"),
    [
        (Line(article="tea", amount=2), {"article": "tea", "amount": 2}),
        ([Line(article="tea", amount=2)], [{"article": "tea", "amount": 2}]),
        ({"since": date(2026, 1, 1), "ratio": float("inf")}, {"since": "2026-01-01", "ratio": None}),
    ],
    ids=["a model", "models in a list", "a date and what JSON has no number for"],
)
def test_data_of_a_refusal_may_be_all_that_becomes_json(data, details):
    """The answer is what the handler said, and valid JSON."""
    bank = ServiceBuilder("Bank")

    @bank.command("refuse", http=Get("/refuse", public=True))
    def refuse(ctx: Any, payload: None) -> None:
        raise HandledError(409, "no", data)

    problem = browse(Application("bank", [bank])).ask("GET", "/refuse")

    assert (problem.status_code, problem.json()["details"]) == (409, details)


def test_a_retry_says_when():
    """The delay goes out in whole seconds, rounded up."""
    problem = browse(build_misfortune()).ask("POST", "/end", json={"kind": "retry"})

    assert problem.headers["retry-after"] == "3"


def test_a_command_that_takes_too_long_is_not_waited_for():
    """The caller hears 504 after the command's timeout; the handler may go on."""
    slow = ServiceBuilder("Slow")
    may_end = threading.Event()

    @slow.command("wait", http=Get("/wait", public=True), timeout=timedelta(milliseconds=1))
    def wait(ctx: Any, payload: None) -> None:
        may_end.wait()

    problem = browse(Application("slow", [slow])).ask("GET", "/wait")
    may_end.set()

    assert (problem.status_code, problem.json()["detail"]) == (
        504,
        "no answer within 0.001 s; whether it happens is not known",
    )


def test_methods_that_nobody_declared_are_refused(shop):
    """405 lists the methods that are answered; OPTIONS tells them without a refusal."""
    refused, asked = shop.ask("PATCH", "/orders/7"), shop.ask("OPTIONS", "/orders/7")

    assert (refused.status_code, asked.status_code) == (405, 204)
    assert refused.headers["allow"] == asked.headers["allow"] == "DELETE, GET, HEAD, OPTIONS, PUT"
    assert refused.json()["title"] == "Method Not Allowed"


def test_head_is_get_without_its_body(shop):
    """The headers are those of the answer, its length included."""
    answer = shop.ask("HEAD", "/orders/7", by="bob")

    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "46")


@pytest.mark.parametrize("path", ["/", "/orders/", "/orders/7/lines", "//orders", "/health"])
def test_paths_that_nobody_declared_are_not_found(shop, path):
    """They are 404 as problems, and nothing is redirected."""
    problem = shop.ask("GET", path)

    assert (problem.status_code, problem.json()["title"]) == (404, "Not Found")


class Paths(Model):
    """Three placeholders."""

    first: str
    second: str


def test_commands_of_one_path_may_name_its_placeholders_differently():
    """The names are those of each command's own path."""
    maze = ServiceBuilder("Maze")

    @maze.command("go", http=Get("/{first}/to/{second}", public=True))
    def go(ctx: Any, payload: None, parameter: Paths) -> list[str]:
        return [parameter.first, parameter.second]

    @maze.command("come", http=Post("/{second}/to/{first}", public=True))
    def come(ctx: Any, payload: None, parameter: Paths) -> list[str]:
        return [parameter.first, parameter.second]

    browser = browse(Application("maze", [maze]))

    assert browser.ask("GET", "/a/to/b%20c").json() == ["a", "b c"]
    assert browser.ask("POST", "/a/to/b").json() == ["b", "a"]


def test_trace_and_correlation_are_kept():
    """A well-formed traceparent is continued, an id of the caller's is kept, and both reach what is emitted."""
    application = build()
    desk = Desk(application)
    trace = "0af7651916cd43dd8448eb211c80319c"
    sent = {"traceparent": f"00-{trace}-b7ad6b7169203331-01", "x-correlation-id": "cart-7"}

    answer = browse(application, desk).ask("POST", "/orders", by="ann", json=ORDER, headers=sent)

    assert answer.headers["traceparent"].split("-")[1] == trace
    assert answer.headers["traceparent"] != sent["traceparent"]
    assert answer.headers["x-correlation-id"] == "cart-7"
    emitted = desk.events.messages[0]
    assert (emitted.trace_id, emitted.correlation_id) == (trace, "cart-7")


@pytest.mark.parametrize(
    "sent", [{}, {"traceparent": "00-0-0-01", "x-correlation-id": "x" * 129}, {"x-correlation-id": "a\u00e9".encode()}]
)
def test_what_is_malformed_begins_anew(shop, sent):
    """Neither a wrong trace nor a wrong id is repeated to anybody, on refusals either."""
    answer = shop.ask("GET", "/nowhere", headers=sent)

    assert len(answer.headers["traceparent"]) == 55
    assert len(answer.headers["x-correlation-id"]) == 32
    assert answer.json()["traceId"] in answer.headers["traceparent"]
