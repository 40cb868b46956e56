"""What was planned in an exercise, and is to be reminded of: the times alone, kept as its newest version says.

The answers themselves are sealed, and stay so: what reminds (`reminders/of_plans.py`) knows a day and a time of it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import bindparam, delete, insert, select

from patient_app.core import changed
from patient_app.core.changed import What
from patient_app.core.identity import Viewer
from patient_app.core.ids import new_id
from patient_app.core.work import connection
from patient_app.skills.answers import Said
from patient_app.skills.facts import Exercise, Kind
from patient_app.skills.models import ExercisePlan, ExerciseRun

REMIND = "remind"
_MINUTES = 60

_OF_RUN = (
    select(ExercisePlan.place, ExercisePlan.local_date, ExercisePlan.minute, ExercisePlan.run_id)
    .where(ExercisePlan.run_id == bindparam("run_id"))
    .order_by(ExercisePlan.place)
)
# For who reminds: only what stands, and nothing that a session in question wrote.
_BETWEEN = (
    select(ExercisePlan.place, ExercisePlan.local_date, ExercisePlan.minute, ExercisePlan.run_id)
    .join(ExerciseRun, ExerciseRun.id == ExercisePlan.run_id)
    .where(
        ExercisePlan.patient_id == bindparam("patient_id"),
        ExercisePlan.local_date >= bindparam("first"),
        ExercisePlan.local_date <= bindparam("last"),
        ExerciseRun.removed_at.is_(None),
        ExerciseRun.while_closed.is_(False),
    )
    .order_by(ExercisePlan.local_date, ExercisePlan.minute, ExercisePlan.run_id, ExercisePlan.place)
)
_FORGET = delete(ExercisePlan).where(ExercisePlan.run_id == bindparam("run_id"))
_KEEP = insert(ExercisePlan)


@dataclass(frozen=True, slots=True)
class Planned:
    """When something was planned for: a civil date, and a minute of it or none. `place` is its place in the run."""

    run_id: uuid.UUID
    place: int
    local_date: date
    minute: int | None


def wished(exercise: Exercise, said: Said, run_id: uuid.UUID) -> list[Planned]:
    """Return of which plans in a run the person wants to be reminded."""
    return list(_wished(exercise, said, run_id))


def _wished(exercise: Exercise, said: Said, run_id: uuid.UUID) -> Iterator[Planned]:
    plans = [asked for asked in exercise.fields if asked.kind is Kind.PLAN]
    for place, asked in enumerate(plans):
        answer = said.answers.get(asked.id, {})
        if answer.get(REMIND) and answer.get("day"):
            yield Planned(run_id, place, date.fromisoformat(answer["day"]), _minute(answer.get("time")))


def keep(patient: Viewer, exercise: Exercise, run_id: uuid.UUID, said: Said) -> None:
    """Keep the times that the newest words of a run say, and say so where they changed. Needs a writing unit.

    A session in question sets no reminder: it may be somebody else's.
    """
    if patient.entries_closed_from is not None:
        return
    now, before = wished(exercise, said, run_id), of_run(run_id)
    if now == before:
        return
    connection().execute(_FORGET, {"run_id": run_id})
    ids = {"practice_id": patient.practice_id, "patient_id": patient.id, "run_id": run_id}
    for one in now:
        row = {"id": new_id(), "place": one.place, "local_date": one.local_date, "minute": one.minute}
        connection().execute(_KEEP, {**ids, **row})
    changed.tell(What.PLANS, patient.id)


def of_run(run_id: uuid.UUID) -> list[Planned]:
    """Return what is kept of a run; whose it is, was asked before."""
    return [_as_planned(row) for row in connection().execute(_OF_RUN, {"run_id": run_id})]


def between(patient_id: uuid.UUID, first: date, last: date) -> list[Planned]:
    """Return what a patient wants to be reminded of from one civil date to another, both included; one statement."""
    asked = {"patient_id": patient_id, "first": first, "last": last}
    return [_as_planned(row) for row in connection().execute(_BETWEEN, asked)]


def _as_planned(row: Any) -> Planned:
    return Planned(row.run_id, row.place, row.local_date, row.minute)


def _minute(time: str | None) -> int | None:
    if not time:
        return None
    hours, minutes = time.split(":")
    return int(hours) * _MINUTES + int(minutes)
