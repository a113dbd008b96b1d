"""The command line: thin commands over the embedded runtime, the check and the exports.

Nothing is imported before a command needs it, so that ``--help`` answers at once. No logic lives here: what a command
does is a function of the layer below, and what it prints is a value first, a table or JSON second.
"""

import gc
import sys


def main() -> None:
    """Run the command line; the console script ``purista-serverless`` calls this."""
    try:
        import click  # noqa: F401 - only to tell which extra is missing
    except ImportError:
        from purista_serverless.errors import MissingExtra

        sys.exit(f"error: {MissingExtra('click', 'cli')}")
    from purista_serverless.cli.program import program

    try:
        program(prog_name="purista-serverless")
    finally:
        # The process ends here: what is left needs no last look by the collector, which takes longer than a command.
        gc.freeze()
