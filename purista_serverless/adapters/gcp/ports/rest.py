"""HTTP to Google's APIs: requests over connections that are kept open.

Google's own clients take a quarter of a second to import and forty megabytes; JSON over ``http.client`` takes neither.
"""

import select
from collections import defaultdict
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from purista_serverless.message.wire import parse_json

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

# What a request may raise when the other side cannot be reached, or goes away while it answers.
FAULTS = (OSError, HTTPException)

_HEADERS = {"User-Agent": "purista-serverless", "Accept": "application/json"}


class Answer:
    """What came back.

    Attributes:
        status: The HTTP status.
        body: The body, decoded from nothing.
    """

    __slots__ = ("body", "status")

    def __init__(self, status: int, body: bytes) -> None:
        self.status = status
        self.body = body

    def json(self) -> Any:
        """Give the body as a JSON value; an empty object where it is none."""
        try:
            return parse_json(self.body)
        except ValueError:
            return {}

    @property
    def error(self) -> "Mapping[str, Any]":
        """Give what Google's APIs say of an error, empty if there is none."""
        told = self.json()
        found = told.get("error") if isinstance(told, dict) else None
        return found if isinstance(found, dict) else {}


class Rest:
    """Send requests; safe to call from several threads, each of which has a connection to itself meanwhile."""

    __slots__ = ("_context", "_idle")

    def __init__(self) -> None:
        self._idle: defaultdict[str, list[HTTPConnection]] = defaultdict(list)
        self._context: ssl.SSLContext | None = None

    def ask(
        self, method: str, url: str, *, headers: "Mapping[str, str]", body: bytes | None = None, timeout: float
    ) -> Answer:
        """Send a request and give its answer, whatever its status is.

        Args:
            method: ``GET`` or ``POST``.
            url: Where to, ``http`` or ``https``.
            headers: Besides those that all requests have.
            body: What is sent.
            timeout: Seconds to wait for the other side, each time that it is waited for.

        Raises:
            OSError: The other side could not be reached.
            HTTPException: It answered with something that is no HTTP.
        """
        place = urlsplit(url)
        origin = f"{place.scheme}://{place.netloc}"
        connection = self._connection(origin, timeout)
        try:
            path = place.path + (f"?{place.query}" if place.query else "")
            connection.request(method, path or "/", body, {**_HEADERS, **headers})
            response = connection.getresponse()
            answer = Answer(response.status, response.read())
        except BaseException:
            connection.close()
            raise
        self._idle[origin].append(connection)
        return answer

    def close(self) -> None:
        """Close what is kept open."""
        for connections in self._idle.values():
            while (connection := _taken_from(connections)) is not None:
                connection.close()

    def __del__(self) -> None:
        self.close()

    def _connection(self, origin: str, timeout: float) -> HTTPConnection:
        idle = self._idle[origin]
        while (connection := _taken_from(idle)) is not None:
            if connection.sock is not None and not _is_dropped(connection):
                connection.sock.settimeout(timeout)
                return connection
            connection.close()
        scheme, _, host = origin.partition("://")
        if scheme == "http":
            return HTTPConnection(host, timeout=timeout)
        return HTTPSConnection(host, timeout=timeout, context=self._tls())

    def _tls(self) -> "ssl.SSLContext":
        if self._context is None:
            import ssl

            # Reading the authorities' certificates takes as long as a request: once is enough.
            self._context = ssl.create_default_context()
        return self._context


def _taken_from(idle: list[HTTPConnection]) -> HTTPConnection | None:
    """Give a connection that nobody else has from then on, ``None`` where another thread was faster."""
    try:
        return idle.pop()
    except IndexError:
        return None


def _is_dropped(connection: HTTPConnection) -> bool:
    """Say whether the other side has closed a connection meanwhile: nothing but that can be there to read."""
    try:
        return bool(select.select([connection.sock], [], [], 0)[0])
    except ValueError:
        # Descriptors above 1,023 cannot be asked this way.
        return True
