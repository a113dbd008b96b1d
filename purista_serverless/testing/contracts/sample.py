"""An application with one of everything, whose promises every provider can keep; made of model values by hand."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from purista_serverless.model import (
    Address,
    Application,
    Binding,
    Command,
    CommandTarget,
    Event,
    EventTarget,
    Filter,
    Handler,
    Http,
    Lifecycle,
    Origin,
    Queue,
    QueueTarget,
    ResultPolicy,
    Schedule,
    Service,
    Setting,
    Subscription,
    Worker,
)
from purista_serverless.schedule import Cron, DstPolicy, Interval

_FILE = "sample.py"
_SHORT = Lifecycle(visibility=timedelta(minutes=5), heartbeat=timedelta(minutes=1), max_attempts=3)


def sample_application() -> Application:
    """Make the application: billing, its ledger, and a mailer, with contracts of two other systems."""
    return Application(
        name="sample",
        origin=_at(1),
        services=tuple(_service(name, line) for line, name in enumerate(("Billing", "Ledger", "Mailer"), 2)),
        commands=(_close_account(), _list_accounts(), _reconcile(), _lookup()),
        events=tuple(_event(name, line) for line, name in enumerate(_EVENTS, 20)),
        subscriptions=(_record_result(),),
        queues=(_closing(), _emails(), _exports()),
        workers=(_worker("Billing", "closeCycle", "billing.closing"), _worker("Mailer", "sendEmail", "mailer.emails")),
        bindings=(_due_to_closing(), _closed_to_emails(), _paid_to_emails()),
        schedules=(_monthly(), _nightly(), _hourly(), _weekly()),
        settings=(_setting("currency", "config"), _setting("ledgerToken", "secret")),
        authenticate=_authenticate,
    )


def without_worker(application: Application, queue: str) -> Application:
    """Give the application without a queue's worker; the queue then belongs to another system."""
    queues = tuple(replace(found, external=found.external or found.name == queue) for found in application.queues)
    workers = tuple(worker for worker in application.workers if worker.queue != queue)
    return replace(application, queues=queues, workers=workers)


def renamed(application: Application, *, service: str, name: str) -> Application:
    """Give the application with another name and with its services' names extended, for tests about lengths."""
    return replace(
        application,
        name=name,
        services=tuple(replace(found, name=found.name + service) for found in application.services),
        commands=tuple(_moved(found, service) for found in application.commands),
        subscriptions=tuple(_moved(found, service) for found in application.subscriptions),
        workers=tuple(_moved(found, service) for found in application.workers),
        bindings=tuple(_moved(found, service) for found in application.bindings),
        schedules=tuple(
            replace(_moved(found, service), target=_moved_target(found, service)) for found in application.schedules
        ),
    )


def _moved(declared: Any, suffix: str) -> Any:
    address = replace(declared.address, service=declared.address.service + suffix)
    return replace(declared, address=address)


def _moved_target(schedule: Schedule, suffix: str) -> Any:
    if isinstance(schedule.target, CommandTarget):
        command = schedule.target.command
        return CommandTarget(command=replace(command, service=command.service + suffix))
    return schedule.target


_EVENTS = (
    "billing.cycleDue",
    "billing.closed",
    "billing.closing.completed",
    "billing.closing.failed",
    "billing.accountClosed",
    "legacy.paid",
)


def _at(line: int) -> Origin:
    return Origin(file=_FILE, line=line)


def _address(service: str, name: str) -> Address:
    return Address(service=service, version="1", name=name)


def _service(name: str, line: int) -> Service:
    return Service(name=name, version="1", origin=_at(line), module=__name__, attribute=name.lower())


def _setting(name: str, kind: Any) -> Setting:
    return Setting(name=name, kind=kind, type=str, default=None, origin=_at(10))


def _event(name: str, line: int) -> Event:
    is_external = name.startswith("legacy.")
    return Event(
        name=name, payload=dict, owner=None if is_external else "Billing", origin=_at(line), external=is_external
    )


def _handler(function: Any, line: int, **uses: Any) -> Handler:
    return Handler(
        module=__name__,
        name=function.__name__,
        function=function,
        is_async=False,
        takes_parameter=False,
        origin=_at(line),
        **uses,
    )


def _close_account() -> Command:
    return Command(
        address=_address("Billing", "closeAccount"),
        payload=dict,
        result=dict,
        parameter=dict,
        origin=_at(30),
        handler=_handler(
            close_account,
            31,
            can_emit=("billing.closed",),
            can_enqueue=("billing.closing", "erp.exports"),
            can_invoke=(_address("Legacy", "lookup"),),
            config=("currency",),
        ),
        http=Http(method="POST", path="/accounts/{accountId}/close"),
        success_event="billing.accountClosed",
    )


def _list_accounts() -> Command:
    return Command(
        address=_address("Billing", "listAccounts"),
        payload=None,
        result=dict,
        parameter=None,
        origin=_at(32),
        handler=_handler(list_accounts, 33),
        http=Http(method="GET", path="/accounts", public=True),
    )


def _reconcile() -> Command:
    return Command(
        address=_address("Ledger", "reconcile"),
        payload=dict,
        result=None,
        parameter=None,
        origin=_at(34),
        handler=_handler(reconcile, 35, secrets=("ledgerToken",)),
    )


def _lookup() -> Command:
    return Command(
        address=_address("Legacy", "lookup"),
        payload=dict,
        result=dict,
        parameter=None,
        origin=_at(36),
        handler=None,
        external=True,
    )


def _record_result() -> Subscription:
    return Subscription(
        address=_address("Ledger", "recordResult"),
        filter=Filter(event="billing.closing.completed"),
        payload=dict,
        handler=_handler(record_result, 40),
        lifecycle=_SHORT,
        origin=_at(40),
    )


def _closing() -> Queue:
    return Queue(
        name="billing.closing",
        payload=dict,
        parameter=None,
        owner=_address("Billing", "billing.closing"),
        lifecycle=_SHORT,
        tracking="full",
        tracking_reasons=("strict idempotency", "required results"),
        idempotency="strict",
        origin=_at(50),
        max_runtime=timedelta(minutes=8),
        results=ResultPolicy(
            payload=dict,
            completed="billing.closing.completed",
            failed="billing.closing.failed",
            delivery="required",
        ),
    )


def _emails() -> Queue:
    return Queue(
        name="mailer.emails",
        payload=dict,
        parameter=None,
        owner=_address("Mailer", "mailer.emails"),
        lifecycle=_SHORT,
        tracking="none",
        tracking_reasons=(),
        idempotency="advisory",
        origin=_at(51),
    )


def _exports() -> Queue:
    return replace(_emails(), name="erp.exports", owner=_address("Erp", "erp.exports"), origin=_at(52), external=True)


def _worker(service: str, name: str, queue: str) -> Worker:
    functions = {"closeCycle": close_cycle, "sendEmail": send_email}
    uses = {"can_emit": ("billing.closed",)} if name == "closeCycle" else {}
    return Worker(
        address=_address(service, name),
        queue=queue,
        handler=_handler(functions[name], 60, **uses),
        batch_size=1,
        concurrency=None,
        origin=_at(60),
    )


def _due_to_closing() -> Binding:
    return Binding(
        address=_address("Billing", "dueToClosing"),
        event="billing.cycleDue",
        queue="billing.closing",
        origin=_at(70),
        lifecycle=_SHORT,
        map_payload=dict,
        idempotency_mode="strict",
    )


def _closed_to_emails() -> Binding:
    return Binding(
        address=_address("Mailer", "closedToEmails"),
        event="billing.closed",
        queue="mailer.emails",
        origin=_at(71),
        lifecycle=_SHORT,
    )


def _paid_to_emails() -> Binding:
    return replace(_closed_to_emails(), address=_address("Mailer", "paidToEmails"), event="legacy.paid", accepts=bool)


def _monthly() -> Schedule:
    return Schedule(
        address=_address("Billing", "monthly"),
        target=EventTarget(event="billing.cycleDue"),
        expression=Cron("0 2 1 * *"),
        timezone="Europe/Berlin",
        dst=DstPolicy(),
        origin=_at(80),
        lifecycle=_SHORT,
        run_timeout=timedelta(hours=24),
        concurrency="forbid",
        missed_runs="catchUp",
        payload=cycle_of,
    )


def _nightly() -> Schedule:
    return replace(
        _monthly(),
        address=_address("Ledger", "nightly"),
        target=CommandTarget(command=_address("Ledger", "reconcile")),
        expression=Cron("0 1 * * *"),
        timezone="UTC",
        origin=_at(81),
        missed_runs="runOnce",
        payload=None,
    )


def _hourly() -> Schedule:
    return replace(
        _nightly(),
        address=_address("Mailer", "hourly"),
        target=QueueTarget(queue="mailer.emails"),
        expression=Interval(timedelta(hours=1)),
        origin=_at(82),
        concurrency="allow",
        missed_runs="skip",
        payload={"kind": "digest"},
    )


def _weekly() -> Schedule:
    return replace(
        _nightly(),
        address=_address("Billing", "weekly"),
        target=QueueTarget(queue="billing.closing"),
        expression=Cron("0 3 * * 1"),
        origin=_at(83),
        concurrency="replace",
        payload=cycle_of,
    )


def close_account(_context: Any, payload: dict[str, Any]) -> dict[str, Any]:
    """Answer with what was given."""
    return payload


def list_accounts(_context: Any) -> dict[str, Any]:
    """Answer with nothing."""
    return {}


def reconcile(_context: Any, _payload: dict[str, Any]) -> None:
    """Do nothing."""


def record_result(_context: Any, _payload: dict[str, Any]) -> None:
    """Do nothing."""


def close_cycle(_context: Any, payload: dict[str, Any]) -> dict[str, Any]:
    """Answer with what was given."""
    return payload


def send_email(_context: Any, _payload: dict[str, Any]) -> None:
    """Do nothing."""


def cycle_of(slot: datetime) -> dict[str, Any]:
    """Name the billing cycle of a slot."""
    return {"cycleId": f"{slot:%Y-%m}"}


def _authenticate(_request: Any) -> Any:
    return None
