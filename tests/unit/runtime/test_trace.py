"""W3C trace context."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from purista_serverless.runtime.trace import continued, span_id_of, trace_id_of
from tests.unit.message.strategies import traceparents

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = f"00-{TRACE}-{SPAN}-00"


def test_trace_and_span_are_found():
    """The two ids stand where W3C puts them."""
    assert trace_id_of(PARENT) == TRACE
    assert span_id_of(PARENT) == SPAN


@pytest.mark.parametrize(
    "traceparent",
    [
        None,
        "",
        PARENT[:-1],
        PARENT + "0",
        PARENT.upper(),
        PARENT.replace("-", "_"),
        f"ff-{TRACE}-{SPAN}-00",
        f"00-{'0' * 32}-{SPAN}-00",
        f"00-{TRACE}-{'0' * 16}-00",
        f'00-{TRACE[:-1]}"-{SPAN}-00',
        f"00-{TRACE}-{SPAN}-zz",
    ],
)
def test_a_malformed_context_is_none(traceparent):
    """What W3C would not accept has neither trace nor span, and does not go on: a new trace begins."""
    assert trace_id_of(traceparent) is None
    assert span_id_of(traceparent) is None
    assert trace_id_of(continued(traceparent, None)) not in {None, TRACE}


@given(traceparents)
def test_a_trace_goes_on_with_a_span_of_its_own(traceparent):
    """Trace and flags stay, the span is new."""
    following = continued(traceparent, "f" * 32)

    assert trace_id_of(following) == trace_id_of(traceparent)
    assert span_id_of(following) not in {None, span_id_of(traceparent)}
    assert following[53:] == traceparent[53:]


@given(st.text())
def test_any_text_may_be_a_trace_id_upstream(text):
    """A trace id that W3C accepts is kept, any other starts a trace that it does accept."""
    assert trace_id_of(continued(None, text)) is not None
    assert trace_id_of(continued(None, TRACE)) == TRACE
