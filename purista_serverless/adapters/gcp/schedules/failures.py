"""What goes wrong with Google's clients, in our own errors."""

from collections.abc import Callable
from typing import TypeVar

from purista_serverless.errors import ProviderRefused, Unavailable

T = TypeVar("T")


def ask(call: Callable[[], T], doing: str) -> T:
    """Make a call of one of Google's clients.

    Args:
        call: The call.
        doing: What it does, for people: ``listing jobs in acme/europe-west1``.

    Raises:
        Unavailable: The network, a quota per time or a fault of the service: it may work later.
        ProviderRefused: It would be refused again.
    """
    from google.api_core.exceptions import GoogleAPICallError, RetryError, ServerError, TooManyRequests
    from google.auth.exceptions import GoogleAuthError, TransportError

    try:
        return call()
    except (ServerError, TooManyRequests, RetryError, TransportError) as error:
        raise Unavailable(f"{doing}: {_text(error)}") from error
    except GoogleAuthError as error:
        raise ProviderRefused(f"{doing}: {_text(error)}; run: gcloud auth application-default login") from error
    except GoogleAPICallError as error:
        raise ProviderRefused(f"{doing}: {_text(error)}") from error


def _text(error: Exception) -> str:
    return str(getattr(error, "message", "") or error).strip() or type(error).__name__
