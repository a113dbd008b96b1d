"""The outbox: every letter goes out once."""

from examples.enterprise_billing_cycle.notification.contracts import Letter, notification


class Outbox:
    """Letters that were sent, by key. A real one would hand the key to the mail service."""

    def __init__(self) -> None:
        self.letters: dict[str, Letter] = {}
        self.repeated = 0

    def send(self, key: str, letter: Letter) -> None:
        """Send a letter, unless one with that key was sent."""
        if key in self.letters:
            self.repeated += 1
        else:
            self.letters[key] = letter


notification.resource("outbox", Outbox, Outbox)
