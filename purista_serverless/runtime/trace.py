"""W3C trace context: read what came in, continue it in what goes out."""

from purista_serverless.runtime.ids import random_id, random_span_id

_HEXADECIMAL = "0123456789abcdef"


def trace_id_of(traceparent: str | None) -> str | None:
    """Give the trace id inside a ``traceparent``, or ``None`` if it is missing or malformed."""
    if traceparent is None or len(traceparent) != 55:
        return None
    version, trace, span, flags = traceparent[:2], traceparent[3:35], traceparent[36:52], traceparent[53:]
    is_divided = traceparent[2] == traceparent[35] == traceparent[52] == "-"
    is_marked = version != "ff" and _is_hexadecimal(version + flags)
    return trace if is_divided and is_marked and _is_id(trace) and _is_id(span) else None


def span_id_of(traceparent: str | None) -> str | None:
    """Give the parent's span id inside a ``traceparent``, or ``None`` if it is missing or malformed."""
    return traceparent[36:52] if traceparent is not None and trace_id_of(traceparent) else None


def continued(traceparent: str | None, trace_id: str | None) -> str:
    """Give a ``traceparent`` with a new span: of the same trace where there is one, else of a new trace.

    A ``trace_id`` that W3C would not accept (upstream allows any text) starts a new trace.
    """
    flags = traceparent[53:55] if traceparent is not None and trace_id_of(traceparent) else "01"
    trace = trace_id_of(traceparent) or (trace_id if _is_trace_id(trace_id) else random_id())
    return f"00-{trace}-{random_span_id()}-{flags}"


def _is_trace_id(text: str | None) -> bool:
    return text is not None and len(text) == 32 and _is_id(text)


def _is_id(text: str) -> bool:
    return _is_hexadecimal(text) and text.strip("0") != ""


def _is_hexadecimal(text: str) -> bool:
    return not text.strip(_HEXADECIMAL)
