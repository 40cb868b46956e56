"""Reading one's own runs of exercises. Writing is `recording`'s, reading somebody else's is `reading`'s alone."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Boolean, and_, bindparam, or_, select

from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.vault import Place
from patient_app.core.work import connection, vault
from patient_app.skills import answers
from patient_app.skills.answers import Said
from patient_app.skills.models import ExerciseChoice, ExerciseRun, ExerciseVersion

_EVER = datetime(1, 1, 1, tzinfo=UTC)
MOST_LISTED = 100

# The patient's own, as this session may see them (as `checkins.service.OWN`).
OWN = and_(
    ExerciseRun.patient_id == bindparam("patient_id"),
    ExerciseRun.removed_at.is_(None),
    ExerciseRun.recorded_at >= bindparam("closed_from"),
    or_(bindparam("is_open", type_=Boolean), ExerciseRun.while_closed),
)
NEWEST = and_(ExerciseVersion.run_id == ExerciseRun.id, ExerciseVersion.version == ExerciseRun.newest_version)
OF_KIND = and_(ExerciseChoice.patient_id == ExerciseRun.patient_id, ExerciseChoice.tag == ExerciseRun.tag)
# What was said of the exercise as a whole reaches the day of a run.
OF_SHOWN = ExerciseChoice.shared_from <= ExerciseRun.day
_LISTED = (
    ExerciseRun.id,
    ExerciseRun.patient_id,
    ExerciseRun.day,
    ExerciseRun.occurred_at,
    ExerciseRun.utc_offset,
    ExerciseRun.exercise_sealed,
    ExerciseRun.shared,
    ExerciseRun.clock_skew,
    ExerciseRun.while_closed,
    ExerciseVersion.id.label("version_id"),
    ExerciseVersion.version,
    ExerciseVersion.before,
    ExerciseVersion.after,
    ExerciseVersion.finished,
    ExerciseVersion.about_use,
)
_OWN_RUNS = select(*_LISTED).join(ExerciseVersion, NEWEST).where(OWN)
_NEWEST_FIRST = (ExerciseRun.occurred_at.desc(), ExerciseRun.recorded_seq.desc())
_OWN_LIST = _OWN_RUNS.order_by(*_NEWEST_FIRST).limit(MOST_LISTED)
_OWN_OF_ONE = _OWN_RUNS.where(ExerciseRun.tag == bindparam("tag")).order_by(*_NEWEST_FIRST).limit(MOST_LISTED)
_OWN_ONE = (
    select(*_LISTED, ExerciseVersion.answers_sealed, ExerciseVersion.kept_sealed)
    .join(ExerciseVersion, NEWEST)
    .where(OWN, ExerciseRun.id == bindparam("run_id"))
)
_OWN_WEEK = (
    select(
        ExerciseVersion.id,
        ExerciseRun.patient_id,
        ExerciseRun.day,
        ExerciseVersion.answers_sealed,
        ExerciseVersion.kept_sealed,
    )
    .join(ExerciseVersion, NEWEST)
    .where(
        OWN,
        ExerciseRun.tag == bindparam("tag"),
        ExerciseRun.day >= bindparam("first"),
        ExerciseRun.day <= bindparam("last"),
    )
    .order_by(*_NEWEST_FIRST)
    .limit(MOST_LISTED)
)
# Without the lines that are kept: what goes on paper may lie about.
_OWN_FINISHED = (
    select(*_LISTED, ExerciseVersion.answers_sealed)
    .join(ExerciseVersion, NEWEST)
    .where(OWN, ExerciseVersion.finished.is_(True), ExerciseRun.day >= bindparam("first"))
    .order_by(*_NEWEST_FIRST)
    .limit(MOST_LISTED)
)
_CHOICE = select(ExerciseChoice.shared_from).where(
    ExerciseChoice.patient_id == bindparam("patient_id"), ExerciseChoice.tag == bindparam("tag")
)


@dataclass(frozen=True, slots=True)
class OwnRun:
    """A run as its author reads it back; `said` holds no answers in a list. `local_time` is the wall clock of then.

    `own_say` is whether the team may read it, where the person said so of this very run (`readers` knows all of it).
    `while_closed`: a session in question after a clinic code wrote it, so nobody else is ever shown it.
    """

    id: uuid.UUID
    exercise: str
    day: date
    local_time: datetime
    version: int
    said: Said
    own_say: bool | None
    clock_skew: int | None = None
    while_closed: bool = False


def own_runs(patient: Viewer, exercise: str | None = None) -> list[OwnRun]:
    """Return the patient's own runs, of one exercise or of all, the latest first; one statement."""
    asked = asked_by(patient)
    if exercise is None:
        rows = connection().execute(_OWN_LIST, asked).all()
    else:
        rows = connection().execute(_OWN_OF_ONE, {**asked, "tag": tag_of(patient.id, exercise)}).all()
    sealed = [(row.id, row.patient_id, row.exercise_sealed) for row in rows]
    names = vault().open_all(ExerciseRun.__tablename__, "exercise_sealed", sealed)
    return [_as_own(row, name, Said(**_plain(row))) for row, name in zip(rows, names, strict=True)]


def own_run(patient: Viewer, run_id: uuid.UUID) -> OwnRun:
    """Return one of the patient's own; raise `NotFound` for "not yours" and for "not there" alike."""
    row = connection().execute(_OWN_ONE, {**asked_by(patient), "run_id": run_id}).one_or_none()
    if row is None:
        raise NotFound
    place = Place(ExerciseRun.__tablename__, "exercise_sealed", row.id, row.patient_id)
    name = vault().open(place, row.exercise_sealed)
    said, kept = (answers.read(_opened(row, column)) for column in ("answers_sealed", "kept_sealed"))
    return _as_own(row, name, Said(answers=said | kept, kept=frozenset(kept), **_plain(row)))


def own_finished(patient: Viewer, first: date) -> list[OwnRun]:
    """Return what the patient finished since a day, the latest first, without lines that are kept; one statement."""
    rows = connection().execute(_OWN_FINISHED, {**asked_by(patient), "first": first}).all()
    named = [(row.id, row.patient_id, row.exercise_sealed) for row in rows]
    said = [(row.version_id, row.patient_id, row.answers_sealed) for row in rows]
    names = vault().open_all(ExerciseRun.__tablename__, "exercise_sealed", named)
    texts = vault().open_all(ExerciseVersion.__tablename__, "answers_sealed", said)
    return [
        _as_own(row, name, Said(answers=answers.read(text), **_plain(row)))
        for row, name, text in zip(rows, names, texts, strict=True)
    ]


def own_answers(patient: Viewer, exercise: str, first: date, last: date) -> list[dict[str, Any]]:
    """Return what the patient wrote in one exercise from one day to another: of each day the latest; one statement."""
    return list(dict(own_told(patient, exercise, first, last)).values())


def own_told(
    patient: Viewer, exercise: str, first: date = date.min, last: date = date.max
) -> list[tuple[date, dict[str, Any]]]:
    """Return what the patient wrote in one exercise, with its day, the latest last; one statement."""
    asked = {**asked_by(patient), "tag": tag_of(patient.id, exercise), "first": first, "last": last}
    rows = list(reversed(connection().execute(_OWN_WEEK, asked).all()))
    found: list[tuple[date, dict[str, Any]]] = [(row.day, {}) for row in rows]
    for column in ("answers_sealed", "kept_sealed"):
        sealed = [(row.id, row.patient_id, getattr(row, column)) for row in rows]
        for (_, one), text in zip(found, vault().open_all(ExerciseVersion.__tablename__, column, sealed), strict=True):
            one.update(answers.read(text))
    return found


def shared_from(patient: Viewer, exercise: str) -> date | None:
    """Return from which day on others may read what the patient does in an exercise; None for none."""
    found: date | None = connection().scalar(_CHOICE, {"patient_id": patient.id, "tag": tag_of(patient.id, exercise)})
    return found


def tag_of(patient_id: uuid.UUID, exercise: str) -> bytes:
    """Return by what the runs of one exercise of one patient are found."""
    return vault().keyed_hash("exercise", patient_id.bytes + exercise.encode("ascii"))


def asked_by(patient: Viewer) -> dict[str, Any]:
    """Return what statements with `OWN` want to know of the person who asks."""
    since = patient.entries_closed_from
    return {"patient_id": patient.id, "closed_from": since or _EVER, "is_open": since is None}


def is_open(patient: Viewer, run: ExerciseRun) -> bool:
    """Whether the patient's session may see a run of their own, by the rule of `OWN`."""
    since = patient.entries_closed_from
    return since is None or (run.while_closed and run.recorded_at >= since)


def _plain(row: Any) -> dict[str, Any]:
    return {"before": row.before, "after": row.after, "finished": row.finished, "about_use": row.about_use}


def _as_own(row: Any, exercise: str, said: Said) -> OwnRun:
    return OwnRun(
        id=row.id,
        exercise=exercise,
        day=row.day,
        local_time=(row.occurred_at + timedelta(minutes=row.utc_offset)).replace(tzinfo=None),
        version=row.version,
        said=said,
        own_say=row.shared,
        clock_skew=row.clock_skew,
        while_closed=row.while_closed,
    )


def _opened(row: Any, column: str) -> str | None:
    blob = getattr(row, column)
    if blob is None:
        return None
    return vault().open(Place(ExerciseVersion.__tablename__, column, row.version_id, row.patient_id), blob)
