"""The Cloud Run service of a function: its URL, who may call it, and its instances."""

from dataclasses import dataclass
from functools import partial
from urllib.parse import parse_qs, urlsplit

from purista_serverless.adapters.gcp.emulator.instance import Instance, InstanceSetup
from purista_serverless.adapters.gcp.emulator.tokens import Signer, without_signature
from purista_serverless.emulation.door import Door
from purista_serverless.emulation.forwarding import Answer, Request
from purista_serverless.emulation.instances import Instances
from purista_serverless.emulation.platform import Platform
from purista_serverless.errors import Unavailable

# Cloud Run, quotas and limits: of a request over HTTP/1.
_LARGEST_REQUEST = 32 * 1024 * 1024
_AUTHORIZATION = "Authorization"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSetup:
    """A service as it is deployed.

    Attributes:
        id: Id of its resource.
        name: Its name.
        email: The account that it runs as.
        invokers: The accounts that may call it; ``None`` if everybody may, and it looks for itself.
        instances: How many instances it may have.
    """

    id: str
    name: str
    email: str
    invokers: frozenset[str] | None
    instances: int


class Service(Door):
    """Answers requests with a function.

    Args:
        setup: The service.
        signer: Knows whose tokens they are.
        platform: Told of each request.
    """

    def __init__(self, setup: ServiceSetup, signer: Signer, platform: Platform) -> None:
        super().__init__()
        self.setup = setup
        self._signer = signer
        self._platform = platform
        self._instances: Instances[Instance] | None = None

    def deploy(self, instance: InstanceSetup) -> None:
        """Give it the function, which may know the URLs of other services."""
        make = partial(Instance, instance, self._platform)
        self._instances = Instances(make, name=self.setup.name, limit=self.setup.instances)

    @property
    def instances(self) -> Instances[Instance]:
        """Give the instances of its function."""
        assert self._instances is not None  # noqa: S101 - nothing calls it before it is deployed
        return self._instances

    def answer(self, request: Request) -> Answer:
        """Answer a request of whoever it says it is from."""
        if self.setup.invokers is None:
            return self.run(request)
        scheme, _, token = (request.header(_AUTHORIZATION) or "").partition(" ")
        email = self._signer.email(token, self.url) if scheme.lower() == "bearer" else None
        if email is None:
            return _refusal(401, "The request was not authenticated: it has no valid ID token for this URL.")
        if email not in self.setup.invokers:
            return _refusal(403, f"{email} has no roles/run.invoker on this service.")
        return self.run(request.with_header(_AUTHORIZATION, f"Bearer {without_signature(token)}"))

    def run(self, request: Request) -> Answer:
        """Answer a request that may be answered."""
        if len(request.body) > _LARGEST_REQUEST:
            return _refusal(413, "The request is larger than 32 MiB.")
        try:
            with self._platform.activity.doing(self.setup.name), self.instances.lend() as instance:
                return instance.answer(request)
        except Unavailable as error:
            return _refusal(503, str(error))


class Metadata(Door):
    """The metadata server of one service: it gives tokens of its account.

    Args:
        email: The account.
        signer: Signs.
    """

    def __init__(self, email: str, signer: Signer) -> None:
        super().__init__()
        self._email = email
        self._signer = signer

    def answer(self, request: Request) -> Answer:
        """Answer a request for a token."""
        if request.header("Metadata-Flavor") != "Google":
            return Answer(status=403, body=b"Metadata-Flavor: Google is missing")
        account, _, what = request.path.removeprefix("/computeMetadata/v1/instance/service-accounts/").partition("/")
        audience = parse_qs(urlsplit(request.target).query).get("audience", [""])[0]
        if account not in {"default", self._email} or (what == "identity" and not audience):
            return Answer(status=404, body=b"not found")
        match what:
            case "email":
                text = self._email
            case "identity":
                text = self._signer.token(self._email, audience)
            case "token":
                text = '{"access_token": "emulated", "expires_in": 3599, "token_type": "Bearer"}'
            case _:
                return Answer(status=404, body=b"not found")
        return Answer(status=200, headers=(("Metadata-Flavor", "Google"),), body=text.encode())


def _refusal(status: int, text: str) -> Answer:
    return Answer(status=status, headers=(("Content-Type", "text/plain"),), body=text.encode())
