"""OpenTelemetry spans around dispatches, with the SDK's exporter in memory."""

from collections.abc import Iterator

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from purista_serverless import CancelJob, Context, HandledError, RetryLater, ServiceBuilder
from purista_serverless.message import COMMAND, Message
from purista_serverless.runtime.dispatch import adispatch, dispatch
from purista_serverless.runtime.function import Function
from purista_serverless.runtime.loop import run
from purista_serverless.runtime.trace import span_id_of, trace_id_of
from purista_serverless.testing import RecordingEvents, RecordingQueues, VirtualClock, context, ports
from tests.cold.interpreter import modules_after

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = f"00-{TRACE}-{SPAN}-01"

shop = ServiceBuilder("Shop")
ordered = shop.event("shop.ordered", int)
counting = shop.queue("shop.counting", int)
place = shop.command("place", int, int)
aplace = shop.command("aplace", int, int)


@place.handler(can_emit=[ordered], can_enqueue=[counting])
def place_order(ctx: Context, payload: int) -> int:
    """Emit and enqueue; odd amounts are for failing."""
    ctx.emit(ordered, payload)
    ctx.enqueue(counting, payload)
    if payload == 1:
        raise ValueError("boom")
    if payload == 3:
        raise HandledError(409, "too late")
    if payload == 5:
        raise RetryLater(reason="busy")
    return payload


@aplace.handler(can_emit=[ordered])
async def aplace_order(ctx: Context, payload: int) -> int:
    """Do the same without blocking."""
    await ctx.aemit(ordered, payload)
    if payload == 1:
        raise ValueError("boom")
    return payload


@counting.worker()
def count(ctx: Context, amount: int) -> None:
    """Cancel, always."""
    raise CancelJob("enough")


class Scene:
    """What a dispatch left behind."""

    def __init__(self, exporter: InMemorySpanExporter) -> None:
        self.exporter = exporter
        self.events = RecordingEvents()
        self.queues = RecordingQueues()
        self.ports = ports(VirtualClock(0), events=self.events, queues=self.queues)

    def place(self, amount: object, traceparent: str | None = PARENT) -> None:
        """Dispatch the sync command."""
        dispatch(Function(place_order.__purista__), self.message(amount, traceparent), self.ports)  # type: ignore[attr-defined]

    def aplace(self, amount: object) -> None:
        """Dispatch the async command."""
        run(adispatch(Function(aplace_order.__purista__), self.message(amount, PARENT), self.ports))  # type: ignore[attr-defined]

    def message(self, amount: object, traceparent: str | None) -> Message:
        """Give a command's message."""
        return Message(id="m1", timestamp=0, message_type=COMMAND, payload=amount, traceparent=traceparent)

    @property
    def span(self) -> ReadableSpan:
        """Give the one span that was finished."""
        [span] = self.exporter.get_finished_spans()
        return span


@pytest.fixture(scope="module")
def exporter() -> InMemorySpanExporter:
    """Have the process export its spans to memory; OpenTelemetry takes a provider once per process."""
    exporter = InMemorySpanExporter()
    provider = trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider):
        provider = TracerProvider()
        trace.set_tracer_provider(provider)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return exporter


@pytest.fixture
def scene(exporter: InMemorySpanExporter) -> Iterator[Scene]:
    """Start without spans."""
    exporter.clear()
    yield Scene(exporter)
    exporter.clear()


def test_a_span_continues_the_messages_trace(scene):
    """The span is a server's, a child of the context in the message, and names function and message."""
    scene.place(2)

    assert scene.span.name == "Shop v1 > place"
    assert scene.span.kind is trace.SpanKind.SERVER
    assert f"{scene.span.parent.span_id:016x}" == SPAN
    assert f"{scene.span.context.trace_id:032x}" == TRACE
    assert scene.span.attributes["messaging.message.id"] == "m1"
    assert scene.span.attributes["messaging.message.conversation_id"] == "m1"
    assert scene.span.attributes["purista.outcome"] == "Success"
    assert scene.span.status.is_ok


def test_what_a_handler_sends_is_a_child_of_its_span(scene):
    """Messages and jobs travel with the trace and the span that the tracer opened."""
    scene.place(2)
    [event], [(job, _)] = scene.events.messages, scene.queues.sent
    span = f"{scene.span.context.span_id:016x}"

    assert (trace_id_of(event.traceparent), span_id_of(event.traceparent)) == (TRACE, span)
    assert (trace_id_of(job.traceparent), span_id_of(job.traceparent)) == (TRACE, span)
    assert (job.trace_id, job.parent_span_id) == (TRACE, span)


def test_without_a_parent_a_trace_begins(scene):
    """A message without a context starts a trace, and what is sent belongs to it."""
    scene.place(2, None)

    assert scene.span.parent is None
    assert trace_id_of(scene.events.messages[0].traceparent) == f"{scene.span.context.trace_id:032x}"
    assert scene.events.messages[0].trace_id == f"{scene.span.context.trace_id:032x}"


def test_an_open_span_of_the_host_is_the_parent(scene):
    """A message without a context becomes a child of the span in which its host works."""
    with trace.get_tracer("host").start_as_current_span("host") as host:
        scene.place(2, None)
    ours = next(span for span in scene.exporter.get_finished_spans() if span.name != "host")

    assert ours.parent.span_id == host.get_span_context().span_id


def test_an_error_is_recorded(scene):
    """A failure makes the span an error and keeps the exception; the class is told, the text is in the event."""
    scene.place(1)

    assert scene.span.status.status_code is trace.StatusCode.ERROR
    assert scene.span.status.description == "ValueError"
    assert [event.attributes["exception.message"] for event in scene.span.events] == ["boom"]


@pytest.mark.parametrize(("amount", "attribute", "value"), [(3, "purista.status", 409), (5, "purista.reason", "busy")])
def test_an_answer_is_no_error(scene, amount, attribute, value):
    """A refusal and a request to try again are told, but are no errors."""
    scene.place(amount)

    assert scene.span.attributes[attribute] == value
    assert scene.span.status.is_ok


def test_bad_input_is_an_error_without_its_values(scene):
    """The span says that the input was bad, and shows none of it."""
    scene.place("secret")

    assert scene.span.status.status_code is trace.StatusCode.ERROR
    assert scene.span.attributes["purista.outcome"] == "BadInput"
    assert "secret" not in scene.span.to_json()


def test_a_worker_is_a_consumer_of_its_queue(scene):
    """The span of a job names the queue; a cancellation is no error."""
    context(count).dispatch(2)

    assert scene.span.kind is trace.SpanKind.CONSUMER
    assert scene.span.attributes["messaging.destination.name"] == "shop.counting"
    assert scene.span.attributes["purista.outcome"] == "Cancelled"
    assert scene.span.status.is_ok


def test_async_handlers_are_traced_alike(scene):
    """Parent, outgoing context and errors are the same for a coroutine."""
    scene.aplace(1)

    assert f"{scene.span.parent.span_id:016x}" == SPAN
    assert span_id_of(scene.events.messages[0].traceparent) == f"{scene.span.context.span_id:016x}"
    assert scene.span.status.status_code is trace.StatusCode.ERROR


def test_without_opentelemetry_nothing_of_it_is_loaded():
    """A process that did not load OpenTelemetry dispatches without span machinery, and traces travel all the same."""
    program = f"""
from purista_serverless import ServiceBuilder
from purista_serverless.testing import context
shop = ServiceBuilder("Shop")
ordered = shop.event("shop.ordered", int)
place = shop.command("place", int, int)
@place.handler(can_emit=[ordered])
def place_order(ctx, payload):
    ctx.emit(ordered, payload)
    return payload
ctx = context(place_order)
ctx.message = ctx.message.replace(traceparent={PARENT!r})
ctx.dispatch(2)
[event] = ctx.ports.events.messages
assert event.trace_id == {TRACE!r} and event.traceparent[3:35] == {TRACE!r} and event.traceparent != {PARENT!r}
"""
    loaded = modules_after(program)

    assert "purista_serverless.runtime.dispatch" in loaded
    assert "purista_serverless.runtime.telemetry" not in loaded
    assert not any(name.partition(".")[0] == "opentelemetry" for name in loaded)
