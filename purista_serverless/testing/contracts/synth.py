"""What every adapter's build must do: the same files each time, every name legal, every right declared."""

import ast
import os
import subprocess
import sys
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from purista_serverless.adapter import Adapter, load_object
from purista_serverless.adapters import load_adapter
from purista_serverless.model import Application
from purista_serverless.naming import LONGEST_NAME
from purista_serverless.synth.blueprint import carried_topology
from purista_serverless.synth.check import check
from purista_serverless.synth.files import MARKER, compare, write
from purista_serverless.synth.handlers import FOLDER, handler_paths
from purista_serverless.synth.pipeline import render
from purista_serverless.testing.contracts.deployment import Deployment
from purista_serverless.testing.contracts.sample import renamed, without_worker
from purista_serverless.topology import Permission, Topology, topology_of

_SCRIPT = """
import sys
from purista_serverless.adapter import load_object
from purista_serverless.adapters import load_adapter
from purista_serverless.synth.pipeline import render

files = render(load_object(sys.argv[2])(), load_adapter(sys.argv[1]))
sys.stdout.reconfigure(encoding="utf-8", newline="")
for path, text in files.items():
    print(path, text, sep="\\n", end="\\0")
"""

_WORDS = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,48}", fullmatch=True)


class SynthContract(ABC):
    """Base of the suites that look at what an adapter's build writes.

    A suite names its adapter and says how to read its files; ``application_path`` names the function that makes the
    application, for adapters that need another one than the sample. ``records_are_bounded`` says whether a right to use
    the ledger ends at an edge's records, ``carried_edges_are_buried`` whether what a provider carries without a
    function has a dead letter of its own.
    """

    adapter_name: ClassVar[str]
    records_are_bounded: ClassVar[bool] = True
    carried_edges_are_buried: ClassVar[bool] = True
    application_path: ClassVar[str] = "purista_serverless.testing.contracts.sample:sample_application"

    @abstractmethod
    def read(self, files: Mapping[str, str]) -> Deployment:
        """Read the facts of a deployment from its files."""

    @property
    def adapter(self) -> Adapter:
        """The adapter's descriptor."""
        return load_adapter(self.adapter_name)

    def application(self) -> Application:
        """Make the application that is built."""
        application: Application = load_object(self.application_path)()
        return application

    def test_the_application_can_be_kept(self) -> None:
        """Nothing that the application promises is refused by the provider."""
        assert check(self.application(), self.adapter).problems() == ()

    def test_output_is_the_same_twice(self) -> None:
        """Two renderings of the same application are byte-identical, and so is their order."""
        first = render(self.application(), self.adapter)

        assert list(render(self.application(), self.adapter).items()) == list(first.items())

    def test_output_does_not_depend_on_the_hash_seed(self) -> None:
        """Interpreters with different hash seeds render the same bytes."""
        assert self._rendered_with_seed("0") == self._rendered_with_seed("4242")

    def test_the_order_of_declaration_does_not_matter(self) -> None:
        """An application whose declarations come in reverse order is built into the same files."""
        application = self.application()

        assert render(_reversed(application), self.adapter) == render(application, self.adapter)

    # Each adapter's suite runs the same method on an object of its own, which is what inheriting it is for.
    @settings(max_examples=25, suppress_health_check=[HealthCheck.differing_executors])
    @given(service=_WORDS, name=_WORDS)
    def test_names_respect_the_limits(self, service: str, name: str) -> None:
        """Whatever services and application are called, no resource's name is too long, and no two are the same."""
        suffix = service[: LONGEST_NAME - len("Billing")]
        deployment = self.read(render(renamed(self.application(), service=suffix, name=name), self.adapter))

        assert deployment.names
        assert deployment.names_too_long(self.adapter.capabilities) == []
        assert [found for found, count in Counter(deployment.names).items() if count > 1] == []

    def test_every_function_is_started_once_per_trigger(self) -> None:
        """Each function is wired to each of its triggers exactly once, and to nothing else."""
        triggers = self.read(render(self.application(), self.adapter)).triggers

        assert {name: sorted(found) for name, found in triggers.items()} == {
            function.name: sorted(trigger.name for trigger in function.triggers)
            for function in self._topology().functions
        }

    def test_every_function_has_one_entry_module(self) -> None:
        """There are as many entry modules as functions, and each says that it is generated."""
        files = render(self.application(), self.adapter)
        paths = handler_paths(topology_of(self.application()))

        assert sorted(path for path in files if path.startswith(f"{FOLDER}/")) == sorted(paths.values())
        assert all(MARKER in files[path].partition("\n")[0] for path in files)

    def test_entry_modules_import_the_entry_only(self) -> None:
        """Every entry module compiles, and imports nothing but the run time's entry: no cloud and no build tooling."""
        files = render(self.application(), self.adapter)
        for path, text in files.items():
            if path.startswith(f"{FOLDER}/"):
                tree = compile(text, path, "exec", flags=ast.PyCF_ONLY_AST)
                assert _imported(tree) == {"purista_serverless.runtime.entry"}, path

    def test_permissions_granted_are_those_declared(self) -> None:
        """Each function is granted exactly what its declaration says: nothing is missing, nothing is to spare."""
        assert self.read(render(self.application(), self.adapter)).permissions == {
            function.name: {self._right(permission) for permission in function.permissions}
            for function in self._topology().functions
        }

    def test_every_asynchronous_edge_has_a_dead_letter(self) -> None:
        """What cannot be delivered is kept, at least as long as its source would have kept it."""
        dead_letters = self.read(render(self.application(), self.adapter)).dead_letters
        every = self._topology().edges
        edges = [edge for edge in every if edge.consumer is not None or self.carried_edges_are_buried]

        assert set(dead_letters) == {edge.name for edge in edges}
        assert all(dead_letters[edge.name] >= edge.lifecycle.window.total_seconds() for edge in edges)

    def test_removing_a_function_removes_its_files(self, tmp_path: Path) -> None:
        """A build after a handler was removed deletes its entry module, and leaves files of others alone."""
        application, folders = self.application(), (FOLDER, "infra")
        removed = application.workers[0]
        write(tmp_path, render(application, self.adapter), folders=folders)
        own = tmp_path / FOLDER / "notes.py"
        own.write_text("# mine\n", encoding="utf-8")
        rest = render(without_worker(application, removed.queue), self.adapter)

        path = handler_paths(topology_of(application))[_worker_name(removed)]
        assert path in write(tmp_path, rest, folders=folders).removed
        assert own.exists()
        assert compare(tmp_path, rest, folders=folders) == ()

    def _topology(self) -> Topology:
        return carried_topology(self.application(), self.adapter)

    def _right(self, permission: Permission) -> str:
        if permission.verb == "use-ledger" and not self.records_are_bounded:
            return permission.verb
        return f"{permission.verb} {permission.target}"

    def _rendered_with_seed(self, seed: str) -> bytes:
        finished = subprocess.run(  # noqa: S603 - this interpreter and this package
            [sys.executable, "-c", _SCRIPT, self.adapter_name, self.application_path],
            capture_output=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        return finished.stdout


def _reversed(application: Application) -> Application:
    tuples = {field.name: getattr(application, field.name) for field in fields(application)}
    changes: dict[str, Any] = {name: value[::-1] for name, value in tuples.items() if isinstance(value, tuple)}
    return replace(application, **changes)


def _imported(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
        elif isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
    return names


def _worker_name(worker: Any) -> str:
    address = worker.address
    return f"worker:{address.service}.{address.version}.{address.name}"
