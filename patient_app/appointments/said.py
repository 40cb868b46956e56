"""What is true of an appointment, as plain data, and how a row of one is opened: alike for all who may read it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import and_
from sqlalchemy.orm import aliased

from patient_app.accounts import names
from patient_app.accounts.models import Person
from patient_app.appointments.models import Appointment, AppointmentVersion, Source, State, Took
from patient_app.appointments.when import Start
from patient_app.core.roles import Discipline
from patient_app.core.vault import Place
from patient_app.core.work import vault

# How long one is taken to last where nobody said.
USUAL_MINUTES = 60
LONGEST_MINUTES = 12 * 60

# The clinician of the newest version.
CLINICIAN = aliased(Person)
NEWEST = and_(
    AppointmentVersion.appointment_id == Appointment.id, AppointmentVersion.version == Appointment.newest_version
)
COLUMNS = (
    Appointment.id,
    Appointment.patient_id,
    Appointment.source,
    Appointment.patient_says,
    Appointment.clinic_says,
    AppointmentVersion.id.label("version_id"),
    AppointmentVersion.version,
    AppointmentVersion.author_id,
    AppointmentVersion.day,
    AppointmentVersion.recorded_seq,
    AppointmentVersion.state,
    AppointmentVersion.clinician_id,
    AppointmentVersion.about_use,
    AppointmentVersion.starts_at,
    AppointmentVersion.local_date,
    AppointmentVersion.minute,
    AppointmentVersion.utc_offset,
    AppointmentVersion.zone,
    AppointmentVersion.minutes,
    AppointmentVersion.place_sealed,
    AppointmentVersion.link_sealed,
    AppointmentVersion.who_sealed,
    CLINICIAN.name_sealed,
    CLINICIAN.called_sealed,
    CLINICIAN.discipline,
)


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody says of an appointment: with a clinician of the practice, or with whom `who` names."""

    start: Start
    minutes: int | None = None
    clinician_id: uuid.UUID | None = None
    who: str = ""
    place: str = ""
    link: str = ""
    about_use: bool = False
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Entered:
    """An appointment as it is now. `name` and `discipline` are the clinician's, empty for nobody of the practice.

    `source` is who wrote it first. `patient_says` and `clinic_says` are two facts beside each other.
    """

    id: uuid.UUID
    version: int
    said: Said
    state: State
    name: str
    discipline: Discipline | None
    source: Source
    author_id: uuid.UUID
    recorded_seq: int
    patient_says: Took | None = None
    clinic_says: Took | None = None

    @property
    def stands(self) -> bool:
        """Whether it is not cancelled."""
        return self.state is not State.CANCELLED

    @property
    def starts_at(self) -> datetime:
        """The instant at which it begins."""
        return self.said.start.at

    @property
    def ends_at(self) -> datetime:
        """When it is over, as far as somebody said."""
        return self.said.start.at + timedelta(minutes=self.said.minutes or USUAL_MINUTES)

    @property
    def local_time(self) -> datetime:
        """The wall clock at which it begins, in its own zone."""
        return self.said.start.local_time

    @property
    def with_whom(self) -> str:
        """Whom the person meets; empty where nobody said."""
        return self.name or self.said.who

    @property
    def link_host(self) -> str:
        """Where its link leads, so that a person sees it before they go there."""
        return urlsplit(self.said.link).hostname or ""

    @property
    def took_place(self) -> bool | None:
        """Whether it took place: the clinic's word, else the patient's; None where nobody said."""
        word = self.clinic_says or self.patient_says
        return None if word is None else word is Took.KEPT


def as_entered(row: Any) -> Entered:
    """Return a row of `COLUMNS`, opened; words that are broken say so in their place."""
    start = Start(row.starts_at, row.local_date, row.minute, row.utc_offset, row.zone)
    return Entered(
        id=row.id,
        version=row.version,
        said=Said(
            start=start,
            minutes=row.minutes,
            clinician_id=row.clinician_id,
            who=_words(row, "who_sealed"),
            place=_words(row, "place_sealed"),
            link=_words(row, "link_sealed"),
            about_use=bool(row.about_use),
            cancelled=row.state == State.CANCELLED,
        ),
        state=State(row.state),
        name=names.shown_in(row.clinician_id, row),
        discipline=Discipline(row.discipline) if row.discipline else None,
        source=Source(row.source),
        author_id=row.author_id,
        recorded_seq=row.recorded_seq,
        patient_says=Took(row.patient_says) if row.patient_says else None,
        clinic_says=Took(row.clinic_says) if row.clinic_says else None,
    )


def _words(row: Any, column: str) -> str:
    blob = getattr(row, column)
    if blob is None:
        return ""
    return vault().open_or_say(Place(AppointmentVersion.__tablename__, column, row.version_id, row.patient_id), blob)
