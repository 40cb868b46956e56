"""Consents of the other kind: that somebody is told when a patient has not checked in for some days, and nothing else.

They stand in the same table, so that pausing all, ending, expiring, closing an account and a restore reach them too;
they open no category. The days and what the patient asks for are part of what is signed: to change them is to sign
again.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from flask_babel import format_date, gettext
from sqlalchemy import func, select

from patient_app.accounts.models import Person, Practice
from patient_app.consent import seals, service
from patient_app.consent.form_text import current_form, digest
from patient_app.consent.models import Consent, ConsentEvent, ConsentState
from patient_app.consent.service import LIVE, ConsentRefused, FormWords, Recipient
from patient_app.core import clock
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.work import db

FORM = "telling"


@dataclass(frozen=True, slots=True)
class Telling:
    """After how many days without a check-in somebody is told, what they are asked for, and until when."""

    days: int
    asks: str
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OwnTelling:
    """One of the patient's own, as their page shows it."""

    id: uuid.UUID
    recipient: Recipient
    days: int
    asks: str
    paused: bool
    ends_at: datetime | None


def own_tellings(patient: Viewer) -> list[OwnTelling]:
    """Return the patient's live ones (active or paused, not past their end), the oldest first."""
    query = select(Consent).where(
        Consent.patient_id == patient.id, Consent.state.in_(LIVE), Consent.tells_after.is_not(None)
    )
    moment = clock.now()
    return [
        OwnTelling(
            id=consent.id,
            recipient=service.signed_for(consent),
            days=consent.tells_after or 0,
            asks=consent.asks or "",
            paused=consent.state == ConsentState.PAUSED,
            ends_at=consent.ends_at,
        )
        for consent in db().scalars(query.order_by(Consent.signed_at, Consent.id))
        if consent.ends_at is None or consent.ends_at > moment
    ]


def agree(patient: Viewer, consent_id: uuid.UUID, recipient: Recipient, told: Telling, *, signature: str) -> Consent:
    """Store a signed one; it replaces the patient's earlier one for the same recipient. Needs a writing unit.

    The same id again gives the same consent. Raise `ConsentRefused` with the reason `entries-closed`, `ends-in-past`,
    `other-name`, `signed-before` or `ended-since`, as `service.give_consent` does, and `NotFound` for an id of somebody
    else's.
    """
    if patient.entries_closed_until is not None:
        raise ConsentRefused("entries-closed")
    if told.ends_at is not None and told.ends_at <= clock.now():
        raise ConsentRefused("ends-in-past")
    service.check_signature(patient, signature)
    # One writer at a time changes what this patient shares.
    db().scalar(select(Person.id).where(Person.id == patient.id).with_for_update())
    existing = db().get(Consent, consent_id)
    if existing is not None:
        return _same_or_refused(patient, existing, recipient, told)
    consent = _made(patient, consent_id, recipient, told, signature)
    service.keep(patient, consent, recipient)
    return consent


def _same_or_refused(patient: Viewer, existing: Consent, recipient: Recipient, told: Telling) -> Consent:
    if existing.patient_id != patient.id:
        raise NotFound
    signed = (existing.recipient_id, existing.discipline, existing.tells_after, existing.asks)
    if signed != (recipient.person_id, recipient.discipline, told.days, told.asks):
        raise ConsentRefused("signed-before")
    if existing.state not in LIVE:
        raise ConsentRefused("ended-since")
    return existing


def _made(patient: Viewer, consent_id: uuid.UUID, recipient: Recipient, told: Telling, signature: str) -> Consent:
    form, moment = current_form(FORM), clock.now()
    practice = db().get_one(Practice, patient.practice_id)
    with form.in_its_language():
        named = service.recipient_words(recipient, practice.name)
        text = form.fill(
            patient_name=patient.name,
            discloser=practice.name,
            days=str(told.days),
            asks=told.asks,
            recipient=named,
            expiry=_expiry(patient, told.ends_at),
            redisclosure=service.redisclosure(recipient),
        )
        purpose = gettext("at my request, so that they can do what I ask")
    consent = Consent(
        id=consent_id,
        practice_id=patient.practice_id,
        patient_id=patient.id,
        recipient_kind=recipient.kind,
        recipient_id=recipient.person_id,
        discipline=recipient.discipline,
        state=ConsentState.ACTIVE,
        starts_at=moment,
        ends_at=told.ends_at,
        entries_from=None,
        language=form.language,
        form_version=form.version,
        form_digest=digest(text),
        discloser=practice.name,
        purpose=purpose,
        signed_at=moment,
        signed_session_id=patient.session_id,
        tells_after=told.days,
        grants=[],
    )
    consent.patient_name, consent.recipient_name = patient.name, named
    consent.signature, consent.form_text, consent.asks = signature, text, told.asks
    seals.seal(consent)
    return consent


def _expiry(patient: Viewer, ends_at: datetime | None) -> str:
    if ends_at is None:
        return gettext("when I end it, or when my treatment here ends")
    return format_date(ends_at.astimezone(clock.find_zone(patient.zone)).date(), "long")


def preview(patient: Viewer, recipient: Recipient) -> FormWords:
    """Return the words of the form before anything is chosen, in the language in which they are signed."""
    practice = db().get_one(Practice, patient.practice_id)

    def elements() -> dict[str, str]:
        return {
            "patient_name": patient.name,
            "discloser": practice.name,
            "days": gettext("as many as I choose above"),
            "asks": gettext("as I write above"),
            "recipient": service.recipient_words(recipient, practice.name),
            "expiry": gettext("as I choose above"),
            "redisclosure": service.redisclosure(recipient),
        }

    return service.filled(FORM, elements)


def holds(consent: Consent, moment: datetime) -> bool:
    """Whether somebody may be told by it at a moment: it is active, in its time, and as it was signed."""
    facts = [getattr(consent, column.key) for column in seals.FACTS]
    return (
        consent.tells_after is not None
        and consent.state == ConsentState.ACTIVE
        and consent.starts_at <= moment
        and (consent.ends_at is None or consent.ends_at > moment)
        and seals.is_whole(facts, seals.telling(consent.tells_after), consent.seal)
    )


def opened_at(consent_id: uuid.UUID) -> datetime | None:
    """Return when a consent was given or last resumed: no silence of before counts."""
    query = select(func.max(ConsentEvent.happened_at)).where(
        ConsentEvent.consent_id == consent_id, ConsentEvent.event.in_(("given", "resumed"))
    )
    return db().scalar(query)
