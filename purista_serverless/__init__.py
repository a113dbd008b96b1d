"""Serverless function adapter kit: typed, message-driven services on functions, brokers and your laptop.

The public names are here, resolved on first use: importing this package costs nothing, and a deployed handler pays for
what it names.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from purista_serverless.application import Application as Application
    from purista_serverless.builder.handles import Command as Command
    from purista_serverless.builder.handles import Event as Event
    from purista_serverless.builder.handles import Queue as Queue
    from purista_serverless.builder.options import Backoff as Backoff
    from purista_serverless.builder.options import Cors as Cors
    from purista_serverless.builder.options import Delete as Delete
    from purista_serverless.builder.options import Get as Get
    from purista_serverless.builder.options import Lifecycle as Lifecycle
    from purista_serverless.builder.options import LongRunning as LongRunning
    from purista_serverless.builder.options import Patch as Patch
    from purista_serverless.builder.options import Post as Post
    from purista_serverless.builder.options import Put as Put
    from purista_serverless.builder.options import ResultEvents as ResultEvents
    from purista_serverless.builder.service import ServiceBuilder as ServiceBuilder
    from purista_serverless.builder.values import Config as Config
    from purista_serverless.builder.values import Resource as Resource
    from purista_serverless.builder.values import Schedule as Schedule
    from purista_serverless.builder.values import Secret as Secret
    from purista_serverless.errors import BadEvent as BadEvent
    from purista_serverless.errors import BoundExceeded as BoundExceeded
    from purista_serverless.errors import CancelJob as CancelJob
    from purista_serverless.errors import CheckFailed as CheckFailed
    from purista_serverless.errors import CronSyntaxError as CronSyntaxError
    from purista_serverless.errors import DeclarationError as DeclarationError
    from purista_serverless.errors import HandledError as HandledError
    from purista_serverless.errors import InvalidApplication as InvalidApplication
    from purista_serverless.errors import InvalidPayload as InvalidPayload
    from purista_serverless.errors import InvocationFailed as InvocationFailed
    from purista_serverless.errors import LeaseLost as LeaseLost
    from purista_serverless.errors import MissingExtra as MissingExtra
    from purista_serverless.errors import MissingTool as MissingTool
    from purista_serverless.errors import PuristaServerlessError as PuristaServerlessError
    from purista_serverless.errors import RetryLater as RetryLater
    from purista_serverless.errors import UndeclaredUse as UndeclaredUse
    from purista_serverless.errors import UnknownTimezone as UnknownTimezone
    from purista_serverless.message.identity import HttpRequest as HttpRequest
    from purista_serverless.message.identity import Identity as Identity
    from purista_serverless.runtime.context import Context as Context
    from purista_serverless.runtime.jwt import jwt_authenticator as jwt_authenticator
    from purista_serverless.schedule.expressions import Cron as Cron
    from purista_serverless.schedule.expressions import DstPolicy as DstPolicy
    from purista_serverless.schedule.expressions import Interval as Interval
    from purista_serverless.schedule.expressions import OneShot as OneShot
    from purista_serverless.schema.models import Model as Model
    from purista_serverless.schema.results import QueueResult as QueueResult
    from purista_serverless.schema.results import ResultReason as ResultReason

__version__ = "0.1.0"

_HOMES = {
    "application": ("Application",),
    "builder.handles": ("Command", "Event", "Queue"),
    "builder.options": (
        "Backoff",
        "Cors",
        "Delete",
        "Get",
        "Lifecycle",
        "LongRunning",
        "Patch",
        "Post",
        "Put",
        "ResultEvents",
    ),
    "builder.service": ("ServiceBuilder",),
    "builder.values": ("Config", "Resource", "Schedule", "Secret"),
    "errors": (
        "BadEvent",
        "BoundExceeded",
        "CancelJob",
        "CheckFailed",
        "CronSyntaxError",
        "DeclarationError",
        "HandledError",
        "InvalidApplication",
        "InvalidPayload",
        "InvocationFailed",
        "LeaseLost",
        "MissingExtra",
        "MissingTool",
        "PuristaServerlessError",
        "RetryLater",
        "UndeclaredUse",
        "UnknownTimezone",
    ),
    "message.identity": ("HttpRequest", "Identity"),
    "runtime.context": ("Context",),
    "runtime.jwt": ("jwt_authenticator",),
    "schedule.expressions": ("Cron", "DstPolicy", "Interval", "OneShot"),
    "schema.models": ("Model",),
    "schema.results": ("QueueResult", "ResultReason"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

# The table above is the one list of names.
__all__ = sorted([*_HOME_OF, "__version__"])  # noqa: PLE0605  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> object:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
