"""What a deployed handler loads: proven in fresh interpreters, by names and counts of modules, never by time."""

import json
from pathlib import Path

import pytest

from tests.cold.interpreter import ROOT, modules_after

HANDLERS = sorted((ROOT / "handlers").glob("*.py"))

# Build tooling, other processes' business, and what costs tens of milliseconds. (Pydantic itself loads
# importlib.metadata and zoneinfo.)
FORBIDDEN = frozenset(
    {
        "asyncio",
        "boto3",
        "botocore",
        "click",
        "concurrent.futures",
        "flask",
        "google",
        "logging",
        "opentelemetry",
        "purista_serverless.application",
        "purista_serverless.builder.compile",
        "purista_serverless.exports",
        "purista_serverless.model",
        "purista_serverless.runtime.assembly",
        "purista_serverless.schedule.cron",
        "purista_serverless.schedule.occurrences",
        "purista_serverless.synth",
        "purista_serverless.testing",
        "purista_serverless.topology",
        "rich",
        "sqlite3",
        "starlette",
        "unittest",
        "uvicorn",
        "yaml",
    }
)

# Modules of this package that importing a generated handler loads; pinned, so that growth is a decision.
PACKAGE_BUDGET = 35
DISPATCH_BUDGET = 36

# What an event loop brings; a handler that is `async def` needs one, and its own module may import it.
ASYNC = frozenset({"asyncio", "concurrent.futures", "logging"})

CLOSE_ACCOUNT = {
    "id": "m1",
    "timestamp": 0,
    "messageType": "command",
    "principalId": "clerk",
    "payload": {"payload": {"reason": "moved"}, "parameter": {"accountId": "nobody"}},
}


def ours(loaded: frozenset[str]) -> list[str]:
    """Give the modules of this package."""
    return sorted(name for name in loaded if name.partition(".")[0] == "purista_serverless")


def load(path: Path, then: str = "") -> frozenset[str]:
    """Import one generated file as a platform does, by its path's module name."""
    return modules_after(f"import handlers.{path.stem} as generated\n{then}")


def is_async(path: Path) -> bool:
    """Tell whether the handler behind a generated file is ``async def``."""
    module, _, name = path.read_text(encoding="utf-8").split('"')[1].partition(":")
    return f"async def {name}(" in (ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")


def test_there_are_generated_handlers():
    """The example has handlers, so that what follows is about something."""
    assert [path.stem for path in HANDLERS]


@pytest.mark.parametrize("path", HANDLERS, ids=lambda path: path.stem)
def test_importing_a_handler_loads_no_build_tooling(path):
    """A deployed handler loads neither build tooling, nor an event loop, nor a database, nor a logging system."""
    loaded = load(path)

    assert sorted(loaded & (FORBIDDEN - (ASYNC if is_async(path) else frozenset()))) == []
    assert len(ours(loaded)) <= PACKAGE_BUDGET, ours(loaded)


@pytest.mark.parametrize("path", HANDLERS, ids=lambda path: path.stem)
def test_a_handler_imports_its_own_module_and_contracts_only(path):
    """A deployed handler imports no other handler of the application."""
    others = {other.stem for other in (ROOT / "examples").rglob("*.py")} - {"contracts"}
    example = {name for name in load(path) if name.startswith("examples.enterprise_billing_cycle.")}
    target = path.read_text(encoding="utf-8").partition('"')[2].partition(":")[0]
    service = target.rpartition(".")[0]
    strangers = {name for name in example if name.rpartition(".")[2] in others and not name.startswith(f"{service}.")}

    assert target in example
    assert strangers == set()


def test_dispatching_a_sync_message_loads_no_event_loop_and_no_database():
    """A command that was imported and dispatched once has still loaded nothing of the build, and no asyncio."""
    event = json.dumps(CLOSE_ACCOUNT)
    path = ROOT / "handlers" / "billing_close_account.py"
    expected = "there is no account nobody"
    check = f"answer = generated.handler({event!r})\nassert answer['payload']['message'] == {expected!r}, answer"

    loaded = load(path, check)

    assert sorted(loaded & FORBIDDEN) == []
    assert len(ours(loaded)) <= DISPATCH_BUDGET, ours(loaded)


def test_importing_the_package_costs_nothing():
    """The package itself loads nothing but its own file."""
    assert modules_after("import purista_serverless") == {"purista_serverless"}


def test_the_cold_path_defines_no_dataclass():
    """None of the package's modules that a handler loads makes a dataclass: each costs a millisecond of cold start."""
    count = (
        "import sys\n"
        "made = [f'{name}.{cls}' for name, module in list(sys.modules.items()) if name.startswith('purista_serverless')"
        " for cls, value in vars(module).items()"
        " if isinstance(value, type) and value.__module__ == name and '__dataclass_fields__' in vars(value)]\n"
        "assert made == [], made"
    )

    assert load(ROOT / "handlers" / "billing_close_account.py", count)


def test_the_collector_rests_while_a_function_loads(tmp_path):
    """The handler's module is imported with the collector off; it is on again then, and leaves out what was loaded."""
    (tmp_path / "resting.py").write_text(_RESTING, encoding="utf-8")
    program = f"""
import gc, sys
sys.path.insert(0, {str(tmp_path)!r})
from purista_serverless.runtime.entry import entry
entry("resting:double", "command:Shop.1.double")
import resting
assert not resting.WAS_COLLECTING
assert gc.isenabled()
assert gc.get_freeze_count() > 1000
"""
    assert modules_after(program)


def test_a_function_that_cannot_load_leaves_the_collector_as_it_was():
    """A process that lives on after a failed import collects again; one that never did goes on without."""
    program = """
import gc
from purista_serverless.runtime.entry import entry
for switch, expected in ((gc.enable, True), (gc.disable, False)):
    switch()
    try:
        entry("nowhere:handler", "command:Shop.1.double")
    except ModuleNotFoundError:
        assert gc.isenabled() is expected
        assert gc.get_freeze_count() == 0
    else:
        raise AssertionError
"""
    assert modules_after(program)


_RESTING = """
import gc

from purista_serverless import ServiceBuilder

WAS_COLLECTING = gc.isenabled()
shop = ServiceBuilder("Shop")


@shop.command("double")
def double(ctx, payload: int) -> int:
    return payload * 2
"""
