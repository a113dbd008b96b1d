"""What Google's services refuse although it has the right type; the figures are those of their public documentation."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import available_timezones

from tests.connected.gcp.terraform_protocol import is_unknown
from tests.connected.gcp.terraform_provider import Fault, Rule

Values = Mapping[str, Any]

_DURATION = re.compile(r"(\d+(?:\.\d{1,9})?)s")
_WORD = r"[A-Za-z]{3}|\d{1,2}"
_RANGE = rf"(?:\*|(?:{_WORD})(?:-(?:{_WORD}))?)(?:/\d{{1,2}})?"
_FIELD = re.compile(rf"{_RANGE}(?:,{_RANGE})*")
# Smallest and largest number of each field: minute, hour, day of the month, month, day of the week.
_BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
# Names are made of these; the length counts what the service counts.
_RESOURCE_NAME = re.compile(r"(?!goog)[A-Za-z][A-Za-z0-9\-_.~+%]{2,254}")
_ACCOUNT_NAME = re.compile(r"[a-z](?:[-a-z0-9]{4,28})[a-z0-9]")
_SERVICE_NAME = re.compile(r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?")
_SECRET_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
_JOB_NAME = re.compile(r"[A-Za-z0-9_-]{1,500}")
_DATABASE_NAME = re.compile(r"[a-z][a-z0-9-]{2,61}[a-z0-9]")
_BUCKET_NAME = re.compile(r"(?!goog)[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]")
# Set by the platform itself, or read by it.
_RESERVED = re.compile(r"X_GOOGLE_.*|K_(?:SERVICE|REVISION|CONFIGURATION)|PORT|FUNCTION_TARGET|FUNCTION_SIGNATURE_TYPE")
_DAY = 86_400


def _given(values: Values, name: str) -> Any:
    """Give a value, if it is known before the apply."""
    value = values.get(name)
    return None if is_unknown(value) else value


def _blocks(given: Values, name: str) -> list[Values]:
    found = given.get(name)
    return list(found) if isinstance(found, list) else []


def _named(given: Values, argument: str, pattern: re.Pattern[str]) -> Iterator[Fault]:
    name = _given(given, argument)
    if name is not None and not pattern.fullmatch(str(name)):
        yield (argument,), f"{name!r} is no legal {argument}: {pattern.pattern}"


def _between(given: Values, argument: str, least: float, most: float) -> Iterator[Fault]:
    value = _given(given, argument)
    if value is not None and not least <= value <= most:
        yield (argument,), f"{argument} is {value}; it has to be from {least} to {most}"


def _lasting(given: Values, argument: str, least: float, most: float) -> Iterator[Fault]:
    text = _given(given, argument)
    if text is None:
        return
    found = _DURATION.fullmatch(text)
    if found is None:
        yield (argument,), f"{argument} is {text!r}; a duration is written as '600s'"
    elif not least <= float(found[1]) <= most:
        yield (argument,), f"{argument} is {text}; it has to be from {least} to {most} seconds"


def _topic(given: Values) -> Iterator[Fault]:
    yield from _named(given, "name", _RESOURCE_NAME)


def _subscription(given: Values) -> Iterator[Fault]:
    yield from _named(given, "name", _RESOURCE_NAME)
    yield from _between(given, "ack_deadline_seconds", 10, 600)
    yield from _lasting(given, "message_retention_duration", 600, 31 * _DAY)
    for policy in _blocks(given, "dead_letter_policy"):
        yield from _between(policy, "max_delivery_attempts", 5, 100)
        if policy.get("dead_letter_topic") is None:
            yield ("dead_letter_policy",), "dead_letter_topic is missing: messages would be delivered for ever"
    for policy in _blocks(given, "retry_policy"):
        yield from _lasting(policy, "minimum_backoff", 0, 600)
        yield from _lasting(policy, "maximum_backoff", 0, 600)
    for push in _blocks(given, "push_config"):
        yield from _push(push)
    text = _given(given, "filter")
    if text is not None and len(text.encode()) > 256:
        yield ("filter",), f"filter has {len(text.encode())} bytes; 256 is the most"


def _push(push: Values) -> Iterator[Fault]:
    endpoint = _given(push, "push_endpoint")
    if endpoint is not None and not str(endpoint).startswith("https://"):
        yield ("push_config",), f"{endpoint!r} is not reached by https"
    if not _blocks(push, "oidc_token"):
        yield ("push_config",), "oidc_token is missing: the function could not tell who pushes"


def _account(given: Values) -> Iterator[Fault]:
    yield from _named(given, "account_id", _ACCOUNT_NAME)
    for argument, most in (("display_name", 100), ("description", 256)):
        text = _given(given, argument)
        if text is not None and len(text.encode()) > most:
            yield (argument,), f"{argument} has {len(text.encode())} bytes; {most} is the most"


def _function(given: Values) -> Iterator[Fault]:
    yield from _named(given, "name", _SERVICE_NAME)
    for build in _blocks(given, "build_config"):
        runtime = _given(build, "runtime")
        if runtime is not None and not re.fullmatch(r"python3(?:10|11|12|13|14)", runtime):
            yield ("build_config",), f"{runtime!r} is no runtime"
    for service in _blocks(given, "service_config"):
        yield from _service(service)


def _service(service: Values) -> Iterator[Fault]:
    yield from _between(service, "timeout_seconds", 1, 3_600)
    yield from _between(service, "max_instance_request_concurrency", 1, 1_000)
    concurrency, cpu = _given(service, "max_instance_request_concurrency"), _given(service, "available_cpu")
    if concurrency is not None and cpu is not None and concurrency > 1 and float(cpu) < 1:
        yield ("service_config",), f"{concurrency} requests at one time need a whole processor, not {cpu}"
    variables = _given(service, "environment_variables")
    for name in variables if isinstance(variables, dict) else ():
        if _RESERVED.fullmatch(name):
            yield ("service_config",), f"the variable {name} is the platform's"
    ingress = _given(service, "ingress_settings")
    if ingress is not None and ingress not in {"ALLOW_ALL", "ALLOW_INTERNAL_ONLY", "ALLOW_INTERNAL_AND_GCLB"}:
        yield ("service_config",), f"{ingress!r} is no ingress setting"


def _job(given: Values) -> Iterator[Fault]:
    yield from _named(given, "name", _JOB_NAME)
    cron, zone = _given(given, "schedule"), _given(given, "time_zone")
    if cron is not None and (problem := _problem_of_cron(cron)):
        yield ("schedule",), f"{cron!r}: {problem}"
    if zone is not None and zone not in available_timezones():
        yield ("time_zone",), f"{zone!r} is no time zone"
    for retries in _blocks(given, "retry_config"):
        yield from _between(retries, "retry_count", 0, 5)
    text = _given(given, "description")
    if text is not None and len(text) > 500:
        yield ("description",), f"description has {len(text)} characters; 500 is the most"


def _problem_of_cron(cron: str) -> str | None:
    fields = cron.split(" ")
    if len(fields) != len(_BOUNDS):
        return f"{len(fields)} fields instead of 5"
    for field, (least, most) in zip(fields, _BOUNDS, strict=True):
        if not _FIELD.fullmatch(field):
            return f"{field!r} is no list of ranges"
        if not all(least <= int(number) <= most for number in re.findall(r"(?<!/)\b\d+", field)):
            return f"{field!r} is not within {least} and {most}"
    return None


def _database(given: Values) -> Iterator[Fault]:
    yield from _named(given, "name", _DATABASE_NAME)


def _secret(given: Values) -> Iterator[Fault]:
    yield from _named(given, "secret_id", _SECRET_NAME)


def _bucket(given: Values) -> Iterator[Fault]:
    yield from _named(given, "name", _BUCKET_NAME)


def _tasks_queue(given: Values) -> Iterator[Fault]:
    yield from _named(given, "name", re.compile(r"[A-Za-z0-9-]{1,100}"))


def _pool(given: Values) -> Iterator[Fault]:
    yield from _named(given, "name", _SERVICE_NAME)


# By type of resource.
RULES: Mapping[str, Rule] = {
    "google_pubsub_topic": _topic,
    "google_pubsub_subscription": _subscription,
    "google_service_account": _account,
    "google_cloudfunctions2_function": _function,
    "google_cloud_run_v2_worker_pool": _pool,
    "google_cloud_scheduler_job": _job,
    "google_firestore_database": _database,
    "google_secret_manager_secret": _secret,
    "google_storage_bucket": _bucket,
    "google_cloud_tasks_queue": _tasks_queue,
}
