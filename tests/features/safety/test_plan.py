"""The safety plan: written a step at a time, never lost or doubled, shown whole, and nobody's but the person's own."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, datetime

import pytest
from flask import Flask
from sqlalchemy import func, select

from patient_app.accounts.models import Patient
from patient_app.core.errors import NotFound
from patient_app.core.ids import new_id
from patient_app.core.roles import Role
from patient_app.core.work import Store, db
from patient_app.profile import service as profiles
from patient_app.safety import plan as plans
from patient_app.safety import plan_words
from patient_app.safety.models import PlanStep, Step
from patient_app.safety.plan import Contact, MadeWith, StepWords
from tests.factories import Made, make_person, make_practice, sign_in
from tests.page import Client, Page, text_of

SIGNS = StepWords(text="I stop answering the phone\nI cannot sleep")


@pytest.fixture
def patient(store: Store) -> Made:
    return make_person(store, make_practice(store), Role.PATIENT)


@pytest.fixture
def client(app: Flask, patient: Made) -> Client:
    browser = Client(app)
    sign_in(browser, patient)
    return browser


def save(
    store: Store,
    patient: Made,
    words: StepWords,
    *,
    step: Step = Step.SIGNS,
    id_: uuid.UUID | None = None,
    base: int = 0,
) -> uuid.UUID:
    row_id = id_ or new_id()
    with store.work(writes=True):
        plans.save_step(patient.viewer, step, row_id, words, base=base)
    return row_id


def now(store: Store, patient: Made, step: Step = Step.SIGNS) -> StepWords:
    with store.work(writes=False):
        return plans.own_plan(patient.viewer).words(step)


def versions(store: Store) -> int:
    with store.work(writes=False):
        return db().scalar(select(func.count()).select_from(PlanStep)) or 0


def fill(client: Client, step: str, **answers: object) -> Page:
    form = client.get(f"/safety/{step}").form(action=f"/safety/{step}")
    return client.submit(form, **answers)


# --- Kept once, never overwritten ------------------------------------------------------------------------------


def test_the_same_form_sent_twice_is_stored_once(store: Store, patient: Made) -> None:
    id_ = save(store, patient, SIGNS)
    save(store, patient, SIGNS, id_=id_)
    assert now(store, patient) == SIGNS
    assert versions(store) == 1


def test_a_late_copy_of_an_earlier_form_brings_no_old_words_back(store: Store, patient: Made) -> None:
    first = save(store, patient, SIGNS)
    second = StepWords(text="Other words")
    save(store, patient, second, base=1)
    save(store, patient, SIGNS, id_=first)
    assert now(store, patient) == second
    assert versions(store) == 2


def test_saving_what_is_there_makes_no_version(store: Store, patient: Made) -> None:
    save(store, patient, SIGNS)
    save(store, patient, SIGNS, base=1)
    save(store, patient, StepWords(), step=Step.ALONE)
    assert versions(store) == 1


def test_the_same_id_with_other_words_is_a_correction(store: Store, patient: Made) -> None:
    id_ = save(store, patient, SIGNS)
    other = StepWords(text="Corrected after going back")
    save(store, patient, other, id_=id_)
    save(store, patient, other, id_=id_)
    assert now(store, patient) == other
    assert versions(store) == 2


def test_a_stale_change_is_refused_and_writes_nothing(store: Store, patient: Made) -> None:
    save(store, patient, SIGNS)
    save(store, patient, StepWords(text="From the other device"), base=1)
    with pytest.raises(plans.Stale):
        save(store, patient, StepWords(text="Mine"), base=1)
    with pytest.raises(plans.Stale):
        save(store, patient, StepWords(text="Mine"))
    assert now(store, patient).text == "From the other device"
    with store.work(writes=False):
        assert db().get_one(Patient, patient.id).entry_seq == 2  # The number of an entry is taken by an entry alone.


def test_two_devices_that_write_different_steps_do_not_meet(store: Store, patient: Made) -> None:
    save(store, patient, SIGNS)
    save(store, patient, StepWords(text="Walk by the river"), step=Step.ALONE)
    assert now(store, patient) == SIGNS
    assert now(store, patient, Step.ALONE).lines == ["Walk by the river"]


def test_an_id_of_somebody_else_or_of_another_step_is_refused(store: Store, patient: Made) -> None:
    other = make_person(store, make_practice(store, "Hill"), Role.PATIENT)
    id_ = save(store, other, SIGNS)
    with pytest.raises(plans.IdTaken):
        save(store, patient, SIGNS, id_=id_)
    own = save(store, patient, SIGNS)
    with pytest.raises(plans.IdTaken):
        save(store, patient, SIGNS, id_=own, step=Step.ALONE)
    assert now(store, other) == SIGNS


def test_an_emptied_step_is_empty_and_its_words_are_kept(store: Store, patient: Made) -> None:
    save(store, patient, SIGNS)
    save(store, patient, StepWords(), base=1)
    with store.work(writes=False):
        assert plans.own_plan(patient.viewer).steps == {}
        found = plans.earlier(patient.viewer, Step.SIGNS)
        assert [version.words for version in found.versions] == [SIGNS]
        written = plans.own_step(patient.viewer, Step.SIGNS)
    assert written is not None
    assert (written.version, written.words.is_empty) == (2, True)


def test_words_are_sealed(store: Store, patient: Made) -> None:
    save(store, patient, StepWords(contacts=(Contact("Quentin", "555 0199"),)), step=Step.PEOPLE)
    with store.work(writes=False):
        row = db().scalars(select(PlanStep)).one()
        assert row.words_sealed is not None
        assert b"Quentin" not in row.words_sealed
        assert b"0199" not in row.words_sealed


def test_a_broken_text_takes_no_other_step_away_and_is_never_put_into_a_form(
    store: Store, patient: Made, client: Client
) -> None:
    broken = save(store, patient, SIGNS)
    save(store, patient, StepWords(text="Walk by the river"), step=Step.ALONE)
    with store.work(writes=True):
        row = db().get_one(PlanStep, broken)
        row.words_sealed = (row.words_sealed or b"")[:-1] + b"x"
    page = client.get("/safety")
    assert page.status_code == 200
    assert "These words cannot be opened" in page.main_words
    assert "Walk by the river" in page.main_words
    assert client.get("/safety/signs").status_code == 500


def test_a_session_in_question_sees_nothing(store: Store, patient: Made) -> None:
    from dataclasses import replace  # noqa: PLC0415 - for this test alone.

    from patient_app.core import clock  # noqa: PLC0415 - likewise.

    save(store, patient, SIGNS)
    viewer = replace(patient.viewer, entries_closed_from=clock.now())
    with store.work(writes=True):
        assert plans.own_plan(viewer).steps == {}
        with pytest.raises(NotFound):
            plans.own_step(viewer, Step.SIGNS)
        with pytest.raises(NotFound):
            plans.save_step(viewer, Step.SIGNS, new_id(), SIGNS, base=0)


# --- The pages -------------------------------------------------------------------------------------------------


def test_without_a_plan_the_page_offers_to_start_with_help_beside(client: Client) -> None:
    page = client.get("/safety")
    assert page.title == "Safety · Tandem"
    assert "/safety/signs" in page.links
    assert {"tel:988", "tel:911"} <= set(page.links)
    assert "/safety" in [link.get("href") for link in client.get("/help").one("main").iter("a")]
    assert "/safety" in client.get("/settings").links


def test_who_is_not_safe_at_home_finds_a_discreet_word_with_and_without_a_plan(client: Client) -> None:
    for _ in range(2):
        page = client.get("/safety")
        (home,) = (part for part in page.all("details") if "When home is not safe" in text_of(part))
        assert home.get("open") is None
        assert "call or text 988" in text_of(home)
        assert page.text.count("hurt you") == 1
        fill(client, "signs", words="I stop singing")
    assert "nobody looks over your shoulder" in client.get("/safety/people").main_words


def test_a_step_is_written_shown_and_changed(client: Client) -> None:
    page = fill(client, "signs", words="I stop eating\n\n  I pace  ")
    assert page.status_code == 303
    page = client.follow(page)
    assert "Saved. What it said before is kept." in page.words
    assert "I stop eating" in page.main_words
    assert (
        client.get("/safety/signs").form(action="/safety/signs").controls["words"].text == "I stop eating\n\n  I pace"
    )
    fill(client, "signs", words="I stop calling back")
    assert "I stop eating" not in client.get("/safety").main_words
    assert "I stop eating" in client.get("/safety/signs/earlier").main_words


def test_people_can_be_called(client: Client) -> None:
    page = fill(
        client,
        "people",
        words="",
        name_1="Aunt Jo",
        phone_1="+1 (555) 010-0123",
        name_2="Sam",
        phone_3="555 0144",
    )
    assert page.status_code == 303
    page = client.get("/safety")
    assert {"tel:+15550100123", "tel:5550144"} <= set(page.links)
    assert "Sam" in page.main_words


@pytest.mark.parametrize("number", ["call her", "12", "1" * 21, "555 0100 x3", "+"])
def test_a_number_that_no_phone_can_call_is_refused_and_the_words_stay(client: Client, number: str) -> None:
    page = fill(client, "people", words="Ask first", name_1="Aunt Jo", phone_1=number)
    assert page.status_code == 422
    assert page.errors["phone_1"] == "Error: Use a number such as 555 0100 or +1 555 0100, or leave it empty."
    form = page.form(action="/safety/people")
    assert ("name_1", "Aunt Jo") in form.values
    assert ("phone_1", number) in form.values


def test_step_five_always_has_988_911_and_the_numbers_of_the_practice(client: Client) -> None:
    fill(client, "signs", words="I pace")
    page = client.get("/safety")
    section = page.by_id("professionals")
    assert section is not None
    links = [link.get("href") for link in section.iter("a")]
    assert links[:3] == ["tel:555-0100", "tel:988", "tel:911"]


def test_a_stale_form_shows_both_versions(store: Store, patient: Made, client: Client) -> None:
    save(store, patient, SIGNS)
    form = client.get("/safety/signs").form(action="/safety/signs")
    save(store, patient, StepWords(text="From the other phone"), base=1)
    page = client.submit(form, words="From this phone")
    assert page.status_code == 422
    assert "From the other phone" in page.main_words
    form = page.form(action="/safety/signs")
    assert form.controls["words"].text == "From this phone"
    assert client.submit(form).status_code == 303
    assert now(store, patient).text == "From this phone"


def test_who_made_it_is_told_and_can_be_left_out(store: Store, patient: Made, client: Client) -> None:
    fill(client, "signs", words="I pace")
    assert "Last changed on" in client.get("/safety").main_words
    fill(client, "made", made="team")
    assert now(store, patient, Step.MADE).made_with is MadeWith.TEAM
    assert "I made it with someone from my care team" in client.get("/safety").main_words
    fill(client, "made", made="")
    assert now(store, patient, Step.MADE).made_with is None


def test_no_such_step_is_not_there(client: Client) -> None:
    assert client.get("/safety/other").status_code == 404
    assert client.get("/safety/other/earlier").status_code == 404


def test_earlier_words_come_by_pages(store: Store, patient: Made, client: Client) -> None:
    for number in range(plans.PAGE_VERSIONS + 3):
        save(store, patient, StepWords(text=f"words number {number}."), base=number)
    first = client.get("/safety/signs/earlier").main_words
    assert f"words number {plans.PAGE_VERSIONS + 1}." in first
    assert "words number 1." not in first
    assert "words number 1." in client.get("/safety/signs/earlier?page=2").main_words


# --- Naloxone --------------------------------------------------------------------------------------------------


def test_naloxone_says_where_it_is_and_when_it_expires(
    client: Client, set_time: Callable[[datetime | str], None]
) -> None:
    set_time("2026-05-20T12:00:00+00:00")
    assert fill(client, "naloxone", place="Top drawer", month="06", year="2026").status_code == 303
    words = client.get("/safety").main_words
    assert "Top drawer" in words
    assert "It expires at the end of June 2026." in words
    assert "It expires soon" not in words


@pytest.mark.parametrize(
    ("today", "soon", "gone"),
    [
        (date(2026, 5, 30), False, False),
        (date(2026, 5, 31), True, False),
        (date(2026, 6, 30), True, False),
        (date(2026, 7, 1), False, True),
    ],
)
def test_a_month_that_ends_within_thirty_days_is_told_of(today: date, soon: bool, gone: bool) -> None:
    words = StepWords(expires="2026-06")
    assert (plan_words.expires_soon(words, today), plan_words.has_expired(words, today)) == (soon, gone)


def test_half_a_date_is_asked_for_whole(client: Client) -> None:
    page = fill(client, "naloxone", place="Top drawer", month="06", year="0")
    assert page.status_code == 422
    assert page.errors["year"] == "Error: Pick both a month and a year, or leave both out."


def test_where_substances_play_no_part_nothing_of_it_is_shown_until_it_is_added(
    store: Store, patient: Made, client: Client
) -> None:
    fill(client, "signs", words="I pace")
    assert "naloxone" in client.get("/safety").html.lower()
    with store.work(writes=True):
        profiles.change(patient.viewer, part=profiles.Part.NO)
    assert "naloxone" not in client.get("/safety").html.lower()
    assert "alcohol" not in client.get("/safety/signs").main_words
    fill(client, "naloxone", place="Top drawer")
    assert "Top drawer" in client.get("/safety").main_words
