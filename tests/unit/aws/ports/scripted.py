"""Clients that answer as a test says: for failures that moto cannot produce."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from purista_serverless.adapters.aws.ports import AwsPorts


class Scripted:
    """A client whose every method takes the next step of a script: an answer, an error, or a function of the call.

    The last step is repeated. ``calls`` keeps the parameters of each call, with the method's name as ``operation``.
    """

    def __init__(self, *steps: Any) -> None:
        self._steps = list(steps)
        self.calls: list[dict[str, Any]] = []

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def method(**parameters: Any) -> Any:
            self.calls.append({"operation": operation, **parameters})
            step = self._steps.pop(0) if len(self._steps) > 1 else self._steps[0]
            if isinstance(step, Exception):
                raise step
            return step(**parameters) if callable(step) else step

        return method

    def ports(self, environment: dict[str, str], **options: Any) -> AwsPorts:
        """Give ports whose every client this is."""
        return AwsPorts(environment, clients=lambda _: self, **options)


def refused(code: str, status: int = 400, **members: Any) -> ClientError:
    """Give the error of an answer with that code."""
    answer: Any = {"Error": {"Code": code, "Message": "says AWS"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError({**answer, **members}, "Operation")
