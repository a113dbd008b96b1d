"""How errors of AWS and of botocore become ours."""

from collections.abc import Iterator

import pytest
from botocore.exceptions import BotoCoreError, ConnectTimeoutError, ReadTimeoutError

from purista_serverless.adapters.aws.ports.failures import call, fault_of
from purista_serverless.errors import ProviderRefused, PuristaServerlessError, Unavailable, UndeclaredUse
from purista_serverless.runtime.deployed import Use
from tests.unit.aws.ports.messages import event, job
from tests.unit.aws.ports.scripted import Scripted, refused

USE = Use("sqs:SendMessage", "declare can_enqueue=[...]")

# Errors of botocore that pass: the network, and where credentials come from.
PASSING = {
    "ConnectTimeoutError",
    "ConnectionClosedError",
    "ConnectionError",
    "CredentialRetrievalError",
    "EndpointConnectionError",
    "HTTPClientError",
    "IncompleteReadError",
    "MetadataRetrievalError",
    "ProxyConnectionError",
    "ReadTimeoutError",
    "ResponseStreamingError",
    "SSLError",
}


def below(error: type[Exception]) -> Iterator[type[Exception]]:
    """List the classes below a class of errors."""
    for found in error.__subclasses__():
        yield found
        yield from below(found)


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (refused("ThrottlingException"), Unavailable),
        (refused("RequestThrottled"), Unavailable),
        (refused("ProvisionedThroughputExceededException"), Unavailable),
        (refused("TooManyRequestsException", 429), Unavailable),
        (refused("ResourceConflictException", 409), Unavailable),
        (refused("ServiceException", 500), Unavailable),
        (refused("", 503), Unavailable),
        (refused("AccessDenied", 403), UndeclaredUse),
        (refused("AccessDeniedException", 400), UndeclaredUse),
        (refused("KMSAccessDeniedException", 502), UndeclaredUse),
        (refused("AWS.SimpleQueueService.NonExistentQueue"), ProviderRefused),
        (refused("ResourceNotFoundException", 404), ProviderRefused),
        (refused("ExpiredTokenException", 403), ProviderRefused),
        (refused("InvalidMessageContents"), ProviderRefused),
        (ReadTimeoutError(endpoint_url="http://sqs"), Unavailable),
        (ConnectTimeoutError(endpoint_url="http://sqs"), Unavailable),
    ],
    ids=str,
)
def test_an_error_is_told_as_what_can_be_done_about_it(error, ours):
    """What passes is unavailable, what the role forbids is undeclared, and the rest is refused for good."""

    def fail(**_):
        raise error

    with pytest.raises(ours, match="sqs:SendMessage") as raised:
        call(fail, USE, "queue:billing.closing")
    assert raised.value.__cause__ is error


def test_every_error_of_botocore_has_a_place():
    """No error of botocore leaves the ports, and those that pass are exactly the ones named here."""
    found = {error.__name__: fault_of(error.__new__(error), USE, "x") for error in below(BotoCoreError)}

    assert {type(ours) for ours in found.values()} == {Unavailable, ProviderRefused}
    assert {name for name, ours in found.items() if isinstance(ours, Unavailable)} == PASSING


def test_an_expected_code_is_an_answer():
    """A caller that asks for a code is given the answer which holds it."""

    def fail(**_):
        raise refused("NoSuchKey", 404)

    assert call(fail, USE, "x", expected=("NoSuchKey",))["Error"]["Code"] == "NoSuchKey"
    with pytest.raises(ProviderRefused):
        call(fail, USE, "x", expected=("NoSuchBucket",))


def test_a_server_that_is_not_there_is_unavailable(moto):
    """A refused connection is no answer: it may be tried again."""
    nowhere = type(moto)("http://127.0.0.1:9")
    ports = nowhere.ports({"PURISTA_QUEUES": {"queue:billing.closing": "http://127.0.0.1:9/1/queue"}})

    with pytest.raises(Unavailable, match="got no answer"):
        ports.queues.send(job(), delay=0)


def test_a_role_without_the_permission_is_told_what_to_declare(moto):
    """AWS' refusal for want of a permission names the action, the fix, and AWS' own words."""
    url, (key, secret, token) = moto.queue(), moto.role_that_may("sqs:ReceiveMessage")
    ports = moto.ports(
        {"PURISTA_QUEUES": {"queue:billing.closing": url}},
        clients=lambda service: moto.client_of(service, key, secret, token),
    )

    with moto.enforcing(), pytest.raises(UndeclaredUse, match=r"sqs:SendMessage on .*; declare can_enqueue=.* build"):
        ports.queues.send(job(), delay=0)
    assert moto.counts(url) == (0, 0, 0)


def test_what_was_deleted_is_refused_for_good(moto):
    """A queue that is gone does not come back by trying again."""
    ports = moto.ports({"PURISTA_QUEUES": {"queue:billing.closing": moto.url + "/1/gone"}})

    with pytest.raises(ProviderRefused, match=r"gone was refused; .*NonExistentQueue"):
        ports.queues.send(job(), delay=0)


def test_errors_carry_nothing_of_botocore():
    """Whoever catches our errors needs no SDK: the class is ours, the SDK's error is its cause."""
    ports = Scripted(refused("InternalFailure", 500)).ports({"PURISTA_EVENT_BUS": "shop"})

    with pytest.raises(PuristaServerlessError) as raised:
        ports.events.publish(event())
    assert type(raised.value).__module__ == "purista_serverless.errors"
