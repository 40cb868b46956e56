"""A supporter's private space: how they are doing, for themselves alone.

No page of a patient, a clinician or an administrator asks for any of it. What is taken away is gone for good.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, select

from patient_app.accounts.registry import store_once
from patient_app.core import clock
from patient_app.core.clock import Moment
from patient_app.core.identity import Viewer
from patient_app.core.work import connection, db, vault
from patient_app.learn.models import OwnNote

MOST_LISTED = 60
_OWN = (
    select(OwnNote.id, OwnNote.person_id, OwnNote.occurred_at, OwnNote.utc_offset, OwnNote.feels, OwnNote.words_sealed)
    .where(OwnNote.person_id == bindparam("person_id"))
    .order_by(OwnNote.occurred_at.desc(), OwnNote.id.desc())
    .limit(MOST_LISTED)
)


class NothingSaid(Exception):
    """There is neither an answer nor a word."""


class IdTaken(Exception):
    """The id is of something else."""


@dataclass(frozen=True, slots=True)
class Note:
    """One note as its writer reads it back."""

    id: uuid.UUID
    local_time: datetime
    feels: int | None
    words: str


def own_notes(person: Viewer) -> list[Note]:
    """Return the person's own notes, the latest first; one statement."""
    rows = connection().execute(_OWN, {"person_id": person.id}).all()
    sealed = [(row.id, row.person_id, row.words_sealed) for row in rows]
    words = vault().open_all(OwnNote.__tablename__, "words_sealed", sealed)
    return [
        Note(
            row.id,
            (row.occurred_at + timedelta(minutes=row.utc_offset)).replace(tzinfo=None),
            row.feels,
            text or "",
        )
        for row, text in zip(rows, words, strict=True)
    ]


def write(person: Viewer, note_id: uuid.UUID, feels: int | None, words: str, moment: Moment) -> None:
    """Keep a note, once: the same sent again changes nothing. Needs a writing unit.

    Raise `NothingSaid`, and `IdTaken` for an id that stands for other words, or is somebody else's.
    """
    if feels is None and not words:
        raise NothingSaid
    taken = db().get(OwnNote, note_id)
    if taken is None:
        row = OwnNote(
            id=note_id,
            practice_id=person.practice_id,
            person_id=person.id,
            occurred_at=moment.occurred_at,
            day=moment.day,
            utc_offset=moment.utc_offset,
            zone=moment.zone,
            recorded_at=clock.now(),
            feels=feels,
        )
        row.words = words or None
        if store_once(row):
            return
        raise IdTaken
    if taken.person_id != person.id or (taken.feels, taken.words or "") != (feels, words):
        raise IdTaken


def take_away(person: Viewer, note_id: uuid.UUID) -> None:
    """Take a note of the person's own away for good; no other is touched, and nothing says whether there is one."""
    db().execute(delete(OwnNote).where(OwnNote.id == note_id, OwnNote.person_id == person.id))
