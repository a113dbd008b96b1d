"""No adapter without its contracts, and none with contracts that its provider cannot keep."""

from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from purista_serverless.adapter import Adapter, Capabilities
from purista_serverless.adapters import ADAPTERS, load_adapter
from purista_serverless.testing.contracts.event import EventContract
from purista_serverless.testing.contracts.host import HostContract
from purista_serverless.testing.contracts.ledger import LedgerContract
from purista_serverless.testing.contracts.queue import (
    BoundedRuns,
    LongRuns,
    Ordering,
    Priorities,
    QueueContract,
)
from purista_serverless.testing.contracts.schedule import ScheduleContract
from purista_serverless.testing.contracts.schedule.application import KINDS
from purista_serverless.testing.contracts.schedule.table import CASES
from purista_serverless.testing.contracts.synth import SynthContract
from purista_serverless.testing.descriptors import IDEAL, PUSH_LIKE, SQS_LIKE

FOLDER = Path(__file__).parent
CONTRACTS = (EventContract, HostContract, LedgerContract, QueueContract, ScheduleContract)
SUBJECTS = {adapter.name: adapter for adapter in (IDEAL, SQS_LIKE, PUSH_LIKE, *map(load_adapter, ADAPTERS))}


@pytest.fixture(params=list(SUBJECTS.values()), ids=list(SUBJECTS))
def adapter(request: pytest.FixtureRequest) -> Adapter:
    """Give each adapter and each double in turn."""
    return request.param  # type: ignore[no-any-return]


def test_every_adapter_keeps_every_contract(adapter):
    """An adapter's files hold one test class for each contract."""
    classes = classes_for(adapter)
    missing = [contract.__name__ for contract in CONTRACTS if not keepers_of(contract, classes)]

    assert missing == []


def test_every_adapter_keeps_the_contract_of_builds(adapter):
    """Some test class names the adapter and inherits the suite of builds, unless there is nothing to build."""
    classes = [found for path in FOLDER.glob("test_*.py") for found in classes_of(path.stem)]
    names = {load_adapter(found.adapter_name).name for found in keepers_of(SynthContract, classes)}

    assert adapter.planner is None or adapter.name in names


def test_every_adapter_keeps_what_its_provider_can_do(adapter):
    """The groups that depend on the provider are those that its capabilities ask for, no more and no fewer."""
    (suite,) = keepers_of(QueueContract, classes_for(adapter))
    groups = {group for group in (Ordering, Priorities, LongRuns, BoundedRuns) if issubclass(suite, group)}

    assert groups == groups_for(adapter.capabilities)


def test_the_table_of_policies_is_complete():
    """Three overlap policies, three missed-run policies, three kinds of target, with and without an open run."""
    cells = product(("allow", "forbid", "replace"), ("skip", "runOnce", "catchUp"), KINDS, ("run open", "no run open"))

    assert {str(case.id) for case in CASES} == {"-".join(cell) for cell in cells}
    assert len(CASES) == 54


def classes_for(adapter: Adapter) -> list[type[Any]]:
    """List the test classes of an adapter: those of its file, and of more files whose names begin alike."""
    stem = f"test_{adapter.name.replace('-', '_')}"
    files = [path.stem for path in sorted(FOLDER.glob("test_*.py")) if f"{path.stem}_".startswith(f"{stem}_")]
    return [found for name in files for found in classes_of(name)]


def classes_of(module: str) -> list[type[Any]]:
    """List the test classes that a file of this folder defines."""
    found = vars(import_module(f"tests.contracts.{module}"))
    return [value for name, value in found.items() if name.startswith("Test") and isinstance(value, type)]


def keepers_of(contract: type[Any], classes: list[type[Any]]) -> list[type[Any]]:
    """List the classes that inherit a contract."""
    return [found for found in classes if issubclass(found, contract)]


def groups_for(capabilities: Capabilities) -> set[type]:
    """Give the groups of queue behaviour that a provider has to show."""
    levels = capabilities.limit("priorities", "queue")
    groups: set[type] = {LongRuns if capabilities.lease_extension else BoundedRuns}
    if capabilities.ordering:
        groups.add(Ordering)
    if levels is None or levels.value > 1:
        groups.add(Priorities)
    return groups
