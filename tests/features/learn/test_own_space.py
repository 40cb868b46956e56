"""A supporter's private space: kept once, nobody else's, gone when it is taken away."""

from __future__ import annotations

import pytest
from flask import Flask

from patient_app.core.ids import new_id
from patient_app.core.roles import Role
from patient_app.core.work import Store, db
from patient_app.learn.models import OwnNote, OwnShelf
from tests.factories import Made, make_person, make_practice, sign_in
from tests.page import Client

CUP, LINES = "your-own-cup", "lines-with-love"


@pytest.fixture
def supporter(store: Store) -> Made:
    return make_person(store, make_practice(store), Role.SUPPORTER)


def browser_of(app: Flask, person: Made) -> Client:
    """Return somebody's browser."""
    client = Client(app)
    sign_in(client, person)
    return client


def test_a_note_is_kept_once_sealed_and_taken_away_for_good(app: Flask, store: Store, supporter: Made) -> None:
    client, note_id = browser_of(app, supporter), new_id()
    sent = {"id": str(note_id), "feels": "2", "words": "so tired"}
    for _ in range(2):
        assert client.post("/supporting/me", data=sent).status_code == 303
    page = client.get("/supporting/me")
    assert page.words.count("so tired") == 1
    assert {"tel:988", "sms:988"} <= set(page.links)
    with store.work(writes=False):
        row = db().get(OwnNote, note_id)
        assert row is not None
        assert b"tired" not in (row.words_sealed or b"tired")
    other_words = client.post("/supporting/me", data={**sent, "words": "better"})
    assert other_words.status_code == 422
    assert "better" in other_words.html
    for _ in range(2):
        assert client.post(f"/supporting/me/{note_id}/remove").status_code == 303
    assert "so tired" not in client.get("/supporting/me").words
    with store.work(writes=False):
        assert db().get(OwnNote, note_id) is None


def test_nothing_is_kept_of_nothing_and_what_is_wrong_stays_on_the_page(app: Flask, supporter: Made) -> None:
    client = browser_of(app, supporter)
    for sent in ({}, {"feels": ""}, {"feels": "6"}, {"feels": "1e399990"}, {"words": "a\x00b"}, {"words": "x" * 5000}):
        page = client.post("/supporting/me", data={"id": str(new_id()), **sent})
        assert page.status_code == 422, sent
    assert "What you kept" not in client.get("/supporting/me").words


def test_the_lines_for_who_stands_by_are_called_in_their_language(app: Flask, store: Store) -> None:
    practice = make_practice(store)
    for language, text, words in (("en", "sms:988", "Text 988"), ("es", "sms:988?&body=AYUDA", "Enviar AYUDA al 988")):
        page = browser_of(app, make_person(store, practice, Role.SUPPORTER, language=language)).get("/supporting/me")
        assert text in page.links, page.links
        assert words in page.words
        assert "Para veteranos, y para quienes" in page.words if language == "es" else "people who care" in page.words


def test_nobody_else_comes_near_it(app: Flask, store: Store, supporter: Made) -> None:
    note_id = new_id()
    browser_of(app, supporter).post("/supporting/me", data={"id": str(note_id), "feels": "1", "words": "hidden"})
    practice = make_practice(store, "Other")
    other = browser_of(app, make_person(store, practice, Role.SUPPORTER))
    assert "hidden" not in other.get("/supporting/me").words
    assert other.post(f"/supporting/me/{note_id}/remove").status_code == 303  # As for one that never was.
    assert other.post("/supporting/me", data={"id": str(note_id), "feels": "1", "words": "hidden"}).status_code == 422
    for role in (Role.PATIENT, Role.CLINICIAN, Role.ADMINISTRATOR):
        client = browser_of(app, make_person(store, practice, role))
        assert client.get("/supporting/me").status_code == 404
        assert client.get("/supporting/learn").status_code == 404
    with store.work(writes=False):
        assert db().get(OwnNote, note_id) is not None


def mark(client: Client, slug: str, word: str) -> int:
    """Tap one of the buttons under a lesson; return the status."""
    sent = {"id": str(new_id()), "mark": word}
    return client.post(f"/supporting/lessons/{slug}/mark", data=sent).status_code


def test_a_lesson_is_saved_for_oneself_alone_and_taken_off_again(app: Flask, store: Store, supporter: Made) -> None:
    client = browser_of(app, supporter)
    assert mark(client, CUP, "unsave") == 303  # Never saved: nothing happens.
    for slug in (CUP, CUP, LINES):
        assert mark(client, slug, "save") == 303
    for address in ("/supporting/learn", "/supporting/me"):
        page = client.get(address)
        assert "Saved by you" in page.words
        rows = [link for link in page.links if link.startswith("/supporting/lessons/")]
        assert rows[:2] == [f"/supporting/lessons/{slug}" for slug in (LINES, CUP)]  # The last saved first.
    assert "Take it off my lessons" in client.get(f"/supporting/lessons/{CUP}").words
    with store.work(writes=False):
        row = db().get(OwnShelf, supporter.id)
        assert row is not None
        assert CUP.encode() not in (row.kept_sealed or CUP.encode())
    for slug in (CUP, CUP, LINES):
        assert mark(client, slug, "unsave") == 303
    assert "Saved by you" not in client.get("/supporting/me").words
    for wrong in ("read", "unread", "", "burn", "1e399990"):
        assert mark(client, CUP, wrong) == 400
    assert mark(client, "night-rest", "save") == 404  # One for patients.


def test_what_a_supporter_saved_is_seen_by_nobody_else(app: Flask, store: Store, supporter: Made) -> None:
    assert mark(browser_of(app, supporter), CUP, "save") == 303
    practice = make_practice(store, "Other")
    assert (
        "Saved by you" not in browser_of(app, make_person(store, practice, Role.SUPPORTER)).get("/supporting/me").words
    )
    for role in (Role.PATIENT, Role.CLINICIAN, Role.ADMINISTRATOR):
        client = browser_of(app, make_person(store, practice, role))
        assert mark(client, CUP, "save") == 404
        assert client.post("/supporting/learn/search", data={"words": "rest"}).status_code == 404


def test_words_are_looked_for_in_their_own_lessons_and_stand_in_no_address(app: Flask, supporter: Made) -> None:
    client = browser_of(app, supporter)
    page = client.submit(client.get("/supporting/learn").form(action="/supporting/learn/search"), words="naloxone")
    assert page.status_code == 200
    assert "/supporting/lessons/help-that-helps" in page.links
    assert not [link for link in page.links if "naloxone" in link or link.startswith("/learn/")]
    assert "No lesson with these words" in client.post("/supporting/learn/search", data={"words": "clozapine"}).words
    for wrong in ("", "x" * 101, "a\x00b"):
        assert client.post("/supporting/learn/search", data={"words": wrong}).status_code == 422
