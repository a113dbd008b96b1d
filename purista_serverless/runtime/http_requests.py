"""Commands over HTTP, whatever serves them: from what a request holds to a command message.

What is wrong with a request is a ``HandledError``, which every host answers as a problem.
"""

from typing import TYPE_CHECKING, Any

from purista_serverless.errors import DeclarationError, HandledError
from purista_serverless.message import COMMAND, Message, Party
from purista_serverless.message.wire import parse_json
from purista_serverless.runtime.call import Call
from purista_serverless.runtime.function import INSTANCE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from purista_serverless.builder.options import Route
    from purista_serverless.message.identity import Identity
    from purista_serverless.model import Http
    from purista_serverless.runtime.function import Function
    from purista_serverless.schema.query import QueryReader

    # Gives the value of a header by its lower-case name; the text is empty where there is none.
    Header = Callable[[str], str]

BODILESS = frozenset({"GET", "DELETE"})

_LONGEST_CORRELATION_ID = 128


class HttpCommand:
    """A command as requests see it.

    Args:
        function: The command's function.
        http: Its exposure.

    Attributes:
        names: What the placeholders of the path are called, in order.
        queue: Where an accepted job is found; ``None`` unless the mode is ``async``.
    """

    __slots__ = ("_reader", "_receiver", "_sender", "function", "http", "names", "queue")

    def __init__(self, function: "Function", http: "Http | Route") -> None:
        declaration, own = function.declaration, function.party
        self.function = function
        self.http = http
        self.names = placeholders(http.path)
        self.queue: str | None = declaration.can_enqueue[0].name if http.mode == "async" else None
        self._reader: QueryReader | None = None
        self._receiver = Party(own.service, own.version, declaration.target.name)
        self._sender = Party(own.service, own.version, f"$$endpoint:{http.method}:{http.path}", INSTANCE)

    def message(
        self,
        call: Call,
        body: bytes,
        texts: "Mapping[str, Sequence[str]]",
        *,
        now: int,
        tenant_id: str | None = None,
        principal_id: str | None = None,
    ) -> Message:
        """Give the command message of a request.

        Args:
            call: The trace and the correlation that it belongs to.
            body: Its body as it came.
            texts: Values of path and query by name.
            now: The time.
            tenant_id: The tenant of who sent it; of nobody on a public route.
            principal_id: Who sent it.

        Raises:
            HandledError: 400, the command transforms its input, and the body is not JSON.
        """
        if self.function.transform_input is not None:
            _require_parsable(body)
        return Message(
            id=call.id,
            timestamp=now,
            message_type=COMMAND,
            payload=body or None,
            parameter=self._parameter(texts) if self.function.takes_parameter else None,
            correlation_id=call.correlation_id,
            trace_id=call.trace_id,
            traceparent=call.traceparent,
            tenant_id=tenant_id,
            principal_id=principal_id,
            sender=self._sender,
            receiver=self._receiver,
        )

    def _parameter(self, texts: "Mapping[str, Sequence[str]]") -> "dict[str, Any]":
        if self._reader is None:
            from purista_serverless.schema.query import QueryReader

            # On first use: it takes the type's JSON Schema, which a function that is invoked directly never needs.
            self._reader = QueryReader(self.function.declaration.parameter_type())
        return self._reader.read(texts)


def call_of(header: "Header") -> Call:
    """Give the trace and the correlation that a request belongs to.

    ``traceparent`` is continued and ``x-correlation-id`` kept where they are well formed, else both begin here.
    """
    return Call(
        tenant_id=None,
        principal_id=None,
        correlation_id=_correlation_id(header("x-correlation-id")),
        traceparent=header("traceparent") or None,
    )


def names_of(call: Call) -> dict[str, str]:
    """Give the headers by which a response names its trace and its correlation."""
    return {"traceparent": call.traceparent or "", "x-correlation-id": call.correlation_id or ""}


def placeholders(path: str) -> list[str]:
    """Give the names that a path's placeholders fill, in order.

    Example:
        >>> placeholders("/accounts/{accountId}/close")
        ['accountId']
    """
    return [segment[1:-1] for segment in path.split("/") if segment.startswith("{")]


def unidentified() -> HandledError:
    """Give the refusal of a request of nobody in particular, where somebody has to ask."""
    return HandledError(401, "say who you are: this route is not public")


def identity_in(given: Any) -> "Identity | None":
    """Give what the application's ``authenticate`` gave, once that was awaited.

    Raises:
        DeclarationError: It gave something else than an identity.
    """
    from purista_serverless.message.identity import Identity

    if given is not None and not isinstance(given, Identity):
        raise DeclarationError(f"authenticate gave {type(given).__name__}; give an Identity, or None for nobody")
    return given


def require_size(size: int, limit: int) -> None:
    """Refuse a body that is too long.

    Raises:
        HandledError: 413, it has more than ``limit`` bytes.
    """
    if size > limit:
        raise HandledError(413, f"the body has more than the {limit} bytes that this route takes")


def require_json(header: "Header") -> None:
    """Refuse a body that does not say that it is JSON in UTF-8.

    Raises:
        HandledError: 415, its headers say otherwise.
    """
    if (header("content-encoding") or "identity").lower() != "identity":
        raise HandledError(415, "send the body as it is, without a content encoding")
    given = header("content-type")
    if given == "application/json":
        return
    media_type, *parameters = (part.strip().lower() for part in given.split(";"))
    if media_type != "application/json" and not (
        media_type.startswith("application/") and media_type.endswith("+json")
    ):
        raise HandledError(415, "send the body as application/json")
    charset = next((value for value in parameters if value.startswith("charset=")), "charset=utf-8")
    if charset.removeprefix("charset=").strip('"') not in {"utf-8", "utf8", "us-ascii"}:
        raise HandledError(415, "send the body in UTF-8")


def _correlation_id(given: str) -> str | None:
    is_usable = 0 < len(given) <= _LONGEST_CORRELATION_ID and given.isascii() and given.isprintable()
    return given if is_usable else None


def _require_parsable(body: bytes) -> None:
    """Refuse what is not JSON, before a transform of the user's meets it and fails as if it were its own fault."""
    try:
        parse_json(body or b"null")
    except ValueError as error:
        raise HandledError(400, f"the body is not JSON: {error}") from error
