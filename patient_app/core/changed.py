"""Tells layers above that something below them changed, which has no business knowing them.

    listen(What.ZONE, look_again)      in the feature that depends on it, once, when it is imported
    tell(What.ZONE, person.id)         where it is changed, in the unit of work that changes it

A listener runs in that unit of work and only marks that something has to be looked at again: quickly, asking nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from enum import StrEnum

Listener = Callable[[uuid.UUID], None]


class What(StrEnum):
    """What can change of a person."""

    ZONE = "zone"
    REGIMEN = "regimen"
    # All devices but the one at hand were signed out, or those of a stranger: whatever else opens without signing in
    # closes too.
    SIGNED_OUT = "signed_out"
    APPOINTMENTS = "appointments"
    ASSIGNMENTS = "assignments"
    # What somebody planned in exercises and wants to be reminded of.
    PLANS = "plans"
    # Who is tied to a patient as a supporter: somebody is not any more, or is about to be confirmed.
    SUPPORT = "support"


_LISTENERS: dict[What, list[Listener]] = {what: [] for what in What}


def listen(what: What, listener: Listener) -> None:
    """Have a function called with the person's id whenever that changes; a second time for the same does nothing."""
    if listener not in _LISTENERS[what]:
        _LISTENERS[what].append(listener)


def tell(what: What, person_id: uuid.UUID) -> None:
    """Say that something of a person changed, in the unit of work that changes it."""
    for listener in _LISTENERS[what]:
        listener(person_id)
