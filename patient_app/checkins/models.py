"""Tables of check-ins. Ratings stay plain, in tables that carry only ids; words are sealed."""

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
    text,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column

from patient_app.core.db import Base, sealed_column
from patient_app.core.vault import SealedText

Id = uuid.UUID


# What makes a check-in a hard one: the lowest mood, or a pull of so much. Our own proposal, as for what follows a
# check-in (content/rules): a clinician of the practice is to confirm it. `hard_at` is kept of the hard ones alone, so
# another threshold needs it written anew.
HARD_MOOD, HARD_CRAVING = 1, 7


def hard_at(mood: int | None, craving: int | None, occurred_at: datetime) -> datetime | None:
    """Return what a version keeps as `hard_at`: when its check-in was, of a hard one alone."""
    is_hard = (mood is not None and mood <= HARD_MOOD) or (craving is not None and craving >= HARD_CRAVING)
    return occurred_at if is_hard else None


class Source(StrEnum):
    """How an entry reached us."""

    FORM = "form"
    OUTBOX = "outbox"
    NOTIFICATION = "notification"
    DEMONSTRATION = "demonstration"


class CheckIn(Base):
    """One check-in: its time is fixed at writing; what it says is in the version that is shown.

    `id` is made where the check-in is made (phone or server) and is the idempotency key for ever.
    """

    __tablename__ = "check_in"
    __table_args__ = (
        Index("ix_check_in_patient_time", "patient_id", "occurred_at"),
        Index("ix_check_in_patient_day", "patient_id", "day"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    practice_id: Mapped[Id] = mapped_column(ForeignKey("practice.id"))
    patient_id: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    occurred_at: Mapped[datetime]
    local_date: Mapped[date]
    day: Mapped[date]
    utc_offset: Mapped[int]
    zone: Mapped[str] = mapped_column(String(64))
    # Not when it was told afterwards for a past day: then `occurred_at` is noon, and no page says so.
    time_known: Mapped[bool] = mapped_column(default=True, server_default=true())
    recorded_at: Mapped[datetime]
    recorded_seq: Mapped[int]
    device_seq: Mapped[int | None]
    source: Mapped[Source] = mapped_column(String(16))
    newest_version: Mapped[int]
    # The one that is read, by its author and by others. An edit that comes late, from a phone that was offline, may be
    # older than what is shown; then it is kept beside it.
    shown_version: Mapped[int] = mapped_column(default=1, server_default="1")
    # How many seconds the clock of the phone was ahead when it was sent; None for one that was right enough.
    clock_skew: Mapped[int | None] = mapped_column(default=None)
    # Kept to oneself: no consent opens it.
    private: Mapped[bool] = mapped_column(default=False)
    removed_at: Mapped[datetime | None] = mapped_column(default=None)
    # When nobody else could see it, since it was kept to oneself or taken away: from which `recorded_seq` on, up to
    # which, and the UTC day on which that ended; the last two None while it lasts.
    hidden: Mapped[list[list[Any]]] = mapped_column(JSON, default=list, server_default="[]")
    # Written in a session that began with a clinic code and was still in question.
    while_closed: Mapped[bool] = mapped_column(default=False, server_default=false())


class CheckInVersion(Base):
    """What a check-in says; a correction is a new version that names the one it replaces."""

    __tablename__ = "check_in_version"
    __table_args__ = (
        UniqueConstraint("check_in_id", "version"),
        CheckConstraint("mood IS NULL OR mood BETWEEN 1 AND 5", name="mood"),
        CheckConstraint("craving IS NULL OR craving BETWEEN 0 AND 10", name="craving"),
        CheckConstraint("anxiety IS NULL OR anxiety BETWEEN 0 AND 10", name="anxiety"),
        CheckConstraint("energy IS NULL OR energy BETWEEN 1 AND 5", name="energy"),
        CheckConstraint("sleep_hours IS NULL OR sleep_hours BETWEEN 0 AND 24", name="sleep_hours"),
        Index(
            "ix_check_in_version_hard_at",
            "hard_at",
            sqlite_where=text("hard_at IS NOT NULL"),
            postgresql_where=text("hard_at IS NOT NULL"),
        ),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    check_in_id: Mapped[Id] = mapped_column(ForeignKey("check_in.id"))
    patient_id: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    version: Mapped[int]
    replaces_id: Mapped[Id | None] = mapped_column(ForeignKey("check_in_version.id"))
    recorded_at: Mapped[datetime]
    recorded_seq: Mapped[int]
    source: Mapped[Source] = mapped_column(String(16))
    # When its words were last written, by the clock where that was; None: when it was recorded.
    edited_at: Mapped[datetime | None] = mapped_column(default=None)
    clock_skew: Mapped[int | None] = mapped_column(default=None)
    # Whether it is, or once was, what is shown: nobody else ever read a version that was not.
    ever_shown: Mapped[bool] = mapped_column(default=True, server_default=true())
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    # By what a phone that sends the same once more is known, whatever the form offers by then.
    sent_print: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    # When the check-in was, once more, and of a hard one alone: by it the newest hard ones are found (`hard_at` above).
    hard_at: Mapped[datetime | None]
    mood: Mapped[int | None]
    craving: Mapped[int | None]
    use: Mapped[bool | None]
    anxiety: Mapped[int | None] = mapped_column(default=None)
    energy: Mapped[int | None] = mapped_column(default=None)
    # Hours slept in the night before, in whole hours.
    sleep_hours: Mapped[int | None] = mapped_column(default=None)
    # Which substance or behaviour, how strong, how much: `substance_use`, as JSON.
    use_details_sealed: Mapped[bytes | None] = sealed_column()
    use_details = SealedText("use_details_sealed", owner="patient_id")
    # Triggers and what helped, as JSON: `substance_use`, unless substances play no part for this person (then `mood`).
    context_sealed: Mapped[bytes | None] = sealed_column()
    context = SealedText("context_sealed", owner="patient_id")
    context_about_use: Mapped[bool] = mapped_column(default=True, server_default=true())
    # Free words; when the person marked them as about use, reading them needs `substance_use` as well.
    note_sealed: Mapped[bytes | None] = sealed_column()
    note = SealedText("note_sealed", owner="patient_id")
    note_about_use: Mapped[bool] = mapped_column(default=False)
