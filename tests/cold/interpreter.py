"""A fresh interpreter, to see what an import really loads; no mocks and no clocks, only names of modules."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]

# What an interpreter needs to start at all; anything else could select an adapter or switch a debug mode on.
_INHERITED = ("HOME", "LD_LIBRARY_PATH", "PATH", "SYSTEMROOT", "TEMP", "TMPDIR")

# The loaded names are the last line, since the code may print.
_PROGRAM = """\
import sys
before = frozenset(sys.modules)
sys.path.insert(0, {root!r})
exec(compile({code!r}, "<cold>", "exec"), {{"__name__": "__main__"}})
print()
print("loaded", *sorted(set(sys.modules) - before))
"""


def modules_after(code: str, *, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> frozenset[str]:
    """Run ``code`` in a fresh interpreter and name the modules it has loaded beyond a bare start.

    The interpreter is isolated (``-I``): no ``PYTHON*`` variable, user site or current folder counts. The package and
    whatever else lies in the repository's root can be imported.

    Args:
        code: The program; ``__name__`` is ``"__main__"``, what it prints is ignored.
        env: Variables it sees besides those an interpreter needs to start, such as ``AWS_LAMBDA_RUNTIME_API``.
        cwd: Folder it runs in; the repository's root by default.

    Returns:
        Full names, packages and built-in modules included; ``__main__`` and what a bare start loads are not among them.

    Raises:
        RuntimeError: The program failed (the text is its traceback) or left before its end.
    """
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    finished = subprocess.run(
        [sys.executable, "-I", "-c", _PROGRAM.format(root=str(ROOT), code=code)],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd or ROOT,
        env={**inherited, **(env or {})},
    )
    _, marker, names = finished.stdout.rpartition("\nloaded")
    if finished.returncode != 0 or not marker:
        raise RuntimeError(finished.stderr or "the program left before its end")
    return frozenset(names.split())
