"""The patient's own pages of what they take: each way of taking it, what is refused, and what a stranger learns."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from patient_app.core import clock
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline, Role
from patient_app.core.work import Store, db
from patient_app.medications import regimen
from patient_app.medications.changing import Author
from patient_app.medications.models import Answer, Medicine
from patient_app.medications.pages import by_code
from patient_app.medications.regimen import OwnMedicine
from patient_app.medications.schedule import (
    Anchor,
    AsNeeded,
    AtClinic,
    Dose,
    EveryDays,
    Food,
    Plan,
    Regular,
    Step,
    Stepwise,
)
from tests.factories import Made, MadePractice, make_person, make_practice, sign_in
from tests.features.medications.plans import day, weekly
from tests.features.medications.regimens import NALTREXONE, changed, daily, own, started
from tests.page import Client, Page

# A Monday morning in New York.
NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
ONE, TWO = Decimal(1), Decimal(2)
MORNING, NIGHT = Dose(time(8), ONE), Dose(time(20), TWO)
BOTH = Regular(EveryDays(), (MORNING, NIGHT))
STEPS = Stepwise(
    (Step(day("2026-03-02"), EveryDays(), (MORNING,)), Step(day("2026-03-09"), EveryDays(), (MORNING, NIGHT)))
)
FED_STEPS = Stepwise(
    (
        Step(day("2026-03-02"), EveryDays(), (replace(MORNING, food=Food.WITH), replace(NIGHT, food=Food.WITH))),
        Step(day("2026-03-09"), EveryDays(), (replace(MORNING, food=Food.WITHOUT),)),
    )
)

DAYS_APART = Stepwise(
    (
        Step(day("2026-03-02"), EveryDays(7), (Dose(None, ONE),)),
        Step(day("2026-03-16"), EveryDays(28), (Dose(None, ONE),)),
        Step(day("2026-06-01"), weekly(1, 5), (MORNING, Dose(Anchor.BEDTIME, TWO))),
    )
)


@pytest.fixture(autouse=True)
def monday(time_machine: Any) -> None:
    time_machine.move_to(NOW)


@pytest.fixture
def practice(store: Store) -> MadePractice:
    return make_practice(store)


@pytest.fixture
def patient(store: Store, practice: MadePractice) -> Made:
    return make_person(store, practice, Role.PATIENT)


@pytest.fixture
def client(app: Flask, patient: Made) -> Client:
    browser = Client(app)
    sign_in(browser, patient)
    return browser


def medicines(store: Store, patient: Made) -> list[OwnMedicine]:
    with store.work(writes=False):
        return regimen.own_medicines(patient.viewer)


def code(client: Client, name: str) -> str:
    page = client.submit(client.get("/medications/new").form(action="/medications/new"), name=name)
    links = [link for link in page.links if link.startswith("/medications/new/how?of=")]
    return links[0].partition("=")[2]


def add(client: Client, kind: str, name: str = "sertraline", **answers: Any) -> Page:
    address = f"/medications/new/{kind}"
    form = client.get(f"{address}?of={code(client, name)}").form(action=address)
    return client.submit(form, **{"about_use": "no", **answers})


def test_a_name_is_found_however_it_is_spelt_and_stands_in_no_address(client: Client) -> None:
    page = client.submit(client.get("/medications/new").form(action="/medications/new"), name="Zolofft 50 mg")
    assert "sertraline" in page.main_words
    found = next(link for link in page.links if "of=" in link)
    assert "sertraline" not in found
    medicine = by_code(found.partition("=")[2])
    assert medicine is not None
    assert medicine.key == "sertraline"
    assert "sertraline" in client.get(found).main_words
    assert "sertraline" not in client.get(found).title


@pytest.mark.parametrize(
    ("kind", "answers", "plan"),
    [
        ("times", {"time_1": "8:00", "amount_1": "1", "time_2": "8:00\u00a0PM", "amount_2": "2"}, BOTH),
        ("times", {"time_3": "08:00", "amount_3": "1", "on": ["1", "5"]}, Regular(weekly(1, 5), (MORNING,))),
        ("times", {"time_12": "8.00", "amount_12": "1"}, Regular(EveryDays(), (MORNING,))),
        ("once", {"amount": "½"}, Regular(EveryDays(), (Dose(None, Decimal("0.5")),))),
        (
            "meals",
            {"amount_breakfast": "1", "amount_bedtime": "2", "food_breakfast": "with", "food_bedtime": "with"},
            Regular(EveryDays(), (Dose(Anchor.BREAKFAST, ONE, Food.WITH), Dose(Anchor.BEDTIME, TWO, Food.WITH))),
        ),
        # Each dose by itself: one with food and one without, one by the clock and one with the person's day.
        (
            "times",
            {"time_1": "8:00", "amount_1": "1", "food_1": "with",
             "time_2": " Bedtime", "amount_2": "2", "food_2": "without"},
            Regular(EveryDays(), (Dose(time(8), ONE, Food.WITH), Dose(Anchor.BEDTIME, TWO, Food.WITHOUT))),
        ),
        (
            "meals",
            {"amount_breakfast": "1", "food_breakfast": "with", "amount_bedtime": "2"},
            Regular(EveryDays(), (Dose(Anchor.BREAKFAST, ONE, Food.WITH), Dose(Anchor.BEDTIME, TWO))),
        ),
        (
            "weeks",
            {"every": "2", "time_1": "lunch", "start": "2026-02-27"},
            Regular(weekly(5, n=2), (Dose(Anchor.LUNCH, None),)),
        ),
        ("days", {"every": "3", "amount_1": "1", "unit": "patch"}, Regular(EveryDays(3), (Dose(None, ONE),))),
        ("weeks", {"every": "4", "amount_1": "1", "start": "2026-02-27"}, Regular(weekly(5, n=4), (Dose(None, ONE),))),
        ("needed", {"amount": "1", "most": "3", "gap": "1.5"}, AsNeeded(ONE, 3, 90)),
        ("needed", {}, AsNeeded()),
        ("clinic", {"on": ["1", "3"], "home": ["2"]}, AtClinic(weekly(1, 3), weekly(2))),
        (
            "steps",
            {"first_1": "2026-03-02", "doses_1": "8:00 x 1", "first_2": "2026-03-09", "doses_2": "8 am x1, 8 p.m. x2",
             "from_prescriber": "y"},
            STEPS,
        ),
        (
            "steps",
            {"first_1": "2026-03-02", "doses_1": "8:00 x 1, 20:00 x 2", "food_1": "with", "first_2": "2026-03-09",
             "doses_2": "8:00 x 1", "food_2": "without", "from_prescriber": "y"},
            FED_STEPS,
        ),
        # An injection: one, one a week later, and then every 4 weeks. Then a patch on two days of the week.
        (
            "steps",
            {"first_1": "2026-03-02", "doses_1": "1", "every_1": "7", "first_2": "2026-03-16", "doses_2": "1",
             "every_2": "28", "first_3": "2026-06-01", "doses_3": "8:00 x 1, bedtime x 2", "on_3": ["5", "1"],
             "unit": "injection", "from_prescriber": "y"},
            DAYS_APART,
        ),
    ],
)  # fmt: skip
def test_each_way_of_taking_it_is_kept_and_comes_back_into_its_form(
    client: Client, store: Store, patient: Made, kind: str, answers: dict[str, Any], plan: Plan
) -> None:
    page = add(client, kind, strength="50 mg", what_for="Feeling low", **answers)
    assert page.status_code == 303, page.errors
    assert "Added to what you take" in client.follow(page).main_words
    (medicine,) = medicines(store, patient)
    assert medicine.newest.schedule.plan == plan
    assert (medicine.name, medicine.newest.said.what_for, medicine.about_use) == ("sertraline", "Feeling low", False)
    # Saved unchanged, nothing changes: the form holds all that it says.
    form = client.get(f"/medications/{medicine.id}/change").form(field="strength")
    assert form.action == f"/medications/{medicine.id}/change/{kind}"
    assert client.submit(form).status_code == 303
    assert own(store, patient, medicine.id).newest.number == 1


@pytest.mark.parametrize(
    ("kind", "answers", "field"),
    [
        ("once", {"amount": "0"}, "amount"),
        ("once", {"amount": "-1"}, "amount"),
        ("once", {"amount": "1e9"}, "amount"),
        ("once", {"amount": "1e399990"}, "amount"),
        ("once", {"amount": "0.0001"}, "amount"),
        ("once", {"amount": "1/0"}, "amount"),
        ("once", {"amount": "two"}, "amount"),
        ("once", {"amount": "1", "start": "2026-03-02", "end": "2026-03-01"}, "end"),
        ("once", {"amount": "1", "start": "9999-01-01"}, "start"),
        ("once", {"amount": "1", "start": "yesterday"}, "start"),
        ("once", {"amount": "1", "about_use": ""}, "about_use"),
        ("once", {"amount": "1", "unit": "ml", "strength": "10 mg"}, "unit"),
        ("once", {"amount": "1", "unit": "bucket"}, "unit"),
        ("once", {"amount": "1", "strength": "300"}, "strength"),
        ("once", {"amount": "1", "strength": "2.5 / 10"}, "strength"),
        ("once", {"amount": "1", "on": ["8"]}, "on"),
        ("times", {"time_1": "25:00", "amount_1": "1"}, "time_1"),
        ("times", {"amount_2": "1"}, "time_2"),
        ("times", {}, "time_1"),
        ("times", {"time_1": "8:00", "time_4": "8 am"}, "time_4"),
        ("times", {"time_1": "teatime", "amount_1": "1"}, "time_1"),
        ("times", {"time_1": "lunch", "time_2": "LUNCH"}, "time_2"),
        ("times", {"time_1": "8:00", "food_1": "feast"}, "food_1"),
        ("meals", {"amount_lunch": "1", "food_lunch": "feast"}, "food_lunch"),
        ("meals", {}, "amount_waking"),
        ("days", {"every": "0", "amount_1": "1"}, "every"),
        ("days", {"every": "1e399990", "amount_1": "1"}, "every"),
        ("days", {"every": "99999999", "amount_1": "1"}, "every"),
        ("days", {"amount_1": "1"}, "every"),
        ("days", {"every": "2", "amount_1": "1", "amount_2": "1"}, "time_1"),
        # Every four weeks on Friday, and over on Sunday: it never comes.
        ("weeks", {"every": "4", "start": "2026-03-02", "end": "2026-03-03", "on": ["5"]}, "every"),
        ("needed", {"most": "100"}, "most"),
        ("needed", {"most": "1.5"}, "most"),
        ("needed", {"most": "12", "gap": "4"}, "gap"),
        ("needed", {"gap": "-1"}, "gap"),
        ("clinic", {"time": "early"}, "time"),
        ("steps", {"first_1": "2026-03-02", "doses_1": "8:00 x 1"}, "from_prescriber"),
        ("steps", {"from_prescriber": "y"}, "first_1"),
        ("steps", {"from_prescriber": "y", "first_1": "2026-03-02", "doses_1": "8:00"}, "doses_1"),
        ("steps", {"from_prescriber": "y", "first_1": "2026-03-02", "doses_1": "9:00 x 1," * 100}, "doses_1"),
        (
            "steps",
            {"from_prescriber": "y", "first_1": "2026-03-09", "doses_1": "1", "first_2": "2026-03-02", "doses_2": "2"},
            "first_2",
        ),
        *(
            (
                "steps",
                {"from_prescriber": "y", "first_1": "2026-03-02", "doses_1": "1", "first_2": "2026-03-09",
                 "doses_2": "2", **said},
                field,
            )
            for said, field in (
                ({"every_2": "0"}, "every_2"),
                ({"every_2": "-2"}, "every_2"),
                ({"every_2": "1e399990"}, "every_2"),
                ({"every_2": "366"}, "every_2"),
                ({"every_2": "2", "on_2": ["1"]}, "every_2"),
                ({"on_2": ["0"]}, "on_2"),
                # A step of one Monday, only on Fridays, would never be taken.
                ({"first_2": "2026-03-03", "on_1": ["5"]}, "on_1"),
                # Days alone are a step without a first day and a dose.
                ({"every_4": "3"}, "first_4"),
            )
        ),
    ],
)  # fmt: skip
@pytest.mark.sqlite
def test_what_cannot_be_is_said_beside_its_field_and_nothing_is_stored(
    client: Client, store: Store, patient: Made, kind: str, answers: dict[str, Any], field: str
) -> None:
    page = add(client, kind, what_for="Sleeping badly", **answers)
    assert page.status_code == 422
    assert field in page.errors, page.errors
    assert "Sleeping badly" in page.html
    for name, typed in answers.items():
        if isinstance(typed, str) and not name.startswith(("unit", "about_use", "from_prescriber", "start", "food")):
            assert typed in page.html
    assert medicines(store, patient) == []


def test_own_words_go_on_as_they_were_typed(client: Client, store: Store, patient: Made) -> None:
    page = client.submit(client.get("/medications/new").form(action="/medications/new"), name="Aunt Vi's drops <b>")
    page = client.post("/medications/new/own-words", data={"name": "Aunt Vi's drops <b>", "kind": "once"})
    form = page.form(action="/medications/new/once")
    assert client.submit(form, amount="5", unit="drop", about_use="yes").status_code == 303
    (medicine,) = medicines(store, patient)
    assert (medicine.name, medicine.catalogue, medicine.about_use) == ("Aunt Vi's drops <b>", None, True)
    assert "Aunt Vi's drops <b>" in client.get("/medications").main_words


def test_sent_twice_from_one_page_it_is_one_medicine(client: Client, store: Store, patient: Made) -> None:
    form = client.get(f"/medications/new/once?of={code(client, 'sertraline')}").form(action="/medications/new/once")
    for _ in range(2):
        assert client.submit(form, amount="1", about_use="no").status_code == 303
    assert len(medicines(store, patient)) == 1
    # Another person's id is answered as any that cannot be used.
    other = make_person(store, make_practice(store, "Hill"), Role.PATIENT)
    theirs = started(store, other, daily(MORNING), clock.moment(NOW, other.zone))
    page = client.submit(form, id=str(theirs), amount="1", about_use="no")
    assert page.status_code == 422
    assert "out of date" in page.main_words


def test_a_medicine_for_use_is_not_asked_about_and_needs_both_categories(
    client: Client, store: Store, patient: Made
) -> None:
    page = add(client, "weeks", "vivitrol", every="4", amount_1="1", about_use="yes")
    assert page.status_code == 303, page.errors
    (medicine,) = medicines(store, patient)
    assert medicine.about_use
    form = client.get(f"/medications/{medicine.id}/change").form(field="strength")
    client.submit(form, about_use="no", strength="380 mg")
    assert own(store, patient, medicine.id).about_use
    # Not in the list, nor in a title.
    page = client.get("/medications")
    assert "alcohol" not in page.main_words
    assert "naltrexone" not in client.get(f"/medications/{medicine.id}").title


def test_buprenorphine_has_no_steps_and_no_later_start_here(client: Client, store: Store, patient: Made) -> None:
    steps = {"first_1": "2026-03-02", "doses_1": "8:00 x 1", "from_prescriber": "y"}
    page = add(client, "steps", "suboxone", **steps)
    assert page.status_code == 422
    assert "ask your prescriber" in page.main_words
    page = add(client, "once", "suboxone", amount="1", start="2026-03-05")
    assert "start" in page.errors
    assert medicines(store, patient) == []


def test_a_change_on_another_device_is_shown_beside_the_words_that_were_typed(
    client: Client, store: Store, patient: Made
) -> None:
    id_ = started(store, patient, daily(MORNING), clock.moment(NOW, patient.zone))
    form = client.get(f"/medications/{id_}/change").form(field="strength")
    changed(store, patient, id_, daily(NIGHT), clock.moment(NOW, patient.zone))
    page = client.submit(form, amount_1="1.5", reason="Still low")
    assert page.status_code == 422
    assert "other device" in page.main_words
    assert "8:00 PM: 2 tablets" in page.main_words
    assert "Still low" in page.html
    assert own(store, patient, id_).newest.number == 2
    assert client.submit(page.form(field="strength")).status_code == 303
    found = own(store, patient, id_)
    assert (found.newest.number, found.newest.reason) == (3, "Still low")


def test_a_change_that_is_still_to_come_is_shown_apart_and_keeps_its_day_when_it_is_edited(
    client: Client, store: Store, patient: Made
) -> None:
    now = clock.moment(NOW, patient.zone)
    id_ = started(store, patient, daily(MORNING), now)
    monday = day("2026-03-09")
    changed(store, patient, id_, daily(NIGHT), now, since=monday)
    page = client.get(f"/medications/{id_}/change")
    said = page.main_words
    assert said.index("As it is now") < said.index("8:00 AM") < said.index("From 9 March") < said.index("8:00 PM")
    form = page.form(field="strength")
    assert form.controls["since"].get("value") == "2026-03-09"
    assert client.submit(form, strength="100 mg").status_code == 303
    found = own(store, patient, id_)
    assert (found.newest.since, found.newest.said.strength) == (monday, "100 mg")
    assert found.on(day("2026-03-08")) == found.versions[0]


def test_a_first_day_that_is_still_to_come_can_be_moved(client: Client, store: Store, patient: Made) -> None:
    now = clock.moment(NOW, patient.zone)
    id_ = started(store, patient, daily(MORNING, start="2026-03-09"), now)
    form = client.get(f"/medications/{id_}/change").form(field="strength")
    assert form.controls["since"].get("value", "") == ""
    client.submit(form, start="2026-03-05")
    assert own(store, patient, id_).newest.since == day("2026-03-05")


def test_what_a_form_cannot_say_is_asked_anew_and_never_dropped(client: Client, store: Store, patient: Made) -> None:
    with_food = Step(day("2026-03-02"), EveryDays(), (replace(MORNING, food=Food.WITH), NIGHT))
    mixed = daily(plan=Stepwise((with_food,)), start="2026-03-02")
    id_ = started(store, patient, mixed, clock.moment(NOW, patient.zone))
    page = client.submit(client.get(f"/medications/{id_}/change").form(field="strength"), strength="20 mg")
    assert page.status_code == 422
    assert own(store, patient, id_).newest.schedule == mixed


def test_stopping_says_what_to_know_and_the_past_stays(client: Client, store: Store, patient: Made) -> None:
    add(client, "once", "lithium", amount="1")
    (medicine,) = medicines(store, patient)
    page = client.get(f"/medications/{medicine.id}/pause")
    assert "all at once" in client.get(f"/medications/{medicine.id}/stop").main_words
    client.submit(page.form(field="reason"), reason="Shaky hands")
    page = client.get(f"/medications/{medicine.id}")
    assert "Paused" in page.main_words
    assert "Shaky hands" in page.main_words
    client.submit(client.get(f"/medications/{medicine.id}/go-on").form(field="reason"))
    form = client.get(f"/medications/{medicine.id}/stop").form(field="reason")
    for _ in range(2):
        assert client.submit(form, reason="My doctor said so").status_code == 303
    assert [one.change for one in own(store, patient, medicine.id).versions] == [
        "started",
        "paused",
        "resumed",
        "stopped",
    ]
    assert "Take it again" in client.get(f"/medications/{medicine.id}/change").main_words
    assert "do not take any more" in client.get("/medications").main_words


@pytest.mark.parametrize("how", ["pause", "stop", None])
def test_steps_are_not_taken_up_again(
    client: Client, store: Store, patient: Made, time_machine: Any, how: str | None
) -> None:
    """Paused, stopped, or past their last day, they are nobody's to move but the prescriber's."""
    schedule = replace(daily(plan=STEPS, start="2026-03-02"), end=None if how else day("2026-03-10"))
    id_ = started(store, patient, schedule, clock.moment(NOW, patient.zone))
    form = client.get(f"/medications/{id_}/go-on").form(field="reason")
    if how:
        client.submit(client.get(f"/medications/{id_}/{how}").form(field="reason"))
    number = own(store, patient, id_).newest.number
    time_machine.move_to(NOW + timedelta(days=20))
    sign_in(client, patient)
    page = client.submit(form)
    assert page.status_code == 422
    assert "Ask your prescriber for new steps" in page.main_words
    assert own(store, patient, id_).newest.number == number


def test_a_prescribers_change_stands_on_top_with_its_reason_until_it_is_answered(
    client: Client, store: Store, patient: Made, practice: MadePractice
) -> None:
    doctor = make_person(store, practice, Role.CLINICIAN, discipline=Discipline.PRESCRIBER, name="Dr. Ada Okafor")
    moment = clock.moment(NOW, patient.zone)
    id_ = started(store, patient, daily(MORNING), clock.moment(NOW - timedelta(days=1), patient.zone))
    author = Author.prescriber(doctor.viewer, patient.id)
    changed(
        store, patient, id_, daily(replace(MORNING, amount=TWO)), moment, author=author, reason="Your level was low"
    )
    page = client.get("/medications")
    assert "Dr. Ada Okafor" in page.main_words
    assert "Your level was low" in page.main_words
    assert "From 2 March 2026" in page.main_words
    # The list of the day below still has this morning's dose as it was.
    assert "before this came in stays as it was in your list of that day" in page.main_words
    form = page.form(field="answer")
    page = client.post(form.action, data={"answer": "talk"})
    assert "does not call anyone" in client.follow(page).main_words
    assert own(store, patient, id_).newest.answer is Answer.TALK
    assert "You said that you want to talk about it" in client.get(f"/medications/{id_}").main_words
    assert client.post(form.action, data={"answer": "obey"}).status_code == 400
    assert client.post(f"/medications/changes/{new_id()}", data={"answer": "seen"}).status_code == 404


def test_one_is_kept_to_oneself_and_taken_away_and_both_are_undone(client: Client, store: Store, patient: Made) -> None:
    id_ = started(store, patient, daily(MORNING), clock.moment(NOW, patient.zone))
    page = client.get(f"/medications/{id_}")
    client.post(f"/medications/{id_}/private", data={"private": "yes"})
    assert "Only you. You keep this one to yourself." in client.get(f"/medications/{id_}").main_words
    page = client.follow(client.post(f"/medications/{id_}/remove"))
    assert client.get(f"/medications/{id_}").status_code == 404
    client.submit(page.form(action=f"/medications/{id_}/bring-back"))
    assert own(store, patient, id_).private


def test_hours_are_kept_and_a_wrong_one_is_said(client: Client, store: Store, patient: Made) -> None:
    form = client.get("/medications/hours").form(action="/medications/hours")
    page = client.submit(form, breakfast="late")
    assert "breakfast" in page.errors
    assert "late" in page.html
    assert client.submit(form, breakfast="10", bedtime="1:30 am").status_code == 303
    with store.work(writes=False):
        hours = regimen.hours_of(patient.viewer)
    assert (hours[Anchor.BREAKFAST], hours[Anchor.BEDTIME]) == (600, 1530)


def test_nobody_opens_somebody_elses_medicine(app: Flask, client: Client, store: Store, practice: MadePractice) -> None:
    other = make_person(store, practice, Role.PATIENT)
    theirs = started(store, other, daily(MORNING), clock.moment(NOW, other.zone), NALTREXONE)
    for path in ("", "/change", "/change/once", "/how", "/stop", "/pause", "/go-on", "/removed"):
        assert client.get(f"/medications/{theirs}{path}").status_code == 404
    for path in ("/private", "/remove", "/stop", "/bring-back"):
        data = {"private": "yes", "id": str(uuid.uuid4())}
        assert client.post(f"/medications/{theirs}{path}", data=data).status_code in {404, 422}
    assert "naltrexone" not in client.get("/medications").html
    with store.work(writes=False):
        assert db().scalar(select(func.count()).select_from(Medicine).where(Medicine.private)) == 0


def test_what_to_check_is_named_where_the_words_beside_it_are_the_same(client: Client) -> None:
    page = add(client, "times")
    assert page.status_code == 422
    assert "When? Please fill this in." in page.words
