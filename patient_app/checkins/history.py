"""Reading one's own check-ins back: by day for chart and calendar, and the entries of some days.

Statements are made once, name columns and go past the ORM: building a query and loading entities cost more than asking.
Each reading asks a fixed number of them, whatever is stored.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median, quantiles

from sqlalchemy import Float, bindparam, case, func, select

from patient_app.checkins.models import CheckIn, CheckInVersion
from patient_app.checkins.service import OWN, SHOWN_VERSION, asked_by, local_time
from patient_app.core.identity import Viewer
from patient_app.core.prepared import Prepared
from patient_app.core.vault import Place
from patient_app.core.work import connection, vault

# So few that a page of several check-ins a day stays short; links lead on.
LIST_DAYS = 5
DAYS_OF_A_WEEK = 7
# What a phone keeps to be read without a network: so many days, and not more check-ins than a page can hold.
KEPT_DAYS = 30
MOST_KEPT = 300
# A phone in a zone ahead of the one in the settings is in its next day before today is over.
AHEAD = timedelta(days=1)
# With fewer days, nothing is said about what is usual.
LEAST_FOR_USUAL = 14

_RATINGS = Prepared(
    select(
        CheckIn.day,
        func.avg(CheckInVersion.mood, type_=Float),
        func.max(CheckInVersion.craving),
        func.max(case((CheckInVersion.use.is_(True), 1), (CheckInVersion.use.is_(False), 0))),
        func.min(CheckInVersion.mood),
        func.max(CheckInVersion.mood),
        func.min(CheckInVersion.craving),
    )
    .join(CheckInVersion, SHOWN_VERSION)
    .where(OWN, CheckIn.day >= bindparam("first_day"), CheckIn.day <= bindparam("last_day"))
    .group_by(CheckIn.day)
    .order_by(CheckIn.day)
)
_EARLIER = select(CheckIn.id).where(OWN, CheckIn.day < bindparam("first_day")).limit(1)
_ENTRIES = (
    select(
        CheckIn.id,
        CheckIn.day,
        CheckIn.occurred_at,
        CheckIn.utc_offset,
        CheckIn.time_known,
        CheckIn.private,
        CheckInVersion.id.label("version_id"),
        CheckIn.newest_version,
        CheckInVersion.mood,
        CheckInVersion.craving,
        CheckInVersion.use,
        CheckInVersion.note_sealed,
        CheckInVersion.note_about_use,
    )
    .join(CheckInVersion, SHOWN_VERSION)
    .where(OWN)
    .order_by(CheckIn.day.desc(), CheckIn.occurred_at.desc(), CheckIn.recorded_seq.desc())
)
_NEWEST = Prepared(_ENTRIES.where(CheckIn.day >= bindparam("day")).limit(MOST_KEPT))
_OF_A_DAY = Prepared(_ENTRIES.where(CheckIn.day == bindparam("day")))
# Days with entries on one side of a day, and one more, which says that there is another page.
_BACK = (
    select(CheckIn.day)
    .where(OWN, CheckIn.day <= bindparam("day"))
    .distinct()
    .order_by(CheckIn.day.desc())
    .limit(LIST_DAYS + 1)
    .subquery()
)
_ON = (
    select(CheckIn.day)
    .where(OWN, CheckIn.day >= bindparam("day"))
    .distinct()
    .order_by(CheckIn.day)
    .limit(LIST_DAYS + 1)
    .subquery()
)
_DAYS_BACK = Prepared(
    _ENTRIES.where(CheckIn.day <= bindparam("day"), CheckIn.day >= select(func.min(_BACK.c.day)).scalar_subquery())
)
_DAYS_ON = Prepared(
    _ENTRIES.where(CheckIn.day >= bindparam("day"), CheckIn.day <= select(func.max(_ON.c.day)).scalar_subquery())
)


# The lowest and the highest of several that differ.
Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Day:
    """What was said on one day: the mean of its moods, its strongest craving, whether the person drank or used.

    None where nothing was said. A day of a note alone has none of the three. `moods` and `cravings` are its lowest and
    its highest, where it has several that differ: the mean alone would hide a very hard one.
    """

    day: date
    mood: float | None
    craving: float | None
    used: bool | None
    moods: Range | None = None
    cravings: Range | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A check-in as the list tells it; all that it says stands on its own page.

    `local_time` is the wall clock where it was made. Without `time_known` it was told afterwards for a past day, and
    the time of day says nothing.
    """

    id: uuid.UUID
    day: date
    local_time: datetime
    time_known: bool
    private: bool
    changed: bool
    mood: int | None
    craving: int | None
    used: bool | None
    note: str
    note_about_use: bool


@dataclass(frozen=True, slots=True)
class DaysPage:
    """Entries of some days that have any, newest day first, and where to go on (None where there is nothing)."""

    days: list[tuple[date, list[Entry]]]
    older: date | None
    newer: date | None


def days_between(patient: Viewer, first: date, last: date) -> list[Day]:
    """Return each day with own check-ins from one day to another, oldest first; one statement."""
    rows = _RATINGS.all(connection(), {**asked_by(patient), "first_day": first, "last_day": last})
    return [
        Day(
            day,
            mood,
            craving,
            None if used is None else used == 1,
            moods=(lowest, highest) if lowest != highest else None,
            cravings=(weakest, craving) if weakest != craving else None,
        )
        for day, mood, craving, used, lowest, highest, weakest in rows
    ]


def weeks_of(days: Iterable[Day], first: date) -> list[Day]:
    """Return the weeks that have days, counted from a first day: the median of their days, under their first day.

    Their lowest and highest are those of single check-ins, as on a day.
    """
    weeks: dict[int, list[Day]] = {}
    for day in days:
        weeks.setdefault((day.day - first).days // DAYS_OF_A_WEEK, []).append(day)
    return [
        Day(
            first + timedelta(days=week * DAYS_OF_A_WEEK),
            mood=_middle(day.mood for day in found),
            craving=_middle(day.craving for day in found),
            used=any(uses) if (uses := [day.used for day in found if day.used is not None]) else None,
            moods=range_of((day.mood, day.moods) for day in found),
            cravings=range_of((day.craving, day.cravings) for day in found),
        )
        for week, found in sorted(weeks.items())
    ]


def range_of(days: Iterable[tuple[float | None, Range | None]]) -> Range | None:
    """Return the lowest and the highest of days, each with its value and its own range; None where all are the same."""
    ends = [end for value, both in days if value is not None for end in both or (value, value)]
    lowest, highest = min(ends, default=0.0), max(ends, default=0.0)
    return (lowest, highest) if lowest != highest else None


def usual_range(values: Sequence[float]) -> tuple[float, float] | None:
    """Return the range of the middle half of a person's own values; None with too few to say what is usual."""
    if len(values) < LEAST_FOR_USUAL:
        return None
    low, _, high = quantiles(values, n=4, method="inclusive")
    return low, high


def has_earlier(patient: Viewer, first: date) -> bool:
    """Whether the person has a check-in before a day."""
    return connection().scalar(_EARLIER, {**asked_by(patient), "first_day": first}) is not None


def entries_of(patient: Viewer, day: date) -> DaysPage:
    """Return the own check-ins of one day."""
    entries = _entries(_OF_A_DAY, patient, day)
    return DaysPage([(day, entries)] if entries else [], None, None)


def entries_back(patient: Viewer, day: date, today: date) -> DaysPage:
    """Return the own check-ins of the newest `LIST_DAYS` days that have any, up to and with a day.

    From today back, those of a phone that is ahead of today come first.
    """
    days = _by_day(_entries(_DAYS_BACK, patient, day + AHEAD if day == today else day))
    older = days[LIST_DAYS][0] if len(days) > LIST_DAYS else None
    newer = day + timedelta(days=1) if day < today else None
    return DaysPage(days[:LIST_DAYS], older, newer)


def entries_since(patient: Viewer, first: date) -> DaysPage:
    """Return the own check-ins from a day on; of more than `MOST_KEPT` the newest."""
    return DaysPage(_by_day(_entries(_NEWEST, patient, first)), None, None)


def entries_on(patient: Viewer, day: date) -> DaysPage:
    """Return the own check-ins of the first `LIST_DAYS` days that have any, from a day on."""
    days = _by_day(_entries(_DAYS_ON, patient, day))
    newer = days[-LIST_DAYS - 1][0] if len(days) > LIST_DAYS else None
    return DaysPage(days[-LIST_DAYS:], day - timedelta(days=1), newer)


def open_note(patient_id: uuid.UUID, version_id: uuid.UUID, sealed: bytes | None) -> str:
    """Return the words of a note; empty when there is none."""
    if sealed is None:
        return ""
    return vault().open_or_say(Place(CheckInVersion.__tablename__, "note_sealed", version_id, patient_id), sealed)


def _middle(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _entries(statement: Prepared, patient: Viewer, day: date) -> list[Entry]:
    rows = statement.all(connection(), {**asked_by(patient), "day": day})
    return [
        Entry(
            id=id_,
            day=day_,
            local_time=local_time(occurred_at, utc_offset),
            time_known=time_known,
            private=private,
            changed=newest > 1,
            mood=mood,
            craving=craving,
            used=use,
            note=open_note(patient.id, version_id, sealed),
            note_about_use=about_use,
        )
        for (
            id_,
            day_,
            occurred_at,
            utc_offset,
            time_known,
            private,
            version_id,
            newest,
            mood,
            craving,
            use,
            sealed,
            about_use,
        ) in rows
    ]


def _by_day(entries: Iterable[Entry]) -> list[tuple[date, list[Entry]]]:
    days: dict[date, list[Entry]] = {}
    for entry in entries:
        days.setdefault(entry.day, []).append(entry)
    return list(days.items())
