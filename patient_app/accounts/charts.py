"""Changing a patient's chart after registration: what the practice keeps, and the e-mail address.

The name that a person signs in with is theirs: it stays as it is, whatever happens to the e-mail address.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from patient_app.accounts import addresses
from patient_app.accounts.models import Patient, Person, PersonState
from patient_app.accounts.registry import (
    FOR_CHANGE,
    Actor,
    ChartNumberTaken,
    chart_number_index,
    find_person,
    one_line,
    send_invitation,
)
from patient_app.core.errors import NotFound
from patient_app.core.roles import Role
from patient_app.core.work import db


class EmailOutcome(StrEnum):
    """What became of the e-mail address; the page says it in words."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    INVITED_ANEW = "invited_anew"
    INVITATION_ENDED = "invitation_ended"


@dataclass(frozen=True, slots=True)
class ChartWords:
    """A chart as it was typed."""

    name: str
    chart_number: str
    date_of_birth: date
    address: str
    emergency_contact: str
    email: str


def change_chart(viewer: Actor, patient_id: uuid.UUID, words: ChartWords) -> EmailOutcome:
    """Keep a patient's chart as an administrator typed it; the same words again change nothing and send nothing.

    Raise `NotFound` for anybody who is not a patient of the caller's practice, and `ChartNumberTaken`, then nothing is
    changed.
    """
    person = find_person(viewer, patient_id, [Role.PATIENT])
    if viewer.role != Role.ADMINISTRATOR:
        raise NotFound
    db().refresh(person, with_for_update=FOR_CHANGE)
    chart = db().get_one(Patient, patient_id, with_for_update=True, populate_existing=True)
    _number(chart, words.chart_number)
    _write(person, "name", one_line(words.name))
    _write(chart, "date_of_birth", words.date_of_birth.isoformat())
    _write(chart, "address", words.address)
    _write(chart, "emergency_contact", words.emergency_contact)
    return _email(viewer, person, words.email)


def _write(row: Person | Patient, field: str, text: str) -> None:
    """Seal a text anew only when it is another one."""
    if (getattr(row, field) or "") != text:
        setattr(row, field, text)


def _number(chart: Patient, typed: str) -> None:
    number = one_line(typed)
    if chart.chart_number == number:
        return
    index = chart_number_index(chart.practice_id, number)
    others = select(Patient.person_id).where(
        Patient.practice_id == chart.practice_id,
        Patient.chart_number_index == index,
        Patient.person_id != chart.person_id,
    )
    if db().scalar(others) is not None:
        raise ChartNumberTaken
    try:
        with db().begin_nested():  # Another request may take the number in this very moment.
            chart.chart_number, chart.chart_number_index = number, index
            db().flush()
    except IntegrityError:
        raise ChartNumberTaken from None


def _email(viewer: Actor, person: Person, address: str) -> EmailOutcome:
    """Keep another e-mail address; who has not joined yet is invited there."""
    if not addresses.set_by_staff(viewer, person, address):
        return EmailOutcome.UNCHANGED
    if person.state != PersonState.INVITED:
        return EmailOutcome.CHANGED
    if not person.email:
        return EmailOutcome.INVITATION_ENDED
    send_invitation(person, created_by=viewer.id)
    return EmailOutcome.INVITED_ANEW
