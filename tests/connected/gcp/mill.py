"""An application whose runs take as long as they are told, and say so."""

import asyncio
import sys
import threading
from datetime import timedelta

from purista_serverless import Application, Context, Lifecycle, Model, ServiceBuilder


class Sack(Model):
    """What is to be ground: for so many seconds, unless it is the attempt's fate to hang."""

    name: str
    seconds: float = 0
    hangs: bool = False


mill = ServiceBuilder("Mill")
lifecycle = Lifecycle(
    visibility=timedelta(seconds=6), heartbeat=timedelta(seconds=2), max_extensions=30, max_attempts=3
)
grinding = mill.queue("mill.grinding", Sack, lifecycle=lifecycle, tracking="full")
sifting = mill.queue("mill.sifting", Sack, lifecycle=lifecycle, tracking="full")


def say(ctx: Context, word: str, sack: Sack) -> None:
    """Tell whoever reads the process' output."""
    sys.stdout.write(f"{word} {sack.name} {ctx.attempt}\n")
    sys.stdout.flush()


@grinding.worker()
def grind(ctx: Context, sack: Sack) -> None:
    """Take a time, or wait until told to stop."""
    say(ctx, "began", sack)
    rest = threading.Event()
    if sack.hangs and ctx.attempt == 1:
        while not ctx.cancel_requested():
            rest.wait(0.05)
        say(ctx, "stopped", sack)
        raise RuntimeError("told to stop")
    rest.wait(sack.seconds)
    say(ctx, "ended", sack)


@sifting.worker()
async def sift(ctx: Context, sack: Sack) -> None:
    """Do the same on the event loop, where being told to stop is being cancelled."""
    say(ctx, "began", sack)
    await asyncio.sleep(3_600 if sack.hangs else sack.seconds)
    say(ctx, "ended", sack)


app = Application("mill", [mill])
