"""Tables of what supporters tell the practice. Their words are under the practice's key."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from patient_app.core.db import Base, sealed_column
from patient_app.core.vault import SealedText

Id = uuid.UUID


class Worry(Base):
    """A supporter told the practice that they are worried about someone.

    `patient_id` is the person they support, when they picked one; otherwise `about` is what they wrote.
    """

    __tablename__ = "worry"
    __table_args__ = (
        Index("ix_worry_practice", "practice_id", "read_at"),
        Index("ix_worry_sender", "sender_id", "sent_at"),
        Index("ix_worry_patient", "patient_id"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    practice_id: Mapped[Id] = mapped_column(ForeignKey("practice.id"))
    sender_id: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    patient_id: Mapped[Id | None] = mapped_column(ForeignKey("person.id"), default=None)
    sent_at: Mapped[datetime]
    read_at: Mapped[datetime | None] = mapped_column(default=None)
    read_by: Mapped[Id | None] = mapped_column(ForeignKey("person.id"), default=None)
    about_sealed: Mapped[bytes | None] = sealed_column()
    about = SealedText("about_sealed", owner="practice_id")
    words_sealed: Mapped[bytes | None] = sealed_column()
    words = SealedText("words_sealed", owner="practice_id")


class WorryMute(Base):
    """A clinician keeps a sender's messages aside for a time; the sender is told nothing else than always."""

    __tablename__ = "worry_mute"

    sender_id: Mapped[Id] = mapped_column(ForeignKey("person.id"), primary_key=True)
    muted_by: Mapped[Id] = mapped_column(ForeignKey("person.id"), primary_key=True)
    practice_id: Mapped[Id] = mapped_column(ForeignKey("practice.id"))
    muted_at: Mapped[datetime]
    muted_until: Mapped[datetime]
