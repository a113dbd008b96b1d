"""The bundle of ports: made late, made once, and what each says when the deployment lacks it."""

import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from purista_serverless.adapters.gcp.ports import GcpPorts
from purista_serverless.errors import UndeclaredUse
from purista_serverless.runtime.ports import DeadLetter
from tests.unit.aws.ports.messages import command, event, job

LETTER = DeadLetter(edge="queue:billing.closing", id="j1", body=b"{}", reason="no", attempts=1, generation=0, at=1)
TOPICS = {"PURISTA_TOPICS": '{"queue:billing.closing": "projects/p/topics/t"}'}

USES = {
    "pubsub.topics.publish on 'event:billing.closed'": lambda ports: ports.events.publish(event()),
    "pubsub.topics.publish on 'queue:billing.closing'": lambda ports: ports.queues.send(job(), delay=0),
    "run.routes.invoke": lambda ports: ports.commands.invoke(command()),
    "pubsub.topics.publish on 'call:nightly'": lambda ports: ports.schedules.call("nightly", command()),
    "pubsub.topics.publish on 'gate:nightly'": lambda ports: ports.schedules.knock("nightly"),
    "pubsub.topics.publish on ": lambda ports: ports.dead_letters.put(LETTER),
    "datastore.entities.get": lambda ports: ports.ledger.read("queue:billing.closing/j1"),
    "datastore.entities.update": lambda ports: ports.ledger.write("queue:billing.closing/j1", {}, expected=0),
    "datastore.entities.list": lambda ports: list(ports.ledger.scan("queue:billing.closing/")),
    "storage.objects.get": lambda ports: ports.claims.fetch({"purista": "claim", "key": "queue:billing.closing/j1"}),
}


@pytest.mark.parametrize(("action", "use"), USES.items(), ids=USES)
def test_what_the_function_was_deployed_without_is_an_undeclared_use(action, use):
    """The error names the permission and what to declare, and nothing is asked of Google."""
    with pytest.raises(UndeclaredUse, match=rf"this function may not do {action}.*; .*PURISTA_"):
        use(GcpPorts({}))


def test_a_function_without_tasks_sends_jobs_at_once_only(apis):
    """A delay needs the queue of tasks, which the error names."""
    with pytest.raises(UndeclaredUse, match=r"cloudtasks.tasks.create on 'queue:billing.closing'.*PURISTA_TASKS"):
        apis.ports({"PURISTA_TASKS": ""}).queues.send(job(), delay=1)
    assert apis.asked == []


def test_nothing_is_loaded_before_it_is_used():
    """A function that sends nothing has ports without HTTP, TLS, threads, an event loop or any port's module."""
    program = """
import json, sys
from purista_serverless.adapters.gcp.ports import GcpPorts
GcpPorts({}).clock.now()
print(json.dumps(sorted(sys.modules)))
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    loaded = set(json.loads(ran.stdout))

    assert not loaded & {"asyncio", "google.auth", "http.client", "logging", "ssl", "threading", "urllib"}
    assert [name for name in loaded if name.startswith("purista_serverless.adapters.gcp.ports.")] == []


def test_no_sdk_is_loaded_to_send_anything():
    """What leaves a function needs plain HTTP only: no client of Google's, and not even google-auth on the platform."""
    program = """
import json, sys
from purista_serverless.adapters.gcp.ports import GcpPorts
GcpPorts({}).warm(emits=True, enqueues=True, invokes=True, ledger=True)
print(json.dumps(sorted(sys.modules)))
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    loaded = set(json.loads(ran.stdout))

    assert "http.client" in loaded
    assert not loaded & {"asyncio", "google.api_core", "google.auth", "grpc", "requests", "urllib3", "logging"}


def test_a_port_is_made_once():
    """Every use of a port is of the same object, also when threads ask for it at the same time."""
    ports, start = GcpPorts({}), threading.Barrier(8)

    def ask(_):
        start.wait()
        return ports.queues

    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(ask, range(8)))
    assert found == {ports.queues}


def test_an_unknown_port_is_an_attribute_error():
    """A misspelt port is what a misspelt attribute always is."""
    with pytest.raises(AttributeError, match="'GcpPorts' has no attribute 'event'"):
        GcpPorts({}).event  # noqa: B018 - the access is what is tested


def test_settings_stand_in_the_environment():
    """Configuration and secrets are texts that the platform put there; what is empty is not set."""
    texts = {"limit": "5", "name": "Zürich", "empty": ""}
    environment = {
        "PURISTA_CONFIG": json.dumps(texts),
        "PURISTA_SECRETS": '{"key": "PURISTA_SECRET_KEY", "gone": "PURISTA_SECRET_GONE", "empty": "EMPTY"}',
        "PURISTA_SECRET_KEY": "s3cr3t",
        "EMPTY": "",
    }
    settings = GcpPorts(environment).settings

    assert [settings.config(name) for name in ("limit", "name", "empty", "other")] == ["5", "Zürich", None, None]
    assert [settings.secret(name) for name in ("key", "gone", "empty", "other")] == ["s3cr3t", None, None, None]
