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
from patient_app.consent import hiding
from patient_app.core import clock
from patient_app.core.clock import Moment
from patient_app.core.ids import new_id
from patient_app.core.work import db
from patient_app.medications import regimen
from patient_app.medications.beginning import holds_from, minute_now, starts_from
from patient_app.medications.holding import going_on, pause, plan_again, resume, stop
from patient_app.medications.models import Change, Medicine, Source
from patient_app.medications.own_choices import (
    answer_change,
    bring_back,
    remove,
    set_hours,
    set_private,
    was_removed,
)
from patient_app.medications.said import Said
from patient_app.medications.schedule import Schedule
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
    insert_next,
    insert_version,
    locked,
    may_write,
    medicine_of,
    stored,
)

__all__ = [
    "Author",
    "IdTaken",
    "Refused",
    "Stale",
    "Why",
    "answer_change",
    "bring_back",
    "holds_from",
    "pause",
    "remove",
    "resume",
    "set_hours",
    "set_private",
    "stop",
    "was_removed",
]


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
    keeps_later: bool = False,
    source: Source = Source.FORM,
    recorded_at: datetime | None = None,
) -> uuid.UUID:
    """Store a change as a new version and return the medicine's id. Needs a writing unit.

    A change of a medicine that is paused or stopped takes it again, from now on: by a new plan, and by new steps where
    the old ones were broken off. What says nothing new is not written. `base` is the version that was shown.
    `about_use` is what was answered; None leaves the mark as it is. A prescriber can set the mark and not take it away,
    and what any version of the medicine forces stays. `since` is a later date on which it begins, if it does not begin
    now (`holds_from`). `keeps_later`, of one that is taken again: what was planned before the break for a day that is
    still to come (`holding.going_on`) holds from that day on, after what is written now; else it is left out.

    Raise `NotFound` for a medicine that the author does not see, `Stale`, `IdTaken`, and `Refused` as `start` does.
    """
    medicine, known = locked(author, medicine_id)
    # By what was shown, so that the same form sent twice says the same.
    was_held = any(one.version.number == base and one.version.change in regimen.HOLDS for one in known)
    writing = Writing(
        author=author,
        medicine_id=medicine_id,
        version_id=version_id,
        change=Change.RESUMED if was_held else Change.CHANGED,
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
    begins = _append(replace(writing, version_id=new_id()) if before else writing, medicine, known, since)
    if was_held and keeps_later:
        plan_again(writing, medicine, begins, going_on([one.version for one in known], moment.local_date).to_come)
    return medicine_id


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
        hidden=hiding.at_first(seq, private=private),
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
) -> Begins:
    hours = regimen.hours_kept(writing.author.patient_id)
    versions = [one.version for one in known]
    if writing.change is Change.RESUMED:
        from_date, minute = starts_from(writing.schedule, writing.moment, since)
    else:
        from_date, minute = holds_from(versions, writing.schedule, writing.moment, hours, since)
    begins = Begins(from_date, minute, hours)
    insert_next(writing, medicine, begins, known_by=known_by)
    return begins
