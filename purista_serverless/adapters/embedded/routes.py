"""Where events go: to the edges of this application, and to those that its newest version declared in the file.

While one version of an application replaces another, both run on the file for a while. An event that the old one
publishes reaches a subscription that only the new one has, because serving writes the subscriptions into the file.
"""

import json
from typing import TYPE_CHECKING

from purista_serverless.runtime.events import Matcher

if TYPE_CHECKING:
    from purista_serverless.adapters.embedded.store import Store
    from purista_serverless.message import Message
    from purista_serverless.model import Application
    from purista_serverless.runtime.assembly import Assembly


class Routes:
    """Give the edges of an event.

    Args:
        store: The file.
        assembly: The application's parts.
    """

    def __init__(self, store: "Store", assembly: "Assembly") -> None:
        self._store = store
        self._assembly = assembly
        self._known: tuple[list[tuple[str, str]], tuple[tuple[str, Matcher], ...]] = ([], ())

    def edges_for(self, message: "Message") -> tuple[str, ...]:
        """Give the edges that a published message goes to."""
        own = self._assembly.edges_for(message)
        return tuple(dict.fromkeys((*own, *(edge for edge, matcher in self._stored() if matcher.matches(message)))))

    def declare(self) -> None:
        """Write this application's subscriptions and bindings into the file, in place of an earlier version's."""
        name, filters = self._assembly.application.name, filters_of(self._assembly.application)
        wanted = {edge: json.dumps(given, sort_keys=True) for edge, given in filters.items()}
        with self._store.transaction():
            rows = self._store.read("SELECT edge, filter FROM route WHERE application = ?", (name,))
            if dict(rows) == wanted:
                return
            self._store.execute("DELETE FROM route WHERE application = ?", (name,))
            for edge, text in wanted.items():
                self._store.execute("INSERT INTO route VALUES (?, ?, ?)", (name, edge, text))

    def _stored(self) -> tuple[tuple[str, Matcher], ...]:
        """Read what was declared; parsed again only when it has changed."""
        rows = self._store.read("SELECT edge, filter FROM route ORDER BY application, edge")
        known, matchers = self._known
        if rows != known:
            matchers = tuple((edge, Matcher(json.loads(text))) for edge, text in rows)
            self._known = (rows, matchers)
        return matchers


def filters_of(application: "Application") -> dict[str, dict[str, str]]:
    """Give the filter of every subscription and binding, by edge, as JSON objects."""
    filters = {
        f"subscription:{found.address.service}.{found.address.version}.{found.address.name}": {
            name: getattr(found.filter, name) for name in found.filter.__slots__
        }
        for found in application.subscriptions
    }
    for bound in application.bindings:
        filters[f"binding:{bound.event}:{bound.queue}"] = {
            "event": bound.event,
            "sender_service": bound.sender_service,
            "sender_version": bound.sender_version,
        }
    return {
        edge: {name: value for name, value in given.items() if value is not None} for edge, given in filters.items()
    }
