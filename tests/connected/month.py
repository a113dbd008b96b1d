"""The example's month, wherever it runs; what is asserted lies in dead letters, records and events."""

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from examples.enterprise_billing_cycle.billing.accounts import open_accounts
from examples.enterprise_billing_cycle.billing.contracts import ClosingReport
from purista_serverless.message.envelope import Message
from tests.connected.watch import Watch

SCHEDULE = "Billing.1.monthlyBillingCycle"
QUEUE = "billing.monthlyClosing"
JOBS = f"queue:{QUEUE}"
DUE = "billing.monthlyCycleDue"
COMPLETED = "billing.monthlyClosing.completed"
FAILED = "billing.monthlyClosing.failed"

# Three hours before a cycle is due.
START = datetime(2026, 3, 31, 23, tzinfo=ZoneInfo("Europe/Berlin"))
SETTINGS = {"PAYMENTS_KEY": "not-a-real-key"}

ACCOUNTS = "examples/enterprise_billing_cycle/billing/accounts.py"
PAYMENTS = "examples/enterprise_billing_cycle/billing/payments.py"
# A payment takes long enough to be killed in the middle of a job.
SLOWLY = (
    PAYMENTS,
    "PaymentProvider, PaymentProvider)",
    "PaymentProvider, lambda: PaymentProvider(latency=timedelta(seconds=1)))",
)
MISTYPED = (ACCOUNTS, 'id="umbrella", tariff="basic"', 'id="umbrella", tariff="golf"')

VAT_PERCENT = Decimal(19)


class BillingAccount(Protocol):
    """A place where the example bills."""

    def watch(self) -> Watch:
        """Begin to look at it."""
        ...

    def release(self, *changes: tuple[str, str, str]) -> None:
        """Deploy the example, or start it, with texts of its files replaced: path, old text and new text."""
        ...

    def fire(self) -> None:
        """Have the example's one schedule fire for its newest slot."""
        ...

    def redrive(self, edge: str) -> None:
        """Send the dead letters of an edge on their way again, as a person would."""
        ...

    def kill_what_works(self) -> None:
        """End with SIGKILL the processes that are at work."""
        ...

    def let_leases_end(self, watch: Watch) -> None:
        """Let so much time pass that what was killed holds neither message nor lease."""
        ...


def play_month(account: BillingAccount) -> None:
    """Close a month that fails because an account's tariff was mistyped, mend the tariff, and redrive the job."""
    account.release(SLOWLY, MISTYPED)
    watch = account.watch()
    account.fire()
    cycle_id = watch_the_failure(watch)
    account.release(SLOWLY)
    account.redrive(JOBS)
    watch_the_success(watch, cycle_id)


def watch_the_failure(watch: Watch) -> str:
    """Follow the schedule's run into the dead letter, and give the cycle that was to be closed."""
    (letter,) = watch.wait_for(lambda: watch.letters(JOBS), "the dead letter")
    watch.wait_for(lambda: watch.payloads(FAILED) and not watch.waiting(), "the alert")

    (due,) = watch.payloads(DUE)
    assert letter.body["payload"] == due
    assert letter.attributes["reason"].endswith("account umbrella has the unknown tariff 'golf'")
    assert letter.attributes["attempts"] == "1"
    ((job_id, job),) = watch.records(JOBS).items()
    assert (job["status"], job["attempt"], letter.body["id"]) == ("dead-lettered", 1, job_id)
    assert [run["status"] for run in runs(watch)] == ["closed"]
    assert [result["jobId"] for result in watch.payloads(FAILED)] == [job_id]
    assert watch.payloads(COMPLETED) == []
    assert watch.buried() == {JOBS: 1}
    return str(due["cycleId"])


def watch_the_success(watch: Watch, cycle_id: str) -> None:
    """Follow the redriven job to its result, and compare that with what the accounts owe."""
    (result,) = watch.wait_for(lambda: watch.payloads(COMPLETED), "the result")
    watch.wait_for(lambda: not watch.waiting(), "the subscribers")

    assert result["payload"] == report(cycle_id)
    (job,) = watch.records(JOBS).values()
    assert (job["status"], job["generation"], job["result"]) == ("success", 1, report(cycle_id))
    assert len(watch.payloads(DUE)) == len(watch.payloads(FAILED)) == 1
    assert watch.buried() == {}


def kill_a_job(account: BillingAccount, cycle_id: str) -> None:
    """Kill the process in the middle of a job; another run finishes it, and nothing is lost."""
    account.release(SLOWLY)
    watch = account.watch()
    watch.emit(DUE, due_event(cycle_id))
    job_id = watch.wait_for(lambda: charging(watch), "a payment")
    account.kill_what_works()
    account.let_leases_end(watch)
    watch.wait_for(lambda: watch.payloads(COMPLETED), "the result")
    watch.wait_for(lambda: not watch.waiting(), "the subscribers")

    job = watch.records(JOBS)[str(job_id)]
    assert (job["status"], job["attempt"], job["fence"]) == ("success", 2, 2)
    assert [result["payload"] for result in watch.payloads(COMPLETED)] == [report(cycle_id)]
    assert watch.payloads(FAILED) == []
    assert watch.buried() == {}


def due_event(cycle_id: str) -> Mapping[str, Any]:
    """Make the event that a cycle is due, as Billing itself sends it."""
    message = Message(
        id=f"due-{cycle_id}", timestamp=0, message_type="customMessage", event_name=DUE, payload={"cycleId": cycle_id}
    )
    envelope: Mapping[str, Any] = json.loads(message.encode())
    return envelope


def charging(watch: Watch) -> str | None:
    """Give the id of the job that charges: some accounts have paid, others have not."""
    return next((id for id, job in watch.records(JOBS).items() if is_charging(job)), None)


def is_charging(job: Mapping[str, Any]) -> bool:
    """Tell whether a job has made its first payment and not its last."""
    progress = job.get("progress") or {"charged": 0, "of": 0}
    return job["status"] == "running" and progress["charged"] in range(1, progress["of"])


def runs(watch: Watch) -> list[Mapping[str, Any]]:
    """Give the records of the schedule's runs."""
    records = watch.records(f"schedule:{SCHEDULE}")
    return [fields for name, fields in records.items() if name.startswith("run/")]


def report(cycle_id: str) -> Any:
    """Give the report of a cycle as JSON: what all accounts owe."""
    invoices = tuple(account.invoice(cycle_id, VAT_PERCENT) for account in open_accounts().paying_for(cycle_id))
    return json.loads(ClosingReport(cycle_id=cycle_id, invoices=invoices).model_dump_json(by_alias=True))
