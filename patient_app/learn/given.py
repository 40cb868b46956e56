"""Lessons that a clinician gave to a patient: given, taken back, and which of them stand for the patient.

One stands from when it was given until the patient read it or put it aside, or until it is taken back or who gave it
leaves the team. What the patient did with it is theirs: it stands in what they keep (`service.Learning`), is asked for
by no query of a clinician's page, and nobody is told. Whether somebody may give, and who reads that it was given,
`reading.lessons` decides. A session in question after a clinic code sees none.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, bindparam, select
from sqlalchemy.orm import InstrumentedAttribute

from patient_app.accounts import giving, names
from patient_app.accounts.entry_order import lock_entries, next_entry_seq
from patient_app.accounts.models import Person
from patient_app.accounts.registry import store_once
from patient_app.consent.words import DISCIPLINE_NAMES
from patient_app.core import clock
from patient_app.core.clock import Moment
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.prepared import Prepared
from patient_app.core.roles import Discipline
from patient_app.core.work import connection, db, vault
from patient_app.learn import service
from patient_app.learn.facts import Lesson
from patient_app.learn.models import LessonAssignment as Assignment
from patient_app.learn.service import Learning, Shown

MOST_LISTED = 50


class IdTaken(Exception):
    """The id is of something else."""


class AlreadyGiven(Exception):
    """The same clinician gave the same lesson, and did not take it back."""


class Standing(StrEnum):
    """Whether a lesson that was given stands, as far as that is the clinicians' to know; and why not."""

    STANDS = "stands"
    LEFT = "left"  # Who gave it left the team.
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Given:
    """What a clinician says when they give a lesson."""

    lesson: Lesson
    note: str = ""


@dataclass(frozen=True, slots=True)
class OwnGiven:
    """A lesson that was given, as the patient reads it."""

    id: uuid.UUID
    given: Given
    author: str
    author_id: uuid.UUID
    discipline: Discipline | None
    day: date
    given_at: datetime
    about_use: bool
    standing: Standing
    # What the person did with it, which is theirs to know.
    is_read: bool = False
    is_put_aside: bool = False

    @property
    def waits(self) -> bool:
        """Whether it stands and is neither read nor put aside."""
        return self.standing is Standing.STANDS and not self.is_read and not self.is_put_aside

    @property
    def may_wait_again(self) -> bool:
        """Whether it would wait again, if the person took back that they put it aside."""
        return self.standing is Standing.STANDS and self.is_put_aside and not self.is_read

    @property
    def lesson(self) -> Lesson:
        """Which lesson it is."""
        return self.given.lesson

    @property
    def by(self) -> str:
        """What the author is for the patient, in the reader's language."""
        return "" if self.discipline is None else str(DISCIPLINE_NAMES[self.discipline])


@dataclass(frozen=True, slots=True)
class OwnGivens:
    """What was given, by what the patient did with it: none of it is about use where that plays no part for them.

    `aside` are about a topic that they put aside: nothing names them unasked. `before` were read or put aside one by
    one, or who gave them left the team.
    """

    waiting: tuple[OwnGiven, ...] = ()
    aside: tuple[OwnGiven, ...] = ()
    before: tuple[OwnGiven, ...] = ()

    def of_lesson(self, slug: str) -> list[OwnGiven]:
        """Return what waits of one lesson, though its topic be put aside: its own page says from whom it is."""
        return [one for one in (*self.waiting, *self.aside) if one.waits and one.lesson.slug == slug]


# --- what stands, as conditions ----------------------------------------------------------------------------------

ON_TEAM = giving.on_team(Assignment)
COLUMNS: tuple[ColumnElement[Any] | InstrumentedAttribute[Any], ...] = (
    Assignment.id,
    Assignment.patient_id,
    Assignment.author_id,
    Assignment.day,
    Assignment.given_at,
    Assignment.about_use,
    Assignment.lesson_sealed,
    Assignment.note_sealed,
    Assignment.withdrawn_at,
    *names.COLUMNS,
    Person.discipline,
    ON_TEAM.label("on_team"),
)
# What was taken back, the patient sees no more.
_OWN = Prepared(
    select(*COLUMNS)
    .join(Person, Person.id == Assignment.author_id)
    .where(Assignment.patient_id == bindparam("patient_id"), Assignment.withdrawn_at.is_(None))
    .order_by(Assignment.given_at.desc(), Assignment.id)
    .limit(MOST_LISTED)
)
_STILL = select(Assignment.id).where(
    Assignment.patient_id == bindparam("patient_id"),
    Assignment.tag == bindparam("tag"),
    Assignment.author_id == bindparam("author_id"),
    Assignment.withdrawn_at.is_(None),
)
_IS_OWN = select(Assignment.id).where(
    Assignment.id == bindparam("assignment_id"), Assignment.patient_id == bindparam("patient_id")
)


# --- the patient's own -------------------------------------------------------------------------------------------


def own_givens(patient: Viewer, shown: Shown) -> OwnGivens:
    """Return what was given to the patient, the latest first; `shown` is the library as they see it. One statement."""
    if patient.entries_closed_from is not None:
        return OwnGivens()
    open_now = {lesson.slug for lesson in shown.lessons}
    put_aside = {lesson.slug for lesson in shown.aside}
    waiting, aside, before = list[OwnGiven](), list[OwnGiven](), list[OwnGiven]()
    for one in _as_own(_OWN.all(connection(), {"patient_id": patient.id}), shown.kept):
        slug = one.lesson.slug
        if one.about_use and not shown.asks_about_use:
            continue
        if slug in put_aside:
            aside.append(one)
        elif slug in open_now:  # Else it is about use by now, which plays no part for them.
            (waiting if one.waits else before).append(one)
    return OwnGivens(tuple(waiting), tuple(aside), tuple(before))


def put_aside(patient: Viewer, assignment_id: uuid.UUID, *, aside: bool) -> None:
    """Put one that was given to the patient aside, or back; said twice it is the same. Needs a writing unit.

    Raise `NotFound` for "not yours" and for "not there" alike, and in a session in question.
    """
    asked = {"assignment_id": assignment_id, "patient_id": patient.id}
    if patient.entries_closed_from is not None or connection().scalar(_IS_OWN, asked) is None:
        raise NotFound
    service.set_given_aside(patient, assignment_id, aside=aside)


# --- the clinician's ---------------------------------------------------------------------------------------------


def give(author: Viewer, patient_id: uuid.UUID, assignment_id: uuid.UUID, given: Given, moment: Moment) -> None:
    """Keep that a clinician gives a lesson to a patient, once. Needs a writing unit; `moment` is the patient's.

    Raise `AlreadyGiven` where the same clinician gave it before and did not take it back, which tells nothing of
    whether it was read; and `IdTaken` for the id of anything else.
    """
    lock_entries(patient_id)  # From here on, one writer at a time for this patient.
    mark, tag = _fingerprint(given), _tag(patient_id, given.lesson.slug)
    known = db().get(Assignment, assignment_id)
    if known is not None:
        if (known.patient_id, known.author_id, known.fingerprint) == (patient_id, author.id, mark):
            return
        raise IdTaken
    if connection().scalar(_STILL, {"patient_id": patient_id, "tag": tag, "author_id": author.id}) is not None:
        raise AlreadyGiven
    row = Assignment(
        id=assignment_id,
        practice_id=author.practice_id,
        patient_id=patient_id,
        author_id=author.id,
        day=moment.day,
        given_at=moment.occurred_at,
        recorded_seq=next_entry_seq(patient_id),
        fingerprint=mark,
        tag=tag,
        about_use=given.lesson.about_use,
    )
    row.lesson, row.note = given.lesson.slug, given.note or None
    if not store_once(row):  # Somebody else's request took the id this very moment.
        raise IdTaken


def withdraw(author: Viewer, patient_id: uuid.UUID, assignment_id: uuid.UUID) -> None:
    """Take back what this clinician gave; taken back twice is once. Raise `NotFound` for anything not their own."""
    row = giving.given_by(author, Assignment, patient_id, assignment_id)
    row.withdrawn_at = row.withdrawn_at or clock.now()


# --- how it is read ----------------------------------------------------------------------------------------------


def standing_of(row: Any) -> Standing:
    """Return whether a row stands."""
    if row.withdrawn_at is not None:
        return Standing.WITHDRAWN
    return Standing.STANDS if row.on_team else Standing.LEFT


def given_of(slug: str, note: str) -> Given | None:
    """Return what a row says, in the reader's language; None for a lesson that is not offered any more."""
    try:
        return Given(service.lesson_for(slug), note)
    except NotFound:
        return None


def _as_own(rows: Sequence[Any], kept: Learning) -> Iterator[OwnGiven]:
    def texts(column: str) -> list[str]:
        sealed = [(row.id, row.patient_id, getattr(row, column)) for row in rows]
        return vault().open_all(Assignment.__tablename__, column, sealed)

    for row, slug, note in zip(rows, texts("lesson_sealed"), texts("note_sealed"), strict=True):
        given, mark = given_of(slug, note or ""), kept.mark(slug)
        if given is not None:
            yield OwnGiven(
                id=row.id,
                given=given,
                author=giving.author_of(row),
                author_id=row.author_id,
                discipline=row.discipline,
                day=row.day,
                given_at=row.given_at,
                about_use=row.about_use,
                standing=standing_of(row),
                is_read=mark.read and mark.read_at >= row.given_at,
                is_put_aside=row.id in kept.given_aside,
            )


def _tag(patient_id: uuid.UUID, slug: str) -> bytes:
    return vault().keyed_hash("lesson", patient_id.bytes + slug.encode())


def _fingerprint(given: Given) -> bytes:
    return vault().keyed_hash("lesson given", json.dumps([given.lesson.slug, given.note]).encode())
