"""Handles of what handlers read: resources, configuration, secrets; and of schedules."""

import sys
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from purista_serverless.builder.annotations import MISSING, Missing
from purista_serverless.builder.origin import Origin
from purista_serverless.errors import DeclarationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from purista_serverless.builder.service import ServiceBuilder

T = TypeVar("T")


class Resource(Generic[T]):
    """Name something that handlers are given as a keyword-only parameter: a client, a pool, a gateway.

    ``factory`` makes it, once per process: a callable, or ``"module:function"``, which is imported when it is needed.
    """

    __slots__ = ("factory", "name", "origin", "service", "type")
    kind = "resource"

    def __init__(
        self,
        name: str,
        type: "type[T]",  # noqa: A002 - the word that users know
        factory: "Callable[[], T] | str | None",
        *,
        service: "ServiceBuilder",
        origin: Origin,
    ) -> None:
        self.name = name
        self.type = type
        self.factory = factory
        self.service = service
        self.origin = origin

    def create(self) -> T:
        """Make the resource.

        Raises:
            DeclarationError: It has no factory, or the factory cannot be imported.
        """
        factory = load_factory(self.factory)
        if factory is None:
            raise DeclarationError(
                f"{self.origin}: resource {self.name!r} has no factory; declare it with factory=... "
                "or give it to the test's context"
            )
        made: T = factory()
        return made

    def __repr__(self) -> str:
        return f"Resource({self.name!r})"


def load_factory(factory: "Callable[[], Any] | str | None") -> "Callable[[], Any] | None":
    """Give a factory, importing it if it is named as ``"module:function"``.

    Raises:
        DeclarationError: The name has another form, or there is no such module or function.
    """
    if not isinstance(factory, str):
        return factory
    from importlib import import_module

    module, _, name = factory.partition(":")
    try:
        return getattr(import_module(module), name)  # type: ignore[no-any-return]
    except (ImportError, AttributeError, ValueError) as error:
        raise DeclarationError(f"factory {factory!r} cannot be loaded ({error}); write 'module:function'") from error


def factory_path(factory: "Callable[[], Any] | str") -> str:
    """Give the ``"module:function"`` by which a factory can be imported; an empty text if it cannot be."""
    if isinstance(factory, str):
        return factory
    module, name = getattr(factory, "__module__", None), getattr(factory, "__qualname__", "")
    is_found = module != "__main__" and getattr(sys.modules.get(module or ""), name, None) is factory
    return f"{module}:{name}" if is_found else ""


class Config(Generic[T]):
    """Name a configuration value that handlers read with ``ctx.config(handle)``."""

    __slots__ = ("default", "name", "origin", "service", "type")
    kind = "config"

    def __init__(
        self,
        name: str,
        type: "type[T]",  # noqa: A002 - the word that users know
        default: "T | Missing",
        *,
        service: "ServiceBuilder",
        origin: Origin,
    ) -> None:
        self.name = name
        self.type = type
        self.default = default
        self.service = service
        self.origin = origin

    @property
    def has_default(self) -> bool:
        """Tell whether the value may be absent."""
        return self.default is not MISSING

    def __repr__(self) -> str:
        return f"Config({self.name!r})"


class Secret:
    """Name a secret that handlers read with ``ctx.secret(handle)``."""

    __slots__ = ("name", "origin", "service")
    kind = "secret"

    def __init__(self, name: str, *, service: "ServiceBuilder", origin: Origin) -> None:
        self.name = name
        self.service = service
        self.origin = origin

    def __repr__(self) -> str:
        return f"Secret({self.name!r})"


class Schedule:
    """Name a schedule; get one from ``ServiceBuilder.schedule(...)`` and one of its targets."""

    __slots__ = ("name", "origin", "service")
    kind = "schedule"

    def __init__(self, name: str, *, service: "ServiceBuilder", origin: Origin) -> None:
        self.name = name
        self.service = service
        self.origin = origin

    @property
    def full_name(self) -> str:
        """Give the name that is unique in an application: ``Billing.1.monthlyCycle``."""
        return f"{self.service.name}.{self.service.version}.{self.name}"

    def __repr__(self) -> str:
        return f"Schedule({self.full_name!r})"
