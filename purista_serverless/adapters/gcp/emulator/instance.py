"""One instance of a function: a process of the real functions-framework."""

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

from purista_serverless.emulation.forwarding import Answer, Request, forward
from purista_serverless.emulation.loopback import ADDRESS
from purista_serverless.emulation.platform import Platform
from purista_serverless.emulation.processes import ProcessGroup

# Of what gunicorn says about itself only this is wanted: the port that it has chosen.
_GUNICORN = re.compile(r"\[[^]]+\] \[\d+\] \[(?:INFO|WARNING)\] (.*)")
_LISTENING = re.compile(r"Listening at: http://[^:]+:(\d+)")
_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "TMPDIR", "SYSTEMROOT")
# The function that sets the time of its process, and the folder in which it is found.
_CLOCKED = Path(__file__).with_name("clocked") / "purista_clocked.py"
# Header in which that function is told the time.
NOW_HEADER = "Purista-Emulated-Now"


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceSetup:
    """How a function is run.

    Attributes:
        name: Its name.
        root: Folder of its sources, where it runs.
        source: File with its code, from that folder.
        timeout: Seconds of one request.
        variables: Its environment, besides what the platform adds.
        python: The interpreter; it needs ``functions-framework``.
    """

    name: str
    root: str
    source: str
    timeout: float
    variables: Mapping[str, str]
    python: str = sys.executable


class Instance:
    """A process that runs a function; it is started by its first request.

    Args:
        setup: The function.
        platform: Tells the time, and takes what the process prints, line by line.
    """

    def __init__(self, setup: InstanceSetup, platform: Platform) -> None:
        self._setup = setup
        self._clock = platform.clock
        self._log = platform.log
        self._process: ProcessGroup | None = None
        self._host = ""

    @property
    def process_id(self) -> int | None:
        """Give the id of its process, ``None`` if there is none."""
        return None if self._process is None else self._process.id

    def answer(self, request: Request) -> Answer:
        """Run the function on a request.

        A crash, a timeout or a function that cannot be loaded is an answer with a status, as Cloud Run gives it; the
        next request begins with a new process.
        """
        if not self._is_started():
            self.stop()
            return Answer(status=500, body=b"the function could not be loaded")
        try:
            return forward(self._host, self._told(request), timeout=self._setup.timeout)
        except TimeoutError:
            self.stop()
            return Answer(status=504, body=b"upstream request timeout")
        except (OSError, HTTPException):
            self.stop()
            return Answer(status=503, body=b"the connection to the instance had an error")

    def kill(self) -> None:
        """End the process with SIGKILL, whatever it does."""
        if self._process is not None:
            self._process.kill()

    def stop(self) -> None:
        """End the process; the next request starts another."""
        if self._process is not None:
            self._process.kill()
            self._process.stop()
            self._process = None

    def _told(self, request: Request) -> Request:
        if not self._clock.is_virtual:
            return request
        return request.with_header(NOW_HEADER, repr(self._clock.now().timestamp()))

    def _is_started(self) -> bool:
        if self._process is not None and not self._process.has_ended:
            return True
        self.stop()
        self._process = ProcessGroup(self._command(), folder=Path(self._setup.root), environment=self._environment())
        ports: SimpleQueue[str | None] = SimpleQueue()
        Thread(target=self._watch, args=(self._process, ports), daemon=True).start()
        port = ports.get()
        self._host = f"{ADDRESS}:{port}"
        return port is not None

    def _command(self) -> list[str]:
        source = str(_CLOCKED) if self._clock.is_virtual else self._setup.source
        # A free port of its own choice is told in gunicorn's log.
        server = ["--host", ADDRESS, "--port", "0"]
        return [self._setup.python, "-m", "functions_framework", "--source", source, "--target", "handler", *server]

    def _environment(self) -> dict[str, str]:
        setup = self._setup
        given = {
            "FUNCTION_SIGNATURE_TYPE": "http",
            "FUNCTION_TARGET": "handler",
            "GUNICORN_LOG_LEVEL": "info",
            "K_CONFIGURATION": setup.name,
            "K_REVISION": f"{setup.name}-00001-emu",
            "K_SERVICE": setup.name,
            "PYTHONUNBUFFERED": "1",
        }
        if self._clock.is_virtual:
            given["PURISTA_EMULATED_NOW"] = repr(self._clock.now().timestamp())
            given["PURISTA_EMULATED_SOURCE"] = setup.source
        return {**kept_variables(), **setup.variables, **given}

    def _watch(self, process: ProcessGroup, ports: "SimpleQueue[str | None]") -> None:
        with process.output as output:
            for line in output:
                text = line.decode(errors="replace").rstrip("\n")
                said = _GUNICORN.fullmatch(text)
                if said is None:
                    self._log(self._setup.name, text)
                elif listening := _LISTENING.match(said[1]):
                    ports.put(listening[1])
        ports.put(None)


def kept_variables() -> dict[str, str]:
    """Give the variables of this process that every other one needs."""
    return {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
