"""HTTP from one server of this machine to another."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import TypeAlias

Headers: TypeAlias = Sequence[tuple[str, str]]

# What holds for one connection only, and what the next one makes anew.
_NOT_FORWARDED = frozenset({"connection", "content-length", "host", "keep-alive", "transfer-encoding"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as it came.

    Attributes:
        method: ``POST``.
        target: Path and query.
        headers: In their order; a name may come twice.
        body: The body.
    """

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @property
    def path(self) -> str:
        """Give the path, as it was written."""
        return self.target.partition("?")[0]

    def header(self, name: str) -> str | None:
        """Give the first header of a name, in any case of letters."""
        return next((value for known, value in self.headers if known.lower() == name.lower()), None)

    def with_header(self, name: str, value: str) -> "Request":
        """Give the same request with one header set, in place of others of that name."""
        kept = tuple(pair for pair in self.headers if pair[0].lower() != name.lower())
        return Request(method=self.method, target=self.target, headers=(*kept, (name, value)), body=self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


def forward(host: str, request: Request, *, timeout: float | None = None) -> Answer:
    """Send a request to a server of this machine and give its answer, whatever its status.

    Args:
        host: ``127.0.0.1:41337``.
        request: The request; headers that hold for one connection are left out.
        timeout: Seconds to wait, each time that the other side is waited for.

    Raises:
        TimeoutError: It took longer.
        OSError: The other side cannot be reached, or went away.
        HTTPException: What it answered is no HTTP.
    """
    with closing(HTTPConnection(host, timeout=timeout)) as connection:
        connection.putrequest(request.method, request.target, skip_accept_encoding=True)
        for name, value in _forwarded(request.headers):
            connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(request.body)))
        connection.endheaders(request.body)
        response = connection.getresponse()
        body = response.read()
        return Answer(status=response.status, headers=_forwarded(response.getheaders()), body=body)


def _forwarded(headers: Headers) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in headers if name.lower() not in _NOT_FORWARDED)
