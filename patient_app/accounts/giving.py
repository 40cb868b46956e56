"""What is alike in all that a clinician gives to a patient, an exercise or a lesson: whose it is, and who gave it."""

from __future__ import annotations

import uuid
from typing import Any, Protocol, TypeVar

from sqlalchemy import ColumnElement, exists

from patient_app.accounts import names
from patient_app.accounts.entry_order import lock_entries
from patient_app.accounts.models import TeamMembership
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.work import db


class _Assignment(Protocol):
    patient_id: Any
    author_id: Any


One = TypeVar("One", bound=_Assignment)


def on_team(model: type[_Assignment]) -> ColumnElement[bool]:
    """Return the condition that who gave it is still on the patient's team."""
    return exists().where(
        TeamMembership.patient_id == model.patient_id,
        TeamMembership.clinician_id == model.author_id,
        TeamMembership.ended_at.is_(None),
    )


def author_of(row: Any) -> str:
    """Return by which name who gave it is shown, of a row with `author_id` and `names.COLUMNS`."""
    return names.shown_in(row.author_id, row)


def given_by(author: Viewer, model: type[One], patient_id: uuid.UUID, assignment_id: uuid.UUID) -> One:
    """Return what this clinician gave to a patient, to change it; raise `NotFound` for anything not their own."""
    lock_entries(patient_id)
    row = db().get(model, assignment_id)
    if row is None or row.patient_id != patient_id or row.author_id != author.id:
        raise NotFound
    return row
