"""The emulator runs a deployment: a stub of every part that it drives, made by hand in `emulated/deployment.py`."""

import json
import os
import urllib.error
import urllib.request
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from purista_serverless.adapters.gcp.emulator.emulator import Emulator
from purista_serverless.adapters.gcp.emulator.pubsub import encoded
from purista_serverless.adapters.gcp.plan.resources import Variable
from purista_serverless.emulation.forwarding import Answer, Request, forward
from purista_serverless.errors import DeclarationError, MissingTool
from tests.connected.gcp.emulated.deployment import deployment, topology

pytestmark = pytest.mark.connected

ROOT = Path(__file__).with_name("emulated") / "stub"
START = datetime(2026, 3, 28, 12, tzinfo=UTC)
SETTINGS = {"RATE": '1"9', "KEY": "not-a-real-key"}
TOPIC = "projects/emulated/topics/stub-"
SUBSCRIPTION = "projects/emulated/subscriptions/stub-"


class Stub:
    """The stub on the emulator.

    Attributes:
        emulator: The emulator.
        lines: What functions print, and what the emulator says of them.
    """

    def __init__(self, folder: Path, **options: Any) -> None:
        self._notes = folder
        self.lines: list[str] = []
        self.emulator = Emulator(
            deployment(),
            ROOT,
            topology=topology(),
            settings=SETTINGS,
            environment={"NOTES": str(folder)},
            log=lambda _, line: self.lines.append(line),
            **options,
        )

    def send(self, topic: str, *jobs: Mapping[str, Any], key: str = "", **attributes: str) -> None:
        """Publish jobs, in order."""
        for job in jobs:
            self.emulator.pubsub.publish(f"{TOPIC}{topic}", encoded(json.dumps(job)), attributes, key=key)

    def notes(self, prefix: str) -> dict[str, Any]:
        """Give what functions noted under ids that begin so."""
        files = sorted(self._notes.glob("*.json"))
        found = {file.stem.replace("~", "/"): json.loads(file.read_text()) for file in files}
        return {id: content for id, content in found.items() if id.startswith(prefix)}

    def letters(self) -> list[Mapping[str, Any]]:
        """Take the dead letters."""
        asked = {"maxMessages": 100, "returnImmediately": True}
        answer = self.emulator.pubsub.ask("POST", f"{SUBSCRIPTION}letters:pull", asked)
        found = answer.get("receivedMessages", [])
        for received in found:
            taken = {"ackIds": [received["ackId"]]}
            self.emulator.pubsub.ask("POST", f"{SUBSCRIPTION}letters:acknowledge", taken)
        return [received["message"] for received in found]

    def get(self, path: str, **headers: str) -> Answer:
        """Send a request to the port of all routes."""
        host = self.emulator.http_url.removeprefix("http://")
        return forward(host, Request(method="GET", target=path, headers=tuple(headers.items())))

    def answer(self, query: str = "") -> Answer:
        """Have the function that answers do so."""
        return self.emulator.request("answerer", Request(method="GET", target=f"/?{query}"))


@pytest.fixture(scope="module")
def stub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stub]:
    """Run the stub on a virtual clock that begins in March 2026, the day before the clocks change in Berlin."""
    running = Stub(tmp_path_factory.mktemp("notes"), start=START, identity={"sub": "operator-7"})
    try:
        with running.emulator:
            yield running
    except MissingTool as error:
        pytest.skip(str(error))


def test_a_function_answers(stub):
    """A function is given the request and its environment, and is kept for the next one."""
    first, second = (json.loads(stub.answer().body) for _ in range(2))
    variables = first["variables"]

    assert first["pid"] == second["pid"]
    assert first["folder"] == variables["PYTHONPATH"] == str(ROOT)
    assert json.loads(variables["PURISTA_CONFIG"]) == {"RATE": '1"9'}
    assert variables["PURISTA_SECRET_KEY"] == SETTINGS["KEY"]
    assert (variables["K_SERVICE"], variables["FUNCTION_TARGET"]) == ("stub-answerer", "handler")
    assert variables["TOPIC"] == f"{TOPIC}jobs"
    assert variables["WORKER"] == stub.emulator.service("worker").url
    assert "NOTES" not in os.environ


@pytest.mark.parametrize(("query", "status"), [("do=raise", 500), ("do=exit", 503), ("do=hang", 504)])
def test_a_function_that_fails_answers_with_a_status(stub, query, status):
    """Exceptions, crashes and timeouts are answers as Cloud Run gives them, and the next request works."""
    assert stub.answer(query).status == status
    assert stub.answer().status == 201


def test_a_function_that_cannot_be_loaded_answers_and_says_why(stub):
    """An import that fails is an answer with 500, and its traceback is printed."""
    failed = stub.emulator.request("broken", Request(method="GET", target="/"))

    assert failed.status == 500
    assert any("a_module_that_nobody_has" in line for line in stub.lines)


def test_what_a_function_prints_is_logged(stub):
    """Printed lines are as they are, and the server's own are left out."""
    stub.answer("do=log")
    # A second process begins after the lines of the first were read.
    stub.answer("do=exit")
    stub.answer()

    assert "printed" in stub.lines
    assert not [line for line in stub.lines if "gunicorn" in line or "Listening" in line]


def test_a_push_is_as_the_service_sends_it(stub):
    """The message comes with its ordering key, its attempt, its attributes and the time of the clock."""
    sent = stub.emulator.now()
    stub.send("ordered", {"do": "note", "id": "push"}, key="a", kind="good")
    stub.emulator.settle()
    note = stub.notes("push")["push"]
    message = note["message"]

    assert (note["path"], note["subscription"]) == ("/_purista/queue:ordered", f"{SUBSCRIPTION}ordered")
    assert note["deliveryAttempt"] == 1
    assert json.loads(b64decode(message["data"])) == {"do": "note", "id": "push"}
    assert (message["orderingKey"], message["attributes"]) == ("a", {"kind": "good"})
    assert message["messageId"] == message["message_id"]
    assert message["publishTime"] == message["publish_time"]
    published = datetime.fromisoformat(message["publishTime"])
    assert abs(published - sent) < timedelta(minutes=1)
    assert note["at"] == pytest.approx(published.timestamp(), abs=60)


def test_a_filter_is_applied(stub):
    """What the filter of a subscription does not match is never pushed."""
    stub.send("picky", {"do": "note", "id": "picked/1"}, kind="bad")
    stub.send("picky", {"do": "note", "id": "picked/2"}, kind="good")
    stub.emulator.settle()

    assert stub.notes("picked").keys() == {"picked/2"}
    assert stub.emulator.waiting() == {}


def test_what_failed_comes_again_later_each_time_and_ends_as_a_dead_letter(stub):
    """A failed push comes again after the backoff, which doubles, until the platform gives it up."""
    stub.letters()
    stub.send("jobs", {"do": "fail", "id": "failing"}, kind="bad")
    stub.emulator.settle()
    before = stub.letters()
    stub.emulator.advance(timedelta(minutes=10))
    (letter,) = stub.letters()
    times = [note["at"] for note in stub.notes("failing/").values()]

    assert before == []
    assert [round(later - times[0], -1) for later in times] == [0, 10, 30, 70, 150]
    assert json.loads(b64decode(letter["data"])) == {"do": "fail", "id": "failing"}
    assert letter["attributes"]["kind"] == "bad"
    assert letter["attributes"]["CloudPubSubDeadLetterSourceDeliveryCount"] == "5"
    assert letter["attributes"]["CloudPubSubDeadLetterSourceSubscription"] == "stub-jobs"


def test_the_order_of_a_key_is_kept(stub):
    """A failed message holds back those of its key, and no others."""
    stub.send("ordered", {"do": "fail once", "id": "order"}, {"do": "note", "id": "order/after"}, key="a")
    stub.send("ordered", {"do": "note", "id": "order/other"}, key="b")
    stub.emulator.settle()
    before = set(stub.notes("order/"))
    stub.emulator.advance(timedelta(minutes=1))

    assert before == {"order/1", "order/other"}
    assert set(stub.notes("order/")) == {"order/1", "order/2", "order/after", "order/other"}


def test_a_killed_function_loses_nothing(stub, tmp_path):
    """The message of a process that was killed is pushed again, to another process."""
    running = tmp_path / "running"
    os.mkfifo(running)
    stub.send("jobs", {"do": "hang once", "id": "killed", "file": str(running)})
    with running.open() as told:
        first = int(told.readline())
        killed = stub.emulator.kill("worker")
        # Nobody holds its other end any more.
        assert told.read() == ""
    stub.emulator.settle()
    before = stub.notes("killed")
    stub.emulator.advance(timedelta(minutes=1))

    assert len(killed) == 1
    assert before == {}
    assert stub.notes("killed")["killed"]["pid"] != first


def test_a_schedule_fires_at_its_slots(stub):
    """A job publishes at the wall clock of its zone, with that time, and may be fired for another slot."""
    times = []
    for _ in range(2):
        stub.emulator.advance(timedelta(days=1))
        times.append(stub.notes("nightly")["nightly"]["message"]["publishTime"][11:])
    stub.emulator.fire("Stub.1.nightly", datetime(2025, 1, 1, 1, 30, tzinfo=UTC))
    stub.emulator.settle()
    fired = stub.notes("nightly")["nightly"]["message"]

    assert times[-1] == "00:30:00.000Z"
    assert (fired["publishTime"], fired["attributes"]) == ("2025-01-01T01:30:00.000Z", {"edge": "queue:jobs"})
    with pytest.raises(LookupError, match=r"Stub\.1\.nightly"):
        stub.emulator.fire("Stub.1.nightli", START)


def task(stub: Stub, name: str, after: timedelta, job: Mapping[str, Any]) -> Answer:
    """Make a task that publishes a job later."""
    message = {"data": b64encode(json.dumps(job).encode()).decode()}
    queue = "projects/emulated/locations/europe-west1/queues/stub-delayed"
    made = {
        "name": f"{queue}/tasks/{name}",
        "scheduleTime": (stub.emulator.now() + after).isoformat(),
        "httpRequest": {
            "url": f"{stub.emulator.pubsub.url}/v1/{TOPIC}jobs:publish",
            "headers": {"Content-Type": "application/json"},
            "body": b64encode(json.dumps({"messages": [message]}).encode()).decode(),
        },
    }
    host = stub.emulator.addresses["CLOUD_TASKS_EMULATOR_HOST"]
    return forward(host, Request(method="POST", target=f"/v2/{queue}/tasks", body=json.dumps({"task": made}).encode()))


def test_a_task_is_sent_at_its_time_and_once(stub):
    """A task waits for its time, and a second one of its name is refused."""
    made = task(stub, "later", timedelta(days=3), {"do": "note", "id": "later"})
    again = task(stub, "later", timedelta(days=1), {"do": "note", "id": "later"})
    refused = task(stub, "too-late", timedelta(days=31), {"do": "note", "id": "later"})
    waiting = stub.emulator.waiting()
    stub.emulator.advance(timedelta(days=2))
    before = stub.notes("later")
    stub.emulator.advance(timedelta(days=2))

    assert (made.status, again.status, refused.status) == (200, 409, 400)
    assert waiting == {f"/v1/{TOPIC}jobs:publish": 1}
    assert before == {}
    assert stub.notes("later").keys() == {"later"}


def test_objects_are_written_once(stub):
    """An object of a bucket of the deployment is kept as it was first written, and others are refused."""
    host = stub.emulator.addresses["STORAGE_EMULATOR_HOST"]

    def upload(bucket: str) -> int:
        target = f"/upload/storage/v1/b/{bucket}/o?uploadType=media&name=queue%3Ajobs%2F1&ifGenerationMatch=0"
        return forward(host, Request(method="POST", target=target, body=b"body")).status

    bucket = "emulated-stub-claims"
    statuses = [upload(bucket), upload(bucket), upload("other")]
    target = f"/storage/v1/b/{bucket}/o/queue%3Ajobs%2F1?alt=media"
    read = forward(host, Request(method="GET", target=target))
    missing = forward(host, Request(method="GET", target=f"/storage/v1/b/{bucket}/o/nothing"))

    assert statuses == [200, 412, 404]
    assert (read.status, read.body, missing.status) == (200, b"body", 404)
    assert stub.emulator.storage.names == (f"{bucket}/queue:jobs/1",)


def test_routes_answer_on_one_port(stub):
    """A request with a token is made on behalf of the identity, whose claims come without a signature."""
    answered = stub.get("/things/7?a=1", Authorization="Bearer any")
    content = json.loads(answered.body)

    assert (answered.status, dict(answered.headers)["X-Made"]) == (201, "1")
    assert content["path"] == "/things/7"
    scheme, _, token = content["authorization"].partition(" ")
    assert (scheme, token.rpartition(".")[2]) == ("Bearer", "SIGNATURE_REMOVED_BY_GOOGLE")
    assert json.loads(b64decode(token.split(".")[1] + "==")) == {"sub": "operator-7"}


@pytest.mark.parametrize(
    ("path", "status"),
    [("/things/open", 201), ("/things/7", 401), ("/nowhere", 404), ("/things/7/more", 404)],
)
def test_routes_are_private_unless_declared_open(stub, path, status):
    """Without a token only open functions answer, and what is no route is not found."""
    assert stub.get(path).status == status


def test_cloud_run_lets_through_whom_the_deployment_allows(stub):
    """A token counts for its own URL and for accounts that may invoke; the signature is verified."""
    worker = stub.emulator.service("worker")
    signer = stub.emulator.signer
    url = worker.url

    def call(token: str) -> int:
        headers = (("Authorization", f"Bearer {token}"),)
        return forward(worker.host, Request(method="POST", target="/", headers=headers)).status

    allowed = stub.emulator.site.email("answerer-account")
    token = stub.answer(f"do=token&audience={url}").body.decode()
    assert signer.email(token, url) == allowed
    # Let through, it finds no JSON in the request.
    assert call(token) == 415
    assert call(signer.token(allowed, "https://elsewhere")) == 401
    assert call(f"{token[:-4]}AAAA") == 401
    assert call("") == 401
    assert call(signer.token("somebody@emulated.iam.gserviceaccount.com", url)) == 403


def test_certificates_verify_the_emulators_tokens(stub):
    """Google's own library accepts a token by the certificates that functions are told of."""
    jwt = pytest.importorskip("google.auth.jwt")
    address = stub.emulator.addresses["PURISTA_CERTIFICATES"]
    with urllib.request.urlopen(address) as response:  # noqa: S310 - of this machine
        certificates = json.load(response)
    token = stub.emulator.signer.token("push@emulated.iam.gserviceaccount.com", "https://here")
    ahead = int((stub.emulator.now() - datetime.now(UTC)).total_seconds())

    claims = jwt.decode(token, certs=certificates, audience="https://here", clock_skew_in_seconds=abs(ahead) + 60)
    assert (claims["email_verified"], claims["iss"]) == (True, "https://accounts.google.com")


def test_clients_with_grpc_reach_the_emulator(stub, tmp_path):
    """Google's own client goes through the same door, and what it publishes is pushed like everything else."""
    pubsub = pytest.importorskip("google.cloud.pubsub_v1")
    grpc = pytest.importorskip("grpc")
    told = tmp_path / "told"
    os.mkfifo(told)
    transports = pytest.importorskip("google.pubsub_v1.services.publisher.transports")
    with grpc.insecure_channel(stub.emulator.addresses["PUBSUB_EMULATOR_HOST"]) as channel:
        publisher = pubsub.PublisherClient(transport=transports.PublisherGrpcTransport(channel=channel))
        publisher.publish(f"{TOPIC}jobs", json.dumps({"do": "tell", "file": str(told)}).encode()).result()
        publisher.stop()

    assert told.read_text() == "told"
    stub.emulator.settle()


def test_an_unknown_function_is_named(stub):
    """A function is found by its names, and another name is told with the nearest one."""
    assert stub.emulator.service("command:Stub.1.answerer") is stub.emulator.service("stub-answerer")
    with pytest.raises(LookupError, match="answerer"):
        stub.emulator.service("answrer")


def test_the_wall_clock_cannot_be_moved_and_nobody_gets_in_without_an_identity(tmp_path):
    """Without a start the time is this machine's; without an identity a token opens nothing."""
    running = Stub(tmp_path)
    try:
        with running.emulator as emulator:
            running.send("jobs", {"do": "note", "id": "now"})
            emulator.settle()
            statuses = running.get("/things/7", Authorization="Bearer any").status, running.get("/things/open").status
            with pytest.raises(DeclarationError, match="start="):
                emulator.advance(timedelta(days=1))
    except MissingTool as error:
        pytest.skip(str(error))

    published = datetime.fromisoformat(running.notes("now")["now"]["message"]["publishTime"])
    assert abs(datetime.now(UTC) - published) < timedelta(hours=1)
    assert statuses == (401, 201)


def test_a_variable_without_a_value_is_named(tmp_path):
    """What the deployment needs and nobody gives is an error before anything starts."""
    needy = replace(deployment(), variables=(Variable(name="command.Legacy.1.ship", description=""),))
    with pytest.raises(DeclarationError, match=r"--variable command\.Legacy\.1\.ship=VALUE"):
        Emulator(needy, ROOT)


def test_a_closed_emulator_leaves_no_process(tmp_path):
    """Functions at work, both emulators and all servers end with the emulator."""
    fifo = tmp_path / "running"
    os.mkfifo(fifo)
    running = Stub(tmp_path)
    try:
        with running.emulator as emulator:
            url = emulator.http_url
            running.send("jobs", {"do": "hang once", "id": "x", "file": str(fifo)})
            told = fifo.open()
            told.readline()
    except MissingTool as error:
        pytest.skip(str(error))

    with told:
        assert told.read() == ""
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(url)  # noqa: S310 - of this machine
