"""Reads what medicines do to a patient for a clinician: side effects, weekly notes, and the weeks after a change.

| what                             | category                                                                     |
| -------------------------------- | ---------------------------------------------------------------------------- |
| a side effect                    | as its medicine is marked now (`medicine_gate`); without one, medications    |
| a side effect that names use     | substance use too                                                            |
| the two answers of a weekly note | medications; and substance use too, where no medicine is open without it     |
| own words of either              | notes too; and substance use, when their author said that they are about it  |

A note of a week is about all medicines together: shown to who may see none of them, it would tell that there are some.
A supporter reads none of it, whatever a consent says. "See what they see" runs the same functions and records nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, exists, false, func, null, or_, select
from sqlalchemy.orm import aliased

from patient_app.access_log import service as access_log
from patient_app.access_log.models import AccessKind
from patient_app.consent.categories import Level
from patient_app.consent.decisions import Asker, Grants, Reader, asked_by, asker, grants_of, open_days
from patient_app.core import clock, work
from patient_app.core.clock import moment
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.roles import Role
from patient_app.effects import service, weekly
from patient_app.effects.models import ResponseNote, ResponseVersion, SideEffect, SideEffectVersion
from patient_app.effects.service import Said
from patient_app.effects.weekly import Answers
from patient_app.medications import regimen
from patient_app.medications.models import Medicine, MedicineVersion
from patient_app.medications.regimen import OwnVersion
from patient_app.reading import concerns, people, records, weeks_after
from patient_app.reading import medicine_gate as gate
from patient_app.reading.concerns import SharedConcern
from patient_app.reading.fields import MOOD, NOTES
from patient_app.reading.medicine_gate import MEDICATIONS, USE, Gate
from patient_app.reading.people import Named, plain_rows
from patient_app.reading.service import reader_of
from patient_app.reading.weeks_after import SharedWeeks

# The weeks after a change, and those before it that are shown beside them.
DAYS = 7 * 17
MOST_EFFECTS = 100
NEEDED = (MEDICATIONS, USE, MOOD, NOTES)


@dataclass(frozen=True, slots=True)
class SharedEffect:
    """A side effect as one reader may see it. `medicine` is None where the person is not sure which it comes from.

    `note` is None where there are no own words, or where they are closed to the reader.
    """

    id: uuid.UUID
    day: date
    said: Said
    medicine: str | None
    over_on: date | None
    about_use: bool
    note: str | None

    @property
    def first_day(self) -> date:
        """The day it began, as far as the person said so."""
        return self.said.began_on or self.day


@dataclass(frozen=True, slots=True)
class SharedNote:
    """A weekly note as one reader may see it; `week` is its Monday, `words` None where they are closed or none."""

    week: date
    answers: Answers
    words: str | None


@dataclass(frozen=True, slots=True)
class SharedEffects:
    """All that a reader sees of what medicines do to a patient; `today` is the patient's.

    `is_open` says whether medicines are shared with this reader at all, never whether there is more.
    """

    person: Named
    grants: Grants
    first_day: date
    today: date
    effects: tuple[SharedEffect, ...] = ()
    notes: tuple[SharedNote, ...] = ()
    weeks: tuple[SharedWeeks, ...] = ()
    concerns: tuple[SharedConcern, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether medicines are shared with this reader."""
        return self.grants.level(MEDICATIONS) is Level.DETAIL

    @property
    def has_substance_use(self) -> bool:
        """Whether the notice of 42 CFR 2.32 belongs on this view."""
        return self.is_open and USE in self.grants.categories


def read_effects(viewer: Viewer, patient_id: uuid.UUID) -> SharedEffects:
    """Return what a clinician sees of a patient's side effects, notes and weeks now, and record the reading.

    Raise `NotFound` when the patient is not on the clinician's list, or does not exist.
    """
    with work.aside():
        person = people.one_of_list(viewer, patient_id)
    if person is None:
        raise NotFound
    held = records.hold([person.id])
    reader = reader_of(viewer)
    grants = grants_of(reader, [person.id]).get(person.id, Grants())
    shared = _shared(reader, person, grants)
    days = (min([shared.first_day, *(one.day for one in shared.effects)]), shared.today)
    on_page = {person.id: records.only(grants, NEEDED if shared.is_open else ())}
    access_log.record(records.readings(viewer, on_page, AccessKind.EFFECTS, days, held), held.chains)
    return shared


def preview(patient: Viewer, reader: Reader, grants: Grants) -> SharedEffects:
    """Return what a recipient would see of the patient's own now: the same functions, and no record.

    `grants` are those of that recipient, as `grants_of` gives them.
    """
    if reader.preview_of != patient.id:
        raise NotFound
    person = Named(patient.id, patient.name, zone=patient.zone, day_start_minutes=patient.day_start_minutes)
    return _shared(reader, person, grants)


def _shared(reader: Reader, person: Named, grants: Grants) -> SharedEffects:
    today = moment(clock.now(), person.zone, person.day_start_minutes).day
    first = today - timedelta(days=DAYS)
    shared = SharedEffects(person, grants, first, today)
    if reader.role is not Role.CLINICIAN or not shared.is_open:
        return shared
    kind = asker(reader)
    asked = {
        **asked_by(reader),
        "patient_id": person.id,
        "consent_ids": grants.consent_ids,
        "level": Level.DETAIL,
        "first": first,
        # A phone in a zone ahead is in its next day before today is over.
        "last": today + timedelta(days=1),
    }
    medicines = _medicines(plain_rows(gate.versions(kind), asked))
    effects = _effects(plain_rows(_of_effects(kind), asked), medicines)
    weeks = weeks_after.of(kind, asked, medicines, effects, today)
    return SharedEffects(
        person,
        grants,
        first,
        today,
        effects,
        notes=tuple(_note(row) for row in plain_rows(_of_notes(kind), asked)),
        weeks=weeks,
        concerns=concerns.of_patient(person.id, [one.id for one in effects]),
    )


# --- The data, masked by consent in the query ------------------------------------------------------------------------


def _medicines(rows: Sequence[Any]) -> dict[uuid.UUID, list[OwnVersion]]:
    """Return the medicines that are open, without those of which their name alone says that they are about use."""
    found: dict[uuid.UUID, list[OwnVersion]] = {}
    closed = set()
    for row in rows:
        version = regimen.version_of(row)
        found.setdefault(row.medicine_id, []).append(version)
        if version.said.always_about_use and not row.use_is_open:
            closed.add(row.medicine_id)
    return {medicine_id: own for medicine_id, own in found.items() if medicine_id not in closed}


def _effects(rows: Sequence[Any], medicines: dict[uuid.UUID, list[OwnVersion]]) -> tuple[SharedEffect, ...]:
    return tuple(
        SharedEffect(
            id=row.id,
            day=row.day,
            said=service.as_said(row),
            medicine=medicines[row.medicine_id][-1].said.name if row.medicine_id else None,
            over_on=row.over_on,
            about_use=bool(row.tells_of_use),
            note=service.open_text(row, "note_sealed") or None,
        )
        for row in sorted(rows, key=lambda row: (row.day, row.recorded_seq), reverse=True)
        if row.medicine_id is None or row.medicine_id in medicines
    )


def _note(row: Any) -> SharedNote:
    return SharedNote(row.week, Answers(row.helps, row.bothers), weekly.open_words(row) or None)


def tells_of_use() -> ColumnElement[bool]:
    """Return the condition under which a side effect needs substance use: its medicine's mark of now, or its pick."""
    return or_(SideEffectVersion.about_use.is_(True), func.coalesce(Medicine.about_use, false()).is_(True))


@lru_cache(maxsize=32)
def _of_effects(kind: Asker) -> Select[Any]:
    """Return the statement for side effects; however old it is, what waits to be seen is among them."""
    waits = concerns.waits()
    seen = Gate(open_days(kind, NEEDED))
    opened = seen.opened
    use = opened.c[USE] <= SideEffect.day
    note = and_(opened.c[NOTES] <= SideEffect.day, or_(SideEffectVersion.note_about_use.is_(False), use))
    columns: tuple[Any, ...] = (
        *service.SAID,
        tells_of_use().label("tells_of_use"),
        case((note, SideEffectVersion.note_sealed), else_=null()).label("note_sealed"),
    )
    return (
        select(*columns)
        .select_from(SideEffect)
        .join(opened, opened.c.patient_id == SideEffect.patient_id)
        .join(SideEffectVersion, service.NEWEST)
        .outerjoin(Medicine, Medicine.id == SideEffectVersion.medicine_id)
        .outerjoin(seen.newest, seen.is_newest)
        .where(
            SideEffect.patient_id == bindparam("patient_id"),
            SideEffect.removed_at.is_(None),
            SideEffect.private.is_(False),
            SideEffect.while_closed.is_(False),
            or_(SideEffect.day >= bindparam("first"), waits),
            SideEffect.day <= bindparam("last"),
            opened.c[MEDICATIONS] <= SideEffect.day,
            or_(SideEffectVersion.about_use.is_(False), use),
            or_(SideEffectVersion.medicine_id.is_(None), and_(seen.medicine, seen.on(SideEffect.day))),
        )
        .order_by(waits.desc(), SideEffect.day.desc(), SideEffect.recorded_seq.desc())
        .limit(MOST_EFFECTS)
    )


@lru_cache(maxsize=32)
def _of_notes(kind: Asker) -> Select[Any]:
    opened = open_days(kind, NEEDED)
    use = opened.c[USE] <= ResponseNote.day
    words = and_(opened.c[NOTES] <= ResponseNote.day, or_(ResponseVersion.words_about_use.is_(False), use))
    medicine, newest = aliased(Medicine), aliased(MedicineVersion)
    without_use = exists().where(
        medicine.patient_id == ResponseNote.patient_id,
        medicine.about_use.is_(False),
        medicine.private.is_(False),
        medicine.removed_at.is_(None),
        medicine.while_closed.is_(False),
        newest.medicine_id == medicine.id,
        newest.version == medicine.newest_version,
        opened.c[MEDICATIONS] <= newest.day,
    )
    return (
        select(*weekly.SAID, case((words, ResponseVersion.words_sealed), else_=null()).label("words_sealed"))
        .select_from(ResponseNote)
        .join(opened, opened.c.patient_id == ResponseNote.patient_id)
        .join(ResponseVersion, weekly.SHOWN)
        .where(
            ResponseNote.patient_id == bindparam("patient_id"),
            ResponseNote.while_closed.is_(False),
            ResponseNote.day >= bindparam("first"),
            ResponseNote.day <= bindparam("last"),
            opened.c[MEDICATIONS] <= ResponseNote.day,
            or_(use, without_use),
            or_(
                ResponseVersion.helps.is_not(None),
                ResponseVersion.bothers.is_not(None),
                and_(words, ResponseVersion.words_sealed.is_not(None)),
            ),
        )
        .order_by(ResponseNote.week.desc())
    )
