"""A hard day: the calm page, turned on and off by the person alone, two taps to check in; and the page of the rest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask

from patient_app.checkins import service as checkins
from patient_app.core.ids import new_id
from patient_app.core.roles import Role
from patient_app.core.work import Store
from patient_app.factory import NAVIGATION
from patient_app.skills import helping, library
from tests.factories import Made, make_check_in, make_clinician, make_patient, make_practice, sign_in
from tests.features.offline.phone import Phone
from tests.features.skills.test_helping import did
from tests.page import Client, text_of


@pytest.fixture
def patient(store: Store) -> Made:
    return make_patient(store, make_practice(store))


@pytest.fixture
def phone(app: Flask, patient: Made) -> Client:
    browser = Client(app)
    sign_in(browser, patient)
    return browser


def is_simple(client: Client) -> bool:
    return "Three things that may help" in client.get("/today").words


def test_it_stays_until_the_person_turns_it_off_on_each_of_their_devices(
    app: Flask, store: Store, phone: Client, patient: Made
) -> None:
    other, clinician = Client(app), Client(app)
    sign_in(other, patient)
    sign_in(clinician, make_clinician(store, make_practice(store, "Another")))
    assert not is_simple(phone)
    assert "data-simple" not in phone.get("/check-in").text
    assert phone.get("/simple").headers["Tandem-Keep"] == "yes"
    for _ in range(2):  # Said twice it is the same.
        assert (phone.post("/simple", data={"simple": "on"}).location or "").endswith("/today?done=simple-on")
    assert is_simple(other)
    assert "data-simple" in other.get("/check-in").text
    assert "data-simple" not in clinician.get("/team").text
    phone.post("/simple", data={"simple": "off"})
    assert not is_simple(other)


def test_what_was_wished_without_a_network_is_kept_once_and_undoes_nothing_newer(
    app: Flask, store: Store, patient: Made, set_time: Callable[[datetime | str], None]
) -> None:
    set_time("2026-11-02 15:00")
    phone, item_id = Phone(app, store, patient), new_id()
    form = phone.browser.get("/simple").form(action="/simple")
    assert form.element.get("data-later") == "new"
    on, off = (phone.letter("/simple", [("simple", wish)]) for wish in ("on", "off"))
    set_time("2026-11-02 15:10")
    first = phone.send(on, item_id)
    assert (first["result"], first["next"]) == ("stored", "/today?done=simple-on")
    assert is_simple(phone.browser)
    # Wished before "on" was said again, and arrives after it; then the first one once more.
    phone.browser.post("/simple", data={"simple": "on"})
    assert phone.send(off, new_id())["result"] == "stored"
    assert is_simple(phone.browser)
    set_time("2026-11-02 15:11")
    phone.browser.post("/simple", data={"simple": "off"})
    assert phone.send(on, item_id) == first
    assert not is_simple(phone.browser)
    for wrong in ([], [("simple", "")], [("simple", "yes")]):
        assert phone.send(phone.letter("/simple", wrong), new_id())["errors"][0][0] == "simple"
    last_id, last = new_id(), phone.letter("/simple", [("simple", "off")])
    first = phone.send(last, last_id)
    phone.ahead = timedelta(days=3)
    assert phone.send(last, last_id) == first  # It is kept: whatever the clock says since.
    assert phone.send(phone.letter("/simple", [("simple", "on")]), new_id())["result"] == "refused"
    assert not is_simple(phone.browser)


@pytest.mark.parametrize("wrong", [{}, {"simple": ""}, {"simple": "yes"}, {"simple": "\x00"}, {"simple": "on" * 9}])
def test_whatever_else_is_sent_changes_nothing(phone: Client, wrong: dict[str, str]) -> None:
    assert phone.post("/simple", data=wrong).status_code == 400
    assert not is_simple(phone)


def test_two_taps_are_a_check_in(store: Store, phone: Client, patient: Made) -> None:
    phone.post("/simple", data={"simple": "on"})
    form = phone.get("/today").form(action="/check-in")
    sent = form.filled(mood="3")
    for _ in range(2):
        assert phone.post("/check-in", data=sent).status_code == 303
    with store.work(writes=False):
        newest = checkins.newest_own(patient.viewer)
        assert newest is not None
        assert (newest.answers.mood, newest.answers.craving, newest.answers.use) == (3, None, None)


def test_three_things_are_those_that_helped_this_person_and_none_of_use_where_it_plays_no_part(
    app: Flask, store: Store, phone: Client, patient: Made
) -> None:
    for _ in range(3):
        did(store, patient, "slow-breath", 8, 3)
    page = phone.get("/simple")
    section = next(part for part in page.all("section") if part.get("aria-labelledby") == "helpful")
    links = [str(link.get("href")) for link in section.iter("a")]
    assert links[0] == "/skills/slow-breath"
    assert len(links) == 3
    assert "Helped you 3 of 3 times." in text_of(section)
    with app.test_request_context():
        plain = [one for one in library.startable() if not one.about_use]
        assert not [one.exercise.id for one in helping.on_a_hard_day(plain, []) if one.exercise.about_use]


def test_after_a_hard_check_in_it_is_offered_once_and_never_to_who_has_it(
    store: Store, phone: Client, patient: Made
) -> None:
    for mood, says in ((2, True), (1, True), (4, False)):
        entry = make_check_in(store, patient, mood=mood)
        page = phone.get(f"/check-in/{entry}?done=saved")
        assert ("/simple" in page.links) is says
        assert len(page.all("section", class_name="offer")) == int(says)
    phone.post("/simple", data={"simple": "on"})
    for mood in (1, 2):
        entry = make_check_in(store, patient, mood=mood)
        assert "/simple" not in phone.get(f"/check-in/{entry}?done=saved").links


def test_the_bar_of_a_phone_holds_five_and_more_leads_to_all_the_rest(phone: Client) -> None:
    mine = [item for item in NAVIGATION if Role.PATIENT in item.roles]
    assert len([item for item in mine if not item.wide]) == 5
    page = phone.get("/more")
    bar = page.one("nav", class_name="nav")
    assert len([item for item in bar.iter("li") if item.get("class") != "wide"]) == 5
    there = {link.get("href") for part in page.all("ul", class_name="rows") for link in part.iter("a")}
    wide = {link.get("href") for item in bar.iter("li") if item.get("class") == "wide" for link in item.iter("a")}
    assert wide <= there | {"/check-in"}
    for address in sorted(str(one) for one in there):
        assert phone.get(address).status_code == 200
