"""The files of a new project, as texts."""

import keyword
import re
import sys
from importlib.resources import files

from purista_serverless import __version__
from purista_serverless.cli.failures import ExitCode, Failure

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")

# Templates by the path that they are written to. Their own names end in .txt, so that no tool takes them for sources.
_TEMPLATES = {
    ".github/workflows/test.yml": "workflow.yml",
    ".gitignore": "gitignore",
    "Makefile": "Makefile",
    "README.md": "README.md",
    "pyproject.toml": "pyproject.toml",
    "tests/test_service.py": "test_service.py",
    "{{module}}/__init__.py": "package.py",
    "{{module}}/service.py": "service.py",
}


def project_files(name: str) -> dict[str, str]:
    """Give the files of a new project by path.

    Args:
        name: Its name in lower case, words joined by hyphens; the module has underscores instead.

    Raises:
        Failure: It cannot be the name of a project, or not that of its module.

    Example:
        >>> sorted(project_files("tea-shop"))[-1]
        'tests/test_service.py'
    """
    values = {"{{name}}": name, "{{module}}": _module_of(name), "{{version}}": __version__}
    folder = files("purista_serverless.cli") / "template"
    return {
        _filled(path, values): _filled((folder / f"{template}.txt").read_text(encoding="utf-8"), values)
        for path, template in _TEMPLATES.items()
    }


def _filled(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(name, value)
    return text


def _module_of(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise _unfit(name, "use lower-case letters, digits and single hyphens, as in tea-shop")
    module = name.replace("-", "_")
    if keyword.iskeyword(module) or module in sys.stdlib_module_names or module in {"tests", "purista_serverless"}:
        raise _unfit(name, f"Python knows {module!r} as something else; add a word, as in {name}-service")
    return module


def _unfit(name: str, fix: str) -> Failure:
    return Failure(f"{name!r} cannot be the name of a project", fix=fix, code=ExitCode.USAGE)
