"""Adapters as a project wants them: by name, configured by the project's own table."""

from typing import TYPE_CHECKING

from purista_serverless.cli.project import Project

if TYPE_CHECKING:
    from purista_serverless.adapter import Adapter

ALL = "all"


def adapters_of(project: Project, provider: str) -> "tuple[Adapter, ...]":
    """Give the adapters that ``--provider`` names: one, or every one of the registry for ``all``.

    Raises:
        UnknownAdapter: There is none of that name.
        DeclarationError: The project's options for it are wrong.
    """
    from purista_serverless.adapters import ADAPTERS

    return tuple(adapter_of(project, name) for name in (sorted(ADAPTERS) if provider == ALL else [provider]))


def adapter_of(project: Project, provider: str) -> "Adapter":
    """Give one adapter, with the options of ``[tool.purista-serverless.<name>]``."""
    from purista_serverless.adapter import configure
    from purista_serverless.adapters import load_adapter

    adapter = load_adapter(provider)
    return configure(adapter, project.options.get(adapter.name, {}))
