"""What reminders say on Today: what waits, whether they move along with a phone that travelled, the offer.

What somebody asked to be reminded of is no prompt; the offer is one, and comes once somebody has checked in.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from patient_app.core.identity import Viewer
from patient_app.home.attention import Line
from patient_app.reminders import own, seen


def reminder_lines(patient: Viewer, now: datetime, *, has_checked_in: bool) -> Iterator[Line]:
    """Yield the lines, what waits first; each of the two statements runs only if its line can still be shown."""
    waiting = [one for one in seen.waiting(patient, now) if one.again is None]
    if waiting:
        yield Line("reminders", waiting[0].text, count=len(waiting))
    found = own.for_today(patient, now)
    if found.word is not None:
        yield Line("quiet_word", target=found.word)
    if found.other_zone:
        yield Line("zone", found.other_zone)
    if found.may_offer and has_checked_in:
        yield Line("offer_reminders", is_prompt=True)
