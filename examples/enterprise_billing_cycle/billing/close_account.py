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
    """Close an account as of today; it pays for the current cycle and for no later one."""
    account = accounts.get(parameter.account_id)
    if account is None:
        raise HandledError(404, f"there is no account {parameter.account_id}")
    if account.closed_on is not None:
        raise HandledError(409, f"account {account.id} is closed since {account.closed_on}")
    closed = AccountClosed(account_id=account.id, closed_on=ctx.now.date(), reason=payload.reason)
    accounts.change(account.id, closed_on=closed.closed_on)
    ctx.emit(account_closed, closed)
    return closed
