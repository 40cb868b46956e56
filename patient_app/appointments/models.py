"""Tables of appointments. Places, links and names are sealed under the patient's key; times stay plain."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from patient_app.core.db import Base, sealed_column
from patient_app.core.vault import SealedText

Id = uuid.UUID


class Source(StrEnum):
    """Who wrote something of an appointment."""

    PATIENT = "patient"
    CLINICIAN = "clinician"
    LIST = "list"  # The clinic's list, brought in by an administrator.


class State(StrEnum):
    """Whether an appointment stands; a moved one does, at another time than it was first planned for."""

    PLANNED = "planned"
    MOVED = "moved"
    CANCELLED = "cancelled"


class Took(StrEnum):
    """Whether an appointment took place, by one side's word. Pages never say "missed" to a patient."""

    KEPT = "kept"
    MISSED = "missed"


class Appointment(Base):
    """One appointment: what is asked of it in queries. What is true of it stands in its versions.

    `id` is made where it is written and is the idempotency key for ever. `state`, `starts_at`, `local_date`,
    `clinician_id` and `about_use` are those of the newest version. What each side says of whether it took place are two
    facts: neither overwrites the other.
    """

    __tablename__ = "appointment"
    __table_args__ = (
        UniqueConstraint("practice_id", "list_index"),
        Index("ix_appointment_patient", "patient_id", "starts_at"),
        Index("ix_appointment_clinician", "clinician_id", "starts_at"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    practice_id: Mapped[Id] = mapped_column(ForeignKey("practice.id"))
    patient_id: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    # Nobody of the practice: then the versions say in the patient's words with whom.
    clinician_id: Mapped[Id | None] = mapped_column(ForeignKey("person.id"), default=None)
    source: Mapped[Source] = mapped_column(String(16))
    newest_version: Mapped[int]
    state: Mapped[State] = mapped_column(String(16))
    starts_at: Mapped[datetime]
    local_date: Mapped[date]
    # That it takes place tells of alcohol or drugs: with an addiction specialist, or marked by who wrote it.
    about_use: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Keyed hash of the row's id in the clinic's list.
    list_index: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    recorded_at: Mapped[datetime]
    while_closed: Mapped[bool] = mapped_column(default=False, server_default=false())

    patient_says: Mapped[Took | None] = mapped_column(String(16), default=None)
    patient_said_at: Mapped[datetime | None] = mapped_column(default=None)
    clinic_says: Mapped[Took | None] = mapped_column(String(16), default=None)
    clinic_said_at: Mapped[datetime | None] = mapped_column(default=None)
    clinic_said_by: Mapped[Id | None] = mapped_column(ForeignKey("person.id"), default=None)


class AppointmentVersion(Base):
    """What is true of an appointment from the moment of its writing on; never changed."""

    __tablename__ = "appointment_version"
    __table_args__ = (
        UniqueConstraint("appointment_id", "version"),
        Index("ix_appointment_version_patient", "patient_id"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    appointment_id: Mapped[Id] = mapped_column(ForeignKey("appointment.id"))
    patient_id: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    version: Mapped[int]
    author_id: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    source: Mapped[Source] = mapped_column(String(16))
    # The patient's day at writing, from which a consent may open it.
    day: Mapped[date]
    recorded_at: Mapped[datetime]
    recorded_seq: Mapped[int]
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[State] = mapped_column(String(16))
    clinician_id: Mapped[Id | None] = mapped_column(ForeignKey("person.id"), default=None)
    about_use: Mapped[bool] = mapped_column(default=False, server_default=false())
    # When it begins: the instant, and the civil date and minute of the day in its zone, fixed at writing.
    starts_at: Mapped[datetime]
    local_date: Mapped[date]
    minute: Mapped[int]
    utc_offset: Mapped[int]
    zone: Mapped[str] = mapped_column(String(64))
    # How long it is to take; None where nobody said.
    minutes: Mapped[int | None] = mapped_column(default=None)
    place_sealed: Mapped[bytes | None] = sealed_column()
    place = SealedText("place_sealed", owner="patient_id")
    link_sealed: Mapped[bytes | None] = sealed_column()
    link = SealedText("link_sealed", owner="patient_id")
    # With whom, where that is nobody of the practice.
    who_sealed: Mapped[bytes | None] = sealed_column()
    who = SealedText("who_sealed", owner="patient_id")


class ToRaise(Base):
    """Up to three things that a patient wants to raise: one row is the whole list, as it was saved once.

    The newest one counts. It hangs on an appointment, and is read by `shared_with` alone, whom the patient picked for
    that appointment. `id` is the idempotency key.
    """

    __tablename__ = "to_raise"
    __table_args__ = (UniqueConstraint("patient_id", "version"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    practice_id: Mapped[Id] = mapped_column(ForeignKey("practice.id"))
    patient_id: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    version: Mapped[int]
    appointment_id: Mapped[Id | None] = mapped_column(ForeignKey("appointment.id"), default=None)
    shared_with: Mapped[Id | None] = mapped_column(ForeignKey("person.id"), default=None)
    about_use: Mapped[bool] = mapped_column(default=False, server_default=false())
    day: Mapped[date]
    recorded_at: Mapped[datetime]
    recorded_seq: Mapped[int]
    device_seq: Mapped[int | None] = mapped_column(default=None)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    lines_sealed: Mapped[bytes | None] = sealed_column()
    lines = SealedText("lines_sealed", owner="patient_id")
