"""The door of a deployed function: what every generated file under ``handlers/`` calls.

The platform is found out once, at import. ``PURISTA_ADAPTER`` wins, then the variables that platforms set, then
``embedded``. The adapter's module is named by text, so that no adapter but the chosen one is ever loaded.

The garbage collector rests while a function loads. Nearly all that is made then stays as long as the process does, and
walking through it again and again takes a tenth of the cold start; later collections leave it out as well.
"""

import gc
import os
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from purista_serverless.errors import DeclarationError, UnknownAdapter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from purista_serverless.builder.handlers import HandlerDeclaration
    from purista_serverless.builder.handles import Queue
    from purista_serverless.runtime.enqueue import QueueSpec
    from purista_serverless.runtime.function import Function, Watch

OVERRIDE = "PURISTA_ADAPTER"

# What a platform sets and nobody else does.
_PLATFORMS = (
    ("aws", ("AWS_LAMBDA_RUNTIME_API",)),
    ("gcp", ("K_SERVICE", "FUNCTION_TARGET")),
)


class Entry:
    """What a generated file says of its function.

    Args:
        target: ``module:name`` of the handler; for bindings and gates, of the service's builder.
        triggers: Why it runs: ``queue:billing.monthlyClosing``, ``http:POST /accounts/{accountId}/close`` and so on.
        facts: What only the whole application knows: ``tracking`` of the queue, ``runs`` that wait, queues that are
            ``strict`` or ``recorded`` to whoever enqueues, ``resources`` as factories by name (``module:function``);
            ``authenticate`` of a private command (``module:name``), where the application has its own;
            of a gate, the bindings that its runs ``awaits`` by edge, and their ``run_timeout`` in milliseconds.
    """

    __slots__ = ("facts", "target", "triggers")

    def __init__(self, target: str, triggers: tuple[str, ...], facts: "Mapping[str, Any]") -> None:
        self.target = target
        self.triggers = triggers
        self.facts = facts

    def load(self) -> Any:
        """Import the target's module, and nothing else, and give the target."""
        module, _, name = self.target.partition(":")
        found: Any = import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
        return found

    def function(self, watch: "Watch | None" = None) -> "Function":
        """Bind the handler.

        Args:
            watch: Is told how each of its runs ended.

        Raises:
            DeclarationError: The target is no registered handler.
        """
        from purista_serverless.runtime.function import Function

        declaration = getattr(self.load(), "__purista__", None)
        if declaration is None:
            raise DeclarationError(f"{self.target} is no registered handler; run the build again")
        return Function(declaration, factories=self._factories(), queues=self._queues(declaration), watch=watch)

    def _factories(self) -> "dict[str, Callable[[], Any]]":
        """Give the factories that the application puts in place of the declared ones; each is imported when used."""
        return {name: partial(_make, path) for name, path in self.facts.get("resources", {}).items()}

    def authenticate(self) -> "Callable[..., Any] | None":
        """Give what tells who sent a request; ``None`` where only the platform can."""
        path = self.facts.get("authenticate")
        if path is None:
            return None
        from purista_serverless.builder.values import load_factory

        return load_factory(path)

    def _queues(self, declaration: "HandlerDeclaration") -> "dict[str, QueueSpec]":
        """Give the queues of which the whole application knows more than their handles say."""
        return {queue.name: self.queue_spec(queue) for queue in declaration.can_enqueue if self._is_known(queue.name)}

    def _is_known(self, queue: str) -> bool:
        return queue in self.facts.get("strict", ()) or queue in self.facts.get("recorded", ())

    def queue_spec(self, queue: "Queue[Any, Any]") -> "QueueSpec":
        """Give what an enqueue must know of a queue: what its handle says, and what the whole application knows."""
        from purista_serverless.runtime.enqueue import QueueSpec

        if not self._is_known(queue.name):
            return QueueSpec.of(queue)
        return QueueSpec(queue, is_strict=queue.name in self.facts.get("strict", ()), tracking="full")


def _make(path: str) -> Any:
    from purista_serverless.builder.values import load_factory

    factory: Any = load_factory(path)
    return factory()


def entry(target: str, *triggers: str, **facts: Any) -> "Callable[..., Any]":
    """Give the handler of a generated file, with the signature of the platform that it runs on.

    Args:
        target: ``module:name`` of the handler; for bindings and gates, of the service's builder.
        triggers: Why it runs.
        facts: What only the whole application knows.

    Raises:
        DeclarationError: ``PURISTA_ADAPTER`` contradicts the platform, or the target is no handler.
        UnknownAdapter: There is no such adapter.
    """
    name = adapter_name(os.environ)
    was_collecting = gc.isenabled()
    gc.disable()
    try:
        handler: Callable[..., Any] = _adapter(name).bind(Entry(target, triggers, facts))
        gc.freeze()
    finally:
        if was_collecting:
            gc.enable()
    return handler


def _adapter(name: str) -> Any:
    path = f"purista_serverless.adapters.{name}.entry"
    try:
        return import_module(path)
    except ModuleNotFoundError as error:
        if error.name is None or not path.startswith(error.name):
            raise
        raise UnknownAdapter(name, ["embedded", *(known for known, _ in _PLATFORMS)]) from error


def adapter_name(environment: "Mapping[str, str]") -> str:
    """Give the name of the adapter for an environment.

    Raises:
        DeclarationError: ``PURISTA_ADAPTER`` contradicts the platform.

    Example:
        >>> adapter_name({"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001"})
        'aws'
    """
    platform = next((name for name, marks in _PLATFORMS if any(mark in environment for mark in marks)), None)
    chosen = environment.get(OVERRIDE)
    if chosen and platform is not None and chosen != platform:
        raise DeclarationError(
            f"{OVERRIDE}={chosen} but this is {platform}; unset {OVERRIDE} or set it to {platform!r}"
        )
    return chosen or platform or "embedded"
