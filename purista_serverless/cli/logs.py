"""Log lines for people."""

import logging


class TextFormatter(logging.Formatter):
    """Format records as one line: time, level, text, and the function and attempt that they are about.

    Example:
        >>> record = logging.LogRecord("purista_serverless", logging.INFO, "", 1, "closed %s", ("a1",), None)
        >>> record.purista = {"function": "worker:Billing.1.close", "attempt": 2, "messageId": "5f1c"}
        >>> TextFormatter().format(record)[9:]
        'info     closed a1  [worker:Billing.1.close, attempt 2]'
    """

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(lower)-8s %(message)s%(about)s", datefmt="%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        """Give the line, and the traceback of an exception below it."""
        known = getattr(record, "purista", {})
        about = [known["function"]] if "function" in known else []
        if known.get("attempt", 1) != 1:
            about.append(f"attempt {known['attempt']}")
        record.lower = record.levelname.lower()
        record.about = f"  [{', '.join(about)}]" if about else ""
        return super().format(record)
