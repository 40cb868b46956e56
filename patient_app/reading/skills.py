"""Reads the exercises that a patient chose to show, for a clinician or a supporter.

| what                                      | needs                                                      |
| ----------------------------------------- | ---------------------------------------------------------- |
| a finished exercise that is shown         | skills; and the patient's word that it is shown to them:   |
|                                           | to all of the team, or to this person by name              |
| one about use, or in which use was told   | substance use too                                          |
| a line that the patient keeps             | nothing opens it: it lies in a column that is never asked  |

A supporter reads only what they were chosen for by name (`skills/readers.py`). "See what they see" runs the same
functions and records nothing.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, bindparam, or_, select

from patient_app.access_log import service as access_log
from patient_app.access_log.models import AccessKind
from patient_app.consent.categories import Category, Level
from patient_app.consent.decisions import Asker, Grants, Reader, asked_by, asker, grants_of, open_days
from patient_app.core import clock, work
from patient_app.core.clock import moment
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.roles import Role
from patient_app.reading import people, records
from patient_app.reading.fields import USE, open_text
from patient_app.reading.people import Named, plain_rows
from patient_app.reading.service import reader_of
from patient_app.skills import answers, library
from patient_app.skills.answers import Line, lines_of
from patient_app.skills.facts import Exercise
from patient_app.skills.models import ExerciseChoice, ExerciseRun, ExerciseVersion
from patient_app.skills.readers import may_read
from patient_app.skills.service import NEWEST, OF_KIND

SKILLS = Category.SKILLS
NEEDED = (SKILLS, USE)
DAYS = 7 * 17
MOST_RUNS = 60


@dataclass(frozen=True, slots=True)
class SharedRun:
    """One time that a patient did an exercise, as one reader may see it; `lines` is without those that are kept."""

    exercise: Exercise
    day: date
    local_time: datetime
    before: int | None
    after: int | None
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class SharedSkills:
    """All that a reader sees of a patient's exercises. `is_open` says whether exercises are shared at all."""

    person: Named
    grants: Grants
    runs: tuple[SharedRun, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether exercises are shared with this reader."""
        return self.grants.level(SKILLS) is Level.DETAIL

    @property
    def has_substance_use(self) -> bool:
        """Whether the notice of 42 CFR 2.32 belongs on this view."""
        return self.is_open and USE in self.grants.categories


def read_skills(viewer: Viewer, patient_id: uuid.UUID) -> SharedSkills:
    """Return what a reader sees of a patient's exercises now, and record the reading.

    Raise `NotFound` when the patient is not on the clinician's list, or did not confirm the supporter, or does not
    exist.
    """
    with work.aside():
        person = _person(viewer, patient_id)
    if person is None:
        raise NotFound
    held = records.hold([person.id])
    reader = reader_of(viewer)
    grants = grants_of(reader, [person.id]).get(person.id, Grants())
    first, today = _days(person)
    shared = _shared(reader, person, grants)
    days = (first, max([today, *(run.day for run in shared.runs)]))
    on_page = {person.id: records.only(grants, NEEDED if shared.is_open else ())}
    access_log.record(records.readings(viewer, on_page, AccessKind.SKILLS, days, held), held.chains)
    return shared


def preview(patient: Viewer, reader: Reader, grants: Grants) -> SharedSkills:
    """Return what a recipient would see of the patient's own now: the same functions, and no record.

    `grants` are those of that recipient, as `grants_of` gives them.
    """
    if reader.preview_of != patient.id:
        raise NotFound
    person = Named(patient.id, patient.name, zone=patient.zone, day_start_minutes=patient.day_start_minutes)
    return _shared(reader, person, grants)


def _person(viewer: Viewer, patient_id: uuid.UUID) -> Named | None:
    if viewer.role is Role.SUPPORTER:
        found = people.supported(viewer, patient_id)
        return found[0][0] if found else None
    return people.one_of_list(viewer, patient_id)


def _days(person: Named) -> tuple[date, date]:
    today = moment(clock.now(), person.zone, person.day_start_minutes).day
    return today - timedelta(days=DAYS), today


def _shared(reader: Reader, person: Named, grants: Grants) -> SharedSkills:
    shared = SharedSkills(person, grants)
    if not shared.is_open:
        return shared
    first, today = _days(person)
    asked = {
        **asked_by(reader),
        "patient_id": person.id,
        "consent_ids": grants.consent_ids,
        "level": Level.DETAIL,
        "first": first,
        # A phone in a zone ahead is in its next day before today is over.
        "last": today + timedelta(days=1),
    }
    runs = (_run(row) for row in plain_rows(_of_runs(asker(reader)), asked))
    return SharedSkills(person, grants, tuple(run for run in runs if run is not None))


# --- The data, masked by consent in the query ------------------------------------------------------------------------


def _run(row: Any) -> SharedRun | None:
    name = open_text(ExerciseRun.__tablename__, "exercise_sealed", row.id, row.patient_id, row.exercise_sealed)
    exercise = library.all_exercises().get(name)
    if exercise is None:  # Its file was taken away since.
        return None
    said = ExerciseVersion.__tablename__, "answers_sealed", row.version_id, row.patient_id
    text = open_text(*said, row.answers_sealed)
    return SharedRun(
        exercise=exercise,
        day=row.day,
        local_time=(row.occurred_at + timedelta(minutes=row.utc_offset)).replace(tzinfo=None),
        before=row.before,
        after=row.after,
        lines=tuple(lines_of(exercise, answers.read(text))),
    )


@lru_cache(maxsize=32)
def _of_runs(kind: Asker) -> Select[Any]:
    opened = open_days(kind, NEEDED)
    columns: tuple[Any, ...] = (
        ExerciseRun.id,
        ExerciseRun.patient_id,
        ExerciseRun.day,
        ExerciseRun.occurred_at,
        ExerciseRun.utc_offset,
        ExerciseRun.exercise_sealed,
        ExerciseVersion.id.label("version_id"),
        ExerciseVersion.before,
        ExerciseVersion.after,
        ExerciseVersion.answers_sealed,
    )
    return (
        select(*columns)
        .select_from(ExerciseRun)
        .join(opened, opened.c.patient_id == ExerciseRun.patient_id)
        .join(ExerciseVersion, NEWEST)
        .outerjoin(ExerciseChoice, OF_KIND)
        .where(
            ExerciseRun.patient_id == bindparam("patient_id"),
            ExerciseRun.removed_at.is_(None),
            ExerciseRun.while_closed.is_(False),
            ExerciseRun.day >= bindparam("first"),
            ExerciseRun.day <= bindparam("last"),
            may_read(bindparam("reader_id") if kind.is_person else None, is_team=kind.role is Role.CLINICIAN),
            ExerciseVersion.finished.is_(True),
            opened.c[SKILLS] <= ExerciseRun.day,
            or_(ExerciseVersion.about_use.is_(False), opened.c[USE] <= ExerciseRun.day),
        )
        .order_by(ExerciseRun.occurred_at.desc(), ExerciseRun.recorded_seq.desc())
        .limit(MOST_RUNS)
    )
