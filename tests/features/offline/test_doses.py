"""Doses that waited on a phone: stored once, kept though the plan changed, and never forbidden."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from patient_app.core.ids import new_id
from patient_app.core.work import Store
from patient_app.medications import changing, doses
from patient_app.medications.models import DoseState
from patient_app.medications.schedule import AsNeeded
from tests.factories import Made, MadePractice, make_patient
from tests.features.medications.plans import doses as planned_doses
from tests.features.medications.regimens import at, changed, daily, started
from tests.features.offline.phone import Phone, as_sent

SetTime = Callable[[datetime], None]
MONDAY = date(2026, 3, 2)
LIST = f"/medications/days/{MONDAY}"


@pytest.fixture
def medicine(store: Store, patient: Made, set_time: SetTime) -> uuid.UUID:
    set_time(at("03-02 08:05").occurred_at)
    return started(store, patient, daily(*planned_doses("08:00")), at("02-01 12:00"))


def said(phone: Phone, medicine: uuid.UUID, do: str, when: str = "03-02 08:05") -> dict[str, Any]:
    """Write a letter about the dose of Monday morning, at a moment of the patient's clock."""
    fields = [("dose", f"{medicine}.08:00"), ("do", do), ("back", "today")]
    if do not in {"taken", "undo"}:
        fields = [*fields[:1], ("do", "marked"), (f"state-{medicine}.08:00", do)]
    return phone.letter(LIST, fields, made_at=as_sent(at(when).occurred_at), zone="America/New_York", offset=-300)


def shown(store: Store, patient: Made) -> list[tuple[str, DoseState, bool]]:
    with store.work(writes=False):
        rows = doses.logged_between(patient.viewer, MONDAY, MONDAY + timedelta(days=1))
    return [(row.slot or "", row.state, row.occurred_at == at("03-02 08:05").occurred_at) for row in rows]


def test_a_dose_that_waited_has_its_own_time_and_is_stored_once(
    phone: Phone, store: Store, patient: Made, medicine: uuid.UUID, set_time: SetTime
) -> None:
    letter, item = said(phone, medicine, "taken"), new_id()
    set_time(at("03-04 12:00").occurred_at)
    first, second = phone.send(letter, item), phone.send(letter, item)
    assert first == second == {"v": 1, "id": str(item), "result": "stored", "next": "/medications?done=dose-taken"}
    assert shown(store, patient) == [("08:00", DoseState.TAKEN, True)]
    other_words = phone.send(said(phone, medicine, "skipped"), item)
    assert other_words["result"] == "refused"
    assert other_words["errors"][0][0] == "id"


def test_of_two_phones_what_was_written_last_is_shown(
    app: Flask, phone: Phone, store: Store, patient: Made, medicine: uuid.UUID, set_time: SetTime
) -> None:
    other = Phone(app, store, patient)
    set_time(at("03-02 12:00").occurred_at)
    assert other.send(said(other, medicine, "skipped", "03-02 08:30"), new_id())["result"] == "stored"
    assert phone.send(said(phone, medicine, "taken"), new_id())["result"] == "stored"
    assert shown(store, patient) == [("08:00", DoseState.SKIPPED, False)]
    phone.send(said(phone, medicine, "undo", "03-02 09:00"), new_id())
    assert [state for _, state, _ in shown(store, patient)] == [DoseState.OPEN]


def test_a_change_of_the_plan_meanwhile_loses_nothing(
    phone: Phone, store: Store, patient: Made, medicine: uuid.UUID, set_time: SetTime
) -> None:
    letter = said(phone, medicine, "taken")
    changed(store, patient, medicine, daily(*planned_doses("21:00")), at("03-01 23:00"))
    set_time(at("03-02 12:00").occurred_at)
    assert phone.send(letter, new_id())["result"] == "stored"
    assert shown(store, patient) == [("08:00", DoseState.TAKEN, True)]


def test_a_medicine_that_was_taken_off_the_list_meanwhile_keeps_the_others_from_nothing(
    phone: Phone, store: Store, patient: Made, medicine: uuid.UUID
) -> None:
    other = started(store, patient, daily(*planned_doses("08:00")), at("02-01 12:00"))
    together = [("dose", f"{medicine}.08:00"), ("dose", f"{other}.08:00"), ("do", "taken"), ("back", "today")]
    letter, item = phone.letter(LIST, together, zone="America/New_York", offset=-300), new_id()
    with store.work(writes=True):
        changing.remove(patient.viewer, other)
    assert phone.send(letter, item)["result"] == "stored"
    assert phone.send(letter, item)["result"] == "stored"
    assert [(slot, state) for slot, state, _ in shown(store, patient)] == [("08:00", DoseState.TAKEN)]
    alone, alone_id = said(phone, medicine, "taken"), new_id()
    assert phone.send(alone, alone_id)["result"] == "stored"
    with store.work(writes=True):
        changing.remove(patient.viewer, medicine)
    for known, id_ in ((letter, item), (alone, alone_id)):
        assert phone.send(known, id_)["result"] == "stored"  # It was stored while the medicine was there.
    assert phone.send(letter, new_id())["result"] == "refused"


def test_a_clock_that_went_wrong_later_changes_nothing_about_what_is_stored(
    phone: Phone, store: Store, patient: Made, medicine: uuid.UUID
) -> None:
    letter, item = said(phone, medicine, "taken"), new_id()
    phone.send(letter, item)
    phone.ahead = timedelta(days=900)
    assert phone.send(letter, item)["result"] == "stored"
    assert phone.send(letter, new_id())["result"] == "refused"


@pytest.mark.parametrize(
    "fields",
    [
        [],
        [("do", "taken")],
        [("do", "marked"), ("dose", f"{new_id()}.08:00")],
        [("do", "taken"), ("dose", f"{new_id()}.08:00")],
        [("do", "taken"), ("dose", "x" * 100_000)],
        [("do", "taken"), *[("dose", f"{new_id()}.08:00") for _ in range(300)]],
    ],
)
def test_what_names_no_dose_is_refused_and_stays_on_the_phone(
    phone: Phone, medicine: uuid.UUID, fields: list[tuple[str, str]]
) -> None:
    assert phone.send(phone.letter(LIST, fields), new_id())["result"] == "refused"


def test_all_that_waited_is_not_taken_where_one_was_marked_as_skipped(phone: Phone, medicine: uuid.UUID) -> None:
    key = f"{medicine}.08:00"
    letter = phone.letter(LIST, [("dose", key), ("do", "taken"), (f"state-{key}", "skipped")])
    answer = phone.send(letter, new_id())
    assert (answer["result"], answer["errors"][0][0]) == ("refused", "dose")


def test_the_dose_of_somebody_else_is_refused_like_any_that_is_not_there(
    app: Flask, phone: Phone, store: Store, practice: MadePractice, medicine: uuid.UUID
) -> None:
    other = Phone(app, store, make_patient(store, practice))
    theirs = other.send(said(other, medicine, "taken"), new_id())
    nobodys = other.send(said(other, new_id(), "taken"), new_id())
    assert theirs["result"] == "refused"
    assert theirs["errors"] == nobodys["errors"]


def test_one_as_needed_that_waited_is_written_down_and_one_sent_at_once_is_asked_about(
    phone: Phone, store: Store, patient: Made, medicine: uuid.UUID, set_time: SetTime
) -> None:
    needed = started(store, patient, daily(plan=AsNeeded(Decimal(1), 2, 240)), at("02-01 12:00"))
    address = f"/medications/as-needed/{needed}"
    first = phone.letter(address, [])
    assert phone.send(first, new_id())["result"] == "stored"
    second, item = phone.letter(address, []), new_id()
    asked = phone.send(second, item)
    assert (asked["result"], asked["errors"][0][0]) == ("refused", "anyway")
    assert phone.send(phone.letter(address, [("anyway", "y")]), new_id())["result"] == "stored"
    set_time(at("03-02 08:07").occurred_at)
    assert phone.send(second, item)["result"] == "stored"
    taken = [state for slot, state, _ in shown(store, patient) if slot == ""]
    assert taken == [DoseState.TAKEN] * 3
    undone = phone.letter(address, [("undo", str(item))])
    assert phone.send(undone, new_id())["result"] == "stored"
    states = [state for slot, state, _ in shown(store, patient) if slot == ""]
    assert sorted(states) == [DoseState.OPEN, DoseState.TAKEN, DoseState.TAKEN]
