"""Configuration and secrets: both stand in the environment, where the platform put them."""

from typing import TYPE_CHECKING

from purista_serverless.adapters.gcp.constants import CONFIG, SECRETS

if TYPE_CHECKING:
    from purista_serverless.adapters.gcp.ports.deployment import Deployment


class EnvironmentSettings:
    """A ``SettingsPort``. What is empty is not set.

    Args:
        deployment: Where from.
    """

    __slots__ = ("_deployment",)

    def __init__(self, deployment: "Deployment") -> None:
        self._deployment = deployment

    def config(self, name: str) -> str | None:
        """Give the text of a configuration value; ``None`` if it is not set."""
        return self._deployment.table(CONFIG).get(name) or None

    def secret(self, name: str) -> str | None:
        """Give a secret as of the start of this instance; ``None`` if it is not set."""
        variable = self._deployment.table(SECRETS).get(name)
        return (self._deployment.environment.get(variable) or None) if variable else None
