"""What a person keeps of the library: theirs alone, said once, and the later word holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from flask import Flask

from patient_app.appointments import raising
from patient_app.appointments.raising import Wishes
from patient_app.core import clock
from patient_app.core.errors import NotFound
from patient_app.core.ids import new_id
from patient_app.core.roles import Role
from patient_app.core.work import Store, db
from patient_app.learn import library as libraries
from patient_app.learn import service
from patient_app.learn.facts import Audience
from patient_app.learn.library import Library
from patient_app.learn.models import Learning as Row
from patient_app.learn.service import Learning, Suggested
from patient_app.learn.views import MOST_WHOLE
from patient_app.profile import service as profiles
from patient_app.profile.service import Part
from tests.factories import Made, make_person, make_practice, sign_in
from tests.features.learn import example
from tests.features.offline.phone import Phone, as_sent, fields_of
from tests.page import Client

LESSON = "by-the-river"


def kept_by(store: Store, person: Made) -> Learning:
    """Return what somebody keeps."""
    with store.work(writes=False):
        return service.own_learning(person.viewer)


def test_saved_and_read_stand_on_the_pages_and_are_taken_back(
    client: Client, store: Store, patient: Made, shelf: Library
) -> None:
    address = f"/learn/lessons/{LESSON}"
    for mark, words in (("save", "Take it off my lessons"), ("read", "Not read yet"), ("read", "Not read yet")):
        page = client.post(f"{address}/mark", data={"id": str(new_id()), "mark": mark})
        assert page.status_code == 303
        assert words in client.follow(page).words
    assert "A walk by the river" in client.get("/learn/saved").words
    assert "any shoes" in client.get("/learn/saved").words  # Whole: it is to be read without a network.
    client.post(f"{address}/mark", data={"id": str(new_id()), "mark": "unsave"})
    assert "Nothing saved yet" in client.get("/learn/saved").words
    assert kept_by(store, patient).mark(LESSON).read
    for wrong in ("", "burn", "1e399990"):
        assert client.post(f"{address}/mark", data={"id": str(new_id()), "mark": wrong}).status_code == 400
    assert client.post(f"{address}/mark", data={"id": "x", "mark": "save"}).status_code == 400
    assert client.post("/learn/lessons/nowhere/mark", data={"mark": "save"}).status_code == 404


def test_a_phone_has_what_was_saved_and_does_not_stand_whole_on_the_page(
    client: Client, store: Store, patient: Made
) -> None:
    by_path = libraries.library_of("").by_path("en", Audience.PATIENTS)
    saved = [one.slug for those in by_path.values() for one in those][: MOST_WHOLE + 2]
    for slug in saved:
        client.post(f"/learn/lessons/{slug}/mark", data={"id": str(new_id()), "mark": "save"})
    page = client.get("/learn/saved")
    kept = [address.rpartition("/")[2] for address in page.headers["Tandem-Keep-Too"].split()]
    assert len(kept) == 2
    assert set(kept) <= set(saved)
    assert all(f"/learn/lessons/{slug}" in page.links for slug in kept)
    topics = libraries.library_of("").lesson(saved[-1], "en").topics
    with store.work(writes=True):
        service.choose(patient.viewer, not_now=topics, suggests=True)
    assert f"/learn/lessons/{saved[-1]}" in client.get("/learn/saved").headers["Tandem-Keep-Too"].split()


def test_nobody_else_sees_it_and_it_is_sealed(
    app: Flask, client: Client, store: Store, patient: Made, shelf: Library
) -> None:
    other = make_person(store, make_practice(store, "Other"), Role.PATIENT)
    client.post(f"/learn/lessons/{LESSON}/mark", data={"id": str(new_id()), "mark": "save"})
    browser = Client(app)
    sign_in(browser, other)
    assert "Nothing saved yet" in browser.get("/learn/saved").words
    with store.work(writes=False):
        row = db().get(Row, patient.id)
        assert row is not None
        assert row.kept_sealed is not None
        assert LESSON.encode() not in row.kept_sealed
        assert LESSON in (row.kept or "")


def test_a_session_in_question_reads_lessons_and_nothing_that_was_kept(
    store: Store, patient: Made, shelf: Library
) -> None:
    with store.work(writes=True):
        service.save(patient.viewer, shelf.lesson(LESSON, "en"), saved=True)
    since = clock.now()
    stranger = replace(patient.viewer, entries_closed_from=since, entries_closed_until=since + timedelta(days=1))
    with store.work(writes=True):
        assert service.own_learning(stranger) == Learning()
        with pytest.raises(NotFound):
            service.save(stranger, shelf.lesson(LESSON, "en"), saved=False)
        with pytest.raises(NotFound):
            service.choose(stranger, not_now=["rivers"], suggests=False)
        service.note_suggested(stranger, Suggested(date(2026, 11, 30), LESSON, "x"))
    assert kept_by(store, patient).saved == [LESSON]


def test_what_waited_on_a_phone_is_kept_once_and_undoes_nothing_newer(
    app: Flask, store: Store, patient: Made, shelf: Library, set_time: Callable[[datetime | str], None]
) -> None:
    phone, item_id = Phone(app, store, patient), new_id()
    before = clock.now() - timedelta(hours=2)
    letter = phone.letter(f"/learn/lessons/{LESSON}/mark", fields_of({"mark": "save"}), made_at=as_sent(before))
    first = phone.send(letter, item_id)
    assert first["result"] == "stored"
    with store.work(writes=True):
        service.save(patient.viewer, shelf.lesson(LESSON, "en"), saved=False)
    assert phone.send(letter, item_id) == first  # It arrived before: the same answer, and nothing changes.
    assert kept_by(store, patient).saved == []
    # Said twice, it counts from the second time on: what was written in between, and comes later, undoes nothing.
    between = phone.letter(f"/learn/lessons/{LESSON}/mark", fields_of({"mark": "save"}))
    set_time(clock.now() + timedelta(minutes=1))
    with store.work(writes=True):
        service.save(patient.viewer, shelf.lesson(LESSON, "en"), saved=False)
    assert phone.send(between, new_id())["result"] == "stored"
    assert kept_by(store, patient).saved == []
    # What stands as it was said needs no clock: its answer was lost, and the phone lost its time.
    for mark, result in (("unsave", "stored"), ("unread", "stored"), ("save", "refused"), ("read", "refused")):
        late = phone.letter(f"/learn/lessons/{LESSON}/mark", fields_of({"mark": mark}))
        phone.ahead = timedelta(days=3)
        assert phone.send(late, new_id())["result"] == result
        phone.ahead = timedelta()
    assert kept_by(store, patient).saved == []
    for action, fields in (
        ("/learn/lessons/nowhere/mark", {"mark": "save"}),
        (f"/learn/lessons/{LESSON}/mark", {"mark": ""}),
        (f"/learn/lessons/{LESSON}/mark", {"mark": "burn"}),
    ):
        assert phone.send(phone.letter(action, fields_of(fields)), new_id())["result"] == "refused"


def test_a_topic_that_is_not_for_now_leaves_lists_searches_and_suggestions(
    client: Client, store: Store, patient: Made, shelf: Library
) -> None:
    assert "Around here" in client.get("/learn").words
    assert "A walk by the river" in client.post("/learn/search", data={"words": "flat shoes river bridge"}).words
    assert "Kegs" in client.get("/learn/choices").words
    page = client.post("/learn/choices", data={"not_now": ["rivers"], "suggests": "y"})
    assert page.status_code == 303
    page = client.follow(page)
    assert "Around here" not in page.words
    assert "1 lesson is put aside" in page.words
    assert client.get("/learn/our-place").status_code == 404
    assert "No lesson with these words" in client.post("/learn/search", data={"words": "flat shoes river bridge"}).words
    page = client.get(f"/learn/lessons/{LESSON}")
    assert "You put this topic aside" in page.words
    assert "Read it now" in page.words
    assert kept_by(store, patient).suggests
    client.post("/learn/choices", data={"not_now": ["rivers"]})
    assert not kept_by(store, patient).suggests
    assert client.post("/learn/choices", data={"not_now": ["nothing"]}).status_code == 422


def test_who_is_not_touched_by_use_reads_no_lesson_and_no_topic_about_it(
    client: Client, store: Store, patient: Made
) -> None:
    assert "Cravings" in client.get("/learn/choices").words
    with store.work(writes=True):
        profiles.change(patient.viewer, part=Part.NO)
    assert "Cravings" not in client.get("/learn/choices").words
    with store.work(writes=False):
        assert not [one for one in service.shown_to(patient.viewer).lessons if one.about_use]


def test_a_question_goes_on_the_list_once_and_takes_nothing_off_it(
    app: Flask, client: Client, store: Store, patient: Made, shelf: Library
) -> None:
    address = f"/learn/lessons/{LESSON}"
    with store.work(writes=True):
        raising.save(patient.viewer, new_id(), Wishes(("rent",)), base=0)
    # What becomes of a question, and how many there can be, is told before one is written.
    assert "The list holds 3 things. On it now: 1." in client.get(address).words
    sent = {"id": str(new_id()), "question": "Is it safe for my knee?"}
    assert client.post(f"{address}/ask", data=sent).status_code == 303
    assert client.post(f"{address}/ask", data=sent).status_code == 303
    # In a form that a browser kept whole, another question has the same id: it is asked again, with a fresh one.
    again = client.post(f"{address}/ask", data=sent | {"question": "And for my back?"})
    assert again.status_code == 422
    assert "And for my back?" in again.html
    assert sent["id"] not in again.html
    phone, item_id = Phone(app, store, patient), new_id()
    letter = phone.letter(f"{address}/ask", fields_of({"question": "And at night?", "about_use": "y"}))
    assert phone.send(letter, item_id)["result"] == "stored"
    assert phone.send(letter, item_id)["result"] == "stored"
    with store.work(writes=False):
        found = raising.own_list(patient.viewer)
    assert found is not None
    assert found.lines == ("rent", "Is it safe for my knee?", "And at night?")
    assert found.about_use
    page = client.get(address)
    assert "The list for your visit is full" in page.words
    assert 'id="ask"' not in page.html
    page = client.post(f"{address}/ask", data={"id": str(new_id()), "question": "One more"})
    assert page.status_code == 422
    assert "three things already" in page.words
    assert "One more" in page.html
    assert (
        phone.send(phone.letter(f"{address}/ask", fields_of({"question": "One more"})), new_id())["result"] == "refused"
    )
    for wrong in ("", "x" * 201, "a\x00b"):
        assert client.post(f"{address}/ask", data={"id": str(new_id()), "question": wrong}).status_code == 422


def test_an_id_of_somebody_elses_list_is_refused(app: Flask, client: Client, store: Store, shelf: Library) -> None:
    other, list_id = make_person(store, make_practice(store, "Other"), Role.PATIENT), new_id()
    with store.work(writes=True):
        raising.save(other.viewer, list_id, Wishes(("mine",)), base=0)
    page = client.post(f"/learn/lessons/{LESSON}/ask", data={"id": str(list_id), "question": "Hello"})
    assert page.status_code == 422
    with store.work(writes=False):
        found = raising.own_list(other.viewer)
    assert found is not None
    assert found.lines == ("mine",)


@pytest.mark.sqlite
def test_a_content_note_comes_first_with_a_way_round_it(
    app: Flask, client: Client, store: Store, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    from patient_app.learn import library as libraries  # noqa: PLC0415 - replaced for this test alone.

    noted = [
        text.replace('content_note: ""', "content_note: It speaks of a flood.").replace(
            'lighter: ""', "lighter: by-the-river"
        )
        for text in (example.EN, example.ES)
    ]
    folder = tmp_path_factory.mktemp("noted") / "lessons"
    example.write(folder, {"by-the-river": (example.EN, example.ES), "high-water": (noted[0], noted[1])})
    found = libraries.library_of(str(folder))
    monkeypatch.setattr(libraries, "library", lambda: found)
    page = client.get("/learn/lessons/high-water")
    text = page.main_words
    assert text.index("It speaks of a flood.") < text.index("Something lighter instead") < text.index("Water is near")
    assert {"/learn/lessons/by-the-river", "#next"} <= set(page.links)
    assert page.all("details", class_name="opened")[0].get("open") is None  # Closed until it is asked for.
    assert "It speaks of a flood." in client.get("/learn/our-place").words
