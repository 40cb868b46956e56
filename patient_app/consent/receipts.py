"""Receipts: who can see one entry now, part by part, and who has read it.

Told to the patient alone. Who can see follows the same rules as `decisions`, from the patient's side: a test holds the
two against each other. Who has read follows from the access records.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import gettext
from sqlalchemy import and_, bindparam, or_, select

from patient_app.access_log.models import AccessKind, AccessRecord
from patient_app.accounts import names
from patient_app.accounts.models import Person, PersonState, SupportLink, SupportState, TeamMembership
from patient_app.accounts.teams import READS_AFTER_NOTICE
from patient_app.consent.categories import DETAIL_ONLY, TEAM_ONLY, Category, Level
from patient_app.consent.decisions import name_known
from patient_app.consent.models import Consent, ConsentCategory, ConsentState
from patient_app.core import clock
from patient_app.core.identity import Viewer
from patient_app.core.roles import Discipline
from patient_app.core.vault import Place
from patient_app.core.work import db, vault

_CONSENTS = select(Consent.recipient_id, Consent.discipline, Consent.entries_from, Consent.id).where(
    Consent.patient_id == bindparam("patient_id"),
    Consent.state == ConsentState.ACTIVE,
    Consent.starts_at <= bindparam("asked_at"),
    or_(Consent.ends_at.is_(None), Consent.ends_at > bindparam("asked_at")),
)
_SCOPES = (
    select(ConsentCategory.consent_id, ConsentCategory.category, ConsentCategory.level)
    .join(Consent, Consent.id == ConsentCategory.consent_id)
    .where(Consent.patient_id == bindparam("patient_id"), Consent.state == ConsentState.ACTIVE)
)
_TEAM = (
    select(Person.id, *names.COLUMNS, Person.discipline, name_known().label("name_known"))
    .join(TeamMembership, TeamMembership.clinician_id == Person.id)
    .where(
        TeamMembership.patient_id == bindparam("patient_id"),
        TeamMembership.ended_at.is_(None),
        Person.state == PersonState.ACTIVE,
    )
)
_SUPPORTERS = select(SupportLink.id, SupportLink.supporter_id, SupportLink.name_sealed).where(
    SupportLink.patient_id == bindparam("patient_id"), SupportLink.state == SupportState.CONFIRMED
)
_READINGS = (
    select(
        AccessRecord.viewer_id,
        AccessRecord.recorded_at,
        AccessRecord.highest_seq,
        AccessRecord.kind,
        AccessRecord.on_day,
        AccessRecord.from_day,
        AccessRecord.to_day,
        Consent.entries_from,
        ConsentCategory.category,
    )
    .join(
        ConsentCategory,
        and_(ConsentCategory.consent_id == AccessRecord.consent_id, ConsentCategory.level == bindparam("level")),
    )
    .join(Consent, Consent.id == AccessRecord.consent_id)
    .where(
        AccessRecord.patient_id == bindparam("patient_id"),
        AccessRecord.kind.in_(bindparam("kinds", expanding=True)),
        # A list is recorded once a day, and may have been opened again later on that day.
        or_(
            AccessRecord.highest_seq >= bindparam("recorded_seq"),
            and_(AccessRecord.kind == AccessKind.CASELOAD, AccessRecord.on_day >= bindparam("on_day")),
        ),
    )
    .order_by(AccessRecord.seq)
)
_READ = _READINGS.where(
    AccessRecord.from_day <= bindparam("day"),
    AccessRecord.to_day >= bindparam("day"),
    or_(Consent.entries_from.is_(None), Consent.entries_from <= bindparam("day")),
)
_READ_BETWEEN = _READINGS.where(
    AccessRecord.from_day <= bindparam("last_day"), AccessRecord.to_day >= bindparam("first_day")
)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an entry: what it is called, and all the categories that somebody needs to see it."""

    words: str
    needs: frozenset[Category]


@dataclass(frozen=True, slots=True)
class Sees:
    """One person who can see parts of an entry: each by itself, or only within a summary of its week.

    `waits`: a new member of the team, who reads only once the patient was shown the name, or after the notice.
    """

    name: str
    discipline: Discipline | None
    parts: tuple[str, ...]
    weekly: tuple[str, ...] = ()
    waits: bool = False
    id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """The words of an entry since a `recorded_seq` and the UTC day on which it was taken, by their parts."""

    since: int
    on_day: date
    parts: Sequence[Part]

    def stood_in(self, row: Any) -> bool:
        """Whether they stood on a page that an access record tells of; a list's stands for its whole day."""
        return bool(row.highest_seq >= self.since or (row.kind == AccessKind.CASELOAD and row.on_day >= self.on_day))


@dataclass(frozen=True, slots=True)
class Hidden:
    """When nobody else could see an entry: from a `recorded_seq` on, up to another, and the UTC day of its end."""

    first: int
    until: int | None = None
    on_day: date | None = None

    def covers(self, row: Any, since: int) -> bool:
        """Whether all that an access record stands for fell into this time; a list's stands for a whole day.

        Of an entry of which there was nothing before `since`, what a record stands for begins there too.
        """
        begins = max(row.highest_seq, since)
        if begins < self.first or (self.until is not None and begins >= self.until):
            return False
        return row.kind != AccessKind.CASELOAD or self.on_day is None or row.on_day < self.on_day


@dataclass(frozen=True, slots=True)
class HasRead:
    """One person who opened a page on which parts of an entry stood, and when last; `discipline` of who gives care.

    `earlier`: that was before the words of now stood there; what was read may have been other words.
    """

    name: str
    discipline: Discipline | None
    last: datetime
    earlier: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One of several entries whose readers are asked for at once: its day, and its words as in `who_has_read`."""

    day: date
    now: Words
    ever: Words

    def stood_on(self, row: Any) -> bool:
        """Whether its day was on a page that an access record tells of, by a consent that opened that day."""
        is_open = row.entries_from is None or row.entries_from <= self.day
        return bool(is_open and row.from_day <= self.day <= row.to_day)


@dataclass(frozen=True, slots=True)
class Standing:
    """Everybody whom a patient's consents can reach, and what those consents open; asked once for many entries."""

    people: Sequence[_Person]
    consents: Sequence[Any]
    scopes: Mapping[uuid.UUID, Mapping[Category, Level]]

    def sees(self, day: date, parts: Sequence[Part]) -> list[Sees]:
        """Return everybody who can see something of an entry of that day."""
        found = []
        for person in self.people if parts else ():
            named, by_kind = self._reaching(person, day)
            now = _parts_open([*named, *(by_kind if person.name_known else [])], parts)
            later = _parts_open([*named, *by_kind], parts)
            if any(now):
                found.append(Sees(person.name, person.discipline, *now, id=person.id))
            elif any(later):
                found.append(Sees(person.name, person.discipline, *later, waits=True, id=person.id))
        return found

    def can_see(self, person_id: uuid.UUID, day: date, needs: frozenset[Category]) -> bool:
        """Whether one person can see, by itself, what needs these categories in an entry of that day."""
        for person in self.people:
            if person.id == person_id:
                named, by_kind = self._reaching(person, day)
                single, _ = _parts_open([*named, *(by_kind if person.name_known else [])], [Part("it", needs)])
                return bool(single)
        return False

    def name_of(self, person_id: uuid.UUID) -> str:
        """Return the name of somebody whom consents can reach now; empty for anybody else."""
        return next((person.name for person in self.people if person.id == person_id), "")

    def _reaching(self, person: _Person, day: date) -> tuple[list[_Scope], list[_Scope]]:
        """Return what is open to somebody for a day: to them by name, and to all of their discipline."""
        open_then = [row for row in self.consents if row.entries_from is None or row.entries_from <= day]
        named = [row for row in open_then if row.recipient_id == person.id]
        by_kind = [row for row in open_then if person.discipline is not None and row.discipline == person.discipline]
        return [self._scope(person, row) for row in named], [self._scope(person, row) for row in by_kind]

    def _scope(self, person: _Person, row: Any) -> _Scope:
        scope = self.scopes.get(row.id, {})
        if person.discipline is not None:
            return scope
        return {category: level for category, level in scope.items() if category not in TEAM_ONLY}


_Scope = Mapping[Category, Level]


def standing(patient: Viewer, *, names: bool = False) -> Standing:
    """Return what the patient's consents open now, and to whom; where that is nobody, people only for their `names`."""
    asked = {"patient_id": patient.id, "asked_at": clock.now(), "noticed_by": clock.now() - READS_AFTER_NOTICE}
    consents = db().execute(_CONSENTS, asked).all()
    if not consents and not names:
        return Standing((), (), {})
    scopes: dict[uuid.UUID, dict[Category, Level]] = {}
    for consent_id, category, level in db().execute(_SCOPES, asked) if consents else ():
        scopes.setdefault(consent_id, {})[Category(category)] = Level(level)
    return Standing([*_team(asked), *_supporters(patient, asked)], consents, scopes)


def who_sees(patient: Viewer, day: date, parts: Sequence[Part]) -> list[Sees]:
    """Return everybody who can see something of an entry of that day now; nobody for an entry kept to oneself."""
    return standing(patient).sees(day, parts) if parts else []


def who_has_read(
    patient: Viewer,
    day: date,
    now: Words,
    ever: Words,
    hidden: Sequence[Hidden] = (),
    *,
    on: AccessKind = AccessKind.DETAIL,
    lists: bool = False,
) -> list[HasRead]:
    """Return who opened a page with parts of an entry, the latest first; nobody who looked while it was `hidden`.

    `now` are its words as they stand, `ever` those of all its versions since the first, and `on` says which page they
    stand on. `lists` counts a list of
    patients as well, on which only the newest check-in stands: who may have seen it.
    """
    kinds = [on, AccessKind.CASELOAD] if lists else [on]
    asked = _asked(patient, ever, kinds, Level.DETAIL)
    rows = _while_shown(db().execute(_READ, {**asked, "day": day}), ever, hidden)
    since = _read(ever, rows)
    return _named(since, _read(now, rows), _people(since))


def who_read_its_week(
    patient: Viewer, day: date, now: Words, ever: Words, hidden: Sequence[Hidden] = ()
) -> list[HasRead]:
    """Return who opened a page on which a summary of the week of that day stood, with parts of an entry in it.

    A week is summed up once it is over; the rest as in `who_has_read`.
    """
    monday = day - timedelta(days=day.weekday())
    sunday = monday + timedelta(days=6)
    asked = {
        **_asked(patient, ever, [AccessKind.DETAIL], Level.SUMMARY),
        "first_day": monday,
        "last_day": sunday,
    }
    rows = [
        row
        for row in _while_shown(db().execute(_READ_BETWEEN, asked), ever, hidden)
        # (Each was recorded by the day in UTC: the next one may have begun where the patient lives.)
        if row.on_day >= sunday and row.from_day <= monday and (row.entries_from or day) <= day
    ]
    since = _read(ever, rows)
    return _named(since, _read(now, rows), _people(since))


def _asked(patient: Viewer, ever: Words, kinds: Sequence[AccessKind], level: Level) -> dict[str, Any]:
    seen = {"recorded_seq": ever.since, "on_day": ever.on_day}
    return {"patient_id": patient.id, "kinds": kinds, "level": level, **seen}


def _while_shown(rows: Iterable[Any], ever: Words, hidden: Sequence[Hidden]) -> list[Any]:
    return [row for row in rows if not any(time.covers(row, ever.since) for time in hidden)]


def who_have_read(patient: Viewer, entries: Sequence[Entry], *, on: AccessKind) -> list[list[HasRead]]:
    """Return of several entries, each by itself, what `who_has_read` does: two statements, however many they are.

    They stand on pages of their own kind (`on`), never on a list of patients, and were never hidden.
    """
    if not entries:
        return []
    asked = {
        "patient_id": patient.id,
        "kinds": [on],
        "level": Level.DETAIL,
        "recorded_seq": min(one.ever.since for one in entries),
        "on_day": min(one.ever.on_day for one in entries),
        "first_day": min(one.day for one in entries),
        "last_day": max(one.day for one in entries),
    }
    rows = db().execute(_READ_BETWEEN, asked).all()
    on_page = [[row for row in rows if one.stood_on(row)] for one in entries]
    since = [_read(one.ever, own) for one, own in zip(entries, on_page, strict=True)]
    people = _people({one for each in since for one in each})
    return [_named(ever, _read(one.now, own), people) for one, own, ever in zip(entries, on_page, since, strict=True)]


def _people(ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, Person]:
    if not ids:
        return {}
    return {person.id: person for person in db().scalars(select(Person).where(Person.id.in_(ids)))}


def _named(
    since: Mapping[uuid.UUID, datetime], as_now: Mapping[uuid.UUID, datetime], people: Mapping[uuid.UUID, Person]
) -> list[HasRead]:
    gone = vault().preload(since)  # Whose key is no more read it all the same.
    found = [
        HasRead(
            (None if person.id in gone else names.shown(person)) or gettext("Somebody whose account is gone"),
            person.discipline,
            as_now.get(person.id, at),
            earlier=person.id not in as_now,
        )
        for person, at in ((people[viewer_id], at) for viewer_id, at in since.items())
    ]
    return sorted(found, key=lambda one: one.last, reverse=True)


def _read(words: Words, rows: Sequence[Any]) -> dict[uuid.UUID, datetime]:
    """Return who opened some part of these words, and when last; `rows` are in the order in which they were read."""
    opened: dict[uuid.UUID, tuple[datetime, set[Category]]] = {}
    for row in rows:
        if words.stood_in(row):
            _, categories = opened.get(row.viewer_id, (row.recorded_at, set()))
            opened[row.viewer_id] = (row.recorded_at, categories | {Category(row.category)})
    return {
        viewer_id: at
        for viewer_id, (at, categories) in opened.items()
        if any(part.needs <= categories for part in words.parts)
    }


@dataclass(frozen=True, slots=True)
class _Person:
    id: uuid.UUID | None
    name: str
    discipline: Discipline | None
    name_known: bool


def _team(asked: dict[str, Any]) -> list[_Person]:
    rows = db().execute(_TEAM, asked).all()
    gone = vault().preload(row.id for row in rows)
    return sorted(
        (
            _Person(
                row.id,
                names.shown_in(row.id, row),
                Discipline(row.discipline) if row.discipline else None,
                bool(row.name_known),
            )
            for row in rows
            if row.id not in gone
        ),
        key=lambda person: person.name,
    )


def _supporters(patient: Viewer, asked: dict[str, Any]) -> list[_Person]:
    return [
        _Person(
            row.supporter_id,
            _called_by(patient, row.id, row.name_sealed),
            None,
            name_known=True,
        )
        for row in db().execute(_SUPPORTERS, asked)
    ]


def _called_by(patient: Viewer, link_id: uuid.UUID, blob: bytes | None) -> str:
    """Return the patient's own word for a supporter."""
    return vault().open(Place(SupportLink.__tablename__, "name_sealed", link_id, patient.id), blob) if blob else ""


def _parts_open(
    scopes: Sequence[Mapping[Category, Level]], parts: Sequence[Part]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the parts that are open one by one, and those that are open within a summary only."""
    levels: dict[Category, Level] = {}
    for scope in scopes:
        for category, level in scope.items():
            if levels.get(category) is not Level.DETAIL:
                levels[category] = level
    single = tuple(part.words for part in parts if all(levels.get(need) is Level.DETAIL for need in part.needs))
    weekly = tuple(
        part.words
        for part in parts
        if part.words not in single
        and part.needs.isdisjoint(DETAIL_ONLY)
        and all(need in levels for need in part.needs)
    )
    return single, weekly
