"""What the environment of a deployed function says, and the way to Google's APIs that its ports share."""

import time
from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.gcp.ports.credentials import Tokens
from purista_serverless.adapters.gcp.ports.failures import code_of, failure_of, fault_of
from purista_serverless.adapters.gcp.ports.rest import FAULTS, Answer, Rest
from purista_serverless.errors import PuristaServerlessError, Unavailable
from purista_serverless.message.wire import format_json
from purista_serverless.runtime.deployed import DeployedNames, Use

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from purista_serverless.runtime.ports import Clock

_ATTEMPTS = 4
_FIRST_PAUSE = 0.1
# Seconds that an API may take to answer.
_TIMEOUT = 10.0

# By API: the variable that names its emulator.
_EMULATORS = {
    "cloudtasks": "CLOUD_TASKS_EMULATOR_HOST",
    "firestore": "FIRESTORE_EMULATOR_HOST",
    "pubsub": "PUBSUB_EMULATOR_HOST",
    "storage": "STORAGE_EMULATOR_HOST",
}


class Deployment(DeployedNames):
    """The names of what a function may use, and the APIs to use it with.

    Args:
        environment: The variables of the function.
        clock: The time.
        pause: Waits a number of seconds, before a request is sent again.
        rest: Sends requests; one with connections of its own when omitted.

    Attributes:
        rest: Sends requests.
        tokens: Say who the function is.
    """

    __slots__ = ("_pause", "rest", "tokens")

    def __init__(
        self,
        environment: "Mapping[str, str]",
        *,
        clock: "Clock",
        pause: "Callable[[float], None]" = time.sleep,
        rest: Rest | None = None,
    ) -> None:
        super().__init__(environment, clock)
        self.rest = rest if rest is not None else Rest()
        self.tokens = Tokens(environment, clock, self.rest)
        self._pause = pause

    def url_of(self, api: str) -> str:
        """Give where an API is: its emulator if the environment names one."""
        host = self.environment.get(_EMULATORS[api])
        if not host:
            return f"https://{api}.googleapis.com"
        return host.rstrip("/") if "://" in host else f"http://{host}"

    def post(
        self, api: str, path: str, value: Any, use: Use, target: str, *, expected: "Collection[str]" = ()
    ) -> Answer:
        """Send a JSON value to an API and give its answer; the rest as ``call``."""
        return self.call("POST", api, path, use, target, body=format_json(value), expected=expected)

    def call(
        self,
        method: str,
        api: str,
        path: str,
        use: Use,
        target: str,
        *,
        body: bytes | None = None,
        expected: "Collection[str]" = (),
    ) -> Answer:
        """Send a request to an API and give its answer: a success, or one that names an ``expected`` error.

        What passes is asked for again, four times in all.

        Args:
            method: ``GET`` or ``POST``.
            api: ``pubsub``, ``firestore``, ``storage`` or ``cloudtasks``.
            path: Path and query.
            use: What it is, for the text of errors.
            target: What it is done to.
            body: What is sent; JSON.
            expected: Names of errors, or statuses as text, that are answers to the caller.

        Raises:
            Unavailable: The network, a throttle or a fault of the service; it may have happened all the same.
            UndeclaredUse: The function's account is not allowed it.
            ProviderRefused: It would be refused again.
        """
        tries = 1
        while True:
            found = self._tried(method, self.url_of(api) + path, body, use=use, target=target, expected=expected)
            if isinstance(found, Answer):
                return found
            if tries == _ATTEMPTS or not isinstance(found, Unavailable):
                raise found
            self._pause(_FIRST_PAUSE * 2 ** (tries - 1))
            tries += 1

    def _tried(
        self, method: str, url: str, body: bytes | None, *, use: Use, target: str, expected: "Collection[str]"
    ) -> Answer | PuristaServerlessError:
        """Send a request once; give its answer, or the error that it comes to."""
        try:
            answer = self._ask(method, url, body)
        except FAULTS as error:
            fault = fault_of(error, use, target)
            fault.__cause__ = error
            return fault
        is_fine = answer.status < 300 or code_of(answer) in expected or str(answer.status) in expected
        return answer if is_fine else failure_of(answer, use, target)

    def _ask(self, method: str, url: str, body: bytes | None) -> Answer:
        headers = {} if body is None else {"Content-Type": "application/json"}
        if not url.startswith("https://"):
            # No token ever leaves in the clear, and an emulator wants none.
            return self.rest.ask(method, url, headers=headers, body=body, timeout=_TIMEOUT)
        answer = self.rest.ask(method, url, headers=headers | self._bearer(), body=body, timeout=_TIMEOUT)
        if answer.status == 401:
            # What was given to this process may have been taken back meanwhile.
            self.tokens.forget()
            answer = self.rest.ask(method, url, headers=headers | self._bearer(), body=body, timeout=_TIMEOUT)
        return answer

    def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens.access()}"}
