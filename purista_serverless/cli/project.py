"""Where the application and its database are: options first, then ``pyproject.toml``, then defaults."""

import sys
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from purista_serverless.cli.failures import ExitCode, Failure, place_of
from purista_serverless.errors import DeclarationError, MissingExtra

if TYPE_CHECKING:
    from purista_serverless.adapters.embedded.host import Host
    from purista_serverless.application import Application
    from purista_serverless.model import Application as Model

_TABLE = "tool.purista-serverless"


@dataclass(frozen=True, kw_only=True)
class Project:
    """A project as one command sees it.

    Attributes:
        root: Folder of its ``pyproject.toml``, or the current one.
        reference: ``module:attribute`` of its application, ``None`` if nobody said.
        given_database: The database's file, ``None`` if nobody said.
        options: What the project says of adapters, by their names.
    """

    root: Path
    reference: str | None
    given_database: Path | None
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def find(cls, folder: Path, *, app: str | None = None, database: Path | None = None) -> "Project":
        """Look for ``pyproject.toml`` with our table in a folder and those above it.

        Args:
            folder: Where to begin.
            app: The application, if the command line says so.
            database: The database, if the command line says so; relative to the current folder.

        Raises:
            Failure: The file cannot be read, or the table holds something else than text.
        """
        root, table = _table_above(folder)
        configured = table.get("db")
        if database is None and configured is not None:
            database = root / configured
        options = {name: value for name, value in table.items() if isinstance(value, dict)}
        return cls(root=root, reference=app or table.get("app"), given_database=database, options=options)

    @cached_property
    def application(self) -> "Application":
        """Import the application.

        Raises:
            Failure: It is not named, cannot be imported, or is something else.
            InvalidApplication: Its declarations contradict each other.
        """
        if self.reference is None:
            raise Failure(
                "no application is named",
                where=str(self.root),
                fix=f'give --app module:attribute, or write app = "module:attribute" into [{_TABLE}] of pyproject.toml',
                code=ExitCode.USAGE,
            )
        return _load(self.reference, self.root)

    @property
    def model(self) -> "Model":
        """Give the application's declarations."""
        return self.application.model

    @property
    def database(self) -> Path:
        """Give the file of the database; it may not exist yet."""
        return self.given_database or self.root / f"{self.application.name}.db"

    @contextmanager
    def host(self) -> "Iterator[Host]":
        """Open the application on its database, which is made if it does not exist."""
        with _opened(self.application, self.database) as host:
            yield host

    @contextmanager
    def existing_host(self) -> "Iterator[Host]":
        """Do the same for commands that need what is there.

        Raises:
            Failure: There is no database yet.
        """
        if not self.database.exists():
            raise Failure(
                "there is no database yet",
                where=str(self.database),
                fix="start `purista-serverless run`, or name another file with --db",
                code=ExitCode.UNAVAILABLE,
            )
        with self.host() as host:
            yield host

    @contextmanager
    def host_to_look_at(self) -> "Iterator[Host]":
        """Do the same for commands that also have something to tell without a database; none is made."""
        with _opened(self.application, self.database if self.database.exists() else ":memory:") as host:
            yield host


def _opened(application: "Application", path: Path | str) -> "Host":
    from purista_serverless.adapters.embedded.host import Host

    return Host(application, path)


def _table_above(folder: Path) -> tuple[Path, Mapping[str, Any]]:
    for root in (folder, *folder.parents):
        file = root / "pyproject.toml"
        if file.is_file() and (table := _table_of(file)) is not None:
            return root, table
    return folder, {}


def _table_of(file: Path) -> Mapping[str, Any] | None:
    try:
        content: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Failure(f"it is not TOML: {error}", where=str(file), code=ExitCode.USAGE) from error
    table: dict[str, Any] | None = content.get("tool", {}).get("purista-serverless")
    wrong = sorted(name for name in ("app", "db") if not isinstance((table or {}).get(name, ""), str))
    if wrong:
        problem = f"{', '.join(wrong)} of [{_TABLE}] must be text"
        raise Failure(
            problem, where=str(file), fix='write it in quotes, as in app = "shop.app:app"', code=ExitCode.USAGE
        )
    return table


def _load(reference: str, root: Path) -> "Application":
    from purista_serverless.adapter import load_object
    from purista_serverless.application import Application

    if ":" not in reference:
        fix = f"name its attribute as well, as in {reference}:app"
        raise Failure(f"{reference!r} is no module:attribute", fix=fix, code=ExitCode.USAGE)
    if str(root) not in sys.path:
        # A console script does not look into the current folder by itself.
        sys.path.insert(0, str(root))
    try:
        found = load_object(reference)
    except (DeclarationError, MissingExtra):
        raise
    except (Exception, SystemExit) as error:
        raise _not_loaded(reference, root, error) from error
    if not isinstance(found, Application):
        problem = f"{reference} is {type(found).__name__}, not an Application"
        raise Failure(problem, fix="name the attribute that holds Application(...)", code=ExitCode.APPLICATION)
    return found


def _not_loaded(reference: str, root: Path, error: Exception | SystemExit) -> Failure:
    """Give the failure of an import; user code may raise anything while it is imported."""
    module = reference.partition(":")[0]
    fix = None
    if isinstance(error, ModuleNotFoundError) and error.name is not None and f"{module}.".startswith(f"{error.name}."):
        fix = f"modules are looked for in {root} and in this Python's installed packages"
    problem = f"{reference} cannot be loaded: {type(error).__name__}: {error}"
    return Failure(problem, where=place_of(error), fix=fix, code=ExitCode.APPLICATION)
