"""Exercises that were given to a patient, for a clinician: what was given, and whether it was done.

| what                                 | who reads it                                                                  |
| ------------------------------------ | ----------------------------------------------------------------------------- |
| that it was given, by whom, the note | who gave it, as long as the patient is on their list; others on the team with |
|                                      | skills, and substance use too where the exercise is about that                |
| whether it was done, how often       | with skills (and substance use), from the day on which that is open           |
| that the patient said no             | likewise                                                                      |
| the patient's word on saying no      | likewise, and only who gave it: to them it was said                           |
| what was written                     | `reading.skills`: only where the patient shows it                             |

Supporters read none of it. "See what they see" runs the same functions and records nothing.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, null, or_, select

from patient_app.access_log.models import AccessKind
from patient_app.accounts.giving import author_of
from patient_app.accounts.models import Person
from patient_app.consent.categories import Category, Level
from patient_app.consent.decisions import Asker, Grants, Reader, asked_by, asker, open_days
from patient_app.core.identity import Viewer
from patient_app.core.roles import Role
from patient_app.reading import giving
from patient_app.reading.fields import USE, open_text
from patient_app.reading.people import Named, plain_rows
from patient_app.skills import assignments
from patient_app.skills.assignments import MOST_LISTED, Done, Given, Standing
from patient_app.skills.models import ExerciseAssignment as Assignment
from patient_app.skills.models import ExerciseRun

SKILLS = Category.SKILLS
NEEDED = (SKILLS, USE)


@dataclass(frozen=True, slots=True)
class SharedAssignment:
    """An exercise that was given, as one reader may see it.

    `done` is None where it is not open to them whether it was done; `since` is the day from which on it is, where that
    is later than the day on which it was given. `standing` says that the patient said no only to whom that is open.
    """

    id: uuid.UUID
    given: Given
    author: str
    is_own: bool
    day: date
    standing: Standing
    done: Done | None
    since: date | None
    word: str

    @property
    def may_be_withdrawn(self) -> bool:
        """Whether who gave it can still take it back."""
        return self.is_own and self.standing in {Standing.STANDS, Standing.DECLINED}


@dataclass(frozen=True, slots=True)
class SharedAssignments:
    """All that a reader sees of what was given to a patient, the latest first."""

    person: Named
    grants: Grants
    items: tuple[SharedAssignment, ...] = ()

    @property
    def has_substance_use(self) -> bool:
        """Whether the notice of 42 CFR 2.32 belongs on this view."""
        return any(one.given.exercise.about_use for one in self.items)


def read_assignments(viewer: Viewer, patient_id: uuid.UUID) -> SharedAssignments:
    """Return what this clinician may see of the exercises that were given to a patient; as `giving.read` does."""
    return giving.read(viewer, patient_id, AccessKind.SKILLS, _shared, _relied_on)


def preview(patient: Viewer, reader: Reader, grants: Grants) -> SharedAssignments:
    """Return what a recipient would see of them; as `giving.preview` does."""
    return giving.preview(patient, reader, grants, _shared)


def _relied_on(shared: SharedAssignments) -> set[Category]:
    """Return what a consent opened on the page: nothing where all of it is the clinician's own words."""
    opened = [one for one in shared.items if one.done is not None or not one.is_own]
    use = {USE} if any(one.given.exercise.about_use for one in opened) else set()
    return {SKILLS, *use} if opened else set()


def _shared(reader: Reader, person: Named, grants: Grants) -> SharedAssignments:
    if reader.role is not Role.CLINICIAN:
        return SharedAssignments(person, grants)
    today = giving.moment_of(person).day
    asked = {
        **asked_by(reader),
        "patient_id": person.id,
        "consent_ids": grants.consent_ids,
        "level": Level.DETAIL,
        "today": today,
        "week": assignments.week_of(today),
        "viewer_id": reader.id,
    }
    rows = plain_rows(_of_patient(asker(reader)), asked)
    items = tuple(one for row in rows if (one := _as_shared(row, reader, today)) is not None)
    return SharedAssignments(person, grants, items)


def _as_shared(row: Any, reader: Reader, today: date) -> SharedAssignment | None:
    def text(column: str) -> str:
        return open_text(Assignment.__tablename__, column, row.id, row.patient_id, getattr(row, column))

    given = assignments.given_of(row, text("exercise_sealed"), text("note_sealed"))
    if given is None:
        return None
    opened = _opened_on(row)
    return SharedAssignment(
        id=row.id,
        given=given,
        author=author_of(row),
        is_own=row.author_id == reader.id,
        day=row.day,
        standing=assignments.standing_of(row, today, declined=row.declined_at is not None),
        done=None if opened is None else assignments.done_of(row),
        since=opened if opened is not None and opened > row.day else None,
        word=text("word_sealed"),
    )


def _opened_on(row: Any) -> date | None:
    """Return from which day on it is open whether this was done; None where it is closed."""
    days = (row.skills_from, row.use_from) if row.about_use else (row.skills_from,)
    return None if None in days else max(days)


# --- The data, masked by consent in the query ------------------------------------------------------------------------


@lru_cache(maxsize=32)
def _of_patient(kind: Asker) -> Select[Any]:
    opened = open_days(kind, NEEDED)

    def is_open(day: Any) -> ColumnElement[bool]:
        return and_(opened.c[SKILLS] <= day, or_(Assignment.about_use.is_(False), opened.c[USE] <= day))

    is_own = Assignment.author_id == bindparam("viewer_id")
    said_no = is_open(Assignment.declined_day)
    done = assignments.done_columns(ExerciseRun.while_closed.is_(False), is_open(ExerciseRun.day), beside=(opened,))
    columns: tuple[Any, ...] = (
        *assignments.COLUMNS,
        opened.c[SKILLS].label("skills_from"),
        opened.c[USE].label("use_from"),
        case((said_no, Assignment.declined_at), else_=null()).label("declined_at"),
        case((and_(is_own, said_no), Assignment.word_sealed), else_=null()).label("word_sealed"),
        *done,
    )
    return (
        select(*columns)
        .join(Person, Person.id == Assignment.author_id)
        .outerjoin(opened, opened.c.patient_id == Assignment.patient_id)
        .where(Assignment.patient_id == bindparam("patient_id"), or_(is_own, is_open(Assignment.day)))
        .order_by(Assignment.given_at.desc(), Assignment.id)
        .limit(MOST_LISTED)
    )
