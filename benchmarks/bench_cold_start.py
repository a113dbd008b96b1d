"""Measure the cold import of one sync handler against the bare one.

Each is a handler with two pydantic models that speak camelCase. The bare one is what somebody would write by hand. Ours
adds the contract, the registered handler and the generated entry, which rests the garbage collector meanwhile. The
third is the bare one with the collector rested by hand, to show what the rest of ours costs. Bytecode is compiled
beforehand, as a deployment package has it. Runs alternate in fresh interpreters, so that a noisy neighbour disturbs
all alike.
"""

import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.measure import Row, report

ROUNDS = 81
BAR = 1.10
ROOT = Path(__file__).parent.parent

BARE = """
import json

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

CAMEL = ConfigDict(alias_generator=to_camel, validate_by_name=True, serialize_by_alias=True, frozen=True)


class CloseAccount(BaseModel):
    model_config = CAMEL
    account_id: str
    amount: int


class AccountClosed(BaseModel):
    model_config = CAMEL
    account_id: str
    closed: bool


def handler(event, context=None):
    payload = CloseAccount.model_validate(json.loads(event))
    return AccountClosed(account_id=payload.account_id, closed=True).model_dump(mode="json")
"""

RESTING = f"""
import gc
gc.disable()
{BARE}
gc.freeze()
gc.enable()
"""

CONTRACTS = """
from purista_serverless import Model, Post, ServiceBuilder


class CloseAccount(Model):
    account_id: str
    amount: int


class AccountClosed(Model):
    account_id: str
    closed: bool


billing = ServiceBuilder("Billing", version="1", description="Closes accounts")
close_account = billing.command("closeAccount", CloseAccount, AccountClosed, http=Post("/accounts/close"))
"""

CLOSE = """
from contracts import AccountClosed, CloseAccount, close_account


@close_account.handler()
def close(ctx, payload: CloseAccount) -> AccountClosed:
    return AccountClosed(account_id=payload.account_id, closed=True)
"""

OURS = """
from purista_serverless.runtime.entry import entry

handler = entry("close_account:close", "command:Billing.1.closeAccount")
"""

TIMED = "from time import perf_counter; start = perf_counter(); import {}; print(perf_counter() - start)"


def seconds_to_import(module: str, folder: Path) -> float:
    """Import a module in a fresh interpreter."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment["PYTHONPATH"] = os.pathsep.join([str(folder), str(ROOT)])
    environment["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")
    command = [sys.executable, "-c", TIMED.format(module)]
    return float(subprocess.run(command, env=environment, cwd=folder, check=True, capture_output=True).stdout)


def main() -> int:
    """Measure and report."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        programs = {"bare": BARE, "resting": RESTING, "contracts": CONTRACTS, "close_account": CLOSE, "ours": OURS}
        for module, text in programs.items():
            (folder / f"{module}.py").write_text(text)
        modules = ("bare", "resting", "ours")
        for module in modules:
            seconds_to_import(module, folder)
        rounds = [[seconds_to_import(module, folder) for module in modules] for _ in range(ROUNDS)]
    bare, resting, ours = (median(times) * 1e3 for times in zip(*rounds, strict=True))
    ratio = median(ours / bare for bare, _, ours in rounds)
    return report(
        [
            Row(name="bare handler, two pydantic models", value=bare, unit="ms"),
            Row(name="the same, its collector rests", value=resting, unit="ms"),
            Row(name="generated handler, the same models", value=ours, unit="ms", ratio=ratio, bar=BAR),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
