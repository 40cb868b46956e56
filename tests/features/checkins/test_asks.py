"""Somebody who named gambling is asked about that, and reads it so in their own history: not that they drank."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from patient_app.checkins.answers import Answers, ThingSaid
from patient_app.checkins.asks import Asks
from patient_app.core.ids import new_id
from patient_app.core.roles import Role
from patient_app.core.work import Store
from patient_app.profile.service import Part
from patient_app.profile.things import Kind, Thing
from tests.factories import Made, make_person, make_practice, sign_in
from tests.features.checkins.test_the_day import record, tell
from tests.page import Client

GAMBLING, ALCOHOL, OWN = (Thing(str(kind), kind) for kind in (Kind.GAMBLING, Kind.ALCOHOL, Kind.OTHER))
DRINK = re.compile(r"\b(?:drink|drank)\b", re.IGNORECASE)


@pytest.fixture
def patient(store: Store) -> Made:
    return make_person(store, make_practice(store), Role.PATIENT)


@pytest.fixture
def client(app: Flask, patient: Made) -> Client:
    browser = Client(app)
    sign_in(browser, patient)
    return browser


@pytest.mark.parametrize(
    ("things", "asks"),
    [
        ((), Asks.USE),
        ((ALCOHOL, OWN), Asks.USE),
        ((GAMBLING,), Asks.GAMBLING),
        ((GAMBLING, OWN), Asks.BOTH),
        ((GAMBLING, ALCOHOL), Asks.BOTH),
    ],
    ids=str,
)
def test_what_is_asked_follows_from_what_was_named(things: tuple[Thing, ...], asks: Asks) -> None:
    assert Asks.of(things) is asks


def test_gambling_alone_is_never_called_drinking(store: Store, patient: Made, client: Client) -> None:
    tell(store, patient, part=Part.YES, things=(GAMBLING,))
    form = client.get("/check-in").main_words
    assert "Any pull to gamble?" in form
    assert "Since last time, did you gamble?" in form
    said = Answers(craving=6, use=True, things=(ThingSaid(GAMBLING, 6, used=True),))
    entry = record(store, patient, said)
    history = client.get("/history").main_words
    for words in ("The pull was 6 of 10.", "You gambled on", "Gambled"):
        assert words in history
    for address in (f"/check-in/{entry}", f"/check-in/{entry}/change", f"/check-in/{entry}/delete", "/history/days"):
        page = client.get(address).main_words
        assert "Gambled" in page or "did you gamble?" in page, address
        assert "to gamble" in page
    for address in ("/check-in", "/history", "/history/days", f"/check-in/{entry}/delete"):
        assert DRINK.search(client.get(address).main_words) is None, address


def test_gambling_beside_drinking_is_asked_with_it(store: Store, patient: Made, client: Client) -> None:
    tell(store, patient, part=Part.YES, things=(GAMBLING, ALCOHOL))
    assert "Since last time, did you drink, use or gamble?" in client.get("/check-in").main_words
    record(store, patient, Answers(use=True, things=(ThingSaid(ALCOHOL, used=True),)))
    assert "You drank, used or gambled on" in client.get("/history").main_words


def test_a_refused_form_still_asks_so(store: Store, patient: Made, client: Client) -> None:
    tell(store, patient, part=Part.YES, things=(GAMBLING,))
    refused = client.post("/check-in", data={"id": str(new_id()), "craving": "11"})
    assert refused.status_code == 422
    assert "Any pull to gamble?" in refused.main_words
