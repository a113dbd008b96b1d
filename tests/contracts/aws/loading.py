"""Cold starts: what a generated file under ``handlers/`` does, for applications that are no modules."""

import ast
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from purista_serverless.application import Application
from purista_serverless.runtime.entry import Entry
from purista_serverless.runtime.function import Function
from purista_serverless.synth.handlers import render_handler
from purista_serverless.topology import Function as Described

if TYPE_CHECKING:
    from purista_serverless.runtime.function import Watch


class LoadedEntry(Entry):
    """An entry whose target is at hand, because tests declare inside of functions.

    Args:
        described: The function in the topology, whose generated file says the rest.
        target: What its generated file would import.
        watch: Is given the function before it runs.
    """

    __slots__ = ("_object", "_watch")

    def __init__(self, described: Described, target: Any, watch: Callable[[Function], None]) -> None:
        super().__init__(*arguments_of(render_handler(described)))
        self._object = target
        self._watch = watch

    def load(self) -> Any:
        """Give the target."""
        return self._object

    def function(self, watch: "Watch | None" = None) -> Function:
        """Bind the handler, and give it to whoever made this entry."""
        function = super().function(watch)
        self._watch(function)
        return function


def arguments_of(text: str) -> tuple[str, tuple[str, ...], dict[str, Any]]:
    """Give target, triggers and facts as a generated file says them."""
    assignment = ast.parse(text).body[-1]
    assert isinstance(assignment, ast.Assign)
    assert isinstance(assignment.value, ast.Call)
    target, *triggers = map(ast.literal_eval, assignment.value.args)
    facts = {str(fact.arg): ast.literal_eval(fact.value) for fact in assignment.value.keywords}
    return target, tuple(triggers), facts


def targets_of(application: Application) -> Mapping[str, Any]:
    """Give what the generated file of each function would import, by kind and address: handlers and builders."""
    model = application.model
    targets: dict[str, Any] = {}
    handled: dict[str, tuple[Any, ...]] = {
        "command": model.commands,
        "worker": model.workers,
        "subscription": model.subscriptions,
    }
    for kind, declared in handled.items():
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
