"""A clinician's list of patients: a page with the newest hard check-ins first, or by name.

A row is recorded once a viewer, consent and day: what has its record already is read without one, under those same
consents and no other, and without keeping any writer waiting. The rest is decided anew, recorded and read in the unit
of work's own transaction. To put hard check-ins first, those of the whole list are asked for, under consent as
everything else; what is shown of anybody is recorded when their row is.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from operator import attrgetter
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, and_, bindparam, or_, select, type_coerce
from sqlalchemy.orm import aliased
from sqlalchemy.types import NullType

from patient_app.access_log import service as access_log
from patient_app.access_log.models import AccessKind
from patient_app.accounts.models import Person
from patient_app.checkins.models import HARD_CRAVING, HARD_MOOD, CheckIn, CheckInVersion
from patient_app.consent.categories import Level
from patient_app.consent.decisions import (
    FIRST_DAY,
    Asker,
    Grants,
    Reader,
    asked_by,
    asker,
    grants_of,
    open_days,
    open_on,
)
from patient_app.core import clock, kept, work
from patient_app.core.identity import Viewer
from patient_app.core.kept import as_kept
from patient_app.core.keys import SYSTEM_SUBJECT
from patient_app.core.prepared import Statement
from patient_app.core.work import vault
from patient_app.reading import looks, people, records, silence
from patient_app.reading.fields import MOOD, USE, Masked, SharedCheckIn, as_listed
from patient_app.reading.people import Named, plain_rows
from patient_app.reading.service import reader_of
from patient_app.worries import service as worries

CASELOAD_DAYS = 30
PAGE_PATIENTS = 20
# Up to this page of the hardest first, only the newest hard check-ins are asked for: at first a few more than there are
# rows on the page, and if some patients wrote most of them, many more.
_FRONT_PAGES = 50
_FEW, _MANY = 2, 10
CASELOAD_CATEGORIES = (MOOD, USE)
# How far back a list looks for what is new, and for hard check-ins: so long that each weekday is there once.
LATELY_DAYS = 7


class Order(StrEnum):
    """How a list is ordered."""

    NAME = "name"
    HARD = "hard"


@dataclass(frozen=True, slots=True)
class Lately:
    """What the last days hold of one patient: how many check-ins are new to this clinician; the last hard day."""

    new: int = 0
    hard_on: date | None = None


@dataclass(frozen=True, slots=True)
class CaseloadRow:
    """One patient in a clinician's list, with the newest check-in of which anything is open."""

    person: Named
    grants: Grants
    newest: SharedCheckIn | None
    lately: Lately = Lately()


@dataclass(frozen=True, slots=True)
class Caseload:
    """One page of a clinician's list: the first row's number (from 1), and how many rows there are on all pages.

    `unread` counts what supporters told the practice and nobody read yet, `told` what the clinician was told of those
    who did not check in.
    """

    rows: tuple[CaseloadRow, ...]
    page: int
    first: int
    total: int
    order: Order = Order.HARD
    unread: int = 0
    told: int = 0

    @property
    def has_more(self) -> bool:
        """Whether there is a page after this one."""
        # Not by the rows: of a page there may be fewer.
        return self.page * PAGE_PATIENTS < self.total


@dataclass(frozen=True, slots=True)
class _Page:
    """Whom a page shows, with what they share; the first one's number (from 0), and how many there are in all."""

    first: int
    shown: tuple[Named, ...]
    grants: Mapping[uuid.UUID, Grants]
    total: int
    unread: int
    told: int


@dataclass(frozen=True, slots=True)
class _Days:
    """The days a list looks at: a day may have begun already where a patient lives."""

    first: date
    lately: date
    last: date


# What a row says of somebody's check-ins: the newest, and the last days.
_Said = tuple[SharedCheckIn | None, Lately]
_NOTHING: _Said = (None, Lately())
_NEWEST = attrgetter("occurred_at", "recorded_seq")


def caseload(viewer: Viewer, page: int = 1, order: Order = Order.HARD) -> Caseload:
    """Return a page of the clinician's patients, each with the newest open check-in and what is new."""
    reader, days = reader_of(viewer), _days()
    with work.aside():
        if order is Order.HARD:
            found = _hardest_first(viewer, reader, days, max(1, page))
        else:
            found = _among_all(viewer, reader, page)
        grants = {person.id: found.grants[person.id] for person in found.shown if person.id in found.grants}
        relied_on = _relied_on(grants)
        # A day more: an entry of a day is written a day before at the earliest, where the day began already.
        before = looks.read_before(viewer.id, relied_on, days=LATELY_DAYS + 1)
        unrecorded = {patient_id for consent_id, patient_id in relied_on.items() if consent_id not in before.in_list}
        read = {} if unrecorded else _read(reader, grants, relied_on, before.looks, days)
    if unrecorded:
        grants = {one: opened for one, opened in grants.items() if one not in unrecorded}
        held = records.hold(unrecorded)
        fresh = grants_of(reader, unrecorded)
        readings = records.readings(viewer, _listed(fresh), AccessKind.CASELOAD, (days.first, days.last), held)
        access_log.record_once_a_day(readings, held.chains)
        grants |= fresh
        read = _read(reader, grants, _relied_on(grants), before.looks, days)
    rows = tuple(CaseloadRow(one, grants.get(one.id, Grants()), *read.get(one.id, _NOTHING)) for one in found.shown)
    return Caseload(
        rows,
        found.first // PAGE_PATIENTS + 1,
        found.first + 1,
        found.total,
        order=order,
        unread=found.unread,
        told=found.told,
    )


def _hardest_first(viewer: Viewer, reader: Reader, days: _Days, page: int) -> _Page:
    """Return a page with the newest hard check-in first, and who shared none after them by name.

    The newest are asked for first. Mostly they fill the page, and the names of the others stay sealed.
    """
    if page > _FRONT_PAGES:  # Whatever an address says: no number of it is asked of the database.
        return _among_all(viewer, reader, page, _rows(_hard, reader, None, days))
    for times in (_FEW, _MANY):
        most = page * PAGE_PATIENTS * times
        rows = _rows(_newest_hard, reader, None, days, most=most)
        found = _front(viewer, reader, rows, page, whole=len(rows) < most)
        if found:
            return found
        if len(rows) < most:
            return _among_all(viewer, reader, page, rows)
    return _among_all(viewer, reader, page, _rows(_hard, reader, None, days))


def _front(viewer: Viewer, reader: Reader, rows: Sequence[Any], page: int, *, whole: bool) -> _Page | None:
    """Return a page of those who shared these hard check-ins; None when they may not be all that belong on it.

    `whole` says whether these are all there are. If not, there may be more of the very moment of the last of them.
    """
    hard = dict(_by_patient(rows))
    order = _newest_first(hard)[: page * PAGE_PATIENTS]
    if len(order) < page * PAGE_PATIENTS:
        return None
    if not whole and _newest_of(hard[order[-1]]) == rows[-1].occurred_at:
        return None
    grants = grants_of(reader, order)
    if any(_open_hard(hard[one], grants.get(one)) != hard[one] for one in order):
        return None
    on_page = order[-PAGE_PATIENTS:]
    on_list = people.some_listed(viewer, on_page)
    if len(on_list) < PAGE_PATIENTS:
        return None
    names = {person.id: person for person in people.named(viewer, on_list)}
    if len(names) < PAGE_PATIENTS:  # Of one of them the key is gone.
        return None
    shown = tuple([names[one] for one in on_page])
    return _Page(len(order) - PAGE_PATIENTS, shown, grants, on_list[0].total, on_list[0].unread, on_list[0].told)


def _among_all(viewer: Viewer, reader: Reader, page: int, hard: Sequence[Any] | None = None) -> _Page:
    """Return a page of everybody, by name: after those of these hard check-ins, where there are any."""
    on_list = people.listed(viewer)
    positions = _by_name(tuple([(row[0], row[1]) for row in on_list]), viewer.practice_id)
    first = max(0, min(page - 1, (len(positions) - 1) // PAGE_PATIENTS)) * PAGE_PATIENTS
    if hard:
        positions, grants = _hard_first(reader, on_list, positions, hard, first + PAGE_PATIENTS)
    else:
        grants = grants_of(reader, [people.id_of(on_list[one]) for one in _page_of(positions, first)])
    shown = people.named(viewer, [on_list[one] for one in _page_of(positions, first)])
    if not on_list:
        return _Page(first, (), grants, 0, worries.unread(viewer), silence.waiting(viewer))
    return _Page(first, tuple(shown), grants, len(positions), on_list[0].unread, on_list[0].told)


def _days() -> _Days:
    today = clock.now().date()
    return _Days(today - timedelta(days=CASELOAD_DAYS), today - timedelta(days=LATELY_DAYS), today + timedelta(days=1))


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


@lru_cache(maxsize=256)
def _by_name(sealed: tuple[tuple[Any, bytes | None], ...], practice_id: uuid.UUID) -> tuple[int, ...]:
    """Return the positions of these people (id, sealed name) in the order of their names, without whose key is gone.

    No database can sort sealed names, so all of them have to be opened, however few a page shows. What is kept for the
    next time is what was given (it stays sealed) and the order, no name; another name or person is another question.
    """
    ids = [one if isinstance(one, uuid.UUID) else uuid.UUID(one) for one, _ in sealed]
    # The keys of what comes next are asked for with theirs: the practice's opens charts, the system's proves consents.
    gone = vault().preload([*ids, practice_id, SYSTEM_SUBJECT])
    there = [position for position, one in enumerate(ids) if one not in gone]
    opened = vault().open_all(
        Person.__tablename__, "name_sealed", [(ids[one], ids[one], sealed[one][1]) for one in there]
    )
    names = dict(zip(there, opened, strict=True))
    return tuple(sorted(there, key=lambda position: (names[position].casefold(), ids[position])))


def _page_of(positions: Sequence[int], first: int) -> Sequence[int]:
    return positions[first : first + PAGE_PATIENTS]


def _hard_first(
    reader: Reader, on_list: Sequence[Any], by_name: Sequence[int], rows: Sequence[Any], needed: int
) -> tuple[tuple[int, ...], dict[uuid.UUID, Grants]]:
    """Return the positions with the newest hard check-in first, and who shared none after them by name.

    With them come the grants of the first `needed`. Who is hard is found under consent, in the query; that those
    consents are whole is asked only of whom it brings to the front of what is shown, and of all when one is not.
    """
    ids = [people.id_of(row) for row in on_list]
    at_name = {ids[position]: number for number, position in enumerate(by_name)}
    hard = {one: own for one, own in _by_patient(rows) if one in at_name}
    order = [*_newest_first(hard), *(one for one in at_name if one not in hard)]
    grants = grants_of(reader, order[:needed])
    if any(_open_hard(hard[one], grants.get(one)) != hard[one] for one in order[:needed] if one in hard):
        grants = grants_of(reader, order)
        hard = {one: own for one in hard if (own := _open_hard(hard[one], grants.get(one)))}
        order = [*_newest_first(hard), *(one for one in at_name if one not in hard)]
    return tuple(by_name[at_name[one]] for one in order), grants


def _newest_first(hard: Mapping[uuid.UUID, list[Any]]) -> list[uuid.UUID]:
    """Return whose these check-ins are, with the newest first; of one moment, in one and the same order each time."""
    return sorted(hard, key=lambda one: (_newest_of(hard[one]), -one.int), reverse=True)


def _newest_of(rows: Iterable[Any]) -> Any:
    return max(row.occurred_at for row in rows)


def _open_hard(rows: list[Any], grants: Grants | None) -> list[Any]:
    """Return the hard check-ins that these grants open one by one."""
    mood = use = date.max
    for grant in grants.items if grants else ():
        if grant.level is Level.DETAIL:
            since = grant.entries_from or FIRST_DAY
            if grant.category is MOOD:
                mood = min(mood, since)
            elif grant.category is USE:
                use = min(use, since)
    return [
        row
        for row in rows
        if (row.by_mood and mood <= kept.day_of(row.day)) or (row.by_use and use <= kept.day_of(row.day))
    ]


# --- The data, masked by consent in the query -------------------------------------------------------------------------


def _read(
    reader: Reader,
    grants: Mapping[uuid.UUID, Grants],
    relied_on: Mapping[uuid.UUID, uuid.UUID],
    read: looks.Looks,
    days: _Days,
) -> dict[uuid.UUID, _Said]:
    """Read for a list, of these patients and under these very consents that it relies on.

    The newest check-in of those who shared none in the last days is looked for by itself: most did.
    """
    found: dict[uuid.UUID, _Said] = {}
    for one, rows in _by_patient(_rows(_recent, reader, list(relied_on), days)):
        found[one] = _said(rows, looks.Seen(grants[one], read, CASELOAD_CATEGORIES))
    quiet = [consent_id for consent_id, patient_id in relied_on.items() if patient_id not in found]
    for one, rows in _by_patient(_rows(_newest_before, reader, quiet, days)):
        found[one] = as_listed(rows[0]), Lately()
    return found


def _by_patient(rows: Iterable[Any]) -> Iterable[tuple[uuid.UUID, list[Any]]]:
    found: dict[Any, list[Any]] = {}
    for row in rows:
        found.setdefault(row.patient_id, []).append(row)
    return ((kept.id_of(one), own) for one, own in found.items())


def _said(rows: list[Any], seen: looks.Seen) -> _Said:
    """Return what a row of a list says of these entries of the last days."""
    hard = [row for row in rows if row.hard]
    new = sum([seen.is_new(kept.day_of(row.day), row.seq) for row in rows])
    hard_on = kept.day_of(max(hard, key=_NEWEST).day) if hard else None
    return as_listed(max(rows, key=_NEWEST)), Lately(new, hard_on)


def _rows(
    make: Any, reader: Reader, consents: Sequence[uuid.UUID] | None, days: _Days, *, most: int | None = None
) -> Sequence[Any]:
    """Run a query under these consents; None for one that asks for all that are open, of which `most` are wanted."""
    if consents is not None and not consents:
        return []
    asked = {
        **({} if consents is None else {"consent_ids": consents}),
        **({} if most is None else {"most": most}),
        "level": Level.DETAIL,
        "first": days.first,
        "lately": days.lately,
        "last": days.last,
        # Wherever in the world these days began.
        "hard_since": datetime.combine(days.lately, time(), UTC) - timedelta(days=1),
        "since": datetime.combine(days.first, time(), UTC) - timedelta(days=1),
    }
    return plain_rows(make(asker(reader)), {**asked_by(reader), **asked})


@lru_cache(maxsize=32)
def _recent(kind: Asker) -> Statement:
    """Make the query for each patient's entries of the last days."""
    opened = open_days(kind, CASELOAD_CATEGORIES)
    seen = _masked(opened)
    return _joined(opened, seen, _listed_columns(seen), CheckIn.patient_id == opened.c.patient_id).where(
        seen.anything, CheckIn.day >= bindparam("lately"), CheckIn.day <= bindparam("last")
    )


@lru_cache(maxsize=32)
def _newest_before(kind: Asker) -> Statement:
    """Make the query for each patient's newest entry before the last days: back to the first that is open."""
    opened = open_days(kind, CASELOAD_CATEGORIES)
    entry, version = aliased(CheckIn), aliased(CheckInVersion)
    looked_at = _masked(opened, entry, version)
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
    seen = _masked(opened)
    return _joined(opened, seen, _listed_columns(seen), CheckIn.id == newest).where(
        CheckIn.day >= bindparam("first"), CheckIn.day < bindparam("lately")
    )


def _listed_columns(seen: Masked) -> tuple[Any, ...]:
    return (
        as_kept(CheckIn.patient_id),
        as_kept(CheckIn.day),
        as_kept(CheckIn.occurred_at),
        CheckIn.recorded_seq,
        CheckIn.utc_offset,
        *seen.fields,
        type_coerce(_is_hard(seen), NullType()).label("hard"),
    )


def _is_hard(seen: Masked) -> ColumnElement[bool]:
    """Whether a check-in, as far as it is shared, tells of a very low mood or a strong pull."""
    return or_(seen.mood <= HARD_MOOD, seen.craving >= HARD_CRAVING)


def _joined(opened: CTE, seen: Masked, columns: Sequence[Any], on: ColumnElement[bool]) -> Select[Any]:
    return select(*columns).select_from(opened).join(CheckIn, on).join(CheckInVersion, seen.joins)


@lru_cache(maxsize=32)
def _hard(kind: Asker) -> Select[Any]:
    """Make the query for the hard check-ins of the last days that the reader may see, of whomever.

    It starts from the few that are hard (an index holds those), and asks of each whether it is open.
    """
    by_mood, by_use = CheckInVersion.mood <= HARD_MOOD, CheckInVersion.craving >= HARD_CRAVING
    columns = (CheckIn.patient_id, CheckIn.day, CheckIn.occurred_at)
    return (
        select(*map(as_kept, columns), by_mood.label("by_mood"), by_use.label("by_use"))
        .select_from(CheckInVersion)
        .join(CheckIn, and_(CheckIn.id == CheckInVersion.check_in_id, CheckIn.shown_version == CheckInVersion.version))
        .where(
            CheckInVersion.hard_at >= bindparam("hard_since"),
            CheckIn.practice_id == bindparam("reader_practice"),
            CheckIn.removed_at.is_(None),
            CheckIn.private.is_(False),
            CheckIn.day >= bindparam("lately"),
            CheckIn.day <= bindparam("last"),
            or_(
                and_(by_mood, open_on(kind, MOOD, CheckIn.patient_id, CheckIn.day)),
                and_(by_use, open_on(kind, USE, CheckIn.patient_id, CheckIn.day)),
            ),
        )
    )


@lru_cache(maxsize=32)
def _newest_hard(kind: Asker) -> Statement:
    """Make the query for the newest of `_hard`."""
    return _hard(kind).order_by(CheckInVersion.hard_at.desc()).limit(bindparam("most"))


def _masked(opened: Any, entry: Any = CheckIn, version: Any = CheckInVersion) -> Masked:
    return Masked(opened, entry, version, words=False)
