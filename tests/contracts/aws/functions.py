"""Lambda: environments that are started, used again, frozen and lost, and invocations that take virtual time."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Literal
from uuid import uuid4

from moto.core.models import DEFAULT_ACCOUNT_ID

from purista_serverless.testing.clock import Timer, VirtualClock
from purista_serverless.testing.faults import Crash, Instance
from tests.contracts.aws.region import NAME
from tests.contracts.aws.strands import Strand, wait_for

Handler = Callable[[Any, Any], Any]
Start = Callable[["Environment"], Handler]
"""Loads a function into an environment: a cold start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How an invocation ended: what the handler returned, how it failed, or that its process died."""

    kind: Literal["returned", "raised", "died"]
    value: Any = None


@dataclass(slots=True, kw_only=True)
class Deployed:
    """A function as it is deployed, with the environments that wait for work; ``timeout`` in milliseconds."""

    name: str
    timeout: int
    start: Start
    idle: list["Environment"] = field(default_factory=list)


class Environment:
    """A process that has loaded a function; it runs one invocation at a time.

    Args:
        function: What it loads.
        instance: Its fate.
    """

    def __init__(self, function: Deployed, instance: Instance) -> None:
        self.instance = instance
        self.invocation: Invocation | None = None
        self.handler = function.start(self)


class Context:
    """What a handler is told besides its event."""

    memory_limit_in_mb = "256"
    function_version = "1"

    def __init__(self, name: str, clock: VirtualClock, deadline: int) -> None:
        self.function_name = name
        self.invoked_function_arn = f"arn:aws:lambda:{NAME}:{DEFAULT_ACCOUNT_ID}:function:{name}:live"
        self.aws_request_id = str(uuid4())
        self.log_group_name = f"/aws/lambda/{name}"
        self.log_stream_name = "test"
        self._clock = clock
        self._deadline = deadline

    def get_remaining_time_in_millis(self) -> int:
        """Give how long the invocation may still take."""
        return max(self._deadline - self._clock.now(), 0)


class Invocation:
    """One call of a function, from its start to its answer.

    Args:
        clock: The time.
        function: What is called.
        faults: What goes wrong.
        event: What it is given; it crosses a process' border as JSON.
        answered: Is told how it ended, unless the whole region is lost.
        records: What a poller handed over, if one did.
    """

    def __init__(
        self,
        clock: VirtualClock,
        function: Deployed,
        event: Any,
        *,
        environment: Environment,
        answered: "Callable[[Invocation, Answer], object]",
        records: tuple[Any, ...] = (),
    ) -> None:
        self.records = records
        self.function = function
        self.environment = environment
        self._clock = clock
        self._event = json.loads(json.dumps(event))
        self._answered = answered
        self._context = Context(function.name, clock, clock.now() + function.timeout)
        self._answer: Answer | None = None
        self.strand = Strand(clock, self._run)
        self.strand.then(self._end)
        self._deadline: Timer = clock.call_later(function.timeout, self.kill)

    @property
    def answer(self) -> Answer:
        """Give how it ended."""
        return self._answer if self._answer is not None else Answer(kind="died")

    def kill(self) -> None:
        """Let its process die where it stands."""
        self.environment.instance.alive = False
        self.strand.kill()

    def _run(self) -> None:
        instance = self.environment.instance
        self.environment.invocation = self
        try:
            value = self.environment.handler(self._event, self._context)
            instance.before("lambda.answer")
            self._answer = Answer(kind="returned", value=json.loads(json.dumps(value)))
            instance.after("lambda.answer")
        except Crash:
            instance.alive = False
            raise
        except Exception as error:  # noqa: BLE001 - Lambda catches what a handler raises
            self._answer = Answer(kind="raised", value=error)

    def _end(self) -> None:
        self._deadline.cancel()
        self._answered(self, self.answer)


class Functions:
    """The functions of a region.

    Args:
        clock: The time.
        make_instance: Makes the fate of a new process.
    """

    def __init__(self, clock: VirtualClock, make_instance: Callable[[], Instance]) -> None:
        self._clock = clock
        self._make_instance = make_instance
        self._deployed: dict[str, Deployed] = {}
        self._running: dict[Invocation, None] = {}

    @property
    def is_idle(self) -> bool:
        """Say whether nothing runs."""
        return not self._running

    def deploy(self, functions: Mapping[str, Deployed]) -> None:
        """Put functions in the place of all that were there; what runs goes on as it was."""
        self._deployed = dict(functions)

    def invoke(
        self,
        name: str,
        event: Any,
        answered: Callable[[Invocation, Answer], object],
        records: tuple[Any, ...] = (),
    ) -> Invocation:
        """Give an invocation that begins when its strand is resumed.

        Args:
            name: Name of the function.
            event: What it is given.
            answered: Is told how it ended.
            records: What a poller hands over.
        """
        function = self._deployed[name]
        environment = function.idle.pop() if function.idle else Environment(function, self._make_instance())

        def end(invocation: Invocation, answer: Answer) -> None:
            self._running.pop(invocation, None)
            if environment.instance.alive and self._deployed.get(name) is function:
                function.idle.append(environment)
            answered(invocation, answer)

        invocation = Invocation(self._clock, function, event, environment=environment, answered=end, records=records)
        self._running[invocation] = None
        return invocation

    def kill(self) -> None:
        """Let every process die where it stands; the next invocations are cold starts."""
        for invocation in tuple(self._running):
            invocation.kill()
        for function in self._deployed.values():
            function.idle.clear()


class LambdaClient:
    """The one operation of Lambda's API that a function uses: a call that waits for its answer."""

    def __init__(self, clock: VirtualClock, functions: Functions) -> None:
        self._clock = clock
        self._functions = functions

    def invoke(self, *, FunctionName: str, Payload: bytes | str, **_: Any) -> dict[str, Any]:  # noqa: N803
        """Run a function to its end and give its answer as Lambda does."""
        name = FunctionName.partition(":function:")[2].partition(":")[0] or FunctionName.partition(":")[0]
        invocation = self._functions.invoke(name, json.loads(Payload), lambda *_: None)
        wait_for(self._clock, invocation.strand)
        return _response(invocation.answer)


def _response(answer: Answer) -> dict[str, Any]:
    match answer.kind:
        case "returned":
            return {"StatusCode": 200, "Payload": _stream(answer.value)}
        case "raised":
            error = {"errorMessage": str(answer.value), "errorType": type(answer.value).__name__}
            return {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": _stream(error)}
        case "died":
            error = {"errorMessage": "RequestId: Error: Runtime exited", "errorType": "Runtime.ExitError"}
            return {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": _stream(error)}


def _stream(value: Any) -> BytesIO:
    return BytesIO(json.dumps(value).encode())
