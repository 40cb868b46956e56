"""A phone that sends what waited on it, as the page's own scripts do."""

from __future__ import annotations

import base64
import json
import os
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask

from patient_app.core import clock, letterbox
from patient_app.core.ids import new_id
from patient_app.core.work import Store
from tests.factories import Made, sign_in
from tests.page import Client, Page


def as_sent(moment: datetime) -> str:
    """Return a moment as phones write it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class Phone:
    """A phone on which somebody is signed in, with its own clock and zone."""

    app: Flask
    store: Store
    person: Made
    zone: str = "Europe/Paris"
    ahead: timedelta = timedelta()
    seq: int = 0
    device: uuid.UUID = field(default_factory=new_id)
    browser: Client = field(init=False)

    def __post_init__(self) -> None:
        """Sign in, and keep the key and the tag that pages carry."""
        self.browser = Client(self.app)
        sign_in(self.browser, self.person)
        with self.store.work(writes=False):
            self.tag, self.key = letterbox.person_tag(self.person.id), letterbox.public_key()

    @property
    def now(self) -> datetime:
        """What the phone's clock says."""
        return clock.now() + self.ahead

    def letter(self, action: str, fields: list[tuple[str, str]], **other: Any) -> dict[str, Any]:
        """Write a letter now."""
        self.seq += 1
        return {
            "action": action,
            "fields": fields,
            "made_at": as_sent(self.now),
            "zone": self.zone,
            "offset": 60,
            "device": str(self.device),
            "device_seq": self.seq,
        } | other

    def sealed(self, letter: object, item_id: object) -> str:
        """Seal a letter as it waits on the phone."""
        words = letter if isinstance(letter, bytes) else json.dumps(letter).encode()
        with self.store.work(writes=False):
            blob = letterbox.seal_letter(words, self.tag, item_id, self.key, os.urandom(12))  # type: ignore[arg-type]
        return base64.urlsafe_b64encode(blob).decode().rstrip("=")

    def envelope(self, letter: object, item_id: uuid.UUID) -> dict[str, Any]:
        """Return what is sent for a letter, now."""
        return {
            "v": 1,
            "person": self.tag,
            "sent_at": as_sent(self.now),
            "id": str(item_id),
            "letter": self.sealed(letter, item_id),
        }

    def post(self, envelope: object, browser: Client | None = None) -> Page:
        """Send it."""
        return (browser or self.browser).post("/outbox", json=envelope)

    def send(self, letter: object, item_id: uuid.UUID) -> dict[str, Any]:
        """Send a letter, and return the answer to it."""
        page = self.post(self.envelope(letter, item_id))
        assert page.status_code == 200, page.text
        assert page.json is not None
        assert (page.json["v"], page.json["id"]) == (1, str(item_id))
        return dict(page.json)

    def check_in(self, item_id: uuid.UUID | None = None, **said: str | list[str]) -> dict[str, Any]:
        """Write a check-in and send it at once."""
        return self.send(self.letter("/check-in", fields_of(said)), item_id or new_id())

    def change(self, entry_id: uuid.UUID, base: int, *, at: datetime | None = None, **said: str) -> dict[str, Any]:
        """Change a check-in and send that at once."""
        return self.send(self.edit(entry_id, base, at=at, **said), new_id())

    def edit(self, entry_id: uuid.UUID, base: int, *, at: datetime | None = None, **said: str) -> dict[str, Any]:
        """Write a change of a check-in."""
        fields = [("id", str(entry_id)), ("base", str(base)), *fields_of(dict(said))]
        return self.letter(f"/check-in/{entry_id}/change", fields, made_at=as_sent(at or self.now))


def fields_of(said: dict[str, Any]) -> list[tuple[str, str]]:
    """Return answers as a form gives its fields."""
    return [(name, one) for name, value in said.items() for one in ([value] if isinstance(value, str) else value)]
