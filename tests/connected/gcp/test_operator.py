"""Dead letters and jobs of a deployment: on Google's own emulators of Pub/Sub and Firestore."""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from purista_serverless.adapter import configure
from purista_serverless.adapters import load_adapter
from purista_serverless.adapters.gcp.emulator.servers import Server
from purista_serverless.adapters.gcp.plan.resources import Deployment, Subscription, Topic
from purista_serverless.adapters.gcp.plan.texts import fill
from purista_serverless.adapters.gcp.ports import GcpPorts
from purista_serverless.adapters.gcp.ports.rest import Answer, Rest
from purista_serverless.adapters.gcp.stack.operator import DeploymentOperations
from purista_serverless.adapters.gcp.stack.place import place_of
from purista_serverless.errors import BadEvent, DeclarationError, InvalidPayload, Unavailable
from purista_serverless.message import COMMAND, CUSTOM_MESSAGE, Job, Message, Party
from purista_serverless.runtime.ledger import JobLedger
from purista_serverless.runtime.ports import DeadLetter
from purista_serverless.runtime.records import JobRecord
from purista_serverless.synth.blueprint import draw
from purista_serverless.testing.clock import VirtualClock
from tests.connected.gcp.tools import ask, firestore, pubsub
from tests.unit.aws.stack import shop

pytestmark = pytest.mark.connected

ORDER = {"sku": "tea", "count": 2}
PARTY = Party("Shop", "1", "somebody")
SLOT = int(datetime(2026, 1, 5, 6, tzinfo=UTC).timestamp() * 1000)
MAILS = "queue:shop.mails"
PACKING = "shop.packing"

_prefixes = (f"shop{number}" for number in count())


def job(queue: str = "shop.mails", job_id: str = "a1", payload: Any = ORDER, **fields: Any) -> bytes:
    """Give the body of a job."""
    return Job(id=job_id, queue=queue, payload=payload, created_at=1_000, **fields).encode()


def message(message_type: str = CUSTOM_MESSAGE, **fields: Any) -> bytes:
    """Give the body of a message."""
    event = "shop.shipped" if message_type == CUSTOM_MESSAGE else None
    given: dict[str, Any] = {"id": "m1", "sender": PARTY, "timestamp": 1_000, "event_name": event, **fields}
    return Message(message_type=message_type, payload=ORDER, **given).encode()


BODIES = {
    MAILS: job(),
    "queue:shop.packing": job(PACKING),
    "queue:shop.lines": job("shop.lines", ordering_key="tea"),
    "subscription:Shop.1.tell": message(),
    "binding:shop.shipped:shop.mails": message(),
    "call:Shop.1.daily": message(COMMAND, receiver=Party("Shop", "1", "count")),
}


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Server, Server]]:
    """Run both emulators."""
    with ExitStack() as stack:
        yield stack.enter_context(pubsub()), stack.enter_context(firestore())


class Shop:
    """The shop, deployed under a prefix of its own.

    Every topic that is delivered has a subscription from which a test reads what was sent.
    """

    def __init__(self, servers: tuple[Server, Server]) -> None:
        self._pubsub, ledger = servers
        self.environment = {
            "GOOGLE_CLOUD_PROJECT": "acme",
            "PUBSUB_EMULATOR_HOST": self._pubsub.host,
            "FIRESTORE_EMULATOR_HOST": ledger.host,
        }
        self.plan = draw(shop.app.model, load_adapter("gcp")).plan
        self.place = place_of(self.plan, next(_prefixes), self.environment)
        self.ports = GcpPorts(self.place.environment(self.plan, self.environment))
        self._topics: dict[tuple[str, bool], str] = {}
        for topic in (one for one in self.plan.resources if isinstance(one, Topic)):
            name = fill(topic.path, self.place.values)
            ask(self._pubsub, "PUT", f"/v1/{name}", {})
            self._topics[topic.key, topic.kind == "dead-letter"] = name
            reader = name.replace("/topics/", "/subscriptions/read-")
            ask(self._pubsub, "PUT", f"/v1/{reader}", {"topic": name, "ackDeadlineSeconds": 60})
        for kept in (one for one in self.plan.resources if isinstance(one, Subscription)):
            if kept.kind == "dead-letter":
                topic = next(one for one in self.plan.resources if one.id == kept.topic)
                wanted = {"topic": fill(topic.path, self.place.values), "ackDeadlineSeconds": 60}
                ask(self._pubsub, "PUT", f"/v1/{fill(kept.path, self.place.values)}", wanted)

    def open(self, plan: Deployment | None = None, **options: Any) -> DeploymentOperations:
        """Open operations on it."""
        return DeploymentOperations(
            shop.app,
            plan or self.plan,
            self.place,
            environment=self.environment,
            pause=lambda _seconds: None,
            **options,
        )

    def bury(self, edge: str, body: bytes, letter_id: str = "a1", **fields: Any) -> None:
        """Keep a letter as a function does."""
        given = {"reason": "ValueError: no", "attempts": 10, "generation": 0, "at": 5_000, **fields}
        self.ports.dead_letters.put(DeadLetter(edge=edge, id=letter_id, body=body, **given))

    def forward(self, edge: str, data: bytes, /, **attributes: str) -> None:
        """Put a message among the dead letters as Pub/Sub does by itself."""
        wire = {"messages": [{"data": b64encode(data).decode(), "attributes": attributes}]}
        ask(self._pubsub, "POST", f"/v1/{self._topics[edge, True]}:publish", wire)

    def sent(self, key: str) -> list[bytes]:
        """Give what was published on a topic."""
        reader = self._topics[key, False].replace("/topics/", "/subscriptions/read-")
        answer = ask(self._pubsub, "POST", f"/v1/{reader}:pull", {"maxMessages": 100, "returnImmediately": True})
        return [b64decode(one["message"]["data"]) for one in answer.get("receivedMessages", ())]


class Holds(Rest):
    """Counts the messages of each request that holds some for longer."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: list[int] = []

    def ask(self, method: str, url: str, *, body: bytes | None = None, **options: Any) -> Answer:
        """Send a request, and count."""
        if url.endswith(":modifyAckDeadline"):
            self.counts.append(len(json.loads(body or b"")["ackIds"]))
        return super().ask(method, url, body=body, **options)


@pytest.fixture
def deployed(servers: tuple[Server, Server]) -> Shop:
    """Deploy the shop."""
    return Shop(servers)


def test_letters_are_listed_and_given_back(deployed: Shop) -> None:
    """What is looked at is there for others afterwards, and tells what a function said of it."""
    for number in range(12):
        deployed.bury(MAILS, job(job_id=f"a{number}"), f"a{number}", at=100 - number)
    operations = deployed.open()

    found = operations.letters()

    assert [one.id for one in found] == [f"a{number}" for number in reversed(range(12))]
    assert (found[0].reason, found[0].attempts, found[0].at) == ("ValueError: no", 10, 89)
    assert deployed.open().letters() == ()
    operations.close()
    assert len(deployed.open().letters(MAILS, limit=5)) == 5


def test_copies_are_one_letter(deployed: Shop) -> None:
    """A letter that was put twice is shown once, and gone with its copy."""
    for _ in range(2):
        deployed.bury(MAILS, job())
    operations = deployed.open()

    (found,) = operations.letters()
    assert operations.redrive(found)
    operations.close()

    assert deployed.open().letters() == ()
    assert len(deployed.sent(MAILS)) == 1


@pytest.mark.parametrize("edge", BODIES)
def test_redriving(deployed: Shop, edge: str) -> None:
    """A letter goes back onto its edge, and to nobody else, as a new generation, and leaves the dead letters."""
    deployed.bury(edge, BODIES[edge], "m1")
    operations = deployed.open()
    (found,) = operations.letters(edge)

    assert operations.judge(found)
    assert operations.redrive(found)
    operations.close()

    (sent,) = deployed.sent(edge)
    body = Job.decode(sent) if edge.startswith("queue:") else Message.decode(sent)
    assert body.generation == 1
    assert (body.created_at if isinstance(body, Job) else body.timestamp) > 1_000
    assert deployed.sent("event:shop.shipped") == []
    assert deployed.open().letters() == ()


@pytest.mark.parametrize("edge", BODIES)
def test_what_does_not_match_stays(deployed: Shop, edge: str) -> None:
    """A letter that today's types refuse is told with its field and stays; judging it says the same."""
    wrong = json.loads(BODIES[edge])
    # A command's message holds payload and parameter one level deeper.
    del (wrong["payload"]["payload"] if edge.startswith("call:") else wrong["payload"])["count"]
    deployed.bury(edge, json.dumps(wrong).encode(), "m1")
    operations = deployed.open()
    (found,) = operations.letters(edge)

    for act in (operations.judge, operations.redrive):
        with pytest.raises(InvalidPayload) as refused:
            act(found)
        assert [problem["path"] for problem in refused.value.problems] == ["count"]
    operations.close()

    assert len(deployed.open().letters(edge)) == 1
    assert deployed.sent(edge) == []


def test_what_does_not_decode_stays(deployed: Shop) -> None:
    """A body that is no job can be shown and purged, and is not sent."""
    deployed.bury(MAILS, b"no json")
    operations = deployed.open()
    (found,) = operations.letters()

    assert found.body == b"no json"
    with pytest.raises(BadEvent):
        operations.redrive(found)


def test_what_pubsub_moved_itself(deployed: Shop) -> None:
    """A message that no function settled has no label of ours: its body tells its id, and it is said who moved it."""
    edge = "subscription:Shop.1.tell"
    deployed.forward(edge, message(), CloudPubSubDeadLetterSourceDeliveryCount="30", edge="event:shop.shipped")
    operations = deployed.open()

    (found,) = operations.letters()
    assert (found.id, found.generation, found.attempts) == ("m1", 0, 30)
    assert found.reason == "Pub/Sub moved it here: it was delivered 30 times, and nobody settled it"
    operations.redrive(found)
    assert len(deployed.sent(edge)) == 1


def test_a_run_that_was_not_triggered(deployed: Shop) -> None:
    """The slot of a schedule's run is triggered again, with the ids that it had."""
    deployed.bury("schedule:Shop.1.hourly", b"{}", f"Shop.1.hourly@{SLOT}")
    operations = deployed.open()
    (found,) = operations.letters()

    assert operations.judge(found)
    assert operations.redrive(found)
    operations.close()

    (sent,) = deployed.sent("queue:shop.packing")
    assert Job.decode(sent).payload is not None
    assert deployed.open().letters() == ()


def test_a_slot_that_never_arrived(deployed: Shop) -> None:
    """It goes to its gate, where policies are kept."""
    slot = json.dumps({"purista": "slot", "schedule": "Shop.1.hourly"}).encode()
    deployed.forward("schedule:Shop.1.hourly", slot, CloudPubSubDeadLetterSourceDeliveryCount="30")
    operations = deployed.open()
    (found,) = operations.letters()

    assert operations.redrive(found)

    assert deployed.sent("gate:Shop.1.hourly") == [slot]


def test_one_letter(deployed: Shop) -> None:
    """A letter is found by its id, the newest generation first, or by its key."""
    for generation in (0, 1):
        deployed.bury(MAILS, job(), generation=generation)
    operations = deployed.open()

    assert operations.letter(MAILS, "a1").generation == 1
    assert operations.letter(MAILS, "a1:0").generation == 0
    with pytest.raises(KeyError):
        operations.letter(MAILS, "b2")


def test_purging(deployed: Shop) -> None:
    """The letters of one edge are deleted and counted, those of others stay."""
    for edge in (MAILS, "queue:shop.packing"):
        deployed.bury(edge, BODIES[edge])
    operations = deployed.open()

    assert operations.count_letters(MAILS) == 1
    assert operations.purge(MAILS) == 1
    operations.close()
    assert [one.edge for one in deployed.open().letters()] == ["queue:shop.packing"]


def test_what_cannot_be_read_is_given_back(deployed: Shop) -> None:
    """A body that cannot be reached now fails the tool, and nothing that it pulled is hidden afterwards."""
    deployed.bury(MAILS, job())
    deployed.forward(MAILS, b'{"purista": "claim", "key": "queue:shop.mails/b2", "size": 9}', id="b2")
    with_bucket = draw(shop.app.model, configure(load_adapter("gcp"), {"claim_check": True})).plan
    deployed.environment["STORAGE_EMULATOR_HOST"] = "127.0.0.1:9"
    operations = deployed.open(plan=with_bucket)

    with pytest.raises(Unavailable):
        operations.letters(MAILS)
    operations.close()

    assert {one.id for one in deployed.open().letters(MAILS)} == {"a1", "b2"}


def test_letters_stay_held_for_as_long_as_it_takes(deployed: Shop) -> None:
    """Whoever works on many letters has each of them to itself until its turn has come."""
    for letter_id in ("a1", "b2", "c3"):
        deployed.bury(MAILS, job(job_id=letter_id), letter_id)
    clock, holds = VirtualClock(SLOT), Holds()
    operations = deployed.open(clock=clock, rest=holds)

    for letter in operations.letters(MAILS):
        clock.advance(timedelta(seconds=200))
        operations.redrive(letter)

    assert holds.counts[-2:] == [2, 1]


def test_what_pubsub_does_not_do(deployed: Shop) -> None:
    """It moves nothing by itself, and does not tell how full a subscription is."""
    with pytest.raises(DeclarationError, match="redrive without --bulk"):
        deployed.open().move(MAILS)
    with pytest.raises(DeclarationError, match="Cloud Monitoring"):
        deployed.open().metrics()


def test_jobs_are_listed_and_cancelled(deployed: Shop) -> None:
    """Records come first, those that ended last; dead letters of untracked queues are jobs as well."""
    now = deployed.ports.clock.now()
    for status in ("queued", "running", "success"):
        record = JobRecord(
            job_id=f"{deployed.place.prefix}-{status}",
            queue=PACKING,
            status=status,
            updated_at=now,
            owner="function" if status == "running" else None,
            lease_until=now + 60_000 if status == "running" else None,
            fence=3,
            attempt=1,
        )
        JobLedger(deployed.ports.ledger, PACKING, 1_000_000).enlist(record, due=now)
    deployed.bury(MAILS, job())
    operations = deployed.open()

    assert [found.id.rpartition("-")[2] for found in operations.jobs()] == ["queued", "running", "success", "a1"]
    (lease,) = operations.leases()
    assert (lease.owner, lease.fence) == ("function", 3)
    assert operations.cancel(PACKING, f"{deployed.place.prefix}-queued", "changed my mind")
    assert operations.job(PACKING, f"{deployed.place.prefix}-queued").status == "cancelled"
    assert not operations.cancel(PACKING, "nobody", "changed my mind")
