"""A process that serves the example from one file, at a time of its own: ``embedded_process.py FILE SECONDS``."""

import signal
import sys
import threading

import time_machine

from examples.enterprise_billing_cycle.app import app
from purista_serverless.adapters.embedded.host import Host


def main(file: str, start: float) -> None:
    """Serve until SIGTERM."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with time_machine.travel(start, tick=True), Host(app, file) as host:
        host.serve(stop=stop)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
