"""What the patients of the demonstration have of their medicines, and the blood tests that the prescriber planned."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from patient_app.blood_tests import service as blood_tests
from patient_app.blood_tests.service import Planned, What
from patient_app.core.clock import Moment
from patient_app.core.identity import Viewer
from patient_app.core.ids import new_id
from patient_app.medications.models import Source
from patient_app.medications.regimen import own_medicines
from patient_app.refills import service as refills
from patient_app.refills.models import Kind
from patient_app.refills.service import New

# By patient and medicine: how many were filled, each so many days ago.
FILLED: dict[tuple[str, str], tuple[tuple[int, int], ...]] = {
    ("patient", "sertraline"): ((76, 60), (54, 60), (24, 60)),
    ("patient", "naltrexone"): ((60, 30), (26, 30)),
    ("patient2", "lithium"): ((85, 90), (55, 120), (26, 180)),
    ("patient3", "prazosin"): ((70, 35), (36, 35)),
    ("patient4", "buspirone"): ((78, 60), (46, 60), (17, 60)),
}
# By patient and medicine: how many days ago they said that nothing was left.
RAN_OUT: dict[tuple[str, str], int] = {("patient3", "prazosin"): 1}
# By patient and medicine: which test, in how many days it is due, and when it was done, if it was.
TESTS: dict[tuple[str, str], tuple[tuple[str, int, int | None], ...]] = {
    ("patient2", "lithium"): (("lithium_level", -47, -47), ("lithium_level", -8, -8), ("lithium_level", 5, None)),
}


def enter(short: str, patient: Viewer, prescriber: Viewer, at: Callable[[int], Moment]) -> None:
    """Enter what a patient has, as if on those days (`at` gives the moments). Needs a writing unit."""
    today = at(0)
    for medicine in own_medicines(patient):
        which = short, medicine.catalogue or ""
        for days_ago, amount in FILLED.get(which, ()):
            moment = at(days_ago)
            new = New(new_id(), Kind.FILLED, moment.local_date, Decimal(amount))
            source, when = Source.DEMONSTRATION, moment.occurred_at
            refills.record(patient, medicine, new, moment, source=source, recorded_at=when)
        if which in RAN_OUT:
            moment = at(RAN_OUT[which])
            empty = New(new_id(), Kind.RAN_OUT, moment.local_date)
            when = moment.occurred_at
            refills.record(patient, medicine, empty, moment, source=Source.DEMONSTRATION, recorded_at=when)
        for code, due_in, done_in in TESTS.get(which, ()):
            due_on = today.local_date + timedelta(days=due_in)
            done_on = None if done_in is None else today.local_date + timedelta(days=done_in)
            planned = Planned(What(code), due_on, done_on)
            blood_tests.enter(prescriber, patient.id, medicine.id, new_id(), planned, day=at(max(0, -due_in)).day)
