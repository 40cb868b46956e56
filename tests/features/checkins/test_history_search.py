"""Looking for words in one's own notes: what is found, whose, and where the words looked for never stand."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from patient_app.checkins import search
from patient_app.checkins.search import find_notes, folded, pieces_of
from patient_app.core import clock
from patient_app.core.ids import new_id
from patient_app.core.roles import Role
from patient_app.core.work import Store
from tests.factories import Made, make_check_in, make_patient, make_person, make_practice, sign_in
from tests.page import Client, text_of
from tests.sweeps.test_statements import counted

NOON = datetime(2026, 11, 25, 17, 0, tzinfo=UTC)


@pytest.fixture
def patient(store: Store, set_time: Callable[[datetime | str], None]) -> Made:
    set_time(NOON)
    return make_person(store, make_practice(store), Role.PATIENT)


@pytest.fixture
def browser(app: Flask, patient: Made) -> Client:
    client = Client(app)
    sign_in(client, patient)
    return client


def note(
    store: Store, patient: Made, words: str, days: int = 1, *, private: bool = False, removed: bool = False
) -> None:
    at = NOON - timedelta(days=days)
    make_check_in(store, patient, at=at, note=words, private=private, removed=removed)


def hits(store: Store, patient: Made, words: str) -> list[str]:
    with store.work(writes=False):
        found = find_notes(patient.viewer, words)
        return ["".join(piece for piece, _ in hit.pieces) for hit in found.hits]


def test_notes_are_found_whatever_their_case_and_accents_newest_first(store: Store, patient: Made) -> None:
    note(store, patient, "El CAFÉ con Ana", days=3)
    note(store, patient, "cafe again, and Ana called", days=1)
    note(store, patient, "nothing of the kind", days=2)
    assert hits(store, patient, "café") == ["cafe again, and Ana called", "El CAFÉ con Ana"]
    assert hits(store, patient, "ANA caf") == ["cafe again, and Ana called", "El CAFÉ con Ana"]
    assert hits(store, patient, "ana kind") == []
    assert hits(store, patient, "\u0301") == []


def test_only_ones_own_notes_are_looked_through_as_they_are_now(store: Store, patient: Made) -> None:
    other = make_patient(store, make_practice(store, "Other"))
    note(store, other, "harbour of another")
    note(store, patient, "harbour removed", removed=True)
    note(store, patient, "harbour for me alone", private=True)
    assert hits(store, patient, "harbour") == ["harbour for me alone"]
    closed = replace(patient.viewer, entries_closed_from=clock.now() + timedelta(seconds=1))
    with store.work(writes=False):
        assert find_notes(closed, "harbour").hits == []


def test_a_search_goes_on_where_it_stopped(store: Store, patient: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "PAGE_HITS", 3)
    for number in range(8):  # Some at one moment.
        note(store, patient, f"word {number}", days=number // 3)
    seen, before = [], None
    with store.work(writes=False):
        while True:
            found = find_notes(patient.viewer, "word", before)
            seen += [hit.id for hit in found.hits]
            before = found.next
            if before is None:
                break
    assert len(seen) == len(set(seen)) == 8


def test_words_stand_in_the_field_again_and_are_marked(browser: Client, store: Store, patient: Made) -> None:
    note(store, patient, "A walk, then Résumé work & <b>rest</b>. " + "And more words after it. " * 40)
    form = browser.get("/history/search").form(action="/history/search")
    page = browser.submit(form, words="resume REST")
    assert page.status_code == 200
    assert page.form(field="words").filled()["words"] == ["resume REST"]
    assert [text_of(mark) for mark in page.all("mark")] == ["Résumé", "rest"]
    assert len(page.main_words) < 700
    assert "1 note" in page.main_words
    assert "autocomplete" in page.form(field="words").controls["words"].attrib


def test_nothing_found_is_said_kindly(browser: Client) -> None:
    page = browser.post("/history/search", data={"words": "harbour"})
    assert "No note with these words" in page.main_words
    assert "Try one word" in page.main_words


def test_the_page_leads_further_back(
    browser: Client, store: Store, patient: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "PAGE_HITS", 2)
    for number in range(3):
        note(store, patient, f"word {number}", days=number)
    first = browser.post("/history/search", data={"words": "word"})
    further = next(form for form in first.forms if form.filled().get("before", [""]) != [""])
    second = browser.submit(further)
    assert [text_of(p) for p in second.all("p", dir="auto")] == ["word 2"]
    assert second.form(field="words").filled()["words"] == ["word"]


def test_what_was_looked_for_is_in_no_address_and_no_log(
    browser: Client, store: Store, patient: Made, log_lines: io.StringIO
) -> None:
    note(store, patient, "zanzibar")
    page = browser.post("/history/search", data={"words": "zanzibar"})
    assert "Location" not in page.headers
    assert not [link for link in page.links if "zanzibar" in link]
    assert not [form for form in page.forms if "zanzibar" in form.action]
    assert "zanzibar" not in "".join(f"{name}{value}" for name, value in page.headers)
    assert "zanzibar" not in log_lines.getvalue()
    assert browser.get("/history/search?words=zanzibar").form(field="words").filled()["words"] == [""]


def test_a_search_waits_for_no_writer(browser: Client, store: Store, patient: Made) -> None:
    note(store, patient, "harbour")
    with store.work(writes=True) as writing:
        assert writing.session  # The writer lock is held.
        with counted(store.database) as counter:
            page = browser.post("/history/search", data={"words": "harbour"})
    assert page.status_code == 200
    assert not [line for line in counter.statements if line.startswith(("INSERT", "UPDATE", "DELETE"))]
    assert len(counter.statements) <= 4


def test_another_site_cannot_make_a_browser_search(browser: Client) -> None:
    page = browser.post("/history/search", data={"words": "x"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert page.status_code == 403


@pytest.mark.parametrize(
    "words", ["", "   ", "x" * 1_000_000, "before\x00\x07after"], ids=["empty", "spaces", "1 MB", "controls"]
)
def test_what_cannot_be_looked_for_is_said_at_the_field(app: Flask, patient: Made, words: str) -> None:
    client = Client(app, checked=len(words) < 1000)  # A strict parser takes its time for a page of a megabyte.
    sign_in(client, patient)
    page = client.post("/history/search", data={"words": words})
    assert page.status_code == 422
    assert 'id="words-error"' in page.html


@pytest.mark.parametrize("words", ["مرحبا \u202eabc", "👩🏽‍🚀🏳️‍🌈", "(a+)+$ [", "%s {{ 7*7 }}", "ß", "İ"])
def test_any_words_can_be_looked_for(browser: Client, store: Store, patient: Made, words: str) -> None:
    note(store, patient, f"before {words} after")
    page = browser.post("/history/search", data={"words": words, "before": "banana"})
    assert page.status_code == 200
    assert page.all("mark")
    assert browser.post("/history/search", data={"words": words, "before": str(new_id())}).all("mark")


@given(st.text(max_size=400), st.lists(st.text(min_size=1, max_size=4), min_size=1, max_size=3))
def test_pieces_are_a_part_of_the_note_and_marks_are_what_was_looked_for(text: str, words: list[str]) -> None:
    wanted = [plain for word in words if (plain := folded(word))]
    pieces = pieces_of(text, wanted)
    joined = "".join(piece for piece, _ in pieces).removeprefix("… ")
    assert joined in text or joined.removesuffix(" …") in text
    for piece, marked in pieces:
        assert not marked or any(word in folded(piece) for word in wanted)
        assert not marked or piece


def test_a_long_note_is_cut_around_the_first_place() -> None:
    pieces = pieces_of("so " * 200 + "harbour " + "and " * 200, ["harbour"])
    joined = "".join(piece for piece, _ in pieces)
    assert joined.startswith("… so")
    assert joined.endswith(" …")
    assert len(joined) < 240
    assert ("harbour", True) in pieces
