"""The build as one direction: check, topology, plan, render, write."""

from pathlib import Path
from typing import Any

from purista_serverless.adapter import Adapter, load_object
from purista_serverless.errors import CheckFailed, StaleFiles
from purista_serverless.model import Application
from purista_serverless.synth.check import verify
from purista_serverless.synth.contracts import CONTRACTS, render_contracts
from purista_serverless.synth.files import Changes, compare, write
from purista_serverless.synth.handlers import FOLDER, find_unreachable, render_handlers
from purista_serverless.topology import topology_of


def build(application: Application, adapter: Adapter, root: Path, *, strict: bool = False) -> Changes:
    """Check the application, and write its handlers and what the adapter plans for it.

    Args:
        application: The compiled application.
        adapter: The adapter's descriptor.
        root: Folder of the project.
        strict: Whether a promise that is kept in part only stops the build.

    Raises:
        CheckFailed: A promise cannot be kept, or a handler cannot be imported; nothing has been written.
        FileExistsError: A file that was not generated is in the way; nothing has been written.
    """
    verify(application, adapter, strict=strict)
    if problems := find_unreachable(topology_of(application)):
        raise CheckFailed(adapter.name, problems)
    return write(root, render(application, adapter), folders=folders_of(adapter))


def verify_files(application: Application, adapter: Adapter, root: Path) -> None:
    """Compare the files of a project with what a build would write.

    Raises:
        StaleFiles: They differ.
    """
    if stale := compare(root, render(application, adapter), folders=folders_of(adapter)):
        raise StaleFiles(stale)


def render(application: Application, adapter: Adapter) -> dict[str, str]:
    """Render every file of a build, by path, sorted; nothing is checked and nothing is written."""
    topology = topology_of(application)
    files = render_handlers(topology)
    if adapter.planner is not None:
        carried = topology.carrying(adapter.capabilities.direct)
        plan: Any = load_object(adapter.planner)(carried, application, adapter)
        for renderer in adapter.renderers:
            files.update(load_object(renderer)(plan))
        files[CONTRACTS] = render_contracts(application)
    return dict(sorted(files.items()))


def folders_of(adapter: Adapter) -> tuple[str, ...]:
    """Give the folders in which every generated file belongs to a build for this adapter."""
    return (FOLDER, f"infra/{adapter.name}")
