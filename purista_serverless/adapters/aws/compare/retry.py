"""What makes failures be tried less: figures that go down, dead letters that go, leases that end too early.

Sources of the defaults: Amazon SQS API reference (SetQueueAttributes), EventBridge Scheduler user guide and EventBridge
user guide (retry policy), AWS Lambda developer guide (asynchronous invocation, function timeout).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from purista_serverless.adapters.aws.compare.template import Resource, flattened, text_of
from purista_serverless.synth.changes import Danger

# Figures by type and path, with what counts where none is given; a lower one is weaker.
_FIGURES: tuple[tuple[str, str, int | None], ...] = (
    (r"AWS::SQS::Queue", r"MessageRetentionPeriod", 345_600),
    (r"AWS::SQS::Queue", r"RedrivePolicy\.maxReceiveCount", None),
    (r"AWS::.*", r"(.*\.)?RetryPolicy\.MaximumRetryAttempts", 185),
    (r"AWS::.*", r"(.*\.)?RetryPolicy\.MaximumEventAgeInSeconds", 86_400),
    (r"AWS::Serverless::Function", r"EventInvokeConfig\.MaximumRetryAttempts", 2),
    (r"AWS::Serverless::Function", r"EventInvokeConfig\.MaximumEventAgeInSeconds", 21_600),
    (r"AWS::Lambda::EventInvokeConfig", r"MaximumRetryAttempts", 2),
    (r"AWS::Lambda::EventInvokeConfig", r"MaximumEventAgeInSeconds", 21_600),
)
_DEAD_LETTERS = re.compile(r"(?:^|\.)(RedrivePolicy|DeadLetterConfig|DeadLetterQueue|OnFailure)(?=\.|$)")

_DEFAULT_VISIBILITY = 30
_DEFAULT_TIMEOUT = 3


def dangers_of_retrying(old: Resource, new: Resource) -> tuple[Danger, ...]:
    """Say what is tried less, or not kept, when a resource changes."""
    before, after = flattened(old.properties), flattened(new.properties)
    reasons = (*_lowered(new.type, before, after), *_lost_dead_letters(before, after), *_lost_partial(before, after))
    return tuple(Danger(risk="weakens-retry", why=reason) for reason in reasons)


def short_leases(resources: Iterable[Resource]) -> dict[tuple[str, str], str]:
    """Say which queues lease a message for less time than its function may run, by file and logical id.

    Such a message comes a second time while the first delivery is still being handled.
    """
    by_place = {(resource.file, resource.id): resource for resource in resources}
    found: dict[tuple[str, str], str] = {}
    for queue_id, function in _mappings(by_place.values()):
        queue = by_place.get((function.file, queue_id))
        if queue is None:
            continue
        lease = queue.properties.get("VisibilityTimeout", _DEFAULT_VISIBILITY)
        timeout = function.properties.get("Timeout", _DEFAULT_TIMEOUT)
        if isinstance(lease, int) and isinstance(timeout, int) and lease < timeout:
            found[queue.file, queue.id] = (
                f"a lease of {lease} s ends before {function.id} does, which may run {timeout} s"
            )
    return found


def _lowered(kind: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for path in sorted({*before, *after}):
        for type_pattern, pattern, default in _FIGURES:
            if re.fullmatch(type_pattern, kind) and re.fullmatch(pattern, path):
                was, now = before.get(path, default), after.get(path, default)
                if isinstance(was, int) and isinstance(now, int) and now < was:
                    yield f"{path} goes down from {was} to {now}"


def _lost_dead_letters(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """Name the places that set failures aside before and do so no more, where what fails is still there."""
    kept = _dead_letters(after)
    for path in sorted(_dead_letters(before) - kept):
        owner = path.rpartition(".")[0]
        if not owner or any(name.startswith(f"{owner}.") for name in after):
            yield f"{path} is gone: what fails for good is not kept"


def _dead_letters(properties: Mapping[str, Any]) -> set[str]:
    matches = ((path, _DEAD_LETTERS.search(path)) for path in properties)
    return {path[: match.end()] for path, match in matches if match is not None}


def _lost_partial(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for path, was in before.items():
        if path.endswith("FunctionResponseTypes") and "ReportBatchItemFailures" in was:
            owner = path.rpartition(".")[0]
            is_there = not owner or any(name.startswith(f"{owner}.") for name in after)
            if is_there and "ReportBatchItemFailures" not in (after.get(path) or ()):
                yield f"{path} is {text_of(after.get(path))}: one failing record fails its whole batch"


def _mappings(resources: Iterable[Resource]) -> Iterator[tuple[str, Resource]]:
    """Give the logical ids of queues with the functions that consume them."""
    listed = list(resources)
    functions = {(resource.file, resource.id): resource for resource in listed}
    for resource in listed:
        match resource.type:
            case "AWS::Serverless::Function":
                for event in (resource.properties.get("Events") or {}).values():
                    if event.get("Type") == "SQS":
                        yield from _pair(event.get("Properties", {}).get("Queue"), resource)
            case "AWS::Lambda::EventSourceMapping":
                name = _id_of(resource.properties.get("FunctionName"))
                function = functions.get((resource.file, name or ""))
                if function is not None:
                    yield from _pair(resource.properties.get("EventSourceArn"), function)
            case _:
                pass


def _pair(queue: Any, function: Resource) -> Iterator[tuple[str, Resource]]:
    logical_id = _id_of(queue)
    if logical_id is not None:
        yield logical_id, function


def _id_of(reference: Any) -> str | None:
    match reference:
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), *_]}:
            return name
        case _:
            return None
