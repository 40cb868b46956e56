"""Reads a patient's data for a clinician or supporter: decided by consent in the query, masked at the field, recorded.

What a reader may not have is not fetched at all: columns of closed categories come back as NULL from the database, and
an entry of which nothing is open is no row. Every reading writes its access record in the same transaction, before the
data are read, and names the very consents that the query then relies on. A row of a clinician's list is recorded once a
day: what has its record already is read without one, under those same consents and no other, and without keeping any
writer waiting. "See what they see" runs the same functions with a picture of the recipient, and writes no record since
the patient reads their own data.

Queries are made once for each kind of reader, with who asks and when bound to them: building one costs more than
running it.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from statistics import median
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Executable,
    Select,
    and_,
    bindparam,
    case,
    false,
    null,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import aliased
from sqlalchemy.types import NullType

from patient_app.access_log import service as access_log
from patient_app.access_log.models import AccessKind
from patient_app.accounts.models import Patient, Person, PersonState, SupportLink, SupportState, TeamMembership
from patient_app.checkins.models import CheckIn, CheckInVersion
from patient_app.checkins.service import local_time
from patient_app.consent.categories import Category, Level
from patient_app.consent.decisions import Asker, Grants, Reader, asked_by, asker, grants_of, open_days
from patient_app.core import clock, work
from patient_app.core.clock import moment
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.roles import Role
from patient_app.core.vault import Place
from patient_app.core.work import db, vault

NOTICE_VERSION = "42cfr2.32-2024"
CASELOAD_DAYS = 30
PAGE_DAYS = 14
PAGE_PATIENTS = 25
# Nothing is older; days before it cannot be counted back from.
EARLIEST = date(1900, 1, 1)
CASELOAD_CATEGORIES = (Category.MOOD, Category.SUBSTANCE_USE)

MOOD, USE, NOTES = Category.MOOD, Category.SUBSTANCE_USE, Category.NOTES


@dataclass(frozen=True, slots=True)
class Named:
    """Who a patient is: for staff, with what tells two people of one name apart; for supporters, the name alone."""

    id: uuid.UUID
    name: str
    chart_number: str = ""
    date_of_birth: str = ""
    # The patient's own, in which the end of a consent was chosen, and in which days begin.
    zone: str = "UTC"
    day_start_minutes: int = clock.DEFAULT_DAY_START_MINUTES


@dataclass(frozen=True, slots=True)
class Period:
    """The days of a reading, up to and with the last, and the patient's today."""

    first_day: date
    last_day: date
    today: date

    @property
    def last_summed(self) -> date:
        """The end of the last week: a week belongs to the page of its Monday, so that none is summed up in halves."""
        return min(self.today, self.last_day + timedelta(days=6 - self.last_day.weekday()))

    @property
    def last_detailed(self) -> date:
        """The last day of single check-ins: a phone in a zone ahead is in its next day before today is over."""
        return self.last_day + timedelta(days=1) if self.last_day == self.today else self.last_day


@dataclass(frozen=True, slots=True)
class SharedCheckIn:
    """A check-in as one reader may see it; what is closed to them or was left out is None."""

    day: date
    local_time: datetime
    mood: int | None
    craving: int | None
    use: bool | None
    note: str | None


@dataclass(frozen=True, slots=True)
class WeekSummary:
    """A week (its Monday) summed up, for categories shared as a summary only."""

    monday: date
    mood_days: int
    mood: int | None
    craving: float | None
    use_days: int | None


@dataclass(frozen=True, slots=True)
class Shared:
    """All that a reader sees of one patient over a period."""

    person: Named
    grants: Grants
    period: Period
    check_ins: tuple[SharedCheckIn, ...]
    weeks: tuple[WeekSummary, ...]
    instructions: str | None = None

    @property
    def has_substance_use(self) -> bool:
        """Whether the notice of 42 CFR 2.32 belongs on this view."""
        return USE in self.grants.categories


@dataclass(frozen=True, slots=True)
class CaseloadRow:
    """One patient in a clinician's list, with the newest check-in of which anything is open."""

    person: Named
    grants: Grants
    newest: SharedCheckIn | None


@dataclass(frozen=True, slots=True)
class Caseload:
    """One page of a clinician's list: the first row's number (from 1), and how many rows there are on all pages."""

    rows: tuple[CaseloadRow, ...]
    page: int
    first: int
    total: int

    @property
    def has_more(self) -> bool:
        """Whether there is a page after this one."""
        return self.first - 1 + len(self.rows) < self.total


@dataclass(frozen=True, slots=True)
class SupportedPerson:
    """One person whom a supporter supports."""

    person: Named
    grants: Grants
    instructions: str | None


def reader_of(viewer: Viewer) -> Reader:
    """Return the signed-in person as a reader."""
    return Reader(viewer.id, viewer.practice_id, viewer.role, viewer.discipline)


def read_patient(viewer: Viewer, patient_id: uuid.UUID, days: int = PAGE_DAYS, until: date | None = None) -> Shared:
    """Return what a clinician sees of a patient on their list over `days` days up to `until`, and record the reading.

    Without `until`, or with one that has not come yet, up to the patient's today. Raise `NotFound` when the patient is
    not on the clinician's list, or does not exist.
    """
    with work.reading():
        person = _one_of_list(viewer, patient_id)
    if person is None:
        raise NotFound
    return _read(viewer, person, _period(person, days, until))


def read_supported(viewer: Viewer, patient_id: uuid.UUID, days: int = PAGE_DAYS, until: date | None = None) -> Shared:
    """Return what a supporter sees of a person who confirmed them, and record the reading; else raise `NotFound`."""
    with work.reading():
        found = _supported(viewer, patient_id)
    if not found:
        raise NotFound
    person, instructions = found[0]
    return _read(viewer, person, _period(person, days, until), instructions)


def preview(patient: Viewer, reader: Reader, days: int = PAGE_DAYS, until: date | None = None) -> Shared:
    """Return what a recipient would see of the patient's own data now: the same functions, and no record."""
    if reader.preview_of != patient.id:
        raise NotFound
    person = Named(patient.id, patient.name, zone=patient.zone, day_start_minutes=patient.day_start_minutes)
    grants = grants_of(reader, [patient.id]).get(patient.id, Grants())
    instructions = _instructions(reader, patient.id) if reader.role is Role.SUPPORTER else None
    return _shared(reader, person, grants, _period(person, days, until), instructions)


def _read(viewer: Viewer, person: Named, period: Period, instructions: str | None = None) -> Shared:
    """Decide, read and record, all in one transaction: nothing leaves before the record is kept."""
    reader, held = reader_of(viewer), _hold([person.id])
    grants = grants_of(reader, [person.id]).get(person.id, Grants())
    last_day = period.last_summed if _summed(grants) else period.last_day
    shared = _shared(reader, person, grants, period, instructions)
    days = (period.first_day, max([last_day, *(one.day for one in shared.check_ins)]))
    access_log.record(_readings(viewer, {person.id: grants}, AccessKind.DETAIL, days, held), held.chains)
    return shared


def _shared(reader: Reader, person: Named, grants: Grants, period: Period, instructions: str | None) -> Shared:
    return Shared(
        person=person,
        grants=grants,
        period=period,
        check_ins=tuple(_check_ins(reader, person.id, grants, period)),
        weeks=tuple(_weeks(reader, person.id, grants, period)),
        instructions=instructions,
    )


def _period(person: Named, days: int, until: date | None) -> Period:
    today = moment(clock.now(), person.zone, person.day_start_minutes).day
    last_day = max(min(until or today, today), EARLIEST)
    return Period(last_day - timedelta(days=days - 1), last_day, today)


# --- The list of a clinician's patients -------------------------------------------------------------------------------


def caseload(viewer: Viewer, page: int = 1) -> Caseload:
    """Return a page of the clinician's patients by name, each with the newest open check-in.

    A row is recorded once a viewer, consent and day. Rows that have their record are read in one look, which waits for
    no writer; the others are decided anew, recorded and read in the unit of work's own transaction.
    """
    reader, period = reader_of(viewer), _caseload_period()
    with work.reading():
        people, first, total = _on_list(viewer, page)
        grants = grants_of(reader, [person.id for person in people])
        relied_on = _relied_on(grants)
        known = access_log.recorded_in_list(viewer.id, clock.now().date(), relied_on)
        unrecorded = {patient_id for consent_id, patient_id in relied_on.items() if consent_id not in known}
        newest = _newest(reader, [one for one, patient_id in relied_on.items() if patient_id not in unrecorded], period)
    if unrecorded:
        grants = {one: found for one, found in grants.items() if one not in unrecorded}
        held = _hold(unrecorded)
        fresh = grants_of(reader, unrecorded)
        readings = _readings(viewer, _listed(fresh), AccessKind.CASELOAD, period, held)
        access_log.record_once_a_day(readings, held.chains)
        grants |= fresh
        newest |= _newest(reader, list(_relied_on(fresh)), period)
    rows = tuple(CaseloadRow(one, grants.get(one.id, Grants()), newest.get(one.id)) for one in people)
    return Caseload(rows, page=first // PAGE_PATIENTS + 1, first=first + 1, total=total)


def _caseload_period() -> tuple[date, date]:
    today = clock.now().date()
    # A day may have begun already where a patient lives.
    return today - timedelta(days=CASELOAD_DAYS), today + timedelta(days=1)


def _relied_on(grants: Mapping[uuid.UUID, Grants]) -> dict[uuid.UUID, uuid.UUID]:
    """Return the consents that a list relies on, each with its patient."""
    return {
        grant.consent_id: patient_id
        for patient_id, found in grants.items()
        for grant in found.items
        if grant.category in CASELOAD_CATEGORIES
    }


def _listed(grants: Mapping[uuid.UUID, Grants]) -> dict[uuid.UUID, Grants]:
    """Return the part of grants that a list relies on; patients without any are left out."""
    kept = {
        patient_id: Grants(tuple(grant for grant in found.items if grant.category in CASELOAD_CATEGORIES))
        for patient_id, found in grants.items()
    }
    return {patient_id: found for patient_id, found in kept.items() if found.items}


# From the clinician's teams to the patients: the other way round a large practice would be walked through whole.
_TEAMS = (
    select(TeamMembership.patient_id)
    .where(
        TeamMembership.clinician_id == bindparam("clinician_id"),
        TeamMembership.practice_id == bindparam("practice_id"),
        TeamMembership.ended_at.is_(None),
    )
    .distinct()
    .subquery("teams")
)
_LIST = (
    select(
        # As the database keeps it: of a long list, only the ids of one page are needed as more than that.
        type_coerce(Person.id, NullType()).label("id"),
        Person.name_sealed,
        Person.zone,
        Person.day_start_minutes,
        Patient.chart_number_sealed,
        Patient.date_of_birth_sealed,
    )
    .join(_TEAMS, _TEAMS.c.patient_id == Person.id)
    .join(Patient, Patient.person_id == Person.id)
    .where(
        Person.practice_id == bindparam("practice_id"),
        Person.role == Role.PATIENT,
        Person.state != PersonState.CLOSED,
    )
)
_ONE_OF_LIST = _LIST.where(Person.id == bindparam("patient_id"))


def _on_list(viewer: Viewer, page: int) -> tuple[list[Named], int, int]:
    """Return the people of one page of a clinician's list, the first one's position, and how many are on the list."""
    rows = _all(_LIST, {"practice_id": viewer.practice_id, "clinician_id": viewer.id})
    first = max(0, min(page - 1, (len(rows) - 1) // PAGE_PATIENTS)) * PAGE_PATIENTS
    order = _by_name(tuple((row[0], row[1]) for row in rows))
    return _named(viewer, [rows[position] for position in order[first : first + PAGE_PATIENTS]]), first, len(rows)


@lru_cache(maxsize=256)
def _by_name(sealed: tuple[tuple[Any, bytes | None], ...]) -> tuple[int, ...]:
    """Return the positions of these people (id, sealed name) in the order of their names.

    No database can sort sealed names, so all of them have to be opened, however few a page shows. What is kept for the
    next time is what was given (it stays sealed) and the order, no name; another name or person is another question.
    """
    ids = [_id(one) for one, _ in sealed]
    names = vault().open_all(
        Person.__tablename__, "name_sealed", [(one, one, blob) for one, (_, blob) in zip(ids, sealed, strict=True)]
    )
    return tuple(sorted(range(len(ids)), key=lambda position: (names[position].casefold(), ids[position])))


def _id(kept: Any) -> uuid.UUID:
    return kept if isinstance(kept, uuid.UUID) else uuid.UUID(kept)


def _one_of_list(viewer: Viewer, patient_id: uuid.UUID) -> Named | None:
    asked = {"practice_id": viewer.practice_id, "clinician_id": viewer.id, "patient_id": patient_id}
    return next(iter(_named(viewer, _all(_ONE_OF_LIST, asked))), None)


def _named(viewer: Viewer, rows: Sequence[Any]) -> list[Named]:
    """Open what tells these people of a clinician's list apart."""
    ids, practice, chart = [_id(row.id) for row in rows], viewer.practice_id, Patient.__tablename__
    pairs = list(zip(ids, rows, strict=True))
    names = vault().open_all(Person.__tablename__, "name_sealed", [(one, one, row.name_sealed) for one, row in pairs])
    numbers = vault().open_all(
        chart, "chart_number_sealed", [(one, practice, row.chart_number_sealed) for one, row in pairs]
    )
    births = vault().open_all(
        chart, "date_of_birth_sealed", [(one, practice, row.date_of_birth_sealed) for one, row in pairs]
    )
    return [
        Named(one, name, number, birth, row.zone, row.day_start_minutes)
        for (one, row), name, number, birth in zip(pairs, names, numbers, births, strict=True)
    ]


def _all(query: Executable, asked: Mapping[str, Any]) -> Sequence[Any]:
    """Return plain rows, past the ORM's loading of entities; nothing is to be waiting in the session."""
    return db().connection().execute(query, asked).all()


def _name(person_id: uuid.UUID, blob: bytes | None) -> str:
    return _opened(Person.__tablename__, "name_sealed", person_id, person_id, blob)


def _opened(table: str, column: str, row_id: uuid.UUID, owner: uuid.UUID, blob: bytes | None) -> str:
    return "" if blob is None else vault().open(Place(table, column, row_id, owner), blob)


# --- The people whom a supporter supports -----------------------------------------------------------------------------


def supported_people(viewer: Viewer) -> list[SupportedPerson]:
    """Return the people who confirmed this supporter, with their instructions; names only, no entry is read."""
    found = _supported(viewer)
    grants = grants_of(reader_of(viewer), [person.id for person, _ in found])
    return [SupportedPerson(person, grants.get(person.id, Grants()), words) for person, words in found]


def _supported(viewer: Viewer, patient_id: uuid.UUID | None = None) -> list[tuple[Named, str | None]]:
    """Return the people who confirmed this supporter (or the one asked for, if so), and what they wrote first."""
    query = (
        select(
            SupportLink.id.label("link_id"),
            SupportLink.instructions_sealed,
            Person.id,
            Person.name_sealed,
            Person.zone,
            Person.day_start_minutes,
        )
        .join(Person, Person.id == SupportLink.patient_id)
        .where(
            SupportLink.supporter_id == viewer.id,
            SupportLink.practice_id == viewer.practice_id,
            SupportLink.state == SupportState.CONFIRMED,
            Person.state == PersonState.ACTIVE,
        )
        .order_by(SupportLink.confirmed_at)
    )
    if patient_id is not None:
        query = query.where(SupportLink.patient_id == patient_id)
    rows = db().execute(query).all()
    vault().preload([row.id for row in rows])
    table = SupportLink.__tablename__
    return [
        (
            Named(row.id, _name(row.id, row.name_sealed), zone=row.zone, day_start_minutes=row.day_start_minutes),
            _opened(table, "instructions_sealed", row.link_id, row.id, row.instructions_sealed) or None,
        )
        for row in rows
    ]


def _instructions(reader: Reader, patient_id: uuid.UUID) -> str | None:
    link = db().scalar(
        select(SupportLink).where(
            SupportLink.patient_id == patient_id,
            SupportLink.supporter_id == reader.id,
            SupportLink.state == SupportState.CONFIRMED,
        )
    )
    return link.instructions if link else None


# --- Recording ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Held:
    """What stands still until the end of the unit of work: patients' chains, and their highest `recorded_seq`."""

    chains: access_log.Chains
    highest: dict[uuid.UUID, int]


# SQLite has one writer at a time; elsewhere this keeps entries from being written between the record and the reading.
_HIGHEST = (
    select(Patient.person_id, Patient.entry_seq)
    .where(Patient.person_id.in_(bindparam("patient_ids", expanding=True)))
    .order_by(Patient.person_id)
    .with_for_update(read=True)
)


def _hold(patients: Collection[uuid.UUID]) -> _Held:
    """Wait for whoever writes about these patients, before anything is decided about reading."""
    highest = {row.person_id: row.entry_seq for row in db().execute(_HIGHEST, {"patient_ids": list(patients)})}
    return _Held(access_log.lock_chains(patients), highest)


def _readings(
    viewer: Viewer, grants: Mapping[uuid.UUID, Grants], kind: AccessKind, period: tuple[date, date], held: _Held
) -> list[access_log.Reading]:
    """Return what is to be recorded of each patient: once a consent, or once without where nothing is shared."""
    return [
        _reading(
            viewer,
            patient_id,
            consent_id,
            grants=found,
            kind=kind,
            period=period,
            highest=held.highest.get(patient_id, 0),
        )
        for patient_id, found in grants.items()
        for consent_id in found.consent_ids or (None,)
    ]


def _reading(
    viewer: Viewer,
    patient_id: uuid.UUID,
    consent_id: uuid.UUID | None,
    *,
    grants: Grants,
    kind: AccessKind,
    period: tuple[date, date],
    highest: int,
) -> access_log.Reading:
    categories = tuple(grant.category for grant in grants.items if grant.consent_id == consent_id)
    return access_log.Reading(
        practice_id=viewer.practice_id,
        patient_id=patient_id,
        viewer_id=viewer.id,
        viewer_role=str(viewer.discipline or viewer.role),
        kind=kind,
        consent_id=consent_id,
        categories=categories,
        from_day=period[0],
        to_day=period[1],
        highest_seq=highest,
        notice_version=NOTICE_VERSION if USE in categories else "",
    )


# --- The data, masked by consent in the query ------------------------------------------------------------------------


def _check_ins(reader: Reader, patient_id: uuid.UUID, grants: Grants, period: Period) -> Iterable[SharedCheckIn]:
    if not grants.items:
        return []
    rows = _rows(reader, patient_id, grants, Level.DETAIL, (period.first_day, period.last_detailed))
    return [_as_shared(row) for row in rows]


def _rows(
    reader: Reader, patient_id: uuid.UUID, grants: Grants, level: Level, days: tuple[date, date]
) -> Iterable[Any]:
    asked = {"patient_id": patient_id, "consent_ids": grants.consent_ids, "level": level, "first": days[0]}
    return _all(_of_patient(asker(reader)), {**asked_by(reader), **asked, "last": days[1]})


@lru_cache(maxsize=32)
def _of_patient(kind: Asker) -> Select[Any]:
    opened = open_days(kind, (MOOD, USE, NOTES))
    seen = _Masked(opened, notes=True)
    return (
        select(CheckIn.patient_id, CheckIn.day, CheckIn.occurred_at, CheckIn.utc_offset, *seen.fields)
        .join(CheckInVersion, seen.joins)
        .join(opened, opened.c.patient_id == CheckIn.patient_id)
        .where(
            seen.anything,
            CheckIn.patient_id == bindparam("patient_id"),
            CheckIn.day >= bindparam("first"),
            CheckIn.day <= bindparam("last"),
        )
        .order_by(CheckIn.occurred_at.desc(), CheckIn.recorded_seq.desc())
    )


def _newest(
    reader: Reader, consent_ids: Sequence[uuid.UUID], period: tuple[date, date]
) -> dict[uuid.UUID, SharedCheckIn]:
    """Return each patient's newest check-in of which anything is open to a list, under these very consents."""
    if not consent_ids:
        return {}
    since = datetime.combine(period[0], time(), UTC) - timedelta(days=1)  # Wherever in the world that day began.
    asked = {"consent_ids": consent_ids, "level": Level.DETAIL, "first": period[0], "last": period[1], "since": since}
    rows = _all(_newest_of_each(asker(reader)), {**asked_by(reader), **asked})
    return {row.patient_id: _as_shared(row) for row in rows}


@lru_cache(maxsize=32)
def _newest_of_each(kind: Asker) -> Select[Any]:
    """Make the query that looks for each patient by itself, from the newest check-in back to the first that is open."""
    opened = open_days(kind, CASELOAD_CATEGORIES)
    entry, version = aliased(CheckIn), aliased(CheckInVersion)
    looked_at = _Masked(opened, entry, version, notes=False)
    newest = (
        select(entry.id)
        .join(version, looked_at.joins)
        .where(
            looked_at.anything,
            entry.patient_id == opened.c.patient_id,
            # By time, as the index is that this walks back; which days it may be is asked of the one that is found.
            entry.occurred_at >= bindparam("since"),
        )
        .order_by(entry.occurred_at.desc(), entry.recorded_seq.desc())
        .limit(1)
        .correlate(opened)
        .scalar_subquery()
    )
    seen = _Masked(opened, notes=False)
    return (
        select(CheckIn.patient_id, CheckIn.day, CheckIn.occurred_at, CheckIn.utc_offset, *seen.fields)
        .select_from(opened)
        .join(CheckIn, CheckIn.id == newest)
        .join(CheckInVersion, seen.joins)
        .where(CheckIn.day >= bindparam("first"), CheckIn.day <= bindparam("last"))
    )


class _Masked:
    """What a query shows of check-ins: a field is NULL unless its category is open for that day.

    A note that its author marked as about use needs both categories; a list that shows no notes fetches none. Entries
    with nothing open are left out, as are removed ones and those the patient keeps to themselves.
    """

    def __init__(self, opened: CTE, entry: Any = CheckIn, version: Any = CheckInVersion, *, notes: bool) -> None:
        mood, use = opened.c[MOOD] <= entry.day, opened.c[USE] <= entry.day
        note: ColumnElement[bool] = false()
        if notes:
            note = and_(opened.c[NOTES] <= entry.day, or_(version.note_about_use.is_(False), use))
        self.joins = and_(version.check_in_id == entry.id, version.version == entry.newest_version)
        self.fields = (
            case((mood, version.mood), else_=null()).label("mood"),
            case((use, version.craving), else_=null()).label("craving"),
            case((use, version.use), else_=null()).label("use"),
            *(
                (version.id.label("version_id"), case((note, version.note_sealed), else_=null()).label("note_sealed"))
                if notes
                else (null().label("note_sealed"),)
            ),
        )
        self.anything = and_(
            entry.removed_at.is_(None),
            entry.private.is_(False),
            or_(
                and_(mood, version.mood.is_not(None)),
                and_(use, or_(version.craving.is_not(None), version.use.is_not(None))),
                and_(note, version.note_sealed.is_not(None)),
            ),
        )


def _as_shared(row: Any) -> SharedCheckIn:
    note = None
    if row.note_sealed is not None:
        note = _opened(CheckInVersion.__tablename__, "note_sealed", row.version_id, row.patient_id, row.note_sealed)
    return SharedCheckIn(
        day=row.day,
        local_time=local_time(row.occurred_at, row.utc_offset),
        mood=row.mood,
        craving=row.craving,
        use=None if row.use is None else bool(row.use),
        note=note,
    )


def _summed(grants: Grants) -> list[Category]:
    """Return what is shared as a summary only."""
    return [category for category in (MOOD, USE) if grants.level(category) is Level.SUMMARY]


def _weeks(reader: Reader, patient_id: uuid.UUID, grants: Grants, period: Period) -> list[WeekSummary]:
    """Sum up by week what is shared as a summary only, newest week first; single entries stay closed."""
    only = _summed(grants)
    if not only:
        return []
    first_monday = period.first_day + timedelta(days=-period.first_day.weekday() % 7)
    weeks: dict[date, list[Any]] = {}
    for row in _rows(reader, patient_id, grants, Level.SUMMARY, (first_monday, period.last_summed)):
        if _says(row, only):
            weeks.setdefault(row.day - timedelta(days=row.day.weekday()), []).append(row)
    return [_sum_up(monday, weeks[monday], only) for monday in sorted(weeks, reverse=True)]


def _says(row: Any, only: list[Category]) -> bool:
    """Whether an entry says anything of these categories: a week without any is no week."""
    if MOOD in only and row.mood is not None:
        return True
    return USE in only and (row.craving is not None or row.use is not None)


def _sum_up(monday: date, rows: list[Any], only: list[Category]) -> WeekSummary:
    moods = [row.mood for row in rows if row.mood is not None] if MOOD in only else []
    cravings = [row.craving for row in rows if row.craving is not None] if USE in only else []
    return WeekSummary(
        monday=monday,
        mood_days=len({row.day for row in rows if row.mood is not None}) if MOOD in only else 0,
        mood=round(median(moods)) if moods else None,
        craving=median(cravings) if cravings else None,
        use_days=len({row.day for row in rows if row.use}) if USE in only else None,
    )
