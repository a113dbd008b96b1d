"""What ``jobs`` and ``dlq`` look after: the database of a project, or a stack that is deployed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from purista_serverless.cli.command import with_project
from purista_serverless.cli.failures import ExitCode, Failure
from purista_serverless.cli.project import Project
from purista_serverless.cli.providers import adapter_of

if TYPE_CHECKING:
    from purista_serverless.runtime.operations import Operations

F = TypeVar("F", bound=Callable[..., Any])


def with_operations(function: F) -> F:
    """Add the options of a project, ``--stack`` and ``--provider``, and give the function ``operations`` instead."""

    @click.option("--stack", metavar="NAME", help="A deployed stack, instead of the database.")
    @click.option("--provider", default="aws", show_default=True, metavar="NAME", help="Whose stack it is.")
    @with_project
    @wraps(function)
    def with_its_operations(*, project: Project, stack: str | None, provider: str, **options: Any) -> Any:
        is_named = click.get_current_context().get_parameter_source("provider") is ParameterSource.COMMANDLINE
        if stack is None and is_named and provider != "embedded":
            # Else it would be the database of the project that is looked at, or purged.
            raise click.UsageError("--provider says whose --stack it is; name that as well")
        with _opened(project, stack, provider) as operations:
            return function(operations=operations, **options)

    return with_its_operations  # type: ignore[return-value]


@contextmanager
def _opened(project: Project, stack: str | None, provider: str) -> "Iterator[Operations]":
    if stack is None:
        from purista_serverless.adapters.embedded.operator import HostOperations

        with project.existing_host() as host:
            yield HostOperations(host, str(project.database))
        return
    from purista_serverless.adapter import load_object

    adapter = adapter_of(project, provider)
    if adapter.operator is None:
        fix = "leave --stack out for the database of the project"
        raise Failure(f"nothing of {adapter.name} is deployed as a stack", fix=fix, code=ExitCode.USAGE)
    with load_object(adapter.operator)(project.application, stack) as operations:
        yield operations
