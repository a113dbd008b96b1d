"""Read the annotations of one function, one by one, without ``inspect``.

One at a time, because a context annotation is often imported for type checkers only and must not spoil the others.
"""

import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from purista_serverless.builder.origin import origin_of
from purista_serverless.errors import DeclarationError

if TYPE_CHECKING:
    from collections.abc import Callable

COROUTINE = 0x80
GENERATOR = 0x20
ASYNC_GENERATOR = 0x200


class Missing:
    """Stand for an annotation or an argument that was not given."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "(none)"


MISSING = Missing()


def unwrapped(function: "Callable[..., Any]") -> "Callable[..., Any]":
    """Give the function below ``functools.wraps``."""
    inner: Any = function
    while hasattr(inner, "__wrapped__"):
        inner = inner.__wrapped__
    return inner  # type: ignore[no-any-return]


def positional_names(function: "Callable[..., Any]") -> tuple[str, ...]:
    """Name the positional parameters in order."""
    code = unwrapped(function).__code__
    return code.co_varnames[: code.co_argcount]


def keyword_names(function: "Callable[..., Any]") -> tuple[str, ...]:
    """Name the keyword-only parameters in order."""
    code = unwrapped(function).__code__
    return code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]


def is_coroutine(function: "Callable[..., Any]") -> bool:
    """Tell whether what a call gives may have to be awaited.

    Looks through ``functools.wraps``, ``functools.partial`` and the ``__call__`` of objects. A wrapper around an
    ``async def`` counts as one itself: whether it awaits or hands the coroutine on, its result is awaited if it can be.
    """
    layer: Any = function
    while layer is not None:
        # Asked of the type: on an instance `__call__` would be looked up in vain for ever.
        code = getattr(layer, "__code__", None) or getattr(type(layer).__call__, "__code__", None)
        if code is not None and code.co_flags & COROUTINE:
            return True
        layer = layer.func if isinstance(layer, partial) else getattr(layer, "__wrapped__", None)
    return False


def annotation_of(function: "Callable[..., Any]", name: str) -> Any:
    """Give the annotation of a parameter, or of ``"return"``; ``MISSING`` if there is none.

    Raises:
        DeclarationError: The annotation names something that does not exist when the program runs.
    """
    inner = unwrapped(function)
    written = _annotations(inner).get(name, MISSING)
    if written is MISSING or isinstance(written, type):
        return written
    from types import SimpleNamespace
    from typing import get_type_hints

    holder: Any = SimpleNamespace(__annotations__={name: written})
    try:
        return get_type_hints(holder, globalns=inner.__globals__, include_extras=True)[name]
    except NameError as error:
        raise DeclarationError(
            f"{origin_of(inner)}: the annotation of {name!r} of {inner.__qualname__} cannot be read ({error}); "
            "import the type outside of `if TYPE_CHECKING`"
        ) from error


def _annotations(function: "Callable[..., Any]") -> dict[str, Any]:
    if sys.version_info >= (3, 14):
        # Annotations are evaluated when asked for; names that do not exist then come as references.
        from annotationlib import Format, get_annotations

        return get_annotations(function, format=Format.FORWARDREF)
    return function.__annotations__
