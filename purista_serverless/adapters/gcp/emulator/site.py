"""A deployment's texts on this machine: what its variables are here, and where its functions answer."""

import json
from collections.abc import Iterable, Mapping
from typing import TypeVar

from purista_serverless.adapters.gcp.plan.resources import Account, Deployment, Resource, Text
from purista_serverless.adapters.gcp.plan.texts import fill
from purista_serverless.errors import DeclarationError

PROJECT = "emulated"
NUMBER = "123456789012"
REGION = "europe-west1"
# What a plan calls the folder of an application's sources.
_WORKSPACE = "/workspace"

ResourceT = TypeVar("ResourceT")


class Site:
    """Gives the texts of a deployment as they are here.

    Args:
        deployment: What is deployed.
        variables: Values of its variables that differ from their defaults.
        settings: Configuration values by name.
        root: Folder of its sources.

    Raises:
        DeclarationError: A variable has no value.
    """

    def __init__(
        self, deployment: Deployment, *, variables: Mapping[str, str], settings: Mapping[str, str], root: str
    ) -> None:
        # Jobs that a tool of its own would make are made here like all others.
        made = (*deployment.resources, *deployment.apart)
        self._resources: dict[str, Resource] = {resource.id: resource for resource in made}
        self._values = _values(deployment, variables, settings)
        self._root = root
        self._urls: dict[str, str] = {}

    @property
    def prefix(self) -> str:
        """Give what every name begins with."""
        return self._values["prefix"]

    def of(self, kind: type[ResourceT]) -> list[ResourceT]:
        """Give the resources of a kind."""
        return [resource for resource in self._resources.values() if isinstance(resource, kind)]

    def find(self, id: str) -> Resource:
        """Give the resource of an id."""
        return self._resources[id]

    def name(self, name: str) -> str:
        """Give the name of something as it is deployed, with the prefix."""
        return f"{self.prefix}-{name}"

    def move(self, url: Text, here: str) -> None:
        """Have a URL of the deployment be another one here."""
        self._urls[fill(url, self._values)] = here

    def text(self, text: Text) -> str:
        """Give a text with the values of variables, and with the URLs that are here."""
        filled = fill(text, self._values)
        for url, here in self._urls.items():
            filled = filled.replace(url, here)
        return filled

    def environment(self, variables: Iterable[tuple[str, Text]]) -> dict[str, str]:
        """Give variables as a function has them here."""
        found = {name: self.text(value) for name, value in variables}
        if "PYTHONPATH" in found:
            found["PYTHONPATH"] = found["PYTHONPATH"].replace(_WORKSPACE, self._root)
        return found

    def email(self, account: str) -> str:
        """Give the address of the account with an id; of what is no account of ours, the id itself."""
        found = self._resources.get(account)
        return self.text(found.email) if isinstance(found, Account) else account


def _values(deployment: Deployment, variables: Mapping[str, str], settings: Mapping[str, str]) -> dict[str, str]:
    """Give the value of every variable: given, from a setting, its default, or what only this machine needs."""
    here = {"image": "none", "number": NUMBER, "project": PROJECT, "region": REGION}
    missing = []
    for variable in deployment.variables:
        kind, _, name = variable.name.partition(".")
        value = variables.get(variable.name, settings.get(name) if kind == "config" else None)
        if value is None and isinstance(variable.default, str):
            value = variable.default
        if value is not None:
            # It stands inside a text of JSON.
            here[variable.name] = json.dumps(value)[1:-1] if name else value
        elif variable.name not in here and variable.default is None:
            missing.append(variable.name)
    if missing:
        raise DeclarationError(f"the deployment needs {', '.join(missing)}; give each as --variable {missing[0]}=VALUE")
    return here
