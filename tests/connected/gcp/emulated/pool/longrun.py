"""An application with a queue whose runs are longer than a push may take."""

import os
import signal
from datetime import timedelta
from pathlib import Path

from purista_serverless import Application, Context, LongRunning, Model, ServiceBuilder

longrun = ServiceBuilder("Longrun", version="1", description="Takes its time", owner="tests")


class Ride(Model):
    """A ride that is told of in a pipe."""

    told: str


rides = longrun.queue("longrun.rides", Ride, "Ride", profile=LongRunning(max_runtime=timedelta(hours=2)))


@rides.worker()
def ride(ctx: Context, job: Ride) -> None:
    """Tell who rides; the first time never come to an end."""
    with Path(job.told).open("w") as told:
        told.write(f"{os.getpid()}\n")
        told.flush()
        if ctx.attempt == 1:
            signal.pause()


app = Application("longrun", [longrun])
