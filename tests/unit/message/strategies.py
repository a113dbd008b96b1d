"""Messages, jobs and their parts, made up by hypothesis."""

import json
from typing import Any

from hypothesis import strategies as st

from purista_serverless.message import COMMAND, CUSTOM_MESSAGE, Job, Message, Party

texts = st.text(max_size=20)
names = st.text(min_size=1, max_size=20)
# What JSON itself can tell apart: no NaN, no infinity, and no integer that a double would round.
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
traceparents = st.builds(
    "00-{:032x}-{:016x}-{:02x}".format, st.integers(1, 2**128 - 1), st.integers(1, 2**64 - 1), st.integers(0, 255)
)
parties = st.builds(Party, names, texts, texts, st.none() | names)

_COMMON: dict[str, st.SearchStrategy[Any]] = {
    "id": names,
    "timestamp": st.integers(0, 253_402_300_799_999),
    "correlation_id": st.none() | texts,
    "causation_id": st.none() | texts,
    "trace_id": st.none() | texts,
    "traceparent": st.none() | traceparents,
    "tenant_id": st.none() | texts,
    "principal_id": st.none() | texts,
    "run_id": st.none() | texts,
    "idempotency_key": st.none() | texts,
    "generation": st.integers(0, 9),
    "sender": parties,
}
events = st.builds(Message, message_type=st.just(CUSTOM_MESSAGE), event_name=names, payload=values, **_COMMON)
commands = st.builds(
    Message,
    message_type=st.just(COMMAND),
    receiver=parties,
    payload=values,
    parameter=st.dictionaries(texts, values, max_size=3),
    **_COMMON,
)
jobs = st.builds(
    Job,
    id=names,
    queue=names,
    payload=values,
    parameter=st.dictionaries(texts, values, max_size=3),
    headers=st.dictionaries(names, texts, max_size=3),
    created_at=st.integers(0, 2**42),
    scheduled_at=st.integers(0, 2**42),
    priority=st.integers(0, 9),
    attempt=st.integers(0, 9),
    max_attempts=st.integers(1, 99),
    lease_ttl=st.integers(1, 10**8),
    trace_id=st.none() | texts,
    parent_span_id=st.none() | texts,
    correlation_id=st.none() | texts,
    idempotency_key=st.none() | texts,
    ordering_key=st.none() | texts,
)


def raw(value: object) -> bytes:
    """Write a value as other programs do: with blanks, and escaped."""
    return json.dumps(value).encode()
