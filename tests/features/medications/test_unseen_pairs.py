"""What a prescriber cannot see beside what they entered is told to the patient, and to nobody else."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import func, select

from patient_app.access_log.models import AccessRecord
from patient_app.consent.categories import Category
from patient_app.consent.models import Consent
from patient_app.core.errors import NotFound
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline
from patient_app.core.work import Store, db
from patient_app.medications import changing, parts, regimen, unseen_pairs
from patient_app.medications.changing import Author
from patient_app.medications.models import Answer
from patient_app.medications.said import Said
from patient_app.medications.unseen_pairs import UnseenPair
from tests import factories
from tests.features.medications.regimens import NALTREXONE, SERTRALINE
from tests.features.reading.medicines_world import (
    BOTH,
    DETAIL,
    LITHIUM,
    MED,
    NOW,
    TODAY,
    World,
    ago,
    change,
    make_world,
    mark,
    names,
    read,
    share,
    start,
)
from tests.page import Client
from tests.sweeps.test_statements import counted

METHADONE = Said("methadone", "methadone", "10 mg", "tablet")


@pytest.fixture
def world(store: Store, set_time: Callable[[datetime], None]) -> World:
    set_time(NOW)
    return make_world(store)


def pairs_of(store: Store, world: World, *, waiting_only: bool = False) -> list[UnseenPair]:
    with store.work(writes=False):
        own = regimen.own_medicines(world.patient.viewer)
        return unseen_pairs.unseen_pairs(world.patient.viewer, own, TODAY, waiting_only=waiting_only)


def stop(store: Store, world: World, medicine_id: uuid.UUID, days: int) -> None:
    with store.work(writes=True):
        changing.stop(Author.patient(world.patient.viewer), medicine_id, new_id(), moment=ago(days))


def test_a_private_one_is_told_and_one_tap_opens_it_to_whom_consents_let_see_it(store: Store, world: World) -> None:
    hidden = start(store, world, LITHIUM, private=True)
    entered = start(store, world, by=world.prescriber)
    share(store, world, {MED: DETAIL})
    share(store, world, {MED: DETAIL}, to=Discipline.THERAPIST)
    [pair] = pairs_of(store, world)
    assert (pair.entered.id, pair.unseen.id, pair.prescriber, pair.kept, pair.missing) == (
        entered,
        hidden,
        "Dr Ana Ruiz",
        True,
        None,
    )
    assert [one.name for one in pair.others] == ["Dr Ana Ruiz", "Tom Birch"]
    assert names(read(store, world)) == ["sertraline"]
    with store.work(writes=True):
        assert unseen_pairs.tell_prescriber(world.patient.viewer, entered, hidden, TODAY)
    assert names(read(store, world)) == ["lithium", "sertraline"]
    assert pairs_of(store, world) == []
    with store.work(writes=True), pytest.raises(NotFound):
        unseen_pairs.tell_prescriber(world.patient.viewer, entered, hidden, TODAY)


@pytest.mark.parametrize("private", [False, True])
def test_one_of_a_session_in_question_is_not_seen_and_nothing_opens_it(
    client: Client, store: Store, world: World, private: bool
) -> None:
    hidden = start(store, world, LITHIUM, private=private)
    mark(store, hidden, while_closed=True)
    entered = start(store, world, by=world.prescriber)
    share(store, world, BOTH)
    [pair] = pairs_of(store, world)
    assert (pair.unseen.id, pair.kept, pair.missing, pair.others) == (hidden, False, None, ())
    with store.work(writes=False):
        assert parts.who_sees_medicine(world.patient.viewer, pair.unseen) == []
        assert parts.who_sees_dose(world.patient.viewer, pair.unseen, TODAY) == []
        assert [one.name for one in parts.who_sees_medicine(world.patient.viewer, pair.entered)] == ["Dr Ana Ruiz"]
    factories.sign_in(client, world.patient)
    page = client.get(f"/medications/{entered}")
    assert "cannot see the other" in page.main_words
    assert "Tell my prescriber" not in page.main_words


def test_what_no_consent_covers_stays_closed_and_names_what_is_missing(store: Store, world: World) -> None:
    hidden = start(store, world, NALTREXONE)
    entered = start(store, world, METHADONE, by=world.prescriber)
    share(store, world, {MED: DETAIL})
    # Methadone is for alcohol or drugs as well: the prescriber who wrote it does not see it now.
    [pair] = pairs_of(store, world)
    assert (pair.unseen.id, pair.kept, pair.missing) == (hidden, False, Category.SUBSTANCE_USE)
    with store.work(writes=True):
        assert not unseen_pairs.tell_prescriber(world.patient.viewer, entered, hidden, TODAY)
    assert read(store, world).medicines == ()
    share(store, world, BOTH)
    assert pairs_of(store, world) == []


def test_without_any_consent_it_is_medicines_that_are_missing(store: Store, world: World) -> None:
    start(store, world, LITHIUM)
    start(store, world, by=world.prescriber)
    [pair] = pairs_of(store, world)
    assert (pair.prescriber, pair.missing, pair.recipient) == ("Dr Ana Ruiz", MED, "team:prescriber")


def test_a_private_one_for_drugs_is_not_opened_by_half_a_consent(store: Store, world: World) -> None:
    start(store, world, LITHIUM, private=True, about_use=True)
    start(store, world, by=world.prescriber)
    share(store, world, {MED: DETAIL})
    [pair] = pairs_of(store, world)
    assert (pair.kept, pair.missing, pair.others) == (False, Category.SUBSTANCE_USE, ())


@pytest.mark.parametrize(("days", "told"), [(13, True), (16, False)])
def test_one_that_was_stopped_lately_still_counts(store: Store, world: World, days: int, told: bool) -> None:
    hidden = start(store, world, LITHIUM, days=30, private=True)
    stop(store, world, hidden, days)
    start(store, world, by=world.prescriber)
    share(store, world, {MED: DETAIL})
    assert [pair.is_stopped for pair in pairs_of(store, world)] == ([True] if told else [])


@pytest.mark.parametrize(("days", "told"), [(34, [35]), (37, [])])
def test_fluoxetine_still_counts_for_five_weeks(store: Store, world: World, days: int, told: list[int]) -> None:
    """Labelling of MAOIs asks for them after fluoxetine; for others it asks for two weeks."""
    hidden = start(store, world, Said("fluoxetine", "fluoxetine"), days=60, private=True)
    stop(store, world, hidden, days)
    share(store, world, {MED: DETAIL})
    start(store, world, Said("phenelzine", "phenelzine"), by=world.prescriber)
    assert [pair.still_days for pair in pairs_of(store, world)] == told


def test_nothing_is_told_of_pairs_that_are_none(store: Store, world: World) -> None:
    """Two that go together; two that the patient entered; one that the prescriber sees; own words; a stop by them."""
    share(store, world, {MED: DETAIL})
    hidden = start(store, world, LITHIUM, private=True)
    start(store, world, SERTRALINE)
    start(store, world, Said("lamotrigine", "lamotrigine"), by=world.prescriber)
    start(store, world, Said("my own tea"), by=world.prescriber)
    assert pairs_of(store, world) == []
    entered = start(store, world, Said("escitalopram", "escitalopram"), by=world.prescriber)
    assert len(pairs_of(store, world)) == 1
    mark(store, hidden, private=False)
    assert pairs_of(store, world) == []
    mark(store, hidden, private=True)
    with store.work(writes=True):
        changing.stop(Author.prescriber(world.prescriber.viewer, world.patient.id), entered, new_id(), moment=ago(0))
    assert pairs_of(store, world) == []


def test_today_asks_until_the_change_is_answered_and_the_page_goes_on(store: Store, world: World) -> None:
    share(store, world, {MED: DETAIL})
    start(store, world, LITHIUM, private=True)
    entered = start(store, world)
    version_id = change(store, world, entered, by=world.prescriber, reason="more")
    assert len(pairs_of(store, world, waiting_only=True)) == 1
    with store.work(writes=True):
        changing.answer_change(world.patient.viewer, version_id, Answer.SEEN, moment=ago(0))
    assert pairs_of(store, world, waiting_only=True) == []
    assert len(pairs_of(store, world)) == 1


def test_nothing_of_it_reaches_the_prescriber(store: Store, world: World) -> None:
    """Neither the patient's reading of it, nor where they are led, writes anything that anybody else can see."""
    start(store, world, LITHIUM, private=True)
    entered = start(store, world, by=world.prescriber)
    consent_id = share(store, world, {MED: DETAIL})
    before = read(store, world)
    pairs_of(store, world)
    with store.work(writes=True):
        assert db().scalar(select(func.count()).select_from(AccessRecord)) == 1
        assert db().scalars(select(Consent.id)).all() == [consent_id]
    assert read(store, world) == before
    assert [one.id for one in before.medicines] == [entered]


def test_the_clinicians_pages_are_the_same_with_it_and_without(client: Client, store: Store, world: World) -> None:
    """The same words, and as many statements: before there is such a pair, and once the patient was told of it."""
    share(store, world, {MED: DETAIL})
    entered = start(store, world, by=world.prescriber)
    factories.sign_in(client, world.prescriber)
    at = f"/team/{world.patient.id}"
    addresses = (
        "/team",
        at,
        f"{at}/medications",
        f"{at}/medications/{entered}",
        f"{at}/effects",
        f"{at}/medications/new",
    )

    def seen() -> list[tuple[str, int]]:
        found = []
        for address in addresses:
            with counted(store.database, store.keys.database) as counter:
                words = client.get(address).main_words
            found.append((words, len(counter.statements)))
        return found

    seen()  # What is recorded once a day is recorded.
    before = seen()
    start(store, world, LITHIUM, private=True)
    own = Client(client.application)
    factories.sign_in(own, world.patient)
    assert "can be a risk" in own.get("/today").words
    assert "can be a risk" in own.get(f"/medications/{entered}").words
    assert seen() == before


def test_a_prescriber_who_left_the_team_is_not_named(store: Store, world: World) -> None:
    left = factories.make_clinician(store, world.practice, Discipline.PRESCRIBER, name="Dr Gone")
    start(store, world, LITHIUM)
    start(store, world, by=left)
    share(store, world, {MED: DETAIL})
    [pair] = pairs_of(store, world)
    assert (pair.prescriber, pair.recipient, pair.kept) == ("", "", False)


def test_on_today_and_on_the_page_with_one_tap(client: Client, world: World, store: Store) -> None:
    share(store, world, {MED: DETAIL})
    hidden = start(store, world, LITHIUM, private=True)
    entered = start(store, world, by=world.prescriber)
    factories.sign_in(client, world.patient)
    today = client.get("/today")
    assert "Taken at once, sertraline and lithium can be a risk." in today.words
    page = client.get(f"/medications/{entered}")
    assert "Dr Ana Ruiz wrote down one and cannot see the other." in page.words
    assert "Then these people can see it: Dr Ana Ruiz." in page.words
    assert "can be a risk" in client.get(f"/medications/{hidden}").words
    answer = client.submit(page.form(action=f"/medications/{entered}/tell/{hidden}"))
    assert answer.status_code == 303
    assert "Your prescriber can see it now." in client.follow(answer).words
    assert "can be a risk" not in client.get(f"/medications/{entered}").words
    assert "lithium" in names(read(store, world))
    # Pressed again, from a page that was open: there is nothing to tell any more.
    assert client.post(f"/medications/{entered}/tell/{hidden}").status_code == 404


def test_pages_that_were_made_simple_tell_of_it_too(client: Client, world: World, store: Store) -> None:
    start(store, world, LITHIUM, private=True)
    entered = start(store, world, by=world.prescriber)
    share(store, world, {MED: DETAIL})
    factories.sign_in(client, world.patient)
    client.post("/simple", data={"simple": "on"})
    page = client.get("/today")
    assert "Three things that may help" in page.main_words
    assert "Taken at once, sertraline and lithium can be a risk." in page.main_words
    assert f"/medications/{entered}#unseen" in page.links


def test_where_consent_does_not_reach_the_page_leads_to_sharing(client: Client, world: World, store: Store) -> None:
    start(store, world, NALTREXONE)
    entered = start(store, world, Said("methadone", "methadone"), by=world.prescriber)
    share(store, world, {MED: DETAIL})
    factories.sign_in(client, world.patient)
    page = client.get(f"/medications/{entered}")
    assert "share this with them: Alcohol and drugs." in page.words
    assert "/sharing/new?to=team:prescriber" in page.links
    assert client.get("/today").status_code == 200
