"""Reading one's own check-ins. Writing is `recording`'s, reading somebody else's is `reading`'s alone."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol, TypeVar

from sqlalchemy import Boolean, and_, bindparam, or_, select

from patient_app.checkins.answers import Answers, read_context, read_use_details
from patient_app.checkins.models import CheckIn, CheckInVersion
from patient_app.consent.receipts import Hidden
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.vault import Place
from patient_app.core.work import db, vault

_EVER = datetime(1, 1, 1, tzinfo=UTC)

# The patient's own check-ins as this session may see them. One that began with a clinic code, and is still in question,
# sees only what it wrote itself: neither what was there before nor what the owner writes meanwhile on another device.
OWN = and_(
    CheckIn.patient_id == bindparam("patient_id"),
    CheckIn.removed_at.is_(None),
    CheckIn.recorded_at >= bindparam("closed_from"),
    or_(bindparam("is_open", type_=Boolean), CheckIn.while_closed),
)
NEWEST_VERSION = and_(CheckInVersion.check_in_id == CheckIn.id, CheckInVersion.version == CheckIn.newest_version)
# Queries are made once: building one costs more than running it.
_ALL = (
    CheckIn.id,
    CheckIn.patient_id,
    CheckIn.day,
    CheckIn.occurred_at,
    CheckIn.utc_offset,
    CheckIn.recorded_at,
    CheckIn.private,
    CheckInVersion.id.label("version_id"),
    CheckInVersion.version,
    CheckInVersion.mood,
    CheckInVersion.craving,
    CheckInVersion.use,
    CheckInVersion.note_sealed,
    CheckInVersion.note_about_use,
    CheckInVersion.anxiety,
    CheckInVersion.energy,
    CheckInVersion.sleep_hours,
    CheckInVersion.use_details_sealed,
    CheckInVersion.context_sealed,
    CheckInVersion.context_about_use,
    CheckIn.recorded_seq,
    CheckInVersion.recorded_seq.label("said_seq"),
)
_OWN_VERSIONS = select(*_ALL).join(CheckInVersion, NEWEST_VERSION).where(OWN)
_NEWEST_FIRST = (CheckIn.occurred_at.desc(), CheckIn.recorded_seq.desc())
_OWN_ONE = _OWN_VERSIONS.where(CheckIn.id == bindparam("check_in_id"))
_OWN_EARLIER = (
    select(*_ALL)
    .join(
        CheckInVersion,
        and_(CheckInVersion.check_in_id == CheckIn.id, CheckInVersion.version < CheckIn.newest_version),
    )
    .where(OWN, CheckIn.id == bindparam("check_in_id"))
)
_OWN_HIDDEN = select(CheckIn.hidden).where(OWN, CheckIn.id == bindparam("check_in_id"))
_OWN_NEWEST = _OWN_VERSIONS.order_by(*_NEWEST_FIRST).limit(1)


@dataclass(frozen=True, slots=True)
class OwnCheckIn:
    """A check-in as its author reads it back; `local_time` is the wall clock where it was made.

    `recorded_seq` is that of the entry, `said_seq` that of what it says now.
    """

    id: uuid.UUID
    day: date
    local_time: datetime
    recorded_at: datetime
    private: bool
    version: int
    answers: Answers
    recorded_seq: int = 0
    said_seq: int = 0


def own_check_in(patient: Viewer, check_in_id: uuid.UUID) -> OwnCheckIn:
    """Return one of the patient's own check-ins; raise `NotFound` for "not yours" and "not there" alike."""
    row = db().execute(_OWN_ONE, {**asked_by(patient), "check_in_id": check_in_id}).one_or_none()
    if row is None:
        raise NotFound
    return _as_own(row)


def earlier_answers(patient: Viewer, entry: OwnCheckIn) -> list[Answers]:
    """Return what a check-in of the patient's own said before it was changed."""
    if entry.version == 1:
        return []
    rows = db().execute(_OWN_EARLIER, {**asked_by(patient), "check_in_id": entry.id})
    return [_as_own(row).answers for row in rows]


def when_hidden(patient: Viewer, entry: OwnCheckIn) -> list[Hidden]:
    """Return when nobody else could see a check-in of the patient's own, as far as it is known."""
    kept = db().scalar(_OWN_HIDDEN, {**asked_by(patient), "check_in_id": entry.id})
    return [Hidden(first, until, on and date.fromisoformat(on)) for first, until, on in kept or ()]


def newest_own(patient: Viewer) -> OwnCheckIn | None:
    """Return the patient's newest check-in, or None."""
    row = db().execute(_OWN_NEWEST, asked_by(patient)).one_or_none()
    return None if row is None else _as_own(row)


def asked_by(patient: Viewer) -> dict[str, Any]:
    """Return what statements with `OWN` want to know of the person who asks."""
    since = patient.entries_closed_from
    return {"patient_id": patient.id, "closed_from": since or _EVER, "is_open": since is None}


def is_open(patient: Viewer, entry: CheckIn) -> bool:
    """Whether the patient's session may see a check-in of their own, by the rule of `OWN`."""
    since = patient.entries_closed_from
    return since is None or (entry.while_closed and entry.recorded_at >= since)


def _as_own(row: Any) -> OwnCheckIn:
    return OwnCheckIn(
        id=row.id,
        day=row.day,
        local_time=local_time(row.occurred_at, row.utc_offset),
        recorded_at=row.recorded_at,
        recorded_seq=row.recorded_seq,
        said_seq=row.said_seq,
        private=row.private,
        version=row.version,
        answers=answers_of(row, note=_opened(row, "note_sealed") or ""),
    )


def answers_of(row: Any, *, note: str = "") -> Answers:
    """Return what a row of all answers says, opening what is sealed but the note."""
    return Answers(
        mood=row.mood,
        craving=row.craving,
        use=row.use,
        note=note,
        note_about_use=row.note_about_use,
        private=row.private,
        anxiety=row.anxiety,
        energy=row.energy,
        sleep_hours=row.sleep_hours,
        about_use=row.context_about_use,
        **read_use_details(_opened(row, "use_details_sealed")),
        **read_context(_opened(row, "context_sealed")),
    )


def _opened(row: Any, column: str) -> str | None:
    blob = getattr(row, column)
    if blob is None:
        return None
    return vault().open(Place(CheckInVersion.__tablename__, column, row.version_id, row.patient_id), blob)


def local_time(occurred_at: datetime, utc_offset: int) -> datetime:
    """Return the wall clock (naive) that was true where an entry was made."""
    return (occurred_at + timedelta(minutes=utc_offset)).replace(tzinfo=None)


class _Dated(Protocol):
    @property
    def day(self) -> date: ...


_Entry = TypeVar("_Entry", bound=_Dated)


def days_with_entries(entries: Iterable[_Entry]) -> list[tuple[date, list[_Entry]]]:
    """Group entries by their day, newest day first, keeping their order within a day."""
    days: dict[date, list[_Entry]] = {}
    for entry in entries:
        days.setdefault(entry.day, []).append(entry)
    return sorted(days.items(), key=lambda item: item[0], reverse=True)
