"""A supporter's private space: kept once, nobody else's, gone when it is taken away."""

from __future__ import annotations

import pytest
from flask import Flask

from patient_app.core.ids import new_id
from patient_app.core.roles import Role
from patient_app.core.work import Store, db
from patient_app.learn.models import OwnNote
from tests.factories import Made, make_person, make_practice, sign_in
from tests.page import Client


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
