"""Keeps what a team leaves for each other: stored once, never changed. Who may read and leave it is `reading`'s."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy.exc import IntegrityError

from patient_app.consent.categories import OFFERED, Category
from patient_app.core import clock
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.work import db
from patient_app.teamwork.models import Review, TeamNote

MOST_LETTERS = 1000
# What a note can be about: what a patient can be asked to share.
ABOUT = OFFERED


_Row = TypeVar("_Row", Review, TeamNote)


class IdTaken(Exception):
    """The id is of something else already, one's own or somebody else's; both are answered alike."""


def add_review(clinician: Viewer, patient_id: uuid.UUID, review_id: uuid.UUID, reviewed_seq: int) -> None:
    """Keep that a clinician reviewed what a patient shared up to a `recorded_seq`; the same id again changes nothing.

    Raise `IdTaken` when the id is not of this clinician's review of this patient.
    """
    review = Review(
        id=review_id,
        practice_id=clinician.practice_id,
        patient_id=patient_id,
        clinician_id=clinician.id,
        reviewed_at=clock.now(),
        reviewed_seq=reviewed_seq,
    )
    known = _added(review)
    if known is not None and (known.clinician_id, known.patient_id) != (clinician.id, patient_id):
        raise IdTaken


def add_note(
    author: Viewer, patient_id: uuid.UUID, note_id: uuid.UUID, words: str, categories: Sequence[Category]
) -> None:
    """Keep a note of a clinician to a patient's team; the same id with the same words changes nothing.

    Raise `IdTaken` for an id of any other note: a note is not changed, it is taken back and written anew.
    """
    about = [str(category) for category in Category if category in categories]
    note = TeamNote(
        id=note_id,
        practice_id=author.practice_id,
        patient_id=patient_id,
        author_id=author.id,
        written_at=clock.now(),
        categories=about,
    )
    note.words = words
    known = _added(note)
    if known is None:
        return
    if (known.author_id, known.patient_id) != (author.id, patient_id):
        raise IdTaken
    if (known.words, known.categories) != (words, about):
        raise IdTaken


def take_back(author: Viewer, patient_id: uuid.UUID, note_id: uuid.UUID) -> None:
    """Let nobody but its author read a note any more; done twice is done once. `NotFound` for any but one's own."""
    note = db().get(TeamNote, note_id, with_for_update=True)
    if note is None or (note.author_id, note.patient_id) != (author.id, patient_id):
        raise NotFound
    note.withdrawn_at = note.withdrawn_at or clock.now()


def _added(row: _Row) -> _Row | None:
    """Add a row, or return the one that has its id already, also when another request added it this moment."""
    kind = type(row)
    known = db().get(kind, row.id)
    if known is None:
        try:
            with db().begin_nested():
                db().add(row)
        except IntegrityError:
            known = db().get(kind, row.id)
    return known
