"""Taking the clinic's list: rows matched to patients and clinicians of the practice, and stored once each.

A row is matched by the patient's number or e-mail within the practice alone; a patient of another practice, one whose
account is closed and one who never was get the same words. Its id in the clinic's program makes it the same appointment
for ever: the same list twice stores once, and a row that says something new is a version. What a clinician or the
patient changed since is not put back by a row that still says what it said.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from sqlalchemy import bindparam, select

from patient_app.accounts import names, practice, registry
from patient_app.accounts.models import Patient, Person, PersonState, TeamMembership
from patient_app.appointments import clinic_list, writing
from patient_app.appointments.clinic_list import Row
from patient_app.appointments.models import Appointment, AppointmentVersion, Source
from patient_app.appointments.said import Said
from patient_app.appointments.writing import Author
from patient_app.core import clock
from patient_app.core.identity import Viewer
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline, Role
from patient_app.core.work import connection, db, vault

_NO_PATIENT = _l("No patient of this practice has this number or e-mail.")
_TWO_PATIENTS = _l("More than one patient has this e-mail. Use the patient's number.")
_NOT_SAME = _l("The number and the e-mail are not of the same patient.")
_NO_CLINICIAN = _l("No clinician of this practice has this e-mail.")
_NOT_ON_TEAM = _l("This clinician is not on the patient's care team. Add them there first.")
_OTHER_PATIENT = _l("This id was used before, for another appointment.")


class What(StrEnum):
    """What taking a row would do."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Checked:
    """A row with whom it is about, as the administrator sees it before anything is stored."""

    row: Row
    what: What
    patient: str = ""
    patient_id: uuid.UUID | None = None
    clinician: str = ""
    said: Said | None = None
    known: uuid.UUID | None = None
    # The list said exactly this before; who changed it since keeps their word.
    was_listed: bool = False


@dataclass(frozen=True, slots=True)
class Looked:
    """A whole list, checked."""

    rows: tuple[Checked, ...]

    @property
    def good(self) -> tuple[Checked, ...]:
        """The rows that can be stored."""
        return tuple(one for one in self.rows if one.what is not What.WRONG)

    @property
    def wrong(self) -> tuple[Checked, ...]:
        """The rows with a problem."""
        return tuple(one for one in self.rows if one.what is What.WRONG)

    def count(self, what: What | str) -> int:
        """Return how many rows would do this."""
        return sum(one.what == what for one in self.rows)


@dataclass(frozen=True, slots=True)
class _Somebody:
    id: uuid.UUID
    name: str
    discipline: Discipline | None = None


_PEOPLE = select(Person).where(
    Person.practice_id == bindparam("practice_id"),
    Person.role.in_((Role.PATIENT, Role.CLINICIAN)),
    Person.state != PersonState.CLOSED,
)
_NUMBERS = select(Patient.person_id, Patient.chart_number_index).where(
    Patient.practice_id == bindparam("practice_id"),
    Patient.chart_number_index.in_(bindparam("numbers", expanding=True)),
)
_TEAMS = select(TeamMembership.patient_id, TeamMembership.clinician_id).where(
    TeamMembership.practice_id == bindparam("practice_id"), TeamMembership.ended_at.is_(None)
)
_KNOWN = select(Appointment).where(
    Appointment.practice_id == bindparam("practice_id"), Appointment.list_index.in_(bindparam("ids", expanding=True))
)
_LISTED = (
    select(AppointmentVersion.appointment_id, AppointmentVersion.fingerprint)
    .join(Appointment, Appointment.id == AppointmentVersion.appointment_id)
    .where(
        Appointment.practice_id == bindparam("practice_id"),
        Appointment.list_index.in_(bindparam("ids", expanding=True)),
        AppointmentVersion.source == Source.LIST,
    )
    .order_by(AppointmentVersion.version)
)


def look(administrator: Viewer, text: str) -> Looked:
    """Return what each row of a list would do, and what is wrong with it; stores nothing.

    Raise `clinic_list.NoList` for what is no list.
    """
    zone = practice.zone_of(administrator)
    rows = clinic_list.read(text, zone, clock.moment(clock.now(), zone).local_date)
    return _Check(administrator, rows).look()


def take(administrator: Viewer, text: str, *, only_good: bool) -> Looked:
    """Store a list, and return what was done with each row. Needs a writing unit.

    Where a row is wrong nothing is stored, unless `only_good`: then the others are. Checked anew in this unit of work,
    so what was seen before and is not true any more is not stored. Raise `clinic_list.NoList` as `look` does.
    """
    found = look(administrator, text)
    if found.wrong and not only_good:
        return found
    # One patient after the other, in one order: two lists at once cannot wait for each other.
    for one in sorted(found.good, key=lambda one: (str(one.patient_id), one.row.number)):
        _store(administrator, one)
    return found


def _store(administrator: Viewer, one: Checked) -> None:
    assert one.patient_id is not None  # noqa: S101 - a good row has both.
    assert one.said is not None  # noqa: S101 - as above.
    patient = db().get_one(Person, one.patient_id)
    day = clock.moment(clock.now(), patient.zone, patient.day_start_minutes).day
    author, appointment_id = Author.of_list(administrator, patient.id, day), one.known or new_id()
    if one.what is What.NEW:
        writing.enter(author, appointment_id, one.said, list_index=_index(administrator, one.row.list_id))
    elif not one.was_listed:
        base = db().get_one(Appointment, appointment_id).newest_version
        writing.change(author, appointment_id, one.said, base=base)
    if one.row.took is not None and one.said.start.at <= clock.now() and not one.said.cancelled:
        writing.say(author, appointment_id, one.row.took)


def _index(administrator: Viewer, list_id: str) -> bytes:
    return vault().blind_index("clinic list", f"{administrator.practice_id}{list_id}")


class _Check:
    """One look at a list: what it needs to know of the practice is asked once, however many rows there are."""

    def __init__(self, administrator: Viewer, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.asked = {"practice_id": administrator.practice_id}
        self.indices = {row.list_id: _index(administrator, row.list_id) for row in rows}
        people = db().scalars(_PEOPLE, self.asked).all()
        gone = vault().preload(person.id for person in people)
        people = [person for person in people if person.id not in gone]
        patients = [person for person in people if person.role == Role.PATIENT]
        self.patients = {person.id: _somebody(person) for person in patients}
        self.by_email = _by_email(patients)
        self.clinicians = _by_email(person for person in people if person.role == Role.CLINICIAN)
        self.by_number = self._by_number(administrator)
        self.teams = {(row.patient_id, row.clinician_id) for row in connection().execute(_TEAMS, self.asked)}
        ids = list(self.indices.values())
        self.known = {row.list_index: row for row in db().scalars(_KNOWN, {**self.asked, "ids": ids})}
        listed = connection().execute(_LISTED, {**self.asked, "ids": ids})
        self.listed: Mapping[uuid.UUID, bytes] = {row.appointment_id: row.fingerprint for row in listed}

    def look(self) -> Looked:
        return Looked(tuple(self._checked(row) for row in self.rows))

    def _checked(self, row: Row) -> Checked:
        patient, clinician = self._patient(row), self._clinician(row)
        if patient and clinician and (patient.id, clinician.id) not in self.teams:
            row.problems.append(_NOT_ON_TEAM)
        known = self.known.get(self.indices[row.list_id])
        if known is not None and patient and known.patient_id != patient.id:
            row.problems.append(_OTHER_PATIENT)
        if row.problems or patient is None or clinician is None or row.start is None:
            return Checked(
                row, What.WRONG, patient.name if patient else "", clinician=clinician.name if clinician else ""
            )
        by_itself = clinician.discipline is Discipline.ADDICTION_SPECIALIST
        said = Said(
            start=row.start,
            minutes=row.minutes,
            clinician_id=clinician.id,
            place=registry.one_line(row.cells["place"]),
            link=row.cells["link"],
            about_use=by_itself or (known is not None and known.about_use),
            cancelled=row.cancelled,
        )
        # The list knows nothing of a mark that was made or taken meanwhile: with it and without, it is the same row.
        marks = (True,) if by_itself else (True, False)
        same = {writing.fingerprint(replace(said, about_use=mark)) for mark in marks}
        was_listed = known is not None and self.listed.get(known.id) in same
        what = What.NEW if known is None else What.CHANGED
        if known is not None and was_listed and row.took in {None, known.clinic_says}:
            what = What.SAME
        return Checked(
            row, what, patient.name, patient.id, clinician.name, said, known.id if known else None, was_listed
        )

    def _patient(self, row: Row) -> _Somebody | None:
        number, email = row.cells["patient_number"], row.cells["patient_email"]
        if not number and not email:
            return None  # Which is said already.
        by_number = self.patients.get(self.by_number.get(number, uuid.UUID(int=0))) if number else None
        by_email = self.by_email.get(email.casefold(), []) if email else []
        if number and email:
            if by_number is None or by_number not in by_email:
                row.problems.append(_NO_PATIENT if by_number is None and not by_email else _NOT_SAME)
                return None
            return by_number
        found = [by_number] if by_number else by_email
        if len(found) != 1:
            row.problems.append(_TWO_PATIENTS if found else _NO_PATIENT)
            return None
        return found[0]

    def _clinician(self, row: Row) -> _Somebody | None:
        email = row.cells["clinician_email"]
        found = self.clinicians.get(email.casefold(), [])
        if len(found) == 1:
            return found[0]
        if email:
            row.problems.append(_NO_CLINICIAN)
        return None

    def _by_number(self, administrator: Viewer) -> dict[str, uuid.UUID]:
        numbers = {row.cells["patient_number"] for row in self.rows} - {""}
        index = {number: registry.chart_number_index(administrator.practice_id, number) for number in numbers}
        rows = connection().execute(_NUMBERS, {**self.asked, "numbers": list(index.values())})
        found = {row.chart_number_index: row.person_id for row in rows}
        return {number: found[mark] for number, mark in index.items() if mark in found}


def _somebody(person: Person) -> _Somebody:
    return _Somebody(
        person.id,
        names.with_called(person.name or "", person.called),
        Discipline(person.discipline) if person.discipline else None,
    )


def _by_email(people: Iterable[Person]) -> dict[str, list[_Somebody]]:
    found: dict[str, list[_Somebody]] = {}
    for person in people:
        if person.email:
            found.setdefault(person.email.casefold(), []).append(_somebody(person))
    return found


def problem_words(one: Checked) -> list[LazyString]:
    """Return what is wrong with a row, each thing once."""
    return list(dict.fromkeys(one.row.problems))
