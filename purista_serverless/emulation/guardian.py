"""Ends the processes of an emulator that has died, however it died: a program of its own, started by ``processes``.

Each line of standard input names a process group: ``+17`` is to be ended when the input ends, which it does with the
process that writes it; ``-17`` no longer. It imports nothing that it could wait for.
"""

import os
import signal
import sys
from contextlib import suppress
from typing import IO


def guard(lines: IO[str]) -> None:
    """Read until the end, then end with SIGKILL what is still named."""
    groups: set[int] = set()
    for line in lines:
        group = int(line[1:])
        if line.startswith("+"):
            groups.add(group)
        else:
            groups.discard(group)
    for group in groups:
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    # Ctrl+C goes to every process of a terminal; this one has to be the last.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    guard(sys.stdin)
