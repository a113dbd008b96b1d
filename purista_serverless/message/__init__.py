"""What travels: messages, jobs, outcomes and CloudEvents. Pure data: nothing here does IO.

Names and shapes on the wire are upstream's envelope and queue message. ``payload`` is either raw JSON (``bytes``, as it
came from the platform and not yet looked at) or a plain JSON value; it is loaded once, by the dispatch.

These classes are on the hot and the cold path. They are plain slotted classes that are filled in one step and frozen to
readers: a frozen dataclass takes three times as long to build and about a millisecond of cold start each. A job is even
less: a view of its queue message.
"""

from typing import TYPE_CHECKING, Any

from purista_serverless.message.envelope import COMMAND, COMMAND_ERROR, COMMAND_SUCCESS, CUSTOM_MESSAGE, Message, Party
from purista_serverless.message.outcome import BadInput, Cancelled, Failed, Outcome, Rejected, Retry, Success

if TYPE_CHECKING:
    from purista_serverless.message.job import Job

__all__ = [
    "COMMAND",
    "COMMAND_ERROR",
    "COMMAND_SUCCESS",
    "CUSTOM_MESSAGE",
    "BadInput",
    "Cancelled",
    "Failed",
    "Job",
    "Message",
    "Outcome",
    "Party",
    "Rejected",
    "Retry",
    "Success",
]


def __getattr__(name: str) -> Any:
    if name != "Job":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # Not every function handles jobs.
    from purista_serverless.message.job import Job

    globals()[name] = Job
    return Job
