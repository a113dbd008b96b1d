"""Every request that functions make on the emulator, against the policies of their template, in both directions."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from examples.enterprise_billing_cycle.app import app
from examples.enterprise_billing_cycle.billing.contracts import ClosingJob, CycleDue, closing, cycle_due
from purista_serverless.adapter import configure
from purista_serverless.adapters import load_adapter
from purista_serverless.synth.pipeline import build
from purista_serverless.topology import topology_of
from tests.connected.aws.privilege import depot
from tests.connected.aws.privilege.account import RecordedAccount, deploy
from tests.connected.aws.privilege.deployed import REGION
from tests.connected.aws.privilege.enforced import EnforcedAccount, enforce
from tests.connected.aws.privilege.policies import Call, Grant, foreign, grants_of, missing, starred, unused
from tests.connected.aws.privilege.recorder import Recorder
from tests.connected.aws.privilege.requests import Request
from tests.repo.tree import ROOT

pytestmark = pytest.mark.connected

EXAMPLE = "examples/enterprise_billing_cycle"
PARAMETERS = {"JwtIssuer": "https://issuer.example", "JwtAudience": "billing"}
# Three hours before a cycle is due.
START = datetime(2026, 3, 31, 23, tzinfo=ZoneInfo("Europe/Berlin"))

BUSY = frozenset({"subscription", "worker"})

MISTYPED = ("billing/accounts.py", 'id="umbrella", tariff="basic"', 'id="umbrella", tariff="golf"')
MENDED = (MISTYPED[0], MISTYPED[2], MISTYPED[1])
BROKEN = (
    ("notification/outbox.py", "self.letters[key] = letter", 'raise ConnectionError("no paper")'),
    ("ledger/book.py", "self.entries[invoice, side] = amount", 'raise ConnectionError("no ink")'),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What was asked for, and what is allowed."""

    calls: frozenset[Call]
    grants: frozenset[Grant]

    def problems(self) -> list[str]:
        """Tell of everything that is needed and missing, or allowed and needed by nobody or by others only."""
        found = {
            "missing": missing(self.calls, self.grants),
            "unused": unused(self.calls, self.grants),
            "foreign": foreign(self.calls, self.grants),
            "too wide": starred(self.grants),
        }
        return [f"{kind}: {text}" for kind, texts in found.items() for text in texts]


def change(folder: Path, *changes: tuple[str, str, str]) -> None:
    """Replace texts of the example's files."""
    for path, old, new in changes:
        file = folder / EXAMPLE / path
        text = file.read_text(encoding="utf-8")
        assert old in text, f"{path} holds no {old!r}"
        file.write_text(text.replace(old, new), encoding="utf-8")


def copy(folder: Path, *names: str) -> None:
    """Copy files and folders of the repository."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder / name)


def play_example(account: RecordedAccount, folder: Path) -> None:
    """Close a cycle that fails and one that does not, and an account, while whoever is told of it fails."""
    account.advance(hours=4)
    change(folder, MENDED)
    account.emulator.reload()
    account.refuse_once("BillingCloseCycleWorker", "secretsmanager:GetSecretValue")
    account.refuse_once("BillingMonthlyCycleDueBillingMonthlyClosingBinding", "sqs:SendMessage")
    outside = account.outside(app)
    outside.emit(cycle_due, CycleDue(cycle_id="2026-04"))
    outside.enqueue(closing, ClosingJob(cycle_id="2026-05"), delay=timedelta(hours=1))
    account.request("POST /accounts/{accountId}/close", "/accounts/globex/close", {"reason": "moved"})
    account.send_nonsense()
    account.advance(hours=2)


def play_depot(account: RecordedAccount) -> None:
    """Let two days pass with parcels that ask for all that can happen to them, and are too large for their edges."""
    for gate in ("LookForOverdue", "SendAllBack", "SortAll", "WeighAll"):
        account.refuse_once(f"Depot{gate}Gate", "dynamodb:GetItem")
    for wish in ("", "fail", "cancel"):
        parcel = depot.Parcel(label=f"wish-{wish}", wish=wish, padding=depot.LARGE)
        account.request("POST /parcels", "/parcels", parcel.model_dump(by_alias=True))
    account.outside(depot.app).enqueue(depot.unpacking, depot.Parcel(label="early"), delay=timedelta(hours=1))
    account.send_nonsense()
    account.advance(days=2)


@pytest.fixture(scope="module")
def example(tmp_path_factory) -> Findings:
    """Run the example."""
    folder = tmp_path_factory.mktemp("example")
    copy(folder, "examples", "handlers", "purista_serverless", "template.yaml")
    change(folder, MISTYPED, *BROKEN)
    settings = {"PAYMENTS_KEY": "not-a-real-key", "VAT_PERCENT": "19"}
    with deploy(folder / "template.yaml", start=START, parameters=PARAMETERS, settings=settings) as account:
        play_example(account, folder)
        return Findings(calls=account.calls(), grants=account.grants())


@pytest.fixture(scope="module")
def enforced() -> Iterator[EnforcedAccount]:
    """Give the example in an account that enforces policies."""
    with enforce(ROOT / "template.yaml", PARAMETERS) as account:
        yield account


@pytest.fixture(scope="module")
def wide(tmp_path_factory) -> Findings:
    """Run an application with every kind of edge, and with a bucket for what is too large for them."""
    folder = tmp_path_factory.mktemp("depot")
    # One process is enough of functions that get batches of small things to do, and nobody looks at alarms.
    busy = [function.name for function in topology_of(depot.app.model).functions if function.kind in BUSY]
    single = {name: {"reserved_concurrency": 1} for name in busy}
    options = {"alarms": False, "claim_check": True, "functions": single}
    build(depot.app.model, configure(load_adapter("aws"), options), folder)
    copy(folder, "purista_serverless", "tests/connected/aws/privilege/depot.py")
    settings = {"TOKEN": "not-a-real-token", "RATE": "19"}
    with deploy(folder / "template.yaml", start=START, parameters={}, settings=settings) as account:
        play_depot(account)
        return Findings(calls=account.calls(), grants=account.grants())


@pytest.mark.parametrize("application", ["example", "wide"])
def test_policies_hold_exactly_what_is_needed(application, request):
    """No request lacks a right; no right is held by anybody who did not need it, or is as wide as several."""
    assert request.getfixturevalue(application).problems() == []


def test_every_right_would_be_missed(example):
    """Each single right that is taken away shows as a request without it: none is there twice."""
    kept = [grant for grant in example.grants if not missing(example.calls, example.grants - {grant})]

    assert kept == []


ROLE = "BillingCloseCycleWorkerRole"
PREFIX = "arn:aws:sqs:eu-central-1:123456789012:enterprise-billing-cycle"
QUEUE = f"{PREFIX}-billing-monthly-closing"


@pytest.mark.parametrize(
    ("grant", "kind"),
    [
        (Grant(who=ROLE, action="sqs:PurgeQueue", resource=QUEUE), "unused"),
        (Grant(who=ROLE, action="sqs:SendMessage", resource=f"{QUEUE}-2"), "unused"),
        (Grant(who="LedgerRecordBillingResultSubscriptionRole", action="sqs:SendMessage", resource=QUEUE), "unused"),
        (Grant(who=ROLE, action="sqs:SendMessage", resource=f"{PREFIX}-billing-*"), "foreign"),
        (Grant(who=ROLE, action="sqs:SendMessage", resource="*"), "too wide"),
        (Grant(who=ROLE, action="sqs:*", resource=QUEUE), "too wide"),
        (Grant(who="events.amazonaws.com", action="sqs:SendMessage", resource=QUEUE), "unused"),
    ],
)
def test_a_right_too_many_is_found(example, grant, kind):
    """A right that nobody uses, that covers what only others do, or that has no bounds is told of."""
    problems = replace(example, grants=example.grants | {grant}).problems()

    assert any(problem.startswith(f"{kind}: ") for problem in problems), problems


@pytest.mark.parametrize("key", ["aws:SourceArn", "dynamodb:LeadingKeys", "events:detail-type"])
def test_rights_without_a_condition_are_found(example, key):
    """Whoever may use all records, emit all events, or is any rule at all may do what only others do."""
    wider = frozenset(replace(grant, conditions=()) if key in str(grant) else grant for grant in example.grants)

    assert foreign(example.calls, wider) != []


@pytest.mark.parametrize(
    "statement",
    [
        {"Effect": "Deny", "Action": "sqs:SendMessage", "Resource": "*"},
        {"Effect": "Allow", "NotAction": "sqs:SendMessage", "Resource": "*"},
        {"Effect": "Allow", "Action": "a:B", "Resource": "*", "Condition": {"StringLike": {"a:Key": "*"}}},
    ],
)
def test_what_is_not_known_of_policies_is_no_right(statement):
    """A statement of a form that no template has so far is an error, and not taken for something else."""
    with pytest.raises(AssertionError):
        list(grants_of({"Statement": [statement]}, who=ROLE))


@pytest.mark.parametrize(("service", "operation"), [("dynamodb", "Scan"), ("monitoring", "PutMetricData"), ("s3", "")])
def test_a_request_of_which_nothing_is_known_is_told_of(service, operation):
    """A function that begins to ask for something else is noticed, also where its account would not mind."""
    path, body = "/bucket/key", b"{}"
    request = Request(service=service, region=REGION, method="POST", path=path, operation=operation, body=body)
    with Recorder() as recorder:
        assert recorder.note("function", request)
        with pytest.raises(AssertionError, match="function: POST"):
            recorder.needs()


@pytest.mark.parametrize(
    "action", ["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:GetQueueAttributes", "sqs:PurgeQueue"]
)
def test_an_account_that_enforces_policies_decides_as_we_do(enforced, action):
    """Each role may do to each queue what we read in its policies, and is denied everything else."""
    grants = enforced.deployed.grants()
    pairs = [(role, queue) for role in enforced.deployed.roles() for queue in enforced.queues]
    calls = {pair: Call(who=pair[0], action=action, resource=pair[1]) for pair in pairs}
    expected = [pair for pair in pairs if any(grant.allows(calls[pair]) for grant in grants)]

    assert [(role, queue) for role, queue in pairs if enforced.allows(role, action, queue)] == expected
    assert bool(expected) == (action != "sqs:PurgeQueue")
