"""Doses of which nothing is written down: said once their day is over, for medicines with a card, and as an "if"."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, datetime

import pytest
from flask import Flask

from patient_app.core.ids import new_id
from patient_app.core.roles import Role
from patient_app.core.work import Store
from patient_app.medications import changing, dose_log, not_recorded, regimen
from patient_app.medications.changing import Author
from patient_app.medications.dose_log import Slot, Told
from patient_app.medications.models import DoseState
from patient_app.medications.not_recorded import NotRecorded
from patient_app.medications.said import Said
from patient_app.medications.schedule import ON_THE_DAY, AtClinic, EveryDays, EveryWeeks, Plan, Regular
from tests.factories import Made, make_person, make_practice, sign_in
from tests.features.medications.plans import doses
from tests.features.medications.regimens import at, daily, started
from tests.page import Client

SetTime = Callable[[datetime | str], None]
MONTHLY = Regular(EveryWeeks(frozenset({1}), 4), doses("day"))
TWICE = Regular(EveryDays(), doses("08:00", "20:00"))
INJECTION = Said("paliperidone", "paliperidone", form="long_acting_injection")
CLOZAPINE = Said("clozapine", "clozapine")
METHADONE = Said("methadone", "methadone")
BEGAN = date(2026, 2, 2)  # A Monday.


@pytest.fixture
def patient(store: Store) -> Made:
    return make_person(store, make_practice(store), Role.PATIENT)


def begin(store: Store, patient: Made, said: Said, plan: Plan) -> uuid.UUID:
    return started(store, patient, daily(start=BEGAN.isoformat(), plan=plan), at("02-02 07:00"), said)


def logs(store: Store, patient: Made, medicine: uuid.UUID, when: str, slot: str, state: DoseState) -> None:
    moment = at(f"{when} 21:00")
    with store.work(writes=True):
        told = {Slot(medicine, moment.local_date, slot): Told(state, moment)}
        dose_log.log_due(patient.viewer, new_id(), told, moment)


def found(store: Store, patient: Made, when: str) -> list[NotRecorded]:
    with store.work(writes=False):
        medicines = regimen.own_medicines(patient.viewer)
        return list(not_recorded.not_recorded(patient.viewer, medicines, date.fromisoformat(f"2026-{when}"), "en"))


# (medicine, plan, the last that was taken and its slot, today, the special cards and from how many days on each holds)
CASES = [
    # Due on Monday 2 March: not said on that day, said on the next, and until it is written down.
    (INJECTION, MONTHLY, ("02-02", ON_THE_DAY), "03-01", []),
    (INJECTION, MONTHLY, ("02-02", ON_THE_DAY), "03-02", []),
    (INJECTION, MONTHLY, ("02-02", ON_THE_DAY), "03-03", [("next_due_gap", 0)]),
    (INJECTION, MONTHLY, ("02-02", ON_THE_DAY), "03-25", [("next_due_gap", 0)]),
    (INJECTION, MONTHLY, ("03-02", ON_THE_DAY), "03-25", []),
    # Nothing of it was ever written down.
    (INJECTION, MONTHLY, None, "03-03", [("next_due_gap", 0)]),
    # From so many days on as the card says; one dose of a day that was taken is enough.
    (CLOZAPINE, TWICE, ("02-20", "08:00"), "02-22", []),
    (CLOZAPINE, TWICE, ("02-20", "08:00"), "02-23", [("clozapine_gap", 2)]),
    # Who writes nothing down at all is not told so each day.
    (CLOZAPINE, TWICE, ("02-20", "08:00"), "03-06", [("clozapine_gap", 2)]),
    (CLOZAPINE, TWICE, ("02-20", "08:00"), "03-08", []),
    (
        Said("methadone", "methadone"),
        AtClinic(EveryDays()),
        ("02-20", ON_THE_DAY),
        "02-24",
        [("tolerance_left_out", 3)],
    ),
    # No card by itself: nothing is said.
    (Said("sertraline", "sertraline"), TWICE, None, "02-20", []),
    (Said("my own herbs"), TWICE, None, "02-20", []),
]


@pytest.mark.parametrize(("said", "plan", "taken", "today", "cards"), CASES)
@pytest.mark.sqlite
def test_it_is_said_once_the_day_is_over_and_never_as_a_fact(
    store: Store,
    patient: Made,
    said: Said,
    plan: Plan,
    taken: tuple[str, str] | None,
    today: str,
    cards: list[tuple[str, int]],
) -> None:
    medicine = begin(store, patient, said, plan)
    if taken:
        logs(store, patient, medicine, *taken, DoseState.TAKEN)
    told = [(card.id, card.if_days) for one in found(store, patient, today) for card in one.cards]
    assert told == cards


def test_what_was_skipped_by_hand_paused_or_stopped_is_not_said_again(store: Store, patient: Made) -> None:
    medicine = begin(store, patient, INJECTION, MONTHLY)
    logs(store, patient, medicine, "03-02", ON_THE_DAY, DoseState.SKIPPED)
    assert found(store, patient, "03-03") == []
    logs(store, patient, medicine, "03-02", ON_THE_DAY, DoseState.OPEN)  # Taken back: nothing is known again.
    assert len(found(store, patient, "03-03")) == 1
    with store.work(writes=True):
        changing.pause(Author.patient(patient.viewer), medicine, new_id(), moment=at("03-03 09:00"))
    assert found(store, patient, "03-04") == []


def test_the_list_and_the_page_ask_in_plain_words_and_lead_to_writing_it_down(
    app: Flask, store: Store, patient: Made, set_time: SetTime
) -> None:
    set_time(at("03-03 09:00").occurred_at)
    medicine = begin(store, patient, INJECTION, MONTHLY)
    client = Client(app)
    sign_in(client, patient)
    page = client.get("/medications")
    words = page.main_words
    assert "Nothing is written down for paliperidone" in words
    assert "It was due on Monday 2 March. If you took it, all is well." in words
    assert words.index("If a dose was left out:") < words.index("The date for your long-acting dose has passed")
    assert "missed" not in words.lower()
    assert "/medications/days/2026-03-02" in page.links
    assert "Nothing is written down" in client.get(f"/medications/{medicine}").main_words
    logs(store, patient, medicine, "03-02", ON_THE_DAY, DoseState.TAKEN)
    assert "Nothing is written down" not in client.get("/medications").main_words


def test_today_has_a_line_for_it_within_its_prompts_and_says_nothing_of_missing(
    app: Flask, store: Store, patient: Made, set_time: SetTime
) -> None:
    clozapine = begin(store, patient, CLOZAPINE, TWICE)
    logs(store, patient, clozapine, "02-20", "08:00", DoseState.TAKEN)
    client = Client(app)

    def today_says(when: str) -> str:
        set_time(at(f"{when} 06:00").occurred_at)
        sign_in(client, patient)
        return client.get("/today").main_words

    assert "Nothing is written down" not in today_says("02-22")
    words = today_says("02-24")
    assert "Nothing is written down for clozapine, due on Monday 23 February. If you took it, all is well." in words
    assert f"/medications/{clozapine}" in client.get("/today").links
    assert not [word for word in ("miss", "forgot", "should") if word in words.casefold()]
    # Left out by hand is no dose of which nothing is written down.
    for slot in ("08:00", "20:00"):
        logs(store, patient, clozapine, "02-23", slot, DoseState.SKIPPED)
    assert "Nothing is written down" not in client.get("/today").main_words
