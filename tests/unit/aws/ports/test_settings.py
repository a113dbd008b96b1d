"""Configuration from SSM, secrets from Secrets Manager."""

from datetime import UTC, datetime, timedelta

import pytest

from purista_serverless.errors import ProviderRefused, Unavailable, UndeclaredUse
from purista_serverless.testing.clock import VirtualClock
from tests.unit.aws.ports.scripted import Scripted, refused
from tests.unit.aws.ports.server import unused

FOUND = {"Parameter": {"Value": "1"}, "SecretString": "s"}


def parameter(moto, text, kind="String"):
    """Store a parameter and give the ports of a function that reads it as ``limit``."""
    name = unused("/shop/limit")
    moto.client("ssm").put_parameter(Name=name, Value=text, Type=kind)
    return moto.ports({"PURISTA_CONFIG": {"limit": name}})


def secret(moto, **value):
    """Store a secret and give the ports of a function that reads it as ``key``."""
    name = unused("shop/key")
    moto.client("secretsmanager").create_secret(Name=name, **value)
    return moto.ports({"PURISTA_SECRETS": {"key": name}})


@pytest.mark.parametrize("text", ["7", '{"a":[1.5,null]}', "eu-central-1", '"7"'])
def test_a_parameter_is_its_text(moto, text):
    """Whether it is JSON is for the declared type to say, which the port does not know."""
    assert parameter(moto, text).settings.config("limit") == text


def test_an_encrypted_parameter_is_read_in_clear(moto):
    """A parameter of the kind SecureString is decrypted."""
    assert parameter(moto, "7", "SecureString").settings.config("limit") == "7"


def test_a_secret_is_its_text(moto):
    """A secret is never parsed."""
    assert secret(moto, SecretString='{"a":1}').settings.secret("key") == '{"a":1}'


def test_a_binary_secret_is_refused(moto):
    """A secret is text; the error says what to do."""
    with pytest.raises(ProviderRefused, match="is binary; store it as text"):
        secret(moto, SecretBinary=b"\x00").settings.secret("key")


def test_what_is_not_there_is_not_set(moto):
    """Neither a name that the deployment does not know, nor one that nobody has stored, is an error."""
    ports = moto.ports({"PURISTA_CONFIG": {"limit": "/gone"}, "PURISTA_SECRETS": {"key": "gone"}})

    assert [ports.settings.config("limit"), ports.settings.secret("key")] == [None, None]
    assert [ports.settings.config("other"), ports.settings.secret("other")] == [None, None]


def test_a_value_is_read_again_after_five_minutes():
    """Within five minutes a value is asked for once, also one that is not set; after that a change is seen."""
    clock = VirtualClock(datetime(2026, 1, 1, tzinfo=UTC))
    client = Scripted(refused("ParameterNotFound"), FOUND)
    settings = client.ports({"PURISTA_CONFIG": '{"limit":"/limit"}'}, clock=clock).settings

    assert settings.config("limit") is None
    clock.advance(timedelta(minutes=5) - timedelta(milliseconds=1))
    assert settings.config("limit") is None
    assert len(client.calls) == 1
    clock.advance(timedelta(milliseconds=1))
    assert (settings.config("limit"), settings.config("limit")) == ("1", "1")
    assert len(client.calls) == 2


def test_a_parameter_and_a_secret_of_one_name_are_two():
    """The two stores are remembered apart."""
    client = Scripted(FOUND)
    settings = client.ports({"PURISTA_CONFIG": '{"x":"/x"}', "PURISTA_SECRETS": '{"x":"x"}'}).settings

    assert (settings.config("x"), settings.secret("x")) == ("1", "s")


@pytest.mark.parametrize(
    ("error", "ours"),
    [(refused("ThrottlingException"), Unavailable), (refused("AccessDeniedException"), UndeclaredUse)],
)
def test_an_error_is_not_remembered(error, ours):
    """A store that cannot be read now is asked again by the next use."""
    settings = Scripted(error, error, FOUND).ports({"PURISTA_CONFIG": '{"limit":"/limit"}'}).settings

    for _ in range(2):
        with pytest.raises(ours, match=r"ssm:GetParameter on '?/limit"):
            settings.config("limit")
    assert settings.config("limit") == "1"
