"""A server that tells of stacks as CloudFormation does, for clients that find it by their environment."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

_NAMESPACE = "http://cloudformation.amazonaws.com/doc/2010-05-15/"


@contextmanager
def served(answers: Mapping[tuple[str, str], Mapping[str, Any]]) -> Iterator[str]:
    """Serve answers, by action and name of the stack, on loopback, and give the URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            (action,), (name,) = asked["Action"], asked["StackName"]
            result = f"<{action}Result>{_xml(answers[action, name])}</{action}Result>"
            body = f'<{action}Response xmlns="{_NAMESPACE}">{result}</{action}Response>'
            self.send_response(200)
            self.send_header("Content-Type", "text/xml")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _xml(value: Any) -> str:
    match value:
        case dict():
            return "".join(f"<{name}>{_xml(item)}</{name}>" for name, item in value.items())
        case list():
            return "".join(f"<member>{_xml(item)}</member>" for item in value)
        case _:
            return escape(str(value))
