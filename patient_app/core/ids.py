"""Ids: UUIDv7, made where an entry is made. An id is an idempotency key, never a secret."""

from __future__ import annotations

import os
import time
import uuid

_TEXT_LENGTH = 36
_RANDOM_BITS = 74
_VARIANT = 0b10


def new_id() -> uuid.UUID:
    """Return a new UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, then randomness; sorts by time of making."""
    milliseconds = time.time_ns() // 1_000_000
    randomness = int.from_bytes(os.urandom(10), "big") & ((1 << _RANDOM_BITS) - 1)
    value = (milliseconds & ((1 << 48) - 1)) << 80
    value |= 0x7 << 76
    value |= (randomness >> 62) << 64
    value |= _VARIANT << 62
    value |= randomness & ((1 << 62) - 1)
    return uuid.UUID(int=value)


def parse_id(text: str | None) -> uuid.UUID | None:
    """Return the UUID that a form or address names in its standard 36-character form, else None."""
    if not text or len(text) != _TEXT_LENGTH:
        return None
    try:
        parsed = uuid.UUID(text)
    except ValueError:
        return None
    return parsed if str(parsed) == text.lower() else None


def read_id(text: str | None) -> uuid.UUID | None:
    """Return the UUID that SQLite keeps as 32 hexadecimal characters; its own initialiser takes three times as long."""
    if text is None:
        return None
    made = object.__new__(uuid.UUID)
    object.__setattr__(made, "int", int(text, 16))
    object.__setattr__(made, "is_safe", uuid.SafeUUID.unknown)
    return made
