"""Help is one tap away, signed in or not, even when everything else is broken."""

from __future__ import annotations

import sqlite3
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from patient_app.core.ids import new_id
from patient_app.core.work import Store
from patient_app.safety.service import help_doors, help_lines
from tests.factories import make_patient, make_practice, sign_in
from tests.page import Client, Page

NUMBERS = ("tel:988", "sms:988", "tel:911")


def numbers_on(page: Page) -> bool:
    return all(number in page.links for number in NUMBERS)


def database_file(store: Store) -> Path:
    file = store.database.file
    assert file is not None
    return file


def test_help_is_open_to_everybody_and_shows_the_practices_numbers(client: Client, store: Store) -> None:
    make_practice(store)
    page = client.get("/help")
    assert page.status_code == 200
    assert numbers_on(page)
    assert "Front desk" in page.words
    assert "Nobody watches this app around the clock" in page.words


def test_numbers_of_a_practice_are_not_shown_to_strangers_when_there_are_two(client: Client, store: Store) -> None:
    make_practice(store, "One")
    make_practice(store, "Two")
    page = client.get("/help")
    assert "Front desk" not in page.words
    assert numbers_on(page)


@pytest.mark.sqlite
@pytest.mark.parametrize("fault", ["missing", "emptied", "locked"])
def test_help_answers_when_the_database_does_not(app: Flask, store: Store, fault: str) -> None:
    patient = make_patient(store, make_practice(store))
    client = Client(app)
    sign_in(client, patient)
    file = database_file(store)
    holder = sqlite3.connect(file, isolation_level=None)
    if fault == "missing":
        store.database.close()
        file.rename(file.with_suffix(".away"))
    elif fault == "emptied":
        with store.database.engine.connect() as connection:
            connection.execute(text("DROP TABLE device_session"))
            connection.commit()
    else:
        store.database.close()
        holder.execute("PRAGMA locking_mode=EXCLUSIVE")
        holder.execute("BEGIN EXCLUSIVE")
    assert numbers_on(client.get("/help"))
    assert client.get("/help").status_code == 200
    holder.close()


@pytest.mark.sqlite
def test_an_unreachable_database_says_so_plainly_keeps_the_words_and_shows_help(app: Flask, store: Store) -> None:
    patient = make_patient(store, make_practice(store))
    client = Client(app)
    sign_in(client, patient)
    store.database.close()
    file = database_file(store)
    file.rename(file.with_suffix(".away"))
    page = client.post("/check-in", data={"id": str(new_id()), "mood": "1", "note": "words that must not go"})
    assert page.status_code == 503
    assert "We cannot reach your data right now" in page.heading
    assert "words that must not go" in page.text
    assert numbers_on(page)
    assert not file.exists(), "Nothing may be made in the place of a missing database."


@pytest.mark.sqlite
def test_a_commit_that_fails_is_a_fault_of_ours_and_nothing_was_stored(app: Flask, store: Store) -> None:
    patient = make_patient(store, make_practice(store))
    client = Client(app)
    sign_in(client, patient)
    with store.database.engine.connect() as connection:
        connection.execute(
            text("CREATE TRIGGER broken BEFORE INSERT ON check_in_version BEGIN SELECT RAISE(ABORT, 'canary'); END")
        )
        connection.commit()
    page = client.post("/check-in", data={"id": str(new_id()), "mood": "1", "note": "words that must not go"})
    assert page.status_code == 500
    assert "our mistake" in page.heading
    assert "words that must not go" in page.text
    assert "canary" not in page.text
    assert numbers_on(page)


@pytest.mark.parametrize("address", ["/nowhere", "/check-in/not-an-id", "/team/", "/static/old/css/app.css"])
def test_refusals_carry_the_numbers_too(client: Client, address: str) -> None:
    page = client.get(address)
    assert page.status_code == 404
    assert numbers_on(page)


def test_a_form_from_another_site_is_stopped_and_its_words_are_shown(app: Flask, store: Store) -> None:
    patient = make_patient(store, make_practice(store))
    client = Client(app)
    sign_in(client, patient)
    words = {"id": str(new_id()), "note": "words that must not go"}
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "none"}):
        page = client.post("/check-in", data=words, headers=headers)
        assert page.status_code == 403
        assert "words that must not go" in page.text


def test_an_ended_session_keeps_the_words(client: Client) -> None:
    page = client.post("/check-in", data={"id": str(new_id()), "note": "words that must not go"})
    assert page.status_code == 401
    assert "words that must not go" in page.text
    assert "/sign-in?next=%2Fcheck-in" in page.links


def test_every_help_line_says_where_and_when_it_was_checked() -> None:
    lines = help_lines()
    assert [line["id"] for line in lines][:2] == ["emergency", "lifeline"]
    for line in lines:
        assert line["source"]
        assert isinstance(line["verified_on"], date)
        assert line["verified_on"] <= date.today() + timedelta(days=1)  # noqa: DTZ011 - a date in a file has no zone.
        assert line.get("call") or line.get("text") or line.get("chat")
        assert line["words"]["en"]["name"]


def test_each_door_is_on_the_page_with_a_call_first_and_says_what_it_rests_on(client: Client) -> None:
    page = client.get("/help")
    assert [door["id"] for door in help_doors()] == ["suicide", "overdose", "withdrawal", "urge"]
    for door in help_doors():
        assert door["source"]
        assert isinstance(door["reviewed_on"], date)
        inside = page.by_id(door["id"])
        assert inside is not None
        calls = [link.get("href", "") for link in inside.iter("a")]
        assert calls[0] in {"tel:988", "tel:911"}, door["id"]
