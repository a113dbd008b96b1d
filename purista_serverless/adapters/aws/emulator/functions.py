"""Functions and their environments: kept warm, more of them when one is busy, new ones after a crash."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from threading import Condition

from purista_serverless.adapters.aws.emulator.clock import Clock
from purista_serverless.adapters.aws.emulator.environment import Environment, FunctionSetup, Log
from purista_serverless.adapters.aws.emulator.runtime_api import Answer
from purista_serverless.errors import Unavailable
from purista_serverless.naming import did_you_mean

# More processes than this would only be in each other's way on one machine.
_MOST_ENVIRONMENTS = max(4, 2 * (os.cpu_count() or 1))


class Function:
    """A function with its environments.

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
        self._limit = min(setup.concurrency or _MOST_ENVIRONMENTS, _MOST_ENVIRONMENTS)
        self._make = partial(Environment, setup, clock, variables, python=python, log=log)
        self._changed = Condition()
        self._idle: list[Environment] = []
        self._busy: list[Environment] = []
        self._outdated: list[Environment] = []
        self._is_closed = False

    def invoke(self, payload: bytes) -> Answer:
        """Run it on an event, when one of its environments is free.

        Raises:
            Unavailable: It is closed.
        """
        with self._environment() as environment:
            return environment.invoke(payload)

    def kill(self) -> tuple[int, ...]:
        """End, with SIGKILL, the processes that work on something; gives their ids."""
        with self._changed:
            busy = [(environment, environment.process_id) for environment in self._busy]
        for environment, _ in busy:
            environment.kill()
        return tuple(process_id for _, process_id in busy if process_id is not None)

    def reload(self) -> None:
        """Have every invocation from now on find the code as it is now: processes are started anew."""
        with self._changed:
            for environment in self._idle:
                environment.stop()
            self._outdated = [*self._busy]

    def close(self) -> None:
        """End all of its processes."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        for environment in self._idle:
            environment.stop()
        self.kill()
        with self._changed:
            # Whoever was waiting for an answer is told, and stops the environment.
            self._changed.wait_for(lambda: not self._busy)

    @contextmanager
    def _environment(self) -> Iterator[Environment]:
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or self._idle or len(self._busy) < self._limit)
            if self._is_closed:
                raise Unavailable(f"function {self.setup.name} is closed")
            # The one used last is the one that is warm.
            environment = self._idle.pop() if self._idle else self._make()
            self._busy.append(environment)
        try:
            yield environment
        finally:
            self._take_back(environment)

    def _take_back(self, environment: Environment) -> None:
        with self._changed:
            self._busy.remove(environment)
            self._idle.append(environment)
            if self._is_closed or environment in self._outdated:
                environment.stop()
                self._outdated = [one for one in self._outdated if one is not environment]
            self._changed.notify_all()


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
