"""Tables of the blood tests that a prescriber plans for a medicine. What a test is called is sealed."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from patient_app.core.db import Base, sealed_column
from patient_app.core.vault import SealedText

Id = uuid.UUID


class BloodTest(Base):
    """One blood test that is due, or was done, for one medicine of one patient.

    `id` is made with the form and is the idempotency key for ever. `due_on` is that of the newest version while the
    test is still to come, else None: so that Today finds it without opening anything.
    """

    __tablename__ = "blood_test"
    __table_args__ = (Index("ix_blood_test_patient", "patient_id", "due_on"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    practice_id: Mapped[Id] = mapped_column(ForeignKey("practice.id"))
    patient_id: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    medicine_id: Mapped[Id] = mapped_column(ForeignKey("medicine.id"))
    newest_version: Mapped[int]
    due_on: Mapped[date | None]


class BloodTestVersion(Base):
    """What was true of a blood test from a moment on, and who wrote it; never changed after it was written."""

    __tablename__ = "blood_test_version"
    __table_args__ = (
        UniqueConstraint("test_id", "version"),
        Index("ix_blood_test_version_patient", "patient_id"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    test_id: Mapped[Id] = mapped_column(ForeignKey("blood_test.id"))
    patient_id: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    version: Mapped[int]
    author_id: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    # The patient's day at writing: a consent may open what was written from some day on.
    day: Mapped[date]
    recorded_at: Mapped[datetime]
    recorded_seq: Mapped[int]
    due_on: Mapped[date]
    done_on: Mapped[date | None]
    # Entered by mistake, or not needed any more.
    dropped: Mapped[bool] = mapped_column(default=False, server_default=false())
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    # An id of the catalogue, or the prescriber's words: `service.What` as JSON.
    what_sealed: Mapped[bytes | None] = sealed_column()
    what = SealedText("what_sealed", owner="patient_id")
