"""Lessons that a clinician gave: suggested with the reason, and what becomes of them is the person's own."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from patient_app.accounts.models import TeamMembership
from patient_app.core import clock
from patient_app.core.errors import NotFound
from patient_app.core.ids import new_id
from patient_app.core.work import Store, db
from patient_app.learn import given, library, service
from patient_app.learn.given import Given, OwnGivens
from patient_app.learn.models import LessonAssignment
from patient_app.profile import service as profiles
from patient_app.profile.service import Part
from tests.factories import Made, make_check_in, sign_in
from tests.features.skills.given import World, make_world, now_of
from tests.page import Client

SLEEP, FEAR, WAVES, TITLE = "night-rest", "sudden-fear", "waves", "The long night"
SetTime = Callable[[datetime | str], None]


@pytest.fixture
def world(store: Store, set_time: SetTime) -> World:
    set_time("2026-11-30 15:00")
    found = make_world(store)
    with store.work(writes=True):
        profiles.finish_welcome(found.patient.viewer)
    return found


@pytest.fixture
def phone(app: Flask, world: World) -> Client:
    found = Client(app)
    sign_in(found, world.patient)
    return found


def give(
    store: Store,
    world: World,
    slug: str = SLEEP,
    note: str = "",
    *,
    by: Made | None = None,
    lesson_id: uuid.UUID | None = None,
) -> uuid.UUID:
    """Have a clinician give a lesson now."""
    found = lesson_id or new_id()
    lesson = library.library_of("").lesson(slug, "en")
    with store.work(writes=True):
        given.give((by or world.therapist).viewer, world.patient.id, found, Given(lesson, note), now_of(world.patient))
    return found


def own(store: Store, patient: Made) -> OwnGivens:
    """Return what was given, as the patient reads it."""
    with store.work(writes=False):
        return given.own_givens(patient.viewer, service.shown_to(patient.viewer))


def mark_read(phone: Client, slug: str = SLEEP) -> None:
    sent = {"id": str(new_id()), "mark": "read"}
    assert phone.post(f"/learn/lessons/{slug}/mark", data=sent).status_code == 303


def test_it_is_the_suggestion_of_a_day_with_who_gave_it_and_stands_in_learn_until_it_is_read(
    store: Store, world: World, phone: Client, set_time: SetTime
) -> None:
    give(store, world, note="See what fits you.")
    make_check_in(store, world.patient, mood=2)  # By which a rule would suggest another.
    said = f"Your therapist Tom Birch suggests this. It is in Learn: {TITLE} See what fits you."
    for _ in range(2):
        assert said in phone.get("/today").words
    assert "You noted a low mood." not in phone.get("/today").words
    assert "No one is told if you read it" in phone.get(f"/learn/lessons/{SLEEP}").words
    assert TITLE in phone.get("/learn/saved").words  # Whole, for a place without a network.
    set_time("2026-12-01 15:00")
    make_check_in(store, world.patient, mood=2)
    today = phone.get("/today").words
    assert said not in today
    assert "You noted a low mood." in today
    assert f"From your team {TITLE} Given to you by Tom Birch" in phone.get("/learn").words
    mark_read(phone)
    assert TITLE not in phone.get("/learn").main_words.split("How care works")[0]
    assert own(store, world.patient).before[0].is_read


def test_never_more_than_one_a_day_and_the_first_given_comes_first(
    store: Store, world: World, phone: Client, set_time: SetTime
) -> None:
    give(store, world, FEAR, by=world.prescriber)
    set_time("2026-11-30 16:00")
    give(store, world)
    said = "suggests this."
    page = phone.get("/today")
    assert page.words.count(said) == 1
    assert "Your prescriber Dr Ana Ruiz suggests this." in page.words
    mark_read(phone, FEAR)
    assert said not in phone.get("/today").words  # This day suggested one already.
    set_time("2026-12-01 15:00")
    assert "Your therapist Tom Birch suggests this." in phone.get("/today").words


def test_what_was_read_before_it_was_given_waits_and_reading_it_once_more_counts(
    store: Store, world: World, phone: Client, set_time: SetTime
) -> None:
    mark_read(phone)
    set_time("2026-11-30 17:00")
    give(store, world)
    assert "Given to you by Tom Birch" in phone.get("/learn").words
    set_time("2026-11-30 18:00")
    page = phone.get(f"/learn/lessons/{SLEEP}")
    assert "I read it" in page.words
    mark_read(phone)
    assert "Not read yet" in phone.get(f"/learn/lessons/{SLEEP}").words
    assert own(store, world.patient).waiting == ()


def test_put_aside_and_back_and_taken_back(store: Store, world: World, phone: Client) -> None:
    first = give(store, world)
    page = phone.follow(phone.submit(phone.get("/learn/given").form(action=f"/learn/given/{first}/put-aside")))
    assert "Put aside. Nobody is told." in page.words
    assert phone.post(f"/learn/given/{first}/put-aside").status_code == 303
    assert "suggests this" not in phone.get("/today").words
    assert TITLE in page.words  # Below: it can wait again.
    assert phone.submit(page.form(action=f"/learn/given/{first}/put-back")).status_code == 303
    assert "suggests this" in phone.get("/today").words
    with store.work(writes=True):
        given.withdraw(world.therapist.viewer, world.patient.id, first)
    for address in ("/today", "/learn/given", f"/learn/lessons/{SLEEP}"):
        assert "suggests this" not in phone.get(address).words
    with store.work(writes=True):
        given.withdraw(world.therapist.viewer, world.patient.id, first)  # Once more is once.


def test_who_leaves_the_team_suggests_nothing_and_their_note_stays(store: Store, world: World, phone: Client) -> None:
    give(store, world, note="Kept words")
    with store.work(writes=True):
        ended = update(TeamMembership).where(TeamMembership.id == world.membership)
        db().execute(ended.values(ended_at=clock.now()))
    assert "suggests this" not in phone.get("/today").words
    assert "Given to you" not in phone.get("/learn").words
    assert "Kept words" in phone.get("/learn/given").words


def test_a_topic_that_is_not_for_now_is_named_nowhere_unasked(store: Store, world: World, phone: Client) -> None:
    give(store, world, note="About the nights")
    phone.post("/learn/choices", data={"not_now": ["sleep"], "suggests": "y"})
    for address in ("/today", "/learn", "/learn/saved"):
        words = phone.get(address).words
        assert TITLE not in words
        assert "About the nights" not in words
    page = phone.get("/learn/given")
    assert "Nothing waits now." in page.words
    assert TITLE in next("".join(one.itertext()) for one in page.all("details") if "you put aside" in _text(one))
    phone.post("/learn/choices", data={"suggests": "y"})
    assert "About the nights" in phone.get("/today").words


def _text(element: object) -> str:
    return " ".join("".join(element.itertext()).split())  # type: ignore[attr-defined]


def test_without_suggestions_today_says_nothing_and_learn_still_does(store: Store, world: World, phone: Client) -> None:
    give(store, world)
    phone.post("/learn/choices", data={})
    assert "suggests this" not in phone.get("/today").words
    assert "Given to you by Tom Birch" in phone.get("/learn").words


def test_about_use_is_on_no_page_of_a_person_for_whom_it_plays_no_part(
    store: Store, world: World, phone: Client
) -> None:
    give(store, world, WAVES, note="The pull")
    assert "The pull" in phone.get("/today").words
    with store.work(writes=True):
        profiles.change(world.patient.viewer, part=Part.NO)
    for address in ("/today", "/learn", "/learn/given", "/learn/saved", "/learn/search", "/learn/choices"):
        words = phone.get(address).words
        assert "The pull" not in words
        assert "Cravings" not in words
        assert "put aside" not in words or address == "/learn/given"
    assert own(store, world.patient) == OwnGivens()


def test_given_once_and_the_id_is_the_key(store: Store, world: World) -> None:
    first = give(store, world, note="n")
    give(store, world, note="n", lesson_id=first)
    assert len(own(store, world.patient).waiting) == 1
    for again in (new_id(),):
        with pytest.raises(given.AlreadyGiven):
            give(store, world, note="m", lesson_id=again)
    with pytest.raises(given.IdTaken):
        give(store, world, note="other", lesson_id=first)
    with pytest.raises(given.IdTaken):
        give(store, world, FEAR, lesson_id=first, by=world.prescriber)
    with store.work(writes=True), pytest.raises(NotFound):
        given.withdraw(world.prescriber.viewer, world.patient.id, first)
    with store.work(writes=True):
        given.withdraw(world.therapist.viewer, world.patient.id, first)
    give(store, world, note="once more")
    with store.work(writes=False):
        row = db().get(LessonAssignment, first)
        assert row is not None
        assert row.lesson_sealed is not None
        assert SLEEP.encode() not in row.lesson_sealed
        assert row.note == "n"


def test_a_session_in_question_and_other_people_see_and_change_none_of_it(
    app: Flask, store: Store, world: World
) -> None:
    first, since = give(store, world), clock.now()
    stranger = replace(world.patient.viewer, entries_closed_from=since, entries_closed_until=since + timedelta(days=1))
    with store.work(writes=True):
        assert given.own_givens(stranger, service.shown_to(stranger)) == OwnGivens()
        for who in (stranger, world.other.viewer):
            with pytest.raises(NotFound):
                given.put_aside(who, first, aside=True)
    other = Client(app)
    sign_in(other, world.other)
    assert TITLE not in other.get("/learn/given").words
    assert other.post(f"/learn/given/{first}/put-aside").status_code == 404
    assert own(store, world.patient).waiting[0].id == first


@pytest.mark.sqlite
def test_what_a_person_kept_before_there_was_any_of_this_is_read(store: Store, world: World) -> None:
    with store.work(writes=True):
        row, _ = service._for_change(world.patient.viewer)
        row.kept = '{"marks": {}, "not_now": [], "suggests": true, "suggested": []}'
    with store.work(writes=False):
        assert service.own_learning(world.patient.viewer).given_aside == frozenset()
