"""What Today says of the next appointment: one line, once it is near. What somebody planned is no prompt of ours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from patient_app.appointments import service as appointments
from patient_app.core.i18n import time_in_words
from patient_app.core.identity import Viewer
from patient_app.home.attention import Line


def visit_lines(patient: Viewer, now: datetime) -> Iterator[Line]:
    """Yield a line for the next appointment, if it begins within two days; asked only if it can be shown."""
    one = appointments.next_one(patient, now, appointments.NEAR)
    if one is not None:
        yield Line("visit", one.with_whom, time_in_words(one.local_time), target=one.id, day=one.said.start.local_date)
