"""The names of what a deployed function may use.

They stand in its environment, as its template set it; what is not there it was not given.
"""

from typing import TYPE_CHECKING

from purista_serverless.errors import UndeclaredUse
from purista_serverless.message.wire import parse_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from purista_serverless.runtime.ports import Clock


class Use:
    """A use of a provider's service.

    Args:
        action: What the provider's policies call it: ``sqs:SendMessage``.
        fix: How a function comes by the permission: ``declare can_enqueue=[...]``.
    """

    __slots__ = ("action", "fix")

    def __init__(self, action: str, fix: str) -> None:
        self.action = action
        self.fix = fix

    def undeclared(self, target: str, detail: str) -> UndeclaredUse:
        """Give the error of a use that the deployment does not allow."""
        fix = f"{self.fix}, build and deploy again ({detail})"
        return UndeclaredUse("this function", f"do {self.action} on", target, fix)


class DeployedNames:
    """The names of what a function may use.

    Args:
        environment: The variables of the function.
        clock: The time.
    """

    __slots__ = ("_tables", "clock", "environment")

    def __init__(self, environment: "Mapping[str, str]", clock: "Clock") -> None:
        self.environment = environment
        self.clock = clock
        self._tables: dict[str, Mapping[str, str]] = {}

    def name(self, variable: str, use: Use, target: str) -> str:
        """Give a variable.

        Raises:
            UndeclaredUse: The function was deployed without it.
        """
        found = self.environment.get(variable)
        if not found:
            raise use.undeclared(target, f"{variable} is not set")
        return found

    def entry(self, variable: str, key: str, use: Use) -> str:
        """Give an entry of a variable that holds a JSON object.

        Raises:
            UndeclaredUse: The function was deployed without that entry.
        """
        found = self.table(variable).get(key)
        if found is None:
            raise use.undeclared(key, f"{variable} does not name it")
        return found

    def table(self, variable: str) -> "Mapping[str, str]":
        """Give the JSON object in a variable, empty where the function has none."""
        found = self._tables.get(variable)
        if found is None:
            found = self._tables[variable] = parse_json(self.environment.get(variable) or "{}")
        return found
