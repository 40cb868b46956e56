"""The clinicians' pages about medicines: what asks for an answer first, in words, and nothing that is closed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline
from patient_app.core.work import Store
from patient_app.medications import changing
from patient_app.medications.changing import Author
from patient_app.medications.models import Answer, DoseState
from patient_app.medications.skipping import Reason, Why
from tests import factories
from tests.factories import Made
from tests.features.medications.regimens import NALTREXONE
from tests.features.reading.medicines_world import (
    BOTH,
    DETAIL,
    LITHIUM,
    MED,
    NOW,
    World,
    ago,
    change,
    log,
    make_world,
    share,
    start,
)
from tests.page import Client, Page, text_of


@pytest.fixture
def world(store: Store, set_time: Callable[[datetime], None]) -> World:
    set_time(NOW)
    return make_world(store)


def page_of(client: Client, world: World, by: Made) -> Page:
    factories.sign_in(client, by)
    page = client.get(f"/team/{world.patient.id}/medications")
    assert page.status_code == 200
    return page


def said(page: Page) -> str:
    """Return the words of a page without the spaces that its elements leave."""
    words = page.words
    for apart, together in ((" :", ":"), (" ,", ","), ("( ", "("), (" )", ")")):
        words = words.replace(apart, together)
    return words


def test_the_therapist_reads_the_plan_with_the_reason_of_each_change(
    client: Client, world: World, store: Store
) -> None:
    medicine_id = start(store, world)
    version_id = change(store, world, medicine_id, by=world.prescriber, reason="Sleep is still poor", days=1)
    start(store, world, NALTREXONE)
    with store.work(writes=True):
        changing.answer_change(world.patient.viewer, version_id, Answer.TALK, moment=ago(0))
    log(store, world, medicine_id, days=2, state=DoseState.SKIPPED, why=Why(Reason.USE))
    log(store, world, medicine_id, days=3, state=DoseState.SKIPPED, why=Why(Reason.COST))
    share(store, world, {MED: DETAIL}, to=Discipline.THERAPIST)
    page = page_of(client, world, world.therapist)
    for words in (
        "sertraline: Changed Wants to talk about this",
        "entered by Dr Ana Ruiz, prescriber",
        "Why: Sleep is still poor",
        "8:00 AM: 2 tablets",
        "Before: 50 mg · Tablet · Every day · 8:00 AM: 1 tablet",
        "sertraline, skipped (Cost)",
        "Sun 1 Nov, 8:00 AM: sertraline, skipped Sat",
        "What for: Feeling low",
        "Self-logged: sertraline, from 30 Oct on Last Taken Skipped Not recorded 7 days 0 2 2 30 days 0 2 2 90 days",
        "Last entry received: Tue 3 Nov,",
        "these numbers may be incomplete",
        "not a complete list of medicines",
    ):
        assert words in said(page), words
    assert "naltrexone" not in page.words.lower()
    assert "drinking" not in page.words
    assert page.words.index("Lately changed") < page.words.index("Taken now") < page.words.index("Left out")
    page = client.get(f"/team/{world.patient.id}/medications/{medicine_id}")
    assert page.words.index("Changed Wants to talk") < page.words.index("Added")
    assert "skipped (Cost)" in said(page)
    assert "Wants to talk about this: Tue 3 Nov," in said(page)
    assert "%" not in page.main_words


def test_what_wants_talk_stands_before_what_is_newer(client: Client, world: World, store: Store) -> None:
    first = start(store, world)
    asked = change(store, world, first, by=world.prescriber, reason="more", days=3)
    start(store, world, LITHIUM, days=1)
    with store.work(writes=True):
        changing.answer_change(world.patient.viewer, asked, Answer.TALK, moment=ago(2))
    share(store, world, {MED: DETAIL})
    page = page_of(client, world, world.prescriber)
    assert said(page).index("sertraline: Changed") < said(page).index("lithium: Added")


def test_nothing_shared_is_said_alike_whatever_is_there(client: Client, world: World, store: Store) -> None:
    factories.sign_in(client, world.prescriber)
    empty = client.get(f"/team/{world.patient.id}/medications").words
    hidden = start(store, world)
    assert client.get(f"/team/{world.patient.id}/medications").words == empty
    assert client.get(f"/team/{world.patient.id}/medications/{hidden}").status_code == 404
    share(store, world, {MED: DETAIL})
    start(store, world, NALTREXONE)
    assert "naltrexone" not in client.get(f"/team/{world.patient.id}/medications").words


def test_the_patient_sees_what_they_see_of_it(client: Client, world: World, store: Store) -> None:
    medicine_id = start(store, world)
    start(store, world, NALTREXONE)
    change(store, world, medicine_id, by=world.prescriber, reason="Sleep is still poor")
    share(store, world, {MED: DETAIL}, to=Discipline.THERAPIST)
    share(store, world, BOTH)
    factories.sign_in(client, world.patient)
    as_therapist = client.get("/sharing/preview", query_string={"to": "team:therapist"})
    assert "Why: Sleep is still poor" in as_therapist.words
    assert "naltrexone" not in as_therapist.words
    assert f"/team/{world.patient.id}" not in as_therapist.get_data(as_text=True)
    assert "naltrexone" in client.get("/sharing/preview", query_string={"to": "team:prescriber"}).words
    read = client.get("/sharing/access-log")
    assert "medicines" not in read.main_words


def sections(page: Page) -> list[str]:
    """Return what a page says of medicines, part by part."""
    ours = ("changes", "skipped", "now", "logged", "stopped")
    return [text_of(one) for one in page.all("section") if (one.get("aria-labelledby") or "").startswith(ours)]


def test_the_picture_is_exactly_what_the_recipient_gets(client: Client, world: World, store: Store) -> None:
    medicine_id = start(store, world)
    stopped = start(store, world, LITHIUM)
    with store.work(writes=True):
        changing.stop(Author.patient(world.patient.viewer), stopped, new_id(), moment=ago(1), reason="Shaky hands")
    change(store, world, medicine_id, by=world.prescriber, reason="Sleep is still poor")
    log(store, world, medicine_id, days=2, state=DoseState.SKIPPED, why=Why(Reason.USE))
    factories.sign_in(client, world.patient)
    reader = Client(client.application)
    factories.sign_in(reader, world.prescriber)
    for scope in ({MED: DETAIL}, BOTH):
        share(store, world, scope)
        picture = client.get("/sharing/preview", query_string={"to": "team:prescriber"})
        real = sections(reader.get(f"/team/{world.patient.id}/medications"))
        assert len(real) == 5
        assert sections(picture) == real


def test_the_patient_reads_who_looked_at_their_medicines(client: Client, world: World, store: Store) -> None:
    start(store, world)
    share(store, world, BOTH)
    page_of(Client(client.application), world, world.prescriber)
    page_of(Client(client.application), world, world.therapist)
    factories.sign_in(client, world.patient)
    words = client.get("/sharing/access-log").main_words
    assert "Dr Ana Ruiz, prescriber, read your alcohol and drugs and medicines on the page of your medicines." in words
    assert "Tom Birch, therapist, opened the page of your medicines. None were shared with them." in words
