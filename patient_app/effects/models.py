"""Tables of side effects, of what they raise for the team, and of the weekly note. What tells is sealed.

Which medicine it is, how strong it is and how much it bothers stay plain, in tables that carry only ids. Nothing is
overwritten: a correction is a new version.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    Uuid,
    false,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column

from patient_app.core.db import Base, sealed_column
from patient_app.core.vault import SealedText

Id = uuid.UUID
# A column that names another table has its type only once that is known: statements are made before, at import.


class Source(StrEnum):
    """How an entry reached us."""

    FORM = "form"
    OUTBOX = "outbox"
    DEMONSTRATION = "demonstration"


class SideEffect(Base):
    """One side effect as long as it is told of: its time is fixed at writing, what it says is in its newest version.

    `id` is made where it is written (phone or server) and is the idempotency key for ever.
    """

    __tablename__ = "side_effect"
    __table_args__ = (Index("ix_side_effect_patient_day", "patient_id", "day"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    practice_id: Mapped[Id] = mapped_column(Uuid, ForeignKey("practice.id"))
    patient_id: Mapped[Id] = mapped_column(Uuid, ForeignKey("person.id"))
    occurred_at: Mapped[datetime]
    local_date: Mapped[date]
    day: Mapped[date]
    utc_offset: Mapped[int]
    zone: Mapped[str] = mapped_column(String(64))
    recorded_at: Mapped[datetime]
    recorded_seq: Mapped[int]
    device_seq: Mapped[int | None]
    source: Mapped[Source] = mapped_column(String(16))
    newest_version: Mapped[int]
    # How many seconds the clock of the phone was ahead when it was sent; None for one that was right enough.
    clock_skew: Mapped[int | None] = mapped_column(default=None)
    # Kept to oneself: no consent opens it.
    private: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Since which `recorded_seq` nobody else could see it, and until which, as for a check-in.
    hidden: Mapped[list[list[Any]]] = mapped_column(JSON, default=list, server_default="[]")
    removed_at: Mapped[datetime | None] = mapped_column(default=None)
    # Written in a session that began with a clinic code and was still in question: nobody else reads it.
    while_closed: Mapped[bool] = mapped_column(default=False, server_default=false())


class SideEffectVersion(Base):
    """What a side effect says; the newest is read, by its author and by others."""

    __tablename__ = "side_effect_version"
    __table_args__ = (
        UniqueConstraint("side_effect_id", "version"),
        CheckConstraint("severity IS NULL OR severity BETWEEN 1 AND 3", name="severity"),
        CheckConstraint("bother IS NULL OR bother BETWEEN 0 AND 4", name="bother"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    side_effect_id: Mapped[Id] = mapped_column(Uuid, ForeignKey("side_effect.id"))
    patient_id: Mapped[Id] = mapped_column(Uuid, ForeignKey("person.id"))
    version: Mapped[int]
    recorded_at: Mapped[datetime]
    recorded_seq: Mapped[int]
    source: Mapped[Source] = mapped_column(String(16))
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    # By what a phone that sends the same once more is known, whatever the form offers by then.
    sent_print: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    # None: the person is not sure which. What a medicine needs to be read, this needs as well, as it is marked now.
    medicine_id: Mapped[Id | None] = mapped_column(Uuid, ForeignKey("medicine.id"), default=None)
    severity: Mapped[int | None] = mapped_column(default=None)
    bother: Mapped[int | None] = mapped_column(default=None)
    going_on: Mapped[bool] = mapped_column(default=True, server_default=true())
    # When it began, where the person said so; and the day on which they first said that it is over.
    began_on: Mapped[date | None] = mapped_column(default=None)
    over_on: Mapped[date | None] = mapped_column(default=None)
    # A sign that cannot wait may stand behind it.
    flagged: Mapped[bool] = mapped_column(default=False, server_default=false())
    # What was picked names use by itself, whichever medicine it is: then reading it needs `substance_use` too.
    about_use: Mapped[bool] = mapped_column(default=False, server_default=false())
    # The id of what was picked (`picks.py`).
    effect_sealed: Mapped[bytes | None] = sealed_column()
    effect = SealedText("effect_sealed", owner="patient_id")
    # The person's own words: `notes`; and `substance_use` too where they said that they are about it.
    note_sealed: Mapped[bytes | None] = sealed_column()
    note = SealedText("note_sealed", owner="patient_id")
    note_about_use: Mapped[bool] = mapped_column(default=False, server_default=false())


class Concern(Base):
    """A side effect behind which a sign stands that cannot wait. It is shown first to those whose consent covers it.

    Nothing is sent to anybody: it waits in their list until somebody says that they have seen it.
    """

    __tablename__ = "concern"
    __table_args__ = (
        UniqueConstraint("side_effect_id", "version"),
        Index("ix_concern_patient", "patient_id", "raised_at"),
        Index("ix_concern_practice", "practice_id", "raised_at"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    practice_id: Mapped[Id] = mapped_column(Uuid, ForeignKey("practice.id"))
    patient_id: Mapped[Id] = mapped_column(Uuid, ForeignKey("person.id"))
    side_effect_id: Mapped[Id] = mapped_column(Uuid, ForeignKey("side_effect.id"))
    # The version that raised it.
    version: Mapped[int]
    # The medicine that it comes from; or, of one that is tied to none, the first of those without which it would not
    # have been raised (`ConcernMedicine` has them all). None where the sign is enough.
    medicine_id: Mapped[Id | None] = mapped_column(Uuid, ForeignKey("medicine.id"))
    day: Mapped[date]
    raised_at: Mapped[datetime]
    recorded_seq: Mapped[int]


class ConcernMedicine(Base):
    """A medicine that a concern rests on: each by itself is enough to raise it, so it stands while one is open."""

    __tablename__ = "concern_medicine"
    __table_args__ = (UniqueConstraint("concern_id", "medicine_id"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    practice_id: Mapped[Id] = mapped_column(Uuid, ForeignKey("practice.id"))
    concern_id: Mapped[Id] = mapped_column(Uuid, ForeignKey("concern.id"))
    medicine_id: Mapped[Id] = mapped_column(Uuid, ForeignKey("medicine.id"))


class ConcernSeen(Base):
    """A clinician said that they have seen a concern, and when; each once."""

    __tablename__ = "concern_seen"
    __table_args__ = (UniqueConstraint("concern_id", "clinician_id"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    practice_id: Mapped[Id] = mapped_column(Uuid, ForeignKey("practice.id"))
    concern_id: Mapped[Id] = mapped_column(Uuid, ForeignKey("concern.id"))
    clinician_id: Mapped[Id] = mapped_column(Uuid, ForeignKey("person.id"))
    seen_at: Mapped[datetime]


class ResponseNote(Base):
    """The note of one week for all medicines together, however often and on however many devices it is written.

    `week` is the Monday of the person's week. What a session in question writes has a row of its own.
    """

    __tablename__ = "response_note"
    __table_args__ = (UniqueConstraint("patient_id", "week", "while_closed"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    practice_id: Mapped[Id] = mapped_column(Uuid, ForeignKey("practice.id"))
    patient_id: Mapped[Id] = mapped_column(Uuid, ForeignKey("person.id"))
    week: Mapped[date]
    day: Mapped[date]
    recorded_at: Mapped[datetime]
    recorded_seq: Mapped[int]
    newest_version: Mapped[int]
    # The one that is read: what was written last, not what arrived last.
    shown_version: Mapped[int]
    while_closed: Mapped[bool] = mapped_column(default=False, server_default=false())


class ResponseVersion(Base):
    """What a weekly note says, each time that it was written."""

    __tablename__ = "response_version"
    __table_args__ = (
        UniqueConstraint("note_id", "version"),
        CheckConstraint("helps IS NULL OR helps BETWEEN 0 AND 4", name="helps"),
        CheckConstraint("bothers IS NULL OR bothers BETWEEN 0 AND 4", name="bothers"),
    )

    # Made where it is written: the idempotency key of this writing.
    id: Mapped[Id] = mapped_column(primary_key=True)
    note_id: Mapped[Id] = mapped_column(Uuid, ForeignKey("response_note.id"))
    patient_id: Mapped[Id] = mapped_column(Uuid, ForeignKey("person.id"))
    version: Mapped[int]
    occurred_at: Mapped[datetime]
    local_date: Mapped[date]
    day: Mapped[date]
    utc_offset: Mapped[int]
    zone: Mapped[str] = mapped_column(String(64))
    recorded_at: Mapped[datetime]
    recorded_seq: Mapped[int]
    device_seq: Mapped[int | None]
    source: Mapped[Source] = mapped_column(String(16))
    # When it was written, by the clock where that was; and how many seconds a phone's clock was ahead.
    edited_at: Mapped[datetime]
    clock_skew: Mapped[int | None] = mapped_column(default=None)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    helps: Mapped[int | None] = mapped_column(default=None)
    bothers: Mapped[int | None] = mapped_column(default=None)
    # Own words: `notes`; and `substance_use` too where the person said that they are about it.
    words_sealed: Mapped[bytes | None] = sealed_column()
    words = SealedText("words_sealed", owner="patient_id")
    words_about_use: Mapped[bool] = mapped_column(default=False, server_default=false())
