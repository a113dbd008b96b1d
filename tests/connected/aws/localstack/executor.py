"""Functions as processes of this machine, under the real Lambda runtime client, where LocalStack asks for Docker."""

import os
import sys
from pathlib import Path
from typing import Any

from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, InvocationResult

from purista_serverless.adapters.aws.emulator.environment import Environment, FunctionSetup
from purista_serverless.emulation.clock import WallClock

INTERPRETER = "LAMBDA_PYTHON"
ADDRESS = "127.0.0.1"

_CLOCK = WallClock()
_at_work: set[Environment] = set()


def kill_what_works() -> None:
    """End every process that handles an invocation with SIGKILL."""
    for environment in tuple(_at_work):
        environment.kill()


class ProcessExecutor:
    """One execution environment, in the shape of LocalStack's ``RuntimeExecutor``.

    LocalStack makes one for each invocation that finds the others at work.
    """

    def __init__(self, id: str, function_version: FunctionVersion) -> None:
        self.id = id
        self.function_version = function_version
        self._environment: Environment | None = None

    def start(self, env_vars: dict[str, Any]) -> None:
        """Note what to run; the first invocation starts the process."""
        version = self.function_version
        setup = FunctionSetup(
            name=version.id.function_name,
            arn=version.qualified_arn,
            handler=version.config.handler,
            code=Path(version.config.code.get_unzipped_code_location()),
            timeout=version.config.timeout,
            memory=version.config.memory_size,
            variables=version.config.environment or {},
            log_format=env_vars.get("AWS_LAMBDA_LOG_FORMAT", "Text"),
            log_level=env_vars.get("AWS_LAMBDA_LOG_LEVEL"),
        )
        variables = {name: str(value) for name, value in env_vars.items()}
        self._environment = Environment(setup, _CLOCK, variables, python=os.environ[INTERPRETER], log=_log)

    def stop(self) -> None:
        """End the process."""
        if self._environment is not None:
            self._environment.stop()

    def invoke(self, payload: dict[str, str]) -> InvocationResult:
        """Run the function on an event."""
        assert self._environment is not None  # LocalStack starts what it invokes
        _at_work.add(self._environment)
        try:
            answer = self._environment.invoke(payload["payload"].encode())
        finally:
            _at_work.discard(self._environment)
        return InvocationResult(
            request_id=payload["invoke-id"], payload=answer.payload, is_error=answer.error_type is not None, logs=""
        )

    def get_address(self) -> str:
        """Give where the function is."""
        return ADDRESS

    def get_endpoint_from_executor(self) -> str:
        """Give where the function finds LocalStack."""
        return ADDRESS

    def get_runtime_endpoint(self) -> str:
        """Give where LocalStack's own runtime client would answer; nobody does."""
        return ""

    def get_logs(self) -> str:
        """Give nothing: what functions print goes to this process' output at once."""
        return ""

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        """Unpack the code."""
        if function_version.config.code:
            function_version.config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        """Leave the code where it is; the folder of the whole account is removed at once."""

    @classmethod
    def validate_environment(cls) -> bool:
        """Say that nothing else is needed."""
        return True


def _log(name: str, line: str) -> None:
    sys.stdout.write(f"[{name}] {line}\n")
    sys.stdout.flush()
