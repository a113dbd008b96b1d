"""What stands in for Google's APIs that have no emulator: Cloud Tasks, Cloud Storage and certificates of tokens."""

from purista_serverless.adapters.gcp.emulator.storage import Storage
from purista_serverless.adapters.gcp.emulator.tasks import Tasks
from purista_serverless.adapters.gcp.emulator.tokens import Signer
from purista_serverless.emulation.door import Door
from purista_serverless.emulation.forwarding import Answer, Request

CERTIFICATES_PATH = "/certificates"


class Doubles(Door):
    """Answers for all of them on one port: their paths tell them apart.

    Args:
        tasks: Cloud Tasks.
        storage: Cloud Storage.
        signer: Whose certificates are given.
    """

    def __init__(self, tasks: Tasks, storage: Storage, signer: Signer) -> None:
        super().__init__()
        self._tasks = tasks
        self._storage = storage
        self._signer = signer

    def answer(self, request: Request) -> Answer:
        """Answer a request."""
        if request.path == CERTIFICATES_PATH:
            return Answer(status=200, body=self._signer.certificates)
        if request.path.startswith("/v2/"):
            return self._tasks.answer(request)
        return self._storage.answer(request)
