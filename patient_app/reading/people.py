"""Who is on whose list: the patients of a clinician, and the people whom a supporter supports. Names, no entry."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, exists, func, select

from patient_app.accounts import seen_as
from patient_app.accounts.models import Patient, Person, PersonState, TeamMembership
from patient_app.consent.decisions import Asker, asker
from patient_app.core import clock, kept
from patient_app.core.identity import Viewer
from patient_app.core.kept import as_kept
from patient_app.core.keys import DataKey
from patient_app.core.prepared import Prepared, Statement
from patient_app.core.roles import Role
from patient_app.core.work import connection, vault
from patient_app.reading import told
from patient_app.worries import service as worries


@dataclass(frozen=True, slots=True)
class Named:
    """Who a patient is.

    For staff, with what tells two people of one name apart, and how the person wants to be called and spoken of. For a
    supporter, the one name by which the patient chose to be seen by them (`accounts.seen_as`), the pronouns if they
    chose so, and nothing else.
    """

    id: uuid.UUID
    name: str
    chart_number: str = ""
    date_of_birth: str = ""
    # The patient's own, in which the end of a consent was chosen, and in which days begin.
    zone: str = "UTC"
    day_start_minutes: int = clock.DEFAULT_DAY_START_MINUTES
    called: str = ""
    pronouns: str = ""


_ON_TEAM = and_(
    TeamMembership.clinician_id == bindparam("clinician_id"),
    TeamMembership.practice_id == bindparam("practice_id"),
    TeamMembership.ended_at.is_(None),
)
_IS_PATIENT = and_(Person.role == Role.PATIENT, Person.state != PersonState.CLOSED)
_OF_PRACTICE = Person.practice_id == bindparam("practice_id")
# What `named` opens, of a person and their chart.
WHO: tuple[Any, ...] = (
    as_kept(Person.id),
    Person.name_sealed,
    Person.zone,
    Person.day_start_minutes,
    Person.called_sealed,
    Person.pronouns_sealed,
    Patient.chart_number_sealed,
    Patient.date_of_birth_sealed,
)
_PEOPLE = select(*WHO).join(Patient, Patient.person_id == Person.id).where(_IS_PATIENT)
# From the clinician's teams to the patients: the other way round a large practice would be walked through whole.
_TEAMS = select(TeamMembership.patient_id).where(_ON_TEAM).distinct().subquery("teams")
_LIST = _PEOPLE.join(_TEAMS, _TEAMS.c.patient_id == Person.id).where(_OF_PRACTICE)
# Of people who are known, each is looked up by itself. Their practice is asked of their team: were it bound here,
# SQLite would rather go through everybody of the practice.
_KNOWN = _PEOPLE.where(
    exists().where(_ON_TEAM, TeamMembership.patient_id == Person.id, TeamMembership.practice_id == Person.practice_id)
)
_SOME_OF_LIST = _KNOWN.where(Person.id.in_(bindparam("patient_ids", expanding=True)))
_ONE_OF_LIST = _KNOWN.where(Person.id == bindparam("patient_id"))
_HOW_MANY = (  # (Whoever is a patient has a chart.)
    select(func.count(TeamMembership.patient_id.distinct()))
    .join(Person, Person.id == TeamMembership.patient_id)
    .where(_ON_TEAM, _IS_PATIENT, _OF_PRACTICE)
)


def listed(viewer: Viewer) -> Sequence[Any]:
    """Return a row for each patient of a clinician, in no order; `named` opens those that are to be shown.

    Each also holds `unread`, what `worries.unread` counts, and `told`, what `silence.waiting` does: a list asks for all
    of them, and so asks once.
    """
    return plain_rows(_whole_list(asker(told.reader_of(viewer))), _asked(viewer))


def some_listed(viewer: Viewer, patient_ids: Collection[uuid.UUID]) -> Sequence[Any]:
    """Return the rows of some patients of a clinician, in no order; each as `listed` has it, and how many all are.

    Who is not on the list is left out.
    """
    some = _some_and_total(asker(told.reader_of(viewer)))
    return plain_rows(some, {**_asked(viewer), "patient_ids": list(patient_ids)})


def _asked(viewer: Viewer) -> dict[str, Any]:
    own = {"practice_id": viewer.practice_id, "clinician_id": viewer.id, "now": clock.now()}
    return {**told.asked(viewer), **own}


@lru_cache(maxsize=32)
def _whole_list(kind: Asker) -> Statement:
    return _LIST.add_columns(*_waits(kind))


@lru_cache(maxsize=32)
def _some_and_total(kind: Asker) -> Statement:
    return _SOME_OF_LIST.add_columns(*_waits(kind), _HOW_MANY.scalar_subquery().label("total"))


def _waits(kind: Asker) -> tuple[ColumnElement[int], ColumnElement[int]]:
    unread, silent = worries.unread_count(), told.count(kind)
    return unread.scalar_subquery().label("unread"), silent.scalar_subquery().label("told")


def one_of_list(viewer: Viewer, patient_id: uuid.UUID) -> Named | None:
    """Return a patient of this clinician's list; None for anybody else."""
    asked = {"practice_id": viewer.practice_id, "clinician_id": viewer.id, "patient_id": patient_id}
    return next(iter(named(viewer, plain_rows(_ONE_OF_LIST, asked))), None)


def some_of_list(viewer: Viewer, patient_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Named]:
    """Return those of some patients who are on this clinician's list."""
    asked = {"practice_id": viewer.practice_id, "clinician_id": viewer.id, "patient_ids": list(patient_ids)}
    return {one.id: one for one in named(viewer, plain_rows(_SOME_OF_LIST, asked))}


def id_of(row: Any) -> uuid.UUID:
    """Return the id of a row of a list."""
    return kept.id_of(row.id)


def named(viewer: Viewer, rows: Sequence[Any]) -> list[Named]:
    """Open what tells people of a clinician's list apart, of rows with `WHO`; whoever's key is gone is left out."""
    if not rows:
        return []
    practice = viewer.practice_id
    everybody = [(id_of(row), row) for row in rows]
    keys = vault().keys_of([practice, *(one for one, _ in everybody)])
    pairs = [pair for pair in everybody if pair[0] in keys]

    def own(column: str) -> list[str]:
        return own_words([(one, getattr(row, column)) for one, row in pairs], column, keys)

    def charted(column: str) -> list[str]:
        sealed = [(one, practice, getattr(row, column)) for one, row in pairs]
        return vault().open_all(Patient.__tablename__, column, sealed, keys)

    texts = zip(
        own("name_sealed"),
        charted("chart_number_sealed"),
        charted("date_of_birth_sealed"),
        own("called_sealed"),
        own("pronouns_sealed"),
        strict=True,
    )
    return [
        Named(one, name, number, birth, row.zone, row.day_start_minutes, called, pronouns)
        for (one, row), (name, number, birth, called, pronouns) in zip(pairs, texts, strict=True)
    ]


def own_words(
    sealed: Sequence[tuple[uuid.UUID, bytes | None]], column: str, keys: Mapping[uuid.UUID, DataKey] | None = None
) -> list[str]:
    """Open what people say of themselves in one column, each as (whose, sealed); empty where they said nothing."""
    if all(one is None for _, one in sealed):  # As what few people say mostly is.
        return [""] * len(sealed)
    return vault().open_all(Person.__tablename__, column, [(owner, owner, one) for owner, one in sealed], keys)


def plain_rows(query: Statement, asked: Mapping[str, Any]) -> Sequence[Any]:
    """Return plain rows, past the ORM's loading of entities; nothing is to be waiting in the session.

    The query is one that is made once, and always the same object: it is made ready at its first use, and kept.
    """
    return _ready(query).all(connection(), asked)


@lru_cache(maxsize=512)
def _ready(query: Statement) -> Prepared:
    return Prepared(query)


def supported(viewer: Viewer, patient_id: uuid.UUID | None = None) -> list[tuple[Named, str | None]]:
    """Return the people who confirmed this supporter (or the one asked for, if so), and what they wrote first."""
    return _supported(viewer.id, viewer.practice_id, patient_id)


def as_supported(patient: Viewer, supporter_id: uuid.UUID | None) -> tuple[Named, str | None]:
    """Return how a patient is named for a supporter of theirs, and what they wrote first: for the patient's preview."""
    found = _supported(supporter_id, patient.practice_id, patient.id) if supporter_id is not None else []
    nobody = Named(patient.id, patient.name, zone=patient.zone, day_start_minutes=patient.day_start_minutes)
    return found[0] if found else (nobody, None)


def _supported(
    supporter_id: uuid.UUID, practice_id: uuid.UUID, patient_id: uuid.UUID | None
) -> list[tuple[Named, str | None]]:
    return [
        (
            Named(
                one.id,
                one.seen_as.name,
                zone=one.zone,
                day_start_minutes=one.day_start_minutes,
                pronouns=one.seen_as.pronouns,
            ),
            one.instructions,
        )
        for one in seen_as.supported_by(supporter_id, practice_id, patient_id)
    ]
