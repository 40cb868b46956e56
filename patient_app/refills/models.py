"""Tables of what a person has of a medicine. Names and words are elsewhere; the unit of an amount is sealed."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from patient_app.core.db import Base, sealed_column
from patient_app.core.vault import SealedText
from patient_app.medications.models import Source

Id = uuid.UUID


class Kind(StrEnum):
    """What an entry says: some was added, so much is there, or nothing is left."""

    FILLED = "filled"
    COUNTED = "counted"
    RAN_OUT = "ran_out"


# The few by which a list finds what ran out.
_IS_RAN_OUT = text("kind = 'ran_out'")


class SupplyEntry(Base):
    """One thing that was said about what there is of a medicine; never changed after it was written.

    `first_id` is made where it is written and is the idempotency key for ever: what is sent under it with other words
    is another version, and the newest one counts.
    """

    __tablename__ = "supply_entry"
    __table_args__ = (
        UniqueConstraint("first_id", "version"),
        CheckConstraint("amount >= 0", name="amount"),
        Index("ix_supply_entry_medicine", "patient_id", "medicine_id"),
        Index(
            "ix_supply_entry_ran_out",
            "practice_id",
            "on_date",
            sqlite_where=_IS_RAN_OUT,
            postgresql_where=_IS_RAN_OUT,
        ),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    first_id: Mapped[Id]
    version: Mapped[int]
    practice_id: Mapped[Id] = mapped_column(ForeignKey("practice.id"))
    patient_id: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    medicine_id: Mapped[Id] = mapped_column(ForeignKey("medicine.id"))
    kind: Mapped[Kind] = mapped_column(String(16))
    # The civil date that it is about, and the person's day at writing, from which a consent may open it.
    on_date: Mapped[date]
    day: Mapped[date]
    # In thousandths of the unit; 0 for `RAN_OUT`.
    amount: Mapped[int]
    recorded_at: Mapped[datetime]
    recorded_seq: Mapped[int]
    device_seq: Mapped[int | None]
    source: Mapped[Source] = mapped_column(String(16))
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    # Another version took its place; or all of it was taken back.
    replaced: Mapped[bool] = mapped_column(default=False, server_default=false())
    removed_at: Mapped[datetime | None] = mapped_column(default=None)
    while_closed: Mapped[bool] = mapped_column(default=False, server_default=false())
    # What the amount counts: the unit that the plan had then.
    unit_sealed: Mapped[bytes | None] = sealed_column()
    unit = SealedText("unit_sealed", owner="patient_id")
    # Of which strength it is; empty where nobody knows.
    strength_sealed: Mapped[bytes | None] = sealed_column()
    strength = SealedText("strength_sealed", owner="patient_id")
    # Where it was filled, or what else the person wants to remember; nobody else reads it.
    note_sealed: Mapped[bytes | None] = sealed_column()
    note = SealedText("note_sealed", owner="patient_id")


class SupplyWatch(Base):
    """From when on a medicine's supply is worth counting; so that Today counts nothing that cannot be low.

    Kept anew with each entry; once the regimen changes it is that day, since a plan may use up more than it did, or can
    be counted only now.
    """

    __tablename__ = "supply_watch"
    __table_args__ = (Index("ix_supply_watch_patient", "patient_id", "look_from"),)

    medicine_id: Mapped[Id] = mapped_column(ForeignKey("medicine.id"), primary_key=True)
    practice_id: Mapped[Id] = mapped_column(ForeignKey("practice.id"))
    patient_id: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    # None: there is nothing that can be counted, as the regimen is.
    look_from: Mapped[date | None]


class RanOutSeen(Base):
    """A clinician said that they have seen that a medicine ran out, and when; each once.

    `entry_id` is the entry's `first_id`, which is the id of its first version.
    """

    __tablename__ = "ran_out_seen"
    __table_args__ = (UniqueConstraint("entry_id", "clinician_id"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    practice_id: Mapped[Id] = mapped_column(ForeignKey("practice.id"))
    entry_id: Mapped[Id] = mapped_column(ForeignKey("supply_entry.id"))
    clinician_id: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    seen_at: Mapped[datetime]
