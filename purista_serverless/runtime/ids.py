"""Identifiers: random ones from a pool, derived ones from what they belong to."""

import os

_BLOCK = 1024

# Ids fetched a block at a time: one read of the kernel's pool per id costs as much as a dispatch. Taking one from the
# end of a list is atomic, so that two threads never get the same.
_pool: list[str] = []


def random_id() -> str:
    """Give 32 random hexadecimal characters."""
    while True:
        try:
            return _pool.pop()
        except IndexError:
            block = os.urandom(_BLOCK).hex()
            _pool.extend(block[at : at + 32] for at in range(0, len(block), 32))


def random_span_id() -> str:
    """Give 16 random hexadecimal characters that are not all zero, as W3C's trace context wants them."""
    return random_id()[:15] + "1"


def drop_pool() -> None:
    """Forget the pooled ids: a forked or restored process must not repeat those of its origin."""
    _pool.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=drop_pool)


def derived_id(*parts: object) -> str:
    """Give 32 hexadecimal characters that depend on the parts alone, so that a rerun repeats them."""
    from hashlib import blake2b

    text = "\x1f".join(map(str, parts)).encode()
    return blake2b(text, digest_size=16).hexdigest()


def derived_job_id(*parts: object) -> str:
    """Give a derived id in the form of a UUID (version 8, RFC 9562), as upstream's job ids are UUIDs."""
    text = derived_id(*parts)
    variant = "89ab"[int(text[16], 16) & 3]
    return f"{text[:8]}-{text[8:12]}-8{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"
