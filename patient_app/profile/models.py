"""What a patient told of themselves, in one sealed text: nothing here is ever searched by the database."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from patient_app.core.db import Base, sealed_column
from patient_app.core.vault import SealedText

Id = uuid.UUID


class Profile(Base):
    """One patient's answers about themselves; a patient without a row has not answered anything yet."""

    __tablename__ = "profile"

    patient_id: Mapped[Id] = mapped_column(ForeignKey("person.id"), primary_key=True)
    practice_id: Mapped[Id] = mapped_column(ForeignKey("practice.id"))
    # When the three screens of the first visit were gone through or left; they are not shown again.
    welcomed_at: Mapped[datetime | None] = mapped_column(default=None)
    changed_at: Mapped[datetime]
    about_sealed: Mapped[bytes | None] = sealed_column()
    about = SealedText("about_sealed", owner="patient_id", row="patient_id")
