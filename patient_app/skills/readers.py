"""Who may read what was written in an exercise: nobody, all of the team with whom exercises are shared, or some people.

Said of one run, or of an exercise from a day on; what was said of a run holds for that run. None of it opens anything
by itself: only a consent to `skills` does, and this narrows it (`reading/skills.py`). A supporter reads nothing but
what they were chosen for; once they are not tied to the person any more, they were chosen for nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, exists, false, insert, or_, select, true

from patient_app.accounts.entry_order import lock_entries
from patient_app.accounts.models import SupportLink, SupportState
from patient_app.consent.receipts import Sees
from patient_app.core import changed
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.ids import new_id
from patient_app.core.work import connection
from patient_app.skills import recording
from patient_app.skills.facts import Exercise
from patient_app.skills.models import ExerciseReader, ExerciseRun
from patient_app.skills.service import OF_SHOWN, OwnRun, shared_from, tag_of

# In a form, beside the ids of people: all of the team with whom exercises are shared.
TEAM = "team"
_RUN = ExerciseReader.run_id == bindparam("run_id")
_KIND = and_(ExerciseReader.patient_id == bindparam("patient_id"), ExerciseReader.tag == bindparam("tag"))
_OF_RUN = select(ExerciseReader.reader_id).where(_RUN)
_OF_KIND = select(ExerciseReader.reader_id, ExerciseReader.from_day).where(_KIND)
_LEAVE = delete(ExerciseReader).where(
    ExerciseReader.patient_id == bindparam("patient_id"), ExerciseReader.reader_id == bindparam("reader_id")
)
_ADD = insert(ExerciseReader)
_WAS_TIED = select(SupportLink.supporter_id).where(
    SupportLink.patient_id == bindparam("patient_id"), SupportLink.supporter_id.is_not(None)
)
_IS_TIED = exists().where(
    SupportLink.patient_id == ExerciseReader.patient_id,
    SupportLink.supporter_id == ExerciseReader.reader_id,
    SupportLink.state == SupportState.CONFIRMED,
)
_NOT_TIED_ANY_MORE = delete(ExerciseReader).where(
    ExerciseReader.patient_id == bindparam("patient_id"), ExerciseReader.reader_id.in_(_WAS_TIED), ~_IS_TIED
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Whom a person chose: their team, single people, or nobody."""

    team: bool = False
    people: frozenset[uuid.UUID] = frozenset()

    @property
    def anybody(self) -> bool:
        """Whether it is shown to anybody, as far as consents go."""
        return self.team or bool(self.people)

    @property
    def words(self) -> list[str]:
        """What a form has ticked."""
        return [*([TEAM] if self.team else []), *sorted(map(str, self.people))]

    def among(self, can_see: Iterable[Sees]) -> list[Sees]:
        """Return who of those whom a consent reaches was chosen; a supporter only by name."""
        return [one for one in can_see if one.id in self.people or (self.team and one.discipline is not None)]


def of_run(patient: Viewer, run: OwnRun) -> Chosen:
    """Return for whom one of the patient's own runs is: by what was said of it, else of its exercise."""
    if run.own_say is None:
        return of_kind(patient, run.exercise, run.day)
    return Chosen(run.own_say, frozenset(connection().scalars(_OF_RUN, {"run_id": run.id})))


def of_kind(patient: Viewer, exercise: str, day: date) -> Chosen:
    """Return for whom what is done in an exercise on a day is."""
    rows = connection().execute(_OF_KIND, {"patient_id": patient.id, "tag": tag_of(patient.id, exercise)})
    people = frozenset(row.reader_id for row in rows if row.from_day <= day)
    since = shared_from(patient, exercise)
    return Chosen(since is not None and since <= day, people)


def choose_for_run(patient: Viewer, run_id: uuid.UUID, chosen: Chosen) -> None:
    """Show one run to these and to nobody else; raise `NotFound` for anything not one's own. Needs a writing unit.

    A session in question names nobody: raise `NotFound`.
    """
    _check_open(patient)
    recording.set_shared(patient, run_id, shared=chosen.team)
    connection().execute(delete(ExerciseReader).where(_RUN), {"run_id": run_id})
    for reader_id in sorted(chosen.people):
        _add(patient, reader_id, {"run_id": run_id})


def choose_for_kind(patient: Viewer, exercise: Exercise, today: date, chosen: Chosen) -> None:
    """From a day on, show what is done in an exercise to these and to nobody else. Needs a writing unit.

    Who may read it already goes on reading from the day that they could; raise `NotFound` for a session in question.
    """
    _check_open(patient)
    since = shared_from(patient, exercise.id)
    recording.share_kind(patient, exercise, (since or today) if chosen.team else None)
    tag = tag_of(patient.id, exercise.id)
    before = {row.reader_id for row in connection().execute(_OF_KIND, {"patient_id": patient.id, "tag": tag})}
    for reader_id in sorted(before - chosen.people):
        connection().execute(
            _LEAVE.where(ExerciseReader.tag == bindparam("tag")),
            {"patient_id": patient.id, "reader_id": reader_id, "tag": tag},
        )
    for reader_id in sorted(chosen.people - before):
        _add(patient, reader_id, {"tag": tag, "from_day": today})


def forget_supporters(patient_id: uuid.UUID) -> None:
    """Take away for good what was shown by name to supporters who are not tied to a patient now."""
    connection().execute(_NOT_TIED_ANY_MORE, {"patient_id": patient_id})


changed.listen(changed.What.SUPPORT, forget_supporters)


def may_read(reader: Any, *, is_team: bool) -> ColumnElement[bool]:
    """Return the condition under which a run was meant for a reader (a bound id or None), beside the consent's.

    The query has `ExerciseRun`, and `ExerciseChoice` joined by `OF_KIND`. The picture of a discipline is nobody: it
    sees what the team sees.
    """
    if reader is None:
        named: ColumnElement[bool] = false()
        named_by_kind: ColumnElement[bool] = false()
    else:
        named = exists().where(ExerciseReader.run_id == ExerciseRun.id, ExerciseReader.reader_id == reader)
        named_by_kind = exists().where(
            ExerciseReader.patient_id == ExerciseRun.patient_id,
            ExerciseReader.tag == ExerciseRun.tag,
            ExerciseReader.reader_id == reader,
            ExerciseReader.from_day <= ExerciseRun.day,
        )
    team = true() if is_team else false()
    return or_(
        and_(ExerciseRun.shared.is_(True), team),
        named,
        and_(ExerciseRun.shared.is_(None), or_(and_(OF_SHOWN, team), named_by_kind)),
    )


def _check_open(patient: Viewer) -> None:
    if patient.entries_closed_from is not None:
        raise NotFound
    lock_entries(patient.id)


def _add(patient: Viewer, reader_id: uuid.UUID, of: dict[str, Any]) -> None:
    row = {"id": new_id(), "practice_id": patient.practice_id, "patient_id": patient.id, "reader_id": reader_id}
    connection().execute(_ADD, {**row, "run_id": None, "tag": None, "from_day": None, **of})
