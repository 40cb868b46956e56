"""Who sends, signed for a push service (RFC 8292). Only what sends imports this: the library behind it is large."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import NamedTuple

from webpush.vapid import VAPID

from patient_app.core import clock
from patient_app.push.vapid import VapidKey

# At most 24 hours by the standard; clocks differ, so half of that, and a token is used for half of its time.
TOKEN_LASTS = timedelta(hours=12)
TOKEN_USED = timedelta(hours=6)
MOST_ORIGINS = 256


class _Audience(NamedTuple):
    """What the library makes the audience of: its own reading of an address leaves the port out."""

    scheme: str
    host: str


class Signer(VAPID):
    """The library's signer, mended: the audience has its port, and a token is made once for each origin and reused."""

    def __init__(self, key: VapidKey, contact: str) -> None:
        super().__init__(*key.pair())
        self._contact = contact
        self._kept: dict[str, tuple[datetime, str]] = {}
        self._lock = threading.Lock()

    def authorization(self, origin: str) -> str:
        """Return the header for messages to an origin (`https://push.example.org:8443`)."""
        moment = clock.now()
        with self._lock:
            made_at, header = self._kept.get(origin, (moment, ""))
            if header and timedelta() <= moment - made_at < TOKEN_USED:
                return header
            scheme, _, host = origin.partition("://")
            lasts = int(TOKEN_LASTS.total_seconds())
            header = super().get_authorization_header(_Audience(scheme, host), self._contact, lasts)
            while len(self._kept) >= MOST_ORIGINS:
                self._kept.pop(next(iter(self._kept)))
            self._kept[origin] = moment, header
            return header
