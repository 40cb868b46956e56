"""The decision whether this reader may see that category of that patient now.

No consent row, no read. A consent opens something only while it is active, between its start and its end, while the
patient's account is not closed, and only to
* the person it names: a supporter whom the patient confirmed, or a clinician who is on the patient's team now; or
* a clinician of the discipline it names who is on the team now and whose name the patient was shown, or whose joining
  the patient had notice of 72 hours ago.
And only while it is as it was signed: a row whose seal does not fit opens nothing (`seals`).
Everything is asked of the database at each reading, so that an end or a pause holds at the next request, in every
process. Used by `reading` only.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, lru_cache
from typing import Any

from sqlalchemy import CTE, ColumnElement, and_, bindparam, case, exists, false, func, literal, or_, select

from patient_app.accounts.models import Person, PersonState, SupportLink, SupportState, TeamMembership
from patient_app.accounts.teams import READS_AFTER_NOTICE
from patient_app.consent import seals
from patient_app.consent.categories import Category, Level
from patient_app.consent.models import Consent, ConsentCategory, ConsentState
from patient_app.core import clock, kept
from patient_app.core.kept import as_kept
from patient_app.core.logs import logger
from patient_app.core.prepared import Prepared
from patient_app.core.roles import Discipline, Role
from patient_app.core.work import connection

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
    ends_at: datetime | None


_CATEGORIES = tuple(Category)  # To go through the enumeration itself takes longer than what is asked of each.


@dataclass(frozen=True)
class Grants:
    """All that a reader may see of one patient now; what one consent opens stands together."""

    items: tuple[Grant, ...] = ()

    def level(self, category: Category) -> Level | None:
        """Return how much of a category is open: detail where any consent says so; None when closed."""
        levels = {grant.level for grant in self.items if grant.category is category}
        if Level.DETAIL in levels:
            return Level.DETAIL
        return Level.SUMMARY if levels else None

    @cached_property
    def categories(self) -> tuple[Category, ...]:
        """Return the open categories, in their fixed order."""
        found = {grant.category for grant in self.items}
        return tuple([category for category in _CATEGORIES if category in found])

    @cached_property
    def consent_ids(self) -> tuple[uuid.UUID, ...]:
        """Return the consents that open anything."""
        return tuple(sorted({grant.consent_id for grant in self.items}))


@dataclass(frozen=True, slots=True)
class Asker:
    """What kind of reader a query is made for. A query is made once for each kind; who asks, and when, is bound to it.

    (Building a query of this size costs several times what running it does.)
    """

    role: Role
    is_person: bool
    has_discipline: bool
    is_preview: bool


def asker(reader: Reader) -> Asker:
    """Return what kind of reader this is."""
    return Asker(reader.role, reader.id is not None, reader.discipline is not None, reader.preview_of is not None)


def asked_by(reader: Reader) -> dict[str, Any]:
    """Return what is bound to a query made with `open_consents`: this reader, at this moment."""
    moment = clock.now()
    return {
        "reader_id": reader.id,
        "reader_practice": reader.practice_id,
        "reader_discipline": reader.discipline,
        "preview_of": reader.preview_of,
        "asked_at": moment,
        "noticed_by": moment - READS_AFTER_NOTICE,
    }


def open_consents(kind: Asker) -> ColumnElement[bool]:
    """Return the condition under which a row of `consent` is open to the reader, and at the moment, that are bound."""
    return and_(
        Consent.practice_id == bindparam("reader_practice"),
        Consent.state == ConsentState.ACTIVE,
        Consent.starts_at <= bindparam("asked_at"),
        or_(Consent.ends_at.is_(None), Consent.ends_at > bindparam("asked_at")),
        exists().where(Person.id == Consent.patient_id, Person.state == PersonState.ACTIVE),
        _reaches(kind),
    )


def _reaches(kind: Asker) -> ColumnElement[bool]:
    if kind.role is Role.SUPPORTER:
        return and_(Consent.recipient_id == bindparam("reader_id"), _previewed_or(kind, _confirmed_supporter()))
    if kind.role is not Role.CLINICIAN:
        return false()
    named: ColumnElement[bool] = false()
    if kind.is_person:  # A picture of "any prescriber" is nobody: no consent names them.
        named = and_(Consent.recipient_id == bindparam("reader_id"), _previewed_or(kind, _on_team()))
    if not kind.has_discipline:
        return named
    by_discipline = and_(
        Consent.discipline == bindparam("reader_discipline"), _previewed_or(kind, _on_team(), name_known())
    )
    return or_(named, by_discipline)


def _previewed_or(kind: Asker, *standing: ColumnElement[bool]) -> ColumnElement[bool]:
    if kind.is_preview:
        return Consent.patient_id == bindparam("preview_of")
    return exists().where(*standing)


def _confirmed_supporter() -> ColumnElement[bool]:
    return and_(
        SupportLink.patient_id == Consent.patient_id,
        SupportLink.supporter_id == bindparam("reader_id"),
        SupportLink.practice_id == Consent.practice_id,
        SupportLink.state == SupportState.CONFIRMED,
    )


def _on_team() -> ColumnElement[bool]:
    return and_(
        TeamMembership.patient_id == Consent.patient_id,
        TeamMembership.clinician_id == bindparam("reader_id"),
        TeamMembership.practice_id == Consent.practice_id,
        TeamMembership.ended_at.is_(None),
    )


def name_known() -> ColumnElement[bool]:
    """Return the condition under which a new member of a team reads; `noticed_by` is bound to it."""
    return or_(TeamMembership.shown_at.is_not(None), TeamMembership.noticed_at <= bindparam("noticed_by"))


def grants_of(reader: Reader, patient_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Grants]:
    """Return what the reader may see now of each of these patients; patients who share nothing are left out."""
    wanted = list(dict.fromkeys(patient_ids))
    if not wanted:
        return {}
    # Past the ORM: each page for somebody else begins with this.
    rows = _grants(asker(reader)).all(connection(), {**asked_by(reader), "patient_ids": wanted})
    sealed_with = seals.key_id()
    found: dict[uuid.UUID, tuple[Grant, ...]] = {}
    for row in rows:
        patient_id, opened = _opened(sealed_with, tuple(row))
        if opened is None:
            logger().error("consent seal broken", consent_id=str(kept.id_of(row.id)), patient_id=str(patient_id))
        else:
            found[patient_id] = found.get(patient_id, ()) + opened
    return {patient_id: Grants(grants) for patient_id, grants in found.items()}


@lru_cache(maxsize=4096)
def _opened(_sealed_with: uuid.UUID, row: tuple[Any, ...]) -> tuple[uuid.UUID, tuple[Grant, ...] | None]:
    """Return the patient and what a row opens; None where it is not as it was signed.

    What the row says decides, and the key of the seals: the same row opens the same for as long as the database gives
    it, which it is asked each time.
    """
    consent_id, practice_id, patient_id, recipient_id, discipline, starts_at, ends_at, entries_from, seal, scope = row
    patient_id, consent_id = kept.id_of(patient_id), kept.id_of(consent_id)
    since = None if entries_from is None else kept.day_of(entries_from)
    until = None if ends_at is None else kept.moment_of(ends_at)
    recipient_id = None if recipient_id is None else kept.id_of(recipient_id)
    signed = (
        consent_id,
        kept.id_of(practice_id),
        patient_id,
        recipient_id,
        discipline,
        kept.moment_of(starts_at),
        until,
        since,
    )
    if not seals.is_whole(signed, scope.split(","), seal):
        return patient_id, None
    return patient_id, tuple(
        Grant(patient_id, consent_id, category, level, since, until) for category, level in _scope(scope)
    )


@lru_cache(maxsize=32)
def _grants(kind: Asker) -> Prepared:
    # One row a consent: a list of patients is read with every page.
    scope = func.aggregate_strings(ConsentCategory.category.concat(":").concat(ConsentCategory.level), ",")
    return Prepared(
        select(*map(as_kept, seals.FACTS), as_kept(Consent.seal), scope)
        .join(ConsentCategory, ConsentCategory.consent_id == Consent.id)
        .where(open_consents(kind), Consent.patient_id.in_(bindparam("patient_ids", expanding=True)))
        .group_by(Consent.id)
        .order_by(Consent.patient_id, Consent.signed_at, Consent.id)
    )


def _scope(text: str) -> tuple[tuple[Category, Level], ...]:
    """Return the categories that a consent opens, in their fixed order, each with its level."""
    levels = dict(one.split(":") for one in text.split(","))
    return tuple((category, Level(levels[category])) for category in _CATEGORIES if category in levels)


def open_days(kind: Asker, categories: Sequence[Category]) -> CTE:
    """Return a table of what is open, to be joined into a query for the data: a row for each patient.

    `patient_id`, and for each category a column of its name: the first day that is open, NULL where it is closed. The
    caller binds `asked_by(reader)`, `consent_ids` and `level`. Only the named consents count (those in the access
    record), and each is checked again as the data are read.
    """
    first_day = func.coalesce(Consent.entries_from, literal(FIRST_DAY))
    opened = (func.min(case((ConsentCategory.category == one, first_day))).label(str(one)) for one in categories)
    query = (
        select(Consent.patient_id.label("patient_id"), *opened)
        .join(ConsentCategory, ConsentCategory.consent_id == Consent.id)
        .where(
            open_consents(kind),
            Consent.id.in_(bindparam("consent_ids", expanding=True)),
            ConsentCategory.level == bindparam("level"),
        )
        .group_by(Consent.patient_id)
    )
    return query.cte("open_days")


def open_on(kind: Asker, category: Category, patient_id: Any, day: Any) -> ColumnElement[bool]:
    """Return the condition under which single entries of a category are open for that patient and day (columns).

    For finding few rows among those of many people; whether the consents are whole (`grants_of`) is to be asked
    afterwards of whatever is shown. The caller binds `asked_by(reader)` and `level`.
    """
    return exists().where(
        Consent.patient_id == patient_id,
        open_consents(kind),
        ConsentCategory.consent_id == Consent.id,
        ConsentCategory.category == category,
        ConsentCategory.level == bindparam("level"),
        func.coalesce(Consent.entries_from, literal(FIRST_DAY)) <= day,
    )
