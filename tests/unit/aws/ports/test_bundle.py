"""The bundle of ports: made late, made once, and what each says when the deployment lacks it."""

import asyncio
import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from purista_serverless.adapters.aws.ports import AwsPorts
from purista_serverless.errors import MissingExtra, ProviderRefused, UndeclaredUse
from purista_serverless.runtime.ports import DeadLetter
from tests.unit.aws.ports.messages import command, event, job

LETTER = DeadLetter(edge="queue:billing.closing", id="j1", body=b"{}", reason="no", attempts=1, generation=0, at=1)

USES = {
    "events:PutEvents": lambda ports: ports.events.publish(event()),
    "sqs:SendMessage": lambda ports: ports.queues.send(job(), delay=0),
    "lambda:InvokeFunction": lambda ports: ports.commands.invoke(command()),
    "sqs:SendMessage on 'call:nightly'": lambda ports: ports.schedules.call("nightly", command()),
    "sqs:SendMessage on 'gate:nightly'": lambda ports: ports.schedules.knock("nightly"),
    "sqs:SendMessage on 'queue:billing.closing'": lambda ports: ports.dead_letters.put(LETTER),
    "dynamodb:GetItem": lambda ports: ports.ledger.read("queue:billing.closing/j1"),
    "dynamodb:PutItem": lambda ports: ports.ledger.write("queue:billing.closing/j1", {}, expected=0),
    "dynamodb:Query": lambda ports: list(ports.ledger.scan("queue:billing.closing/")),
    "s3:GetObject": lambda ports: ports.claims.fetch({"purista": "claim", "key": "queue:billing.closing/j1"}),
}


@pytest.mark.parametrize(("action", "use"), USES.items(), ids=USES)
def test_what_the_function_was_deployed_without_is_an_undeclared_use(action, use):
    """The error names the permission and what to declare, and no client is made for it."""
    made: list[str] = []
    ports = AwsPorts({}, clients=made.append)

    with pytest.raises(UndeclaredUse, match=rf"this function may not do {action}.*; .*PURISTA_"):
        use(ports)
    assert made in ([], [None])


def test_nothing_is_loaded_before_it_is_used():
    """A function that sends nothing has ports without botocore, threads, an event loop or any port's module."""
    program = """
import json, sys
from purista_serverless.adapters.aws.ports import AwsPorts
AwsPorts({}).clock.now()
print(json.dumps(sorted(sys.modules)))
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    loaded = set(json.loads(ran.stdout))

    assert not loaded & {"asyncio", "boto3", "botocore", "concurrent", "logging", "threading"}
    assert [name for name in loaded if name.startswith("purista_serverless.adapters.aws.ports.")] == []


def test_a_port_is_made_once():
    """Every use of a port is of the same object, also when threads ask for it at the same time."""
    ports, start = AwsPorts({}), threading.Barrier(8)

    def ask(_):
        start.wait()
        return ports.queues

    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(ask, range(8)))
    assert found == {ports.queues}


def test_an_unknown_port_is_an_attribute_error():
    """A misspelt port is what a misspelt attribute always is."""
    with pytest.raises(AttributeError, match="'AwsPorts' has no attribute 'event'"):
        AwsPorts({}).event  # noqa: B018 - the access is what is tested


@pytest.mark.parametrize(
    ("declared", "services"),
    [
        ({}, []),
        ({"emits": True}, ["events"]),
        ({"enqueues": True, "ledger": True}, ["sqs", "dynamodb"]),
        ({"invokes": True}, ["lambda"]),
    ],
)
def test_the_init_phase_makes_the_clients_of_declared_uses(declared, services):
    """Warming makes one client for each thing that the function does when all goes well, and no other."""
    made: list[str] = []
    AwsPorts({}, clients=made.append).warm(**declared)

    assert made == services


def test_a_warm_client_is_the_one_that_is_used(moto):
    """What the init phase made is not made again by the first call."""
    made, url = [], moto.queue()

    def make(service):
        made.append(service)
        return moto.client(service)

    ports = moto.ports({"PURISTA_QUEUES": {"queue:billing.closing": url}}, clients=make)
    ports.warm(enqueues=True)
    ports.queues.send(job(), delay=0)
    ports.queues.send(job("j2"), delay=0)

    assert (made, moto.counts(url)) == (["sqs"], (2, 0, 0))


def test_threads_share_one_client():
    """Of several threads that need a client at once one makes it."""
    made, start = [], threading.Barrier(8)

    def make(service):
        made.append(service)
        return object()

    deployment = AwsPorts({}, clients=make).deployment

    def ask(_):
        start.wait()
        return deployment.client("sqs")

    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(ask, range(8)))
    assert (len(found), made) == (1, ["sqs"])


def test_the_sdk_finds_region_credentials_and_endpoint_itself(moto, monkeypatch):
    """Without a factory the process' environment decides, as on Lambda: a server may stand in for AWS."""
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    for name, value in {
        "AWS_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_ENDPOINT_URL": moto.url,
    }.items():
        monkeypatch.setenv(name, value)
    url, bucket = moto.queue(), moto.bucket()
    ports = AwsPorts({"PURISTA_QUEUES": json.dumps({"queue:billing.closing": url}), "PURISTA_CLAIM_CHECK": bucket})

    ports.queues.send(job(payload="x" * 2_000_000), delay=0)
    (message,) = moto.receive(url)
    assert len(ports.claims.fetch(json.loads(message["Body"]))) > 2_000_000
    client = ports.deployment.client("sqs")
    assert client.meta.region_name == "eu-central-1"
    assert client.meta.config.retries["mode"] == "standard"


def test_a_command_is_waited_for_as_long_as_a_function_may_run(monkeypatch):
    """Giving up on a command earlier would run it twice; every other answer is due within seconds."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    deployment = AwsPorts({}).deployment

    assert deployment.client("lambda").meta.config.read_timeout > 900
    assert deployment.client("sqs").meta.config.read_timeout == 10


def test_a_missing_region_says_what_to_set(monkeypatch, tmp_path):
    """The SDK's own error about its settings is told as ours."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))

    with pytest.raises(ProviderRefused, match=r"on sqs could not .* You must specify a region; set AWS_REGION"):
        AwsPorts({}).deployment.client("sqs")


def test_a_missing_sdk_says_how_to_install_it(monkeypatch):
    """Without botocore the first use names the extra."""
    monkeypatch.setitem(sys.modules, "botocore.session", None)

    with pytest.raises(MissingExtra, match=r"purista-serverless\[aws\]"):
        AwsPorts({}).warm(emits=True)


def test_async_handlers_wait_in_a_thread():
    """A call of a port does not block the event loop: it runs in another thread."""
    ports = AwsPorts({})

    async def ask():
        return await ports.offload(threading.get_ident)

    assert asyncio.run(ask()) != threading.get_ident()


def test_resources_clock_and_jitter_are_those_that_were_given():
    """What surrounds the ports comes from whoever makes them."""

    class Clock:
        def now(self):
            return 42

    ports = AwsPorts({}, clock=Clock(), random=lambda: 0.5, resources={"mail": os})

    assert (ports.clock.now(), ports.random(), ports.resources) == (42, 0.5, {"mail": os})
