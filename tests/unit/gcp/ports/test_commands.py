"""Commands to functions: over real HTTP, to a server that answers as Cloud Run does."""

import asyncio

import pytest

from purista_serverless.errors import InvocationFailed, ProviderRefused, TooLarge, Unavailable, UndeclaredUse
from purista_serverless.message import COMMAND_SUCCESS, Message
from tests.unit.aws.ports.messages import command

ANSWER = Message(id="r1", timestamp=2, message_type=COMMAND_SUCCESS, payload={"closed": True})


def caller(apis, **changes):
    """Give the commands of a function that may invoke one."""
    return apis.ports({"PURISTA_COMMANDS": {"Billing.1.closeAccount": apis.url}, **changes}).commands


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_a_command_is_answered(apis, is_async):
    """The function is given the envelope of the command, and its answer is the response."""
    sent = command(payload={"account": "7"})
    apis.answers = [(200, ANSWER.encode())]
    commands = caller(apis)
    got = asyncio.run(commands.ainvoke(sent)) if is_async else commands.invoke(sent)

    (asked,) = apis.asked
    assert got == ANSWER
    assert (asked.method, asked.path) == ("POST", "/_purista/command")
    assert Message.decode(asked.body) == sent


def test_no_token_leaves_in_the_clear(apis):
    """Over plain HTTP, to an emulator, there is none."""
    apis.answers = [(200, ANSWER.encode())]
    caller(apis).invoke(command())

    assert "Authorization" not in apis.asked[0].headers


@pytest.mark.parametrize("status", [408, 429, 502, 503, 504])
def test_a_function_that_could_not_answer_is_unavailable(apis, status):
    """It had no instance, died or ran into its timeout: it may be asked again, which is the caller's to decide."""
    apis.answers = [(status, b"The request failed")]

    with pytest.raises(Unavailable, match=f"Billing.1.closeAccount was not answered: status {status}"):
        caller(apis).invoke(command())
    assert len(apis.asked) == 1


@pytest.mark.parametrize("status", [400, 500, 204, 302])
def test_a_function_that_fails_is_a_failed_invocation(apis, status):
    """The caller learns that it failed; its text stays where it ran."""
    apis.answers = [(status, b"secret")]

    with pytest.raises(InvocationFailed, match=rf"failed: 502 .*\(status {status}\)") as raised:
        caller(apis).invoke(command())
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("body", [b"", b"null", b'"text"', b"[]", b"{}", b"<html>", b"\xff"], ids=ascii)
def test_an_answer_that_is_no_response_is_a_failed_invocation(apis, body):
    """A function of somebody else may answer anything."""
    apis.answers = [(200, body)]

    with pytest.raises(InvocationFailed, match="no response"):
        caller(apis).invoke(command())


@pytest.mark.parametrize(
    ("status", "error", "text"),
    [(401, UndeclaredUse, "can_invoke"), (403, UndeclaredUse, "can_invoke"), (404, ProviderRefused, "deployed")],
)
def test_a_function_that_the_caller_may_not_reach_says_what_to_declare(apis, status, error, text):
    """Cloud Run itself answers so, before any of our code runs."""
    apis.answers = [(status, b"<html>")]

    with pytest.raises(error, match=text):
        caller(apis).invoke(command())


def test_nobody_listens(apis):
    """A function that cannot be reached may be asked again."""
    with pytest.raises(Unavailable, match=r"run.routes.invoke on Billing.1.closeAccount got no answer"):
        caller(apis, PURISTA_COMMANDS={"Billing.1.closeAccount": "http://127.0.0.1:9"}).invoke(command())


def test_a_request_beyond_what_cloud_run_takes_is_refused_here(apis):
    """Nothing is sent."""
    with pytest.raises(TooLarge, match=r"the request of Billing.1.closeAccount"):
        caller(apis).invoke(command(payload="x" * 33_554_432))
    assert apis.asked == []
