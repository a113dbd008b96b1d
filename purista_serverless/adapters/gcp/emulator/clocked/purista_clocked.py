"""The function that an instance runs under a virtual clock: it sets the process' time, then calls the function's own.

Only the emulator names this file, and only then. It imports nothing of the package, which the function may lack.
The time comes in a header of each request.
"""

import importlib.util
import os
import time
from pathlib import Path
from typing import Any

import time_machine

_traveller = time_machine.travel(float(os.environ["PURISTA_EMULATED_NOW"]), tick=True).start()


def _load(source: Path) -> Any:
    spec = importlib.util.spec_from_file_location(source.stem, source)
    assert spec is not None  # noqa: S101 - a file of Python has one
    assert spec.loader is not None  # noqa: S101 - and a loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_own = _load(Path(os.environ["PURISTA_EMULATED_SOURCE"])).handler


def handler(request: Any) -> Any:
    """Move to the time of the request, and answer it."""
    now = float(request.headers["Purista-Emulated-Now"])
    # In one step, so that no other thread sees a time in between.
    _traveller.shift(max(now - time.time(), 0.0))
    return _own(request)
