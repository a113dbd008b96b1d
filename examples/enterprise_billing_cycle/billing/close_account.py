"""The command that closes an account."""

from examples.enterprise_billing_cycle.billing.accounts import Accounts
from examples.enterprise_billing_cycle.billing.contracts import (
    AccountClosed,
    AccountPath,
    CloseAccount,
    account_closed,
    close_account,
)
from purista_serverless import Context, HandledError


def require_principal(ctx: Context, payload: CloseAccount, parameter: AccountPath) -> None:
    """Let nobody close an account anonymously."""
    if ctx.principal_id is None:
        raise HandledError(403, "say who closes the account")


@close_account.handler(can_emit=[account_closed], before=[require_principal])
def close(ctx: Context, payload: CloseAccount, parameter: AccountPath, *, accounts: Accounts) -> AccountClosed:
    """Close an account as of today; it pays for the current cycle and for no later one.

    Asking again repeats the answer and the event, in case the first time ended between the two.
    """
    account = accounts.get(parameter.account_id)
    if account is None:
        raise HandledError(404, f"there is no account {parameter.account_id}")
    closed_on = account.closed_on or ctx.now.date()
    closed = AccountClosed(account_id=account.id, closed_on=closed_on, reason=payload.reason)
    accounts.change(account.id, closed_on=closed_on)
    ctx.emit(account_closed, closed)
    return closed
