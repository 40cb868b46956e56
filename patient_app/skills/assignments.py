"""Exercises that a clinician gave to a patient: given, taken back, declined; what stands now, and what is due.

One stands from when it was given to the last day that was named, as long as who gave it is on the patient's team, did
not take it back, and the patient did not say no. While it stands, an exercise that nobody starts alone can be started.

It counts as done with each finished run of the exercise from then on, however the person came to it; none from before
counts, which they did when nobody waited for it, and none from after its end. Whether somebody may give, and who reads
what, `reading.assignments` decides. A session in question after a clinic code sees none, and opens nothing by them.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, and_, bindparam, func, or_, select

from patient_app.accounts import giving, names
from patient_app.accounts.entry_order import lock_entries, next_entry_seq
from patient_app.accounts.models import Person
from patient_app.accounts.registry import store_once
from patient_app.core import changed, clock
from patient_app.core.changed import What
from patient_app.core.clock import Moment
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.outbox import SaidAt
from patient_app.core.prepared import Prepared
from patient_app.core.work import connection, db, vault
from patient_app.skills import library
from patient_app.skills.facts import Exercise, Start
from patient_app.skills.models import ExerciseAssignment as Assignment
from patient_app.skills.models import ExerciseRun, ExerciseVersion, Often
from patient_app.skills.service import NEWEST, tag_of

MOST_LISTED = 50
# So long one that is for when it is needed is shown on Today, unless it was tried before.
SHOWN_AS_NEW = timedelta(days=7)
TIMES_A_WEEK = {Often.DAILY: 7, Often.FIVE_A_WEEK: 5, Often.THREE_A_WEEK: 3, Often.TWO_A_WEEK: 2, Often.WEEKLY: 1}


class IdTaken(Exception):
    """The id is of something else."""


class AlreadyGiven(Exception):
    """The same clinician gave the same exercise, and that still stands."""


class Standing(StrEnum):
    """Whether an assignment stands, and why not."""

    STANDS = "stands"
    DECLINED = "declined"
    OVER = "over"
    LEFT = "left"  # Who gave it left the team.
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Given:
    """What a clinician says when they give an exercise; `until` is the last day on which it stands."""

    exercise: Exercise
    often: Often
    until: date
    note: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """How often an exercise was done under an assignment, as far as whoever asks may know that."""

    times: int = 0
    this_week: int = 0
    today: int = 0
    last_on: date | None = None


@dataclass(frozen=True, slots=True)
class OwnAssignment:
    """An assignment as the patient reads it; `day` is when it was given, `word` what they said to it."""

    id: uuid.UUID
    given: Given
    author_id: uuid.UUID
    author: str
    day: date
    standing: Standing
    done: Done
    word: str = ""

    @property
    def stands(self) -> bool:
        """Whether it can be done now."""
        return self.standing is Standing.STANDS

    def is_due(self, today: date) -> bool:
        """Whether Today may speak of it: it stands, and by what was asked for it is not done yet."""
        if self.given.often is Often.WHEN_NEEDED:
            return self.stands and not self.done.times and today < self.day + SHOWN_AS_NEW
        return self.stands and _is_wanted(self.given.often, self.done)

    @property
    def may_be_reminded(self) -> bool:
        """Whether a reminder of it has a reason today, once the person asked for one."""
        return self.stands and _is_wanted(self.given.often, self.done)


def _is_wanted(often: Often, done: Done) -> bool:
    if often is Often.ONCE:
        return not done.times
    return not done.today and done.this_week < TIMES_A_WEEK.get(often, 7)


# --- what stands, as conditions ----------------------------------------------------------------------------------

ON_TEAM = giving.on_team(Assignment)
# `today` is the patient's day.
_GIVEN = and_(Assignment.withdrawn_at.is_(None), Assignment.until >= bindparam("today"), ON_TEAM)
_STANDS = and_(_GIVEN, Assignment.declined_at.is_(None))
COUNTS = and_(
    ExerciseRun.patient_id == Assignment.patient_id,
    ExerciseRun.tag == Assignment.tag,
    ExerciseRun.removed_at.is_(None),
    ExerciseRun.occurred_at >= Assignment.given_at,
    ExerciseRun.day <= Assignment.until,
    or_(Assignment.withdrawn_at.is_(None), ExerciseRun.occurred_at <= Assignment.withdrawn_at),
    or_(Assignment.declined_at.is_(None), ExerciseRun.occurred_at <= Assignment.declined_at),
    ExerciseVersion.finished.is_(True),
)


def done_columns(*conditions: ColumnElement[bool], beside: tuple[Any, ...] = ()) -> tuple[ColumnElement[Any], ...]:
    """Return what a query of assignments asks of what was done: of the runs that fulfil these conditions too.

    `today` and `week` (the Monday) are bound; `beside` is what the conditions take from the query around.
    """

    def of(what: ColumnElement[Any], *more: ColumnElement[bool]) -> ScalarSelect[Any]:
        runs = select(what).select_from(ExerciseRun).join(ExerciseVersion, NEWEST).where(COUNTS, *conditions, *more)
        return runs.correlate(Assignment, *beside).scalar_subquery()

    number = func.count(ExerciseRun.id)
    return (
        of(number).label("times"),
        of(number, ExerciseRun.day >= bindparam("week"), ExerciseRun.day <= bindparam("today")).label("this_week"),
        of(number, ExerciseRun.day == bindparam("today")).label("done_today"),
        of(func.max(ExerciseRun.day)).label("last_on"),
    )


def done_of(row: Any) -> Done:
    """Return what a row with `done_columns` says."""
    return Done(row.times, row.this_week, row.done_today, row.last_on)


COLUMNS = (
    Assignment.id,
    Assignment.patient_id,
    Assignment.author_id,
    Assignment.day,
    Assignment.often,
    Assignment.until,
    Assignment.about_use,
    Assignment.exercise_sealed,
    Assignment.note_sealed,
    Assignment.withdrawn_at,
    *names.COLUMNS,
    ON_TEAM.label("on_team"),
)
_OWN = (
    select(*COLUMNS, Assignment.declined_at, Assignment.word_sealed, *done_columns())
    .join(Person, Person.id == Assignment.author_id)
    .where(Assignment.patient_id == bindparam("patient_id"))
    .order_by(Assignment.given_at.desc(), Assignment.id)
    .limit(MOST_LISTED)
)
_OWN_ONE = _OWN.where(Assignment.id == bindparam("assignment_id"))
_ANSWERED_BY = select(Assignment.id).where(
    Assignment.patient_id == bindparam("patient_id"),
    Assignment.id == bindparam("assignment_id"),
    Assignment.answered_item == bindparam("item"),
)
_OWN_STANDING = Prepared(_OWN.where(_STANDS))
_OF_EXERCISE = select(Assignment.id).where(
    Assignment.patient_id == bindparam("patient_id"), Assignment.tag == bindparam("tag")
)
_OPENS = Prepared(_OF_EXERCISE.where(_STANDS).limit(1))
_WAS_GIVEN = Prepared(_OF_EXERCISE.limit(1))
_COUNTED = (
    select(Assignment.id)
    .join(ExerciseRun, ExerciseRun.patient_id == Assignment.patient_id)
    .join(ExerciseVersion, NEWEST)
    .where(COUNTS, ExerciseRun.id == bindparam("run_id"), Assignment.patient_id == bindparam("patient_id"))
    .limit(1)
)


# --- the patient's own -------------------------------------------------------------------------------------------


def own_assignments(patient: Viewer, today: date) -> list[OwnAssignment]:
    """Return all that was given to the patient, the latest first; one statement."""
    if patient.entries_closed_from is not None:
        return []
    return _as_own(connection().execute(_OWN, _asked(patient.id, today)).all(), today)


def standing(patient: Viewer, today: date) -> list[OwnAssignment]:
    """Return what stands now, the latest first; one statement."""
    if patient.entries_closed_from is not None:
        return []
    return _as_own(_OWN_STANDING.all(connection(), _asked(patient.id, today)), today)


def own_assignment(patient: Viewer, assignment_id: uuid.UUID, today: date) -> OwnAssignment:
    """Return one; raise `NotFound` for "not yours" and for "not there" alike, and in a session in question."""
    if patient.entries_closed_from is None:
        asked = {**_asked(patient.id, today), "assignment_id": assignment_id}
        for found in _as_own(connection().execute(_OWN_ONE, asked).all(), today):
            return found
    raise NotFound


def startable(patient: Viewer, name: str, today: date) -> Exercise:
    """Return an exercise that the patient may start now: by themselves, or since it was given to them.

    Raise `NotFound` for any other name: one that nobody gave them is not told apart from one that is not there.
    """
    found = library.all_exercises().get(name)
    if found is None or not may_start(patient, found, today):
        raise NotFound
    return found


def may_start(patient: Viewer, exercise: Exercise, today: date) -> bool:
    """Whether the patient may start an exercise now; no statement for one that everybody may."""
    return exercise.start is Start.ALONE or _finds(_OPENS, patient, exercise, today)


def storable(patient: Viewer, name: str, today: date) -> Exercise:
    """Return an exercise of which the patient may store what they wrote: one that was ever given to them too.

    What somebody wrote while it stood is kept, though it was taken back before that arrived. Raise as `startable`.
    """
    found = library.all_exercises().get(name)
    if found is None or (found.start is not Start.ALONE and not _finds(_WAS_GIVEN, patient, found, today)):
        raise NotFound
    return found


def is_counted(patient: Viewer, run_id: uuid.UUID) -> bool:
    """Whether a run of the patient's own is told as done under something that was given to them."""
    if patient.entries_closed_from is not None:
        return False
    return connection().scalar(_COUNTED, {"patient_id": patient.id, "run_id": run_id}) is not None


def decline(patient: Viewer, assignment_id: uuid.UUID, word: str, moment: Moment, said: SaidAt | None = None) -> None:
    """Keep that the patient said no, and their word on it; said twice the last word holds. Needs a writing unit.

    It is kept, too, of what was taken back meanwhile. What waited on a phone (`said`) changes nothing where the
    patient answered later. Raise `NotFound` as `own_assignment` does.
    """
    row, said = _own_row(patient, assignment_id), said or SaidAt.now()
    if _answered(row, said):
        if row.declined_at is None:
            row.declined_at, row.declined_day = said.at, moment.day
        row.word = word or None


def take_up(patient: Viewer, assignment_id: uuid.UUID, said: SaidAt | None = None) -> None:
    """Take it up after all; what was said to it before is taken back. `said` and `NotFound` as for `decline`."""
    row, said = _own_row(patient, assignment_id), said or SaidAt.now()
    if _answered(row, said):
        row.declined_at = row.declined_day = row.word = None


def was_answered(patient: Viewer, assignment_id: uuid.UUID, item: uuid.UUID) -> bool:
    """Whether what the patient last answered by a phone came with this item: kept, whatever its clock says."""
    asked = {"patient_id": patient.id, "assignment_id": assignment_id, "item": item}
    return patient.entries_closed_from is None and connection().scalar(_ANSWERED_BY, asked) is not None


def _answered(row: Assignment, said: SaidAt) -> bool:
    """Note that the patient answers; return whether that is newer than what they said before."""
    if not said.is_news_to(row.answered_at, row.answered_item):
        return False
    row.answered_at, row.answered_item = said.at, said.item or row.answered_item
    changed.tell(What.ASSIGNMENTS, row.patient_id)
    return True


# --- the clinician's ---------------------------------------------------------------------------------------------


def give(author: Viewer, patient_id: uuid.UUID, assignment_id: uuid.UUID, given: Given, moment: Moment) -> None:
    """Keep that a clinician gives an exercise to a patient, once. Needs a writing unit; `moment` is the patient's.

    Raise `AlreadyGiven` where the same clinician gave it, its time is not over and they did not take it back: whether
    the patient said no is not told by that. Raise `IdTaken` for the id of anything else.
    """
    lock_entries(patient_id)  # From here on, one writer at a time for this patient.
    mark, tag = _fingerprint(given), tag_of(patient_id, given.exercise.id)
    known = db().get(Assignment, assignment_id)
    if known is not None:
        if (known.patient_id, known.author_id, known.fingerprint) == (patient_id, author.id, mark):
            return
        raise IdTaken
    query = select(Assignment.id).where(Assignment.patient_id == patient_id, Assignment.tag == tag, _GIVEN)
    if connection().scalar(query.where(Assignment.author_id == author.id), {"today": moment.day}) is not None:
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
        about_use=given.exercise.about_use,
        often=given.often,
        until=given.until,
    )
    row.exercise, row.note = given.exercise.id, given.note or None
    if not store_once(row):  # Somebody else's request took the id this very moment.
        raise IdTaken
    changed.tell(What.ASSIGNMENTS, patient_id)


def withdraw(author: Viewer, patient_id: uuid.UUID, assignment_id: uuid.UUID) -> None:
    """Take back what this clinician gave; taken back twice is once. Raise `NotFound` for anything not their own."""
    row = giving.given_by(author, Assignment, patient_id, assignment_id)
    row.withdrawn_at = row.withdrawn_at or clock.now()
    changed.tell(What.ASSIGNMENTS, patient_id)


# --- how it is read ----------------------------------------------------------------------------------------------


def week_of(today: date) -> date:
    """Return the Monday of a day's week."""
    return today - timedelta(days=today.weekday())


def standing_of(row: Any, today: date, *, declined: bool) -> Standing:
    """Return whether a row of an assignment stands; `declined` as far as whoever asks may know it."""
    if row.withdrawn_at is not None:
        return Standing.WITHDRAWN
    if row.until < today:
        return Standing.OVER
    if not row.on_team:
        return Standing.LEFT
    return Standing.DECLINED if declined else Standing.STANDS


def given_of(row: Any, name: str, note: str) -> Given | None:
    """Return what a row says; None where the file of the exercise was taken away since."""
    exercise = library.all_exercises().get(name)
    return None if exercise is None else Given(exercise, Often(row.often), row.until, note)


def _as_own(rows: list[Any] | Any, today: date) -> list[OwnAssignment]:
    def texts(column: str) -> list[str]:
        sealed = [(row.id, row.patient_id, getattr(row, column)) for row in rows]
        return vault().open_all(Assignment.__tablename__, column, sealed)

    found = []
    named = zip(rows, texts("exercise_sealed"), texts("note_sealed"), texts("word_sealed"), strict=True)
    for row, name, note, word in named:
        given = given_of(row, name, note)
        if given is not None:
            is_declined = row.declined_at is not None
            stands = standing_of(row, today, declined=is_declined)
            author = giving.author_of(row)
            found.append(OwnAssignment(row.id, given, row.author_id, author, row.day, stands, done_of(row), word))
    return found


def _asked(patient_id: uuid.UUID, today: date) -> dict[str, Any]:
    return {"patient_id": patient_id, "today": today, "week": week_of(today)}


def _finds(query: Prepared, patient: Viewer, exercise: Exercise, today: date) -> bool:
    if patient.entries_closed_from is not None:
        return False
    asked = {"patient_id": patient.id, "tag": tag_of(patient.id, exercise.id), "today": today}
    return query.scalar(connection(), asked) is not None


def _own_row(patient: Viewer, assignment_id: uuid.UUID) -> Assignment:
    if patient.entries_closed_from is not None:
        raise NotFound
    lock_entries(patient.id)
    row = db().get(Assignment, assignment_id)
    if row is None or row.patient_id != patient.id:
        raise NotFound
    return row


def _fingerprint(given: Given) -> bytes:
    words = [given.exercise.id, given.often, given.until.isoformat(), given.note]
    return vault().keyed_hash("assignment", json.dumps(words).encode())
