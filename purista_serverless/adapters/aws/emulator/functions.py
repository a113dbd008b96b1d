"""Functions and their environments."""

import sys
from collections.abc import Iterator, Mapping
from functools import partial

from purista_serverless.adapters.aws.emulator.environment import Environment, FunctionSetup, Log
from purista_serverless.adapters.aws.emulator.runtime_api import Answer
from purista_serverless.emulation.clock import Clock
from purista_serverless.emulation.instances import Instances
from purista_serverless.naming import did_you_mean


class Function:
    """A function with its environments: kept warm, more of them when one is busy, new ones after a crash.

    Args:
        setup: The function.
        clock: The time that it is told.
        variables: What the platform adds to its environment.
        python: The interpreter that runs it.
        log: Takes what it prints.
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
        self.setup = setup
        make = partial(Environment, setup, clock, variables, python=python, log=log)
        self._environments = Instances(make, name=setup.name, limit=setup.concurrency)

    def invoke(self, payload: bytes) -> Answer:
        """Run it on an event, when one of its environments is free.

        Raises:
            Unavailable: It is closed.
        """
        with self._environments.lend() as environment:
            return environment.invoke(payload)

    def kill(self) -> tuple[int, ...]:
        """End, with SIGKILL, the processes that work on something; gives their ids."""
        return self._environments.kill()

    def reload(self) -> None:
        """Have every invocation from now on find the code as it is now: processes are started anew."""
        self._environments.reload()

    def close(self) -> None:
        """End all of its processes."""
        self._environments.close()


class Functions:
    """All functions, by name and by ARN."""

    def __init__(self, functions: Mapping[str, Function]) -> None:
        """Hold functions.

        Args:
            functions: By logical id; by ``Stack.Function`` if it is in a nested stack.
        """
        self._by_id = functions
        self._names = {path.rpartition(".")[2]: function for path, function in functions.items()}
        self._names |= functions
        self._names |= {function.setup.name: function for function in functions.values()}

    def find(self, name: str) -> Function:
        """Find a function by its name, its ARN, the ARN of an alias or its logical id.

        Raises:
            LookupError: There is none; says which one was probably meant.
        """
        parts = name.split(":")
        # ARNs end with `function:<name>` or, of a version or an alias, with `function:<name>:<qualifier>`.
        plain = parts[parts.index("function") + 1] if "function" in parts else parts[0]
        if plain not in self._names:
            raise LookupError(f"there is no function {plain!r}; {did_you_mean(plain, self._by_id) or 'none is near'}")
        return self._names[plain]

    def __iter__(self) -> Iterator[Function]:
        return iter(self._by_id.values())

    def close(self) -> None:
        """End all processes."""
        for function in self:
            function.close()
