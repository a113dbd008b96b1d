"""Who sent a request, where the application itself has to tell. Loaded by functions that ask."""

from typing import TYPE_CHECKING, Any

from purista_serverless.errors import HandledError
from purista_serverless.message.identity import HttpRequest
from purista_serverless.runtime.http_requests import identity_in

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from purista_serverless.message.identity import Identity
    from purista_serverless.message.request import Request


def ask(
    authenticate: "Callable[..., Any]", request: "Request", path: str, query: "Mapping[str, list[str]]"
) -> "Identity | None":
    """Ask the application who sent a request; ``None`` for nobody.

    Args:
        authenticate: The application's function, ``def`` or ``async def``.
        request: The request.
        path: Its path, as the application declared it.
        query: The values of each query parameter.

    Raises:
        HandledError: The application refuses the request; 500, its function failed.
        DeclarationError: It gave something else than an identity.
    """
    texts = {name: tuple(values) for name, values in query.items()}
    seen = HttpRequest(method=request.method, path=path, headers=request.headers, query=texts)
    try:
        given = authenticate(seen)
        if hasattr(given, "__await__"):
            from purista_serverless.runtime.loop import run

            given = run(_awaited(given))
    except HandledError:
        raise
    except Exception as error:
        from purista_serverless.runtime.log import LOGGER

        LOGGER.error("authenticate failed: %s", type(error).__name__, exc_info=error)
        raise HandledError(500) from error
    return identity_in(given)


async def _awaited(given: "Awaitable[Any]") -> Any:
    return await given
