"""Writing check-ins and reading one's own. Reading somebody else's is `reading`'s alone."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Select, select, update
from sqlalchemy.exc import IntegrityError

from patient_app.accounts.models import Patient
from patient_app.checkins.models import CheckIn, CheckInVersion, Source
from patient_app.core import clock
from patient_app.core.clock import Moment
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.ids import new_id
from patient_app.core.work import db, vault

PAGE_DAYS = 30


class NothingSaid(Exception):
    """A check-in needs at least one answer of any kind."""


class IdTaken(Exception):
    """The id belongs to somebody else's entry; answered like any id that cannot be used."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What a check-in says. Mood 1 (very low) to 5 (very good); craving 0 to 10; None is left out."""

    mood: int | None = None
    craving: int | None = None
    use: bool | None = None
    note: str = ""
    note_about_use: bool = False
    private: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all was answered."""
        return self.mood is None and self.craving is None and self.use is None and not self.note


@dataclass(frozen=True, slots=True)
class OwnCheckIn:
    """A check-in as its author reads it back; `local_time` is the wall clock where it was made."""

    id: uuid.UUID
    day: date
    local_time: datetime
    recorded_at: datetime
    private: bool
    version: int
    answers: Answers


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Own check-ins of some days, newest first, and the last day of the page before, if there is an earlier entry."""

    entries: list[OwnCheckIn]
    first_day: date
    last_day: date
    earlier: date | None
    closed_until: datetime | None


def record_check_in(
    patient: Viewer,
    check_in_id: uuid.UUID,
    answers: Answers,
    moment: Moment,
    *,
    source: Source = Source.FORM,
    device_seq: int | None = None,
    recorded_at: datetime | None = None,
) -> uuid.UUID:
    """Store a check-in once and return its id.

    The same id with the same words is stored once and answered alike; with other words it is a correction: a new
    version, the earlier one kept. Raise `NothingSaid` for no answer and `IdTaken` for an id of another person's entry.
    """
    if answers.is_empty:
        raise NothingSaid
    when = recorded_at or clock.now()
    if _is_known(patient, check_in_id, answers):
        return check_in_id
    seq = next_entry_seq(patient.id)  # From here on, one writer at a time for this patient.
    existing = db().scalar(select(CheckIn).where(CheckIn.id == check_in_id))
    if existing is None:
        existing = CheckIn(
            id=check_in_id,
            practice_id=patient.practice_id,
            patient_id=patient.id,
            occurred_at=moment.occurred_at,
            local_date=moment.local_date,
            day=moment.day,
            utc_offset=moment.utc_offset,
            zone=moment.zone,
            recorded_at=when,
            recorded_seq=seq,
            device_seq=device_seq,
            source=source,
            newest_version=0,
            private=answers.private,
        )
        _insert_or_refuse(existing)
    elif _is_known(patient, check_in_id, answers):
        return check_in_id
    _add_version(existing, answers, seq=seq, source=source, recorded_at=when)
    return check_in_id


def next_entry_seq(patient_id: uuid.UUID) -> int:
    """Take the patient's next `recorded_seq`; holds the patient's row until the end of the unit of work."""
    taken = db().scalar(
        update(Patient)
        .where(Patient.person_id == patient_id)
        .values(entry_seq=Patient.entry_seq + 1)
        .returning(Patient.entry_seq)
    )
    if taken is None:
        raise NotFound
    return int(taken)


def _insert_or_refuse(entry: CheckIn) -> None:
    """Insert now, since the version refers to it; another patient's entry of that id, made this moment, refuses it."""
    try:
        with db().begin_nested():
            db().add(entry)
    except IntegrityError:
        raise IdTaken from None


def _is_known(patient: Viewer, check_in_id: uuid.UUID, answers: Answers) -> bool:
    """Whether exactly these words are the entry's newest version; raise `IdTaken` for another person's entry."""
    row = (
        db()
        .execute(
            select(CheckIn.patient_id, CheckIn.private, CheckInVersion.fingerprint)
            .join(CheckInVersion, CheckInVersion.check_in_id == CheckIn.id)
            .where(CheckIn.id == check_in_id, CheckInVersion.version == CheckIn.newest_version)
        )
        .first()
    )
    if row is None:
        return False
    if row.patient_id != patient.id:
        raise IdTaken
    return bool(row.fingerprint == _fingerprint(check_in_id, answers)) and row.private == answers.private


def _add_version(entry: CheckIn, answers: Answers, *, seq: int, source: Source, recorded_at: datetime) -> None:
    replaced = None
    if entry.newest_version:
        replaced = db().scalar(
            select(CheckInVersion.id).where(
                CheckInVersion.check_in_id == entry.id, CheckInVersion.version == entry.newest_version
            )
        )
    entry.newest_version += 1
    entry.private = answers.private
    version = CheckInVersion(
        id=new_id(),
        check_in_id=entry.id,
        patient_id=entry.patient_id,
        version=entry.newest_version,
        replaces_id=replaced,
        recorded_at=recorded_at,
        recorded_seq=seq,
        source=source,
        fingerprint=_fingerprint(entry.id, answers),
        mood=answers.mood,
        craving=answers.craving,
        use=answers.use,
        note_about_use=answers.note_about_use,
    )
    version.note = answers.note
    db().add(version)


def _fingerprint(check_in_id: uuid.UUID, answers: Answers) -> bytes:
    said = [answers.mood, answers.craving, answers.use, answers.note, answers.note_about_use]
    return vault().keyed_hash("check-in", check_in_id.bytes + json.dumps(said).encode())


def set_private(patient: Viewer, check_in_id: uuid.UUID, *, private: bool) -> None:
    """Keep one's check-in to oneself, or let consents open it again; raise `NotFound` for anything not one's own."""
    entry = db().scalar(_own(patient).where(CheckIn.id == check_in_id).with_for_update())
    if entry is None:
        raise NotFound
    entry.private = private


def own_check_in(patient: Viewer, check_in_id: uuid.UUID) -> OwnCheckIn:
    """Return one of the patient's own check-ins; raise `NotFound` for "not yours" and "not there" alike."""
    row = db().execute(_own_versions(patient).where(CheckIn.id == check_in_id)).first()
    if row is None:
        raise NotFound
    return _as_own(row[0], row[1])


def own_history(patient: Viewer, last_day: date) -> HistoryPage:
    """Return the patient's check-ins of `PAGE_DAYS` days up to and with `last_day`, newest first."""
    first_day = last_day - timedelta(days=PAGE_DAYS - 1)
    rows = db().execute(
        _own_versions(patient)
        .where(CheckIn.day >= first_day, CheckIn.day <= last_day)
        .order_by(CheckIn.occurred_at.desc(), CheckIn.recorded_seq.desc())
    )
    earlier = db().scalar(
        _own(patient)
        .with_only_columns(CheckIn.day)
        .where(CheckIn.day < first_day)
        .order_by(CheckIn.day.desc())
        .limit(1)
    )
    return HistoryPage(
        entries=[_as_own(entry, version) for entry, version in rows],
        first_day=first_day,
        last_day=last_day,
        earlier=earlier,
        closed_until=patient.entries_closed_until,
    )


def newest_own(patient: Viewer) -> OwnCheckIn | None:
    """Return the patient's newest check-in, or None."""
    row = db().execute(_own_versions(patient).order_by(CheckIn.occurred_at.desc()).limit(1)).first()
    return None if row is None else _as_own(row[0], row[1])


def _own(patient: Viewer) -> Select[CheckIn]:
    query = select(CheckIn).where(CheckIn.patient_id == patient.id, CheckIn.removed_at.is_(None))
    if patient.entries_closed_from is not None:
        # After a reset by a clinic code, a new device sees only what was written since.
        query = query.where(CheckIn.recorded_at >= patient.entries_closed_from)
    return query


def _own_versions(patient: Viewer) -> Select[CheckIn, CheckInVersion]:
    return (
        _own(patient)
        .join(CheckInVersion, CheckInVersion.check_in_id == CheckIn.id)
        .where(CheckInVersion.version == CheckIn.newest_version)
        .add_columns(CheckInVersion)
    )


def _as_own(entry: CheckIn, version: CheckInVersion) -> OwnCheckIn:
    return OwnCheckIn(
        id=entry.id,
        day=entry.day,
        local_time=local_time(entry.occurred_at, entry.utc_offset),
        recorded_at=entry.recorded_at,
        private=entry.private,
        version=version.version,
        answers=Answers(
            mood=version.mood,
            craving=version.craving,
            use=version.use,
            note=version.note or "",
            note_about_use=version.note_about_use,
            private=entry.private,
        ),
    )


def local_time(occurred_at: datetime, utc_offset: int) -> datetime:
    """Return the wall clock (naive) that was true where an entry was made."""
    return (occurred_at + timedelta(minutes=utc_offset)).replace(tzinfo=None)


def days_with_entries(entries: Iterable[OwnCheckIn]) -> list[tuple[date, list[OwnCheckIn]]]:
    """Group entries by their day, keeping their order."""
    days: dict[date, list[OwnCheckIn]] = {}
    for entry in entries:
        days.setdefault(entry.day, []).append(entry)
    return list(days.items())
