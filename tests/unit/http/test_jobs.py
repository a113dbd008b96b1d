"""Jobs over HTTP: accepted, asked for by their owner, and followed until they have ended."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from purista_serverless import Application, Model, Post, ServiceBuilder
from purista_serverless.adapters.embedded.http import asgi
from purista_serverless.adapters.embedded.http_status import Pace, watch
from purista_serverless.runtime.records import JobRecord
from tests.unit.http.desk import Browser, Desk, browse, signed_in
from tests.unit.http.shop import build


def accepted(browser: Browser, by: str = "ann") -> dict[str, Any]:
    """Have an export accepted."""
    answer = browser.ask("POST", "/exports", by=by, json={"year": 2024})
    assert (answer.status_code, answer.headers["location"]) == (202, answer.json()["statusUrl"])
    found: dict[str, Any] = answer.json()
    return found


def test_an_accepted_job_says_where_its_status_is():
    """The body is upstream's, and the job is on its queue with the caller's identity."""
    application = build()
    desk = Desk(application)

    body = accepted(browse(application, desk))

    job, _ = desk.queues.sent[0]
    url = f"/jobs/shop.exports/{job.id}"
    assert body == {
        "jobId": job.id,
        "status": "queued",
        "queueName": "shop.exports",
        "statusUrl": url,
        "streamUrl": f"{url}/events",
    }
    assert (job.tenant_id, job.principal_id) == ("acme", "ann")


def test_the_status_is_known_before_the_job_starts_and_after_it_has_ended():
    """Queued at once, then the worker's progress and result."""
    application = build()
    desk = Desk(application)
    browser = browse(application, desk)
    url = accepted(browser)["statusUrl"]

    before = browser.ask("GET", url, by="ann").json()
    desk.work()
    after = browser.ask("GET", url, by="ann").json()

    assert (before["status"], before["attempt"], "result" in before) == ("queued", 0, False)
    assert (after["status"], after["attempt"], after["result"]) == ("success", 1, 2024)
    assert after["progress"] == {"done": 1, "of": 2}


def test_a_worker_that_was_faster_than_the_answer_is_not_overwritten():
    """Announcing a job that has ended already changes nothing."""
    application = build()
    desk = Desk(application)
    send = desk.queues.send

    def send_and_work(job: Any, *, delay: int) -> None:
        send(job, delay=delay)
        desk.work()

    desk.queues.send = send_and_work  # type: ignore[method-assign]
    browser = browse(application, desk)

    url = accepted(browser)["statusUrl"]

    assert browser.ask("GET", url, by="ann").json()["status"] == "success"


@pytest.mark.parametrize("path", ["", "/events"])
@pytest.mark.parametrize(("by", "status"), [("bob", 404), ("eve", 404), (None, 401)])
def test_a_job_is_hidden_from_everybody_else(path, by, status):
    """Another principal, another tenant with the same name, and strangers learn nothing."""
    browser = browse(build())
    url = accepted(browser)["statusUrl"]

    assert browser.ask("GET", f"{url}{path}", by=by).status_code == status


@pytest.mark.parametrize("path", ["/jobs/shop.exports/none", "/jobs/nowhere/1", "/jobs/shop.exports/none/events"])
def test_what_does_not_exist_is_not_found(path):
    """Unknown jobs and queues are the same 404 as somebody else's."""
    problem = browse(build()).ask("GET", path, by="ann")

    assert problem.status_code == 404
    assert problem.json()["detail"] == "there is no such job, or it was enqueued by somebody else"


class Note(Model):
    """A job that anybody may have done."""

    text: str


def test_a_public_job_may_be_asked_for_by_whoever_has_its_id():
    """Nobody in particular enqueued it: strangers and known callers see it alike."""
    wall = ServiceBuilder("Wall")
    notes = wall.queue("wall.notes", Note)

    @notes.worker()
    def read(ctx: Any, job: Note) -> None:
        """Read it."""

    @wall.command("post", Note, str, http=Post("/notes", mode="async", public=True)).handler(can_enqueue=[notes])
    def post(ctx: Any, payload: Note) -> str:
        return str(ctx.enqueue(notes, payload))

    known = build().model.authenticate
    browser = browse(Application("wall", [wall], authenticate=known))
    url = browser.ask("POST", "/notes", json={"text": "hello"}).json()["statusUrl"]

    assert [browser.ask("GET", url, by=by).status_code for by in (None, "ann")] == [200, 200]


def test_a_failure_is_told_without_its_reason():
    """The reason is for operators; the caller learns that the job is a dead letter."""
    application = build()
    desk = Desk(application)
    browser = browse(application, desk)
    url = accepted(browser)["statusUrl"]
    job_id = url.rpartition("/")[2]
    desk.assembly.queues["shop.exports"].ledger(desk.ports).change(
        job_id,
        desk.ports.clock.now(),
        lambda record: record and record.replace(status="dead-lettered", reason="the secret cause"),
    )

    told = browser.ask("GET", url, by="ann")

    assert (told.json()["status"], "secret" in told.text) == ("dead-lettered", False)


def events_of(text: str) -> list[tuple[str, Any]]:
    """Take a stream apart: the name and the data of each event."""
    blocks = [block.split("\n") for block in text.split("\n\n") if block.startswith("event:")]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in blocks]


def test_following_a_job_ends_with_its_end():
    """The stream tells the state now and each change, and closes by itself."""
    application = build()
    desk = Desk(application)

    async def meanwhile(_seconds: float) -> None:
        desk.work()

    browser = browse(application, desk, pace=Pace(pause=meanwhile))
    answer = browser.ask("GET", accepted(browser)["streamUrl"], by="ann")

    assert (answer.headers["content-type"], answer.headers["cache-control"]) == (
        "text/event-stream; charset=utf-8",
        "no-store",
    )
    assert [(name, body["status"]) for name, body in events_of(answer.text)] == [
        ("status", "queued"),
        ("status", "success"),
    ]


def test_head_of_a_stream_ends_at_once():
    """Asking for the headers alone follows nobody."""
    browser = browse(build())

    answer = browser.ask("HEAD", accepted(browser)["streamUrl"], by="ann")

    assert (answer.status_code, answer.content) == (200, b"")


def record(**fields: Any) -> JobRecord:
    """Give a record of the followed job."""
    return JobRecord(**{"job_id": "1", "queue": "q", "status": "running", "updated_at": 0, **fields})


def followed(
    records: list[JobRecord | None], *, is_gone: Callable[[], bool] = lambda: False, **pace: Any
) -> tuple[list[str], list[float]]:
    """Follow a scripted record; give what was sent and how long each pause was."""
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    async def read() -> JobRecord | None:
        return records.pop(0) if len(records) > 1 else records[0]

    async def gone() -> bool:
        return is_gone()

    async def collect() -> list[str]:
        shown = watch(
            read, lambda found: {"s": found.status, "progress": found.progress}, gone, Pace(pause=pause, **pace)
        )
        return [part.decode() async for part in shown]

    return asyncio.run(collect()), pauses


def test_progress_is_an_event_of_its_own():
    """Only what changed since the last look is told."""
    parts, _ = followed(
        [record(), record(progress=1), record(progress=1), record(progress=2), record(status="success")]
    )

    assert [part.split("\n")[0] for part in parts] == [
        "event: status",
        "event: progress",
        "event: progress",
        "event: status",
    ]


def test_a_job_at_rest_is_looked_at_less_and_less():
    """Pauses double up to the longest, and start anew when something happens."""
    still, moved = [record()] * 4, [record(progress=1)] * 3

    _, pauses = followed([*still, *moved, record(status="cancelled")], first=1, longest=3)

    assert pauses == [1, 2, 3, 3, 1, 2, 3]


def test_silence_is_broken_by_comments():
    """Proxies see a byte now and then; programs see nothing."""
    parts, _ = followed([*[record()] * 6, record(status="success")], first=10, longest=10, heartbeat=20)

    assert [part for part in parts if part.startswith(":")] == [": still here\n\n"] * 2


def test_a_stream_ends_when_its_time_is_over():
    """It is the client's to ask again."""
    parts, pauses = followed([record()], first=10, longest=10, lifetime=30)

    assert (len(parts), pauses) == (2, [10, 10, 10])


def test_a_stream_ends_when_nobody_listens():
    """The record is not read for somebody who has left."""
    looks = iter([False, False, True])

    _, pauses = followed([record()], is_gone=lambda: next(looks))

    assert len(pauses) == 2


def test_a_stream_ends_with_its_record():
    """A record that has expired tells nothing more."""
    parts, _ = followed([record(), None])

    assert len(parts) == 1


def test_leaving_ends_a_stream_that_waits():
    """A client that disconnects in the middle of a pause leaves nothing running."""
    application = build()
    desk = Desk(application)
    url = accepted(browse(application, desk))["streamUrl"]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "method": "GET",
        "path": url,
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in signed_in("ann").items()],
    }
    sent: list[Any] = []

    async def follow_and_leave() -> None:
        paused = asyncio.Event()

        async def pause(_seconds: float) -> None:
            paused.set()
            await anyio.sleep_forever()

        async def receive() -> dict[str, Any]:
            await paused.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        await asgi(application, desk, pace=Pace(pause=pause))(scope, receive, send)

    asyncio.run(follow_and_leave())

    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
