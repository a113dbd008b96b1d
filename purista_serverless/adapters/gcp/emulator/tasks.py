"""Cloud Tasks: requests that are sent at their time, by the clock of the emulator."""

import base64
import json
import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from http.client import HTTPException
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from purista_serverless.emulation.forwarding import Answer, Request, forward
from purista_serverless.emulation.platform import Platform

_CREATE = re.compile(r"/v2/(projects/[^/]+/locations/[^/]+/queues/[^/]+)/tasks")
# Cloud Tasks, quotas and limits.
_LONGEST_WAIT = timedelta(days=30)
_LARGEST_TASK = 1_000_000
# Retries of a queue that says nothing about them (Cloud Tasks, REST reference, RetryConfig).
_SHORTEST_BACKOFF = timedelta(seconds=0.1)
_LONGEST_BACKOFF = timedelta(hours=1)
_DOUBLINGS = 16
_LAST_SUCCESS = 299


class Tasks:
    """Holds tasks until they are due, and sends them until they are taken.

    Args:
        platform: Sends in time, is told of each task that is being sent, and takes a line for each that is not taken.
    """

    def __init__(self, platform: Platform) -> None:
        self._clock = platform.clock
        self._agenda = platform.agenda
        self._activity = platform.activity
        self._log = platform.log
        self._lock = Lock()
        # The service forgets a name some hours after its task is done; until then it refuses it.
        self._names: set[str] = set()
        self._waiting: Counter[str] = Counter()

    def counts(self) -> Counter[str]:
        """Give how many tasks wait for each path that they are sent to."""
        with self._lock:
            return +self._waiting

    def answer(self, request: Request) -> Answer:
        """Answer a request of Cloud Tasks' REST interface: a task is made."""
        created = _CREATE.fullmatch(request.path)
        if created is None or request.method != "POST":
            return _error(404, "NOT_FOUND", f"{request.method} {request.path} is not emulated")
        if len(request.body) > _LARGEST_TASK:
            return _error(400, "INVALID_ARGUMENT", f"a task has {_LARGEST_TASK} bytes at most")
        return self._create(created[1], json.loads(request.body)["task"])

    def _create(self, queue: str, task: Mapping[str, Any]) -> Answer:
        due = datetime.fromisoformat(task["scheduleTime"]) if "scheduleTime" in task else self._clock.now()
        if due > self._clock.now() + _LONGEST_WAIT:
            return _error(400, "INVALID_ARGUMENT", "a task is scheduled 30 days ahead at most")
        with self._lock:
            name = task.get("name", f"{queue}/tasks/{len(self._names)}")
            if name in self._names:
                return _error(409, "ALREADY_EXISTS", f"{name} exists, or did lately")
            self._names.add(name)
            self._waiting[urlsplit(task["httpRequest"]["url"]).path] += 1
        self._agenda.at(due, lambda: self._send(name, task["httpRequest"], 1))
        return Answer(status=200, body=json.dumps({**task, "name": name}).encode())

    def _send(self, name: str, http: Mapping[str, Any], attempt: int) -> None:
        with self._activity.doing("task"):
            problem = _problem_of(http)
        if problem is None:
            with self._lock:
                self._waiting[urlsplit(http["url"]).path] -= 1
        else:
            self._log(name.rpartition("/")[2], f"task, attempt {attempt}: {problem}")
            delay = min(_SHORTEST_BACKOFF * 2 ** min(attempt - 1, _DOUBLINGS), _LONGEST_BACKOFF)
            self._agenda.at(self._clock.now() + delay, lambda: self._send(name, http, attempt + 1))


def _problem_of(http: Mapping[str, Any]) -> str | None:
    """Send a task's request; say why it was not taken."""
    place = urlsplit(http["url"])
    request = Request(
        method=http.get("httpMethod", "POST"),
        target=f"{place.path}?{place.query}" if place.query else place.path,
        headers=tuple(http.get("headers", {}).items()),
        body=base64.b64decode(http.get("body", "")),
    )
    try:
        answer = forward(place.netloc, request)
    except (OSError, HTTPException) as error:
        return f"{type(error).__name__}: {error}"
    return None if answer.status <= _LAST_SUCCESS else f"{answer.status} {answer.body.decode(errors='replace')}"


def _error(status: int, code: str, text: str) -> Answer:
    body = json.dumps({"error": {"code": status, "status": code, "message": text}})
    return Answer(status=status, body=body.encode())
