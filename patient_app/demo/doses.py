"""What the patients of the demonstration logged of their doses: seeded, the same every time, up to yesterday.

Most were taken, some left out with a neutral reason or none, and of some nothing was recorded. Days that tell something
(`TOLD`) fit what was written on them.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from patient_app.core import clock
from patient_app.core.clock import Moment
from patient_app.core.identity import Viewer
from patient_app.core.ids import new_id
from patient_app.medications import dose_log, due, regimen
from patient_app.medications.dose_log import Slot, Told
from patient_app.medications.due import DueDose
from patient_app.medications.models import DoseState, Source
from patient_app.medications.skipping import Reason, Why

DAYS = 90
_NOON = 12 * 60
_TAKEN, _SKIPPED = 0.87, 0.93
_MOST_LATE_MINUTES = 40
_NEUTRAL = (None, Why(Reason.FORGOT), Why(Reason.FORGOT), Why(Reason.NO_ACCESS), Why(Reason.RAN_OUT))

# By patient, medicine and how many days ago: why that dose was left out.
TOLD: dict[tuple[str, str, int], Why] = {
    ("patient", "sertraline", 75): Why(Reason.SIDE_EFFECTS),
    ("patient2", "quetiapine", 33): Why(Reason.SIDE_EFFECTS),
    ("patient3", "buprenorphine_naloxone", 67): Why(Reason.USE),
    ("patient4", "buspirone", 47): Why(Reason.FELT_BETTER),
}
# Taken as needed: by patient and medicine, so many days ago.
NEEDED: dict[tuple[str, str], tuple[int, ...]] = {("patient", "hydroxyzine"): (73, 69, 63, 61, 60, 58, 33, 27, 13)}
# What is not left to chance: an injection that was told of.
ALWAYS = frozenset({"buprenorphine"})


def enter(short: str, patient: Viewer, _prescriber: Viewer, at: Callable[[int], Moment]) -> None:
    """Log a patient's doses, each date by itself, as if in that night (`at` gives noons). Needs a writing unit."""
    # Chance that guards nothing: the same log every time.
    chance = random.Random(f"doses {short}")  # noqa: S311 - as said above.
    zone = ZoneInfo(patient.zone)
    medicines = regimen.own_medicines(patient)
    keys = {str(one.id): one.catalogue or "" for one in medicines}
    last = at(1).local_date
    found = due.due_doses(regimen.due_versions(medicines), at(DAYS).local_date, last)
    for day, doses in groupby(found, key=lambda dose: dose.local_date):
        taps = {}
        for dose in doses:
            why = TOLD.get((short, keys[dose.medicine], (last - day).days + 1))
            told = _told(patient, dose, chance, zone, why, always=keys[dose.medicine] in ALWAYS)
            if told is not None and told.moment.occurred_at < clock.now():
                medicine_id = next(one.id for one in medicines if str(one.id) == dose.medicine)
                taps[Slot(medicine_id, day, dose.slot)] = told
        _log(patient, taps)
    for medicine in medicines:
        for days_ago in NEEDED.get((short, medicine.catalogue or ""), ()):
            moment = _later(patient, at(days_ago), chance.randrange(8 * 60))
            told = Told(DoseState.TAKEN, moment, amount=1000)
            when, source = moment.occurred_at, Source.DEMONSTRATION
            dose_log.log_as_needed(patient, new_id(), medicine.id, told, moment, recorded_at=when, source=source)


def _told(
    patient: Viewer, dose: DueDose, chance: random.Random, zone: ZoneInfo, why: Why | None, *, always: bool
) -> Told | None:
    """Return what became of a dose; None for one that was not recorded."""
    drawn, late = chance.random(), timedelta(minutes=chance.randrange(_MOST_LATE_MINUTES))
    neutral = chance.choice(_NEUTRAL)  # Drawn for each, so that a told one does not move the others.
    moment = clock.moment(due.at(dose, zone, _NOON) + late, patient.zone, patient.day_start_minutes)
    if why is None and (drawn < _TAKEN or always):
        amount = None if dose.amount is None else int(dose.amount * 1000)
        return Told(DoseState.TAKEN, moment, amount=amount)
    if why is not None or drawn < _SKIPPED:
        return Told(DoseState.SKIPPED, moment, why=why or neutral)
    return None


def _log(patient: Viewer, taps: dict[Slot, Told]) -> None:
    if taps:
        now = max((told.moment for told in taps.values()), key=lambda moment: moment.occurred_at)
        source, when = Source.DEMONSTRATION, now.occurred_at
        dose_log.log_due(patient, new_id(), taps, now, recorded_at=when, source=source)


def _later(patient: Viewer, moment: Moment, minutes: int) -> Moment:
    return clock.moment(moment.occurred_at + timedelta(minutes=minutes), patient.zone, patient.day_start_minutes)
