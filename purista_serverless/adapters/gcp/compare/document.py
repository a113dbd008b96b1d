"""Terraform's JSON as resources that can be compared."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from purista_serverless.errors import DeclarationError

# How much of a value a report shows.
_LONGEST = 120

# What says in which order things are made, and nothing of what they are.
_ORDER = "depends_on"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource of a document.

    Attributes:
        file: Path of the document.
        type: ``google_pubsub_topic``.
        name: Its name in the document.
        arguments: Its arguments by path, ``retry_policy.minimum_backoff`` for instance, each with its value as text.
    """

    file: str
    type: str
    name: str
    arguments: Mapping[str, str]

    @property
    def subject(self) -> str:
        """Give its address, as Terraform calls it."""
        return f"{self.type}.{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document of Terraform.

    Attributes:
        resources: By address.
        others: What else is in it, by path: variables, outputs, the provider.
    """

    file: str
    resources: Mapping[str, Resource]
    others: Mapping[str, str]


def read_document(file: str, text: str) -> Document | None:
    """Read a document; ``None`` if the file is none of Terraform.

    Raises:
        DeclarationError: It is not JSON.
    """
    if not file.endswith(".tf.json"):
        return None
    try:
        content = json.loads(text)
    except ValueError as error:
        raise DeclarationError(f"{file} cannot be read: {error}; build it again") from error
    made = (
        Resource(file=file, type=kind, name=name, arguments=dict(flattened(_plain(body))))
        for kind, named in content.get("resource", {}).items()
        for name, body in named.items()
    )
    others = {name: part for name, part in content.items() if name not in {"resource", "//"}}
    return Document(
        file=file, resources={resource.subject: resource for resource in made}, others=dict(flattened(others))
    )


def _plain(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != _ORDER}


def flattened(node: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Give the leaves of a tree by path, as texts; an empty object or list is a leaf.

    Example:
        >>> dict(flattened({"retry": {"count": 5}, "labels": {}, "zones": ["a"]}))
        {'retry.count': '5', 'labels': '{}', 'zones.0': 'a'}
    """
    match node:
        case dict() if node:
            for name, value in node.items():
                yield from flattened(value, f"{path}.{name}" if path else str(name))
        case list() if node:
            for place, value in enumerate(node):
                yield from flattened(value, f"{path}.{place}" if path else str(place))
        case str():
            yield path, node
        case _:
            yield path, json.dumps(node)


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[tuple[str, str | None, str | None]]:
    """Give the paths that differ, with what is there before and after."""
    for path in sorted({*before, *after}):
        was, now = before.get(path), after.get(path)
        if was != now:
            yield path, was, now


def shown(value: str | None) -> str:
    """Write a value for a report; long ones are cut."""
    if value is None:
        return "nothing"
    return value if len(value) <= _LONGEST else f"{value[: _LONGEST - 3]}..."
