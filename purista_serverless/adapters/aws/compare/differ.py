"""The differ of AWS: templates before and after, compared resource by resource."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from purista_serverless.adapters.aws.compare.access import PROPERTIES, grants_of, widening
from purista_serverless.adapters.aws.compare.replacement import (
    dangers_of_keeping_less,
    dangers_of_keeping_shorter,
    dangers_of_moving,
    dangers_of_removing,
    dangers_of_replacing,
)
from purista_serverless.adapters.aws.compare.retry import dangers_of_retrying, short_leases
from purista_serverless.adapters.aws.compare.template import (
    Resource,
    Template,
    canonical,
    flattened,
    read_template,
    text_of,
)
from purista_serverless.synth.changes import Change, Danger

_Place = tuple[str, str]


def differ(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Change, ...]:
    """Compare the templates among two sets of files.

    Raises:
        MissingExtra: PyYAML is not installed.
    """
    if before == after:
        return ()
    olds, news = _templates(before), _templates(after)
    changes = (*_compare_resources(_resources(olds), _resources(news)), *_compare_others(olds, news))
    return tuple(changes)


def _templates(files: Mapping[str, str]) -> dict[str, Template]:
    read = (read_template(file, text) for file, text in files.items())
    return {template.file: template for template in read if template is not None}


def _resources(templates: Mapping[str, Template]) -> dict[_Place, Resource]:
    return {(item.file, item.id): item for template in templates.values() for item in template.resources}


def _compare_resources(olds: Mapping[_Place, Resource], news: Mapping[_Place, Resource]) -> Iterator[Change]:
    origins = _moves(olds, news)
    moved = {(old.file, old.id) for old in origins.values()}
    was_short, is_short = short_leases(olds.values()), short_leases(news.values())
    for place in sorted({*olds, *news}):
        old, new = olds.get(place), news.get(place)
        if new is None and old is not None:
            if place not in moved:
                yield _removed(old)
        elif new is not None and old is None:
            origin = origins.get(place)
            yield _added(new) if origin is None else _moved(origin, new)
        elif old is not None and new is not None:
            yield from _changed(old, new)
            if place in is_short and place not in was_short:
                yield _about(new, "VisibilityTimeout", (Danger(risk="weakens-retry", why=is_short[place]),))


def _moves(olds: Mapping[_Place, Resource], news: Mapping[_Place, Resource]) -> dict[_Place, Resource]:
    """Give what went to another file, by its new place: of the same id and type, gone here and new there."""
    gone = {(old.id, old.type): old for place, old in olds.items() if place not in news}
    return {
        place: gone[new.id, new.type] for place, new in news.items() if place not in olds and (new.id, new.type) in gone
    }


def _removed(old: Resource) -> Change:
    dangers = (*dangers_of_removing(old), *_wider(widening(grants_of(old), ())))
    return Change(file=old.file, subject=old.subject, kind="removed", dangers=dangers)


def _added(new: Resource) -> Change:
    dangers = _wider(widening((), grants_of(new)))
    return Change(file=new.file, subject=new.subject, kind="added", dangers=dangers)


def _moved(old: Resource, new: Resource) -> Change:
    dangers = (
        *dangers_of_moving(old),
        *_wider(widening(grants_of(old), grants_of(new))),
        *dangers_of_retrying(old, new),
    )
    return Change(file=new.file, subject=new.subject, kind="changed", what=f"moved from {old.file}", dangers=dangers)


def _changed(old: Resource, new: Resource) -> Iterator[Change]:
    grants, before = grants_of(new), grants_of(old)
    dangers = (
        *dangers_of_replacing(old, new),
        *dangers_of_keeping_less(old, new),
        *dangers_of_keeping_shorter(old, new),
        *_wider(widening(before, grants)),
        *dangers_of_retrying(old, new),
    )
    what = [*_properties(old, new), *_granted(before, grants)]
    if what or dangers:
        yield _about(new, "; ".join(what), dangers)


def _properties(old: Resource, new: Resource) -> Iterator[str]:
    """Tell the properties that differ, without those that are compared as grants."""
    if old.type != new.type:
        yield f"Type: {old.type} -> {new.type}"
    for name in ("kept_when_removed", "kept_when_replaced"):
        if getattr(old, name) != getattr(new, name):
            yield f"{name.replace('_', ' ')}: {getattr(old, name)} -> {getattr(new, name)}"
    yield from _differences(flattened(_plain(old)), flattened(_plain(new)))


def _plain(resource: Resource) -> dict[str, Any]:
    return {name: value for name, value in resource.properties.items() if name not in PROPERTIES}


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for path in sorted({*before, *after}):
        was, now = before.get(path), after.get(path)
        if canonical(was) != canonical(now):
            yield f"{path}: {text_of(was)} -> {text_of(now)}"


def _granted(before: frozenset[Any], after: frozenset[Any]) -> Iterator[str]:
    yield from sorted(f"new: {grant}" for grant in after - before)
    yield from sorted(f"gone: {grant}" for grant in before - after)


def _wider(grants: Iterable[Any]) -> tuple[Danger, ...]:
    return tuple(
        Danger(risk="widens-access", why=str(grant) if grant.effect == "Allow" else f"no longer: {grant}")
        for grant in grants
    )


def _about(new: Resource, what: str, dangers: tuple[Danger, ...]) -> Change:
    return Change(file=new.file, subject=new.subject, kind="changed", what=what, dangers=dangers)


def _compare_others(olds: Mapping[str, Template], news: Mapping[str, Template]) -> Iterator[Change]:
    """Tell what differs outside resources: parameters, outputs, conditions."""
    for file in sorted({*olds} & {*news}):
        before, after = olds[file].others, news[file].others
        for path in sorted({*before, *after}):
            was, now = before.get(path), after.get(path)
            if canonical(was) != canonical(now):
                kind, what = _kind_of(was, now)
                yield Change(file=file, subject=path, kind=kind, what=what, dangers=_dangers_outside(path, was))


def _kind_of(was: Any, now: Any) -> Any:
    if was is None:
        return "added", text_of(now)
    return ("removed", "") if now is None else ("changed", f"{text_of(was)} -> {text_of(now)}")


def _dangers_outside(path: str, was: Any) -> tuple[Danger, ...]:
    """Say what another name, or none, of an export breaks."""
    if was is not None and path.startswith("Outputs.") and path.endswith(".Export.Name"):
        return (Danger(risk="breaks-contract", why=f"other stacks may import it as {text_of(was)}"),)
    return ()
