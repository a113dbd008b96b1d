"""What the environment of a deployed function says, and the clients that its ports share."""

from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.aws.ports.clients import Clients
from purista_serverless.runtime.deployed import DeployedNames

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from purista_serverless.runtime.ports import Clock


class Deployment(DeployedNames):
    """The names of what a function may use, and the clients to use it with.

    Args:
        environment: The variables of the function.
        clock: The time.
        make_client: Makes the client of a service by its name; botocore's session when omitted.
    """

    __slots__ = ("client",)

    def __init__(
        self,
        environment: "Mapping[str, str]",
        *,
        clock: "Clock",
        make_client: "Callable[[str], Any] | None" = None,
    ) -> None:
        super().__init__(environment, clock)
        self.client = Clients(make_client)
