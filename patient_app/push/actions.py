"""What is done on a notification, without opening the application: Done, or Later; or how somebody is, if asked so.

Each message brings a token of 256 random bits, of which we keep the hash. It is good for one thing (what the feature of
reminders issued it for), once, on the device that got it, as long as its session is live, and until its time is over:
by the phone's clock, put right as far as we know, since a tap without a network comes later. It reads nothing and opens
no page. That feature does what is to be done (`register`); it may be asked twice for one thing, by two devices.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol, cast

from sqlalchemy import CursorResult, Table, bindparam, delete, insert, select, update

from patient_app.core import clock
from patient_app.core.clock import Moment
from patient_app.core.identity import Viewer
from patient_app.core.outbox import Item
from patient_app.core.work import connection, db
from patient_app.push import service
from patient_app.push.devices import Device
from patient_app.push.messages import LATER_MINUTES, MOODS
from patient_app.push.models import NotificationAction, PushSubscription

# A tap that waited on a phone is taken for so long after its time was over.
TAKEN_LATE = timedelta(days=7)
LONGEST_TOKEN = 64


class Over(Exception):
    """Nothing is done: the token is of another device or person, was used otherwise, or its time is over."""


class Unclear(Exception):
    """What was sent says nothing that could be done."""


class Word(StrEnum):
    """What can be wished."""

    DONE = "done"
    LATER = "later"
    MOOD = "mood"


@dataclass(frozen=True, slots=True)
class Tap:
    """What was tapped: the token of the notification, and the wish; with the minutes for Later, or the mood."""

    token: str
    word: Word
    number: int = 0

    @property
    def told(self) -> str:
        """The wish as it is kept."""
        return self.word.value if self.word is Word.DONE else f"{self.word.value} {self.number}"


class Acting(Protocol):
    """The feature of reminders. Each returns the address of the page that tells what was done, or raises `Over`.

    Both may come twice for one subject, from two devices. `item` is set where the tap waited on a phone; `moment` is
    when it was, as it was for the person. `tap_id` is of the one notification on the one device.
    """

    def done(self, patient: Viewer, subject_id: uuid.UUID, tap_id: uuid.UUID, moment: Moment, item: Item | None) -> str:
        """Mark it as done, and log what it was about."""

    def later(self, patient: Viewer, subject_id: uuid.UUID, minutes: int, moment: Moment, item: Item | None) -> str:
        """Send it again after so many minutes."""

    def mood(self, patient: Viewer, subject_id: uuid.UUID, mood: int, moment: Moment, item: Item | None) -> str:
        """Keep how somebody is, once for a subject."""


_acting: list[Acting] = []
_ISSUE = insert(cast("Table", NotificationAction.__table__))
_FOUND = (
    select(
        NotificationAction.subject_id,
        NotificationAction.subscription_id,
        NotificationAction.issued_at,
        NotificationAction.expires_at,
        NotificationAction.used_as,
        NotificationAction.asks_mood,
    )
    .join(PushSubscription, PushSubscription.id == NotificationAction.subscription_id)
    .where(
        NotificationAction.token_hash == bindparam("token_hash"),
        NotificationAction.person_id == bindparam("asking_person"),
        PushSubscription.person_id == bindparam("asking_person"),
        PushSubscription.session_id == bindparam("asking_session"),
        PushSubscription.retired_at.is_(None),
    )
)
_USE = (
    update(NotificationAction)
    .where(NotificationAction.token_hash == bindparam("used_token"), NotificationAction.used_at.is_(None))
    .values(used_at=bindparam("at"), used_as=bindparam("what"))
)


def register(acting: Acting) -> None:
    """Let a feature do what is tapped; the last that registers does it."""
    _acting[:] = [acting]


def issue(device: Device, subject_id: uuid.UUID, until: datetime, *, asks_mood: bool = False) -> str:
    """Return a token for one notification on one device, good until a moment. Needs a writing unit."""
    token = secrets.token_urlsafe(32)
    connection().execute(
        _ISSUE,
        {
            "token_hash": _hash(token),
            "practice_id": device.practice_id,
            "person_id": device.person_id,
            "subscription_id": device.id,
            "subject_id": subject_id,
            "issued_at": clock.now(),
            "expires_at": until,
            "asks_mood": asks_mood,
        },
    )
    return token


def read(fields: Mapping[str, str]) -> Tap:
    """Return the tap that fields of a form tell of; raise `Unclear` for anything but `done` and the minutes offered."""
    token, wish = fields.get("token", ""), fields.get("do", "")
    if not token or len(token) > LONGEST_TOKEN:
        raise Unclear
    if wish == Word.DONE:
        return Tap(token, Word.DONE)
    for word, numbers in ((Word.LATER, LATER_MINUTES), (Word.MOOD, MOODS)):
        for number in numbers:
            if wish == f"{word} {number}":
                return Tap(token, word, number)
    raise Unclear


def take(patient: Viewer, tap: Tap, moment: Moment, item: Item | None = None) -> str:
    """Do what was tapped, once, and return the address of the page that tells of it. Needs a writing unit.

    The same tap again is answered alike and does nothing. Raise `Over` when nothing is done.
    """
    asked = _asked(patient, tap)
    found = connection().execute(_FOUND, asked).one_or_none()
    if found is None or patient.entries_closed_from is not None or not _acting:
        raise Over
    if found.used_as is None and not _is_in_time(found, moment.occurred_at if item is None else item.made.really_at):
        raise Over
    if tap.word is Word.MOOD and not found.asks_mood:
        raise Over
    if found.used_as is None and _use(tap):
        service.note_tap(patient, found.subscription_id)
        return _do(patient, tap, found.subject_id, moment, item)
    # Used before, or by another tap in this very moment.
    used_as = connection().execute(_FOUND, asked).one().used_as
    if used_as != tap.told:
        raise Over
    return SAME_AGAIN


SAME_AGAIN = "/today"


def was_done(patient: Viewer, tap: Tap) -> bool:
    """Whether this very thing was done before: then it does not matter when it was tapped."""
    found = connection().execute(_FOUND, _asked(patient, tap)).one_or_none()
    return found is not None and patient.entries_closed_from is None and found.used_as == tap.told


def _asked(patient: Viewer, tap: Tap) -> dict[str, object]:
    return {"token_hash": _hash(tap.token), "asking_person": patient.id, "asking_session": patient.session_id}


def _do(patient: Viewer, tap: Tap, subject_id: uuid.UUID, moment: Moment, item: Item | None) -> str:
    if tap.word is Word.MOOD:
        return _acting[0].mood(patient, subject_id, tap.number, moment, item)
    if tap.word is Word.LATER:
        return _acting[0].later(patient, subject_id, tap.number, moment, item)
    tap_id = uuid.UUID(bytes=_hash(tap.token)[:16], version=5)
    return _acting[0].done(patient, subject_id, tap_id, moment, item)


def _is_in_time(found: Any, tapped: datetime) -> bool:
    """Whether a tap was made before its end, and did not wait for ever.

    One from before the token was made tells of a clock that was slow and has been put right since: nobody can have had
    the token then. When it really was is not known, so it is taken only if it came before the end itself.
    """
    now = clock.now()
    if tapped < found.issued_at:
        return bool(now <= found.expires_at)
    return bool(tapped <= found.expires_at and now <= found.expires_at + TAKEN_LATE)


def _use(tap: Tap) -> bool:
    used = {"used_token": _hash(tap.token), "at": clock.now(), "what": tap.told}
    return int(connection().execute(_USE, used).rowcount) == 1


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def drop_all() -> int:
    """Take no answers on notifications that are shown now (after a restore: one may have been used since)."""
    return _removed(delete(NotificationAction))


def prune() -> int:
    """Remove tokens that nothing is taken for any more; return how many."""
    return _removed(delete(NotificationAction).where(NotificationAction.expires_at < clock.now() - TAKEN_LATE))


def _removed(statement: Any) -> int:
    result = db().execute(statement)
    assert isinstance(result, CursorResult)  # noqa: S101 - narrows the type that `execute` declares.
    return int(result.rowcount)
