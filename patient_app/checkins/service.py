"""Reading one's own check-ins. Writing is `recording`'s, reading somebody else's is `reading`'s alone."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol, TypeVar

from sqlalchemy import Boolean, and_, bindparam, or_, select

from patient_app.checkins.answers import Answers, read_context, read_use_details
from patient_app.checkins.models import CheckIn, CheckInVersion, Source
from patient_app.consent import hiding
from patient_app.consent.receipts import Hidden
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.prepared import Prepared
from patient_app.core.vault import Place
from patient_app.core.work import connection, vault

_EVER = datetime(1, 1, 1, tzinfo=UTC)
JUST_NOW = timedelta(minutes=30)

# The patient's own check-ins as this session may see them. One that began with a clinic code, and is still in question,
# sees only what it wrote itself: neither what was there before nor what the owner writes meanwhile on another device.
OWN = and_(
    CheckIn.patient_id == bindparam("patient_id"),
    CheckIn.removed_at.is_(None),
    CheckIn.recorded_at >= bindparam("closed_from"),
    or_(bindparam("is_open", type_=Boolean), CheckIn.while_closed),
)
SHOWN_VERSION = and_(CheckInVersion.check_in_id == CheckIn.id, CheckInVersion.version == CheckIn.shown_version)
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
    CheckIn.newest_version,
    CheckIn.clock_skew,
    CheckIn.time_known,
    CheckIn.recorded_seq,
    CheckInVersion.recorded_seq.label("said_seq"),
)
_OWN_VERSIONS = select(*_ALL).join(CheckInVersion, SHOWN_VERSION).where(OWN)
_NEWEST_FIRST = (CheckIn.occurred_at.desc(), CheckIn.recorded_seq.desc())
_OWN_ONE = Prepared(_OWN_VERSIONS.where(CheckIn.id == bindparam("check_in_id")))
_OWN_OTHERS = (
    select(
        *_ALL,
        CheckInVersion.edited_at,
        CheckInVersion.recorded_at.label("version_recorded_at"),
        CheckInVersion.source,
        CheckInVersion.clock_skew.label("version_skew"),
        CheckInVersion.ever_shown,
    )
    .join(
        CheckInVersion,
        and_(CheckInVersion.check_in_id == CheckIn.id, CheckInVersion.version != CheckIn.shown_version),
    )
    .where(OWN, CheckIn.id == bindparam("check_in_id"))
)
_OWN_HIDDEN = select(CheckIn.hidden).where(OWN, CheckIn.id == bindparam("check_in_id"))
_OWN_NEWEST = Prepared(_OWN_VERSIONS.order_by(*_NEWEST_FIRST).limit(1))


@dataclass(frozen=True, slots=True)
class OwnCheckIn:
    """A check-in as its author reads it back; `local_time` is the wall clock where it was made.

    Without `time_known` it was told afterwards for a past day, and the time of day says nothing.
    `recorded_seq` is that of the entry, `said_seq` that of what it says now. `version` is the one that is shown;
    `has_others` says that there are more. `clock_skew` is how many seconds the phone's clock was ahead.
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
    has_others: bool = False
    clock_skew: int | None = None
    time_known: bool = True


@dataclass(frozen=True, slots=True)
class OtherWords:
    """What a check-in also says, or said: a version that is not shown. `local_time` is the wall clock of its writing.

    `ever_shown`: it was what is shown, before it was changed. `sent_later`: it waited on a phone.
    """

    version: int
    local_time: datetime
    answers: Answers
    sent_later: bool
    clock_skew: int | None
    ever_shown: bool


def own_check_in(patient: Viewer, check_in_id: uuid.UUID) -> OwnCheckIn:
    """Return one of the patient's own check-ins; raise `NotFound` for "not yours" and "not there" alike."""
    row = _OWN_ONE.first(connection(), {**asked_by(patient), "check_in_id": check_in_id})
    if row is None:
        raise NotFound
    return _as_own(row)


def other_words(patient: Viewer, entry: OwnCheckIn) -> list[OtherWords]:
    """Return the versions of a check-in of the patient's own that are not shown, the latest written first."""
    if not entry.has_others:
        return []
    rows = connection().execute(_OWN_OTHERS, {**asked_by(patient), "check_in_id": entry.id}).all()
    found = sorted(rows, key=lambda row: (row.edited_at or row.version_recorded_at, row.version), reverse=True)
    return [
        OtherWords(
            version=row.version,
            local_time=local_time(row.edited_at or row.version_recorded_at, row.utc_offset),
            answers=_as_own(row).answers,
            sent_later=row.source == Source.OUTBOX,
            clock_skew=row.version_skew,
            ever_shown=row.ever_shown,
        )
        for row in found
    ]


def answers_in(patient: Viewer, entry: OwnCheckIn, version: int) -> Answers:
    """Return what a version of a check-in of the patient's own says; where there is none of that number, the shown."""
    if version == entry.version:
        return entry.answers
    others = {one.version: one.answers for one in other_words(patient, entry)}
    return others.get(version, entry.answers)


def when_hidden(patient: Viewer, entry: OwnCheckIn) -> list[Hidden]:
    """Return when nobody else could see a check-in of the patient's own, as far as it is known."""
    kept = connection().scalar(_OWN_HIDDEN, {**asked_by(patient), "check_in_id": entry.id})
    return hiding.times(kept)


def newest_own(patient: Viewer) -> OwnCheckIn | None:
    """Return the patient's newest check-in, or None."""
    row = _OWN_NEWEST.first(connection(), asked_by(patient))
    return None if row is None else _as_own(row)


def said_just_now(patient: Viewer, answers: Answers, now: datetime) -> OwnCheckIn | None:
    """Return the newest check-in if it says exactly this, in free words too, and was written a moment ago.

    For who has no scripts, goes back and saves again: their form comes with a fresh id. Where nothing was typed, two
    may well say the same.
    """
    newest = newest_own(patient) if answers.note else None
    if newest is None or newest.answers != answers or now - newest.recorded_at > JUST_NOW:
        return None
    return newest


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
        has_others=row.newest_version > 1,
        clock_skew=row.clock_skew,
        time_known=row.time_known,
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
