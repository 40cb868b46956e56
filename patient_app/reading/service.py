"""Reads a patient's data for a clinician or supporter: decided by consent in the query, masked at the field, recorded.

What a reader may not have is not fetched at all: columns of closed categories come back as NULL from the database, and
an entry of which nothing is open is no row. Every reading writes its access record in the same transaction, and nothing
leaves before it is kept; it names the very consents that the query relied on. "See what they see" runs the same
functions with a picture of the recipient, and writes no record since the patient reads their own data.

Queries are made once for each kind of reader, with who asks and when bound to them: building one costs more than
running it. The other modules: `fields` (what belongs to which category), `weeks` (summaries), `people` (whose list),
`records`, `safety_plans`, `looks` (what was read before), `team` (reviews and notes), `caseload` (a clinician's list).
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, bindparam, select

from patient_app.access_log import service as access_log
from patient_app.access_log.models import AccessKind
from patient_app.checkins.models import CheckIn, CheckInVersion
from patient_app.consent.categories import Category, Level
from patient_app.consent.decisions import Asker, Grants, Reader, asked_by, asker, grants_of, open_days
from patient_app.core import clock, work
from patient_app.core.clock import moment
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.roles import Role
from patient_app.reading import looks, people, records, safety_plans, team
from patient_app.reading.fields import MOOD, NOTES, USE, Masked, SharedCheckIn, as_shared
from patient_app.reading.people import Named, plain_rows
from patient_app.reading.weeks import WeekSummary, summed, weeks_of
from patient_app.safety.plan import Written

PAGE_DAYS = 14
# Opening the page again within this time is one visit: what was new at its start stays marked as new.
VISIT = timedelta(minutes=30)
# Medicines, visits and exercises have pages of their own, and are recorded as read there.
ON_PATIENT_PAGE = frozenset(Category) - {Category.MEDICATIONS, Category.PLAN, Category.SKILLS}
# Nothing is older; days before it cannot be counted back from.
EARLIEST = date(1900, 1, 1)


@dataclass(frozen=True, slots=True)
class Period:
    """The days of a reading, up to and with the last, and the patient's today."""

    first_day: date
    last_day: date
    today: date

    @property
    def last_summed(self) -> date:
        """The end of the last week: a week belongs to the page of its Monday, so that none is summed up in halves.

        It is over: on its first days a running week would say what single days were.
        """
        over = self.today - timedelta(days=self.today.weekday() + 1)
        return min(over, self.last_day + timedelta(days=6 - self.last_day.weekday()))

    @property
    def is_newest(self) -> bool:
        """Whether these are the newest days."""
        return self.last_day == self.today

    @property
    def last_detailed(self) -> date:
        """The last day of single check-ins: a phone in a zone ahead is in its next day before today is over."""
        return self.last_day + timedelta(days=1) if self.is_newest else self.last_day


@dataclass(frozen=True, slots=True)
class ForTeam:
    """What stands beside a patient's data for a member of the team alone.

    `new` holds the check-ins that this clinician had not read before this visit, None on a page of earlier days;
    `looked_at` is when they looked before it. Reviews are the newest of each clinician.
    """

    notes: tuple[team.SharedNote, ...]
    reviews: tuple[team.ReviewMark, ...]
    new: frozenset[SharedCheckIn] | None
    looked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Shared:
    """All that a reader sees of one patient over a period."""

    person: Named
    grants: Grants
    period: Period
    check_ins: tuple[SharedCheckIn, ...]
    weeks: tuple[WeekSummary, ...]
    instructions: str | None = None
    # The steps of the safety plan as they are now, so on the newest page alone.
    plan: tuple[Written, ...] = ()
    for_team: ForTeam | None = None

    @property
    def has_check_ins(self) -> bool:
        """Whether single check-ins are shared now, as far as anything of one is, be there one or not."""
        single = (MOOD, USE, NOTES)
        return any(grant.category in single and grant.level is Level.DETAIL for grant in self.grants.items)

    @property
    def has_weeks(self) -> bool:
        """Whether anything is shared as a summary of each week only, be there a week yet or not."""
        return bool(summed(self.grants))

    @property
    def has_substance_use(self) -> bool:
        """Whether the notice of 42 CFR 2.32 belongs on this view."""
        notes = self.for_team.notes if self.for_team else ()
        return USE in self.grants.categories or any(USE in note.categories for note in notes)


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

    Without `until`, or with one that has not come yet, up to the patient's today. With it come the team's reviews and
    notes, as far as this clinician may see them. Raise `NotFound` when the patient is not on the clinician's list, or
    does not exist.
    """
    with work.aside():
        person = people.one_of_list(viewer, patient_id)
    if person is None:
        raise NotFound
    return _read(viewer, person, _period(person, days, until))


def read_supported(viewer: Viewer, patient_id: uuid.UUID, days: int = PAGE_DAYS, until: date | None = None) -> Shared:
    """Return what a supporter sees of a person who confirmed them, and record the reading; else raise `NotFound`."""
    with work.aside():
        found = people.supported(viewer, patient_id)
    if not found:
        raise NotFound
    person, instructions = found[0]
    return _read(viewer, person, _period(person, days, until), instructions)


def supported_people(viewer: Viewer) -> list[SupportedPerson]:
    """Return the people who confirmed this supporter, with their instructions; names only, no entry is read."""
    found = people.supported(viewer)
    grants = grants_of(reader_of(viewer), [person.id for person, _ in found])
    return [SupportedPerson(person, grants.get(person.id, Grants()), words) for person, words in found]


def preview(patient: Viewer, reader: Reader, days: int = PAGE_DAYS, until: date | None = None) -> Shared:
    """Return what a recipient would see of the patient's own data now: the same functions, and no record."""
    if reader.preview_of != patient.id:
        raise NotFound
    person = Named(patient.id, patient.name, zone=patient.zone, day_start_minutes=patient.day_start_minutes)
    instructions = None
    if reader.role is Role.SUPPORTER:
        person, instructions = people.as_supported(patient, reader.id)
    grants = grants_of(reader, [patient.id]).get(patient.id, Grants())
    return _shared(reader, person, grants, _period(person, days, until), instructions=instructions)


def _read(viewer: Viewer, person: Named, period: Period, instructions: str | None = None) -> Shared:
    """Decide, read and record, all in one transaction: nothing leaves before the record is kept."""
    reader, held = reader_of(viewer), records.hold([person.id])
    grants = grants_of(reader, [person.id]).get(person.id, Grants())
    last_day = max(period.last_day, period.last_summed) if summed(grants) else period.last_day
    shared = _shared(reader, person, grants, period, instructions=instructions, viewer=viewer)
    days = (period.first_day, max([last_day, *(one.day for one in shared.check_ins)]))
    on_page = {person.id: records.only(grants, ON_PATIENT_PAGE)}
    access_log.record(records.readings(viewer, on_page, AccessKind.DETAIL, days, held), held.chains)
    return shared


def _shared(
    reader: Reader,
    person: Named,
    grants: Grants,
    period: Period,
    *,
    instructions: str | None,
    viewer: Viewer | None = None,
) -> Shared:
    check_ins = _check_ins(reader, person.id, grants, period)
    return Shared(
        person=person,
        grants=grants,
        period=period,
        check_ins=check_ins,
        weeks=_weeks(reader, person.id, grants, period),
        instructions=instructions,
        plan=safety_plans.steps_of(reader, person.id, grants) if period.is_newest else (),
        for_team=_for_team(viewer, person, grants, period, check_ins) if viewer else None,
    )


def _for_team(
    viewer: Viewer, person: Named, grants: Grants, period: Period, check_ins: Sequence[SharedCheckIn]
) -> ForTeam | None:
    if viewer.role is not Role.CLINICIAN:
        return None
    notes = team.notes_of(viewer, person, grants, period.first_day, period.last_detailed)
    if not grants.items:
        return ForTeam(notes, (), None, None)
    reviews = team.reviews_of(viewer, person.id)
    if not period.is_newest:
        return ForTeam(notes, reviews, None, None)
    own = max((review.at for review in reviews if review.is_own), default=None)
    started = clock.now() - VISIT
    read = looks.read_before(viewer.id, grants.consent_ids, max(started, own) if own else started).looks
    seen = looks.Seen(grants, read, (MOOD, USE, NOTES))
    new = frozenset(one for one in check_ins if seen.is_new(one.day, one.seq))
    return ForTeam(notes, reviews, new, looks.last_look(read))


def _period(person: Named, days: int, until: date | None) -> Period:
    today = moment(clock.now(), person.zone, person.day_start_minutes).day
    last_day = max(min(until or today, today), EARLIEST)
    return Period(last_day - timedelta(days=days - 1), last_day, today)


# --- The data, masked by consent in the query ------------------------------------------------------------------------


def _check_ins(reader: Reader, patient_id: uuid.UUID, grants: Grants, period: Period) -> tuple[SharedCheckIn, ...]:
    if not grants.items:
        return ()
    return _entries(reader, patient_id, grants, Level.DETAIL, (period.first_day, period.last_detailed))


def _weeks(reader: Reader, patient_id: uuid.UUID, grants: Grants, period: Period) -> tuple[WeekSummary, ...]:
    """Sum up by week what is shared as a summary only, newest week first; single entries stay closed."""
    only = summed(grants)
    if not only:
        return ()
    first_monday = period.first_day + timedelta(days=-period.first_day.weekday() % 7)
    return weeks_of(_entries(reader, patient_id, grants, Level.SUMMARY, (first_monday, period.last_summed)), only)


def _entries(
    reader: Reader, patient_id: uuid.UUID, grants: Grants, level: Level, days: tuple[date, date]
) -> tuple[SharedCheckIn, ...]:
    asked = {"patient_id": patient_id, "consent_ids": grants.consent_ids, "level": level, "first": days[0]}
    rows = plain_rows(_of_patient(asker(reader)), {**asked_by(reader), **asked, "last": days[1]})
    return tuple(as_shared(row) for row in rows)


@lru_cache(maxsize=32)
def _of_patient(kind: Asker) -> Select[Any]:
    opened = open_days(kind, (MOOD, USE, NOTES))
    seen = Masked(opened, words=True)
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
