"""An application whose worker never comes to an end."""

import threading

from purista_serverless import Application, Context, ServiceBuilder

service = ServiceBuilder("Stuck")
waiting = service.queue("stuck.waiting", int)


@waiting.worker()
def wait(ctx: Context, payload: int) -> None:
    """Wait for good."""
    ctx.log.info("waiting for good")
    threading.Event().wait()


app = Application("stuck", [service])
