"""Tables of the regimen and of the dose log. What tells is sealed; dates, states and marks stay plain.

What a medicine is called, what it is for and when it is taken are in its versions, which are never changed: a change is
a new version with its reason. A dose that is due is one row, however often and on however many devices it is logged.
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
    false,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column

from patient_app.accounts.models import Person
from patient_app.core.db import Base, sealed_column
from patient_app.core.vault import SealedText

Id = uuid.UUID
# Named by its class: a column takes its type from the one that it points to, so that one has to be there first, else a
# statement that is made when a module is loaded compares with a value of no type.
_PERSON = f"{Person.__tablename__}.id"


class Source(StrEnum):
    """How an entry reached us."""

    FORM = "form"
    OUTBOX = "outbox"
    NOTIFICATION = "notification"
    DEMONSTRATION = "demonstration"


class Change(StrEnum):
    """What a version of a medicine does. A stopped one may be started again, as a change; the past stays."""

    STARTED = "started"
    CHANGED = "changed"
    PAUSED = "paused"
    RESUMED = "resumed"
    STOPPED = "stopped"


class Answer(StrEnum):
    """What a patient says to a change that a prescriber entered."""

    SEEN = "seen"
    TALK = "talk"


class DoseState(StrEnum):
    """What is known of a dose. `OPEN`: what was logged was taken back, and nothing is known."""

    TAKEN = "taken"
    LATER = "later"
    SKIPPED = "skipped"
    OPEN = "open"


class MedicineHours(Base):
    """At which hours a patient wakes, eats and goes to bed; one without a row has the usual ones (`schedule.py`)."""

    __tablename__ = "medicine_hours"

    patient_id: Mapped[Id] = mapped_column(ForeignKey(_PERSON), primary_key=True)
    practice_id: Mapped[Id] = mapped_column(ForeignKey("practice.id"))
    # Minutes of the plan's date by anchor, as `schedule.Hours`.
    hours: Mapped[dict[str, int]] = mapped_column(JSON)
    changed_at: Mapped[datetime]


class Medicine(Base):
    """One medicine of one patient, for as long as it is in the regimen and after.

    `id` is made where the medicine is entered and is the idempotency key for ever. `about_use`: it is for alcohol or
    drugs, so that reading anything of it needs `substance_use` besides `medications`, in all its versions.
    """

    __tablename__ = "medicine"
    __table_args__ = (Index("ix_medicine_patient", "patient_id"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    practice_id: Mapped[Id] = mapped_column(ForeignKey("practice.id"))
    patient_id: Mapped[Id] = mapped_column(ForeignKey(_PERSON))
    # The patient's day at the first writing: a consent may open what was written from some day on.
    day: Mapped[date]
    recorded_at: Mapped[datetime]
    recorded_seq: Mapped[int]
    newest_version: Mapped[int]
    about_use: Mapped[bool]
    # Kept to oneself: no consent opens it. `hidden` says since which `recorded_seq`, as for a check-in.
    private: Mapped[bool] = mapped_column(default=False, server_default=false())
    hidden: Mapped[list[list[Any]]] = mapped_column(JSON, default=list, server_default="[]")
    # Entered by mistake and taken away; a medicine that was stopped is still there.
    removed_at: Mapped[datetime | None] = mapped_column(default=None)
    # Written in a session that began with a clinic code and was still in question: nobody else reads it.
    while_closed: Mapped[bool] = mapped_column(default=False, server_default=false())


class MedicineVersion(Base):
    """What is true of a medicine from a civil date and a minute of it on; never changed after it was written."""

    __tablename__ = "medicine_version"
    __table_args__ = (
        UniqueConstraint("medicine_id", "version"),
        Index("ix_medicine_version_patient", "patient_id"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    medicine_id: Mapped[Id] = mapped_column(ForeignKey("medicine.id"))
    patient_id: Mapped[Id] = mapped_column(ForeignKey(_PERSON))
    version: Mapped[int]
    change: Mapped[Change] = mapped_column(String(16))
    # Who wrote it: the patient, or a prescriber of the team.
    author_id: Mapped[Id] = mapped_column(ForeignKey(_PERSON))
    by_prescriber: Mapped[bool]
    day: Mapped[date]
    recorded_at: Mapped[datetime]
    recorded_seq: Mapped[int]
    source: Mapped[Source] = mapped_column(String(16))
    # From when on it holds, and the patient's hours at that time: `due.Version`.
    since: Mapped[date]
    minute: Mapped[int]
    hours: Mapped[dict[str, int]] = mapped_column(JSON)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    # Name, catalogue key, strength, form, what it is for, who prescribed it: `words.Said` as JSON.
    says_sealed: Mapped[bytes | None] = sealed_column()
    says = SealedText("says_sealed", owner="patient_id")
    # The schedule, as `documents.to_data` writes it.
    schedule_sealed: Mapped[bytes | None] = sealed_column()
    schedule = SealedText("schedule_sealed", owner="patient_id")
    # Why it was changed, in the words of who changed it.
    reason_sealed: Mapped[bytes | None] = sealed_column()
    reason = SealedText("reason_sealed", owner="patient_id")


class MedicineAnswer(Base):
    """A patient's answer to a version that a prescriber entered; the newest counts, all are kept."""

    __tablename__ = "medicine_answer"
    __table_args__ = (Index("ix_medicine_answer_patient", "patient_id"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    medicine_id: Mapped[Id] = mapped_column(ForeignKey("medicine.id"))
    version_id: Mapped[Id] = mapped_column(ForeignKey("medicine_version.id"))
    patient_id: Mapped[Id] = mapped_column(ForeignKey(_PERSON))
    answer: Mapped[Answer] = mapped_column(String(8))
    day: Mapped[date]
    recorded_at: Mapped[datetime]
    recorded_seq: Mapped[int]
    source: Mapped[Source] = mapped_column(String(16))


class Dose(Base):
    """One dose that was logged. One that is due has a slot, and medicine, date and slot stand once.

    `plan_date` is the civil date of the plan (`due.DueDose.local_date`); for one taken as needed, which has no slot,
    the civil date on which it was taken. `day` is the person's day of that. What it says is in the version shown.
    """

    __tablename__ = "dose"
    __table_args__ = (
        UniqueConstraint("medicine_id", "plan_date", "slot"),
        Index("ix_dose_patient_date", "patient_id", "plan_date"),
        Index("ix_dose_patient_day", "patient_id", "day"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    practice_id: Mapped[Id] = mapped_column(ForeignKey("practice.id"))
    patient_id: Mapped[Id] = mapped_column(ForeignKey(_PERSON))
    medicine_id: Mapped[Id] = mapped_column(ForeignKey("medicine.id"))
    plan_date: Mapped[date]
    slot: Mapped[str | None] = mapped_column(String(16))
    day: Mapped[date]
    utc_offset: Mapped[int]
    zone: Mapped[str] = mapped_column(String(64))
    recorded_at: Mapped[datetime]
    recorded_seq: Mapped[int]
    device_seq: Mapped[int | None]
    source: Mapped[Source] = mapped_column(String(16))
    newest_version: Mapped[int]
    # The one that is read: what was written last, not what arrived last.
    shown_version: Mapped[int] = mapped_column(default=1, server_default="1")
    while_closed: Mapped[bool] = mapped_column(default=False, server_default=false())


class DoseVersion(Base):
    """What was logged of a dose, each time that it was logged; an undo is a version that says `OPEN`.

    `occurred_at` (UTC) is when it was taken, or put off, or left out; without `time_known` only the date is known.
    """

    __tablename__ = "dose_version"
    __table_args__ = (
        UniqueConstraint("dose_id", "version"),
        CheckConstraint("amount IS NULL OR amount > 0", name="amount"),
        Index("ix_dose_version_patient_time", "patient_id", "occurred_at"),
    )

    # Made where it is logged: the idempotency key of this tap.
    id: Mapped[Id] = mapped_column(primary_key=True)
    dose_id: Mapped[Id] = mapped_column(ForeignKey("dose.id"))
    patient_id: Mapped[Id] = mapped_column(ForeignKey(_PERSON))
    version: Mapped[int]
    state: Mapped[DoseState] = mapped_column(String(8))
    occurred_at: Mapped[datetime]
    utc_offset: Mapped[int]
    time_known: Mapped[bool] = mapped_column(default=True, server_default=true())
    # For one put off: when to think of it again.
    later_until: Mapped[datetime | None] = mapped_column(default=None)
    # In thousandths of the schedule's unit; None where the plan says no amount.
    amount: Mapped[int | None] = mapped_column(default=None)
    recorded_at: Mapped[datetime]
    recorded_seq: Mapped[int]
    source: Mapped[Source] = mapped_column(String(16))
    # When it was logged, by the clock where that was; and how many seconds a phone's clock was ahead.
    edited_at: Mapped[datetime]
    clock_skew: Mapped[int | None] = mapped_column(default=None)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    sent_print: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    # A code of `skipping.py`. One that names use needs `substance_use`: others read "skipped".
    reason_sealed: Mapped[bytes | None] = sealed_column()
    reason = SealedText("reason_sealed", owner="patient_id")
    reason_about_use: Mapped[bool] = mapped_column(default=False, server_default=false())
