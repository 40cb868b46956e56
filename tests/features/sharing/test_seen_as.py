"""By which name a supporter sees a patient: that of the chart, until the patient chose another for this very person."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from patient_app.accounts import seen_as
from patient_app.accounts.models import Person, SupportLink, SupportState
from patient_app.accounts.names import Address
from patient_app.accounts.seen_as import NotOffered, Way
from patient_app.consent.categories import OFFERED, Level
from patient_app.core import access, clock
from patient_app.core.access import PERMITTED
from patient_app.core.ids import new_id
from patient_app.core.roles import Role
from patient_app.core.work import Store, db
from patient_app.profile import service as profiles
from tests import factories
from tests.factories import Made
from tests.features.sharing.conftest import World
from tests.page import Client, Page

CALLED, PRONOUNS, CHART = "Alexa <b>", "she/zer", "Robin Vale"
EVERYTHING = dict.fromkeys(OFFERED, Level.DETAIL)


def call(store: Store, patient: Made, called: str = CALLED, pronouns: str = PRONOUNS) -> profiles.Hidden:
    with store.work(writes=True):
        return profiles.set_address(patient.viewer, Address(called, pronouns), 240)


def show(store: Store, patient: Made, tie: uuid.UUID, way: Way) -> None:
    with store.work(writes=True):
        seen_as.choose(patient.viewer, tie, way)


def browser(client: Client, person: Made) -> Client:
    other = Client(client.application)
    factories.sign_in(other, person)
    return other


def everything_read(app: Flask, theirs: Client, patient: Made) -> str:
    """Return all that any page or JSON of the application tells a supporter, headers too."""
    told = []
    for rule in app.url_map.iter_rules():
        policy = access.policy_of(app, rule.endpoint)
        # Everywhere else supporters get what anybody gets for an address that is not there: tests/sweeps.
        if policy is None or "GET" not in (rule.methods or ()) or Role.SUPPORTER not in PERMITTED[policy.permission]:
            continue
        values = {name: patient.id if "id" in name else "1" for name in rule.arguments}
        with app.test_request_context():
            address = rule.build(values)
        page: Page = theirs.get(address[1] if address else rule.rule)
        told.append(page.get_data(as_text=True) + "\n".join(f"{name}: {value}" for name, value in page.headers))
    assert len(told) > 30
    return "\n".join(told)


def written(text: str) -> str:
    return text.replace("<", "&lt;").replace(">", "&gt;")


# --- Who sees what ------------------------------------------------------------------------------------------------


def test_only_those_for_whom_it_was_chosen_get_it(app: Flask, client: Client, world: World, store: Store) -> None:
    """Everything of everybody: four supporters, of whom one was chosen, one with the pronouns, one not any more."""
    call(store, world.patient)
    factories.make_check_in(store, world.patient, mood=4, use=True)
    people = {}
    for name, way in (
        ("never", None),
        ("called", Way.CALLED),
        ("pronouns", Way.CALLED_AND_PRONOUNS),
        ("taken back", Way.CHART),
    ):
        people[name] = factories.make_supporter(store, world.practice, name=f"Kim {name}")
        tie = factories.tie_supporter(store, world.patient, people[name])
        factories.give_consent(store, world.patient, people[name], EVERYTHING)
        if way is Way.CHART:
            show(store, world.patient, tie, Way.CALLED_AND_PRONOUNS)
        if way is not None:
            show(store, world.patient, tie, way)
    told = {name: everything_read(app, browser(client, one), world.patient) for name, one in people.items()}
    for name in ("never", "taken back"):
        assert "Alexa" not in told[name], name
        assert PRONOUNS not in told[name], name
        assert CHART in told[name], name
    for name in ("called", "pronouns"):
        assert written(CALLED) in told[name], name
        assert CALLED not in told[name], name
        assert CHART not in told[name], name
    assert PRONOUNS not in told["called"]
    assert PRONOUNS in told["pronouns"]


def test_every_page_that_names_a_patient_uses_the_name(client: Client, world: World, store: Store) -> None:
    call(store, world.patient)
    show(store, world.patient, world.tie_id, Way.CALLED_AND_PRONOUNS)
    factories.give_consent(store, world.patient, world.supporter, EVERYTHING)
    theirs, patient = browser(client, world.supporter), world.patient.id
    for address in (
        "/supporting",
        f"/supporting/{patient}",
        f"/supporting/{patient}/skills",
        "/supporting/worried/tell",
    ):
        page = theirs.get(address)
        assert CALLED in page.words, address
        assert CHART not in page.words, address
        assert (PRONOUNS in page.words) == ("worried" not in address), address
    # What was said of substance use stands beside the name that this supporter knows; its own words name nobody.
    assert f"{CALLED}: " in theirs.get("/supporting").words


def test_the_team_goes_on_to_see_both(client: Client, world: World, store: Store) -> None:
    call(store, world.patient)
    show(store, world.patient, world.tie_id, Way.CALLED)
    page = browser(client, world.prescriber).get(f"/team/{world.patient.id}")
    assert {CHART, CALLED, PRONOUNS} <= {one for one in (CHART, CALLED, PRONOUNS) if one in page.words}


def test_what_is_signed_keeps_the_name_in_the_chart(client: Client, world: World, store: Store) -> None:
    call(store, world.patient)
    show(store, world.patient, world.tie_id, Way.CALLED_AND_PRONOUNS)
    factories.sign_in(client, world.patient)
    page = client.get("/sharing/new", query_string={"to": f"person:{world.supporter.id}"})
    assert CHART in page.main_words
    assert CALLED not in page.main_words


# --- Changing it --------------------------------------------------------------------------------------------------


def test_a_patient_chooses_and_takes_it_back(client: Client, world: World, store: Store) -> None:
    call(store, world.patient)
    factories.sign_in(client, world.patient)
    theirs = browser(client, world.supporter)
    address = f"/supporting/{world.patient.id}"
    assert f"My sister sees you by the name in your chart: “{CHART}”." in client.get("/sharing").words
    for way, told in (
        ("called_and_pronouns", f"My sister sees you as “{CALLED}”, with your pronouns: {PRONOUNS}."),
        ("called", f"My sister sees you as “{CALLED}”."),
        ("chart", f"My sister sees you by the name in your chart: “{CHART}”."),
        ("called", f"My sister sees you as “{CALLED}”."),
    ):
        page = client.get(f"/sharing/supporters/{world.tie}/name")
        page = client.submit(page.form(field="sees"), sees=way)
        assert page.status_code == 303
        assert page.location is not None
        assert told in client.get(page.location).words
        assert (CALLED in theirs.get(address).words, PRONOUNS in theirs.get(address).words) == (
            way != "chart",
            "pronouns" in way,
        )
        assert client.get(f"/sharing/supporters/{world.tie}/name").form(field="sees").filled()["sees"] == [way]
    page = client.submit(client.get("/sharing").form(action=f"/sharing/supporters/{world.tie}/chart-name"))
    assert page.status_code == 303
    assert CHART in theirs.get(address).words
    assert "chart-name" not in client.get("/sharing").get_data(as_text=True)


def test_choosing_asks_for_a_recent_password_and_taking_back_never_does(
    client: Client, world: World, store: Store, set_time: Callable[[object], None]
) -> None:
    begun = clock.now()
    set_time(begun)
    call(store, world.patient)
    show(store, world.patient, world.tie_id, Way.CALLED)
    factories.sign_in(client, world.patient)
    set_time(begun + timedelta(hours=3))
    page = client.get(f"/sharing/supporters/{world.tie}/name")
    assert (page.location or "").startswith("/confirm")
    assert client.post(f"/sharing/supporters/{world.tie}/name", data={"sees": "called"}).status_code == 401
    assert client.post(f"/sharing/supporters/{world.tie}/chart-name").status_code == 303
    assert seen(store, world.tie_id) == (None, None)


def seen(store: Store, tie: uuid.UUID) -> tuple[str | None, str | None]:
    with store.work(writes=False):
        row = db().get_one(SupportLink, tie)
        return row.shown_name, row.shown_pronouns


@pytest.mark.parametrize(
    ("called", "pronouns", "hidden", "name", "pronouns_seen"),
    [
        ("", "", profiles.Hidden.NAME, CHART, False),
        ("", PRONOUNS, profiles.Hidden.NAME, CHART, False),
        ("Alexandra", PRONOUNS, profiles.Hidden.NAME, CHART, False),
        (CALLED, "fae/faer", profiles.Hidden.PRONOUNS, CALLED, False),
        (CALLED, "", profiles.Hidden.PRONOUNS, CALLED, False),
        (CALLED, PRONOUNS, profiles.Hidden.NOTHING, CALLED, True),
    ],
)
def test_words_that_changed_were_chosen_for_nobody(
    client: Client,
    world: World,
    store: Store,
    called: str,
    pronouns: str,
    hidden: profiles.Hidden,
    name: str,
    pronouns_seen: bool,
) -> None:
    call(store, world.patient)
    show(store, world.patient, world.tie_id, Way.CALLED_AND_PRONOUNS)
    assert call(store, world.patient, called, pronouns) is hidden
    theirs = browser(client, world.supporter)
    for address in ("/supporting", f"/supporting/{world.patient.id}"):
        words = theirs.get(address).words
        assert name in words
        assert ("Alexa" in words) == (name == CALLED)
        assert (PRONOUNS in words) == pronouns_seen
        assert "fae/faer" not in words
    # The same words again are chosen anew, or not at all.
    call(store, world.patient)
    assert (PRONOUNS in theirs.get("/supporting").words) == pronouns_seen
    assert (CALLED in theirs.get("/supporting").words) == (name == CALLED)


def test_a_word_that_was_changed_past_the_service_is_not_shown_either(
    client: Client, world: World, store: Store
) -> None:
    """Two requests at once: one chooses for the words of before, the other changes them."""
    call(store, world.patient, "Bob", "he")
    show(store, world.patient, world.tie_id, Way.CALLED_AND_PRONOUNS)
    with store.work(writes=True):
        person = db().get_one(Person, world.patient.id)
        person.called, person.pronouns = CALLED, PRONOUNS
    words = browser(client, world.supporter).get(f"/supporting/{world.patient.id}").words
    assert CHART in words
    assert not any(one in words for one in ("Alexa", PRONOUNS, "Bob"))


def test_who_changes_the_name_is_told_what_supporters_see(client: Client, world: World, store: Store) -> None:
    call(store, world.patient)
    show(store, world.patient, world.tie_id, Way.CALLED)
    factories.sign_in(client, world.patient)
    form = client.get("/settings/about-me").form(field="called")
    page = client.submit(form, called="Zoe")
    assert page.location == "/settings/about-me?done=about-saved-name-hidden"
    assert "They see the name in your chart." in client.get(page.location).words
    assert client.submit(form, called="Zoe Ann").location == "/settings/about-me?done=about-saved"


# --- Only what there is, only one's own -----------------------------------------------------------------------------


def test_without_such_a_name_nothing_is_asked(client: Client, world: World, store: Store) -> None:
    call(store, world.patient, "", PRONOUNS)
    factories.sign_in(client, world.patient)
    for address in ("/sharing", "/sharing/supporters/new"):
        page = client.get(address)
        assert "How they see your name" not in page.main_words
        assert "sees you" not in page.main_words
        assert "Which name" not in page.main_words
    page = client.get(f"/sharing/supporters/{world.tie}/name")
    assert "You have not said what you like to be called." in page.words
    for way in ("called", "called_and_pronouns", "chart"):
        client.post(f"/sharing/supporters/{world.tie}/name", data={"sees": way})
        assert seen(store, world.tie_id) == (None, None)
    with store.work(writes=True), pytest.raises(NotOffered):
        seen_as.choose(world.patient.viewer, world.tie_id, Way.CALLED)
    call(store, world.patient, CALLED, "")
    page = client.get(f"/sharing/supporters/{world.tie}/name")
    assert "pronouns" not in [one.get("value") for one in page.all("input")]
    with store.work(writes=True), pytest.raises(NotOffered):
        seen_as.choose(world.patient.viewer, world.tie_id, Way.CALLED_AND_PRONOUNS)


@pytest.mark.parametrize(
    "sees", ["", "nobody", "CALLED", "called\x00", "0", "-1", "1e399990", "x" * 1_000_000, "called_and_pronouns "]
)
def test_an_answer_that_is_none_changes_nothing(client: Client, world: World, store: Store, sees: str) -> None:
    call(store, world.patient)
    factories.sign_in(client, world.patient)
    page = client.get(f"/sharing/supporters/{world.tie}/name")
    page = client.submit(page.form(field="sees"), sees=sees)
    assert (page.status_code, set(page.errors)) == (422, {"sees"})
    assert seen(store, world.tie_id) == (None, None)
    new = client.get("/sharing/supporters/new").form(field="email")
    page = client.submit(new, name="Bo", email="bo@example.org", instructions="", sees=sees)
    assert (page.status_code, set(page.errors)) == (422, {"sees"})


def test_a_name_that_stood_on_no_page_was_picked_by_nobody(client: Client, world: World, store: Store) -> None:
    call(store, world.patient, "Bob", "")
    factories.sign_in(client, world.patient)
    form = client.get(f"/sharing/supporters/{world.tie}/name").form(field="sees")
    new = client.get("/sharing/supporters/new").form(field="email")
    call(store, world.patient)
    page = client.submit(form, sees="called")
    assert (page.status_code, set(page.errors)) == (422, {"sees"})
    assert f"“{CALLED}”" in page.words
    page = client.submit(new, name="Bo", email="bo@example.org", sees="called")
    assert (page.status_code, set(page.errors)) == (422, {"sees"})
    for names in ("", "\x00", "x" * 1_000_000):
        assert client.post(form.action, data={"sees": "called", "names": names}).status_code == 422
    assert seen(store, world.tie_id) == (None, None)
    assert client.submit(form, sees="chart").status_code == 303  # Showing less is never refused.
    page = client.submit(client.get(f"/sharing/supporters/{world.tie}/name").form(field="sees"), sees="called")
    assert page.status_code == 303
    assert seen(store, world.tie_id) == (CALLED, None)


def test_anothers_tie_and_one_that_ended_are_not_there(client: Client, world: World, store: Store) -> None:
    call(store, world.patient)
    other = factories.make_patient(store, world.practice)
    call(store, other, "Zed", "")
    theirs = factories.tie_supporter(store, other, world.supporter)
    ended = factories.tie_supporter(store, world.patient, None, state=SupportState.ENDED)
    factories.sign_in(client, world.patient)
    for tie in (theirs, ended, new_id()):
        assert client.get(f"/sharing/supporters/{tie}/name").status_code == 404
        for step, data in (("name", {"sees": "called"}), ("chart-name", {})):
            assert client.post(f"/sharing/supporters/{tie}/{step}", data=data).status_code == 404
        page = client.get("/sharing", query_string={"now": "named", "of": str(tie)})
        assert "sees you as" not in page.main_words
    # The choice for one supporter is nobody else's, and of one patient no other's.
    show(store, other, theirs, Way.CALLED)
    assert seen(store, world.tie_id) == (None, None)
    words = browser(client, world.supporter).get("/supporting").words
    assert "Zed" in words
    assert CHART in words
    assert "Alexa" not in words


# --- From the invitation on -----------------------------------------------------------------------------------------


def test_it_is_asked_with_the_invitation_and_told_before_confirming(client: Client, world: World, store: Store) -> None:
    call(store, world.patient)
    factories.sign_in(client, world.patient)
    form = client.get("/sharing/supporters/new").form(field="email")
    assert form.filled()["sees"] == ["chart"]
    for _ in range(2):
        page = client.submit(form, name="My brother", email="bo@example.org", sees="called")
        assert page.location == "/sharing?done=supporter-invited"
    with store.work(writes=True):
        tie = db().scalars(select(SupportLink).order_by(SupportLink.invited_at.desc())).first()
        assert tie is not None
        assert (tie.shown_name, tie.shown_pronouns) == (CALLED, None)
    will = f"Once confirmed, My brother sees you as “{CALLED}”."
    assert will in client.get("/sharing").words
    brother = factories.make_supporter(store, world.practice, name="Bo")
    with store.work(writes=True):
        row = db().get_one(SupportLink, tie.id)
        row.state, row.supporter_id, row.accepted_at = SupportState.ACCEPTED, brother.id, clock.now()
    theirs = browser(client, brother)
    assert CALLED not in theirs.get("/supporting").words
    assert will in client.get("/sharing").words
    page = client.get(f"/sharing/supporters/{tie.id}/confirm")
    assert will in page.words
    assert f"/sharing/supporters/{tie.id}/name" in page.links
    client.submit(page.form(action=f"/sharing/supporters/{tie.id}/confirm"))
    assert CALLED in theirs.get("/supporting").words


def test_the_picture_names_them_as_the_supporter_sees_it(client: Client, world: World, store: Store) -> None:
    call(store, world.patient)
    factories.sign_in(client, world.patient)
    picture = {"to": f"person:{world.supporter.id}"}
    page = client.get("/sharing/preview", query_string=picture)
    assert f"Your name there: {CHART}" in page.words
    assert CALLED not in page.main_words
    assert "Call me, do not text." in page.main_words
    show(store, world.patient, world.tie_id, Way.CALLED_AND_PRONOUNS)
    assert f"Your name there: {CALLED} {PRONOUNS}" in client.get("/sharing/preview", query_string=picture).words
