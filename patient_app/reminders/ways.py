"""By which ways reminders go out: what the engine wants of push, and what there is until a device is known.

`push` stands below and knows no reminder; whatever has these shapes can be handed to the engine (tests hand others).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

# What becomes of a message, as `push.sending` words it.
ACCEPTED, GONE, LATER, REFUSED = "accepted", "gone", "later", "refused"
HIGH, NORMAL = "high", "normal"

Payload = Mapping[str, Any]


class Unsound(Exception):
    """One row that could not be dealt with, whatever the fault is: it is set aside, and the others go on."""

    def __init__(self, row_id: uuid.UUID) -> None:
        super().__init__(str(row_id))
        self.row_id = row_id


class Device(Protocol):
    """One subscription of a person's device."""

    @property
    def id(self) -> uuid.UUID:
        """Its id."""


class Outcome(Protocol):
    """What became of one message to one device."""

    @property
    def result(self) -> str:
        """One of the four words above."""

    @property
    def retry_at(self) -> datetime | None:
        """For `LATER`: when to try again, where the push service said so."""


class Sender(Protocol):
    """Knows a person's devices, and sends to one of them without any unit of work."""

    def devices_of(self, person_id: uuid.UUID) -> Sequence[Device]:
        """Return the devices that may be sent to; asked in a unit of work."""

    def pack(self, device: Device, payload: Payload, until: datetime) -> Payload:
        """Return what is sent, with what this way needs besides; asked in the claim's writing unit.

        `until` is when the occurrence makes no more sense.
        """

    def send(
        self, device: Device, payload: Payload, *, ttl: int, topic: str | None, urgency: str, attempt: int
    ) -> Outcome:
        """Send; `ttl` counts seconds, `attempt` from 0 what was tried on this device before.

        Never raises for what a push service does, and always ends within seconds.
        """

    def keep(self, device: Device, outcome: Outcome) -> None:
        """Keep what came of it: that a device was reached, or is no more. Called in a writing unit, afterwards."""


class NoPush:
    """Nobody has a device: everything stands in the list on Today alone."""

    def devices_of(self, person_id: uuid.UUID) -> Sequence[Device]:
        """Return none."""
        return ()

    def pack(self, device: Device, payload: Payload, until: datetime) -> Payload:
        """Is never asked, there being no device."""
        raise NotImplementedError

    def send(
        self, device: Device, payload: Payload, *, ttl: int, topic: str | None, urgency: str, attempt: int
    ) -> Outcome:
        """Is never asked either."""
        raise NotImplementedError

    def keep(self, device: Device, outcome: Outcome) -> None:
        """Is never asked either."""
