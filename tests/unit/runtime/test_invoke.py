"""What a caller is told: data of refusals, reshaped results, commands that take too long."""

import asyncio
from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from purista_serverless import Application, HandledError, InvocationFailed, Model, ServiceBuilder
from purista_serverless.message import COMMAND, Message, Party
from purista_serverless.runtime.function import Function
from purista_serverless.runtime.invoke import execute
from purista_serverless.testing import Simulation
from purista_serverless.testing.clock import VirtualClock
from purista_serverless.testing.doubles import RecordingEvents, ports

SECONDS = timedelta(seconds=1)


class Account(Model):
    """Something with a name that differs on the wire."""

    account_id: str


@dataclass
class Balance:
    """Something that is no model."""

    amount: int


def shop_with(handler, result=Account, **options):
    """Give a simulation and its only command, whose handler is given."""
    grants = {name: options.pop(name) for name in ("transform_input", "transform_output") if name in options}
    shop = ServiceBuilder("Shop")
    command = shop.command("ask", Account, result, success_event="shop.answered", **options)
    command.handler(**grants)(handler)
    return Simulation(Application("shop", [shop])), command


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (Account(account_id="a"), {"accountId": "a"}),
        ({"since": date(2026, 1, 1)}, {"since": "2026-01-01"}),
        ([Balance(3)], [{"amount": 3}]),
    ],
    ids=["model", "date", "dataclass"],
)
def test_the_data_of_a_refusal_is_written_as_json(data, told):
    """Models, dates and dataclasses travel like payloads do."""

    def refuse(ctx, payload: Account) -> Account:
        raise HandledError(409, "no", data)

    simulation, ask = shop_with(refuse)
    with pytest.raises(HandledError) as caught:
        simulation.client.invoke(ask, Account(account_id="a"))

    assert (caught.value.status, caught.value.data) == (409, told)


def test_data_that_is_no_json_makes_a_refusal_a_failure(caplog):
    """The caller gets an answer without detail, the log says why."""

    def refuse(ctx, payload: Account) -> Account:
        raise HandledError(409, "no", object())

    simulation, ask = shop_with(refuse)
    with pytest.raises(InvocationFailed, match="500"):
        simulation.client.invoke(ask, Account(account_id="a"))

    assert "refused with data that is no JSON" in caplog.text


def test_a_result_may_be_reshaped_into_a_model():
    """What leaves is what the transform returned, in its wire form; so is what arrives, before it is checked."""

    def answer(ctx, payload: Account) -> int:
        return len(payload.account_id)

    simulation, ask = shop_with(
        answer,
        result=int,
        transform_input=lambda raw: Account(account_id=raw["accountId"] * 2),
        transform_output=lambda length: Account(account_id=str(length)),
    )
    message = Message(
        id="1", timestamp=0, message_type=COMMAND, payload={"accountId": "ab"}, sender=Party("test", "1", "test")
    )
    response = execute(Function(ask.handlers[0]), message, ports(simulation.clock))

    assert response.payload == b'{"accountId":"4"}'


def test_an_async_command_is_cancelled_when_its_time_is_over():
    """The caller is told of a failure then, no later, and no success is told."""
    endings = []

    async def dawdle(ctx, payload: Account) -> Account:
        try:
            await asyncio.sleep(60)
        finally:
            endings.append(ctx.now)
        return payload

    simulation, ask = shop_with(dawdle, timeout=5 * SECONDS)
    begin = simulation.now
    with pytest.raises(InvocationFailed, match="500"):
        simulation.client.invoke(ask, Account(account_id="a"))

    assert endings == [begin + 5 * SECONDS]
    assert simulation.messages("shop.answered") == ()


def test_a_command_that_ends_in_time_is_not_disturbed():
    """The last moment counts."""

    async def hurry(ctx, payload: Account) -> Account:
        await asyncio.sleep(4.9)
        return payload

    simulation, ask = shop_with(hurry, timeout=5 * SECONDS)

    assert simulation.client.invoke(ask, Account(account_id="a")) == Account(account_id="a")


def test_a_sync_command_that_overran_is_a_failure_when_it_returns():
    """Nobody can stop it; its caller has given up, and no success is told."""
    clock = VirtualClock(0)

    def dawdle(ctx, payload: Account) -> Account:
        clock.run_until(clock.now() + 6_000)
        return payload

    simulation, ask = shop_with(dawdle, timeout=5 * SECONDS)
    events = RecordingEvents()
    message = Message(
        id="1", timestamp=0, message_type=COMMAND, payload={"accountId": "a"}, sender=Party("test", "1", "test")
    )
    response = execute(Function(ask.handlers[0]), message, ports(clock, events=events))

    assert response.message_type == "commandErrorResponse"
    assert events.messages == []
    assert simulation.messages() == ()
