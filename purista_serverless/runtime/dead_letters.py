"""Dead letters: putting away what cannot be done, and sending it again."""

from typing import TYPE_CHECKING

from purista_serverless.message import Job, Message
from purista_serverless.runtime.ports import DeadLetter

if TYPE_CHECKING:
    from purista_serverless.runtime.consume import Consumer
    from purista_serverless.runtime.ports import Delivery, Ports


def bury(
    delivery: "Delivery",
    ports: "Ports",
    *,
    reason: str,
    attempts: int,
    letter_id: str | None = None,
    generation: int = 0,
    acknowledge: bool = True,
) -> None:
    """Put a delivery into the dead letters of its edge, then remove it from the platform.

    Args:
        delivery: What cannot be done.
        ports: The ways out.
        reason: Why.
        attempts: How often it was tried.
        letter_id: The id of the job or message; the platform's id where the body does not tell.
        generation: How often it was redriven before.
        acknowledge: Whether to settle here; ``False`` when something comes between letter and settling.
    """
    letter = DeadLetter(
        edge=delivery.edge,
        id=letter_id or delivery.id,
        body=delivery.body,
        reason=reason,
        attempts=attempts,
        generation=generation,
        at=ports.clock.now(),
    )
    ports.dead_letters.put(letter)
    if acknowledge:
        delivery.acknowledge()


def generation_of(edge: str, body: bytes) -> int:
    """Give how often what comes on an edge was redriven before; 0 if its body does not tell."""
    try:
        found: Job | Message = Job.decode(body) if edge.startswith("queue:") else Message.decode(body)
        return found.generation
    except ValueError:
        return 0


def redrive(letter: DeadLetter, consumer: "Consumer", ports: "Ports") -> bytes:
    """Give the body with which a dead letter goes back onto its edge; the caller sends it, then deletes the letter.

    Raises:
        BadEvent: The body does not decode; it can only be purged.
        InvalidPayload: The body does not match today's types; names the fields.
    """
    consumer.validate(letter.body)
    return consumer.redrive(letter.body, letter.generation + 1, ports)
