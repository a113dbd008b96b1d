"""Judge command lines by gcloud's own parser, offline: run with the SDK's Python, never imported.

Reads a JSON list of lists of arguments, writes a JSON list: what is wrong with each, or null. gcloud's own
``meta lint-gcloud-commands`` takes texts instead, cuts them at ``#`` and mistakes a switch's neighbour for its value.
"""

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any


def main() -> None:
    """Judge what is read."""
    sdk = Path(sys.argv[1])
    sys.path[:0] = [str(sdk / "lib"), str(sdk / "lib" / "third_party")]
    # Its commands know it weakly: without the variable it is gone.
    cli = import_module("googlecloudsdk.gcloud_main").CreateCLI([])
    commands = cli._TopElement()  # noqa: SLF001 - it has no other door
    # Not Python's: the SDK has one of its own, which has to be the first that is imported.
    refusal = import_module("argparse").ArgumentError
    json.dump([_fault(commands, refusal, arguments) for arguments in json.load(sys.stdin)], sys.stdout)


def _fault(node: Any, refusal: type[Exception], arguments: list[str]) -> str | None:
    taken = 0
    while node.is_group:
        node = node.LoadSubElement(arguments[taken]) if taken < len(arguments) else None
        if node is None:
            return f"no such command: {' '.join(arguments[: taken + 1])}"
        taken += 1
    try:
        # Names are resolved within a project.
        node._parser.parse_args([*arguments[taken:], "--project=any-project"], raise_error=True)  # noqa: SLF001
    except refusal as error:
        return str(error)
    except SystemExit as error:
        return f"ends with {error.code}"
    return None


if __name__ == "__main__":
    main()
