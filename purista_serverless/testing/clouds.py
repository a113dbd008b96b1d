"""Two brokers in memory that are as limited as real ones, each with the part of an adapter that lives with it.

Methods named ``send_message`` and ``create_task`` are the platform's and refuse what the platform refuses; the rest is
what an adapter does about that.
"""

from typing import TYPE_CHECKING, ClassVar

from purista_serverless.testing.brokers import Broker, Channel, Line, Parcel

if TYPE_CHECKING:
    from collections.abc import Callable

_SECOND = 1_000
_MINUTE = 60 * _SECOND
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR


class SqsLikeBroker(Broker):
    """Delivers batches of up to ten and sees what was decided only when the whole batch has been answered.

    Receive counts grow with every delivery, also with those that ran nothing. A message is delayed by 15 minutes at
    most, so that longer delays are sent on in hops; a lease lasts 12 hours at most. Messages of a group come in order.
    After ``2 * max_attempts + 10`` receives the platform moves a message to the dead letters by itself.
    """

    name = "sqs-like"
    longest_delay: ClassVar[int] = 15 * _MINUTE
    longest_lease: ClassVar[int] = 12 * _HOUR

    def post(self, line: Line, parcel: Parcel) -> None:
        """Send with the longest delay that is possible; a message that arrives early hops."""
        remaining = max(parcel.not_before - self.clock.now(), 0)
        # Messages of a group have no delay of their own on this platform; they wait at the head of their group.
        self.send_message(line, parcel, 0 if parcel.group else min(remaining, self.longest_delay))

    def send_message(self, line: Line, parcel: Parcel, delay: int) -> None:
        """Take a message.

        Raises:
            ValueError: The delay is longer than 15 minutes.
        """
        if delay > self.longest_delay:
            raise ValueError(f"a message can be delayed by {self.longest_delay} ms at most, not by {delay} ms")
        parcel.due = self.clock.now() + delay
        super().post(line, parcel)

    def batch_limit(self, channel: Channel) -> int:
        """Say that a batch holds ten parcels at most."""
        return min(channel.batch_size, 10)

    def lease_of(self, channel: Channel) -> int:
        """Say that a lease lasts 12 hours at most."""
        return min(channel.visibility, self.longest_lease)

    def admits(self, line: Line, parcel: Parcel) -> bool:
        """Send early parcels on, and give up those that came too often."""
        if parcel.not_before > self.clock.now():
            self._hop(line, parcel)
            return False
        if parcel.deliveries >= 2 * line.channel.max_attempts + 10:
            line.remove(parcel)
            self.give_up(line.channel.edge, parcel)
            return False
        return True

    def acknowledge(self, line: Line, parcel: Parcel) -> None:
        """Answer later that the message is done."""
        parcel.answer = "delete"

    def redeliver(self, line: Line, parcel: Parcel, delay: int, *, counted: bool) -> None:
        """Change the message's visibility at once; a delay beyond the longest lease is a new message."""
        if delay <= self.longest_lease:
            line.give_back(parcel, delay)
            return
        again = parcel.copy()
        again.not_before = self.clock.now() + delay
        self.post(line, again)
        parcel.answer = "delete"

    def extend(self, line: Line, parcel: Parcel, duration: int) -> bool:
        """Extend a lease, to 12 hours from now at most."""
        return super().extend(line, parcel, min(duration, self.longest_lease))

    def complete(self, line: Line, parcel: Parcel) -> None:
        """Delete what the answered batch has done."""
        if parcel.answer == "delete":
            line.remove(parcel)

    def _hop(self, line: Line, parcel: Parcel) -> None:
        if parcel.group is None:
            self.post(line, parcel.copy())
        else:
            # A new message would lose its place in the group.
            parcel.due = min(parcel.not_before, self.clock.now() + self.longest_lease)
            line.wait(parcel)


class PushLikeBroker(Broker):
    """Pushes one message at a time and hears of it in the answer; waits at most 600 s for that, without extension.

    It has no delay: a refused message comes again by its own backoff of 10 to 600 s. Delays are therefore tasks of a
    task service, named by message and hop so that copies make one task only; a task carries the count of attempts.
    Messages of a group cannot be put off by a task without losing their order; for them the broker's backoff stands.
    After 5 to 100 deliveries the platform moves a message to the dead letters by itself.
    """

    name = "push-like"
    deadline: ClassVar[int] = 600 * _SECOND
    longest_task: ClassVar[int] = 30 * _DAY

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)  # type: ignore[arg-type]
        self._tasks: set[str] = set()
        self._pending = 0

    @property
    def is_idle(self) -> bool:
        """Say whether no channel holds anything and no task is pending."""
        return not self._pending and super().is_idle

    def post(self, line: Line, parcel: Parcel) -> None:
        """Send at once, or as a task if it is to be delayed."""
        if parcel.not_before > self.clock.now() and parcel.group is None:
            self._put_off(line, parcel)
        else:
            self.send_message(line, parcel)

    def send_message(self, line: Line, parcel: Parcel) -> None:
        """Take a message, for now: this platform knows no delay."""
        parcel.due = self.clock.now()
        super().post(line, parcel)

    def create_task(self, name: str, at: int, call: "Callable[[], None]") -> bool:
        """Have something called at a time; say whether the name was new.

        Raises:
            ValueError: The time is more than 30 days away.
        """
        if at > self.clock.now() + self.longest_task:
            raise ValueError(f"a task can be {self.longest_task} ms away at most")
        if name in self._tasks:
            return False
        self._tasks.add(name)
        self._pending += 1
        self.clock.call_at(at, lambda: self._run_task(call))
        return True

    def batch_limit(self, channel: Channel) -> int:
        """Say that a push holds one message."""
        return 1

    def lease_of(self, channel: Channel) -> int:
        """Say that a push is waited for until the platform's deadline."""
        return self.deadline

    def admits(self, line: Line, parcel: Parcel) -> bool:
        """Give up parcels that were pushed too often, and refuse early ones of a group."""
        if parcel.deliveries >= min(max(2 * line.channel.max_attempts + 10, 5), 100):
            line.remove(parcel)
            self.give_up(line.channel.edge, parcel)
            return False
        if parcel.not_before > self.clock.now():
            parcel.due = parcel.not_before
            line.wait(parcel)
            return False
        return True

    def acknowledge(self, line: Line, parcel: Parcel) -> None:
        """Answer later that the message is done."""
        parcel.answer = "acknowledge"

    def redeliver(self, line: Line, parcel: Parcel, delay: int, *, counted: bool) -> None:
        """Make a task of the message and answer that it is done; within a group, refuse it."""
        if parcel.group is not None:
            parcel.answer = "refuse"
            return
        again = parcel.copy()
        again.not_before = self.clock.now() + delay
        again.receives -= 0 if counted else 1
        self._put_off(line, again)
        parcel.answer = "acknowledge"

    def extend(self, line: Line, parcel: Parcel, duration: int) -> bool:
        """Say that a push cannot be extended."""
        return False

    def complete(self, line: Line, parcel: Parcel) -> None:
        """Act on the answer to a push."""
        if parcel.answer == "acknowledge":
            line.remove(parcel)
        elif parcel.answer == "refuse":
            line.give_back(parcel, min(10 * 2 ** (parcel.deliveries - 1), 600) * _SECOND)

    def _put_off(self, line: Line, parcel: Parcel) -> None:
        name = f"{parcel.serial}-{parcel.hops}"
        parcel.hops += 1
        at = min(parcel.not_before, self.clock.now() + self.longest_task)
        self.create_task(name, at, lambda: self.post(line, parcel))

    def _run_task(self, call: "Callable[[], None]") -> None:
        self._pending -= 1
        call()
