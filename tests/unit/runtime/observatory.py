"""Two services with one of everything, as modules that a deployed function could import."""

from datetime import datetime, timedelta
from typing import Any

from purista_serverless import Application, Backoff, Cron, Lifecycle, LongRunning, Model, ResultEvents, ServiceBuilder


class Night(Model):
    """A night under the sky."""

    date: str


class Plate(Model):
    """An exposed plate."""

    star: str


sky = ServiceBuilder("Sky")
archive = ServiceBuilder("Archive", version="2")

night_fell = sky.event("sky.nightFell", Night)
dusk = sky.event("sky.dusk", Night)
exposures = sky.queue(
    "sky.exposures",
    Night,
    profile=LongRunning(max_runtime=timedelta(minutes=8)),
    result=ResultEvents(Plate, completed="sky.exposed", failed="sky.clouded", delivery="required"),
)
open_dome = sky.command("openDome", Night, Plate, parameter=Night, timeout=timedelta(seconds=5))
copies = archive.queue(
    "archive.copies",
    Night,
    lifecycle=Lifecycle(
        max_attempts=4, window=timedelta(hours=30), backoff=Backoff(initial=timedelta(seconds=3), jitter=0)
    ),
    dead_letter_retention=timedelta(days=20),
)


@exposures.worker(batch_size=1)
def expose(ctx: Any, night: Night) -> Plate:
    """Expose a plate."""
    return Plate(star=night.date)


@copies.worker(batch_size=7)
async def copy(ctx: Any, night: Night) -> None:
    """Copy the plates of a night."""


@open_dome.handler()
def opened(ctx: Any, night: Night, parameter: Night) -> Plate:
    """Open the dome."""
    return Plate(star=night.date)


@archive.subscribe(
    exposures.completed, "file", sender_service="Sky", tenant_id="north", lifecycle=Lifecycle(max_attempts=2)
)
def file(ctx: Any, result: Any) -> None:
    """File a plate."""


def payload(slot: datetime) -> Night:
    """Give the night of a slot."""
    return Night(date=f"{slot:%Y-%m-%d}")


sky.bind_event_to_queue(night_fell, exposures, idempotency_mode="strict", idempotency_key="payload.date")
archive.bind_event_to_queue(night_fell, copies, lifecycle=Lifecycle(max_attempts=6), sender_service="Sky")

sky.schedule("nights").emit_event(
    night_fell,
    expression=Cron("0 20 * * *"),
    timezone="Europe/Berlin",
    concurrency_policy="forbid",
    missed_run_policy="backfill",
    jitter=timedelta(minutes=2),
    idempotency_key="payload.date",
    payload=payload,
)
sky.schedule("exposing").enqueue(
    exposures, expression=Cron("0 21 * * *"), concurrency_policy="replace", payload=payload, enabled=False
)
sky.schedule("dome").invoke(
    open_dome,
    expression="0 19 * * *",
    concurrency_policy="forbid",
    run_timeout=timedelta(hours=2),
    payload=payload,
    parameter=payload,
)
archive.schedule("tidying").emit_event(dusk, expression="30 6 * * *", payload=Night(date="today"))

app = Application("observatory", [sky, archive])
