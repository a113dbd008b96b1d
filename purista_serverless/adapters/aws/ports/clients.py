"""Clients of botocore: one per service and process, made when first needed.

Botocore alone, without the layer of boto3 above it: that costs a tenth more time to import, and nothing of it is used.
"""

import os
import threading
from typing import TYPE_CHECKING, Any

from purista_serverless.errors import MissingExtra

if TYPE_CHECKING:
    from collections.abc import Callable

_CONNECT_TIMEOUT = 3
_READ_TIMEOUT = 10
# A command may run as long as a function may: 15 minutes (Lambda, quotas). Giving up earlier would run it twice.
_COMMAND_TIMEOUT = 910
_ATTEMPTS = 4


class Clients:
    """Give the client of a service; safe to call from several threads.

    Args:
        make: Makes the client of a service by its name; botocore's session when omitted.
    """

    __slots__ = ("_lock", "_made", "_make")

    def __init__(self, make: "Callable[[str], Any] | None" = None) -> None:
        self._make = make if make is not None else Maker()
        self._made: dict[str, Any] = {}
        self._lock = threading.Lock()

    def __call__(self, service: str) -> Any:
        """Give the client."""
        found = self._made.get(service)
        return found if found is not None else self._new(service)

    def _new(self, service: str) -> Any:
        # Botocore's clients may be shared by threads, but not made by two of one session at a time.
        with self._lock:
            if service not in self._made:
                self._made[service] = self._make(service)
            return self._made[service]


class Maker:
    """Make clients from one session of botocore."""

    __slots__ = ("_session",)

    def __init__(self) -> None:
        self._session: Any = None

    def __call__(self, service: str) -> Any:
        """Make the client of a service.

        Raises:
            MissingExtra: Botocore is not installed.
            ProviderRefused: No region is configured, or another setting of the SDK is wrong.
        """
        from purista_serverless.adapters.aws.ports.failures import call
        from purista_serverless.runtime.deployed import Use

        if self._session is None:
            self._session = _new_session()
        use = Use("creating a client", "set AWS_REGION, as Lambda does")
        return call(self._session.create_client, use, service, service_name=service, config=_config_for(service))


def _new_session() -> Any:
    try:
        from botocore.session import Session
    except ModuleNotFoundError as error:
        raise MissingExtra("botocore", "aws") from error
    session = Session()
    if "AWS_DEFAULT_REGION" not in os.environ and "AWS_REGION" in os.environ:
        # Botocore knows the older of the two names only.
        session.set_config_variable("region", os.environ["AWS_REGION"])
    return session


def _config_for(service: str) -> Any:
    from botocore.config import Config

    return Config(
        connect_timeout=_CONNECT_TIMEOUT,
        read_timeout=_COMMAND_TIMEOUT if service == "lambda" else _READ_TIMEOUT,
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
        tcp_keepalive=True,
        s3={"addressing_style": "path"} if _has_own_endpoint() else None,
    )


def _has_own_endpoint() -> bool:
    """Say whether another server stands in for AWS: those rarely answer for a host name per bucket."""
    return bool(os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL"))
