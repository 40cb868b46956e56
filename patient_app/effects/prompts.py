"""What this feature would suggest on Today; `home` decides what is shown."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from patient_app.core.identity import Viewer
from patient_app.effects import weekly
from patient_app.medications.regimen import OwnMedicine, Standing

# Asked on Friday at the earliest: the note is about a week that was lived.
FROM_WEEKDAY = 4
# What the note is about, of the topics that a person can put aside.
TOPICS = frozenset({"medicine"})


def wants_week_note(patient: Viewer, medicines: Iterable[OwnMedicine], day: date) -> bool:
    """Whether the note of this week may be suggested: near its end, to who takes something and did not write it yet.

    What was begun this very week has nothing to be said of yet. One statement at most.
    """
    if day.weekday() < FROM_WEEKDAY or not has_something_to_say(medicines, day):
        return False
    return weekly.own_note(patient, weekly.week_of(day)) is None


def has_something_to_say(medicines: Iterable[OwnMedicine], day: date) -> bool:
    """Whether there is a medicine of which a note of this week can say something: taken, and from before it."""
    week = weekly.week_of(day)
    return any(one.standing(day) is Standing.TAKEN and one.versions[0].day < week for one in medicines)
