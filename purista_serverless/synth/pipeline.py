"""The build as one direction: check, topology, plan, render, write."""

from pathlib import Path

from purista_serverless.adapter import Adapter, load_object
from purista_serverless.errors import CheckFailed, StaleFiles
from purista_serverless.model import Application
from purista_serverless.synth.blueprint import Blueprint, draw
from purista_serverless.synth.check import verified
from purista_serverless.synth.contracts import CONTRACTS, render_contracts
from purista_serverless.synth.files import Changes, compare, write
from purista_serverless.synth.handlers import FOLDER, find_unreachable, render_handlers


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
    blueprint = draw(application, adapter)
    verified(blueprint, strict=strict)
    if problems := find_unreachable(blueprint.topology):
        raise CheckFailed(adapter.name, problems)
    return write(root, _rendered(blueprint), folders=folders_of(adapter))


def verify_files(application: Application, adapter: Adapter, root: Path) -> None:
    """Compare the files of a project with what a build would write.

    Raises:
        StaleFiles: They differ.
    """
    if stale := compare(root, render(application, adapter), folders=folders_of(adapter)):
        raise StaleFiles(stale)


def render(application: Application, adapter: Adapter) -> dict[str, str]:
    """Render every file of a build, by path, sorted; nothing is checked and nothing is written."""
    return _rendered(draw(application, adapter))


def _rendered(blueprint: Blueprint) -> dict[str, str]:
    files = render_handlers(blueprint.topology)
    if blueprint.plan is not None:
        for renderer in blueprint.adapter.renderers:
            files.update(load_object(renderer)(blueprint.plan))
        files[CONTRACTS] = render_contracts(blueprint.application)
    return dict(sorted(files.items()))


def folders_of(adapter: Adapter) -> tuple[str, ...]:
    """Give the folders in which every generated file belongs to a build for this adapter."""
    return (FOLDER, f"infra/{adapter.name}")
