"""The adapter on the emulator: tokens that are really verified, tasks, claims, order and schedules, in virtual time."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from purista_serverless.adapter import configure
from purista_serverless.adapters import load_adapter
from purista_serverless.adapters.gcp.emulator.emulator import Emulator
from purista_serverless.adapters.gcp.plan.resources import Function
from purista_serverless.adapters.gcp.ports import GcpPorts
from purista_serverless.emulation.forwarding import Request, forward
from purista_serverless.errors import MissingTool
from purista_serverless.runtime.assembly import assemble
from purista_serverless.runtime.client import Client
from purista_serverless.schedule import Cron
from purista_serverless.schedule.occurrences import Occurrences
from purista_serverless.synth.blueprint import draw
from purista_serverless.synth.handlers import render_handlers
from tests.connected.gcp.emulated.market import Order, app, lines, orders
from tests.repo.tree import ROOT

pytestmark = pytest.mark.connected

START = datetime(2026, 3, 1, 12, tzinfo=ZoneInfo("Europe/Berlin"))


class Market:
    """The market on the emulator.

    Attributes:
        emulator: The emulator.
        log: What it and its functions said.
    """

    def __init__(self, folder: Path) -> None:
        drawn = draw(app.model, configure(load_adapter("gcp"), {"claim_check": True}))
        for package in ("purista_serverless", "tests"):
            (folder / package).symlink_to(ROOT / package)
        for path, text in render_handlers(drawn.topology).items():
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
        self._notes = folder / "notes"
        self.log: list[str] = []
        self.emulator = Emulator(
            drawn.plan,
            folder,
            topology=drawn.topology,
            start=START,
            environment={"NOTES": str(folder)},
            log=lambda name, line: self.log.append(f"{name}: {line}"),
        )

    @property
    def client(self) -> Client:
        """Give the way in of whoever may do everything, at the emulator's time."""
        variables: dict[str, Any] = {}
        for function in self.emulator.site.of(Function):
            for name, text in self.emulator.variables(function.id).items():
                is_table = text.startswith("{")
                variables[name] = {**variables.get(name, {}), **json.loads(text)} if is_table else text
        environment = {
            name: json.dumps(value) if isinstance(value, dict) else value for name, value in variables.items()
        }
        ports = GcpPorts({**environment, **self.emulator.addresses}, clock=self)
        return Client(app.name, ports, queues=assemble(app.model).queues)

    def now(self) -> int:
        """Give the time in milliseconds since the epoch."""
        return int(self.emulator.now().timestamp() * 1000)

    def advance(self, **duration: float) -> None:
        """Let time pass."""
        self.emulator.advance(timedelta(**duration))

    def notes(self, what: str) -> list[str]:
        """Give what handlers wrote down, without the word for it."""
        written = self._notes.read_text(encoding="utf-8").splitlines() if self._notes.exists() else []
        return [line.removeprefix(f"{what} ") for line in written if line.startswith(f"{what} ")]


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """Open the market."""
    opened = Market(tmp_path_factory.mktemp("market"))
    try:
        with opened.emulator:
            yield opened
    except MissingTool as error:
        pytest.skip(str(error))


def test_a_job_asks_commands_and_goes_on_in_two_months(market):
    """A worker invokes a guarded and an open function with its token, emits, and enqueues for later, all on time."""
    market.client.enqueue(orders, Order(name="tea", note="x" * 10))
    market.emulator.settle()
    sold = market.notes("sell"), market.notes("price"), market.notes("restock")
    market.advance(days=59)
    before = market.notes("remind")
    market.advance(days=2)

    assert sold == (["tea 01.11:00 1 10"], ["tea 01.11:00 1 10"], ["tea-priced-counted 01.11:00 1 10"])
    assert before == []
    assert market.notes("remind") == ["tea-priced-counted 30.11:00 1 0"]


def test_a_schedule_calls_an_open_function_every_night(market):
    """The push of a call proves who it is from; the call comes at the hour of its zone."""
    start = market.emulator.now()
    before = len(market.notes("price"))
    market.advance(days=40)
    calls = market.notes("price")[before:]

    slots = Occurrences(Cron("0 3 * * *"), "Europe/Berlin").between(start, market.emulator.now())
    assert calls == [f"nightly {slot.astimezone(UTC):%d.%H:%M} 1 0" for slot in slots]
    assert len(calls) == 40


def test_a_delay_that_a_handler_asks_for_is_kept_to_the_minute(market):
    """A job that is to come again in six hours comes then, as its second attempt."""
    start = market.emulator.now()
    market.client.enqueue(orders, Order(name="patient"))
    market.advance(hours=5)
    first = [line for line in market.notes("sell") if line.startswith("patient")]
    market.advance(hours=2)
    second = [line for line in market.notes("sell") if line.startswith("patient")]

    then = start + timedelta(hours=6)
    assert [line.split()[2] for line in first] == ["1"]
    assert [line.split()[2] for line in second] == ["1", "2"]
    assert second[1].split()[1] == f"{then:%d.%H:%M}"


def test_a_body_that_is_too_large_for_its_topic_is_kept_in_a_bucket(market):
    """A job of twelve million characters comes whole: on the way lies a claim, and the object is written once."""
    market.client.enqueue(orders, Order(name="large", note="n" * 12_000_000))
    market.emulator.settle()

    (line,) = (line for line in market.notes("sell") if line.startswith("large"))
    assert line.endswith(" 1 12000000")
    assert any("queue" in name and "market.orders" in name for name in market.emulator.storage.names)


def test_whoever_stumbles_holds_up_those_behind(market):
    """Jobs of an ordering key run in order, the one that fails before those that follow; others pass by."""
    for name, key in (("stumbles", "a"), ("follows", "a"), ("passes", "b")):
        market.client.enqueue(lines, Order(name=name, note=key))
    market.advance(minutes=30)

    names = [line.split()[0] for line in market.notes("stand")]
    assert sorted(names) == ["follows", "passes", "stumbles", "stumbles"]
    assert names.index("follows") > len(names) - 1 - names[::-1].index("stumbles")


@pytest.mark.parametrize(("token", "status"), [("ann", 200), ("bob", 401)])
def test_an_open_function_knows_its_callers_itself(market, token, status):
    """A route of an application that authenticates is answered for whom it knows."""
    host = market.emulator.http_url.removeprefix("http://")
    headers = (("Authorization", f"Bearer {token}"), ("Content-Type", "application/json"))
    request = Request(method="POST", target="/prices", headers=headers, body=b'{"name": "asked"}')

    assert forward(host, request).status == status


@pytest.mark.parametrize("path", ["/_purista/command", "/_purista/call%3AMarket.1.nightly"])
def test_an_open_function_lets_nobody_push_or_invoke_without_a_token(market, path):
    """What only the platform and other functions may ask for is refused without a token of theirs."""
    service = market.emulator.service("command:Depot.1.price")
    stranger = market.emulator.signer.token("stranger@emulated.iam.gserviceaccount.com", service.url)
    statuses = [
        forward(service.host, Request(method="POST", target=path, headers=headers, body=b"{}")).status
        for headers in ((), (("Authorization", "Bearer forged"),), (("Authorization", f"Bearer {stranger}"),))
    ]

    assert statuses == [401, 401, 403]
