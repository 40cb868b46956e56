"""What a person put aside no page brings up by itself; asked for by name it is there, and so is all for safety."""

from __future__ import annotations

import pytest
from flask import Flask

from patient_app.core import not_now
from patient_app.core.not_now import NotNow
from patient_app.core.work import Store
from patient_app.effects import prompts
from patient_app.learn import library as libraries
from patient_app.learn import service
from patient_app.learn.facts import Audience
from patient_app.profile import service as profiles
from patient_app.profile.service import Part
from patient_app.skills import library as skills
from patient_app.skills.words import TOPIC_OF_NEED, TOPICS
from tests.factories import Made, make_check_in, sign_in
from tests.features.skills.given import World, give, make_world
from tests.page import Client, Page

PULL, SLEEP = "I feel a pull to drink or use", "Sleep, and the shape of my days"


@pytest.fixture
def world(store: Store) -> World:
    found = make_world(store)
    with store.work(writes=True):
        profiles.finish_welcome(found.patient.viewer)
    return found


@pytest.fixture
def phone(app: Flask, world: World) -> Client:
    found = Client(app)
    sign_in(found, world.patient)
    return found


def put_aside(store: Store, patient: Made, *topics: str) -> None:
    """Have a person put topics aside, these and no others."""
    with store.work(writes=True):
        service.choose(patient.viewer, not_now=topics, suggests=True)


def unasked(page: Page) -> str:
    """Return what of a page is read without opening what was put aside; the library folds by feeling."""
    inside = {
        id(each) for fold in page.all("details", class_name="more") for each in fold.iter() if each.tag != "summary"
    }
    main = page.all("main")[0]
    return " ".join((each.text or "") for each in main.iter() if id(each) not in inside)


@pytest.mark.sqlite
def test_what_an_exercise_is_about_is_a_topic_of_the_library() -> None:
    topics = libraries.library_of("").shelf.topics
    assert set(topics) >= TOPICS
    used = {topic for one in skills.all_exercises().values() for topic in one.topics}
    assert used == TOPICS
    assert set(TOPIC_OF_NEED.values()) <= TOPICS
    for one in skills.all_exercises().values():
        assert not any(topics[topic].about_use for topic in one.topics) or one.about_use


def test_no_page_of_skills_names_it_unasked_and_asked_for_by_name_it_is_there(
    store: Store, world: World, phone: Client
) -> None:
    own = ("Ride the wave", "Practice saying no", "Look back at one time", "How I slept", PULL, SLEEP)
    assert {words for words in own if words in unasked(phone.get("/skills"))} == set(own)
    assert {PULL, SLEEP} <= {words for words in own if words in unasked(phone.get("/skills/now"))}
    put_aside(store, world.patient, "craving", "lapse", "sleep")
    for address in ("/skills", "/skills/now", "/simple"):
        page = phone.get(address)
        assert [words for words in own if words in unasked(page)] == [], address
        assert len({link for link in page.links if link.startswith("/skills/")} - {"/skills/now", "/skills/done"}) > 2
    # Folded at the end, so that a phone without a network has it too.
    assert "Ride the wave" in phone.get("/skills").words
    assert PULL in phone.get("/skills/now").words
    assert "How I slept" in unasked(phone.post("/skills/now", data={"need": "sleep"}))
    assert "How I slept" not in unasked(phone.post("/skills/now", data={"need": "storm"}))
    assert phone.get("/skills/ride-the-wave").status_code == 200
    put_aside(store, world.patient)
    assert "Ride the wave" in unasked(phone.get("/skills"))


def test_an_exercise_that_was_given_is_not_named_and_waits(store: Store, world: World, phone: Client) -> None:
    given = give(store, world, "brave-steps")
    for address in ("/today", "/skills"):
        assert "Brave steps" in unasked(phone.get(address))
    put_aside(store, world.patient, "panic")
    for address in ("/today", "/skills"):
        assert "Brave steps" not in unasked(phone.get(address))
    assert "Brave steps" in phone.get("/skills").words
    assert phone.get(f"/skills/assigned/{given}").status_code == 200
    give(store, world, "small-thing")
    assert "From your team: Plan one small thing" in phone.get("/today").words


def test_the_note_of_the_week_is_not_suggested_where_medicine_is_put_aside(
    store: Store, world: World, phone: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prompts, "wants_week_note", lambda *_: True)
    assert "How was this week with your medicines?" in phone.get("/today").words
    put_aside(store, world.patient, "medicine")
    assert "How was this week with your medicines?" not in phone.get("/today").words


def test_what_follows_a_check_in_is_for_safety_and_stays(store: Store, world: World, phone: Client) -> None:
    put_aside(store, world.patient, *TOPICS, "overdose", "suicide", "alcohol", "opioids")
    strong = make_check_in(store, world.patient, craving=9)
    assert "For a strong pull" in phone.get(f"/check-in/{strong}?done=saved").words
    for address in ("/help", "/safety"):
        assert phone.get(address).status_code == 200


def test_a_lesson_leads_to_nothing_that_is_put_aside(store: Store, world: World, phone: Client) -> None:
    page = phone.get("/learn/lessons/waves")
    assert {"/skills/ride-the-wave", "/learn/lessons/after-one-time"} <= set(page.links)
    put_aside(store, world.patient, "lapse")
    page = phone.get("/learn/lessons/waves")
    assert "/skills/ride-the-wave" in page.links
    assert "/learn/lessons/after-one-time" not in page.links
    put_aside(store, world.patient, "lapse", "craving")
    assert "/skills/ride-the-wave" not in phone.get("/learn/lessons/waves").links


@pytest.mark.sqlite
def test_every_lesson_has_a_way_on_whatever_is_put_aside(store: Store, world: World) -> None:
    with store.work(writes=True):
        service.choose(world.patient.viewer, not_now=libraries.library_of("").shelf.topics, suggests=True)
    with store.work(writes=False):
        shown = service.shown_to(world.patient.viewer)
        assert shown.lessons == []
        for those in libraries.library_of("").by_path("en", Audience.PATIENTS).values():
            for lesson in those:
                left = service.choices_for(lesson, shown)
                assert all(link.to.startswith(("page:", "exercise:")) for link in left)
                assert not lesson.speaks_of_danger or "page:/help" in {link.to for link in left}


def test_it_is_looked_up_once_and_only_for_what_has_a_topic(
    store: Store, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def answer(patient: object) -> frozenset[str]:
        asked.append(patient)
        return frozenset({"sleep"})

    monkeypatch.setattr(not_now, "_answers", [answer])
    aside = not_now.of(world.patient.viewer)
    assert not aside.covers(())
    assert asked == []
    assert aside.covers(["sleep", "panic"])
    assert not aside.covers(["panic"])
    assert len(asked) == 1
    monkeypatch.setattr(not_now, "_answers", [])
    with pytest.raises(RuntimeError):
        NotNow(world.patient.viewer).covers(["sleep"])


def test_who_is_not_touched_by_use_reads_no_word_of_it_in_what_they_put_aside(
    store: Store, world: World, phone: Client
) -> None:
    put_aside(store, world.patient, "craving", "sleep")
    with store.work(writes=True):
        profiles.change(world.patient.viewer, part=Part.NO)
    for address in ("/skills", "/skills/now"):
        page = phone.get(address)
        assert "How I slept" in page.words
        assert "Ride the wave" not in page.words
        assert PULL not in page.words
