"""Tables: what a patient keeps of the library, in one sealed text; and a supporter's own notes, under their own key."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
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
