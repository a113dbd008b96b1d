"""The program that the benchmarks of clouds compare: one text of the models, and what we make of it on each cloud.

It closes an account: by a command over HTTP, by a worker on a queue, and by a worker that tells of it with an event.
Subjects written by hand or for a peer have the same models.
"""

from pathlib import Path

ROOT = Path(__file__).parent.parent

MODELS = """
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Wire(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, serialize_by_alias=True, frozen=True)


class CloseAccount(Wire):
    account_id: str
    amount: int


class AccountClosed(Wire):
    account_id: str
    closed: bool
"""

CONTRACTS = """
from purista_serverless import Model, Post, ServiceBuilder


class CloseAccount(Model):
    account_id: str
    amount: int


class AccountClosed(Model):
    account_id: str
    closed: bool


billing = ServiceBuilder("Billing", version="1", description="Closes accounts")
account_closed = billing.event("billing.accountClosed", AccountClosed, "An account was closed")
close_account = billing.command("closeAccount", CloseAccount, AccountClosed, "Close", http=Post("/accounts/close"))
closing = billing.queue("billing.closing", CloseAccount, "Close later", tracking="none")
telling = billing.queue("billing.telling", CloseAccount, "Close later, and tell", tracking="none")
"""

CLOSE = """
from contracts import AccountClosed, CloseAccount, close_account


@close_account.handler()
def close(ctx, payload: CloseAccount) -> AccountClosed:
    return AccountClosed(account_id=payload.account_id, closed=True)
"""

WORK = """
from contracts import CloseAccount, closing


@closing.worker(batch_size=10)
def work(ctx, payload: CloseAccount) -> None:
    ctx.log.debug("closing %s", payload.account_id)
"""

TELL = """
from contracts import AccountClosed, CloseAccount, account_closed, telling


@telling.worker(batch_size=10, can_emit=[account_closed])
def tell(ctx, payload: CloseAccount) -> None:
    ctx.emit(account_closed, AccountClosed(account_id=payload.account_id, closed=True))
"""

OURS_COMMAND = """
from purista_serverless.runtime.entry import entry

handler = entry("close:close", "command:Billing.1.closeAccount", "http:POST /accounts/close")
"""

OURS_WORKER = """
from purista_serverless.runtime.entry import entry

handler = entry("work:work", "queue:billing.closing")
"""

OURS_TELLER = """
from purista_serverless.runtime.entry import entry

handler = entry("tell:tell", "queue:billing.telling")
"""
