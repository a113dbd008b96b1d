"""Commands to the functions that answer them."""

from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.aws.constants import COMMANDS
from purista_serverless.adapters.aws.ports.failures import call
from purista_serverless.errors import BadEvent, InvocationFailed, TooLarge, Unavailable
from purista_serverless.message import Message
from purista_serverless.message.wire import parse_json
from purista_serverless.runtime.deployed import Use

if TYPE_CHECKING:
    from purista_serverless.adapters.aws.ports.deployment import Deployment

_INVOKE = Use("lambda:InvokeFunction", "declare can_invoke=[...] on the handler")

# What Lambda says of a process that was ended from outside: its work may be done or not, and may be asked for again.
_DEATHS = frozenset(
    {"Extension.Crash", "Runtime.ExitError", "Runtime.OutOfMemory", "Sandbox.Failure", "Sandbox.Timedout"}
)

# What our own code in such a function leaves with when its success cannot be told: the class of the error is its type.
_UNTOLD = Unavailable.__name__

# Of a request whose caller waits (AWS Lambda, quotas).
_MAX_REQUEST = 6_291_456


class LambdaCommands:
    """A ``CommandPort``: the envelope is the request, the response envelope is the answer.

    Args:
        deployment: Where to.
    """

    __slots__ = ("_deployment",)

    def __init__(self, deployment: "Deployment") -> None:
        self._deployment = deployment

    def invoke(self, message: Message) -> Message:
        """Send a command and give its response.

        Raises:
            TooLarge: It is more than a function takes.
            InvocationFailed: The function failed, or answered with something that is no response.
            Unavailable: The function could not be reached, has too much to do, died, or ran into its timeout.
            UndeclaredUse: The caller was deployed without the permission to invoke it.
            ProviderRefused: Lambda refused the request.
        """
        command = _name_of(message)
        function = self._deployment.entry(COMMANDS, command, _INVOKE)
        body = message.encode()
        if len(body) > _MAX_REQUEST:
            raise TooLarge(f"the request of {command}", len(body), _MAX_REQUEST, "send less, or a reference to it")
        client = self._deployment.client("lambda")
        answer = call(client.invoke, _INVOKE, function, FunctionName=function, Payload=body)
        raw: bytes = call(answer["Payload"].read, _INVOKE, function)
        if "FunctionError" in answer:
            raise _failure_of(command, raw)
        return _response_of(command, raw)

    async def ainvoke(self, message: Message) -> Message:
        """Do the same in a thread, so that the event loop goes on."""
        import asyncio

        return await asyncio.get_running_loop().run_in_executor(None, self.invoke, message)


def _name_of(message: Message) -> str:
    receiver = message.receiver
    return "" if receiver is None else f"{receiver.service}.{receiver.version}.{receiver.target}"


def _response_of(command: str, raw: bytes) -> Message:
    try:
        return Message.decode(raw)
    except BadEvent as error:
        raise InvocationFailed(command, 502, "its function answered with something that is no response") from error


def _failure_of(command: str, raw: bytes) -> Unavailable | InvocationFailed:
    """Give the error of a function that ended without an answer; its text stays where it ran."""
    told = _told(raw)
    kind = str(told.get("errorType", "unknown"))
    if kind == _UNTOLD:
        return Unavailable(f"{command} was not answered: its function could not reach what it has to tell")
    if kind in _DEATHS or "Task timed out" in str(told.get("errorMessage", "")):
        return Unavailable(f"{command} was not answered: its function was ended while it ran ({kind})")
    return InvocationFailed(command, 502, f"its function ended without an answer ({kind})")


def _told(raw: bytes) -> dict[str, Any]:
    try:
        told = parse_json(raw)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
