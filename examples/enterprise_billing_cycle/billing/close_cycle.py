"""The worker that closes a cycle."""

from datetime import timedelta

from examples.enterprise_billing_cycle.billing.accounts import Account, Accounts
from examples.enterprise_billing_cycle.billing.contracts import (
    ClosingJob,
    ClosingReport,
    Invoice,
    closing,
    payments_key,
    vat_percent,
)
from examples.enterprise_billing_cycle.billing.payments import PaymentProvider, ProviderDown
from purista_serverless import Context, HandledError, RetryLater


@closing.worker(uses=[payments_key, vat_percent])
async def close_cycle(ctx: Context, job: ClosingJob, *, accounts: Accounts, payments: PaymentProvider) -> ClosingReport:
    """Price every account, then charge every account. A rerun charges nobody twice: the keys are the same."""
    credential = ctx.secret(payments_key)
    invoices = tuple(price(ctx, job, account) for account in accounts.paying_for(job.cycle_id))
    for count, invoice in enumerate(invoices, start=1):
        key = f"{job.cycle_id}/{invoice.account_id}"
        try:
            await payments.charge(invoice.account_id, invoice.total, key=key, credential=credential)
        except ProviderDown as error:
            raise RetryLater(timedelta(minutes=30), str(error)) from error
        ctx.progress({"charged": count, "of": len(invoices)})
    return ClosingReport(cycle_id=job.cycle_id, invoices=invoices)


def price(ctx: Context, job: ClosingJob, account: Account) -> Invoice:
    """Price an account, or refuse: no retry invents a tariff, so the job becomes a dead letter at once."""
    try:
        return account.invoice(job.cycle_id, ctx.config(vat_percent))
    except KeyError as error:
        raise HandledError(422, f"account {account.id} has the unknown tariff {account.tariff!r}") from error
