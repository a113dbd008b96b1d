"""The part of Lambda's own interface that functions call: Invoke."""

import json
from typing import cast
from urllib.parse import unquote, urlsplit

from purista_serverless.adapters.aws.emulator.functions import Functions
from purista_serverless.adapters.aws.limits import LARGEST_REQUEST
from purista_serverless.emulation.loopback import LoopbackHandler, LoopbackServer

_PREFIX, _SUFFIX = "/2015-03-31/functions/", "/invocations"


class LambdaApi(LoopbackServer):
    """Answers ``Invoke`` for the functions of the emulator; moto's process hands such requests on to it."""

    def __init__(self) -> None:
        super().__init__(_Requests)
        self.functions = Functions({})


class _Requests(LoopbackHandler):
    def do_POST(self) -> None:  # noqa: N802 - the standard library's name
        body, path = self.body(), urlsplit(self.path).path
        if not (path.startswith(_PREFIX) and path.endswith(_SUFFIX)):
            self._refuse(404, "UnknownOperationException", "the emulator's Lambda knows only Invoke")
        elif self.headers.get("X-Amz-Invocation-Type", "RequestResponse") != "RequestResponse":
            text = "the emulator invokes only with the type RequestResponse; send events to a queue or a bus"
            self._refuse(400, "InvalidParameterValueException", text)
        elif len(body) > LARGEST_REQUEST:
            self._refuse(413, "RequestTooLargeException", f"{len(body)} byte payload is too large for Invoke")
        else:
            self._invoke(unquote(path.removeprefix(_PREFIX).removesuffix(_SUFFIX)), body)

    def _invoke(self, name: str, body: bytes) -> None:
        try:
            function = cast("LambdaApi", self.server).functions.find(name)
        except LookupError as error:
            self._refuse(404, "ResourceNotFoundException", str(error))
            return
        answer = function.invoke(body or b"{}")
        failed = (("X-Amz-Function-Error", "Unhandled"),) if answer.error_type else ()
        self.answer(200, answer.payload, (("X-Amz-Executed-Version", "$LATEST"), *failed))

    def _refuse(self, status: int, error: str, message: str) -> None:
        self.answer(status, json.dumps({"Message": message}).encode(), (("X-Amzn-ErrorType", error),))
