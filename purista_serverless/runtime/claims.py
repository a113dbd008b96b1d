"""Bodies that are too big for their edge: kept in a store of the deployment, while a claim to them travels."""

from typing import TYPE_CHECKING, Any

from purista_serverless.errors import BadEvent, TooLarge
from purista_serverless.message.wire import format_json

if TYPE_CHECKING:
    from collections.abc import Mapping

# The member that marks what we send to ourselves, and its value in a claim.
MARK = "purista"
CLAIM = "claim"

_LONGEST_TOKEN = 128


class ClaimCheck:
    """Keep bodies; none is ever written twice. A provider's class says where.

    Args:
        provider: Name of the table of options that switches it on.
    """

    __slots__ = ("_fix",)

    def __init__(self, provider: str) -> None:
        self._fix = f"send less, or a reference to it, or switch claim_check on in [tool.purista-serverless.{provider}]"

    @property
    def is_on(self) -> bool:
        """Say whether the function was deployed with a store."""
        raise NotImplementedError

    def put(self, key: str, body: bytes) -> None:
        """Write a body unless there is one under that key."""
        raise NotImplementedError

    def get(self, key: str) -> bytes:
        """Give the body under a key.

        Raises:
            BadEvent: There is none, or it is not for this function to read.
        """
        raise NotImplementedError

    def fitted(self, edge: str, id: str, generation: int, body: bytes, budget: int) -> bytes:
        """Give a body as it travels: itself, or the claim to it where it is above the budget.

        Raises:
            TooLarge: It is above the budget, and there is no store.
            Unavailable: The store could not be reached.
        """
        if len(body) <= budget:
            return body
        return format_json(self.keep(edge, id, generation, body, budget))

    def keep(self, edge: str, id: str, generation: int, body: bytes, budget: int) -> dict[str, Any]:
        """Keep a body and give the claim to it.

        Ids are derived, so that a body which is there already is the same one, sent before.

        Raises:
            TooLarge: There is no store.
            Unavailable: The store could not be reached.
        """
        if not self.is_on:
            raise TooLarge(f"what goes to {edge}", len(body), budget, self._fix)
        key = f"{edge}/{token_of(id)}" + (f":{generation}" if generation else "")
        self.put(key, body)
        return {MARK: CLAIM, "key": key, "size": len(body)}

    def fetch(self, claim: "Mapping[str, Any]") -> bytes:
        """Give the body that a claim stands for.

        Raises:
            BadEvent: It is no claim, or what it stands for has expired, or is not for this function to read.
            Unavailable: The store could not be reached.
            UndeclaredUse: The function was deployed without a store.
        """
        key = claim.get("key")
        if not is_claim(claim) or not isinstance(key, str):
            raise BadEvent("not a claim: 'key' must be a string")
        return self.get(key)


def is_claim(wire: "Mapping[str, Any]") -> bool:
    """Say whether a body on the wire is a claim.

    Example:
        >>> is_claim({"purista": "claim", "key": "queue:shop.packing/1", "size": 2_000_000})
        True
    """
    return wire.get(MARK) == CLAIM


def token_of(text: str) -> str:
    """Give an id of at most 128 printable characters for any text: itself where it is one, otherwise its hash.

    Example:
        >>> token_of("customer-7")
        'customer-7'
        >>> len(token_of("Zürich"))
        64
    """
    is_legal = text.isascii() and text.isprintable() and " " not in text
    if is_legal and 0 < len(text) <= _LONGEST_TOKEN:
        return text
    from hashlib import sha256

    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
