"""What goes wrong at Google, in our own errors: nothing of HTTP leaves the ports."""

from typing import TYPE_CHECKING

from purista_serverless.errors import ProviderRefused, PuristaServerlessError, Unavailable

if TYPE_CHECKING:
    from purista_serverless.adapters.gcp.ports.rest import Answer
    from purista_serverless.runtime.deployed import Use

# 409 is one of two things, and its name tells which: ``ABORTED`` passes, ``ALREADY_EXISTS`` does not.
_ABORTED = "ABORTED"


def is_passing(answer: "Answer") -> bool:
    """Say whether an answer tells of a failure that passes: a throttle, a conflict of two writers, or a fault."""
    return answer.status in {408, 425, 429} or answer.status >= 500 or code_of(answer) == _ABORTED


def code_of(answer: "Answer") -> str:
    """Give the name of the error in an answer, ``ALREADY_EXISTS`` for instance; empty if there is none."""
    return str(answer.error.get("status", ""))


def failure_of(answer: "Answer", use: "Use", target: str) -> PuristaServerlessError:
    """Give our error for an answer that tells of one."""
    detail = f"{answer.status} {code_of(answer)}: {answer.error.get('message', '')}".replace(" :", ":")
    if answer.status in {401, 403}:
        return use.undeclared(target, detail)
    if is_passing(answer):
        return Unavailable(f"{use.action} on {target} cannot be done now; {detail}")
    return ProviderRefused(
        f"{use.action} on {target} was refused; {detail}; compare what is deployed with what the code declares"
    )


def fault_of(error: Exception, use: "Use", target: str) -> Unavailable:
    """Give our error for a request without an answer."""
    return Unavailable(f"{use.action} on {target} got no answer; {type(error).__name__}: {error}")
