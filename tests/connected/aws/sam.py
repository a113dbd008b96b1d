"""The SAM command line, as a team uses it."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.connected.aws.tools import ARCHITECTURE, run, tool

STACK = "enterprise-billing-cycle"


# A row of the table in which it shows a change set.
_ROW = re.compile(r"^[+*-] (Add|Modify|Delete) +(\S+) +(\S+) +(\S+) *$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a change set does to a resource."""

    action: str
    resource: str
    kind: str
    replaces: bool = False


class Sam:
    """`sam` in a folder that holds a template.

    Args:
        folder: Where `template.yaml` is.
        endpoint: Where the account is; without one nothing but `validate` and `build` works.
        parameters: Of the template, beside the architecture of this machine.
    """

    def __init__(self, folder: Path, endpoint: str | None = None, parameters: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.parameters = {"Architecture": ARCHITECTURE, **(parameters or {})}
        self._program = tool("sam", "sam")
        # Tables as wide as that break no name.
        self._environment = {"SAM_CLI_TELEMETRY": "0", "SAM_CLI_POLL_DELAY": "0.5", "COLUMNS": "400"}
        if endpoint is not None:
            self._environment["AWS_ENDPOINT_URL"] = endpoint

    def validate(self) -> str:
        """Check the template, with the linter."""
        return self._run("validate", "--lint")

    def build(self) -> Path:
        """Build every function and give the folder that holds the results, by logical id."""
        self._run("build", "--parameter-overrides", *self._overrides())
        return self.folder / ".aws-sam" / "build"

    def deploy(self) -> tuple[Change, ...]:
        """Deploy what was built, and give the change set that did it, as it was shown before it was executed."""
        output = self._run(
            *("deploy", "--no-confirm-changeset", "--no-fail-on-empty-changeset"),
            *("--parameter-overrides", *self._overrides()),
        )
        assert "Successfully created/updated stack" in output, output
        return tuple(
            Change(action=action, resource=resource, kind=kind, replaces=replacement == "True")
            for action, resource, kind, replacement in _ROW.findall(output)
        )

    def _overrides(self) -> list[str]:
        return [f"{name}={value}" for name, value in sorted(self.parameters.items())]

    def _run(self, *arguments: str) -> str:
        # SAM builds a function with the interpreter of the function's version, which it looks for on the PATH.
        interpreter = tool("lambda", "python3.13").parent
        path = os.pathsep.join([str(interpreter), os.environ["PATH"]])
        return run(self._program, *arguments, folder=self.folder, environment={**self._environment, "PATH": path})
