"""Tables of what is done when it gets quiet. Whom it is told to, and in which words, stands in the consent."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from patient_app.core.db import Base

Id = uuid.UUID


class FollowUp(Base):
    """What a patient chose; without a row, or without `days`, nothing is done.

    `by_mail`: the word goes by e-mail where no phone could be reached. `here_at`: when they last said that they are
    there; `away_from` to `away_until` (the first day back): that they are away. `tag` is the word by which their phone
    names them, `waiting_at` when we last heard that entries wait on it. `look_at` is when it is looked at next whether
    there is something to do.
    """

    __tablename__ = "follow_up"
    __table_args__ = (Index("ix_follow_up_look_at", "look_at"),)

    patient_id: Mapped[Id] = mapped_column(ForeignKey("person.id"), primary_key=True)
    practice_id: Mapped[Id] = mapped_column(ForeignKey("practice.id"))
    days: Mapped[int | None] = mapped_column(default=None)
    by_mail: Mapped[bool] = mapped_column(default=False, server_default=false())
    since_at: Mapped[datetime]
    here_at: Mapped[datetime | None] = mapped_column(default=None)
    away_from: Mapped[date | None] = mapped_column(default=None)
    away_until: Mapped[date | None] = mapped_column(default=None)
    tag: Mapped[str] = mapped_column(String(64), unique=True)
    waiting_at: Mapped[datetime | None] = mapped_column(default=None)
    look_at: Mapped[datetime | None] = mapped_column(default=None)


class FollowUpTold(Base):
    """That somebody was told, under which consent: once for each silence, which is named by its first day."""

    __tablename__ = "follow_up_told"
    __table_args__ = (
        UniqueConstraint("consent_id", "silent_since"),
        Index("ix_follow_up_told_patient", "patient_id", "told_at"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    practice_id: Mapped[Id] = mapped_column(ForeignKey("practice.id"))
    patient_id: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    consent_id: Mapped[Id] = mapped_column(ForeignKey("consent.id"))
    days: Mapped[int]
    silent_since: Mapped[date]
    told_at: Mapped[datetime]
