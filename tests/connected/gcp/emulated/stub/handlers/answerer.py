"""A function that answers, in the ways in which functions do."""

import json
import os
import signal
import sys
import time
from pathlib import Path
from urllib.request import Request, urlopen


def handler(request):
    """Answer as the query asks."""
    match request.args.get("do"):
        case "raise":
            raise ValueError("as asked")
        case "exit":
            os._exit(3)
        case "hang":
            signal.pause()
        case "log":
            sys.stdout.write("printed\n")
        case "token":
            return token(request.args["audience"])
        case _:
            pass
    shape = {
        "authorization": request.headers.get("Authorization"),
        "body": request.get_data(as_text=True),
        "folder": str(Path.cwd()),
        "method": request.method,
        "now": int(time.time()),
        "path": request.path,
        "pid": os.getpid(),
        "variables": dict(os.environ),
    }
    return json.dumps(shape), 201, {"Content-Type": "application/json", "X-Made": "1"}


def token(audience):
    """Give the token with which this function calls another."""
    path = f"/computeMetadata/v1/instance/service-accounts/default/identity?audience={audience}&format=full"
    url = f"http://{os.environ['GCE_METADATA_HOST']}{path}"
    with urlopen(Request(url, headers={"Metadata-Flavor": "Google"})) as response:
        return response.read()
