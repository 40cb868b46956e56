"""Writing what a person did in an exercise: stored once, changed by new versions, never overwritten.

The id of a run is made where it is written and is its idempotency key for ever: the same id with words that are stored
already gets the same answer. Other words under it are a correction from a form, and are refused from a phone.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import cast

from sqlalchemy import Insert, Table, bindparam, delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from patient_app.accounts.entry_order import lock_entries, next_entry_seq
from patient_app.core import clock
from patient_app.core.clock import Moment
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.ids import new_id
from patient_app.core.vault import Place
from patient_app.core.work import connection, db, vault
from patient_app.skills import plans
from patient_app.skills.answers import Said
from patient_app.skills.facts import Exercise
from patient_app.skills.models import ExerciseChoice, ExerciseReader, ExerciseRun, ExerciseVersion, Source
from patient_app.skills.service import is_open, own_run, tag_of


class NothingSaid(Exception):
    """There is no answer at all, and no rating."""


class IdTaken(Exception):
    """The id is somebody else's, of another exercise, or of one taken away; all are answered alike."""


class Stale(Exception):
    """It was changed elsewhere since the page was made; nothing was written."""


class OtherWords(Exception):
    """The person's own run of this id says something else; nothing was written."""


@dataclass(frozen=True, slots=True)
class Sent:
    """Of words that waited on a phone: the phone's counter, how far its clock was ahead, by what they are known."""

    device_seq: int
    clock_skew: int | None
    sent_print: bytes


_RUNS, _VERSIONS = cast("Table", ExerciseRun.__table__), cast("Table", ExerciseVersion.__table__)
_NEW_RUN: dict[str, Insert] = {
    "sqlite": sqlite.insert(_RUNS).on_conflict_do_nothing(index_elements=["id"]).returning(ExerciseRun.id),
    "postgresql": postgresql.insert(_RUNS).on_conflict_do_nothing(index_elements=["id"]).returning(ExerciseRun.id),
}
_NEW_VERSION = insert(_VERSIONS)
_PRINTS = select(ExerciseVersion.fingerprint).where(ExerciseVersion.run_id == bindparam("run_id"))
_CHOICE = select(ExerciseChoice).where(
    ExerciseChoice.patient_id == bindparam("patient_id"), ExerciseChoice.tag == bindparam("tag")
)
_NAMES_NOBODY = delete(ExerciseReader).where(ExerciseReader.run_id == bindparam("run_id"))
_WAS_SENT = (
    select(ExerciseVersion.id)
    .join(ExerciseRun, ExerciseRun.id == ExerciseVersion.run_id)
    .where(
        ExerciseRun.id == bindparam("run_id"),
        ExerciseRun.patient_id == bindparam("patient_id"),
        ExerciseRun.removed_at.is_(None),
        ExerciseVersion.sent_print == bindparam("sent_print"),
    )
)


@dataclass(frozen=True, slots=True)
class _Writing:
    """What is about to be written."""

    patient: Viewer
    exercise: Exercise
    id: uuid.UUID
    said: Said
    moment: Moment
    seq: int
    when: datetime
    source: Source
    sent: Sent | None


def record(
    patient: Viewer,
    exercise: Exercise,
    run_id: uuid.UUID,
    said: Said,
    moment: Moment,
    *,
    sent: Sent | None = None,
    source: Source = Source.FORM,
) -> uuid.UUID:
    """Store a run once and return its id. Needs a writing unit.

    The same words again change nothing. Other words under the same id are a correction; of a phone's, `OtherWords`.
    Raise `NothingSaid` and `IdTaken`.
    """
    said = _whole(exercise, said)
    lock_entries(patient.id)  # From here on, one writer at a time for this patient.
    run = _own(patient, exercise, run_id)
    if run is not None:
        if _fingerprint(run_id, said) in set(connection().scalars(_PRINTS, {"run_id": run_id})):
            return run_id
        if sent is not None:
            raise OtherWords
    seq, when = next_entry_seq(patient.id), clock.now()
    writing = _Writing(patient, exercise, run_id, said, moment, seq, when, Source.OUTBOX if sent else source, sent)
    if run is not None:
        _correct(run, writing)
    elif _insert_run(writing):
        _insert_version(writing, 1)
    else:
        raise IdTaken
    plans.keep(patient, exercise, run_id, said)
    return run_id


def change(patient: Viewer, exercise: Exercise, run_id: uuid.UUID, said: Said, moment: Moment, *, base: int) -> None:
    """Store a change as a new version. Needs a writing unit. Saying what it says already changes nothing.

    Raise `NotFound` for anything not one's own, `Stale` where `base` is not the newest version any more, and
    `NothingSaid` as `record`.
    """
    said = _whole(exercise, said)
    _own_or_not_found(patient, run_id)
    lock_entries(patient.id)
    run = _own_or_not_found(patient, run_id)
    newest = _version(run)
    if newest.fingerprint == _fingerprint(run_id, said):
        return
    if base != run.newest_version:
        raise Stale
    seq = next_entry_seq(patient.id)
    _correct(run, _Writing(patient, exercise, run_id, said, moment, seq, clock.now(), Source.FORM, None))
    plans.keep(patient, exercise, run_id, said)


def keep_lines(patient: Viewer, exercise: Exercise, run_id: uuid.UUID, kept: frozenset[str], moment: Moment) -> None:
    """Keep these answers of a run to oneself, and no others; raise `NotFound` for anything not one's own."""
    run = own_run(patient, run_id)
    said = replace(run.said, kept=kept & run.said.answers.keys())
    change(patient, exercise, run_id, said, moment, base=run.version)


def set_shared(patient: Viewer, run_id: uuid.UUID, *, shared: bool) -> None:
    """Say of one run whether the team may read it, and no one else by name.

    Raise `NotFound` for any not one's own, and for what a session in question wrote, which nobody else is ever shown.
    """
    run = _own_or_not_found(patient, run_id)
    if run.while_closed:
        raise NotFound
    run.shared = shared
    connection().execute(_NAMES_NOBODY, {"run_id": run_id})


def share_kind(patient: Viewer, exercise: Exercise, today: date | None) -> None:
    """Let others read what the patient does in an exercise from this day on; None: none of it, the past included.

    What was said of a single run holds for that run. A session in question decides nothing of this: raise `NotFound`.
    """
    if patient.entries_closed_from is not None:
        raise NotFound
    lock_entries(patient.id)
    asked = {"patient_id": patient.id, "tag": tag_of(patient.id, exercise.id)}
    choice = db().scalar(_CHOICE, asked)
    if choice is None:
        choice = ExerciseChoice(id=new_id(), practice_id=patient.practice_id, **asked)
        db().add(choice)
    choice.shared_from, choice.changed_at = today, clock.now()


def remove(patient: Viewer, run_id: uuid.UUID) -> None:
    """Take a run away: from the next request on nobody reads it. Done twice is done once.

    Raise `NotFound` for anything not one's own.
    """
    run = _own_or_removed(patient, run_id)
    run.removed_at = run.removed_at or clock.now()


def bring_back(patient: Viewer, run_id: uuid.UUID) -> None:
    """Undo `remove`; raise `NotFound` for anything not one's own."""
    _own_or_removed(patient, run_id).removed_at = None


def was_removed(patient: Viewer, run_id: uuid.UUID) -> None:
    """Make sure that this is a run of the patient's own which they took away; else raise `NotFound`."""
    if _own_or_removed(patient, run_id).removed_at is None:
        raise NotFound


def was_sent(patient: Viewer, run_id: uuid.UUID, sent_print: bytes) -> bool:
    """Whether exactly this came from a phone before, and was stored."""
    asked = {"run_id": run_id, "patient_id": patient.id, "sent_print": sent_print}
    return connection().scalar(_WAS_SENT, asked) is not None


# --- how it is written -----------------------------------------------------------------------------------------


def _whole(exercise: Exercise, said: Said) -> Said:
    """Return it marked as about use where the exercise is."""
    if said.is_empty:
        raise NothingSaid
    return replace(said, about_use=said.about_use or exercise.about_use)


def _own(patient: Viewer, exercise: Exercise, run_id: uuid.UUID) -> ExerciseRun | None:
    """Return what this id was used for, if anything; raise `IdTaken` for what is not the person's to correct."""
    run = db().get(ExerciseRun, run_id, populate_existing=True)
    if run is None:
        return None
    is_other = run.patient_id != patient.id or run.removed_at is not None or not is_open(patient, run)
    if is_other or run.tag != tag_of(patient.id, exercise.id):
        raise IdTaken
    return run


def _own_or_not_found(patient: Viewer, run_id: uuid.UUID) -> ExerciseRun:
    run = db().get(ExerciseRun, run_id, populate_existing=True)
    if run is None or run.patient_id != patient.id or run.removed_at or not is_open(patient, run):
        raise NotFound
    return run


def _own_or_removed(patient: Viewer, run_id: uuid.UUID) -> ExerciseRun:
    run = db().get(ExerciseRun, run_id)
    if run is None or run.patient_id != patient.id or not is_open(patient, run):
        raise NotFound
    return run


def _version(run: ExerciseRun) -> ExerciseVersion:
    found = db().scalar(
        select(ExerciseVersion).where(ExerciseVersion.run_id == run.id, ExerciseVersion.version == run.newest_version)
    )
    assert found is not None  # noqa: S101 - every run has its newest version.
    return found


def _correct(run: ExerciseRun, writing: _Writing) -> None:
    run.newest_version += 1
    version = run.newest_version
    db().flush()
    _insert_version(writing, version)


def _insert_run(writing: _Writing) -> bool:
    """Insert the run; False when that id was taken this very moment."""
    patient, moment, sent, name = writing.patient, writing.moment, writing.sent, writing.exercise.id
    row = {
        "id": writing.id,
        "practice_id": patient.practice_id,
        "patient_id": patient.id,
        "occurred_at": moment.occurred_at,
        "local_date": moment.local_date,
        "day": moment.day,
        "utc_offset": moment.utc_offset,
        "zone": moment.zone,
        "recorded_at": writing.when,
        "recorded_seq": writing.seq,
        "device_seq": sent and sent.device_seq,
        "source": writing.source,
        "newest_version": 1,
        "clock_skew": sent and sent.clock_skew,
        "tag": tag_of(patient.id, name),
        "exercise_sealed": vault().seal(Place(_RUNS.name, "exercise_sealed", writing.id, patient.id), name),
        "shared": None,
        "removed_at": None,
        "while_closed": patient.entries_closed_from is not None,
    }
    return connection().execute(_NEW_RUN[connection().dialect.name], row).scalar_one_or_none() is not None


def _insert_version(writing: _Writing, version: int) -> None:
    row_id, owner, said = new_id(), writing.patient.id, writing.said

    def sealed(column: str, text: str | None) -> bytes | None:
        return vault().seal(Place(_VERSIONS.name, column, row_id, owner), text) if text else None

    connection().execute(
        _NEW_VERSION,
        {
            "id": row_id,
            "run_id": writing.id,
            "patient_id": owner,
            "version": version,
            "recorded_at": writing.when,
            "recorded_seq": writing.seq,
            "source": writing.source,
            "fingerprint": _fingerprint(writing.id, said),
            "sent_print": writing.sent and writing.sent.sent_print,
            "content_version": writing.exercise.version,
            "before": said.before,
            "after": said.after,
            "finished": said.finished,
            "about_use": said.about_use,
            "answers_sealed": sealed("answers_sealed", said.part(kept=False)),
            "kept_sealed": sealed("kept_sealed", said.part(kept=True)),
        },
    )


def _fingerprint(run_id: uuid.UUID, said: Said) -> bytes:
    words = [dict(said.answers), said.before, said.after, said.finished, said.about_use, sorted(said.kept)]
    return vault().keyed_hash("exercise run", run_id.bytes + json.dumps(words, sort_keys=True).encode())
