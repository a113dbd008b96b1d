"""The application: three services and the modules that hold their handlers."""

from examples.enterprise_billing_cycle.billing.contracts import billing
from examples.enterprise_billing_cycle.ledger.contracts import ledger
from examples.enterprise_billing_cycle.notification.contracts import notification
from purista_serverless import Application

app = Application(
    "enterprise-billing-cycle",
    [billing, ledger, notification],
    handlers=[
        "examples.enterprise_billing_cycle.billing.close_cycle",
        "examples.enterprise_billing_cycle.billing.close_account",
        "examples.enterprise_billing_cycle.ledger.record",
        "examples.enterprise_billing_cycle.notification.letters",
    ],
)
