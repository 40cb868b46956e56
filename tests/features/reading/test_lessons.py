"""Lessons that were given, through the one door: who sees that, what is recorded, and that no reading is ever told."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from flask import Flask
from sqlalchemy import select, update

from patient_app.access_log.models import AccessKind, AccessRecord
from patient_app.accounts.models import TeamMembership
from patient_app.consent.categories import Category, Level
from patient_app.consent.models import Consent, ConsentState
from patient_app.core import clock
from patient_app.core.errors import NotFound
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline
from patient_app.core.work import Store, db
from patient_app.learn import given, service
from patient_app.reading import lessons as reading
from patient_app.reading.lessons import SharedLesson
from tests.factories import Made, give_consent, make_clinician, make_supporter, sign_in, tie_supporter
from tests.features.learn.test_given import SLEEP, TITLE, WAVES, give
from tests.features.skills.given import World, make_world, now_of
from tests.page import Client

SKILLS, USE, DETAIL = Category.SKILLS, Category.SUBSTANCE_USE, Level.DETAIL


@pytest.fixture
def world(store: Store) -> World:
    return make_world(store)


@pytest.fixture
def team(app: Flask, world: World) -> Client:
    found = Client(app)
    sign_in(found, world.therapist)
    return found


def seen(store: Store, who: Made, world: World) -> dict[str, SharedLesson]:
    """Return what somebody reads, by lesson."""
    with store.work(writes=True):
        found = reading.read_lessons(who.viewer, world.patient.id)
    return {one.given.lesson.slug: one for one in found.items}


# With these shared: what another one of the team sees of the two that the therapist gave.
CASES: list[tuple[Mapping[Category, Level], set[str]]] = [
    ({}, set()),
    ({Category.MOOD: DETAIL, Category.NOTES: DETAIL, USE: DETAIL}, set()),
    ({SKILLS: Level.SUMMARY}, set()),
    ({SKILLS: DETAIL}, {SLEEP}),
    ({SKILLS: DETAIL, USE: DETAIL}, {SLEEP, WAVES}),
]


@pytest.mark.parametrize(("scope", "others"), CASES)
def test_who_gave_it_sees_that_and_others_only_by_its_category(
    store: Store, world: World, scope: Mapping[Category, Level], others: set[str]
) -> None:
    for slug in (SLEEP, WAVES):
        give(store, world, slug, note=f"of {slug}")
    if scope:
        give_consent(store, world.patient, world.prescriber, scope)
    assert set(seen(store, world.therapist, world)) == {SLEEP, WAVES}
    found = seen(store, world.prescriber, world)
    assert set(found) == others
    assert not any(one.may_be_withdrawn for one in found.values())


def test_an_end_of_the_consent_closes_it_and_leaving_the_team_the_page(store: Store, world: World) -> None:
    consent = give_consent(store, world.patient, Discipline.PRESCRIBER, {SKILLS: DETAIL})
    give(store, world)
    assert set(seen(store, world.prescriber, world)) == {SLEEP}
    with store.work(writes=True):
        db().execute(update(Consent).where(Consent.id == consent).values(state=ConsentState.PAUSED))
    assert seen(store, world.prescriber, world) == {}
    with store.work(writes=True):
        ended = update(TeamMembership).where(TeamMembership.id == world.membership)
        db().execute(ended.values(ended_at=clock.now()))
    with pytest.raises(NotFound):
        seen(store, world.therapist, world)


def test_each_reading_is_recorded_with_what_it_relied_on(store: Store, world: World) -> None:
    give(store, world, WAVES)
    seen(store, world.therapist, world)
    seen(store, world.prescriber, world)
    give_consent(store, world.patient, world.prescriber, {SKILLS: DETAIL, USE: DETAIL, Category.MOOD: DETAIL})
    seen(store, world.prescriber, world)
    with store.work(writes=False):
        query = select(AccessRecord).where(AccessRecord.kind == AccessKind.LESSONS).order_by(AccessRecord.seq)
        found = [(row.viewer_role, set(row.categories), row.consent_id is not None) for row in db().scalars(query)]
    assert found == [
        ("therapist", set(), False),
        ("prescriber", set(), False),
        ("prescriber", {"skills", "substance_use"}, True),
    ]


def test_whether_it_was_read_or_put_aside_changes_nothing_that_anybody_else_reads(
    store: Store, world: World, team: Client
) -> None:
    give_consent(store, world.patient, world.therapist, {SKILLS: DETAIL, USE: DETAIL})
    first, second = give(store, world), give(store, world, WAVES)
    address = f"/team/{world.patient.id}/lessons"
    pages = (address, f"{address}/new", f"{address}/new/{SLEEP}", f"/team/{world.patient.id}")
    before = [team.get(page).main_words for page in pages]
    patient = world.patient.viewer
    with store.work(writes=True):
        service.mark_read(patient, service.lesson_for(SLEEP), read=True)
        given.put_aside(patient, second, aside=True)
        service.choose(patient, not_now=["craving", "sleep"], suggests=False)
    assert [team.get(page).main_words for page in pages] == before
    again = team.submit(team.get(pages[2]).form(action=pages[2]))
    assert "You gave this one already. Take that back first." in again.words
    assert first


def test_it_is_given_by_the_form_with_what_is_not_told_and_taken_back(store: Store, world: World, team: Client) -> None:
    address = f"/team/{world.patient.id}/lessons/new/{WAVES}"
    page = team.get(address)
    assert "A person can put topics aside" in page.words
    assert "If someone reads a lesson, they alone know." in page.words
    assert "about alcohol or drugs" in page.words
    assert "A craving starts small." in page.words
    form = page.form(action=address)
    answers = [team.submit(form, note="For tonight") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    shown = team.follow(answers[0])
    assert shown.words.count("For tonight") == 1
    assert "42 CFR" in shown.words
    back = next(one for one in shown.forms if one.action.endswith("/withdraw"))
    after = team.follow(team.submit(back))
    assert "Taken back" in after.words
    assert not [one for one in after.forms if one.action.endswith("/withdraw")]
    for wrong in ("n" * 301, "a\x00b"):
        sent = {"id": str(new_id()), "note": wrong}
        assert team.post(address, data=sent).status_code == 422
    for nowhere in ("nothing", "help-that-helps"):  # The second is for family and friends.
        assert team.get(f"/team/{world.patient.id}/lessons/new/{nowhere}").status_code == 404


def test_nobody_off_the_team_opens_or_gives_anything(app: Flask, store: Store, world: World) -> None:
    first = give(store, world)
    supporter = make_supporter(store, world.practice)
    tie_supporter(store, world.patient, supporter)
    give_consent(store, world.patient, supporter, {SKILLS: DETAIL})
    stranger = make_clinician(store, world.practice, Discipline.THERAPIST)
    for who in (supporter, stranger, world.administrator, world.other):
        client, address = Client(app), f"/team/{world.patient.id}/lessons"
        sign_in(client, who)
        for page in (address, f"{address}/new", f"{address}/new/{SLEEP}"):
            assert client.get(page).status_code in (403, 404)
        assert client.post(f"{address}/new/{SLEEP}", data={"id": str(new_id())}).status_code in (403, 404)
        assert client.post(f"{address}/{first}/withdraw").status_code in (403, 404)
    other = Client(app)
    sign_in(other, world.therapist)  # Of the other patient's team too: an id there names nothing of this one's.
    assert other.post(f"/team/{world.other.id}/lessons/{first}/withdraw").status_code == 404
    assert set(seen(store, world.therapist, world)) == {SLEEP}
    assert seen(store, world.therapist, world)[SLEEP].day == now_of(world.patient).day


def test_see_what_they_see_shows_the_same(app: Flask, store: Store, world: World) -> None:
    give_consent(store, world.patient, Discipline.PRESCRIBER, {SKILLS: DETAIL})
    give(store, world, note="Nights")
    give(store, world, WAVES, note="Unseen")
    patient, prescriber = Client(app), Client(app)
    sign_in(patient, world.patient)
    sign_in(prescriber, world.prescriber)
    theirs = prescriber.get(f"/team/{world.patient.id}/lessons")
    picture = patient.get("/sharing/preview?to=team:prescriber")
    for page in (theirs, picture):
        assert TITLE in page.words
        assert "Nights" in page.words
        assert "Unseen" not in page.words
    record = patient.get("/sharing/access-log").words
    assert "Dr Ana Ruiz" in record
    assert "on the page of lessons that were given to you" in record
