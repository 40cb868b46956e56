"""Whom the patients of the demonstration met, and whom they meet next; dates are counted from today."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from patient_app.appointments import raising, writing
from patient_app.appointments.models import Took
from patient_app.appointments.raising import Wishes
from patient_app.appointments.said import Said
from patient_app.appointments.when import start
from patient_app.appointments.writing import Author
from patient_app.core.identity import Viewer
from patient_app.core.ids import new_id
from patient_app.demo.people import PRACTICE_ZONE

_SATURDAY = 5
_VIDEO = "https://meet.harborstreet.example/room-2"


@dataclass(frozen=True, slots=True)
class Planned:
    """One appointment: with whom, so many days from today, at which minute of the day, and where."""

    clinician: str
    days: int
    minute: int
    place: str = ""
    link: str = ""
    minutes: int = 50

    @property
    def is_past(self) -> bool:
        """Whether it took place by now."""
        return self.days < 0


PLANNED: dict[str, tuple[Planned, ...]] = {
    "patient": (
        Planned("prescriber", -21, 10 * 60, "Harbor Street 12, room 3", minutes=30),
        Planned("therapist", -7, 15 * 60, "Harbor Street 12, room 1"),
        Planned("prescriber", 1, 10 * 60, "Harbor Street 12, room 3", minutes=30),
        Planned("therapist", 8, 15 * 60, link=_VIDEO),
    ),
    "patient2": (
        Planned("prescriber", -14, 9 * 60 + 30, "Harbor Street 12, room 3", minutes=30),
        Planned("prescriber", 0, 16 * 60, link=_VIDEO, minutes=30),
        Planned("prescriber", 14, 9 * 60 + 30, "Harbor Street 12, room 3", minutes=30),
    ),
    "patient3": (
        Planned("addiction", -28, 11 * 60, "Harbor Street 12, room 5", minutes=20),
        Planned("addiction", 3, 11 * 60, "Harbor Street 12, room 5", minutes=20),
    ),
    "patient4": (
        Planned("therapist", -10, 17 * 60, link=_VIDEO),
        Planned("therapist", 4, 17 * 60, link=_VIDEO),
    ),
}
# What the first patient wants to raise at the next one; its clinician may read it.
TO_RAISE = (
    "Sleep: I still wake at four.",
    "Can the tablets wait until the evening?",
    "Two days of work a week. How do I keep them?",
)


def enter(short: str, patient: Viewer, clinicians: Mapping[str, Viewer], today: date) -> None:
    """Write a patient's appointments as their clinicians would have. Needs a writing unit."""
    first_to_come = None
    for planned in PLANNED[short]:
        clinician, appointment_id = clinicians[planned.clinician], new_id()
        on = _weekday(today + timedelta(days=planned.days), back=planned.is_past)
        written_on = min(on - timedelta(days=14), today)
        author = Author.clinician(clinician, patient.id, written_on)
        said = Said(
            start(on, planned.minute, PRACTICE_ZONE),
            minutes=planned.minutes,
            clinician_id=clinician.id,
            place=planned.place,
            link=planned.link,
            about_use=planned.clinician == "addiction",
        )
        writing.enter(author, appointment_id, said)
        if planned.is_past:
            writing.say(author, appointment_id, Took.KEPT)
        elif planned.days > 0:
            first_to_come = first_to_come or appointment_id
    if short == "patient":
        raising.save(patient, new_id(), Wishes(TO_RAISE, appointment_id=first_to_come, shares=True), base=0)


def _weekday(day: date, *, back: bool) -> date:
    """Return a day on which the practice is open: at a weekend the Friday before, or the Monday after."""
    over = day.weekday() - _SATURDAY
    if over < 0:
        return day
    return day - timedelta(days=over + 1) if back else day + timedelta(days=2 - over)
