"""Requests to a command's function: from an HTTP API, a REST API or a function URL."""

from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.aws.codecs import http
from purista_serverless.runtime import gateway

if TYPE_CHECKING:
    from collections.abc import Mapping


class Gateway(gateway.Gateway):
    """Answer requests with a command; takes what the core's gateway takes."""

    __slots__ = ()

    def handle(self, event: "Mapping[str, Any]") -> dict[str, Any]:
        """Answer one request, with a problem whatever goes wrong.

        Raises:
            BadEvent: It is no request of a kind that we know.
        """
        answered = self.respond(http.decode(event))
        return http.encode(answered.status, answered.headers, answered.body)
