"""A function that is pushed to: each message says what to do with it."""

import base64
import json
import os
import pathlib
import signal
import time
from urllib.request import Request, urlopen


def handler(request):
    """Do what a message says, and note what came."""
    content = request.get_json()
    job = json.loads(base64.b64decode(content["message"]["data"]))
    attempt = content["deliveryAttempt"]
    match job["do"]:
        case "note":
            note(job["id"], {"at": int(time.time()), "path": request.path, **content})
        case "fail":
            note(f"{job['id']}/{attempt}", {"at": int(time.time())})
            return "as asked", 500
        case "fail once":
            note(f"{job['id']}/{attempt}", {"at": int(time.time())})
            return ("", 204) if attempt > 1 else ("as asked", 503)
        case "hang once":
            if attempt == 1:
                pathlib.Path(job["file"]).write_text(str(os.getpid()))
                signal.pause()
            note(job["id"], {"pid": os.getpid()})
        case "later":
            post(job["task"], job["url"])
        case other:
            raise ValueError(f"no test asks for {other!r}")
    return "", 204


def post(task, url):
    """Make a task."""
    body = json.dumps({"task": task}).encode()
    with urlopen(Request(url, data=body, headers={"Content-Type": "application/json"})):  # noqa: S310 - of this machine
        pass


def note(id, content):
    """Note something where a test can see it."""
    file = pathlib.Path(os.environ["NOTES"]) / (id.replace("/", "~") + ".json")
    file.write_text(json.dumps(content))
