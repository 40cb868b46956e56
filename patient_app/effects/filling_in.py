"""What filling in these forms means wherever it is done: on a page, or on a phone that sends it later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from flask_babel import lazy_gettext as _l

from patient_app.medications.regimen import OwnMedicine, Standing

NOTHING_NOTICED = _l("Pick what you notice, or write it in your own words.")
NOTHING_NOTED = _l("Answer at least one question. Any one is fine.")
NO_SUCH_MEDICINE = _l("This medicine is not on your list any more. Pick another one, or “I am not sure which”.")
# What follows a stop is told of for as long as the weeks after it are shown.
STILL_ASKED = timedelta(weeks=12)


def asked_about(medicines: Sequence[OwnMedicine], today: date) -> list[OwnMedicine]:
    """Return the medicines that a side effect may come from: those taken, and those stopped a short while ago."""
    return [one for one in medicines if _is_asked(one, today)]


def _is_asked(medicine: OwnMedicine, today: date) -> bool:
    standing = medicine.standing(today)
    if standing is Standing.STOPPED:
        return medicine.newest.since >= today - STILL_ASKED
    if standing is Standing.ENDED:
        end = medicine.newest.schedule.end
        return end is None or end >= today - STILL_ASKED
    return True
