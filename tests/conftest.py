"""What all tests share: hypothesis profiles, golden files, and the guard against silent skips."""

import difflib
import os
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The suites live in the package; here, since tests of every folder import them, or samples of theirs.
pytest.register_assert_rewrite("purista_serverless.testing.contracts")

GOLDEN = Path(__file__).parent / "golden"

# Node ids that may skip in continuous integration, each with a comment that says why it cannot run there.
ALLOWED_SKIPS: frozenset[str] = frozenset()

# What the suites of adapters leave out says so in these words (tests/contracts/gaps.py), and in the documents.
ANNOUNCED_SKIPS = ("Skipped: not offered: ", "Skipped: unproven: ")

# No deadlines: a busy machine is no defect. `ci` repeats the same examples, so that a red run means a changed program.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("default"), derandomize=True, database=None, print_blob=True)
settings.register_profile("soak", settings.get_profile("default"), max_examples=5_000, print_blob=True)


def is_ci() -> bool:
    """Tell whether continuous integration runs the tests."""
    return os.environ.get("CI", "").lower() in {"1", "true"}


settings.load_profile("soak" if os.environ.get("PURISTA_SOAK") else "ci" if is_ci() else "default")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the switch that rewrites golden files."""
    parser.addoption(
        "--update-golden", action="store_true", help="write the golden files instead of comparing with them"
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with the file of that name under ``tests/golden``; ``--update-golden`` writes it instead."""
    update = bool(request.config.getoption("--update-golden"))

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
            return
        expected = path.read_bytes().decode() if path.exists() else ""
        if text != expected or not path.exists():
            pytest.fail(f"{_difference(name, expected, text)}\n\nIf it is meant: make golden", pytrace=False)

    return compare


def _difference(name: str, expected: str, text: str) -> str:
    lines = difflib.unified_diff(expected.splitlines(), text.splitlines(), f"tests/golden/{name}", "now", lineterm="")
    return "\n".join(lines) or f"tests/golden/{name}: missing, or it differs in line ends only"


def unexpected_skips(reports: Iterable[pytest.TestReport | pytest.CollectReport]) -> list[str]:
    """Name the skipped tests and modules that are not allowed to skip."""
    return sorted({report.nodeid for report in reports if not _is_announced(report)} - ALLOWED_SKIPS)


def _is_announced(report: pytest.TestReport | pytest.CollectReport) -> bool:
    return isinstance(report.longrepr, tuple) and report.longrepr[2].startswith(ANNOUNCED_SKIPS)


def _skipped(config: pytest.Config) -> list[str]:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return unexpected_skips(reporter.stats.get("skipped", ())) if reporter and is_ci() else []


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the session for skips nobody allowed; an xdist worker has no reporter and leaves it to the main process."""
    if _skipped(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say why a run without failures fails all the same."""
    for nodeid in _skipped(config):
        terminalreporter.write_line(f"SKIPPED, but not in ALLOWED_SKIPS of tests/conftest.py: {nodeid}", red=True)
