"""What the environment of a deployed function says, and the clients that its ports share."""

from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.aws.ports.clients import Clients
from purista_serverless.message.wire import parse_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from purista_serverless.adapters.aws.ports.failures import Use
    from purista_serverless.runtime.ports import Clock


class Deployment:
    """The names of what a function may use, and the clients to use it with.

    Args:
        environment: The variables of the function.
        clock: The time.
        make_client: Makes the client of a service by its name; botocore's session when omitted.
    """

    __slots__ = ("_tables", "client", "clock", "environment")

    def __init__(
        self,
        environment: "Mapping[str, str]",
        *,
        clock: "Clock",
        make_client: "Callable[[str], Any] | None" = None,
    ) -> None:
        self.environment = environment
        self.clock = clock
        self.client = Clients(make_client)
        self._tables: dict[str, Mapping[str, str]] = {}

    def name(self, variable: str, use: "Use", target: str) -> str:
        """Give a variable.

        Raises:
            UndeclaredUse: The function was deployed without it.
        """
        found = self.environment.get(variable)
        if not found:
            raise use.undeclared(target, f"{variable} is not set")
        return found

    def entry(self, variable: str, key: str, use: "Use") -> str:
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
