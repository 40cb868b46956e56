"""Which fields of a check-in belong to which category, and how a query shows no other.

| field                                    | category                                                            |
| ---------------------------------------- | ------------------------------------------------------------------- |
| mood, sleep, anxiety, energy             | mood                                                                |
| craving, use, what was named, how much   | substance use                                                       |
| what made it harder, what helped         | substance use; mood for whom substances play no part                |
| note                                     | notes; and substance use too, when its author said it is about that |
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import CTE, ColumnElement, and_, case, false, null, or_

from patient_app.checkins.answers import ThingSaid, read_context, read_use_details
from patient_app.checkins.models import CheckIn, CheckInVersion
from patient_app.checkins.service import local_time
from patient_app.consent.categories import Category
from patient_app.core import kept
from patient_app.core.vault import Place
from patient_app.core.work import vault

MOOD, USE, NOTES = Category.MOOD, Category.SUBSTANCE_USE, Category.NOTES


@dataclass(frozen=True, slots=True)
class SharedCheckIn:
    """A check-in as one reader may see it; what is closed to them or was left out is None or empty.

    `seq` is the `recorded_seq` of what it says now: by it, what somebody read before is told from what is new.
    Without `time_known` it was told afterwards for a past day, and the time of day says nothing.
    `clock_skew` is how many seconds the clock that gave `local_time` was ahead; None for one that was right.
    """

    day: date
    local_time: datetime
    mood: int | None
    craving: int | None
    use: bool | None
    note: str | None = None
    sleep_hours: int | None = None
    anxiety: int | None = None
    energy: int | None = None
    things: tuple[ThingSaid, ...] = ()
    amount: str = ""
    triggers: tuple[str, ...] = ()
    helped: tuple[str, ...] = ()
    context_about_use: bool = True
    seq: int = 0
    clock_skew: int | None = None
    time_known: bool = True


class Masked:
    """What a query shows of check-ins: a field is NULL unless its category is open for that day.

    `opened` is a table of `decisions.open_days`. A list (`words` false) fetches the few ratings it shows, and nothing
    that is sealed. Entries with nothing open are left out, as are removed ones and those the patient keeps to
    themselves.
    """

    def __init__(self, opened: CTE, entry: Any = CheckIn, version: Any = CheckInVersion, *, words: bool) -> None:
        mood, use = opened.c[MOOD] <= entry.day, opened.c[USE] <= entry.day
        context = or_(and_(version.context_about_use.is_(True), use), and_(version.context_about_use.is_(False), mood))
        note: ColumnElement[bool] = false()
        if words:
            note = and_(opened.c[NOTES] <= entry.day, or_(version.note_about_use.is_(False), use))
        self.mood, self.craving = _if(mood, version.mood), _if(use, version.craving)
        self.fields: tuple[Any, ...] = (
            self.mood.label("mood"),
            self.craving.label("craving"),
            _if(use, version.use if words else kept.as_kept(version.use)).label("use"),
            version.recorded_seq.label("seq"),
            entry.time_known.label("time_known") if words else kept.as_kept(entry.time_known),
        )
        if words:
            self.fields += (
                version.id.label("version_id"),
                entry.clock_skew.label("clock_skew"),
                _if(mood, version.sleep_hours).label("sleep_hours"),
                _if(mood, version.anxiety).label("anxiety"),
                _if(mood, version.energy).label("energy"),
                _if(use, version.use_details_sealed).label("use_details_sealed"),
                _if(context, version.context_sealed).label("context_sealed"),
                version.context_about_use,
                _if(note, version.note_sealed).label("note_sealed"),
            )
        self.joins = and_(version.check_in_id == entry.id, version.version == entry.shown_version)
        self.anything = and_(
            entry.removed_at.is_(None),
            entry.private.is_(False),
            or_(
                and_(mood, _any(version.mood, version.sleep_hours, version.anxiety, version.energy)),
                and_(use, _any(version.craving, version.use, version.use_details_sealed)),
                and_(context, version.context_sealed.is_not(None)),
                and_(note, version.note_sealed.is_not(None)),
            ),
        )


def _if(opened: ColumnElement[bool], field: Any) -> ColumnElement[Any]:
    return case((opened, field), else_=null())


def _any(*columns: Any) -> ColumnElement[bool]:
    return or_(*(column.is_not(None) for column in columns))


def as_listed(row: Any) -> SharedCheckIn:
    """Return the ratings that a row of a list holds, whose day and moment are as the database keeps them."""
    return SharedCheckIn(
        day=kept.day_of(row.day),
        local_time=local_time(kept.moment_of(row.occurred_at), row.utc_offset),
        mood=row.mood,
        craving=row.craving,
        use=None if row.use is None else bool(row.use),
        seq=row.seq,
        time_known=bool(row.time_known),
    )


def as_shared(row: Any) -> SharedCheckIn:
    """Return all that a row holds, opening what is sealed and came."""
    return SharedCheckIn(
        day=row.day,
        local_time=local_time(row.occurred_at, row.utc_offset),
        mood=row.mood,
        craving=row.craving,
        use=None if row.use is None else bool(row.use),
        note=_note_of(row),
        sleep_hours=row.sleep_hours,
        anxiety=row.anxiety,
        energy=row.energy,
        context_about_use=row.context_about_use,
        seq=row.seq,
        clock_skew=row.clock_skew,
        time_known=row.time_known,
        **read_use_details(_of_entry(row, "use_details_sealed")),
        **read_context(_of_entry(row, "context_sealed")),
    )


def _note_of(row: Any) -> str | None:
    """Return the note; where it is broken, what says so: the other entries of the page are not to go with it."""
    if row.note_sealed is None:
        return None
    place = Place(CheckInVersion.__tablename__, "note_sealed", row.version_id, row.patient_id)
    return vault().open_or_say(place, row.note_sealed)


def _of_entry(row: Any, column: str) -> str | None:
    blob = getattr(row, column)
    return (
        None if blob is None else open_text(CheckInVersion.__tablename__, column, row.version_id, row.patient_id, blob)
    )


def open_text(table: str, column: str, row_id: uuid.UUID, owner: uuid.UUID, blob: bytes | None) -> str:
    """Return the text of a sealed column; empty when there is none."""
    return "" if blob is None else vault().open(Place(table, column, row_id, owner), blob)
