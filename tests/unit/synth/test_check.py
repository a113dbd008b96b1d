"""What is said, before anything is deployed, about promises that a provider cannot keep."""

import json
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from purista_serverless.adapter import Adapter
from purista_serverless.errors import CheckFailed
from purista_serverless.model import Http
from purista_serverless.synth.check import check, verify
from purista_serverless.synth.honour import PROMISES
from purista_serverless.synth.verdicts import Emulated, Native
from purista_serverless.testing.contracts.sample import sample_application
from purista_serverless.testing.descriptors import IDEAL, PUSH_LIKE, SQS_LIKE
from tests.unit.synth.demands import BARE, DEMANDS, accepting, application_of, everything, queue

SAMPLE = sample_application()


def shuffle(application, random):
    """Give the application with its declarations in another order."""
    tuples = {name: value for name, value in vars_of(application).items() if isinstance(value, tuple)}
    return replace(application, **{name: tuple(random.sample(value, len(value))) for name, value in tuples.items()})


def vars_of(application):
    """Give the fields of an application by name; it has slots and no dictionary."""
    return {field.name: getattr(application, field.name) for field in fields(application)}


def verdict_of(report, promise):
    """Give the verdict of a promise that is made once."""
    (found,) = [finding.verdict for finding in report.findings if finding.promise == promise]
    return found


@pytest.mark.parametrize("name", sorted(DEMANDS))
def test_a_demand_that_cannot_be_kept_stops_the_build(golden, name):
    """A demand beyond the provider fails the check with its file and line, the reason, its source and a fix."""
    adapter, demand, only_strict = DEMANDS[name]
    application = application_of(demand)
    if only_strict and adapter is not BARE:
        verify(application, adapter)

    with pytest.raises(CheckFailed) as raised:
        verify(application, adapter, strict=only_strict)

    golden(f"check/{name}.txt", f"{raised.value}\n")


@pytest.mark.parametrize("name", sorted(DEMANDS))
def test_a_provider_without_limits_keeps_every_demand(name):
    """The ideal provider refuses nothing and degrades nothing."""
    _, demand, _ = DEMANDS[name]

    assert not check(application_of(demand), IDEAL).failed(strict=True)


@pytest.mark.parametrize("adapter", [IDEAL, SQS_LIKE, PUSH_LIKE], ids=lambda adapter: adapter.name)
def test_the_matrix_is_readable(golden, adapter):
    """The report of one of everything lists what is not plainly native by declaration, and the ledger's writes."""
    golden(f"check/matrix-{adapter.name}.txt", check(SAMPLE, adapter).text())


def test_the_matrix_is_exported(golden):
    """The same report is JSON for programs, with the figures as numbers and the place as file and line."""
    text = check(SAMPLE, SQS_LIKE).to_json()

    golden("check/matrix-sqs-like.json", text)
    assert json.loads(text)["adapter"] == "sqs-like"


def test_every_promise_has_a_demand_that_is_not_plainly_kept():
    """No rule of the table is idle: each one speaks up on some provider."""
    reports = [check(application_of(demand), adapter) for adapter, demand, _ in DEMANDS.values()]
    findings = [finding for report in [*reports, check(SAMPLE, PUSH_LIKE)] for finding in report.findings]

    silent = {promise.name for promise in PROMISES}
    silent -= {finding.promise for finding in findings if not isinstance(finding.verdict, Native)}
    assert silent == set()


def test_codes_and_names_of_promises_are_unique():
    """A code stands for one promise, and the table is in the order of its codes."""
    codes = [promise.code for promise in PROMISES]

    assert codes == sorted(set(codes))
    assert len({promise.name for promise in PROMISES}) == len(PROMISES)


def test_an_adapter_makes_up_for_its_provider():
    """What the adapter says it adds turns a refusal into an emulation that names it."""
    _, demand, _ = DEMANDS["sqs-like-delay"]
    adapter = Adapter(
        "helpful",
        capabilities=SQS_LIKE.capabilities,
        entry=SQS_LIKE.entry,
        emulations={"delay": "a one-shot schedule sends what is due later"},
    )

    verdict = verdict_of(check(application_of(demand), adapter), "delay")

    assert verdict == Emulated(how="a one-shot schedule sends what is due later")


def test_the_clock_of_the_adapter_needs_no_translation():
    """Without a translator the expression is native as it is, in any zone."""
    _, demand, _ = DEMANDS["sqs-like-clock-change"]

    assert verdict_of(check(application_of(demand), IDEAL), "clock-changes") == Native()


def test_a_private_command_needs_somebody_to_ask_who_calls():
    """Without an authorizer the application's own function authenticates; a public command needs neither."""
    application = application_of(everything)
    (quote,) = application.commands
    public = replace(application, commands=(replace(quote, http=Http(method="POST", path="/quotes", public=True)),))
    own = replace(application, authenticate=lambda request: None)

    assert verdict_of(check(own, BARE), "authentication") == Emulated(how="the application's authenticate")
    assert "authentication" not in {finding.promise for finding in check(public, BARE).findings}


def test_writes_grow_with_tracking():
    """An untracked job costs no write; full tracking costs its note, the lease and the end of each attempt."""
    (untracked,) = check(application_of(queue()), IDEAL).writes
    (terminal,) = check(application_of(queue(tracking="terminal")), IDEAL).writes
    (full,) = check(application_of(queue(tracking="full")), IDEAL).writes
    (strict,) = check(application_of(queue(idempotency="strict")), IDEAL).writes

    costs = [(writes.per_job, writes.per_retry) for writes in (untracked, terminal, full, strict)]
    assert costs == [(0, 0), (1, 0), (3, 2), (4, 2)]


def test_an_accepted_job_costs_one_more_write():
    """Its status can be asked for before a worker has met it."""
    (accepted,) = check(application_of(accepting()), IDEAL).writes

    assert accepted.per_job == 3


@given(st.randoms(use_true_random=False))
def test_the_order_of_declaration_changes_no_report(random):
    """Shuffled declarations give the same text and the same JSON."""
    shuffled = shuffle(SAMPLE, random)

    assert check(shuffled, SQS_LIKE).text() == check(SAMPLE, SQS_LIKE).text()
    assert check(shuffled, SQS_LIKE).to_json() == check(SAMPLE, SQS_LIKE).to_json()
