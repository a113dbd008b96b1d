"""Handles and decorators: what they record, and the mistakes that are refused on the spot."""

import subprocess
import sys
from datetime import timedelta
from functools import wraps
from typing import Any

import pytest

from purista_serverless import (
    Application,
    Command,
    DeclarationError,
    LongRunning,
    Queue,
    QueueResult,
    ResultEvents,
    ServiceBuilder,
)
from purista_serverless.builder.options import Backoff, Lifecycle, Post
from tests.unit.declarations.shapes import AccountPath, ClosingJob, CycleDue, Mailer, Report, idle


class Desk:
    """Something with a method that looks like a handler."""

    def close(self, ctx: Any, payload: None) -> Report:
        """Close an account."""
        return Report(closed=1)


def declaration_of(function: Any) -> Any:
    """Give what a decorator recorded."""
    return function.__purista__


def test_a_decorator_returns_the_function_itself():
    """A handler is tested by calling it."""
    worker = idle()

    assert ServiceBuilder("Billing").queue("billing.closing", ClosingJob).worker()(worker) is worker


def test_types_come_from_the_annotations_when_none_are_given():
    """One decorator declares a command and its handler."""
    billing = ServiceBuilder("Billing")
    close = billing.command("close", http=Post("/accounts/{accountId}"))

    @close
    def handler(ctx, payload: ClosingJob, parameter: AccountPath) -> Report:
        return Report(closed=1)

    assert (close.payload, close.parameter, close.result) == (ClosingJob, AccountPath, Report)
    assert declaration_of(handler).takes_parameter


def test_annotations_may_be_texts_and_contexts_may_be_unknown():
    """A context that only type checkers import does not spoil the other annotations."""
    close = ServiceBuilder("Billing").command("close")

    @close
    def handler(ctx: "Context", payload: "ClosingJob") -> "Report | None":  # type: ignore[name-defined]  # noqa: F821
        return None

    assert (close.payload, close.result) == (ClosingJob, Report | None)


def test_a_type_that_is_asked_for_too_early_is_told_so():
    """Without a handler there are no annotations."""
    with pytest.raises(DeclarationError, match="none is declared yet; give the types to the declaration"):
        _ = ServiceBuilder("Billing").command("close").payload


def test_an_async_handler_is_told_from_a_plain_one():
    """Also below `functools.wraps`."""
    billing = ServiceBuilder("Billing")

    async def inner(ctx, job: ClosingJob) -> None: ...

    @wraps(inner)
    def outer(*args, **kwargs):
        return inner(*args, **kwargs)

    billing.queue("billing.closing", ClosingJob).worker()(outer)
    plain = idle()
    billing.queue("billing.opening", ClosingJob).worker()(plain)

    assert declaration_of(outer).is_async
    assert not declaration_of(plain).is_async


def test_resources_are_found_by_the_names_of_keyword_only_parameters():
    """The service's own resources need no mention, those of others are named in `uses`."""
    shared = ServiceBuilder("Shared").resource("clock", Mailer, Mailer)
    billing = ServiceBuilder("Billing")
    mailer = billing.resource("mailer", Mailer, "tests.unit.declarations.shapes:Mailer")

    @billing.queue("billing.closing", ClosingJob).worker(uses=[shared])
    def close(ctx, job: ClosingJob, *, mailer: Mailer, clock: Mailer) -> None: ...

    assert declaration_of(close).resources() == {"mailer": mailer, "clock": shared}
    assert isinstance(mailer.create(), Mailer)


@pytest.mark.parametrize("factory", ["absent_module:make", "tests.unit.declarations.shapes:absent", "", ":"])
def test_a_factory_that_cannot_be_loaded_is_refused(factory: str):
    """The error repeats the form that is expected."""
    resource = ServiceBuilder("Billing").resource("mailer", Mailer, factory)

    with pytest.raises(DeclarationError, match="write 'module:function'"):
        resource.create()


def test_a_resource_without_a_factory_cannot_be_made():
    """The error says who could make it."""
    with pytest.raises(DeclarationError, match="declare it with factory="):
        ServiceBuilder("Billing").resource("mailer", Mailer).create()


def test_result_events_are_handles_of_the_queue():
    """Their payload is the result of a job of that queue."""
    results = ResultEvents(Report, completed="billing.closed", dead_lettered="billing.lost")
    closing = ServiceBuilder("Billing").queue("billing.closing", ClosingJob, result=results)

    assert closing.completed.name == "billing.closed"
    assert closing.completed.payload is QueueResult[Report]
    assert closing.dead_lettered.name == "billing.lost"


@pytest.mark.parametrize("status", ["completed", "failed", "cancelled", "dead_lettered"])
def test_an_event_that_the_queue_does_not_have_is_refused(status: str):
    """The error says how to declare it."""
    closing = ServiceBuilder("Billing").queue("billing.closing", ClosingJob)

    with pytest.raises(DeclarationError, match=f"ResultEvents.*{status}="):
        getattr(closing, status)


def test_a_success_event_carries_the_result_of_its_command():
    """A command without one says how to declare it."""
    billing = ServiceBuilder("Billing")
    told = billing.command("close", ClosingJob, Report, success_event="billing.closed")

    assert (told.success_event.name, told.success_event.payload) == ("billing.closed", Report)
    with pytest.raises(DeclarationError, match="success_event="):
        _ = billing.command("reopen", ClosingJob, Report).success_event


@pytest.mark.parametrize(
    ("max_runtime", "extensions"),
    [(timedelta(minutes=8), 9), (timedelta(hours=6), 361), (timedelta(seconds=30), 2), (timedelta(seconds=61), 3)],
)
def test_a_long_running_job_keeps_its_lease_for_its_whole_time(max_runtime: timedelta, extensions: int):
    """Extensions are counted by heartbeat: one per minute, and one for the minute that has begun."""
    lifecycle = LongRunning(max_runtime).lifecycle()

    assert lifecycle.max_extensions == extensions
    assert lifecycle.heartbeat * lifecycle.max_extensions >= max_runtime


def test_max_attempts_of_a_queue_goes_with_its_profile():
    """The rest of the lifecycle stays as it was."""
    billing = ServiceBuilder("Billing")
    profile = LongRunning(timedelta(minutes=8))
    closing = billing.queue("billing.closing", ClosingJob, profile=profile, max_attempts=5)

    lifecycle = closing.resolved_lifecycle()

    assert lifecycle.max_attempts == 5
    assert lifecycle.max_extensions == profile.lifecycle().max_extensions


def test_options_are_values():
    """Equal options are equal, and show how they are written."""
    assert Lifecycle(max_attempts=3) == Lifecycle(max_attempts=3)
    assert hash(Post("/a")) == hash(Post("/a"))
    assert Post("/a") != Post("/b")
    assert "multiplier=2.0" in repr(Backoff())


def test_one_function_handles_one_thing():
    """A second decorator is refused where it is written."""
    billing = ServiceBuilder("Billing")
    worker = billing.queue("billing.closing", ClosingJob).worker()(idle())

    with pytest.raises(DeclarationError, match="one function handles one thing"):
        billing.queue("billing.opening", ClosingJob).worker()(worker)


def test_a_handler_is_a_python_function():
    """Anything else has no signature to read."""
    with pytest.raises(DeclarationError, match="a handler is a function written with def"):
        ServiceBuilder("Billing").command("close")(print)


def test_a_method_is_no_handler():
    """An object that only the process of the build has could not be found by a deployed function."""
    with pytest.raises(DeclarationError, match="take the object as a resource"):
        ServiceBuilder("Billing").command("close")(Desk().close)


def test_a_handler_without_a_payload_is_told_how_to_take_none():
    """The types of `(ctx)` alone cannot be inferred, and the problem says what to write."""
    billing = ServiceBuilder("Billing")

    @billing.command("ping")
    def ping(ctx) -> str:
        return "pong"

    with pytest.raises(DeclarationError, match=r"PS120 .*\n.*takes \(ctx\)\n.*takes `payload: None`"):
        Application("shop", [billing])


@pytest.mark.parametrize(
    "declare",
    [
        lambda billing, due: billing.queue("billing.closing", ClosingJob).worker(batchsize=1),
        lambda billing, due: billing.command("close").handler(can_emitt=[due]),
        lambda billing, due: billing.command("close").handler(batch_size=1),
        lambda billing, due: billing.subscribe(due, "record", sender_servic="Shop"),
        lambda billing, due: billing.schedule("monthly").emit_event(due, expression="@daily", timezon="UTC"),
    ],
    ids=["worker", "handler", "handler of a worker's option", "subscribe", "schedule"],
)
def test_an_option_that_nobody_reads_is_refused(declare: Any):
    """A typing error in an option is no silent default."""
    billing = ServiceBuilder("Billing")

    with pytest.raises(DeclarationError, match=r"takes no option '.*'; "):
        declare(billing, billing.event("billing.cycleDue", CycleDue))


def test_a_schedule_starts_one_thing():
    """A second target is refused where it is written."""
    billing = ServiceBuilder("Billing")
    due = billing.event("billing.cycleDue", CycleDue)
    monthly = billing.schedule("monthly")
    assert monthly.emit_event(due, expression="@monthly").full_name == "Billing.1.monthly"

    with pytest.raises(DeclarationError, match="declare another schedule for a second one"):
        monthly.emit_event(due, expression="@yearly")


@pytest.mark.parametrize(
    "declare",
    [
        lambda: Queue.external("shop.emails", ClosingJob).worker()(idle()),
        lambda: Command.external("Shop", "1", "order", ClosingJob).handler(),
    ],
    ids=["queue", "command"],
)
def test_what_belongs_to_another_system_is_not_handled_here(declare: Any):
    """An external handle is used, never implemented."""
    with pytest.raises(DeclarationError, match="belongs to another system"):
        declare()


@pytest.mark.parametrize(
    "declare",
    [
        lambda billing: billing.event("billing.late", CycleDue),
        lambda billing: billing.command("late"),
        lambda billing: billing.queue("billing.late", ClosingJob),
        lambda billing: billing.schedule("late"),
        lambda billing: billing.resource("late", Mailer),
        lambda billing: billing.config("late", int),
        lambda billing: billing.secret("late"),
        lambda billing: billing.subscribe(None, "late", tenant_id="1"),
        lambda billing: billing.bind_event_to_queue(billing.declared.events[0], billing.declared.queues[0]),
        lambda billing: billing.declared.queues[0].worker()(idle()),
    ],
    ids=["event", "command", "queue", "schedule", "resource", "config", "secret", "subscribe", "bind", "worker"],
)
def test_nothing_is_declared_after_the_application_is_built(declare: Any):
    """A late declaration would be missing from what is deployed."""
    billing = ServiceBuilder("Billing")
    billing.event("billing.cycleDue", CycleDue)
    billing.queue("billing.closing", ClosingJob).worker()(idle())
    Application("shop", [billing])

    with pytest.raises(DeclarationError, match=r"part of application 'shop' already; declare before Application"):
        declare(billing)


def test_errors_name_the_line_of_the_user():
    """The origin is the first line outside of the package."""
    billing = ServiceBuilder("Billing")
    line = sys._getframe().f_lineno + 1  # noqa: SLF001 - the line below
    event = billing.event("billing.cycleDue", CycleDue)

    assert (event.origin.file, event.origin.line) == (__file__, line)


def test_declaring_loads_nothing_that_a_cold_start_can_do_without():
    """A contracts module costs no build tooling, no event loop and no check."""
    program = (
        "import sys\n"
        "import pydantic; before = set(sys.modules)\n"
        "from purista_serverless import Cron, LongRunning, Model, ServiceBuilder\n"
        "service = ServiceBuilder('Billing')\n"
        "event = service.event('billing.due', dict)\n"
        "service.schedule('monthly').emit_event(event, expression=Cron('0 2 1 * *'))\n"
        "print(*sorted(name for name in set(sys.modules) - before if not name.startswith('pydantic')))\n"
    )
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    loaded = finished.stdout.split()
    assert not {"asyncio", "difflib", "inspect", "logging", "sqlite3"} & set(loaded)
    assert not [name for name in loaded if ".problems" in name or name.endswith((".compile", ".contract", ".model"))]
    assert len([name for name in loaded if name.startswith("purista_serverless")]) <= 20
