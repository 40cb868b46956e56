"""What a team leaves for each other about a patient, through the same door: who may see it, and who may leave it.

A note is read by who may now read single check-ins of all its categories, from a day before it was written on; its
author always reads it. Notes are read with the page of their days, whose record names the same consents. That somebody
reviewed is shown to whom the patient shares anything with.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, String, and_, bindparam, cast, not_, or_, select

from patient_app.access_log.models import AccessKind, AccessRecord
from patient_app.accounts import names
from patient_app.accounts.models import Person
from patient_app.consent.categories import Category, Level
from patient_app.consent.decisions import FIRST_DAY, Grants, Reader, grants_of
from patient_app.core import clock
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.prepared import Statement
from patient_app.core.roles import Discipline
from patient_app.core.work import db
from patient_app.reading.fields import open_text
from patient_app.reading.people import Named, one_of_list, plain_rows, some_of_list
from patient_app.teamwork import service as teamwork
from patient_app.teamwork.models import Review, TeamNote

# So many clinicians are named on a page as having reviewed it.
MOST_REVIEWS = 8
PAGE_NOTES = 25
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ReviewMark:
    """When one clinician last marked as reviewed what this patient shared."""

    name: str
    discipline: Discipline | None
    at: datetime
    is_own: bool


@dataclass(frozen=True, slots=True)
class SharedNote:
    """A note of the team that this reader may see; one that was taken back is still its author's."""

    id: uuid.UUID
    words: str
    categories: tuple[Category, ...]
    author: str
    discipline: Discipline | None
    written_at: datetime
    is_own: bool
    withdrawn: bool


def stands(viewer: Viewer, patient_id: uuid.UUID) -> None:
    """Raise `NotFound` unless the patient is on this clinician's list and shares anything with them now."""
    reader = Reader(viewer.id, viewer.practice_id, viewer.role, viewer.discipline)
    if one_of_list(viewer, patient_id) is None or not grants_of(reader, [patient_id]):
        raise NotFound


# --- Reviews ----------------------------------------------------------------------------------------------------------


def mark_reviewed(viewer: Viewer, patient_id: uuid.UUID, review_id: uuid.UUID) -> bool:
    """Keep that this clinician reviewed what they were shown of a patient, once; False when they read nothing of it.

    Raise `NotFound` for a patient who is not theirs or shares nothing with them, and `IdTaken` for an id of another
    mark.
    """
    stands(viewer, patient_id)
    shown = db().scalar(
        select(AccessRecord.highest_seq)
        .where(
            AccessRecord.patient_id == patient_id,
            AccessRecord.viewer_id == viewer.id,
            AccessRecord.kind == AccessKind.DETAIL,
            AccessRecord.consent_id.is_not(None),
        )
        .order_by(AccessRecord.seq.desc())
        .limit(1)
    )
    if shown is None:
        return False
    teamwork.add_review(viewer, patient_id, review_id, shown)
    return True


_REVIEWS = (
    select(Review.clinician_id, Review.reviewed_at, *names.COLUMNS, Person.discipline)
    .join(Person, Person.id == Review.clinician_id)
    .where(
        Review.patient_id == bindparam("patient_id"),
        Review.practice_id == bindparam("practice_id"),
        Review.reviewed_at >= bindparam("since"),
    )
    .order_by(Review.reviewed_at.desc())
)
_REVIEWS_DAYS = 90


def reviews_of(viewer: Viewer, patient_id: uuid.UUID) -> tuple[ReviewMark, ...]:
    """Return each clinician's newest review of the last months, newest first; for who may see anything."""
    since = clock.now() - timedelta(days=_REVIEWS_DAYS)
    asked = {"patient_id": patient_id, "practice_id": viewer.practice_id, "since": since}
    newest: dict[uuid.UUID, Any] = {}
    for row in plain_rows(_REVIEWS, asked):
        newest.setdefault(row.clinician_id, row)
    return tuple(
        ReviewMark(names.shown_in(one, row), row.discipline, row.reviewed_at, one == viewer.id)
        for one, row in list(newest.items())[:MOST_REVIEWS]
    )


# --- Notes ------------------------------------------------------------------------------------------------------------


def leave_note(
    viewer: Viewer, patient_id: uuid.UUID, note_id: uuid.UUID, words: str, categories: Sequence[Category]
) -> None:
    """Keep a note to the team, once. Raise `NotFound` and `IdTaken` as `mark_reviewed` does."""
    stands(viewer, patient_id)
    teamwork.add_note(viewer, patient_id, note_id, words, categories)


def notes_of(viewer: Viewer, person: Named, grants: Grants, first_day: date, last_day: date) -> tuple[SharedNote, ...]:
    """Return the notes of some days that this reader may see now, newest first."""
    since = {category: _open_since(person, grants, category) for category in Category}
    asked = {
        "patient_id": person.id,
        "practice_id": viewer.practice_id,
        "reader_id": viewer.id,
        "first": _begins(person, first_day),
        "after": _begins(person, last_day + timedelta(days=1)),
        **{f"since_{category}": moment for category, moment in since.items()},
    }
    # The query lets nothing else through; what carries a word that is no category is nobody's but its author's.
    return tuple(
        _as_note(viewer, row)
        for row in plain_rows(_notes(), asked)
        if row.author_id == viewer.id or (row.categories and set(row.categories) <= set(Category))
    )


@dataclass(frozen=True, slots=True)
class OwnNote:
    """A note as its author finds it again; `person` is None for a patient who is not on the author's list any more."""

    id: uuid.UUID
    patient_id: uuid.UUID
    person: Named | None
    words: str
    categories: tuple[Category, ...]
    written_at: datetime
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class OwnNotes:
    """One page of them, newest first."""

    notes: tuple[OwnNote, ...]
    page: int
    has_more: bool


def own_notes(viewer: Viewer, page: int = 1) -> OwnNotes:
    """Return what a clinician wrote to the teams of patients, whatever they are shared now and whose team they left.

    Nothing of a patient's is in it but the name of those who are on the author's list, so no reading is recorded.
    """
    page = max(1, min(page, 10_000))
    asked = {"author_id": viewer.id, "practice_id": viewer.practice_id, "skipped": (page - 1) * PAGE_NOTES}
    rows = plain_rows(_OWN_NOTES, asked)
    shown = rows[:PAGE_NOTES]
    people = some_of_list(viewer, {row.patient_id for row in shown})
    return OwnNotes(tuple(_as_own(row, people.get(row.patient_id)) for row in shown), page, len(rows) > PAGE_NOTES)


def is_listed(viewer: Viewer, patient_id: uuid.UUID) -> bool:
    """Whether a patient is on this clinician's list."""
    return one_of_list(viewer, patient_id) is not None


_OWN_NOTES = (
    select(
        TeamNote.id,
        TeamNote.practice_id,
        TeamNote.patient_id,
        TeamNote.written_at,
        TeamNote.withdrawn_at,
        TeamNote.categories,
        TeamNote.words_sealed,
    )
    .where(TeamNote.author_id == bindparam("author_id"), TeamNote.practice_id == bindparam("practice_id"))
    .order_by(TeamNote.written_at.desc(), TeamNote.id.desc())
    .offset(bindparam("skipped"))
    .limit(PAGE_NOTES + 1)
)


def _as_own(row: Any, person: Named | None) -> OwnNote:
    return OwnNote(
        id=row.id,
        patient_id=row.patient_id,
        person=person,
        words=_words(row),
        categories=_categories(row),
        written_at=row.written_at,
        withdrawn=row.withdrawn_at is not None,
    )


def _words(row: Any) -> str:
    return open_text(TeamNote.__tablename__, "words_sealed", row.id, row.practice_id, row.words_sealed)


def _categories(row: Any) -> tuple[Category, ...]:
    return tuple(category for category in Category if category in row.categories)


@lru_cache(maxsize=1)
def _notes() -> Statement:
    return (
        select(
            TeamNote.id,
            TeamNote.practice_id,
            TeamNote.author_id,
            TeamNote.written_at,
            TeamNote.withdrawn_at,
            TeamNote.categories,
            TeamNote.words_sealed,
            *names.COLUMNS,
            Person.discipline,
        )
        .join(Person, Person.id == TeamNote.author_id)
        .where(
            TeamNote.patient_id == bindparam("patient_id"),
            TeamNote.practice_id == bindparam("practice_id"),
            TeamNote.written_at >= bindparam("first"),
            TeamNote.written_at < bindparam("after"),
            or_(
                TeamNote.author_id == bindparam("reader_id"),
                and_(TeamNote.withdrawn_at.is_(None), *(_open(category) for category in Category)),
            ),
        )
        .order_by(TeamNote.written_at.desc(), TeamNote.id.desc())
    )


def _open(category: Category) -> ColumnElement[bool]:
    """Return the condition that a note is not of a category, or was written while that is open."""
    of_it = cast(TeamNote.categories, String).contains(f'"{category}"', autoescape=True)
    return or_(not_(of_it), TeamNote.written_at >= bindparam(f"since_{category}"))


def _open_since(person: Named, grants: Grants, category: Category) -> datetime:
    """Return from when on notes of a category are open: a note says more than a summary does."""
    days = [
        grant.entries_from or FIRST_DAY
        for grant in grants.items
        if grant.category is category and grant.level is Level.DETAIL
    ]
    return _begins(person, min(days)) if days else _NEVER


def _begins(person: Named, day: date) -> datetime:
    """Return when a patient's day begins."""
    if day <= FIRST_DAY:
        return datetime.combine(FIRST_DAY, time(), UTC)
    start = datetime.combine(day, time(), clock.find_zone(person.zone) or UTC)
    return start + timedelta(minutes=person.day_start_minutes)


def _as_note(viewer: Viewer, row: Any) -> SharedNote:
    return SharedNote(
        id=row.id,
        words=_words(row),
        categories=_categories(row),
        author=names.shown_in(row.author_id, row),
        discipline=row.discipline,
        written_at=row.written_at,
        is_own=row.author_id == viewer.id,
        withdrawn=row.withdrawn_at is not None,
    )
