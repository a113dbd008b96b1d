"""Configuration and secrets: both stand in the environment, where the platform put them."""

from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.gcp.constants import CONFIG, SECRETS
from purista_serverless.message.wire import parse_json

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

    def config(self, name: str) -> Any:
        """Give a configuration value: JSON, or the text where it is none; ``None`` if it is not set."""
        text = self._deployment.table(CONFIG).get(name)
        if not text:
            return None
        try:
            return parse_json(text)
        except ValueError:
            return text

    def secret(self, name: str) -> str | None:
        """Give a secret as of the start of this instance; ``None`` if it is not set."""
        variable = self._deployment.table(SECRETS).get(name)
        return (self._deployment.environment.get(variable) or None) if variable else None
