"""What stands between functions and the emulated account: it notes each request, and refuses some on demand."""

import re
from collections.abc import Iterable
from contextlib import closing
from http.client import HTTPConnection
from threading import Event, Lock
from typing import cast

from purista_serverless.emulation.loopback import LoopbackHandler, LoopbackServer
from tests.connected.aws.privilege.requests import Need, Request, needs_of

_SIGNATURE = re.compile(r"Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")
# Of one connection, not of what goes over it.
_HOP = frozenset({"connection", "content-length", "expect", "transfer-encoding"})
_PATIENCE = 60.0


class Recorder(LoopbackServer):
    """Hands requests on to the account, and notes what each function asked for."""

    def __init__(self) -> None:
        super().__init__(_Requests)
        self._lock = Lock()
        self._needs: set[tuple[str, Need]] = set()
        self._unknown: list[str] = []
        self._refused: set[tuple[str, str]] = set()
        self._address = ""
        self._is_known = Event()

    def stand_before(self, endpoint: str) -> None:
        """Hand requests on to an endpoint; those that came before wait until now."""
        self._address = endpoint.removeprefix("http://")
        self._is_known.set()

    def refuse_once(self, function: str, action: str) -> None:
        """Answer the next request of a function for an action with an error that trying again does not mend."""
        with self._lock:
            self._refused.add((function, action))

    def needs(self) -> Iterable[tuple[str, Need]]:
        """Give what functions asked for, by their names.

        Raises:
            AssertionError: A request was not understood.
        """
        assert not self._unknown, self._unknown
        return frozenset(self._needs)

    def note(self, function: str, request: Request) -> bool:
        """Note a request, and say whether to refuse it."""
        with self._lock:
            try:
                needs = tuple(needs_of(request))
            except (AssertionError, KeyError) as error:
                self._unknown.append(f"{function}: {request.method} {request.path} {request.operation}: {error!r}")
                return True
            self._needs.update((function, need) for need in needs)
            refused = {(function, action) for action, _, _ in needs} & self._refused
            self._refused -= refused
            return bool(refused)

    def address(self) -> str:
        """Give where to hand requests on to."""
        assert self._is_known.wait(_PATIENCE)
        return self._address


class _Requests(LoopbackHandler):
    def _handle(self) -> None:
        recorder, body = cast("Recorder", self.server), self.body()
        signature = _SIGNATURE.search(self.headers["Authorization"])
        assert signature is not None
        function, region, service = signature.groups()
        request = Request(
            service=service,
            region=region,
            method=self.command,
            path=self.path,
            operation=self.headers.get("X-Amz-Target", "").rpartition(".")[2],
            body=body,
        )
        if recorder.note(function, request):
            self.answer(400, b'{"__type": "InvalidParameterValue", "message": "refused by the test"}')
        else:
            self._hand_on(recorder.address(), body)

    def handle_expect_100(self) -> bool:
        """Tell whoever asks before sending a large body that it is welcome; the answer must not wait for the body."""
        is_welcome = super().handle_expect_100()
        self.wfile.flush()
        return is_welcome

    def _hand_on(self, address: str, body: bytes) -> None:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
        with closing(HTTPConnection(address)) as connection:
            connection.request(self.command, self.path, body, headers)
            response = connection.getresponse()
            content = response.read()
            kept = tuple((name, value) for name, value in response.getheaders() if name.lower() not in _HOP)
            self.answer(response.status, content, kept)

    # The standard library's names.
    do_DELETE = do_GET = do_HEAD = do_POST = do_PUT = _handle  # noqa: N815
