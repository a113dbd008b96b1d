"""A call from outside: where an operation begins that no message has begun."""

from purista_serverless.runtime.ids import random_id
from purista_serverless.runtime.trace import continued, trace_id_of


class Call:
    """One call from outside: a new correlation, a trace, and the identity on whose behalf it is made."""

    __slots__ = ("correlation_id", "id", "principal_id", "tenant_id", "trace_id", "traceparent")

    def __init__(
        self, *, tenant_id: str | None, principal_id: str | None, correlation_id: str | None, traceparent: str | None
    ) -> None:
        self.id = random_id()
        self.correlation_id: str | None = correlation_id or random_id()
        self.traceparent: str | None = continued(traceparent, None)
        self.trace_id: str | None = trace_id_of(self.traceparent)
        self.tenant_id = tenant_id
        self.principal_id = principal_id
