"""The handler that a function runs under a virtual clock: it sets the process' time, then calls the function's own.

Only the emulator names this module, and only then. It imports nothing of the package, which the function may lack.
The time is taken from each invocation's deadline.
"""

import os
from importlib import import_module
from typing import Any

import time_machine

_traveller = time_machine.travel(float(os.environ["PURISTA_EMULATED_NOW"]), tick=True).start()
_timeout = float(os.environ["PURISTA_EMULATED_TIMEOUT"])
_module, _, _name = os.environ["_HANDLER"].rpartition(".")
_own = getattr(import_module(_module.replace("/", ".")), _name)


def handler(event: Any, context: Any) -> Any:
    """Move to the time of the invocation, which is its deadline less its timeout, and handle it."""
    remaining = context.get_remaining_time_in_millis() / 1000
    # In one step, so that no other thread sees a time in between.
    _traveller.shift(max(remaining - _timeout, 0.0))
    return _own(event, context)
