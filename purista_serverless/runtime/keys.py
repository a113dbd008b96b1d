"""Keys taken from payloads: ordering keys and idempotency keys, by path or by function."""

from typing import TYPE_CHECKING, Any

from purista_serverless.message.wire import parse_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from purista_serverless.schema import Codec


class Key:
    """A key of a typed payload: a path such as ``payload.cycleId``, or a function of the loaded payload."""

    __slots__ = ("codec", "function", "names")

    def __init__(self, source: "Callable[[Any], Any] | str", codec: "Codec") -> None:
        self.codec = codec
        self.function: Callable[[Any], Any] | None = None
        self.names: tuple[str, ...] = ()
        if callable(source):
            self.function = source
        else:
            from purista_serverless.schema import resolve_path

            self.names = resolve_path(codec.type, source)

    def of(self, raw: bytes) -> str | None:
        """Give the key of a dumped payload, ``None`` if it has none."""
        if self.function is not None:
            value = self.function(self.codec.load_json(raw))
        else:
            from purista_serverless.schema import value_at

            value = value_at(parse_json(raw), self.names)
        return None if value is None else str(value)
