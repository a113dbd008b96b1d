"""The build as one direction: check, topology, plan, render, write."""

from pathlib import Path

from purista_serverless.adapter import Adapter, load_object
from purista_serverless.errors import CheckFailed, StaleFiles
from purista_serverless.model import Application
from purista_serverless.synth.blueprint import Blueprint, draw
from purista_serverless.synth.check import verified
from purista_serverless.synth.collector import collector_resting
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
    with collector_resting():
        return write_files(draw(application, adapter), root, strict=strict)


def write_files(blueprint: Blueprint, root: Path, *, strict: bool = False) -> Changes:
    """Do the same with an application that was drawn already.

    Raises:
        CheckFailed: As above.
        FileExistsError: As above.
    """
    verified(blueprint, strict=strict)
    if problems := find_unreachable(blueprint.topology):
        raise CheckFailed(blueprint.adapter.name, problems)
    return write(root, rendered(blueprint), folders=folders_of(blueprint.adapter))


def verify_files(application: Application, adapter: Adapter, root: Path) -> None:
    """Compare the files of a project with what a build would write.

    Raises:
        StaleFiles: They differ.
    """
    with collector_resting():
        stale = stale_files(draw(application, adapter), root)
    if stale:
        raise StaleFiles(stale)


def stale_files(blueprint: Blueprint, root: Path) -> tuple[str, ...]:
    """Give the paths that a build would change or remove."""
    return compare(root, rendered(blueprint), folders=folders_of(blueprint.adapter))


def render(application: Application, adapter: Adapter) -> dict[str, str]:
    """Render every file of a build, by path, sorted; nothing is checked and nothing is written."""
    return rendered(draw(application, adapter))


def rendered(blueprint: Blueprint) -> dict[str, str]:
    """Do the same with an application that was drawn already."""
    files = render_handlers(blueprint.topology)
    if blueprint.plan is not None:
        for renderer in blueprint.adapter.renderers:
            files.update(load_object(renderer)(blueprint.plan))
        files[CONTRACTS] = render_contracts(blueprint.application)
    return dict(sorted(files.items()))


def folders_of(adapter: Adapter) -> tuple[str, ...]:
    """Give the folders in which every generated file belongs to a build for this adapter."""
    return (FOLDER, f"infra/{adapter.name}")
