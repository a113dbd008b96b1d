"""An application on the emulator, all of whose requests to AWS are recorded."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import boto3

from purista_serverless import Application
from purista_serverless.adapters.aws import constants
from purista_serverless.adapters.aws.emulator.emulator import Emulator
from purista_serverless.adapters.aws.emulator.template import load_template
from purista_serverless.adapters.aws.ports import AwsPorts
from purista_serverless.adapters.aws.stack.outputs import find_stack
from purista_serverless.runtime.client import Client
from tests.connected.aws.privilege.deployed import REGION, Deployed, Seen
from tests.connected.aws.privilege.policies import Call, Grant
from tests.connected.aws.privilege.recorder import Recorder
from tests.connected.aws.privilege.requests import queue_arn


class RecordedAccount:
    """A deployed application; whoever does something to it from outside uses ``client`` and is not recorded.

    Args:
        emulator: What runs the application.
        recorder: What its functions talk to.
        deployed: Its template.
    """

    def __init__(self, emulator: Emulator, recorder: Recorder, deployed: Deployed) -> None:
        self.emulator = emulator
        self.deployed = deployed
        self._recorder = recorder
        self._received: set[str] = set()
        self._fired: set[str] = set()
        self._routes: set[str] = set()
        # The emulator plays Lambda's pollers and the Scheduler with the clients that it gives away.
        self._watch("sqs.ReceiveMessage", lambda given: self._received.add(queue_arn(given["QueueUrl"], REGION)))
        self._watch("sqs.SendMessage", lambda given: self._fired.add(queue_arn(given["QueueUrl"], REGION)))
        self._watch("events.PutEvents", lambda given: self._fired.update(e["EventBusName"] for e in given["Entries"]))

    def client(self, service: str) -> Any:
        """Give a client of somebody outside of the application."""
        return boto3.client(
            service,
            endpoint_url=self.emulator.endpoint,
            region_name=REGION,
            aws_access_key_id="outside",
            aws_secret_access_key="outside",  # noqa: S106 - nobody asks for it
        )

    def outside(self, application: Application) -> Client:
        """Give what emits, enqueues and invokes from outside."""
        return application.client(AwsPorts(self.environment(), clients=self.client, clock=self))

    def environment(self) -> Mapping[str, str]:
        """Give the variables of a function that may use all of the stack."""
        return find_stack("emulated", self.client("cloudformation")).environment()

    def now(self) -> int:
        """Give the time of the account in milliseconds since the epoch."""
        return int(self.emulator.now().timestamp() * 1000)

    def advance(self, **duration: float) -> None:
        """Let so much time pass, and wait for all that it brings."""
        self.emulator.advance(timedelta(**duration))

    def request(self, route: str, path: str, body: Mapping[str, Any]) -> int:
        """Call a route with a body of JSON, and give the status of the answer."""
        method = route.partition(" ")[0]
        headers = {"authorization": "Bearer of.no.matter", "content-type": "application/json"}
        url = self.emulator.http_url + path
        with urlopen(Request(url, json.dumps(body).encode(), headers, method=method)) as answer:  # noqa: S310 - this machine's
            self._routes.add(route)
            return int(answer.status)

    def send_nonsense(self) -> None:
        """Put a body that nobody understands into the queue of every edge."""
        sqs = self.client("sqs")
        for url in json.loads(self.environment()[constants.QUEUES]).values():
            is_fifo = url.endswith(constants.FIFO_SUFFIX)
            group = {"MessageGroupId": "outside", "MessageDeduplicationId": "nonsense"} if is_fifo else {}
            sqs.send_message(QueueUrl=url, MessageBody="{}", **group)

    def refuse_once(self, function: str, action: str) -> None:
        """Answer the next request of a function, by its logical id, for an action with an error."""
        self._recorder.refuse_once(self.emulator.functions.find(function).setup.name, action)

    def grants(self) -> frozenset[Grant]:
        """Give all that the template allows."""
        return self.deployed.grants()

    def calls(self) -> frozenset[Call]:
        """Give all that was asked for so far."""
        seen = Seen(received=frozenset(self._received), fired=frozenset(self._fired), routes=frozenset(self._routes))
        return self.deployed.calls(self._recorder.needs(), seen)

    def _watch(self, operation: str, note: Any) -> None:
        events = self.emulator.client(operation.partition(".")[0]).meta.events
        events.register(f"provide-client-params.{operation}", lambda params, **_: note(params))


@contextmanager
def deploy(
    template: Path, *, start: datetime, parameters: Mapping[str, str], settings: Mapping[str, str]
) -> Iterator[RecordedAccount]:
    """Run a template whose functions talk to a recorder.

    Args:
        template: The template, beside the code.
        start: The first instant of the account's clock.
        parameters: Values of the template's parameters that differ from their defaults.
        settings: Configuration values and secrets by name.
    """
    loaded = load_template(template, parameters, REGION)
    recorder = Recorder()
    recorder.start()
    emulator = Emulator(
        template,
        parameters=parameters,
        start=start,
        settings=settings,
        variables={"AWS_ENDPOINT_URL": recorder.url},
        identity={"sub": "clerk"},
        log=lambda name, line: print(f"{name}: {line}"),  # noqa: T201 - shown when a test fails
    )
    try:
        with emulator:
            recorder.stand_before(emulator.endpoint)
            yield RecordedAccount(emulator, recorder, Deployed(loaded, parameters, emulator.stack))
    finally:
        recorder.stop()
