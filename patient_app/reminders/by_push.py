"""The way by push: hands the engine what `push` knows of devices, and gives each message its one-time token."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from flask_babel import force_locale, get_locale

from patient_app.checkins.words import MOODS
from patient_app.core.config import Config, ConfigError
from patient_app.core.work import Store
from patient_app.push import actions, messages, service, vapid
from patient_app.push import devices as push
from patient_app.push.messages import Notice
from patient_app.push.outcomes import Outcome, Urgency
from patient_app.push.sending import Sender, sender_of
from patient_app.reminders import engine, ways
from patient_app.reminders import messages as reminders
from patient_app.reminders.ways import Payload


class ByPush:
    """The `ways.Sender` of an installation."""

    def __init__(self, config: Config, sender: Sender | None = None) -> None:
        self._origin = config.origin
        self._sender = sender or sender_of(config)

    def devices_of(self, person_id: uuid.UUID) -> Sequence[ways.Device]:
        """Return the devices that get messages for a person now."""
        return service.devices_of(person_id)

    def pack(self, device: ways.Device, payload: Payload, until: datetime) -> Payload:
        """Return what is sent: with the words of the buttons, and a token for them. Needs a writing unit."""
        known = _known(device)
        token = actions.issue(known, uuid.UUID(payload["id"]), until, asks_mood=payload["asks_mood"])
        with force_locale(payload["lang"]):
            return messages.payload(notice_of(payload, token, has_buttons=known.has_buttons), known, self._origin)

    def send(
        self, device: ways.Device, payload: Payload, *, ttl: int, topic: str | None, urgency: str, attempt: int
    ) -> Outcome:
        """Send one message."""
        return self._sender.send(
            _known(device), payload, ttl=ttl, topic=topic, urgency=Urgency(urgency), attempt=attempt
        )

    def keep(self, device: ways.Device, outcome: ways.Outcome) -> None:
        """Keep what came of it. Needs a writing unit."""
        assert isinstance(outcome, Outcome)  # noqa: S101 - what `send` above returned.
        service.record(_known(device), outcome)


def notice_of(payload: Payload, token: str, *, has_buttons: bool) -> Notice:
    """Return what a phone shows of a payload, in the language of the moment; without buttons, a tap leads to them."""
    locale = get_locale()
    return Notice(
        title=payload["title"],
        body=payload["body"],
        path=payload["url"] if has_buttons else reminders.OPENS,
        tag=reminders.topic(uuid.UUID(payload["id"])),
        language=payload["lang"],
        direction=locale.text_direction if locale else "ltr",
        token=token,
        moods={mood: str(words) for mood, words in MOODS.items()} if payload["asks_mood"] else None,
    )


def _known(device: ways.Device) -> push.Device:
    assert isinstance(device, push.Device)  # noqa: S101 - what `devices_of` above returned.
    return device


def deliver_due(store: Store) -> int:
    """Deliver all that is due by push; the worker's tick calls it. Without a usable key, all that needs no push."""
    try:
        sender: ways.Sender = ByPush(store.config)
    except ConfigError:
        vapid.usable_keys(store.config)  # Says once in the log what is wrong.
        sender = ways.NoPush()
    return engine.deliver_due(store, sender)
