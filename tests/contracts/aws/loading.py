"""Cold starts: what a generated file under ``handlers/`` does, for applications that are no modules."""

from collections.abc import Callable, Mapping
from typing import Any

from purista_serverless.application import Application
from purista_serverless.runtime.entry import Entry
from purista_serverless.runtime.function import Function
from purista_serverless.topology import Function as Described


class LoadedEntry(Entry):
    """An entry whose target is at hand, because tests declare inside of functions.

    Args:
        described: The function in the topology.
        target: What its generated file would import.
        watch: Is given the function before it runs.
    """

    __slots__ = ("_object", "_watch")

    def __init__(self, described: Described, target: Any, watch: Callable[[Function], None]) -> None:
        triggers = tuple(trigger.name for trigger in described.triggers)
        super().__init__(f"{described.module}:{described.attribute}", triggers, facts_of(described))
        self._object = target
        self._watch = watch

    def load(self) -> Any:
        """Give the target."""
        return self._object

    def function(self) -> Function:
        """Bind the handler, and have it watched."""
        function = super().function()
        self._watch(function)
        return function


def facts_of(described: Described) -> dict[str, Any]:
    """Give what a generated file says of a function besides its target and triggers."""
    facts = {
        "tracking": described.tracking if described.tracking != "none" else None,
        "runs": described.runs,
        "strict": described.strict,
        "recorded": described.recorded,
        "awaits": described.awaits,
        "run_timeout": None if described.run_timeout is None else round(described.run_timeout.total_seconds() * 1000),
    }
    return {name: value for name, value in facts.items() if value}


def targets_of(application: Application) -> Mapping[str, Any]:
    """Give what the generated file of each function would import, by kind and address: handlers and builders."""
    model = application.model
    targets: dict[str, Any] = {}
    for kind, declared in (("command", model.commands), ("worker", model.workers), ("subscription", model.subscriptions)):
        for one in declared:
            if one.handler is not None:
                targets[f"{kind} {one.address}"] = one.handler.function
    for service in application.services:
        for kind in ("binding", "gate"):
            targets[f"{kind} {service.name} {service.version}"] = service
    return targets


def target_of(targets: Mapping[str, Any], described: Described) -> Any:
    """Give what the generated file of a function would import."""
    address = described.address
    if described.kind in {"binding", "gate"}:
        return targets[f"{described.kind} {address.service} {address.version}"]
    return targets[f"{described.kind} {address}"]
