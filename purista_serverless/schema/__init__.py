"""Declared types at work: load, dump, JSON Schema, key paths. The only package that knows pydantic.

``Model`` and ``Codec`` are on the cold path. What only a build needs (JSON Schema, compatibility, key paths against a
type) lives in modules of its own, which load on first use.
"""

from typing import TYPE_CHECKING, Any

from purista_serverless.schema.codec import Codec, codec_of
from purista_serverless.schema.models import Model

if TYPE_CHECKING:
    from purista_serverless.schema.contract import fits, json_schema_of
    from purista_serverless.schema.paths import KeyPath, resolve_path, value_at
    from purista_serverless.schema.results import QueueResult, ResultReason

__all__ = [
    "Codec",
    "KeyPath",
    "Model",
    "QueueResult",
    "ResultReason",
    "codec_of",
    "fits",
    "json_schema_of",
    "resolve_path",
    "value_at",
]

_LATER = {
    "KeyPath": "paths",
    "QueueResult": "results",
    "ResultReason": "results",
    "fits": "contract",
    "json_schema_of": "contract",
    "resolve_path": "paths",
    "value_at": "paths",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
    globals()[name] = value
    return value
