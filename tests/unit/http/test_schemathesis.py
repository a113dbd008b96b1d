"""The surface against its own OpenAPI document, with everything that Schemathesis knows to check."""

import subprocess
import sys
from pathlib import Path

from purista_serverless.adapters.embedded.host import Host
from purista_serverless.adapters.embedded.http import asgi
from purista_serverless.adapters.embedded.http_status import Pace
from tests.unit.http.server import serving
from tests.unit.http.shop import build

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")


def test_the_surface_keeps_its_document(tmp_path):
    """Valid requests are accepted, invalid ones refused, answers are as described, and nothing is a server error."""
    application = build()
    # A stream of a job that nobody works on would last for minutes: here it ends after its first event.
    pace = Pace(lifetime=0)
    options = {
        "--checks": "all",
        "--phases": "coverage,fuzzing,stateful",
        "--max-examples": "25",
        "--seed": "1",  # the same requests in every run: a red run means a changed program
        "--header": "Authorization: Bearer ann",
        "--generation-database": "none",
    }
    arguments = [part for option in options.items() for part in option]
    program = [str(SCHEMATHESIS), "run", "--continue-on-failure", "--no-color", *arguments]

    with Host(application, tmp_path / "shop.db") as host, serving(asgi(application, host, pace=pace)) as address:
        command = [*program, f"{address}/openapi.json"]
        finished = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "10 selected / 10 total" in finished.stdout
