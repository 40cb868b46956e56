"""The table of safety plans. Each step of a plan is versioned by itself, and no version is ever changed."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from patient_app.core.db import Base

Id = uuid.UUID


class Step(StrEnum):
    """A step of a plan, in the order in which they stand; the last two are beside the six."""

    SIGNS = "signs"
    ALONE = "alone"
    PLACES = "places"
    PEOPLE = "people"
    PROFESSIONALS = "professionals"
    SAFER = "safer"
    NALOXONE = "naloxone"
    MADE = "made"


class PlanStep(Base):
    """What one step of one patient's plan said from a moment on; its newest version is what it says now.

    `id` is made with the form, or on the phone, and is the idempotency key for ever.
    """

    __tablename__ = "safety_plan_step"
    __table_args__ = (UniqueConstraint("patient_id", "step", "version"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    practice_id: Mapped[Id] = mapped_column(ForeignKey("practice.id"))
    patient_id: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    step: Mapped[Step] = mapped_column(String(16))
    version: Mapped[int]
    # The patient's day at writing: a consent may open what was written from some day on.
    day: Mapped[date]
    recorded_at: Mapped[datetime]
    recorded_seq: Mapped[int]
    # As the person marked it, and always for naloxone: reading it needs `substance_use` as well.
    about_use: Mapped[bool]
    # Words, people and numbers, as JSON. An emptied step has none.
    words_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
