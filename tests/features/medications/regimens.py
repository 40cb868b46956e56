"""Short ways to have a regimen in a test: what a form would say, and the patient and prescriber who say it."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from patient_app.core import clock
from patient_app.core.clock import Moment
from patient_app.core.ids import new_id
from patient_app.core.work import Store
from patient_app.medications import changing, regimen
from patient_app.medications.changing import Author
from patient_app.medications.regimen import OwnMedicine
from patient_app.medications.said import Said
from patient_app.medications.schedule import Dose, EveryDays, Plan, Regular, Schedule
from tests.factories import ZONE, Made
from tests.features.medications.plans import day

SERTRALINE = Said("sertraline", "sertraline", "50 mg", "tablet", "Feeling low")
NALTREXONE = Said("naltrexone", "naltrexone", "50 mg", "tablet")


def at(text: str) -> Moment:
    """Return a moment of 2026 by the patient's own clock: `at("03-02 09:00")`."""
    wall = datetime.fromisoformat(f"2026-{text.replace(' ', 'T')}")
    return clock.moment(wall.replace(tzinfo=ZoneInfo(ZONE)).astimezone(UTC), ZONE)


def daily(*doses: Dose, start: str = "2026-01-01", unit: str = "tablet", plan: Plan | None = None) -> Schedule:
    """Return a schedule of these doses a day."""
    return Schedule(day(start), None, unit, plan or Regular(EveryDays(), doses))


def started(
    store: Store,
    patient: Made,
    schedule: Schedule,
    moment: Moment,
    said: Said = SERTRALINE,
    *,
    author: Author | None = None,
    **more: Any,
) -> uuid.UUID:
    """Have the patient start a medicine."""
    medicine_id = more.pop("id", None) or new_id()
    with store.work(writes=True):
        return changing.start(
            author or Author.patient(patient.viewer),
            medicine_id,
            medicine_id,
            said,
            schedule,
            moment=moment,
            **{"about_use": False, **more},
        )


def changed(
    store: Store, patient: Made, medicine_id: uuid.UUID, schedule: Schedule, moment: Moment, **more: Any
) -> uuid.UUID:
    """Have the medicine changed, by default by the patient and from what they see now."""
    medicine = own(store, patient, medicine_id)
    options: dict[str, Any] = {"base": medicine.newest.number, **more}
    author = options.pop("author", None) or Author.patient(patient.viewer)
    version_id = options.pop("id", None) or new_id()
    said = options.pop("said", medicine.newest.said)
    with store.work(writes=True):
        changing.change(author, medicine_id, version_id, said, schedule, moment=moment, **options)
    return version_id


def own(store: Store, patient: Made, medicine_id: uuid.UUID) -> OwnMedicine:
    """Return a medicine as its patient reads it."""
    with store.work(writes=False):
        return regimen.own_medicine(patient.viewer, medicine_id)
