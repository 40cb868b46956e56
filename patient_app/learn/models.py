"""Tables: what a patient keeps of the library, in one sealed text; lessons that clinicians gave; a supporter's own."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, false
from sqlalchemy.orm import Mapped, mapped_column

from patient_app.core.db import Base, sealed_column
from patient_app.core.vault import SealedText

Id = uuid.UUID


class Learning(Base):
    """What one patient saved, read, put aside and was suggested. Nothing of it is ever asked for by the database."""

    __tablename__ = "learning"

    patient_id: Mapped[Id] = mapped_column(ForeignKey("person.id"), primary_key=True)
    practice_id: Mapped[Id] = mapped_column(ForeignKey("practice.id"))
    changed_at: Mapped[datetime]
    kept_sealed: Mapped[bytes | None] = sealed_column()
    kept = SealedText("kept_sealed", owner="patient_id", row="patient_id")


class LessonAssignment(Base):
    """A lesson that a clinician gave to a patient; it is never changed, only taken back.

    All of it is what the clinician said: whether the patient read it, or put it aside, stands in `Learning` alone. `id`
    is made with the form and is the idempotency key for ever; which lesson it is and the note are sealed under the
    patient's key.
    """

    __tablename__ = "lesson_assignment"
    __table_args__ = (
        Index("ix_lesson_assignment_patient", "patient_id", "tag"),
        Index("ix_lesson_assignment_author", "author_id"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    practice_id: Mapped[Id] = mapped_column(ForeignKey("practice.id"))
    patient_id: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    author_id: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    # The patient's day on which it was given, from which a consent may open it to others of the team.
    day: Mapped[date]
    given_at: Mapped[datetime]
    recorded_seq: Mapped[int]
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    # By which the same lesson is found again: a keyed hash for this patient alone.
    tag: Mapped[bytes] = mapped_column(LargeBinary)
    about_use: Mapped[bool] = mapped_column(default=False, server_default=false())
    lesson_sealed: Mapped[bytes | None] = sealed_column()
    lesson = SealedText("lesson_sealed", owner="patient_id")
    note_sealed: Mapped[bytes | None] = sealed_column()
    note = SealedText("note_sealed", owner="patient_id")
    withdrawn_at: Mapped[datetime | None] = mapped_column(default=None)


class OwnShelf(Base):
    """What one supporter saved of their lessons, in their private space: one sealed text, which nobody else reads."""

    __tablename__ = "own_shelf"

    person_id: Mapped[Id] = mapped_column(ForeignKey("person.id"), primary_key=True)
    practice_id: Mapped[Id] = mapped_column(ForeignKey("practice.id"))
    changed_at: Mapped[datetime]
    kept_sealed: Mapped[bytes | None] = sealed_column()
    kept = SealedText("kept_sealed", owner="person_id", row="person_id")


class OwnNote(Base):
    """How a supporter is doing, in their private space: nobody else ever reads it, least of all whom they support.

    `id` is the idempotency key. What is taken away is gone.
    """

    __tablename__ = "own_note"
    __table_args__ = (
        Index("ix_own_note_person", "person_id", "occurred_at"),
        CheckConstraint("feels IS NULL OR feels BETWEEN 1 AND 5", name="feels"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    practice_id: Mapped[Id] = mapped_column(ForeignKey("practice.id"))
    person_id: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    occurred_at: Mapped[datetime]
    day: Mapped[date]
    utc_offset: Mapped[int]
    zone: Mapped[str] = mapped_column(String(64))
    recorded_at: Mapped[datetime]
    # 1 very low to 5 very good, as in a check-in; None where only words were left.
    feels: Mapped[int | None] = mapped_column(default=None)
    words_sealed: Mapped[bytes | None] = sealed_column()
    words = SealedText("words_sealed", owner="person_id")
