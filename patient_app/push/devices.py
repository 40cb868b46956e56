"""A device to which messages go, as the rest of the application knows it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

# Without a sign of life for so long, a device is shown as one that may not get anything any more.
SILENT_AFTER = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Device:
    """A subscription that may be sent to now: its session is live. Where it is reached is never shown or logged."""

    id: uuid.UUID
    practice_id: uuid.UUID
    person_id: uuid.UUID
    session_id: uuid.UUID
    browser: str
    created_at: datetime
    last_seen_at: datetime
    last_success_at: datetime | None
    tested_at: datetime | None
    vapid_key: str = field(repr=False)
    endpoint: str = field(repr=False)
    p256dh: str = field(repr=False)
    auth: str = field(repr=False)

    @property
    def has_buttons(self) -> bool:
        """Whether its notifications can have buttons: those of Safari, on whatever machine, have none."""
        return not (urlsplit(self.endpoint).hostname or "").endswith(".push.apple.com")

    def is_silent(self, moment: datetime) -> bool:
        """Whether the application was not opened there for long: the phone may be lost, or off."""
        return moment - self.last_seen_at > SILENT_AFTER
