"""Commands to the functions that answer them."""

from typing import TYPE_CHECKING

from purista_serverless.adapters.gcp.constants import COMMAND_PATH, COMMANDS
from purista_serverless.adapters.gcp.ports.failures import failure_of, fault_of
from purista_serverless.adapters.gcp.ports.rest import FAULTS, Answer
from purista_serverless.errors import BadEvent, InvocationFailed, PuristaServerlessError, TooLarge, Unavailable
from purista_serverless.message import Message
from purista_serverless.runtime.deployed import Use

if TYPE_CHECKING:
    from purista_serverless.adapters.gcp.ports.deployment import Deployment

_INVOKE = Use("run.routes.invoke", "declare can_invoke=[...] on the handler")

# Of an HTTP/1 request (Cloud Run, quotas and limits).
_MAX_REQUEST = 33_554_432

# A function may run for an hour (Cloud Run, quotas and limits). Giving up earlier would run it twice.
_TIMEOUT = 3_610.0

# What Cloud Run says where no instance answered: none was free, it died, or it ran into its timeout. Its work may be
# done or not, and may be asked for again; so may that of a function which says that it could not reach something.
_UNTOLD = frozenset({408, 425, 429, 502, 503, 504})


class RunCommands:
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
            ProviderRefused: There is no such function.
        """
        command = _name_of(message)
        url = self._deployment.entry(COMMANDS, command, _INVOKE)
        body = message.encode()
        if len(body) > _MAX_REQUEST:
            raise TooLarge(f"the request of {command}", len(body), _MAX_REQUEST, "send less, or a reference to it")
        answer = self._ask(command, url, body)
        if answer.status != 200:
            raise _failure_of(command, answer)
        return _response_of(command, answer.body)

    async def ainvoke(self, message: Message) -> Message:
        """Do the same in a thread, so that the event loop goes on."""
        import asyncio

        return await asyncio.get_running_loop().run_in_executor(None, self.invoke, message)

    def _ask(self, command: str, url: str, body: bytes) -> Answer:
        """Ask once: a second request might run the command twice."""
        headers = {"Content-Type": "application/json"}
        if url.startswith("https://") or self._is_emulated(url):
            headers["Authorization"] = f"Bearer {self._deployment.tokens.identity(url)}"
        path = url.rstrip("/") + COMMAND_PATH
        try:
            return self._deployment.rest.ask("POST", path, headers=headers, body=body, timeout=_TIMEOUT)
        except FAULTS as error:
            raise fault_of(error, _INVOKE, command) from error

    def _is_emulated(self, url: str) -> bool:
        """Say whether a function of an emulator is asked, which wants a token as well; it stays on this machine."""
        return url.startswith("http://127.0.0.1:") and self._deployment.tokens.is_on_platform


def _name_of(message: Message) -> str:
    receiver = message.receiver
    return "" if receiver is None else f"{receiver.service}.{receiver.version}.{receiver.target}"


def _response_of(command: str, raw: bytes) -> Message:
    try:
        return Message.decode(raw)
    except BadEvent as error:
        raise InvocationFailed(command, 502, "its function answered with something that is no response") from error


def _failure_of(command: str, answer: Answer) -> PuristaServerlessError:
    """Give the error of a function that ended without an answer; its text stays where it ran."""
    if answer.status in {401, 403, 404}:
        return failure_of(answer, _INVOKE, command)
    if answer.status in _UNTOLD:
        return Unavailable(f"{command} was not answered: status {answer.status}")
    return InvocationFailed(command, 502, f"its function ended without an answer (status {answer.status})")
