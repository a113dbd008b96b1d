"""OpenTelemetry spans around dispatches; loaded only when the process has loaded OpenTelemetry itself."""

from contextlib import contextmanager
from typing import TYPE_CHECKING, assert_never

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from purista_serverless.message import BadInput, Cancelled, Failed, Outcome, Rejected, Retry, Success
from purista_serverless.message.job import Job

if TYPE_CHECKING:
    from collections.abc import Iterator

    from purista_serverless.runtime.context import Context

_propagator = TraceContextTextMapPropagator()


@contextmanager
def span(context: "Context") -> "Iterator[trace.Span]":
    """Open a span for a dispatch, as a child of the message's trace; the context's own trace follows it."""
    message, function = context.message, context.function
    carrier = {"traceparent": message.traceparent} if message.traceparent else {}
    parent = _propagator.extract(carrier) if carrier else otel_context.get_current()
    tracer = trace.get_tracer("purista_serverless")
    kind = trace.SpanKind.SERVER if function.kind == "command" else trace.SpanKind.CONSUMER
    attributes = {
        "purista.function": function.name,
        "purista.kind": function.kind,
        "messaging.message.id": message.id,
        "messaging.message.conversation_id": context.correlation_id,
    }
    if isinstance(message, Job):
        attributes["messaging.destination.name"] = message.queue
    with tracer.start_as_current_span(function.name, context=parent, kind=kind, attributes=attributes) as active:
        outgoing: dict[str, str] = {}
        _propagator.inject(outgoing)
        if "traceparent" in outgoing:
            context.continue_trace(outgoing["traceparent"])
        yield active


def tell(active: trace.Span, outcome: Outcome) -> Outcome:
    """Write the outcome onto the span and give it back."""
    active.set_attribute("purista.outcome", type(outcome).__name__)
    match outcome:
        case Failed(error):
            active.record_exception(error)
            active.set_status(trace.Status(trace.StatusCode.ERROR, type(error).__name__))
        case Rejected(error):
            active.set_attribute("purista.status", error.status)
        case Retry(_, reason):
            active.set_attribute("purista.reason", reason)
        case BadInput():
            active.set_status(trace.Status(trace.StatusCode.ERROR, "BadInput"))
        case Success() | Cancelled():
            pass
        case _:
            assert_never(outcome)
    return outcome
