"""The diff: what a build would change, classified by what may be lost.

Files are compared as texts. Where an adapter names a ``differ``, what is deployed from them is compared as resources,
and the contracts that the application gives to others are compared as schemas.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from purista_serverless.adapter import Adapter, load_object
from purista_serverless.model import Application
from purista_serverless.synth.changes import Change, ChangeKind, Difference
from purista_serverless.synth.contracts import CONTRACTS, compare_contracts

Texts = Mapping[str, str]
Differ = Callable[[Texts, Texts], Iterable[Change]]


def diff(application: Application, adapter: Adapter, before: Texts, after: Texts, *, against: str) -> Difference:
    """Compare two sets of generated files.

    Args:
        application: The application that both were generated from.
        adapter: The adapter's descriptor.
        before: Texts by path, of what was reviewed or deployed before.
        after: Texts by path, of what a build gives now.
        against: What ``before`` is, for the report's readers.

    Example:
        >>> from purista_serverless.adapters import load_adapter
        >>> from purista_serverless.model import Origin
        >>> empty = Application(name="empty", origin=Origin(file="app.py", line=1))
        >>> ideal = load_adapter("purista_serverless.testing.descriptors:IDEAL")
        >>> print(diff(empty, ideal, {"handlers/a.py": ""}, {}, against="HEAD").text(), end="")
        empty on ideal: 1 change against HEAD, 0 dangerous
        <BLANKLINE>
        handlers/a.py
          removed
    """
    found = list(compare_contracts(before.get(CONTRACTS), after.get(CONTRACTS)))
    if adapter.differ is not None:
        differ: Differ = load_object(adapter.differ)
        found += differ(before, after)
    told = {change.file for change in found}
    found += (change for change in _files(before, after) if change.file not in told)
    ordered = tuple(sorted(found, key=lambda change: (change.file, change.subject, change.what)))
    return Difference(application=application.name, adapter=adapter.name, against=against, changes=ordered)


def _files(before: Texts, after: Texts) -> Iterator[Change]:
    for path in sorted({*before, *after}):
        if before.get(path) != after.get(path):
            yield Change(file=path, subject="", kind=_kind(path in before, path in after))


def _kind(was_there: bool, is_there: bool) -> ChangeKind:  # noqa: FBT001 - both are answers to the same question
    if was_there and is_there:
        return "changed"
    return "added" if is_there else "removed"
