"""The differ of Google Cloud: Terraform's documents before and after, compared resource by resource."""

from collections.abc import Iterator, Mapping

from purista_serverless.adapters.gcp.compare.access import is_grant, widening
from purista_serverless.adapters.gcp.compare.document import Document, Resource, differences, read_document, shown
from purista_serverless.adapters.gcp.compare.replacement import (
    dangers_of_keeping_shorter,
    dangers_of_removing,
    dangers_of_replacing,
)
from purista_serverless.adapters.gcp.compare.retry import dangers_of_retrying
from purista_serverless.synth.changes import Change, ChangeKind, Danger

# Variables that names and places are made of.
_PARTS_OF_NAMES = tuple(f"variable.{name}.default" for name in ("prefix", "project", "region"))


def differ(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Change, ...]:
    """Compare the documents of Terraform among two sets of files; other files are compared as texts by the caller."""
    olds, news = _documents(before), _documents(after)
    return tuple(change for file in sorted({*olds, *news}) for change in _compare(file, olds.get(file), news.get(file)))


def _documents(files: Mapping[str, str]) -> dict[str, Document]:
    read = (read_document(file, text) for file, text in files.items())
    return {document.file: document for document in read if document is not None}


def _compare(file: str, old: Document | None, new: Document | None) -> Iterator[Change]:
    if old is None or new is None:
        # The first deployment, or the last: nothing of a document alone is dangerous but what goes with it.
        kind: ChangeKind = "added" if old is None else "removed"
        dangers = () if old is None else tuple(one for each in old.resources.values() for one in _lost(each))
        yield Change(file=file, subject="", kind=kind, dangers=dangers)
        return
    for address in sorted({*old.resources, *new.resources}):
        yield from _compare_resource(old.resources.get(address), new.resources.get(address))
    for path, was, now in differences(old.others, new.others):
        yield _about_document(file, path, was, now)


def _compare_resource(old: Resource | None, new: Resource | None) -> Iterator[Change]:
    if old is None and new is not None:
        yield Change(file=new.file, subject=new.subject, kind="added", dangers=widening(None, new))
    elif old is not None and new is None:
        yield Change(file=old.file, subject=old.subject, kind="removed", dangers=_lost(old))
    elif old is not None and new is not None and (found := tuple(differences(old.arguments, new.arguments))):
        what = "; ".join(f"{path}: {shown(was)} -> {shown(now)}" for path, was, now in found)
        yield Change(file=new.file, subject=new.subject, kind="changed", what=what, dangers=_dangers(old, new))


def _dangers(old: Resource, new: Resource) -> tuple[Danger, ...]:
    if is_grant(new):
        # A grant is taken back and given anew; what counts is whether it reaches further.
        return widening(old, new)
    return (
        *dangers_of_replacing(old, new),
        *dangers_of_keeping_shorter(old, new),
        *widening(old, new),
        *dangers_of_retrying(old, new),
    )


def _lost(old: Resource) -> tuple[Danger, ...]:
    return dangers_of_removing(old)


def _about_document(file: str, path: str, was: str | None, now: str | None) -> Change:
    kind: ChangeKind = "added" if was is None else "removed" if now is None else "changed"
    what = shown(now) if was is None else "" if now is None else f"{shown(was)} -> {shown(now)}"
    dangers: tuple[Danger, ...] = ()
    if path.startswith("output.") and path.endswith(".value") and now is None:
        dangers = (Danger(risk="breaks-contract", why="others may read this output of the deployment"),)
    elif path in _PARTS_OF_NAMES and now is not None and was is not None:
        why = "names have it in them: whoever does not set it gets all anew, and loses what was in the old"
        dangers = (Danger(risk="replaces-resource", why=why),)
    return Change(file=file, subject=path, kind=kind, what=what, dangers=dangers)
