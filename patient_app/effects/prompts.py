"""What this feature would suggest on Today; `home` decides what is shown."""

from __future__ import annotations

from datetime import date

from sqlalchemy import and_, bindparam, select

from patient_app.core.identity import Viewer
from patient_app.core.work import connection
from patient_app.effects import service, weekly
from patient_app.effects.models import ResponseNote
from patient_app.medications import regimen
from patient_app.medications.models import Change, Medicine, MedicineVersion

# Asked on Friday at the earliest: the note is about a week that was lived.
FROM_WEEKDAY = 4
_NOTED = select(ResponseNote.id).where(weekly.OWN, ResponseNote.week == bindparam("week")).limit(1).exists()
_WANTED = (
    select(Medicine.id)
    .join(
        MedicineVersion,
        and_(MedicineVersion.medicine_id == Medicine.id, MedicineVersion.version == Medicine.newest_version),
    )
    .where(
        regimen.OWN,
        # One that is begun this very week has nothing to be said of yet.
        Medicine.day < bindparam("week"),
        MedicineVersion.change.not_in([Change.STOPPED, Change.PAUSED]),
        ~_NOTED,
    )
    .limit(1)
)


def wants_week_note(patient: Viewer, day: date) -> bool:
    """Whether the note of this week may be suggested: near its end, to who takes something and did not write it yet."""
    if day.weekday() < FROM_WEEKDAY:
        return False
    asked = {**service.asked_by(patient), "week": weekly.week_of(day)}
    return connection().scalar(_WANTED, asked) is not None
