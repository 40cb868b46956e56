"""The decision whether this reader may see that category of that patient now.

No consent row, no read. A consent opens something only while it is active, between its start and its end, while the
patient's account is not closed, and only to
* the person it names: a supporter whom the patient confirmed, or a clinician who is on the patient's team now; or
* a clinician of the discipline it names who is on the team now and whose name the patient was shown, or whose joining
  the patient had notice of 72 hours ago.
Everything is asked of the database at each reading, so that an end or a pause holds at the next request, in every
process. Used by `reading` only.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import CTE, ColumnElement, and_, exists, false, func, literal, or_, select

from patient_app.accounts.models import Person, PersonState, SupportLink, SupportState, TeamMembership
from patient_app.accounts.teams import READS_AFTER_NOTICE
from patient_app.consent.categories import Category, Level
from patient_app.consent.models import Consent, ConsentCategory, ConsentState
from patient_app.core import clock
from patient_app.core.roles import Discipline, Role
from patient_app.core.work import db

# What an open start is compared as: before any entry.
FIRST_DAY = date(1, 1, 1)


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who may read a patient's data: a signed-in clinician or supporter, or the picture of one.

    `preview_of` is set when a patient looks at what a recipient would see: only that patient's own consents count, and
    standing on the team is taken as given.
    """

    id: uuid.UUID | None
    practice_id: uuid.UUID
    role: Role
    discipline: Discipline | None
    preview_of: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """One category that one consent opens now."""

    patient_id: uuid.UUID
    consent_id: uuid.UUID
    category: Category
    level: Level
    entries_from: date | None
    signed_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class Grants:
    """All that a reader may see of one patient now."""

    items: tuple[Grant, ...] = ()

    def level(self, category: Category) -> Level | None:
        """Return how much of a category is open: detail where any consent says so; None when closed."""
        levels = {grant.level for grant in self.items if grant.category is category}
        if Level.DETAIL in levels:
            return Level.DETAIL
        return Level.SUMMARY if levels else None

    @property
    def categories(self) -> tuple[Category, ...]:
        """Return the open categories, in their fixed order."""
        found = {grant.category for grant in self.items}
        return tuple(category for category in Category if category in found)

    @property
    def consent_ids(self) -> tuple[uuid.UUID, ...]:
        """Return the consents that open anything."""
        return tuple(sorted({grant.consent_id for grant in self.items}))


def open_consents(reader: Reader, at: datetime | None = None) -> ColumnElement[bool]:
    """Return the condition under which a row of `consent` is open to the reader at a moment (now by default)."""
    moment = at or clock.now()
    return and_(
        Consent.practice_id == reader.practice_id,
        Consent.state == ConsentState.ACTIVE,
        Consent.starts_at <= moment,
        or_(Consent.ends_at.is_(None), Consent.ends_at > moment),
        exists().where(Person.id == Consent.patient_id, Person.state == PersonState.ACTIVE),
        _reaches(reader, moment),
    )


def _reaches(reader: Reader, moment: datetime) -> ColumnElement[bool]:
    if reader.role is Role.SUPPORTER:
        return and_(Consent.recipient_id == reader.id, _previewed_or(reader, _confirmed_supporter(reader)))
    if reader.role is not Role.CLINICIAN:
        return false()
    named: ColumnElement[bool] = false()
    if reader.id is not None:  # A picture of "any prescriber" is nobody: `= NULL` would become `IS NULL`.
        named = and_(Consent.recipient_id == reader.id, _previewed_or(reader, _on_team(reader)))
    if reader.discipline is None:
        return named
    by_discipline = and_(
        Consent.discipline == reader.discipline, _previewed_or(reader, _on_team(reader), _name_known(moment))
    )
    return or_(named, by_discipline)


def _previewed_or(reader: Reader, *standing: ColumnElement[bool]) -> ColumnElement[bool]:
    if reader.preview_of is not None:
        return Consent.patient_id == reader.preview_of
    return exists().where(*standing)


def _confirmed_supporter(reader: Reader) -> ColumnElement[bool]:
    return and_(
        SupportLink.patient_id == Consent.patient_id,
        SupportLink.supporter_id == reader.id,
        SupportLink.practice_id == Consent.practice_id,
        SupportLink.state == SupportState.CONFIRMED,
    )


def _on_team(reader: Reader) -> ColumnElement[bool]:
    return and_(
        TeamMembership.patient_id == Consent.patient_id,
        TeamMembership.clinician_id == reader.id,
        TeamMembership.practice_id == Consent.practice_id,
        TeamMembership.ended_at.is_(None),
    )


def _name_known(moment: datetime) -> ColumnElement[bool]:
    return or_(TeamMembership.shown_at.is_not(None), TeamMembership.assigned_at <= moment - READS_AFTER_NOTICE)


def grants_of(reader: Reader, patient_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Grants]:
    """Return what the reader may see now of each of these patients; patients who share nothing are left out."""
    wanted = set(patient_ids)
    if not wanted:
        return {}
    query = (
        select(
            Consent.patient_id,
            Consent.id,
            Consent.entries_from,
            Consent.signed_at,
            Consent.ends_at,
            ConsentCategory.category,
            ConsentCategory.level,
        )
        .join(ConsentCategory, ConsentCategory.consent_id == Consent.id)
        .where(open_consents(reader), Consent.patient_id.in_(wanted))
        .order_by(Consent.patient_id, Consent.signed_at)
    )
    found: dict[uuid.UUID, list[Grant]] = {}
    for patient_id, consent_id, entries_from, signed_at, ends_at, category, level in db().execute(query):
        grant = Grant(patient_id, consent_id, Category(category), Level(level), entries_from, signed_at, ends_at)
        found.setdefault(patient_id, []).append(grant)
    return {patient_id: Grants(tuple(grants)) for patient_id, grants in found.items()}


def open_days(reader: Reader, consent_ids: Sequence[uuid.UUID], levels: Sequence[Level]) -> CTE:
    """Return a table (patient_id, category, first_day) of what is open, to be joined into a query for the data.

    Only the named consents count (those in the access record), and each is checked again as the data are read.
    """
    query = (
        select(
            Consent.patient_id.label("patient_id"),
            ConsentCategory.category.label("category"),
            func.min(func.coalesce(Consent.entries_from, literal(FIRST_DAY))).label("first_day"),
        )
        .join(ConsentCategory, ConsentCategory.consent_id == Consent.id)
        .where(open_consents(reader), Consent.id.in_(consent_ids), ConsentCategory.level.in_(levels))
        .group_by(Consent.patient_id, ConsentCategory.category)
    )
    return query.cte("open_days")
