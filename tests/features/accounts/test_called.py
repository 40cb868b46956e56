"""How staff and supporters say by which name, and with which pronouns, others are to read of them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from patient_app.accounts import names
from patient_app.accounts.models import Person, SupportState
from patient_app.consent.categories import Category, Level
from patient_app.core import clock
from patient_app.core.roles import Discipline
from patient_app.core.work import Store, db
from tests import factories
from tests.factories import Made, MadePractice
from tests.page import Client

CALLED, PRONOUNS, ACCOUNT = "Robin <b>", "they/zem", "Dr. Robert Vale"
ON_PAGE = "Robin &lt;b&gt;"


@pytest.fixture
def practice(store: Store) -> MadePractice:
    return factories.make_practice(store)


@pytest.fixture
def clinician(store: Store, practice: MadePractice) -> Made:
    return factories.make_clinician(store, practice, Discipline.THERAPIST, name=ACCOUNT)


def browser(client: Client, person: Made) -> Client:
    other = Client(client.application)
    factories.sign_in(other, person)
    return other


def say(client: Client, person: Made, called: str = CALLED, pronouns: str = PRONOUNS) -> None:
    theirs = browser(client, person)
    form = theirs.get("/settings/called").form(field="called")
    assert theirs.submit(form, called=called, pronouns=pronouns).location == "/settings?done=called-kept"


def test_it_is_said_changed_and_left_out_again(client: Client, clinician: Made) -> None:
    say(client, clinician, "  Robin   V. ")
    theirs = browser(client, clinician)
    assert "Robin V." in theirs.get("/settings").text
    form = theirs.get("/settings/called").form(field="called")
    assert {("called", "Robin V."), ("pronouns", PRONOUNS)} <= set(form.values)
    say(client, clinician, "", "")
    page = theirs.get("/settings/called")
    assert ("called", "") in page.form(field="called").values
    assert f"we show {ACCOUNT}" in page.text


def test_too_many_words_are_refused_and_kept_on_the_page(client: Client, clinician: Made) -> None:
    theirs = browser(client, clinician)
    form = theirs.get("/settings/called").form(field="called")
    page = theirs.submit(form, called="x" * 81)
    assert page.status_code == 422
    assert ("called", "x" * 81) in page.form(field="called").values


def test_a_patient_says_it_on_a_page_of_their_own(client: Client, store: Store, practice: MadePractice) -> None:
    patient = browser(client, factories.make_patient(store, practice))
    assert patient.get("/settings/called").status_code == 404
    assert patient.post("/settings/called", data={"called": "Robin", "pronouns": ""}).status_code == 404


def test_nobody_renames_somebody_by_a_code_that_is_in_question(client: Client, store: Store, clinician: Made) -> None:
    say(client, clinician)
    theirs = browser(client, clinician)
    with store.work(writes=True):
        now = clock.now()
        closed = {"entries_closed_from": now - timedelta(days=1), "entries_closed_until": now + timedelta(hours=1)}
        db().execute(update(Person).where(Person.id == clinician.id).values(**closed))
    assert 'name="called"' not in theirs.get("/settings/called").get_data(as_text=True)
    assert theirs.post("/settings/called", data={"called": "Somebody else", "pronouns": ""}).status_code == 422
    with store.work(writes=False):
        assert names.address_of(clinician.viewer) == names.Address(CALLED, PRONOUNS)


def test_the_form_names_both_and_what_is_signed_and_recorded_names_the_account(
    client: Client, store: Store, practice: MadePractice, clinician: Made
) -> None:
    patient = factories.make_patient(store, practice)
    factories.assign_team(store, patient, clinician, factories.make_administrator(store, practice))
    factories.give_consent(store, patient, Discipline.THERAPIST, {Category.MOOD: Level.DETAIL})
    say(client, clinician)
    assert browser(client, clinician).get(f"/team/{patient.id}").status_code == 200
    theirs = browser(client, patient)
    form = theirs.get("/sharing/new?to=team:therapist").text
    assert f"{ACCOUNT}: here called {ON_PAGE} ({PRONOUNS})." in form
    assert f"now: {ACCOUNT})" in form
    assert f"{ON_PAGE} ({PRONOUNS})" in theirs.get("/sharing").text
    assert ACCOUNT not in theirs.get("/sharing").text
    log = theirs.get("/sharing/access-log").text
    assert f"{ACCOUNT} “{ON_PAGE}”" in log


def test_who_said_nothing_is_shown_as_before(client: Client, store: Store, practice: MadePractice) -> None:
    patient = factories.make_patient(store, practice)
    supporter = factories.make_supporter(store, practice, name="Sue Own")
    factories.tie_supporter(store, patient, supporter, name="Mum")
    page = browser(client, patient).get("/sharing").text
    assert "Mum" in page
    assert "Sue Own" not in page
    say(client, supporter, "", "she/her")
    assert "Sue Own (she/her)" in browser(client, patient).get("/sharing").text


def test_before_the_patient_confirmed_who_it_is_the_name_of_the_account_stands_there(
    client: Client, store: Store, practice: MadePractice
) -> None:
    patient = factories.make_patient(store, practice)
    supporter = factories.make_supporter(store, practice, name="Sue Own")
    factories.tie_supporter(store, patient, supporter, name="Mum", state=SupportState.ACCEPTED)
    say(client, supporter, "Whoever you hope for")
    page = browser(client, patient).get("/sharing").text
    assert "Sue Own has accepted" in page
    assert "Whoever" not in page
