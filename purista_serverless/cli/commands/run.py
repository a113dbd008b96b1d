"""``run`` and ``work``: the processes that serve an application."""

import sys
from dataclasses import dataclass

import click

from purista_serverless.cli.command import Command, with_project
from purista_serverless.cli.output import fields, line_of, wants_json
from purista_serverless.cli.project import Project
from purista_serverless.cli.values import known

_SHAPE = """
{"state": "serving", "application": "orders", "database": "orders.db", "http": "http://127.0.0.1:8000",
 "workers": ["orders.shipping"], "subscriptions": [], "schedules": ["Orders.1.standingOrder"]}
{"state": "stopping"}
{"state": "stopped"}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a process serves.

    Attributes:
        workers: The workers of queues.
        subscriptions: Subscriptions, bindings and the calls of schedules.
        scheduler: The clock of schedules.
        http: Commands over HTTP.
    """

    workers: bool
    subscriptions: bool
    scheduler: bool
    http: bool

    @classmethod
    def of(cls, **wanted: bool | None) -> "Parts":
        """Choose by options: those that are wanted, all if none is, without those that are not wanted.

        Example:
            >>> Parts.of(workers=True, subscriptions=None, scheduler=None, http=None)
            Parts(workers=True, subscriptions=False, scheduler=False, http=False)
            >>> Parts.of(workers=None, subscriptions=None, scheduler=None, http=False)
            Parts(workers=True, subscriptions=True, scheduler=True, http=False)
        """
        rest = not any(wanted.values())
        return cls(**{name: rest if choice is None else choice for name, choice in wanted.items()})

    @property
    def is_empty(self) -> bool:
        """Say whether nothing is left."""
        return not (self.workers or self.subscriptions or self.scheduler or self.http)


_concurrency = click.option(
    "--concurrency",
    type=click.IntRange(min=1),
    default=16,
    show_default=True,
    help="How many handlers run at a time, of either kind: def and async def.",
)


_log_level = click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="info",
    show_default=True,
    help="What is logged to the error stream; ignored if the application sets up logging itself.",
)


@click.command(cls=Command, example="run --port 8080", shape=_SHAPE)
@click.option("--workers/--no-workers", default=None, help="Run the workers of queues.")
@click.option("--subscriptions/--no-subscriptions", default=None, help="Run subscriptions and bindings.")
@click.option("--scheduler/--no-scheduler", default=None, help="Fire schedules.")
@click.option("--http/--no-http", default=None, help="Serve commands over HTTP.")
@click.option(
    "--host", "address", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Where HTTP listens."
)
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes a free one.")
@_concurrency
@_log_level
@click.option("--reload", is_flag=True, help="Start again whenever a source file changes; for development.")
@with_project
def run(
    *,
    project: Project,
    workers: bool | None,
    subscriptions: bool | None,
    scheduler: bool | None,
    http: bool | None,
    address: str,
    port: int,
    concurrency: int,
    log_level: str,
    reload: bool,
) -> None:
    """Serve workers, subscriptions, schedules and HTTP.

    Everything from one database file, unless options say which parts: `run --http --scheduler` serves these two,
    `run --no-http` all but one. Several processes may serve the same file. Ctrl+C or SIGTERM stops gracefully; a second
    one stops at once.
    """
    parts = Parts.of(workers=workers, subscriptions=subscriptions, scheduler=scheduler, http=http)
    if parts.is_empty:
        raise click.UsageError("nothing is left to serve; give fewer --no- options")
    if reload:
        from purista_serverless.cli.reload import keep_running

        keep_running(project.root, [argument for argument in sys.argv[1:] if argument != "--reload"])
        return
    _log(project, log_level)
    _serve(project, parts, queues=None, bind=(address, port), concurrency=concurrency)


@click.command(cls=Command, example="work --queue orders.shipping", shape=_SHAPE)
@click.option("--queue", "queues", metavar="NAME", multiple=True, help="May be given several times.")
@click.option("--provider", metavar="NAME", help="Pull the queues of a provider instead of those of a file: gcp.")
@_concurrency
@_log_level
@with_project
def work(*, project: Project, queues: tuple[str, ...], provider: str | None, concurrency: int, log_level: str) -> None:
    """Serve the workers of some queues only.

    Other processes may serve the same file. Ctrl+C or SIGTERM stops gracefully; a second one stops at once.

    With `--provider` a worker pool runs it: the variables that were deployed say what is pulled, and without `--queue`
    all of that is.
    """
    declared = {worker.queue: worker for worker in project.model.workers}
    for queue in queues:
        known("queue with a worker", queue, declared)
    if not queues and provider is None:
        raise click.UsageError("give --queue, or --provider")
    _log(project, log_level)
    if provider is not None:
        _pull(project, provider, queues, concurrency)
        return
    parts = Parts(workers=True, subscriptions=False, scheduler=False, http=False)
    _serve(project, parts, queues=queues, bind=None, concurrency=concurrency)


def _pull(project: Project, provider: str, queues: tuple[str, ...], concurrency: int) -> None:
    from purista_serverless.adapter import load_object
    from purista_serverless.cli.providers import adapter_of
    from purista_serverless.cli.serving import stop_on_signals

    adapter = adapter_of(project, provider)
    if adapter.worker is None:
        raise click.UsageError(f"{provider} starts all workers by itself; leave out --provider")
    serve = load_object(adapter.worker)
    stopping = line_of({"state": "stopping"}, "stopping")
    head = {"application": project.model.name, "provider": provider}
    rows = [*head.items(), ("workers", ", ".join(queues) or "all that are deployed")]
    with stop_on_signals(lambda: click.echo(stopping)) as stop:
        click.echo(
            line_of({"state": "serving", **head, "workers": list(queues)}, f"{fields(rows)}\nserving; stop with Ctrl+C")
        )
        serve(project.application, queues, stop=stop, concurrency=concurrency)
    click.echo(line_of({"state": "stopped"}, "stopped"))


def _log(project: Project, level: str) -> None:
    """Set up logging, unless the application did that when it was imported."""
    import logging

    from purista_serverless.cli.logs import TextFormatter
    from purista_serverless.runtime.log import JsonFormatter

    _ = project.application
    if logging.getLogger().handlers:
        return
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if wants_json() else TextFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler])


def _serve(
    project: Project, parts: Parts, *, queues: tuple[str, ...] | None, bind: tuple[str, int] | None, concurrency: int
) -> None:
    from purista_serverless.cli.serving import HttpServer, stop_on_signals

    # Made here, since a click context belongs to this thread.
    stopping = line_of({"state": "stopping"}, "stopping")
    with project.host() as host:
        server = HttpServer.open(host, *bind) if parts.http and bind is not None else None
        with stop_on_signals(lambda: click.echo(stopping)) as stop:
            click.echo(_serving_line(project, parts, queues, server.url if server is not None else None))
            if server is not None:
                server.start(stop)
            host.serve(
                workers=parts.workers,
                subscriptions=parts.subscriptions,
                scheduler=parts.scheduler,
                queues=queues,
                stop=stop,
                concurrency=concurrency,
            )
            if server is not None:
                server.join()
    click.echo(line_of({"state": "stopped"}, "stopped"))


def _serving_line(project: Project, parts: Parts, queues: tuple[str, ...] | None, url: str | None) -> str:
    model = project.model
    workers = [worker.queue for worker in model.workers if queues is None or worker.queue in queues]
    lists = {
        "workers": workers if parts.workers else [],
        "subscriptions": [str(found.address) for found in model.subscriptions] if parts.subscriptions else [],
        "schedules": [found.name for found in model.schedules if found.enabled] if parts.scheduler else [],
    }
    head = {"application": model.name, "database": str(project.database), "http": url}
    rows = [*head.items(), *((name, ", ".join(names) or None) for name, names in lists.items())]
    return line_of({"state": "serving", **head, **lists}, f"{fields(rows)}\nserving; stop with Ctrl+C")
