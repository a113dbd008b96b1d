"""The wheel of this checkout, for the tests that look into it or install it."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.repo.tree import ROOT, files


def build_wheel(folder: Path) -> Path:
    """Build it in a folder from a copy, since the build leaves files beside its sources."""
    for path in files():
        if path.parts[0] in {"purista_serverless", "pyproject.toml", "README.md", "LICENSE"}:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, folder / path)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", "dist", "."]
    finished = subprocess.run(build, cwd=folder, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    return next(Path(folder, "dist").glob("*.whl"))
