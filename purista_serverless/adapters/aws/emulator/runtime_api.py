"""The Lambda Runtime API: what a function's runtime client asks for work and gives its answers to.

Each environment has a server of its own, because the client knows nothing but an address and a port.
"""

from dataclasses import dataclass
from queue import SimpleQueue
from typing import TypeAlias, cast

from purista_serverless.emulation.loopback import LoopbackHandler, LoopbackServer

_PREFIX = "/2018-06-01/runtime"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """Work for a function.

    Attributes:
        request_id: Its id.
        payload: The event, as JSON.
        deadline: When the function will be stopped, in milliseconds since the epoch.
        arn: What was invoked.
    """

    request_id: str
    payload: bytes
    deadline: int
    arn: str


@dataclass(frozen=True, slots=True)
class Ready:
    """The function is initialised and asks for its first work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came out of an invocation.

    Attributes:
        payload: JSON of the result or of the error.
        error_type: Such as ``Runtime.ExitError``; ``None`` for a result.
    """

    payload: bytes
    error_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InitFailed:
    """The function could not be initialised."""

    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Exited:
    """The process has ended, with this code; negative for a signal."""

    code: int


Report: TypeAlias = Ready | Answer | InitFailed | Exited


class RuntimeApi(LoopbackServer):
    """The Runtime API of one environment, which works on one invocation at a time.

    What the environment does is put into ``reports``.
    """

    def __init__(self) -> None:
        super().__init__(_Requests)
        self.reports: SimpleQueue[Report] = SimpleQueue()
        self.work: SimpleQueue[Invocation | None] = SimpleQueue()
        self.is_ready = False

    @property
    def address(self) -> str:
        """Give the value of ``AWS_LAMBDA_RUNTIME_API``."""
        return self.url.removeprefix("http://")

    def stop(self) -> None:
        """Let go of the environment, which waits for work or is gone."""
        self.work.put(None)
        super().stop()


class _Requests(LoopbackHandler):
    @property
    def _api(self) -> RuntimeApi:
        return cast("RuntimeApi", self.server)

    def do_GET(self) -> None:  # noqa: N802 - the standard library's name
        if self.path != f"{_PREFIX}/invocation/next":
            self.answer(404, b"{}")
            return
        if not self._api.is_ready:
            self._api.is_ready = True
            self._api.reports.put(Ready())
        invocation = self._api.work.get()
        if invocation is None:
            self.close_connection = True
            return
        headers = (
            ("Lambda-Runtime-Aws-Request-Id", invocation.request_id),
            ("Lambda-Runtime-Deadline-Ms", str(invocation.deadline)),
            ("Lambda-Runtime-Invoked-Function-Arn", invocation.arn),
        )
        self.answer(200, invocation.payload, headers)

    def do_POST(self) -> None:  # noqa: N802 - the standard library's name
        error_type = self.headers.get("Lambda-Runtime-Function-Error-Type") or "Unhandled"
        kind = self.path.rpartition("/")[2]
        payload = self.body()
        # Before the report: whoever waits for it may stop this process next.
        self.answer(202, b'{"status":"OK"}')
        if self.path == f"{_PREFIX}/init/error":
            self._api.reports.put(InitFailed(answer=Answer(payload=payload, error_type=error_type)))
        else:
            self._api.reports.put(Answer(payload=payload, error_type=error_type if kind == "error" else None))
