"""What the four patients of the demonstration take: entered by them, and changed by their prescriber."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import time
from decimal import Decimal

from patient_app.core.clock import Moment
from patient_app.core.identity import Viewer
from patient_app.core.ids import new_id
from patient_app.medications import changing
from patient_app.medications.changing import Author
from patient_app.medications.models import Answer, Source
from patient_app.medications.said import Said
from patient_app.medications.schedule import (
    Anchor,
    AsNeeded,
    Dose,
    EveryDays,
    EveryWeeks,
    Food,
    Plan,
    Regular,
    Schedule,
)

_ONE, _TWO = Decimal(1), Decimal(2)


def _daily(*doses: Dose) -> Regular:
    return Regular(EveryDays(), doses)


@dataclass(frozen=True, slots=True)
class Raised:
    """A change by the prescriber, so many days ago; what the patient said to it the day after, if anything."""

    days_ago: int
    plan: Plan
    reason: str
    answer: Answer | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """One medicine, entered so many days ago. Days of weeks count from then."""

    said: Said
    unit: str
    plan: Plan
    days_ago: int
    about_use: bool = False
    raised: Raised | None = None
    stopped: tuple[int, str] | None = None


TAKEN: dict[str, tuple[Taken, ...]] = {
    "patient": (
        Taken(
            Said("sertraline", "sertraline", "50 mg", "tablet", "For the low days", "Dr. Priya Raman"),
            "tablet",
            _daily(Dose(Anchor.BREAKFAST, _ONE, Food.WITH)),
            days_ago=76,
            raised=Raised(
                54,
                _daily(Dose(Anchor.BREAKFAST, _TWO, Food.WITH)),
                "After three weeks your mood is a little better, and sleep is still hard. We try two tablets.",
                Answer.SEEN,
            ),
        ),
        Taken(
            Said("naltrexone", "naltrexone", "50 mg", "tablet", "To want less to drink"),
            "tablet",
            _daily(Dose(time(8), _ONE)),
            days_ago=60,
            about_use=True,
        ),
        Taken(
            Said("hydroxyzine", "hydroxyzine", "25 mg", "tablet", "When I cannot settle"),
            "tablet",
            AsNeeded(_ONE, 3, 6 * 60),
            days_ago=75,
            raised=Raised(
                4,
                AsNeeded(_ONE, 2, 6 * 60),
                "You need it less often now. We set two a day as the most, and look again.",
            ),
        ),
    ),
    "patient2": (
        Taken(
            Said("lithium", "lithium", "300 mg", "capsule", "To keep my mood even"),
            "capsule",
            _daily(Dose(Anchor.BREAKFAST, _ONE, Food.WITH), Dose(Anchor.BEDTIME, _TWO)),
            days_ago=85,
            raised=Raised(
                51,
                _daily(Dose(Anchor.BREAKFAST, _TWO, Food.WITH), Dose(Anchor.BEDTIME, _TWO)),
                "Your last blood level was a little low. We test again on Monday.",
                Answer.SEEN,
            ),
        ),
        Taken(
            Said("quetiapine", "quetiapine", "100 mg", "tablet", "To sleep"),
            "tablet",
            _daily(Dose(Anchor.BEDTIME, _ONE)),
            days_ago=84,
            stopped=(30, "I was too sleepy in the morning. We agreed on it."),
        ),
    ),
    "patient3": (
        Taken(
            Said("buprenorphine/naloxone", "buprenorphine_naloxone", "8 mg/2 mg", "dissolving", "Para no recaer"),
            "film",
            _daily(Dose(Anchor.WAKING, _ONE)),
            days_ago=88,
            about_use=True,
            stopped=(30, "Ahora tengo la inyección de cada mes."),
        ),
        Taken(
            Said("prazosin", "prazosin", "2 mg", "capsule", "Para las pesadillas"),
            "capsule",
            _daily(Dose(Anchor.BEDTIME, _ONE)),
            days_ago=70,
        ),
    ),
    "patient4": (
        Taken(
            Said("buspirone", "buspirone", "10 mg", "tablet", "When I worry all day"),
            "tablet",
            _daily(Dose(time(8), _ONE), Dose(time(20), _ONE)),
            days_ago=78,
        ),
    ),
}
# A monthly injection, first given so many days ago; its weekday follows from the day on which this is made.
MONTHLY = {"patient3": (Said("buprenorphine", "buprenorphine", "300 mg", "long_acting_injection"), 30)}


def enter(short: str, patient: Viewer, prescriber: Viewer, at: Callable[[int], Moment]) -> None:
    """Enter what a patient takes, as if on those days (`at` gives the moments). Needs a writing unit."""
    for taken in TAKEN[short]:
        _enter(taken, patient, prescriber, at)
    if short in MONTHLY:
        said, days_ago = MONTHLY[short]
        weekday = at(days_ago).local_date.isoweekday()
        plan = Regular(EveryWeeks(frozenset({weekday}), 4), (Dose(None, _ONE),))
        _enter(Taken(said, "injection", plan, days_ago, about_use=True), patient, prescriber, at)


def _enter(taken: Taken, patient: Viewer, prescriber: Viewer, at: Callable[[int], Moment]) -> None:
    moment, medicine_id = at(taken.days_ago), new_id()
    schedule = Schedule(moment.local_date, None, taken.unit, taken.plan)
    changing.start(
        Author.patient(patient),
        medicine_id,
        medicine_id,
        taken.said,
        schedule,
        about_use=taken.about_use,
        moment=moment,
        source=Source.DEMONSTRATION,
        recorded_at=moment.occurred_at,
    )
    if taken.raised is not None:
        raised, changed_at, version_id = taken.raised, at(taken.raised.days_ago), new_id()
        changing.change(
            Author.prescriber(prescriber, patient.id),
            medicine_id,
            version_id,
            taken.said,
            replace(schedule, plan=raised.plan),
            base=1,
            moment=changed_at,
            reason=raised.reason,
            source=Source.DEMONSTRATION,
            recorded_at=changed_at.occurred_at,
        )
        if raised.answer is not None:
            answered_at = at(raised.days_ago - 1)
            changing.answer_change(
                patient,
                version_id,
                raised.answer,
                moment=answered_at,
                source=Source.DEMONSTRATION,
                recorded_at=answered_at.occurred_at,
            )
    if taken.stopped is not None:
        days_ago, reason = taken.stopped
        stopped_at = at(days_ago)
        changing.stop(
            Author.patient(patient),
            medicine_id,
            new_id(),
            moment=stopped_at,
            reason=reason,
            source=Source.DEMONSTRATION,
            recorded_at=stopped_at.occurred_at,
        )
