"""Who is asking: a frozen picture of the signed-in person, taken once a request."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from flask import abort, g
from flask_login import UserMixin, current_user

from patient_app.core.roles import Discipline, Role

# Where Flask-Login keeps whom it loaded.
_KEPT = "_login_user"


class Stage(StrEnum):
    """How far a sign-in has come; only FULL opens anything but the next step of signing in."""

    FULL = "full"
    SECOND_FACTOR = "second_factor"
    ENROL_SECOND_FACTOR = "enrol_second_factor"


@dataclass(frozen=True, eq=False)
class Viewer(UserMixin):  # type: ignore[misc]  # Flask-Login has no types.
    """The signed-in person as services and templates know them."""

    id: uuid.UUID
    practice_id: uuid.UUID
    role: Role
    discipline: Discipline | None
    name: str
    language: str
    zone: str
    day_start_minutes: int
    session_id: uuid.UUID
    stage: Stage
    confirmed_at: datetime
    # Set when this session began after a reset by a clinic code: older entries stay closed until the second moment.
    entries_closed_from: datetime | None = None
    entries_closed_until: datetime | None = None
    # Set when this session began before such a reset and the day in which it could object is over: it sees nothing
    # more, but may still say that it was not the person.
    superseded: bool = False
    # What the person is to be told on every page until they answer (a word of `accounts.models.SecurityNotice`).
    security_notice: str | None = None
    # Whether the person made their pages simple, for a hard day: nobody else ever turns that on or off.
    shown_simply: bool = False

    def get_id(self) -> str:
        """Return the id as Flask-Login wants it."""
        return str(self.id)


def keep(person: Viewer | None) -> None:
    """Say who is asking, for the rest of this request."""
    setattr(g, _KEPT, person)


def viewer_or_none() -> Viewer | None:
    """Return the person who signed in, whatever the stage, or None; always None on an error page."""
    kept = vars(g._get_current_object())  # Asked many times a request, so looked up once each.
    if "failsafe" in kept:
        return None
    person = kept[_KEPT] if _KEPT in kept else current_user._get_current_object()
    return person if isinstance(person, Viewer) else None


def viewer() -> Viewer:
    """Return the signed-in person; 401 when nobody is (the access check runs before, so this is a safety net)."""
    person = viewer_or_none()
    if person is None:
        abort(401)
    return person
