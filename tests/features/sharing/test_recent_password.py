"""Sharing more asks for a recent password; taking away never does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import unquote

import pytest
from sqlalchemy import select

from patient_app.accounts.models import SupportLink, SupportState
from patient_app.consent.categories import OFFERED, Level
from patient_app.consent.models import Consent, ConsentState
from patient_app.core import clock
from patient_app.core.roles import Discipline
from patient_app.core.work import Store, db
from tests import factories
from tests.features.sharing.conftest import World, show_it_is_you
from tests.page import Client

EVERYTHING = dict.fromkeys(OFFERED, Level.DETAIL)
ANSWERS = {"mood": "detail", "since": "before", "until": "open", "signature": "Robin Vale"}
SetTime = Callable[[object], None]


def states(store: Store) -> list[ConsentState]:
    with store.work(writes=False):
        return [ConsentState(state) for state in db().scalars(select(Consent.state).order_by(Consent.id))]


@pytest.fixture
def later(client: Client, world: World, set_time: SetTime) -> Callable[[int], None]:
    """Sign the patient in, and return what moves the time to so many minutes afterwards."""
    begun = clock.now()
    set_time(begun)
    factories.sign_in(client, world.patient)
    return lambda minutes: set_time(begun + timedelta(minutes=minutes))


def test_pages_that_share_more_ask_for_the_password_and_come_back(
    client: Client, world: World, later: Callable[[int], None], store: Store
) -> None:
    paused = factories.give_consent(store, world.patient, world.supporter, EVERYTHING, state=ConsentState.PAUSED)
    tie = factories.tie_supporter(
        store, world.patient, factories.make_supporter(store, world.practice), state=SupportState.ACCEPTED
    )
    addresses = (
        "/sharing/new?to=team:prescriber",
        "/sharing/supporters/new",
        f"/sharing/{paused}/resume",
        "/sharing/resume-all",
        f"/sharing/supporters/{tie}/confirm",
    )
    for address in addresses:
        assert client.get(address).status_code == 200, address
    later(11)
    for address in addresses:
        assert unquote(client.get(address).location or "") == f"/confirm?next={address}", address
        assert client.get("/sharing").status_code == 200
    show_it_is_you(client, world.patient, addresses[0])
    assert client.get(addresses[0]).status_code == 200


def test_a_form_may_take_half_an_hour_and_no_more(
    client: Client, world: World, later: Callable[[int], None], store: Store
) -> None:
    form = client.get("/sharing/new?to=team:prescriber").form(field="signature")
    invitation = client.get("/sharing/supporters/new").form(field="email")
    later(31)
    guest = {"name": "Sam", "email": "sam@example.org"}
    seen = ["Each check-in", "Robin Vale"]
    for late, answers, words in ((form, ANSWERS, seen), (invitation, guest, list(guest.values()))):
        page = client.submit(late, **answers)
        assert page.status_code == 401
        assert all(word in page.words for word in words), page.words
    assert states(store) == []
    later(30)
    assert client.submit(form, **ANSWERS).status_code == 303
    assert client.submit(invitation, name="Sam", email="sam@example.org").status_code == 303
    assert states(store) == [ConsentState.ACTIVE]


def test_a_button_that_shares_more_leads_to_the_password_and_then_asks(
    client: Client, world: World, later: Callable[[int], None], store: Store
) -> None:
    paused = factories.give_consent(store, world.patient, world.supporter, EVERYTHING, state=ConsentState.PAUSED)
    stranger = factories.make_supporter(store, world.practice, name="Sam Stone")
    tie = factories.tie_supporter(store, world.patient, stranger, state=SupportState.ACCEPTED)
    page = client.get("/sharing")
    later(11)
    for number, address in enumerate((f"/sharing/{paused}/resume", f"/sharing/supporters/{tie}/confirm")):
        later(11 * (number + 1))
        answer = client.submit(page.form(action=address))
        assert answer.location == f"/confirm?next={address}"
        assert states(store)[0] == (ConsentState.ACTIVE if number else ConsentState.PAUSED)
        show_it_is_you(client, world.patient, address)
        asks = client.get(address)
        assert ("Sam Stone" if number else "My sister") in asks.words
        assert client.submit(asks.form(action=address)).status_code == 303
    assert states(store) == [ConsentState.ACTIVE]
    with store.work(writes=False):
        assert db().get_one(SupportLink, tie).state == SupportState.CONFIRMED


def test_taking_away_never_asks(client: Client, world: World, later: Callable[[int], None], store: Store) -> None:
    one = factories.give_consent(store, world.patient, Discipline.PRESCRIBER, EVERYTHING)
    other = factories.give_consent(store, world.patient, world.supporter, EVERYTHING)
    later(24 * 60)
    for address in (f"/sharing/{one}/pause", f"/sharing/{one}/end", "/sharing/pause-all", f"/sharing/{other}/end"):
        assert client.post(address).location.startswith("/sharing?"), address
    assert client.post(f"/sharing/supporters/{world.tie}/end").location.startswith("/sharing?")
    assert states(store) == [ConsentState.REVOKED, ConsentState.REVOKED]
