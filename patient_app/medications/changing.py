"""Writing the regimen: a medicine is started, changed, paused, gone on with and stopped, each by a new version.

No version is ever changed. Its id is made where it is written and is its idempotency key for ever: what arrives again
is known by it, or by its words. Who changes something names the version that they were shown (`base`); where that is
not the newest any more, it is refused with both shown (`Stale`). A patient and a prescriber write by the same rules.

What is never written, whoever asks (`Refused`): steps of buprenorphine, and a start of it on a later day. Both are for
the prescriber to say. No step of any plan is made here; `documents` takes one only as "from my prescriber".
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy.exc import IntegrityError

from patient_app.accounts.entry_order import lock_entries, next_entry_seq
from patient_app.core import changed, clock
from patient_app.core.clock import Moment
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.ids import new_id
from patient_app.core.work import db
from patient_app.medications import regimen
from patient_app.medications.beginning import holds_from, minute_now, starts_from
from patient_app.medications.models import Answer, Change, Medicine, MedicineAnswer, MedicineHours, Source
from patient_app.medications.said import Said
from patient_app.medications.schedule import Hours, Paused, Schedule, Stepwise
from patient_app.medications.writing import (
    Author,
    Begins,
    IdTaken,
    Refused,
    Stale,
    Stored,
    Why,
    Writing,
    arrived,
    check,
    insert_version,
    locked,
    may_write,
    medicine_of,
    stored,
)

__all__ = ["Author", "IdTaken", "Refused", "Stale", "Why", "holds_from"]


def start(
    author: Author,
    medicine_id: uuid.UUID,
    version_id: uuid.UUID,
    said: Said,
    schedule: Schedule,
    *,
    about_use: bool,
    moment: Moment,
    reason: str = "",
    private: bool = False,
    source: Source = Source.FORM,
    recorded_at: datetime | None = None,
) -> uuid.UUID:
    """Store a new medicine once and return its id. Needs a writing unit.

    The same id with words that are stored already changes nothing; with other words it is a change of that medicine.
    `about_use` says whether it is for alcohol or drugs; where its name says so, it is, whatever was answered.
    It holds from the moment on, or from its first day: no dose is due at times of today that are over.

    Raise `IdTaken` for an id that cannot be used, `Stale` for one whose medicine was changed since, `Refused` for what
    only a prescriber can say.
    """
    writing = Writing(
        author=author,
        medicine_id=medicine_id,
        version_id=version_id,
        change=Change.STARTED,
        said=said,
        schedule=schedule,
        reason=reason,
        about_use=about_use,
        moment=moment,
        source=source,
        recorded_at=recorded_at or clock.now(),
    )
    check(said, schedule, moment.local_date)
    lock_entries(author.patient_id)  # From here on, one writer at a time for this patient.
    known = db().get(Medicine, medicine_id)
    if known is not None:
        return _started_again(writing, known)
    if medicine_of(version_id) is not None:
        raise IdTaken
    seq = next_entry_seq(author.patient_id)
    _insert_medicine(writing, seq, private=private)
    since, minute = starts_from(schedule, moment)
    insert_version(writing, 1, seq, Begins(since, minute, regimen.hours_kept(author.patient_id)))
    return medicine_id


def change(
    author: Author,
    medicine_id: uuid.UUID,
    version_id: uuid.UUID,
    said: Said,
    schedule: Schedule,
    *,
    base: int,
    moment: Moment,
    about_use: bool | None = None,
    reason: str = "",
    since: date | None = None,
    source: Source = Source.FORM,
    recorded_at: datetime | None = None,
) -> uuid.UUID:
    """Store a change as a new version and return the medicine's id. Needs a writing unit.

    What says nothing new is not written. `base` is the version that was shown. `about_use` is what was answered; None
    leaves the mark as it is. A prescriber can set the mark and not take it away, and what any version of the medicine
    forces stays. `since` is a later date on which it begins, if it does not begin now (`holds_from`).

    Raise `NotFound` for a medicine that the author does not see, `Stale`, `IdTaken`, and `Refused` as `start` does.
    """
    medicine, known = locked(author, medicine_id)
    writing = Writing(
        author=author,
        medicine_id=medicine_id,
        version_id=version_id,
        change=Change.CHANGED,
        said=said,
        schedule=schedule,
        reason=reason,
        about_use=about_use,
        moment=moment,
        source=source,
        recorded_at=recorded_at or clock.now(),
    )
    before = arrived(version_id, medicine_id, known)
    if _is_stored(writing, known, base, before):
        return medicine_id
    holding, _ = regimen.held_at([one.version for one in known], moment.local_date, minute_now(moment))
    check(said, schedule, moment.local_date, since=since, before=holding.said)
    newest, marked = known[-1].version, _mark(writing, medicine, known)
    if not reason and (newest.said, newest.schedule, medicine.about_use) == (said, schedule, marked):
        return medicine_id
    medicine.about_use = marked
    # The same id with other words: a correction, which needs an id of its own.
    _append(replace(writing, version_id=new_id()) if before else writing, medicine, known, since)
    return medicine_id


def pause(
    author: Author,
    medicine_id: uuid.UUID,
    version_id: uuid.UUID,
    *,
    moment: Moment,
    reason: str = "",
    source: Source = Source.FORM,
    recorded_at: datetime | None = None,
) -> uuid.UUID:
    """Let nothing be due from now on, until it is gone on with. Done twice it is done once. Raise `NotFound`."""
    return _hold(author, medicine_id, version_id, Change.PAUSED, moment, reason=reason, source=source, at=recorded_at)


def stop(
    author: Author,
    medicine_id: uuid.UUID,
    version_id: uuid.UUID,
    *,
    moment: Moment,
    reason: str = "",
    source: Source = Source.FORM,
    recorded_at: datetime | None = None,
) -> uuid.UUID:
    """Say that it is not taken any more, from now on. Done twice it is done once. Raise `NotFound`."""
    return _hold(author, medicine_id, version_id, Change.STOPPED, moment, reason=reason, source=source, at=recorded_at)


def resume(
    author: Author,
    medicine_id: uuid.UUID,
    version_id: uuid.UUID,
    *,
    moment: Moment,
    reason: str = "",
    source: Source = Source.FORM,
    recorded_at: datetime | None = None,
) -> uuid.UUID:
    """Go on from now with what held at a pause or a stop; days are counted as before. Raise `NotFound`.

    An end that has passed is left out: whoever goes on takes it again. What was to hold later and was overtaken by the
    pause never begins early: where its own day is still to come, it is written again for that day, else left out.

    Steps are never moved or made longer here: raise `Refused` for steps that were paused or stopped, or are over.
    """
    return _hold(author, medicine_id, version_id, Change.RESUMED, moment, reason=reason, source=source, at=recorded_at)


# --- the patient's alone ---------------------------------------------------------------------------------------


def set_private(patient: Viewer, medicine_id: uuid.UUID, *, private: bool) -> None:
    """Keep one's medicine to oneself, or let consents open it again; raise `NotFound` for anything not one's own."""
    medicine = _own(patient, medicine_id)
    _hide_or_open(medicine, private=private, removed_at=medicine.removed_at)


def remove(patient: Viewer, medicine_id: uuid.UUID) -> None:
    """Take away a medicine that was entered by mistake. Done twice it stays away. Raise `NotFound`."""
    medicine = _own(patient, medicine_id)
    _hide_or_open(medicine, private=medicine.private, removed_at=medicine.removed_at or clock.now())


def bring_back(patient: Viewer, medicine_id: uuid.UUID) -> None:
    """Undo `remove`; raise `NotFound` for anything not one's own."""
    medicine = _own(patient, medicine_id)
    _hide_or_open(medicine, private=medicine.private, removed_at=None)


def was_removed(patient: Viewer, medicine_id: uuid.UUID) -> None:
    """Make sure that this is a medicine of the patient's own which they took away; else raise `NotFound`."""
    if _found(patient, medicine_id).removed_at is None:
        raise NotFound


def answer_change(
    patient: Viewer,
    version_id: uuid.UUID,
    answer: Answer,
    *,
    moment: Moment,
    source: Source = Source.FORM,
    recorded_at: datetime | None = None,
) -> uuid.UUID:
    """Keep what the patient says to a change that a prescriber entered, and return the medicine's id.

    The answer that is there already is not kept twice. Raise `NotFound` for any other version.
    """
    medicine_id = medicine_of(version_id)
    if medicine_id is None:
        raise NotFound
    _own(patient, medicine_id)
    found = regimen.own_medicine(patient, medicine_id)
    version = next(one for one in found.versions if one.id == version_id)
    if not version.by_prescriber:
        raise NotFound
    if version.answer is not answer:
        db().add(
            MedicineAnswer(
                id=new_id(),
                medicine_id=medicine_id,
                version_id=version_id,
                patient_id=patient.id,
                answer=answer,
                day=moment.day,
                recorded_at=recorded_at or clock.now(),
                recorded_seq=next_entry_seq(patient.id),
                source=source,
            )
        )
    return medicine_id


def set_hours(patient: Viewer, hours: Hours) -> None:
    """Keep at which hours the patient wakes, eats and goes to bed. Raise `NotFound` for a session in question."""
    if patient.entries_closed_from is not None:
        raise NotFound
    lock_entries(patient.id)  # One writer at a time for this patient.
    row = db().get(MedicineHours, patient.id)
    if row is None:
        row = MedicineHours(patient_id=patient.id, practice_id=patient.practice_id)
        db().add(row)
    row.hours, row.changed_at = regimen.hours_to_data(hours), clock.now()
    changed.tell(changed.What.REGIMEN, patient.id)


# --- how it is written -----------------------------------------------------------------------------------------


def _insert_medicine(writing: Writing, seq: int, *, private: bool) -> None:
    author = writing.author
    row = Medicine(
        id=writing.medicine_id,
        practice_id=author.practice_id,
        patient_id=author.patient_id,
        day=writing.moment.day,
        recorded_at=writing.recorded_at,
        recorded_seq=seq,
        newest_version=1,
        about_use=bool(writing.about_use) or writing.said.always_about_use,
        private=private,
        hidden=[[seq, None, None]] if private else [],
        while_closed=author.closed_from is not None,
    )
    try:
        with db().begin_nested():
            db().add(row)
    except IntegrityError:  # Somebody else's request took the id this very moment.
        raise IdTaken from None


def _started_again(writing: Writing, medicine: Medicine) -> uuid.UUID:
    """Answer a start whose id is known: the same words were stored, other words are a change by who wrote them."""
    if not may_write(writing.author, medicine):
        raise IdTaken
    known = stored(medicine.id)
    if any(one.fingerprint == writing.fingerprint for one in known):
        return medicine.id
    if len(known) > 1 or known[0].version.author_id != writing.author.person_id:
        raise Stale
    medicine.about_use = _mark(writing, medicine, known)
    again = replace(writing, version_id=new_id(), change=Change.CHANGED)
    _append(again, medicine, known, known_by=writing.fingerprint)
    return medicine.id


def _hold(
    author: Author,
    medicine_id: uuid.UUID,
    version_id: uuid.UUID,
    how: Change,
    moment: Moment,
    *,
    reason: str,
    source: Source,
    at: datetime | None,
) -> uuid.UUID:
    """Pause, stop or go on from now, unless that is how it stands already, or this arrived before."""
    medicine, known = locked(author, medicine_id)
    newest = known[-1].version
    versions = [one.version for one in known]
    if arrived(version_id, medicine_id, known) is not None:
        return medicine_id
    if how is Change.RESUMED and _would_go_on_in_steps(versions, moment.local_date):
        raise Refused(Why.STEPS_AGAIN)
    if not _leads_to(newest.change, how):
        return medicine_id
    if how is Change.RESUMED or newest.change in regimen.HOLDS:
        held, to_come = regimen.gone_on_with(versions)
    else:
        held, to_come = regimen.held_at(versions, moment.local_date, minute_now(moment))
    writing = Writing(
        author=author,
        medicine_id=medicine_id,
        version_id=version_id,
        change=how,
        said=held.said,
        schedule=_schedule_after(how, held.schedule, moment.local_date),
        reason=reason,
        about_use=None,
        moment=moment,
        source=source,
        recorded_at=at or clock.now(),
    )
    since, minute = starts_from(writing.schedule if how is Change.RESUMED else None, moment)
    begins = Begins(since, minute, regimen.hours_kept(author.patient_id))
    _insert_next(writing, medicine, begins)
    for later in to_come if how is Change.RESUMED else ():
        if later.since > since:
            again = replace(writing, said=later.said, schedule=later.schedule)
            again = replace(again, version_id=new_id(), change=Change.CHANGED)
            _insert_next(again, medicine, replace(begins, since=later.since, minute=later.minute))
    return medicine_id


def _insert_next(writing: Writing, medicine: Medicine, begins: Begins, *, known_by: bytes | None = None) -> None:
    medicine.newest_version += 1
    seq = next_entry_seq(writing.author.patient_id)
    insert_version(writing, medicine.newest_version, seq, begins, known_by=known_by)


def _leads_to(now: Change, how: Change) -> bool:
    if how is Change.RESUMED:
        return now in regimen.HOLDS
    return now is not how and not (how is Change.PAUSED and now is Change.STOPPED)


def _would_go_on_in_steps(versions: Sequence[regimen.OwnVersion], today: date) -> bool:
    """Whether taking it again would go on with steps that were interrupted, or are over."""
    schedule = regimen.gone_on_with(versions)[0].schedule
    is_over = schedule.end is not None and schedule.end < today
    return isinstance(schedule.plan, Stepwise) and (is_over or versions[-1].change in regimen.HOLDS)


def _schedule_after(how: Change, schedule: Schedule, today: date) -> Schedule:
    if how is not Change.RESUMED:
        return Schedule(schedule.start, None, schedule.unit, Paused())
    ended = schedule.end is not None and schedule.end < today
    return replace(schedule, end=None) if ended else schedule


def _is_stored(writing: Writing, known: Sequence[Stored], base: int, before: Stored | None) -> bool:
    """Whether this change is stored already; raise `Stale` for one of a version that is not the newest any more."""
    if before is not None:
        if before.fingerprint == writing.fingerprint:
            return True
        if before is not known[-1]:
            raise Stale
        return False
    if base == known[-1].version.number:
        return False
    next_one = next((one for one in known if one.version.number == base + 1), None)
    if next_one is not None and next_one.fingerprint == writing.fingerprint:
        return True
    raise Stale


def _mark(writing: Writing, medicine: Medicine, known: Sequence[Stored]) -> bool:
    """Return whether a medicine is for alcohol or drugs after a change: what any of its versions forces stays."""
    if writing.said.always_about_use or any(one.version.said.always_about_use for one in known):
        return True
    if writing.about_use is None or writing.author.by_prescriber:
        return medicine.about_use or bool(writing.about_use)
    return writing.about_use


def _append(
    writing: Writing,
    medicine: Medicine,
    known: Sequence[Stored],
    since: date | None = None,
    *,
    known_by: bytes | None = None,
) -> None:
    hours = regimen.hours_kept(writing.author.patient_id)
    versions = [one.version for one in known]
    from_date, minute = holds_from(versions, writing.schedule, writing.moment, hours, since)
    _insert_next(writing, medicine, Begins(from_date, minute, hours), known_by=known_by)


def _found(patient: Viewer, medicine_id: uuid.UUID) -> Medicine:
    """Return a medicine of the patient's own, taken away or not."""
    found = db().get(Medicine, medicine_id)
    if found is None or found.patient_id != patient.id or not regimen.is_open(patient.entries_closed_from, found):
        raise NotFound
    return found


def _own(patient: Viewer, medicine_id: uuid.UUID) -> Medicine:
    """Return such a medicine; a change that arrives at the same time waits."""
    medicine = _found(patient, medicine_id)
    lock_entries(patient.id)
    db().refresh(medicine)
    return medicine


def _hide_or_open(medicine: Medicine, *, private: bool, removed_at: datetime | None) -> None:
    """Let nobody else see a medicine, or let consents open it again, and keep between which numbers that was."""
    was_hidden = medicine.private or medicine.removed_at is not None
    medicine.private, medicine.removed_at = private, removed_at
    changed.tell(changed.What.REGIMEN, medicine.patient_id)
    if was_hidden == (private or removed_at is not None):
        return
    seq = next_entry_seq(medicine.patient_id)
    if not was_hidden:
        medicine.hidden = [*medicine.hidden, [seq, None, None]]
        return
    ended = [seq, clock.now().date().isoformat()]
    medicine.hidden = [[first, *(ended if until is None else (until, on))] for first, until, on in medicine.hidden]
