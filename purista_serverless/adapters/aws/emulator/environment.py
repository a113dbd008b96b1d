"""One execution environment: a process under the real Lambda runtime client, with one invocation at a time."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from threading import Thread
from uuid import uuid4

from purista_serverless.adapters.aws.emulator.runtime_api import (
    Answer,
    Exited,
    InitFailed,
    Invocation,
    Ready,
    Report,
    RuntimeApi,
)
from purista_serverless.emulation.clock import Clock

Log = Callable[[str, str], None]
"""Takes the name of a function and a line that it printed."""

# Lambda gives the initialisation ten seconds.
_INIT_SECONDS = 10.0
_LARGEST_ANSWER = 6_291_556
_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "TMPDIR", "SYSTEMROOT")
# The handler that sets the time of its process, and the folder in which functions find it.
_CLOCKED = "purista_clocked.handler"
_CLOCKED_FOLDER = Path(__file__).with_name("clocked")


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSetup:
    """A function as its template describes it.

    Attributes:
        name: Its physical name.
        arn: Its ARN.
        handler: ``module.attribute``.
        code: Folder of its code.
        timeout: How long an invocation may take, in seconds.
        memory: What the function is told about its memory, in MB; nothing limits it here.
        variables: Its environment, as in the template.
        log_format: ``JSON`` or ``Text``.
        log_level: Level of its own logs, with ``JSON`` only.
        concurrency: How many environments it may have at a time; ``None`` for as many as are asked for.
    """

    name: str
    arn: str
    handler: str
    code: Path
    timeout: float = 3.0
    memory: int = 128
    variables: Mapping[str, str] = field(default_factory=dict)
    log_format: str = "Text"
    log_level: str | None = None
    concurrency: int | None = None


class Environment:
    """A process that runs a function; it is started by its first invocation.

    Args:
        setup: The function.
        clock: The time that the function is told.
        variables: What the platform adds to its environment: credentials, endpoints.
        python: The interpreter; it needs ``awslambdaric``.
        log: Takes what the process prints, line by line.
    """

    def __init__(
        self,
        setup: FunctionSetup,
        clock: Clock,
        variables: Mapping[str, str],
        *,
        python: str = sys.executable,
        log: Log,
    ) -> None:
        self._setup = setup
        self._clock = clock
        self._variables = variables
        self._python = python
        self._log = log
        self._api: RuntimeApi | None = None
        self._process: subprocess.Popen[str] | None = None

    @property
    def process_id(self) -> int | None:
        """Give the id of its process, ``None`` if there is none."""
        return self._process.pid if self._process is not None else None

    def invoke(self, payload: bytes) -> Answer:
        """Run the function on an event.

        A timeout, a crash or an initialisation that fails is an answer with an error, as Lambda gives it; the next
        invocation begins with a new process.
        """
        api, failed = self._started()
        if failed is not None:
            return failed
        request_id = str(uuid4())
        deadline = int(self._clock.now().timestamp() * 1000 + self._setup.timeout * 1000)
        api.work.put(Invocation(request_id=request_id, payload=payload, deadline=deadline, arn=self._setup.arn))
        report = _next(api, self._setup.timeout)
        match report:
            case Answer(payload=answer) if len(answer) > _LARGEST_ANSWER:
                text = f"Response payload size exceeded maximum allowed payload size ({_LARGEST_ANSWER} bytes)."
                return _error("Function.ResponseSizeTooLarge", text)
            case Answer():
                return report
            case None:
                self.stop()
                return _error(
                    "Sandbox.Timedout", f"{request_id} Task timed out after {self._setup.timeout:.2f} seconds"
                )
            case _:
                self.stop()
                return _exit_error(request_id, report)

    def kill(self) -> None:
        """End the process with SIGKILL, whatever it does; whoever waits for its answer is told of the crash."""
        if self._process is not None:
            self._process.kill()

    def stop(self) -> None:
        """End the process and its server."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        if self._api is not None:
            self._api.stop()
            self._api = None

    def _started(self) -> tuple[RuntimeApi, Answer | None]:
        if self._api is not None and self._process is not None and self._process.poll() is None:
            return self._api, None
        self.stop()
        self._api = RuntimeApi()
        self._api.start()
        self._process = self._start_process(self._api)
        report = _next(self._api, _INIT_SECONDS)
        api = self._api
        if isinstance(report, Ready):
            return api, None
        self.stop()
        if isinstance(report, InitFailed):
            return api, report.answer
        return api, _exit_error("initialisation", report)

    def _start_process(self, api: RuntimeApi) -> subprocess.Popen[str]:
        handler = _CLOCKED if self._clock.is_virtual else self._setup.handler
        process = subprocess.Popen(  # noqa: S603 - the user's own function
            [self._python, "-m", "awslambdaric", handler],
            cwd=self._setup.code,
            env=self._environment(api),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        Thread(target=self._watch, args=(process, api), daemon=True).start()
        return process

    def _watch(self, process: "subprocess.Popen[str]", api: RuntimeApi) -> None:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        with process.stdout:
            for line in process.stdout:
                self._log(self._setup.name, line.rstrip("\n"))
        api.reports.put(Exited(code=process.wait()))

    def _environment(self, api: RuntimeApi) -> dict[str, str]:
        setup = self._setup
        kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        code = str(setup.code)
        given = {
            "AWS_EXECUTION_ENV": f"AWS_Lambda_python{sys.version_info[0]}.{sys.version_info[1]}",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(setup.memory),
            "AWS_LAMBDA_FUNCTION_NAME": setup.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_FORMAT": setup.log_format,
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{setup.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": "emulator",
            "AWS_LAMBDA_RUNTIME_API": api.address,
            "LAMBDA_RUNTIME_DIR": code,
            "LAMBDA_TASK_ROOT": code,
            "PYTHONPATH": code,
            "PYTHONUNBUFFERED": "1",
            "TZ": ":UTC",
            "_HANDLER": setup.handler,
        }
        if setup.log_level is not None:
            given["AWS_LAMBDA_LOG_LEVEL"] = setup.log_level
        if self._clock.is_virtual:
            given["PYTHONPATH"] = os.pathsep.join((code, str(_CLOCKED_FOLDER)))
            given["PURISTA_EMULATED_NOW"] = repr(self._clock.now().timestamp())
            given["PURISTA_EMULATED_TIMEOUT"] = repr(setup.timeout)
        return {**kept, **self._variables, **setup.variables, **given}


def _next(api: RuntimeApi, seconds: float) -> Report | None:
    try:
        return api.reports.get(timeout=seconds)
    except Empty:
        return None


def _exit_error(what: str, report: Report | None) -> Answer:
    match report:
        case Exited(code=code):
            how = f"signal {-code}" if code < 0 else f"exit status {code}"
            return _error("Runtime.ExitError", f"RequestId: {what} Error: Runtime exited with error: {how}")
        case _:
            return _error(
                "Sandbox.Timedout", f"RequestId: {what} Error: the initialisation took over {_INIT_SECONDS:g} s"
            )


def _error(error_type: str, text: str) -> Answer:
    return Answer(payload=json.dumps({"errorMessage": text, "errorType": error_type}).encode(), error_type=error_type)
