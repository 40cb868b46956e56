"""Each patient of the demonstration met somebody and will meet somebody, whatever day it is shown on."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from patient_app.demo import appointments
from patient_app.demo.people import PATIENTS


@pytest.mark.parametrize("ahead", range(7))
def test_what_was_lies_back_and_what_comes_lies_ahead_on_a_day_when_the_practice_is_open(ahead: int) -> None:
    today = date(2026, 11, 30) + timedelta(days=ahead)
    assert set(appointments.PLANNED) == {account.short for account in PATIENTS}
    for account in PATIENTS:
        planned = appointments.PLANNED[account.short]
        days = [appointments._weekday(today + timedelta(days=one.days), back=one.is_past) for one in planned]
        assert all(day.weekday() < 5 for day in days)
        assert any(day < today for day in days)
        assert any(day > today for day in days)
        assert all((day < today) == one.is_past for day, one in zip(days, planned, strict=True))
        assert {one.clinician for one in planned} <= set(account.team)
