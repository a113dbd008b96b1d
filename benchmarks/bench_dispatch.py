"""Measure the dispatch of one command against the least that any framework must do.

The floor parses, validates, calls, dumps and formats: ``json.loads``, a pydantic model, the handler, ``model_dump`` and
``json.dumps``. Ours builds the message with identity and trace, and does the rest of what a dispatch promises. The
async floor is the same in a bare coroutine on a loop that is kept.
"""

import asyncio
import json
import sys
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks.measure import Row, report
from purista_serverless import Context, Model, ServiceBuilder
from purista_serverless.builder.handlers import HandlerDeclaration
from purista_serverless.message import COMMAND, Message, Party, Success
from purista_serverless.runtime.clock import SystemClock
from purista_serverless.runtime.dispatch import adispatch, dispatch
from purista_serverless.runtime.function import Function
from purista_serverless.runtime.ids import random_id
from purista_serverless.testing.doubles import ports

ROUNDS = 31
LOOPS = 2_000
SYNC_BAR = 1.5
ASYNC_BAR = 1.2

BODY = b'{"accountId": "a1", "amount": 5, "currency": "EUR", "note": "monthly"}'
HEADERS = {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}


class CloseAccount(Model):
    """A payload of ordinary size."""

    account_id: str
    amount: int
    currency: str
    note: str


class AccountClosed(Model):
    """A result of ordinary size."""

    account_id: str
    closed: bool


billing = ServiceBuilder("Billing")
close_account = billing.command("closeAccount", CloseAccount, AccountClosed)
close_later = billing.command("closeLater", CloseAccount, AccountClosed)


@close_account.handler()
def close(ctx: Context, payload: CloseAccount) -> AccountClosed:
    """Close an account."""
    return AccountClosed(account_id=payload.account_id, closed=True)


@close_later.handler()
async def aclose(ctx: Context, payload: CloseAccount) -> AccountClosed:
    """Close an account."""
    return AccountClosed(account_id=payload.account_id, closed=True)


def declaration_of(handler: Any) -> HandlerDeclaration:
    """Give what the decorator recorded."""
    declaration: HandlerDeclaration = handler.__purista__
    return declaration


SENDER = Party("gateway", "1", "POST /accounts", "i1")
RECEIVER = Party("Billing", "1", "closeAccount")
PORTS = ports(SystemClock())
SYNC = Function(declaration_of(close))
ASYNC = Function(declaration_of(aclose))
NO_CONTEXT: Any = None


def floor() -> str:
    """Do the least."""
    payload = CloseAccount.model_validate(json.loads(BODY))
    return json.dumps(close(NO_CONTEXT, payload).model_dump(mode="json", by_alias=True))


async def afloor() -> str:
    """Do the least in a coroutine."""
    payload = CloseAccount.model_validate(json.loads(BODY))
    return json.dumps((await aclose(NO_CONTEXT, payload)).model_dump(mode="json", by_alias=True))


def message() -> Message:
    """Build the message of one request, as an entry does."""
    return Message(
        id=random_id(),
        timestamp=PORTS.clock.now(),
        message_type=COMMAND,
        payload=BODY,
        traceparent=HEADERS["traceparent"],
        correlation_id=random_id(),
        tenant_id="t",
        principal_id="p",
        sender=SENDER,
        receiver=RECEIVER,
    )


def ours() -> bytes | None:
    """Dispatch a request to a sync handler."""
    return _value(dispatch(SYNC, message(), PORTS))


async def aours() -> bytes | None:
    """Dispatch a request to an async handler."""
    return _value(await adispatch(ASYNC, message(), PORTS))


def _value(outcome: object) -> bytes | None:
    if not isinstance(outcome, Success):
        raise TypeError(f"the dispatch did not succeed: {outcome!r}")
    return outcome.value


def main() -> int:
    """Measure in alternation, so that a noisy neighbour disturbs both sides alike."""
    if json.loads(floor()) != json.loads(ours() or b""):
        raise ValueError("floor and dispatch do not answer alike")
    loop = asyncio.new_event_loop()
    subjects: dict[str, Callable[[], object]] = {
        "floor": floor,
        "dispatch": ours,
        "coroutine": lambda: loop.run_until_complete(afloor()),
        "async dispatch": lambda: loop.run_until_complete(aours()),
    }
    times: dict[str, list[float]] = {name: [] for name in subjects}
    for _ in range(ROUNDS):
        for name, call in subjects.items():
            start = perf_counter()
            for _ in range(LOOPS // 4):
                call()
            times[name].append((perf_counter() - start) / (LOOPS // 4) * 1e6)
    loop.close()
    medians = {name: median(values) for name, values in times.items()}
    sync_ratio = median(a / b for a, b in zip(times["dispatch"], times["floor"], strict=True))
    async_ratio = median(a / b for a, b in zip(times["async dispatch"], times["coroutine"], strict=True))
    return report(
        [
            Row(name="floor: parse, validate, call, dump", value=medians["floor"], unit="µs"),
            Row(name="dispatch, def", value=medians["dispatch"], unit="µs", ratio=sync_ratio, bar=SYNC_BAR),
            Row(name="bare coroutine on a kept loop", value=medians["coroutine"], unit="µs"),
            Row(
                name="dispatch, async def", value=medians["async dispatch"], unit="µs", ratio=async_ratio, bar=ASYNC_BAR
            ),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
