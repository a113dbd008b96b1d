"""Configuration from the SSM Parameter Store, secrets from Secrets Manager.

Powertools' parameters would do the same; importing them takes a third longer than botocore alone.
"""

from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.aws.constants import CONFIG, SECRETS
from purista_serverless.adapters.aws.ports.failures import call, code_of
from purista_serverless.errors import ProviderRefused
from purista_serverless.runtime.deployed import Use

if TYPE_CHECKING:
    from collections.abc import Callable

    from purista_serverless.adapters.aws.ports.deployment import Deployment

_GET_PARAMETER = Use("ssm:GetParameter", "declare uses=[...] on the handler")
_GET_SECRET = Use("secretsmanager:GetSecretValue", "declare uses=[...] on the handler")

# Milliseconds: as long as Powertools keeps what it reads.
LIFETIME = 300_000


class AwsSettings:
    """A ``SettingsPort``. What was read is kept for five minutes, also that something is not set.

    Args:
        deployment: Where from.
    """

    __slots__ = ("_deployment", "_known")

    def __init__(self, deployment: "Deployment") -> None:
        self._deployment = deployment
        self._known: dict[tuple[str, str], tuple[int, Any]] = {}

    def config(self, name: str) -> str | None:
        """Give the text of a configuration value; ``None`` if it is not set.

        Raises:
            Unavailable: The store could not be reached.
            UndeclaredUse: The function may not read it.
        """
        found: str | None = self._read(CONFIG, name, self._parameter)
        return found

    def secret(self, name: str) -> str | None:
        """Give a secret; ``None`` if it is not set.

        Raises:
            Unavailable: The store could not be reached.
            UndeclaredUse: The function may not read it.
            ProviderRefused: It is binary.
        """
        found: str | None = self._read(SECRETS, name, self._secret)
        return found

    def _read(self, variable: str, name: str, load: "Callable[[str], Any]") -> Any:
        now = self._deployment.clock.now()
        known = self._known.get((variable, name))
        if known is not None and known[0] > now:
            return known[1]
        place = self._deployment.table(variable).get(name)
        value = None if place is None else load(place)
        self._known[variable, name] = (now + LIFETIME, value)
        return value

    def _parameter(self, place: str) -> Any:
        get = self._deployment.client("ssm").get_parameter
        found = call(get, _GET_PARAMETER, place, expected=("ParameterNotFound",), Name=place, WithDecryption=True)
        return None if code_of(found) else found["Parameter"]["Value"]

    def _secret(self, place: str) -> str | None:
        get = self._deployment.client("secretsmanager").get_secret_value
        found = call(get, _GET_SECRET, place, expected=("ResourceNotFoundException",), SecretId=place)
        if code_of(found):
            return None
        if "SecretString" not in found:
            raise ProviderRefused(f"the secret {place} is binary; store it as text")
        text: str = found["SecretString"]
        return text
