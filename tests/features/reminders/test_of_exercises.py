"""Reminders of exercises: at the chosen times, and not where one was done since the time before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import pytest
from flask import Flask

from patient_app.core.ids import new_id
from patient_app.core.work import Store, db
from patient_app.reminders.models import Kind, Reason
from patient_app.skills.models import ExerciseRun, Source
from tests.factories import make_patient, make_practice
from tests.features.medications.regimens import at
from tests.features.reminders.made import Counting, occurrences, remind, run


@pytest.mark.parametrize("done", [None, "03-02 07:30", "03-02 19:00", "03-01 19:00"])
def test_it_comes_at_its_times_unless_one_was_done_since_the_time_before(
    app: Flask, store: Store, set_time: Callable[[datetime], None], done: str | None
) -> None:
    set_time(at("03-02 07:00").occurred_at)
    patient, push = make_patient(store, make_practice(store)), Counting()
    remind(store, patient, 8 * 60, 20 * 60, kind=Kind.EXERCISE)
    if done is not None:
        when = at(done).occurred_at
        row = {"practice_id": patient.practice_id, "patient_id": patient.id, "day": date(2026, 3, 2), "tag": b"one"}
        times = {"occurred_at": when, "recorded_at": when, "local_date": date(2026, 3, 2), "zone": "America/New_York"}
        more = {"utc_offset": -300, "recorded_seq": 1, "device_seq": None, "source": Source.FORM, "newest_version": 1}
        with store.work(writes=True):
            db().add(ExerciseRun(id=new_id(), **row, **times, **more))
    with app.app_context():
        for wall in ("03-02 08:00", "03-02 20:00"):
            set_time(at(wall).occurred_at)
            run(store, push)
    settled = {None: [], "03-02 07:30": ["480"], "03-02 19:00": ["1200"], "03-01 19:00": []}[done]
    assert [one.slot for one in occurrences(store) if one.reason == Reason.SETTLED] == settled
    assert len(push.sent) == 2 - len(settled)
    assert {payload["title"] for _device, payload in push.sent} <= {"You have a reminder"}
