"""The note of a week: how much the medicines help, and how much they bother; once a week, for all of them together.

A week begins on Monday, by the person's own days. However often and on however many devices it is written, there is one
note of a week, with all its versions; the one that was written last is shown. The id of a writing is made where that
is, and is its idempotency key for ever.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import Boolean, Insert, Table, and_, bindparam, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from patient_app.accounts.entry_order import lock_entries, next_entry_seq
from patient_app.core import clock
from patient_app.core.clock import Moment
from patient_app.core.identity import Viewer
from patient_app.core.ids import new_id
from patient_app.core.vault import Place
from patient_app.core.work import connection, vault
from patient_app.effects.models import ResponseNote, ResponseVersion, Source
from patient_app.effects.recording import IdTaken, NothingSaid, OtherWords, Sent
from patient_app.effects.service import asked_by

OWN = and_(
    ResponseNote.patient_id == bindparam("patient_id"),
    ResponseNote.recorded_at >= bindparam("closed_from"),
    or_(bindparam("is_open", type_=Boolean), ResponseNote.while_closed),
)
SHOWN = and_(ResponseVersion.note_id == ResponseNote.id, ResponseVersion.version == ResponseNote.shown_version)
# What `as_note` opens; the words apart, since not everybody who may read the rest may read them.
SAID = (
    ResponseNote.patient_id,
    ResponseNote.week,
    ResponseNote.day,
    ResponseVersion.id.label("version_id"),
    ResponseVersion.helps,
    ResponseVersion.bothers,
    ResponseVersion.words_about_use,
    ResponseVersion.recorded_seq,
)
_OWN = (
    select(*SAID, ResponseVersion.words_sealed)
    .join(ResponseVersion, SHOWN)
    .where(OWN, ResponseNote.week >= bindparam("first"), ResponseNote.week <= bindparam("last"))
    .order_by(ResponseNote.week, ResponseNote.while_closed.desc(), ResponseVersion.edited_at)
)
_NOTES, _VERSIONS = cast("Table", ResponseNote.__table__), cast("Table", ResponseVersion.__table__)
_ONCE = ["patient_id", "week", "while_closed"]
_NEW_NOTE: dict[str, Insert] = {
    "sqlite": sqlite.insert(_NOTES).on_conflict_do_nothing(index_elements=_ONCE).returning(ResponseNote.id),
    "postgresql": postgresql.insert(_NOTES).on_conflict_do_nothing(index_elements=_ONCE).returning(ResponseNote.id),
}
_NEW_VERSION = insert(_VERSIONS)
_BY_ID = select(ResponseVersion.patient_id, ResponseVersion.fingerprint, ResponseVersion.note_id).where(
    ResponseVersion.id == bindparam("version_id")
)
_STANDS = (
    select(
        ResponseNote.id,
        ResponseNote.newest_version,
        ResponseNote.shown_version,
        ResponseVersion.edited_at,
        ResponseVersion.clock_skew,
        ResponseVersion.fingerprint,
    )
    .join(ResponseVersion, SHOWN)
    .where(
        ResponseNote.patient_id == bindparam("patient_id"),
        ResponseNote.week == bindparam("week"),
        ResponseNote.while_closed == bindparam("while_closed", type_=Boolean),
    )
)
_CHANGED = (
    update(_NOTES)
    .where(_NOTES.c.id == bindparam("note_id"))
    .values(newest_version=bindparam("newest"), shown_version=bindparam("shown"))
)


@dataclass(frozen=True, slots=True)
class Answers:
    """What a weekly note says: two answers from 0 to 4, and own words; each can be left out."""

    helps: int | None = None
    bothers: int | None = None
    words: str = ""
    words_about_use: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing was said."""
        return self.helps is None and self.bothers is None and not self.words


@dataclass(frozen=True, slots=True)
class OwnNote:
    """The note of one week as its author reads it back; `week` is its Monday, `day` the one it was written on first."""

    week: date
    answers: Answers
    day: date


def week_of(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def own_notes(patient: Viewer, first: date, last: date) -> list[OwnNote]:
    """Return the patient's own notes of the weeks between two Mondays, the earliest first; one statement."""
    rows = connection().execute(_OWN, {**asked_by(patient), "first": first, "last": last}).all()
    return _newest(rows)


def own_note(patient: Viewer, week: date) -> OwnNote | None:
    """Return the patient's own note of a week, or None."""
    return next(iter(own_notes(patient, week, week)), None)


def record(
    patient: Viewer,
    version_id: uuid.UUID,
    answers: Answers,
    moment: Moment,
    *,
    sent: Sent | None = None,
    written_at: datetime | None = None,
    source: Source = Source.FORM,
    recorded_at: datetime | None = None,
) -> date:
    """Store what was written, once, into the note of its week, and return that week. Needs a writing unit.

    The same id again is answered alike and changes nothing; so are, from a form, the words that are shown. Raise
    `NothingSaid`, `IdTaken` for an id of somebody else's, `OtherWords` for an id of one's own that says something else.
    """
    if answers.is_empty:
        raise NothingSaid
    week, when = week_of(moment.day), recorded_at or clock.now()
    lock_entries(patient.id)  # From here on, one writer at a time for this patient.
    fingerprint = _fingerprint(answers)
    known = connection().execute(_BY_ID, {"version_id": version_id}).one_or_none()
    if known is not None:
        if known.patient_id != patient.id:
            raise IdTaken
        if known.fingerprint != fingerprint:
            raise OtherWords
        return week
    closed = patient.entries_closed_from is not None
    stands = connection().execute(
        _STANDS, {"patient_id": patient.id, "week": week, "while_closed": closed}
    ).one_or_none()  # fmt: skip
    if stands is not None and sent is None and stands.fingerprint == fingerprint:
        return week
    edited_at, seq = written_at or when, next_entry_seq(patient.id)
    if stands is None:
        note_id, number, shown = _insert_note(patient, week, moment, seq, when, while_closed=closed), 1, 1
    else:
        number = stands.newest_version + 1
        is_later = _written(edited_at, sent.clock_skew if sent else None) >= _written(
            stands.edited_at, stands.clock_skew
        )
        shown = number if is_later else stands.shown_version
        note_id = stands.id
        connection().execute(_CHANGED, {"note_id": note_id, "newest": number, "shown": shown})
    connection().execute(
        _NEW_VERSION,
        {
            "id": version_id,
            "note_id": note_id,
            "patient_id": patient.id,
            "version": number,
            "occurred_at": moment.occurred_at,
            "local_date": moment.local_date,
            "day": moment.day,
            "utc_offset": moment.utc_offset,
            "zone": moment.zone,
            "recorded_at": when,
            "edited_at": edited_at,
            "recorded_seq": seq,
            "device_seq": sent and sent.device_seq,
            "source": Source.OUTBOX if sent else source,
            "clock_skew": sent and sent.clock_skew,
            "fingerprint": fingerprint,
            "helps": answers.helps,
            "bothers": answers.bothers,
            "words_sealed": _sealed(version_id, patient.id, answers.words),
            "words_about_use": bool(answers.words) and answers.words_about_use,
        },
    )
    return week


def was_sent(patient: Viewer, version_id: uuid.UUID, answers: Answers) -> bool:
    """Whether exactly this is stored under this id already, as the patient's own."""
    known = connection().execute(_BY_ID, {"version_id": version_id}).one_or_none()
    return known is not None and known.patient_id == patient.id and known.fingerprint == _fingerprint(answers)


def open_words(row: Any) -> str:
    """Return the own words of a row; where they are broken, a sentence that says so."""
    if row.words_sealed is None:
        return ""
    place = Place(ResponseVersion.__tablename__, "words_sealed", row.version_id, row.patient_id)
    return vault().open_or_say(place, row.words_sealed)


def _newest(rows: Sequence[Any]) -> list[OwnNote]:
    """Return one note a week: what the person wrote in a session that was in question is the older of two."""
    found = {
        row.week: OwnNote(row.week, Answers(row.helps, row.bothers, open_words(row), row.words_about_use), row.day)
        for row in rows
    }
    return list(found.values())


def _written(edited_at: datetime, clock_skew: int | None) -> datetime:
    """Return when something was really written, as far as is known."""
    return edited_at - timedelta(seconds=clock_skew or 0)


def _insert_note(
    patient: Viewer, week: date, moment: Moment, seq: int, when: datetime, *, while_closed: bool
) -> uuid.UUID:
    row = {
        "id": new_id(),
        "practice_id": patient.practice_id,
        "patient_id": patient.id,
        "week": week,
        "day": moment.day,
        "recorded_at": when,
        "recorded_seq": seq,
        "newest_version": 1,
        "shown_version": 1,
        "while_closed": while_closed,
    }
    made = connection().execute(_NEW_NOTE[connection().dialect.name], row).scalar_one()
    return cast("uuid.UUID", made)


def _sealed(version_id: uuid.UUID, owner: uuid.UUID, text: str) -> bytes | None:
    place = Place(ResponseVersion.__tablename__, "words_sealed", version_id, owner)
    return vault().seal(place, text) if text else None


def _fingerprint(answers: Answers) -> bytes:
    words = [answers.helps, answers.bothers, answers.words, answers.words_about_use]
    return vault().keyed_hash("response note", json.dumps(words).encode())
