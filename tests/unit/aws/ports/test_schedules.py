"""What a gate sends to the queues of its schedule."""

import json

from purista_serverless.message import Message
from tests.unit.aws.ports.messages import command


def test_a_call_is_a_command_on_the_schedules_own_queue(moto):
    """The envelope of the command travels as it is, marked with its edge."""
    url, sent = moto.queue(), command(payload={"month": "2026-11"}, run_id="Billing.1.nightly@1")
    ports = moto.ports({"PURISTA_QUEUES": {"call:Billing.1.nightly": url}})
    ports.schedules.call("Billing.1.nightly", sent)

    (message,) = moto.receive(url)
    assert Message.decode(message["Body"]) == sent
    assert message["MessageAttributes"]["edge"]["StringValue"] == "call:Billing.1.nightly"


def test_a_large_call_is_claimed(moto):
    """A call beyond what a message holds goes by the bucket, as jobs do."""
    url, sent = moto.queue(), command(payload="x" * 2_000_000)
    ports = moto.ports({"PURISTA_QUEUES": {"call:Billing.1.nightly": url}, "PURISTA_CLAIM_CHECK": moto.bucket()})
    ports.schedules.call("Billing.1.nightly", sent)

    claim = json.loads(moto.receive(url)[0]["Body"])
    assert Message.decode(ports.claims.fetch(claim)) == sent


def test_a_knock_names_its_schedule(moto):
    """A knock on the gate's queue says which schedule it is for, and no slot."""
    url = moto.queue()
    moto.ports({"PURISTA_QUEUES": {"gate:Billing.1.nightly": url}}).schedules.knock("Billing.1.nightly")

    (message,) = moto.receive(url)
    assert json.loads(message["Body"]) == {"purista": "knock", "schedule": "Billing.1.nightly"}
