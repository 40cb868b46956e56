"""Reads a patient's data for a clinician or supporter: decided by consent in the query, masked at the field, recorded.

What a reader may not have is not fetched at all: columns of closed categories come back as NULL from the database, and
an entry of which nothing is open is no row. Every reading writes its access record in the same transaction, before the
data are read, and names the very consents that the query then relies on. "See what they see" runs the same functions
with a picture of the recipient, and writes no record since the patient reads their own data.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, and_, case, false, func, null, or_, select

from patient_app.access_log import service as access_log
from patient_app.access_log.models import AccessKind
from patient_app.accounts.models import Patient, Person, PersonState, SupportLink, SupportState, TeamMembership
from patient_app.checkins.models import CheckIn, CheckInVersion
from patient_app.checkins.service import local_time
from patient_app.consent.categories import Category, Level
from patient_app.consent.decisions import Grants, Reader, grants_of, open_days
from patient_app.core import clock
from patient_app.core.clock import moment
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.roles import Role
from patient_app.core.vault import Place
from patient_app.core.work import db, vault

NOTICE_VERSION = "42cfr2.32-2024"
CASELOAD_DAYS = 30
RECENT = timedelta(days=3)
PERIODS = (7, 30, 90)
CASELOAD_CATEGORIES = (Category.MOOD, Category.SUBSTANCE_USE)

MOOD, USE, NOTES = Category.MOOD, Category.SUBSTANCE_USE, Category.NOTES


@dataclass(frozen=True, slots=True)
class Named:
    """Who a patient is: for staff, with what tells two people of one name apart; for supporters, the name alone."""

    id: uuid.UUID
    name: str
    chart_number: str = ""
    date_of_birth: str = ""
    # The patient's own, in which the end of a consent was chosen.
    zone: str = "UTC"


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
    first_day: date
    last_day: date
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
class SupportedPerson:
    """One person whom a supporter supports."""

    person: Named
    grants: Grants
    instructions: str | None


def reader_of(viewer: Viewer) -> Reader:
    """Return the signed-in person as a reader."""
    return Reader(viewer.id, viewer.practice_id, viewer.role, viewer.discipline)


def read_patient(viewer: Viewer, patient_id: uuid.UUID, days: int) -> Shared:
    """Return what a clinician sees of a patient on their list over the last `days` days, and record the reading.

    Raise `NotFound` when the patient is not on the clinician's list, or does not exist.
    """
    person = _named_patients(_on_list(viewer).where(Person.id == patient_id))
    if not person:
        raise NotFound
    return _read(viewer, reader_of(viewer), person[0], days)


def read_supported(viewer: Viewer, patient_id: uuid.UUID, days: int) -> Shared:
    """Return what a supporter sees of a person who confirmed them, and record the reading; else raise `NotFound`."""
    found = [one for one in supported_people(viewer) if one.person.id == patient_id]
    if not found:
        raise NotFound
    return _read(viewer, reader_of(viewer), found[0].person, days, found[0].instructions)


def preview(patient: Viewer, reader: Reader, days: int) -> Shared:
    """Return what a recipient would see of the patient's own data now: the same functions, and no record."""
    if reader.preview_of != patient.id:
        raise NotFound
    grants = grants_of(reader, [patient.id]).get(patient.id, Grants())
    first_day, last_day = _period(patient.id, days)
    instructions = _instructions(reader, patient.id) if reader.role is Role.SUPPORTER else None
    return _shared(
        reader, Named(patient.id, patient.name, zone=patient.zone), grants, (first_day, last_day), instructions
    )


def _read(viewer: Viewer, reader: Reader, person: Named, days: int, instructions: str | None = None) -> Shared:
    grants = grants_of(reader, [person.id]).get(person.id, Grants())
    period = _period(person.id, days)
    _record(viewer, {person.id: grants}, AccessKind.DETAIL, period)
    return _shared(reader, person, grants, period, instructions)


def _shared(
    reader: Reader, person: Named, grants: Grants, period: tuple[date, date], instructions: str | None
) -> Shared:
    return Shared(
        person=person,
        grants=grants,
        first_day=period[0],
        last_day=period[1],
        check_ins=tuple(_check_ins(reader, person.id, grants, period)),
        weeks=tuple(_weeks(reader, person.id, grants, period)),
        instructions=instructions,
    )


def _period(patient_id: uuid.UUID, days: int) -> tuple[date, date]:
    zone, day_start = db().execute(select(Person.zone, Person.day_start_minutes).where(Person.id == patient_id)).one()
    last_day = moment(clock.now(), zone, day_start).day
    return last_day - timedelta(days=days - 1), last_day


def caseload(viewer: Viewer) -> list[CaseloadRow]:
    """Return the clinician's patients by name, each with the newest open check-in; records once a consent and day."""
    people = _named_patients(_on_list(viewer))
    reader = reader_of(viewer)
    grants = grants_of(reader, [person.id for person in people])
    last_day = clock.now().date()
    period = (last_day - timedelta(days=CASELOAD_DAYS), last_day + timedelta(days=1))
    _record_caseload(viewer, grants, period)
    newest = _newest(reader, grants, period)
    rows = [CaseloadRow(one, grants.get(one.id, Grants()), newest.get(one.id)) for one in people]
    return sorted(rows, key=lambda row: (row.person.name.casefold(), row.person.chart_number))


def supported_people(viewer: Viewer) -> list[SupportedPerson]:
    """Return the people who confirmed this supporter, with their instructions; names only, no entry is read."""
    links = (
        db()
        .scalars(
            select(SupportLink)
            .join(Person, Person.id == SupportLink.patient_id)
            .where(
                SupportLink.supporter_id == viewer.id,
                SupportLink.practice_id == viewer.practice_id,
                SupportLink.state == SupportState.CONFIRMED,
                Person.state == PersonState.ACTIVE,
            )
            .order_by(SupportLink.confirmed_at)
        )
        .all()
    )
    vault().preload(link.patient_id for link in links)
    grants = grants_of(reader_of(viewer), [link.patient_id for link in links])
    people = {person.id: person for person in _people([link.patient_id for link in links])}
    return [
        SupportedPerson(
            Named(link.patient_id, people[link.patient_id].name or "", zone=people[link.patient_id].zone),
            grants.get(link.patient_id, Grants()),
            link.instructions,
        )
        for link in links
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


def _people(ids: Sequence[uuid.UUID]) -> Sequence[Person]:
    return db().scalars(select(Person).where(Person.id.in_(ids))).all()


def _on_list(viewer: Viewer) -> Select[Person, Patient]:
    """Return the query for the patients whose care team this clinician is on now."""
    return (
        select(Person, Patient)
        .join(Patient, Patient.person_id == Person.id)
        .where(
            Person.practice_id == viewer.practice_id,
            Person.role == Role.PATIENT,
            Person.state != PersonState.CLOSED,
            Person.id.in_(
                select(TeamMembership.patient_id).where(
                    TeamMembership.clinician_id == viewer.id,
                    TeamMembership.practice_id == viewer.practice_id,
                    TeamMembership.ended_at.is_(None),
                )
            ),
        )
    )


def _named_patients(query: Select[Person, Patient]) -> list[Named]:
    rows = db().execute(query).all()
    vault().preload(person.id for person, _ in rows)
    return [
        Named(person.id, person.name or "", chart.chart_number or "", chart.date_of_birth or "", person.zone)
        for person, chart in rows
    ]


# --- Recording ------------------------------------------------------------------------------------------------------


def _record(viewer: Viewer, grants: dict[uuid.UUID, Grants], kind: AccessKind, period: tuple[date, date]) -> None:
    """Record a reading of each patient: one record a consent, or one without consent where nothing is shared."""
    highest = _highest_seq(grants)
    access_log.record(
        [
            _reading(
                viewer,
                patient_id,
                consent_id,
                grants=found,
                kind=kind,
                period=period,
                highest=highest.get(patient_id, 0),
            )
            for patient_id, found in grants.items()
            for consent_id in found.consent_ids or (None,)
        ]
    )


def _record_caseload(viewer: Viewer, grants: dict[uuid.UUID, Grants], period: tuple[date, date]) -> None:
    known = access_log.caseload_recorded(viewer.id, clock.now().date())
    fresh = {
        patient_id: Grants(
            tuple(
                grant
                for grant in found.items
                if grant.category in CASELOAD_CATEGORIES and (patient_id, grant.consent_id) not in known
            )
        )
        for patient_id, found in grants.items()
    }
    _record(
        viewer, {patient_id: found for patient_id, found in fresh.items() if found.items}, AccessKind.CASELOAD, period
    )


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


def _highest_seq(patients: Iterable[uuid.UUID]) -> dict[uuid.UUID, int]:
    query = select(Patient.person_id, Patient.entry_seq).where(Patient.person_id.in_(list(patients)))
    return {row.person_id: row.entry_seq for row in db().execute(query)}


# --- The data, masked by consent in the query ------------------------------------------------------------------------


def _check_ins(
    reader: Reader, patient_id: uuid.UUID, grants: Grants, period: tuple[date, date]
) -> Iterable[SharedCheckIn]:
    if not grants.items:
        return []
    query = _masked(open_days(reader, grants.consent_ids, [Level.DETAIL])).where(
        CheckIn.patient_id == patient_id, CheckIn.day >= period[0], CheckIn.day <= period[1]
    )
    rows = db().execute(query.order_by(CheckIn.occurred_at.desc(), CheckIn.recorded_seq.desc()))
    return [_as_shared(row) for row in rows]


def _newest(
    reader: Reader, grants: dict[uuid.UUID, Grants], period: tuple[date, date]
) -> dict[uuid.UUID, SharedCheckIn]:
    """Return each patient's newest check-in of which anything is open.

    Most people checked in within days: the whole period is read only for those who did not. The parts are cut by the
    moment that "newest" means, so that the answer is the same as in one go.
    """
    consent_ids = sorted({consent_id for found in grants.values() for consent_id in found.consent_ids})
    if not consent_ids:
        return {}
    cut = clock.now() - RECENT
    found = _newest_of(reader, consent_ids, list(grants), period, CheckIn.occurred_at >= cut)
    others = [patient_id for patient_id in grants if patient_id not in found]
    if others:
        found |= _newest_of(reader, consent_ids, others, period, CheckIn.occurred_at < cut)
    return found


def _newest_of(
    reader: Reader,
    consent_ids: Sequence[uuid.UUID],
    patient_ids: Sequence[uuid.UUID],
    period: tuple[date, date],
    part: ColumnElement[bool],
) -> dict[uuid.UUID, SharedCheckIn]:
    rank = func.row_number().over(partition_by=CheckIn.patient_id, order_by=CheckIn.occurred_at.desc())
    query = _masked(open_days(reader, consent_ids, [Level.DETAIL]), notes=False).where(
        CheckIn.patient_id.in_(patient_ids), CheckIn.day >= period[0], CheckIn.day <= period[1], part
    )
    ranked = query.add_columns(rank.label("rank")).subquery()
    rows = db().execute(select(ranked).where(ranked.c.rank == 1))
    return {row.patient_id: _as_shared(row) for row in rows}


def _masked(opened: CTE, *, notes: bool = True) -> Select[Any]:
    """Return the query for check-ins in which every field is NULL unless its category is open for that day.

    A note that its author marked as about use needs both categories; a list that shows no notes fetches none. Entries
    with nothing open are left out, as are removed ones and those the patient keeps to themselves.
    """
    mood, use, words = _opened(opened, MOOD), _opened(opened, USE), _opened(opened, NOTES)
    newest = CheckInVersion
    note_open: ColumnElement[bool] = false()
    if notes:
        note_open = and_(_is_open(words), or_(newest.note_about_use.is_(False), _is_open(use)))
    fields = (
        case((_is_open(mood), newest.mood), else_=null()).label("mood"),
        case((_is_open(use), newest.craving), else_=null()).label("craving"),
        case((_is_open(use), newest.use), else_=null()).label("use"),
        case((note_open, newest.note_sealed), else_=null()).label("note_sealed"),
    )
    query = select(
        CheckIn.patient_id, CheckIn.day, CheckIn.occurred_at, CheckIn.utc_offset, newest.id.label("version_id"), *fields
    ).join(newest, and_(newest.check_in_id == CheckIn.id, newest.version == CheckIn.newest_version))
    for table in (mood, use, words) if notes else (mood, use):
        query = query.outerjoin(table, _joins(table))
    return query.where(
        CheckIn.removed_at.is_(None),
        CheckIn.private.is_(False),
        or_(
            and_(_is_open(mood), newest.mood.is_not(None)),
            and_(_is_open(use), or_(newest.craving.is_not(None), newest.use.is_not(None))),
            and_(note_open, newest.note_sealed.is_not(None)),
        ),
    )


def _opened(opened: CTE, category: Category) -> Any:
    return select(opened).where(opened.c.category == category).subquery(f"open_{category}")


def _joins(table: Any) -> ColumnElement[bool]:
    return and_(table.c.patient_id == CheckIn.patient_id, table.c.first_day <= CheckIn.day)


def _is_open(table: Any) -> ColumnElement[bool]:
    return table.c.patient_id.is_not(None)  # type: ignore[no-any-return]


def _as_shared(row: Any) -> SharedCheckIn:
    note = None
    if row.note_sealed is not None:
        note = vault().open(
            Place(CheckInVersion.__tablename__, "note_sealed", row.version_id, row.patient_id), row.note_sealed
        )
    return SharedCheckIn(
        day=row.day,
        local_time=local_time(row.occurred_at, row.utc_offset),
        mood=row.mood,
        craving=row.craving,
        use=None if row.use is None else bool(row.use),
        note=note,
    )


def _weeks(reader: Reader, patient_id: uuid.UUID, grants: Grants, period: tuple[date, date]) -> list[WeekSummary]:
    """Sum up by week what is shared as a summary only; single entries stay closed."""
    only = [category for category in (MOOD, USE) if grants.level(category) is Level.SUMMARY]
    if not only:
        return []
    query = _masked(open_days(reader, grants.consent_ids, [Level.SUMMARY])).where(
        CheckIn.patient_id == patient_id, CheckIn.day >= period[0], CheckIn.day <= period[1]
    )
    weeks: dict[date, list[Any]] = {}
    for row in db().execute(query.order_by(CheckIn.day.desc())):
        if _says(row, only):
            weeks.setdefault(row.day - timedelta(days=row.day.weekday()), []).append(row)
    return [_sum_up(monday, rows, only) for monday, rows in weeks.items()]


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
