"""Tables of consents, with every element of 42 CFR 2.31(a)."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from patient_app.consent.categories import Category, Level
from patient_app.core.db import Base, sealed_column
from patient_app.core.roles import Discipline
from patient_app.core.vault import SealedText

Id = uuid.UUID


class RecipientKind(StrEnum):
    """Whether a consent names one person, or everybody of a discipline on the patient's team."""

    PERSON = "person"
    TEAM = "team"


class ConsentState(StrEnum):
    """Where a consent stands. Only ACTIVE ones, between their start and their end, open anything."""

    DRAFT = "draft"
    ACTIVE = "active"
    PAUSED = "paused"
    EXPIRED = "expired"
    REVOKED = "revoked"


class Consent(Base):
    """One signed consent. Its scope never changes: another scope is another consent that replaces it.

    The elements of 42 CFR 2.31(a), in order: patient's name (1), discloser (2), information (3: categories and
    `information`), recipient (4), purpose (5), right to revoke (6), expiry (7), signature (8), date (9), and the
    statements on redisclosure and on refusing (10), kept word for word in `form_text` with its version.
    """

    __tablename__ = "consent"
    __table_args__ = (
        CheckConstraint("(recipient_id IS NULL) <> (discipline IS NULL)", name="one_recipient"),
        Index("ix_consent_patient", "patient_id", "state"),
        Index("ix_consent_recipient", "recipient_id", "state"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    practice_id: Mapped[Id] = mapped_column(ForeignKey("practice.id"))
    patient_id: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    recipient_kind: Mapped[RecipientKind] = mapped_column(String(10))
    recipient_id: Mapped[Id | None] = mapped_column(ForeignKey("person.id"))
    discipline: Mapped[Discipline | None] = mapped_column(String(30))
    state: Mapped[ConsentState] = mapped_column(String(10))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    # Entries of days before this one stay closed; None opens what was written before as well.
    entries_from: Mapped[date | None]
    language: Mapped[str] = mapped_column(String(8))
    form_version: Mapped[str] = mapped_column(String(20))
    form_digest: Mapped[bytes] = mapped_column(LargeBinary)
    form_text_sealed: Mapped[bytes | None] = sealed_column()
    form_text = SealedText("form_text_sealed", owner="patient_id")
    discloser: Mapped[str] = mapped_column(String(200))
    purpose: Mapped[str] = mapped_column(String(200))
    patient_name_sealed: Mapped[bytes | None] = sealed_column()
    patient_name = SealedText("patient_name_sealed", owner="patient_id")
    recipient_name_sealed: Mapped[bytes | None] = sealed_column()
    recipient_name = SealedText("recipient_name_sealed", owner="patient_id")
    signature_sealed: Mapped[bytes | None] = sealed_column()
    signature = SealedText("signature_sealed", owner="patient_id")
    signed_at: Mapped[datetime]
    signed_session_id: Mapped[Id | None]
    paused_at: Mapped[datetime | None] = mapped_column(default=None)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)
    replaced_by: Mapped[Id | None] = mapped_column(default=None)
    # Made by `seals`; a consent without one, or with another's, opens nothing.
    seal: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    # Set in a consent of another kind: it opens no category, and lets the recipient be told that there was no check-in
    # for so many days, with what the patient asks of them then (`telling`).
    tells_after: Mapped[int | None] = mapped_column(default=None)
    asks_sealed: Mapped[bytes | None] = sealed_column()
    asks = SealedText("asks_sealed", owner="patient_id")
    grants: Mapped[list[ConsentCategory]] = relationship(lazy="selectin", cascade="all, delete-orphan")


class ConsentCategory(Base):
    """One category that a consent opens, and how much of it."""

    __tablename__ = "consent_category"

    consent_id: Mapped[Id] = mapped_column(ForeignKey("consent.id"), primary_key=True)
    category: Mapped[Category] = mapped_column(String(20), primary_key=True)
    level: Mapped[Level] = mapped_column(String(10))


class ConsentEvent(Base):
    """What happened to a consent and when: given, paused, resumed, ended, replaced, expired. Only added to."""

    __tablename__ = "consent_event"

    id: Mapped[Id] = mapped_column(primary_key=True)
    consent_id: Mapped[Id] = mapped_column(ForeignKey("consent.id"), index=True)
    patient_id: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    happened_at: Mapped[datetime]
    event: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[Id | None]
