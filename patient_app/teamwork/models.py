"""Tables of what a team leaves for each other. Staff's words are under the practice's key: they are its record."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from patient_app.core.db import Base, sealed_column
from patient_app.core.vault import SealedText

Id = uuid.UUID


class Review(Base):
    """A clinician marked what a patient shared as reviewed, up to and with `reviewed_seq`."""

    __tablename__ = "review"
    __table_args__ = (Index("ix_review_patient", "patient_id", "clinician_id", "reviewed_at"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    practice_id: Mapped[Id] = mapped_column(ForeignKey("practice.id"))
    patient_id: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    clinician_id: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    reviewed_at: Mapped[datetime]
    reviewed_seq: Mapped[int]


class TeamNote(Base):
    """A short note to the team. Who may not read all of its categories does not read it; its author always does."""

    __tablename__ = "team_note"
    __table_args__ = (Index("ix_team_note_patient", "patient_id", "written_at"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    practice_id: Mapped[Id] = mapped_column(ForeignKey("practice.id"))
    patient_id: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    author_id: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    written_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None] = mapped_column(default=None)
    categories: Mapped[list[str]] = mapped_column(JSON)
    words_sealed: Mapped[bytes | None] = sealed_column()
    words = SealedText("words_sealed", owner="practice_id")
