"""A context for one handler: real rules, recorded ways out."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from purista_serverless import testing
from purista_serverless.builder.options import LongRunning
from purista_serverless.builder.service import ServiceBuilder
from purista_serverless.errors import DeclarationError, HandledError, Unavailable, UndeclaredUse
from purista_serverless.message import BadInput, Job, Rejected, Success
from purista_serverless.runtime.context import Context
from purista_serverless.schema import Model


class Closing(Model):
    """A cycle to close."""

    cycle_id: str


class Closed(Model):
    """A closed cycle."""

    cycle_id: str
    total: int


class Gateway:
    """Something that a handler is given."""

    fee = 5


billing = ServiceBuilder("Billing", version="1", description="Bills", owner="tests")
closed = billing.event("billing.closed", Closed)
opened = billing.event("billing.opened", Closed)
closing = billing.queue(
    "billing.closing", Closing, result=Closed, profile=LongRunning(max_runtime=timedelta(minutes=8))
)
letters = billing.queue("billing.letters", Closing, parameter=Closed)
total_of = billing.command("totalOf", Closing, int)
fee = billing.config("fee", int, default=3)
format_of = billing.config("format", str)
token = billing.secret("token")
gateway = billing.resource("gateway", Gateway)


@closing.worker(can_emit=[closed], can_enqueue=[letters], can_invoke=[total_of], uses=[fee, format_of, token])
async def close_cycle(ctx: Context, job: Closing) -> Closed:
    """Close a cycle."""
    ctx.progress({"percent": 50})
    done = Closed(cycle_id=job.cycle_id, total=ctx.invoke(total_of, job) + ctx.config(fee))
    ctx.emit(closed, done)
    ctx.enqueue(letters, job, done, delay=timedelta(hours=1), headers={"kind": "paper"})
    return done


@billing.subscribe(closed, "recordClosed", uses=[token])
def record(ctx: Context, event: Closed) -> None:
    """Use what is not declared, after what is."""
    ctx.log.info(ctx.secret(token))
    ctx.emit(opened, event)


@total_of.handler()
def total(ctx: Context, payload: Closing, *, gateway: Gateway) -> int:
    """Sum up."""
    if payload.cycle_id == "none":
        raise HandledError(404, "no such cycle")
    return gateway.fee


JOB = Closing(cycle_id="2026-01")
DONE = Closed(cycle_id="2026-01", total=13)


def test_a_test_is_a_function_call():
    """The handler is called as it stands, and everything that left it is loaded back."""
    ctx = testing.context(close_cycle, commands={total_of: 10})

    assert asyncio.run(close_cycle(ctx, JOB)) == DONE
    assert ctx.emitted(closed) == [DONE]
    assert ctx.invoked(total_of) == [JOB]
    (letter,) = ctx.enqueued(letters)
    assert (letter.payload, letter.parameter, letter.delay) == (JOB, DONE, timedelta(hours=1))
    assert letter.headers["kind"] == "paper"
    assert ctx.reported == [{"percent": 50}]
    assert ctx.emitted(opened) == []


def test_answers_may_be_functions_that_refuse():
    """A function answers by its payload; what it refuses reaches the handler as in production."""

    def answer(payload):
        raise HandledError(404, f"no cycle {payload.cycle_id}")

    ctx = testing.context(close_cycle, commands={total_of: answer})

    with pytest.raises(HandledError, match="no cycle 2026-01"):
        asyncio.run(close_cycle(ctx, JOB))


def test_a_command_without_an_answer_is_unavailable():
    """What the test did not set cannot be reached, and the error says what to do."""
    with pytest.raises(Unavailable, match="give the test an answer"):
        asyncio.run(close_cycle(testing.context(close_cycle), JOB))


def test_what_is_not_declared_fails_as_in_production():
    """An undeclared event is refused with the fix in the text; nothing was recorded."""
    ctx = testing.context(record, secrets={"token": "x"})

    with pytest.raises(UndeclaredUse, match="can_emit"):
        record(ctx, DONE)
    assert ctx.emitted(opened) == []


def test_the_environment_is_what_the_test_says():
    """Identity, time, settings, attempt and cancellation are options."""
    now = datetime(2026, 5, 1, tzinfo=UTC)
    ctx = testing.context(
        close_cycle,
        now=now,
        tenant_id="t",
        principal_id="p",
        message_id="job-1",
        attempt=3,
        run_id="run",
        cancel_requested=True,
        config={"fee": 4},
        headers={"a": "b"},
    )

    assert (ctx.now, ctx.tenant_id, ctx.principal_id, ctx.job_id) == (now, "t", "p", "job-1")
    assert (ctx.attempt, ctx.fence, ctx.cancel_requested(), ctx.config(fee)) == (3, 3, True, 4)
    assert isinstance(ctx.message, Job)
    assert ctx.message.headers["a"] == "b"
    assert ctx.message.run_id == "run"
    assert testing.context(close_cycle).config(fee) == 3
    with pytest.raises(LookupError, match="not set"):
        ctx.secret(token)


@pytest.mark.parametrize(("text", "value"), [("4", 4), ("4.0", 4)])
def test_a_text_is_read_as_the_type_of_its_setting(text, value):
    """Environments hold texts: what looks like a number is one where a number is declared, else it stays text."""
    ctx = testing.context(close_cycle, config={"fee": text, "format": text})

    assert (ctx.config(fee), ctx.config(format_of)) == (value, text)


def test_a_secret_is_given():
    """Secrets are read by their handle."""
    assert testing.context(record, secrets={"token": "x"}).secret(token) == "x"


def test_dispatch_runs_a_handler_as_a_host_does():
    """Checks, guards and resources apply; the end is an outcome, not an exception."""
    ctx = testing.context(total, resources={"gateway": Gateway()})

    assert isinstance(outcome := ctx.dispatch(JOB), Success)
    assert outcome.value == b"5"
    assert isinstance(ctx.dispatch(Closing(cycle_id="none")), Rejected)
    done = testing.context(close_cycle, commands={total_of: 10})
    assert isinstance(asyncio.run(done.adispatch(JOB)), Success)


def test_dispatch_takes_json_as_it_may_come():
    """Bytes are what somebody else may send; a payload that does not fit is bad input, and the handler does not run."""
    ctx = testing.context(total, resources={"gateway": Gateway()})

    assert isinstance(ctx.dispatch(b'{"cycleId": "2026-01"}'), Success)
    assert isinstance(ctx.dispatch(b'{"cycleId": 3}'), BadInput)


def test_only_workers_have_headers_and_progress():
    """Headers belong to jobs; progress belongs to tracked jobs."""
    with pytest.raises(DeclarationError, match="only jobs have headers"):
        testing.context(record, headers={"a": "b"})
    with pytest.raises(UndeclaredUse, match="tracking='full'"):
        testing.context(close_cycle, is_tracked=False).progress(1)


def test_only_handlers_have_a_context():
    """A plain function is refused with the way out."""
    with pytest.raises(DeclarationError, match="register it with a decorator"):
        testing.context(len)
