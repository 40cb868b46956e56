"""Reads a patient's medicines for a clinician: decided by consent in the query (`medicine_gate`), recorded, plain.

A supporter reads none of it, whatever a consent says. What is counted is counted from what this reader may see, so that
no figure tells of a medicine that is closed to them. "See what they see" runs the same functions and records nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from patient_app.access_log import service as access_log
from patient_app.access_log.models import AccessKind
from patient_app.accounts import names
from patient_app.consent.categories import Category, Level
from patient_app.consent.decisions import Grants, Reader, asked_by, asker, grants_of
from patient_app.core import clock, work
from patient_app.core.clock import moment
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.roles import Role
from patient_app.core.work import vault
from patient_app.medications import due, regimen
from patient_app.medications.models import Answer, Change
from patient_app.medications.regimen import OwnVersion
from patient_app.reading import logged, people, records
from patient_app.reading import medicine_gate as gate
from patient_app.reading.logged import Logged, SharedDose
from patient_app.reading.medicine_gate import MEDICATIONS, NEEDED, USE
from patient_app.reading.people import Named, plain_rows
from patient_app.reading.service import reader_of


@dataclass(frozen=True, slots=True)
class SharedAnswer:
    """What a patient said to a change that a prescriber entered, and when."""

    answer: Answer
    at: datetime


@dataclass(frozen=True, slots=True)
class SharedMedicine:
    """One medicine with as much of its history as is open, the oldest version first, and what was logged of it.

    `authors` names those who wrote for the patient, by id. `answers` is all that the patient said to a version, the
    first answer first. `logged` are the numbers of what the patient logged themselves.
    """

    id: uuid.UUID
    about_use: bool
    versions: tuple[OwnVersion, ...]
    authors: Mapping[uuid.UUID, str]
    answers: Mapping[uuid.UUID, tuple[SharedAnswer, ...]]
    doses: tuple[SharedDose, ...] = ()
    logged: Logged = logged.NOTHING

    @property
    def newest(self) -> OwnVersion:
        """What was written last."""
        return self.versions[-1]

    @property
    def in_use(self) -> bool:
        """Whether it was not stopped."""
        return self.newest.change is not Change.STOPPED

    @property
    def last_entered(self) -> OwnVersion | None:
        """The newest change that a prescriber entered, if one did."""
        return next((version for version in reversed(self.versions) if version.by_prescriber), None)

    @property
    def wants_talk(self) -> bool:
        """Whether the patient wants to talk about that change."""
        return self.last_entered is not None and self.last_entered.answer is Answer.TALK

    @property
    def unanswered(self) -> bool:
        """Whether that change waits for the patient to say that they saw it."""
        return self.last_entered is not None and self.last_entered.waits_for_answer

    @property
    def due_versions(self) -> list[due.Version]:
        """What `due` wants to know, as far as it is open."""
        return [
            due.Version(str(one.id), str(self.id), one.schedule, one.since, one.minute, one.hours)
            for one in regimen.in_effect(self.versions)
        ]


@dataclass(frozen=True, slots=True)
class SharedMedicines:
    """All that a reader sees of a patient's medicines; `today` is the patient's, `first_day` the first that is counted.

    `is_open` says whether medicines are shared with this reader at all, never whether there are others. `heard_at` is
    when the last dose that is open to them reached us, in these days; None where none did.
    """

    person: Named
    grants: Grants
    first_day: date
    today: date
    medicines: tuple[SharedMedicine, ...]
    heard_at: datetime | None = None

    @property
    def recent_from(self) -> date:
        """The first day of which single doses and changes are told."""
        return logged.recent_from(self.today)

    @property
    def together(self) -> Logged:
        """The numbers of all the medicines that are open to this reader."""
        return logged.together(one.logged for one in self.medicines)

    @property
    def is_open(self) -> bool:
        """Whether medicines are shared with this reader."""
        return self.grants.level(MEDICATIONS) is Level.DETAIL

    @property
    def has_substance_use(self) -> bool:
        """Whether the notice of 42 CFR 2.32 belongs on this view."""
        return self.is_open and USE in self.grants.categories

    def one(self, medicine_id: uuid.UUID) -> SharedMedicine:
        """Return one of the medicines; raise `NotFound` for one that is closed, and for one that is not there."""
        found = next((one for one in self.medicines if one.id == medicine_id), None)
        if found is None:
            raise NotFound
        return found


def read_medicines(viewer: Viewer, patient_id: uuid.UUID) -> SharedMedicines:
    """Return what a clinician sees of a patient's medicines now, and record the reading.

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
    days = (min([shared.first_day, *_days_of(shared.medicines)]), shared.today)
    on_page = {person.id: records.only(grants, NEEDED if shared.is_open else ())}
    access_log.record(records.readings(viewer, on_page, AccessKind.MEDICINES, days, held), held.chains)
    return shared


def preview(patient: Viewer, reader: Reader, grants: Grants) -> SharedMedicines:
    """Return what a recipient would see of the patient's own medicines now: the same functions, and no record.

    `grants` are those of that recipient, as `grants_of` gives them.
    """
    if reader.preview_of != patient.id:
        raise NotFound
    person = Named(patient.id, patient.name, zone=patient.zone, day_start_minutes=patient.day_start_minutes)
    return _shared(reader, person, grants)


def may_read(viewer: Viewer, patient_id: uuid.UUID, *, about_use: bool) -> bool:
    """Whether medicines of this kind that are written today are open to a clinician now; records nothing."""
    person = people.one_of_list(viewer, patient_id)
    if person is None:
        return False
    grants = grants_of(reader_of(viewer), [patient_id]).get(patient_id, Grants())
    return opens(person, grants, about_use=about_use)


def opens(person: Named, grants: Grants, *, about_use: bool) -> bool:
    """Whether these grants open medicines of this kind that are written today."""
    today = moment(clock.now(), person.zone, person.day_start_minutes).day
    needed = set(NEEDED if about_use else (MEDICATIONS,))
    opened = {
        grant.category
        for grant in grants.items
        if grant.level is Level.DETAIL and (grant.entries_from is None or grant.entries_from <= today)
    }
    return needed <= opened


def is_open(viewer: Viewer, patient_id: uuid.UUID, medicine_id: uuid.UUID) -> bool:
    """Whether this medicine is open to a clinician now; records nothing, and nothing of it may be shown."""
    person = people.one_of_list(viewer, patient_id)
    if person is None:
        return False
    reader = reader_of(viewer)
    shared = _shared(reader, person, grants_of(reader, [patient_id]).get(patient_id, Grants()))
    return any(one.id == medicine_id for one in shared.medicines)


def _days_of(medicines: Iterable[SharedMedicine]) -> Iterable[date]:
    return (version.day for medicine in medicines for version in medicine.versions)


def _shared(reader: Reader, person: Named, grants: Grants) -> SharedMedicines:
    today = moment(clock.now(), person.zone, person.day_start_minutes).day
    shared = SharedMedicines(person, grants, logged.first_day(today), today, ())
    if reader.role is not Role.CLINICIAN or not shared.is_open:
        return shared
    found = _medicines(reader, shared)
    heard_at = max((dose.recorded_at for one in found for dose in one.doses), default=None)
    shared = replace(shared, heard_at=heard_at)
    return replace(shared, medicines=tuple(_counted(one, shared) for one in found))


# --- The data, masked by consent in the query ------------------------------------------------------------------------


def _medicines(reader: Reader, page: SharedMedicines) -> tuple[SharedMedicine, ...]:
    kind = asker(reader)
    asked = {
        **asked_by(reader),
        "patient_id": page.person.id,
        "consent_ids": page.grants.consent_ids,
        "level": Level.DETAIL,
    }
    found = plain_rows(gate.versions(kind), asked)
    if not found:
        return ()
    said: dict[uuid.UUID, list[SharedAnswer]] = {}
    for row in plain_rows(gate.answers(kind), asked):
        said.setdefault(row.version_id, []).append(SharedAnswer(Answer(row.answer), row.recorded_at))
    rows = _without_hidden_use(found, said)
    # A phone in a zone ahead is in its next day before today is over.
    days = {"first": page.first_day, "last": page.today + timedelta(days=1)}
    doses = logged.doses_of(plain_rows(gate.doses(kind), {**asked, **days}), page.today)
    authors = _authors(rows)
    shown = {version.id for own in rows.values() for _, version in own}
    answers = {version_id: tuple(each) for version_id, each in said.items() if version_id in shown}
    return tuple(
        SharedMedicine(
            medicine_id,
            about_use=any(row.about_use or version.said.always_about_use for row, version in own),
            versions=tuple(version for _, version in own),
            authors=authors,
            answers=answers,
            doses=tuple(doses.get(medicine_id, ())),
        )
        for medicine_id, own in rows.items()
    )


def _counted(medicine: SharedMedicine, page: SharedMedicines) -> SharedMedicine:
    """Return it with the numbers of what the patient logged, of the days that are open to the reader alone."""
    opened = max(_open_since(page.grants, need) for need in (NEEDED if medicine.about_use else (MEDICATIONS,)))
    known_since = medicine.versions[0].day
    if opened > date.min:
        known_since = max(known_since, opened - timedelta(days=1))
    heard_on = None
    if page.heard_at is not None:
        heard_on = moment(page.heard_at, page.person.zone, page.person.day_start_minutes).day
    found = logged.counted(medicine.due_versions, medicine.doses, page.today, known_since, heard_on)
    return replace(medicine, logged=found)


def _open_since(grants: Grants, category: Category) -> date:
    days = [
        grant.entries_from or date.min
        for grant in grants.items
        if grant.category is category and grant.level is Level.DETAIL
    ]
    return min(days, default=date.max)


_Rows = Mapping[uuid.UUID, Sequence[tuple[Any, OwnVersion]]]


def _without_hidden_use(rows: Sequence[Any], answers: Mapping[uuid.UUID, Sequence[SharedAnswer]]) -> _Rows:
    """Return the rows by medicine, opened, without medicines of which their name alone says that they are about use.

    What a medicine is called is sealed, so the query cannot know; whoever wrote it was to mark it.
    """
    found: dict[uuid.UUID, list[tuple[Any, OwnVersion]]] = {}
    closed = set()
    for row in rows:
        # The newest answer counts.
        answered = answers.get(row.version_id)
        version = regimen.version_of(row, answered[-1].answer if answered else None)
        found.setdefault(row.medicine_id, []).append((row, version))
        if version.said.always_about_use and not row.use_is_open:
            closed.add(row.medicine_id)
    return {medicine_id: own for medicine_id, own in found.items() if medicine_id not in closed}


def _authors(rows: _Rows) -> dict[uuid.UUID, str]:
    """Return the names of those who wrote for the patient."""
    authors = {row.author_id: row for own in rows.values() for row, _ in own if row.by_prescriber}
    gone = vault().preload(authors) if authors else ()
    return {one: "" if one in gone else names.shown_in(one, row) for one, row in authors.items()}
