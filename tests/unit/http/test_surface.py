"""The surface as a whole: mounted, shared with web pages, watched by a platform."""

from typing import Any

import pytest
from starlette.applications import Starlette

from purista_serverless import Application, Cors, DeclarationError, Get, ServiceBuilder
from purista_serverless.adapters.embedded.http import asgi
from purista_serverless.errors import Unavailable
from tests.unit.http.desk import Browser, Desk, browse
from tests.unit.http.shop import build


def mounted(prefix: str) -> Browser:
    """Browse the shop inside of another application."""
    application = build()
    outside = Starlette()
    outside.mount(prefix, asgi(application, Desk(application)))
    return Browser(outside)


def test_it_is_mounted_under_a_prefix():
    """Routes, refusals and what authenticate sees are below the prefix; the addresses that it gives include it."""
    browser = mounted("/api/shop")

    accepted = browser.ask("POST", "/api/shop/exports", by="ann", json={"year": 2024})

    assert accepted.headers["location"].startswith("/api/shop/jobs/shop.exports/")
    assert (
        browser.ask("GET", accepted.headers["location"], by="ann").json()["statusUrl"] == accepted.headers["location"]
    )
    assert browser.ask("GET", "/api/shop/nowhere").json()["title"] == "Not Found"
    assert browser.ask("GET", "/api/shop/openapi.json").json()["servers"] == [{"url": "/api/shop"}]


def test_authenticate_sees_the_path_below_the_prefix():
    """The same rules hold wherever the surface is mounted."""
    paths: list[str] = []
    application = build(lambda request: paths.append(request.path))
    outside = Starlette()
    outside.mount("/api", asgi(application, Desk(application)))

    Browser(outside).ask("GET", "/api/orders/7")

    assert paths == ["/orders/7"]


PAGE = {"origin": "https://shop.example"}
PREFLIGHT = {**PAGE, "access-control-request-method": "POST", "access-control-request-headers": "authorization,x-cart"}


def test_pages_of_other_origins_are_refused_unless_declared():
    """Without a declaration no answer carries a permission."""
    answer = browse(build()).ask("GET", "/orders/latest", headers=PAGE)

    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_declared_origins_may_call():
    """They may send what was declared, read what the surface answers with, and nobody else may."""
    browser = browse(build(cors=Cors("https://shop.example", headers=("x-cart",), credentials=True)))

    asked = browser.ask("OPTIONS", "/orders", headers=PREFLIGHT)
    answer = browser.ask("GET", "/orders/latest", headers=PAGE)
    stranger = browser.ask("GET", "/orders/latest", headers={"origin": "https://evil.example"})

    assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (200, "https://shop.example")
    assert asked.headers["access-control-max-age"] == "600"
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert "Location" in answer.headers["access-control-expose-headers"]
    assert "access-control-allow-origin" not in stranger.headers


def test_the_whole_world_may_call_where_that_is_declared():
    """A star lets every page in, without its user's cookies."""
    answer = browse(build(cors=Cors("*"))).ask("GET", "/orders/latest", headers=PAGE)

    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    ("origins", "options", "text"),
    [
        (("shop.example",), {}, "is no origin"),
        (("https://shop.example/",), {}, "is no origin"),
        (("https://*.shop.example",), {}, "is no origin"),
        ((), {}, "names no origin"),
        (("*",), {"credentials": True}, "every page there is"),
        (("*", "https://shop.example"), {}, "every page there is"),
    ],
)
def test_careless_origins_are_refused(origins, options, text):
    """What browsers would ignore or should fear is told when it is declared."""
    with pytest.raises(DeclarationError, match=text):
        Cors(*origins, **options)


def test_a_platform_can_watch_it():
    """Live without asking anybody; ready if the store answers."""
    application = build()
    desk = Desk(application)
    browser = browse(application, desk)

    assert browser.ask("GET", "/health/live").json() == {"status": "live"}
    assert browser.ask("GET", "/health/ready").json() == {"status": "ready"}


class Broken:
    """A ledger whose store is gone."""

    def read(self, key: str) -> Any:
        """Fail."""
        raise Unavailable("the disk at /secret is gone")


def test_without_its_store_it_is_not_ready():
    """The problem tells no more than that; asking for a job is 503 as well."""
    application = build()
    desk = Desk(application)
    desk.ports.ledger = Broken()  # type: ignore[assignment]
    browser = browse(application, desk)

    answers = [browser.ask("GET", path, by="ann") for path in ("/health/ready", "/jobs/shop.exports/1")]

    assert [(answer.status_code, "secret" in answer.text) for answer in answers] == [(503, False)] * 2
    assert [answer.headers["retry-after"] for answer in answers] == ["1", "1"]
    assert browser.ask("GET", "/health/live").status_code == 200


def test_a_declared_route_wins_over_those_of_the_surface():
    """An application may answer a platform's questions itself."""
    own = ServiceBuilder("Own")

    @own.command("live", http=Get("/health/live", public=True))
    def live(ctx: Any, payload: None) -> str:
        return "very much so"

    assert browse(Application("own", [own])).ask("GET", "/health/live").json() == "very much so"
