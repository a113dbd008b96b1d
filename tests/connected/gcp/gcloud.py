"""The real gcloud: its parser, and its runs against control planes on this machine."""

import json
import os
import subprocess
from pathlib import Path

from tests.connected.gcp.plane.services import SUFFIX
from tests.connected.gcp.tools import program

_GRAMMAR = Path(__file__).with_name("gcloud_grammar.py")
_PATIENCE = 600
# What scripts of ours talk to.
_SERVICES = (
    *("artifactregistry", "cloudbuild", "cloudfunctions", "cloudresourcemanager", "cloudscheduler", "cloudtasks"),
    *("firestore", "iam", "logging", "monitoring", "pubsub", "run", "secretmanager", "serviceusage", "storage"),
)


def sdk() -> Path:
    """Find the Google Cloud SDK; the test is skipped where it is not installed."""
    return program("gcloud").resolve().parent.parent


def faults(commands: list[list[str]]) -> list[str | None]:
    """Say what gcloud's own parser finds wrong with each list of arguments; ``None`` is nothing."""
    folder = sdk()
    bundled = folder / "platform" / "bundledpythonunix" / "bin" / "python3"
    interpreter = str(bundled) if bundled.exists() else "python3"
    done = subprocess.run(
        [interpreter, str(_GRAMMAR), str(folder)],
        input=json.dumps(commands),
        env={**os.environ, "CLOUDSDK_CORE_DISABLE_PROMPTS": "1"},
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[str | None] = json.loads(done.stdout)
    return found


def offline_environment(proxy: str, folder: Path) -> dict[str, str]:
    """Give the environment in which gcloud knows no account, asks nothing and reaches nothing but a proxy.

    Args:
        proxy: Address of the control planes.
        folder: Where it keeps its own files.
    """
    sdk()
    token = folder / "token"
    token.write_text("not-a-token", encoding="utf-8")
    endpoints = {f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{name.upper()}": f"http://{name}{SUFFIX}/" for name in _SERVICES}
    proxies = {name: proxy for kind in ("http_proxy", "https_proxy") for name in (kind, kind.upper())}
    inherited = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    return {
        **inherited,
        **endpoints,
        **proxies,
        "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": str(token),
        "CLOUDSDK_CONFIG": str(folder / "configuration"),
        "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
        "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true",
        "CLOUDSDK_SURVEY_DISABLE_PROMPTS": "true",
        "CLOUDSDK_CORE_CHECK_GCE_METADATA": "false",
    }
