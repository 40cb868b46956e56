"""Lessons that were given to a patient, for a clinician: what was given, by whom, with which note.

| what                                 | who reads it                                                                  |
| ------------------------------------ | ----------------------------------------------------------------------------- |
| that it was given, by whom, the note | who gave it, as long as the patient is on their list; others on the team with |
|                                      | skills, and substance use too where the lesson is about that                  |
| whether it was read or put aside     | nobody but the patient: no query here asks for it                             |

Supporters read none of it. "See what they see" runs the same functions and records nothing.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, or_, select

from patient_app.access_log.models import AccessKind
from patient_app.accounts.giving import author_of
from patient_app.accounts.models import Person
from patient_app.consent.categories import Category, Level
from patient_app.consent.decisions import Asker, Grants, Reader, asked_by, asker, open_days
from patient_app.core.identity import Viewer
from patient_app.core.roles import Role
from patient_app.learn import given
from patient_app.learn.given import MOST_LISTED, Given, Standing
from patient_app.learn.models import LessonAssignment as Assignment
from patient_app.reading import giving
from patient_app.reading.fields import USE, open_text
from patient_app.reading.people import Named, plain_rows

SKILLS = Category.SKILLS
NEEDED = (SKILLS, USE)


@dataclass(frozen=True, slots=True)
class SharedLesson:
    """A lesson that was given, as one reader may see it."""

    id: uuid.UUID
    given: Given
    author: str
    is_own: bool
    day: date
    standing: Standing
    about_use: bool

    @property
    def may_be_withdrawn(self) -> bool:
        """Whether who gave it can still take it back."""
        return self.is_own and self.standing is Standing.STANDS


@dataclass(frozen=True, slots=True)
class SharedLessons:
    """All that a reader sees of what was given to a patient, the latest first."""

    person: Named
    grants: Grants
    items: tuple[SharedLesson, ...] = ()

    @property
    def has_substance_use(self) -> bool:
        """Whether the notice of 42 CFR 2.32 belongs on this view."""
        return any(one.about_use for one in self.items)


def read_lessons(viewer: Viewer, patient_id: uuid.UUID) -> SharedLessons:
    """Return what this clinician may see of the lessons that were given to a patient; as `giving.read` does."""
    return giving.read(viewer, patient_id, AccessKind.LESSONS, _shared, _relied_on)


def preview(patient: Viewer, reader: Reader, grants: Grants) -> SharedLessons:
    """Return what a recipient would see of them; as `giving.preview` does."""
    return giving.preview(patient, reader, grants, _shared)


def _relied_on(shared: SharedLessons) -> set[Category]:
    """Return what a consent opened on the page: nothing where all of it is the clinician's own words."""
    opened = [one for one in shared.items if not one.is_own]
    use = {USE} if any(one.about_use for one in opened) else set()
    return {SKILLS, *use} if opened else set()


def _shared(reader: Reader, person: Named, grants: Grants) -> SharedLessons:
    if reader.role is not Role.CLINICIAN:
        return SharedLessons(person, grants)
    asked = {
        **asked_by(reader),
        "patient_id": person.id,
        "consent_ids": grants.consent_ids,
        "level": Level.DETAIL,
        "viewer_id": reader.id,
    }
    rows = plain_rows(_of_patient(asker(reader)), asked)
    items = tuple(one for row in rows if (one := _as_shared(row, reader)) is not None)
    return SharedLessons(person, grants, items)


def _as_shared(row: Any, reader: Reader) -> SharedLesson | None:
    def text(column: str) -> str:
        return open_text(Assignment.__tablename__, column, row.id, row.patient_id, getattr(row, column))

    found = given.given_of(text("lesson_sealed"), text("note_sealed"))
    if found is None:
        return None
    return SharedLesson(
        id=row.id,
        given=found,
        author=author_of(row),
        is_own=row.author_id == reader.id,
        day=row.day,
        standing=given.standing_of(row),
        about_use=row.about_use,
    )


# --- The data, masked by consent in the query ------------------------------------------------------------------------


@lru_cache(maxsize=32)
def _of_patient(kind: Asker) -> Select[Any]:
    opened = open_days(kind, NEEDED)

    def is_open(day: Any) -> ColumnElement[bool]:
        return and_(opened.c[SKILLS] <= day, or_(Assignment.about_use.is_(False), opened.c[USE] <= day))

    is_own = Assignment.author_id == bindparam("viewer_id")
    return (
        select(*given.COLUMNS)
        .join(Person, Person.id == Assignment.author_id)
        .outerjoin(opened, opened.c.patient_id == Assignment.patient_id)
        .where(Assignment.patient_id == bindparam("patient_id"), or_(is_own, is_open(Assignment.day)))
        .order_by(Assignment.given_at.desc(), Assignment.id)
        .limit(MOST_LISTED)
    )
