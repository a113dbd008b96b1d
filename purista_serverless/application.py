"""The application: services put together, checked once, then immutable."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from purista_serverless.builder.compile import compile_application
from purista_serverless.builder.service import ServiceBuilder
from purista_serverless.builder.values import Resource

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from purista_serverless.builder.options import Cors
    from purista_serverless.message.identity import HttpRequest, Identity
    from purista_serverless.runtime.client import Client
    from purista_serverless.runtime.ports import Ports

    Authenticate = Callable[[HttpRequest], Identity | Awaitable[Identity | None] | None]


class Application:
    """Put services together, import their handlers and check everything.

    Args:
        name: Name of the application; it becomes part of the names of what is deployed.
        services: The builders of its services.
        handlers: Dotted names of the modules that register handlers. A deployed function imports the one module that
            its handler is in. Handlers that are registered already need no module here.
        resources: Factories in place of the declared ones, by resource or by name.
        authenticate: Function from an ``HttpRequest`` to the ``Identity`` of who sent it, ``None`` for nobody; may be
            ``async def``. Without one the platform's authoriser has to tell. ``jwt_authenticator`` makes one. Functions
            that are deployed one by one find it by its name; write ``"module:name"`` for what is no plain function.
        cors: Which web pages of other origins may call; none when omitted.

    Raises:
        InvalidApplication: The declarations contradict each other; the error lists all problems with file and line.

    Example:
        >>> from purista_serverless import ServiceBuilder
        >>> orders = ServiceBuilder("Orders")
        >>> @orders.command("double")
        ... def double(ctx, payload: int) -> int:
        ...     return payload * 2
        >>> [str(command.address) for command in Application("shop", [orders]).model.commands]
        ['Orders v1 > double']
    """

    def __init__(
        self,
        name: str,
        services: Sequence[ServiceBuilder],
        *,
        handlers: Sequence[str] = (),
        resources: Mapping[Resource[Any] | str, Callable[[], Any] | str] | None = None,
        authenticate: "Authenticate | str | None" = None,
        cors: "Cors | None" = None,
    ) -> None:
        factories = {_name_of(resource): factory for resource, factory in (resources or {}).items()}
        self.name = name
        self.services = tuple(services)
        self.model = compile_application(
            name, self.services, handlers=handlers, factories=factories, authenticate=authenticate, cors=cors
        )

    def client(self, ports: "Ports", *, tenant_id: str | None = None, principal_id: str | None = None) -> "Client":
        """Give typed emit, enqueue, invoke and status outside of handlers: for scripts, web servers, other workers.

        Args:
            ports: The ways out, from the adapter that the application runs on.
            tenant_id: The tenant on whose behalf calls are made.
            principal_id: The principal on whose behalf calls are made.
        """
        from purista_serverless.runtime.client import Client
        from purista_serverless.runtime.enqueue import QueueSpec

        queues = {queue.name: QueueSpec(queue) for queue in self.model.queues}
        return Client(self.name, ports, queues=queues, tenant_id=tenant_id, principal_id=principal_id)

    def __repr__(self) -> str:
        return f"Application({self.name!r}, {len(self.services)} services)"


def _name_of(resource: Resource[Any] | str) -> str:
    return resource if isinstance(resource, str) else resource.name
