"""What is said of a message before and after it is sent, without what sends it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Urgency(StrEnum):
    """How soon a phone is to be woken (RFC 8030, 5.3)."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class Result(StrEnum):
    """What came of sending."""

    ACCEPTED = "accepted"
    GONE = "gone"  # The subscription is no more.
    LATER = "later"  # Nobody is to blame, or not for long.
    REFUSED = "refused"  # The same message would be refused again.


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of sending. `retry_at` is set for `LATER`; `status` is the answer's, None where there was none."""

    result: Result
    status: int | None = None
    retry_at: datetime | None = None
