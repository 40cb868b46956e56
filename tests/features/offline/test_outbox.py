"""What waited on a phone: stored once however often it comes, as it was written, in the right person's record."""

from __future__ import annotations

import io
import json
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from patient_app.accounts.models import Person, SecurityNotice
from patient_app.checkins import recording, service
from patient_app.checkins.chips import TRIGGERS
from patient_app.checkins.models import CheckIn, CheckInVersion, Source
from patient_app.core import clock, outbox
from patient_app.core.identity import Viewer
from patient_app.core.ids import new_id
from patient_app.core.outbox import Item
from patient_app.core.roles import Discipline, Role
from patient_app.core.work import Store, db
from patient_app.factory import create_app
from patient_app.profile import service as profiles
from patient_app.profile.service import Part
from tests import factories
from tests.factories import Made, MadePractice, make_person
from tests.features.offline.phone import Phone, as_sent, fields_of
from tests.page import Client
from tests.sweeps.test_statements import counted

WORDS = "a hard evening on the train"


def counts(store: Store) -> tuple[int, int]:
    with store.work(writes=False):
        entries = db().scalar(select(func.count()).select_from(CheckIn))
        versions = db().scalar(select(func.count()).select_from(CheckInVersion))
    return int(entries or 0), int(versions or 0)


def test_a_check_in_that_waited_is_stored_and_read_back(phone: Phone, store: Store) -> None:
    entry_id = new_id()
    answer = phone.check_in(entry_id, mood="2", craving="7", use="no", note=WORDS, triggers=[next(iter(TRIGGERS))])
    assert answer == {"v": 1, "id": str(entry_id), "result": "stored", "next": f"/check-in/{entry_id}?done=saved"}
    page = phone.browser.get(answer["next"])
    assert page.status_code == 200
    assert WORDS in page.main_words
    with store.work(writes=False):
        entry = db().get_one(CheckIn, entry_id)
        assert (entry.source, entry.zone, entry.device_seq) == (Source.OUTBOX, "Europe/Paris", 1)
        assert entry.clock_skew is None


@pytest.mark.parametrize("times", [2, 50])
def test_sent_again_and_again_and_at_once_it_is_stored_once(app: Flask, phone: Phone, store: Store, times: int) -> None:
    """From as many tabs as there are: each is told the same."""
    entry_id = new_id()
    letter = phone.letter("/check-in", fields_of({"mood": "2", "note": WORDS}))
    envelope = phone.envelope(letter, entry_id)
    cookie = phone.browser.get_cookie("session")
    assert cookie is not None
    together = threading.Barrier(times)

    def post(_number: int) -> str:
        browser = Client(app)
        browser.set_cookie("session", cookie.value)
        together.wait()
        return phone.post(envelope, browser).text

    with ThreadPoolExecutor(times) as threads:
        answers = set(threads.map(post, range(times)))
    (told,) = answers
    assert json.loads(told)["result"] == "stored"
    assert phone.send(letter, entry_id) == json.loads(told)
    assert counts(store) == (1, 1)


def test_what_was_stored_by_the_form_and_came_from_the_outbox_too_is_one(phone: Phone, store: Store) -> None:
    """The page gave up waiting for an answer, and the server had it."""
    entry_id = new_id()
    said = {"id": str(entry_id), "mood": "4", "craving": "3", "note": WORDS}
    assert phone.browser.post("/check-in", data=said).status_code == 303
    assert phone.send(phone.letter("/check-in", fields_of(dict(said))), entry_id)["result"] == "stored"
    assert counts(store) == (1, 1)


def test_other_words_under_the_same_id_are_refused_and_can_be_sent_as_new(phone: Phone, store: Store) -> None:
    entry_id = new_id()
    phone.check_in(entry_id, note="first")
    for said in ({"note": "second"}, {"note": "first", "private": "y"}):
        refused = phone.check_in(entry_id, **said)
        assert refused["result"] == "refused"
        assert refused["errors"][0][0] == "id"
    assert counts(store) == (1, 1)
    assert phone.check_in(new_id(), note="second")["result"] == "stored"
    assert counts(store) == (2, 2)


def test_what_is_wrong_is_refused_beside_the_field_and_can_be_sent_again(phone: Phone, store: Store) -> None:
    entry_id = new_id()
    refused = phone.check_in(entry_id, note="  ")
    assert refused["errors"] == [["mood", "Answer at least one question. Any one is fine."]]
    wrong = phone.check_in(entry_id, mood="9", note="x" * 5000)
    assert {field for field, _ in wrong["errors"]} == {"mood", "note"}
    assert counts(store) == (0, 0)
    assert phone.check_in(entry_id, note="better")["result"] == "stored"


def test_what_was_stored_is_answered_alike_when_the_form_offers_other_things(
    phone: Phone, store: Store, patient: Made
) -> None:
    """A word of one's own was on the list when it was written, and is not any more."""
    with store.work(writes=True):
        profiles.change(patient.viewer, triggers=("the canteen",))
    entry_id = new_id()
    letter = phone.letter("/check-in", fields_of({"mood": "2", "triggers": ["the canteen"]}))
    first = phone.send(letter, entry_id)
    with store.work(writes=True):
        profiles.change(patient.viewer, triggers=())
    assert phone.send(letter, entry_id) == first
    assert first["result"] == "stored"
    assert phone.send(letter, new_id())["result"] == "refused"
    assert counts(store) == (1, 1)


def test_what_was_asked_when_it_was_written_is_kept_though_it_is_asked_no_more(
    phone: Phone, store: Store, patient: Made
) -> None:
    with store.work(writes=True):
        profiles.change(patient.viewer, part=Part.NO)
    entry_id, about_use = new_id(), new_id()
    phone.check_in(entry_id, mood="2", craving="7")
    phone.check_in(about_use, note=WORDS, note_about_use="yes")
    with store.work(writes=False):
        assert service.own_check_in(patient.viewer, entry_id).answers.craving == 7
        assert service.own_check_in(patient.viewer, about_use).answers.note_about_use
    refused = phone.check_in(new_id(), **{"mood": "2", "craving": "7", "pulls-gone": "5"})
    assert (refused["result"], refused["errors"][0][0]) == ("refused", "pulls")


# --- whose it is -----------------------------------------------------------------------------------------------


def test_an_id_of_somebody_elses_and_of_a_deleted_one_are_answered_alike(
    phone: Phone, app: Flask, store: Store, practice: MadePractice, patient: Made
) -> None:
    other = Phone(app, store, make_person(store, practice, Role.PATIENT))
    theirs, deleted = new_id(), new_id()
    other.check_in(theirs, note="theirs")
    phone.check_in(deleted, note="mine")
    with store.work(writes=True):
        recording.remove(patient.viewer, deleted)
    answers = [phone.check_in(one, note="mine") | {"id": "", "entry": {}} for one in (theirs, deleted)]
    assert answers[0] == answers[1]
    assert answers[0]["result"] == "refused"
    changes = [phone.change(one, 1, note="mine") | {"id": "", "entry": {}} for one in (theirs, deleted, new_id())]
    assert changes[0] == changes[1] == changes[2]
    assert changes[0]["result"] == "refused"
    assert counts(store) == (2, 2)


def test_nothing_is_stored_in_another_persons_session(
    phone: Phone, app: Flask, store: Store, practice: MadePractice
) -> None:
    other = Phone(app, store, make_person(store, practice, Role.PATIENT))
    entry_id = new_id()
    envelope = phone.envelope(phone.letter("/check-in", [("mood", "2")]), entry_id)
    page = other.post(envelope)
    assert (page.status_code, page.json) == (409, {"v": 1, "id": str(entry_id), "result": "other-person"})
    page = other.post(envelope | {"person": other.tag})
    assert page.json is not None
    assert (page.status_code, page.json["result"]) == (200, "unreadable")
    assert counts(store) == (0, 0)
    assert phone.post(envelope).status_code == 200
    assert counts(store) == (1, 1)


def test_whoever_is_not_signed_in_or_not_fully_is_told_so_in_json(
    phone: Phone, app: Flask, store: Store, practice: MadePractice
) -> None:
    entry_id = new_id()
    envelope = phone.envelope(phone.letter("/check-in", [("mood", "2")]), entry_id)
    half = Client(app)
    clinician = factories.make_clinician(store, practice, Discipline.THERAPIST)
    form = half.get("/sign-in").form(action="/sign-in")
    half.submit(form, sign_in_name=clinician.sign_in_name, password=clinician.password)
    for browser in (Client(app), half):
        page = phone.post(envelope, browser)
        assert (page.status_code, page.json) == (401, {"v": 1, "id": str(entry_id), "result": "signed-out"})
        assert page.headers["Cache-Control"] == "no-store"
        broken = browser.post("/outbox", data=b"[" * 5000, content_type="application/json")
        assert (broken.status_code, broken.json) == (401, {"v": 1, "id": None, "result": "signed-out"})
    assert counts(store) == (0, 0)


def test_a_session_from_before_a_clinic_code_whose_day_is_over_sends_nothing(
    phone: Phone, store: Store, patient: Made
) -> None:
    with store.work(writes=True):
        person = db().get_one(Person, patient.id)
        person.entries_closed_from = person.entries_closed_until = datetime.now(UTC)
        person.security_notice = SecurityNotice.CODE_USED
    item_id = new_id()
    page = phone.post(phone.envelope(phone.letter("/check-in", [("mood", "2")]), item_id))
    assert (page.status_code, page.json) == (401, {"v": 1, "id": str(item_id), "result": "signed-out"})
    assert phone.browser.post("/check-in", data={"id": str(item_id), "mood": "2"}).location == "/security-notice"
    assert counts(store) == (0, 0)


def test_it_is_for_patients_only(phone: Phone, app: Flask, store: Store, practice: MadePractice) -> None:
    browser = Client(app)
    factories.sign_in(browser, factories.make_clinician(store, practice, Discipline.THERAPIST))
    page = phone.post(phone.envelope(phone.letter("/check-in", [("mood", "2")]), new_id()), browser)
    assert page.status_code == 404


def test_another_site_cannot_send(phone: Phone, store: Store) -> None:
    envelope = phone.envelope(phone.letter("/check-in", [("mood", "2")]), new_id())
    page = phone.browser.post("/outbox", json=envelope, headers={"Sec-Fetch-Site": "cross-site"})
    assert page.status_code == 403
    assert counts(store) == (0, 0)


def test_in_a_session_in_question_it_is_stored_like_by_the_form(app: Flask, store: Store, patient: Made) -> None:
    since = datetime.now(UTC) - timedelta(hours=1)
    with store.work(writes=True):
        person = db().get_one(Person, patient.id)
        person.entries_closed_from, person.entries_closed_until = since, since + timedelta(hours=24)
    phone, entry_id = Phone(app, store, patient), new_id()
    assert phone.check_in(entry_id, note=WORDS)["result"] == "stored"
    with store.work(writes=False):
        assert db().get_one(CheckIn, entry_id).while_closed
    plan = phone.send(phone.letter("/safety/signs", [("base", "0"), ("words", "not sleeping")]), new_id())
    assert (plan["result"], plan["errors"][0][0]) == ("refused", "")


def test_what_was_written_before_a_session_in_question_stays_sealed_and_waits(
    app: Flask, store: Store, patient: Made
) -> None:
    """Somebody with a clinic code and the phone in hand reads neither what waited on it nor a draft."""
    phone = Phone(app, store, patient, ahead=timedelta(hours=-2))
    waited = [
        phone.envelope(phone.letter("/check-in", [("note", WORDS)]), new_id()),
        phone.envelope(phone.letter("/safety/signs", [("base", "0"), ("words", WORDS)]), new_id()),
    ]
    since = datetime.now(UTC) - timedelta(hours=1)
    with store.work(writes=True):
        person = db().get_one(Person, patient.id)
        person.entries_closed_from, person.entries_closed_until = since, since + timedelta(hours=24)
    browser = Client(app)
    factories.sign_in(browser, patient)
    for one in waited:
        one["sent_at"] = as_sent(clock.now())
        for address in ("/outbox", "/outbox/open"):
            page = phone.post(one, browser) if address == "/outbox" else browser.post(address, json=one)
            assert (page.status_code, page.json) == (409, {"v": 1, "id": one["id"], "result": "not-yet"})
    assert counts(store) == (0, 0)
    with store.work(writes=True):
        db().get_one(Person, patient.id).entries_closed_until = clock.now()
    for address, result in (("/outbox/open", "opened"), ("/outbox", "stored")):
        answer = browser.post(address, json=waited[0]).json
        assert answer is not None
        assert answer["result"] == result


# --- what cannot be read ---------------------------------------------------------------------------------------


def test_a_letter_for_a_form_that_may_not_be_sent_later_or_that_does_not_open_is_unreadable(
    phone: Phone, store: Store
) -> None:
    for action in ("/settings/name", "/check-in/no-id/change", "/nowhere", "/today", "//evil.example", "/sign-out"):
        assert phone.send(phone.letter(action, [("mood", "2")]), new_id())["result"] == "unreadable", action
    good = phone.letter("/check-in", [("mood", "2")])
    for wrong in (
        {"made_at": "yesterday"},
        {"made_at": "2026-13-01T00:00:00.000Z"},
        {"zone": 3},
        {"zone": "x" * 100},
        {"offset": 5000},
        {"offset": True},
        {"offset": "60"},
        {"device": "mine"},
        {"device_seq": -1},
        {"device_seq": 2**40},
        {"fields": {"mood": "2"}},
        {"fields": [["mood"]]},
        {"fields": [["mood", 2]]},
        {"fields": [["mood", "2"]] * 2000},
        {"action": "check-in"},
        {"action": "/check-in\n"},
    ):
        assert phone.send(good | wrong, new_id())["result"] == "unreadable", wrong
    for words in (b"", b"\xff", b"[]", b"3", b"{}", b"[" * 100_000):
        assert phone.send(words, new_id())["result"] == "unreadable", words[:5]
    for letter in ("", "!", "AAAA", phone.sealed(good, new_id())):
        page = phone.post(phone.envelope(good, new_id()) | {"letter": letter})
        assert page.json is not None
        assert page.json["result"] == "unreadable"
    assert counts(store) == (0, 0)


def test_an_envelope_that_cannot_be_read_is_malformed(phone: Phone, store: Store) -> None:
    item_id = new_id()
    good = phone.envelope(phone.letter("/check-in", [("mood", "2")]), item_id)
    for wrong in (
        {"v": 2},
        {"v": True},
        {"sent_at": "now"},
        {"sent_at": None},
        {"person": 3},
        {"person": "ü"},
        {"letter": None},
    ):
        page = phone.post(good | wrong)
        assert (page.status_code, page.json) == (400, {"v": 1, "id": str(item_id), "result": "malformed"}), wrong
    for broken in ({"id": "7"}, {"id": None}):
        page = phone.post(good | broken)
        assert (page.status_code, page.json) == (400, {"v": 1, "id": None, "result": "malformed"})
    for body in (b"", b"\xff\xfe", b"[]", b"null", b'{"id"', b"[" * 100_000):
        page = phone.browser.post("/outbox", data=body, content_type="application/json")
        assert (page.status_code, page.json) == (400, {"v": 1, "id": None, "result": "malformed"})
    assert phone.browser.post("/outbox", data=good).status_code == 415
    large = phone.post(good | {"letter": "A" * (1024 * 1024)})
    assert (large.status_code, large.mimetype) == (413, "application/json")
    assert counts(store) == (0, 0)


PLAIN = st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.sampled_from(["/check-in", "mood", "id"])
ANYTHING = (
    PLAIN | st.lists(PLAIN | st.lists(PLAIN, max_size=3), max_size=4) | st.dictionaries(st.text(max_size=9), PLAIN)
)
LETTERS = st.fixed_dictionaries(
    {},
    optional={
        "action": ANYTHING | st.just("/check-in"),
        "fields": ANYTHING | st.lists(st.tuples(st.sampled_from(["mood", "day", "zone", "note"]), st.text(max_size=9))),
        "made_at": ANYTHING | st.datetimes().map(lambda when: as_sent(when.replace(tzinfo=UTC))),
        "zone": ANYTHING,
        "offset": ANYTHING,
        "device_seq": ANYTHING,
    },
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(body=st.binary(max_size=60) | ANYTHING.map(lambda said: json.dumps(said).encode()), other=LETTERS)
def test_nothing_that_is_sent_is_a_fault(phone: Phone, body: bytes, other: dict[str, Any]) -> None:
    page = phone.browser.post("/outbox", data=body, content_type="application/json")
    assert (page.status_code, page.mimetype) == (400, "application/json")
    answer = phone.send(phone.letter("/check-in", [("mood", "2")]) | other, new_id())
    assert answer["result"] in {"stored", "refused", "unreadable"}


def test_nothing_of_a_letter_is_logged_not_even_after_a_fault(
    phone: Phone, log_lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_patient: Viewer, item: Item) -> str:
        raise RuntimeError(str(item.fields))

    phone.check_in(note=WORDS)
    monkeypatch.setitem(outbox._TAKING, "checkins.save_check_in", broken)
    envelope = phone.envelope(phone.letter("/check-in", [("note", WORDS)]), new_id())
    page = phone.post(envelope)
    assert (page.status_code, page.mimetype) == (500, "text/html")
    assert "fault" in log_lines.getvalue()
    for word in (WORDS, str(envelope["letter"]), str(envelope["id"]), phone.tag):
        assert word not in log_lines.getvalue()


def test_refusals_are_in_the_persons_language(app: Flask, store: Store, patient: Made) -> None:
    config = replace(store.config, development=True)
    phone = Phone(create_app(config, Store(config, store.database, store.vault)), store, patient)
    envelope = phone.envelope(phone.letter("/check-in", [("mood", "")]), new_id())
    page = phone.browser.post("/outbox?language=xx", json=envelope)
    assert page.json is not None
    assert page.json["errors"][0][1].startswith("\u27e6")


# --- when it was written ---------------------------------------------------------------------------------------


def test_what_is_ninety_days_late_has_the_day_on_which_it_was_written(phone: Phone, store: Store) -> None:
    written = datetime.now(UTC).replace(microsecond=0) - timedelta(days=90)
    entry_id, for_a_day, too_old = new_id(), new_id(), new_id()

    def send(item_id: uuid.UUID, day: str) -> dict[str, Any]:
        fields = fields_of({"mood": "2", "day": day})
        return phone.send(phone.letter("/check-in", fields, made_at=as_sent(written), zone="UTC"), item_id)

    today = (written - timedelta(hours=4)).date()
    assert send(entry_id, "")["result"] == "stored"
    assert send(for_a_day, (today - timedelta(days=14)).isoformat())["result"] == "stored"
    refused = send(too_old, (today - timedelta(days=15)).isoformat())
    assert (refused["result"], refused["errors"][0][0]) == ("refused", "day")
    with store.work(writes=False):
        entry, filled_in = db().get_one(CheckIn, entry_id), db().get_one(CheckIn, for_a_day)
        assert (entry.occurred_at, entry.day) == (written, today)
        assert (filled_in.occurred_at.hour, filled_in.day) == (12, today - timedelta(days=14))
        assert entry.recorded_at - entry.occurred_at > timedelta(days=89)


def test_it_asks_the_database_as_little_as_the_form_does(phone: Phone, store: Store) -> None:
    said = fields_of({"mood": "2", "craving": "4", "note": WORDS})
    phone.send(phone.letter("/check-in", said), new_id())
    envelope = phone.envelope(phone.letter("/check-in", said), new_id())
    with counted(store.database, store.keys.database) as by_outbox:
        assert phone.post(envelope).status_code == 200
    with counted(store.database, store.keys.database) as by_form:  # Of other words: the same ones are known again.
        assert (
            phone.browser.post("/check-in", data=dict(said) | {"id": str(new_id()), "note": "tea"}).status_code == 303
        )
    assert len(by_outbox.statements) <= len(by_form.statements)


# --- the safety plan -------------------------------------------------------------------------------------------


def test_a_step_of_a_plan_is_kept_once(phone: Phone) -> None:
    item_id = new_id()
    letter = phone.letter("/safety/signs", [("base", "0"), ("words", "not sleeping")])
    answers = [phone.send(letter, item_id) for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert (answers[0]["result"], answers[0]["next"]) == ("stored", "/safety?done=plan-saved#signs")
    assert "not sleeping" in phone.browser.get("/safety").main_words
    assert phone.browser.get("/safety/signs/earlier").main_words.count("not sleeping") == 0


def test_a_stale_step_of_a_plan_is_refused_and_never_merged(phone: Phone) -> None:
    phone.send(phone.letter("/safety/signs", [("base", "0"), ("words", "not sleeping")]), new_id())
    stale = phone.letter("/safety/signs", [("base", "0"), ("words", "calling nobody")])
    refused = phone.send(stale, new_id())
    assert refused["result"] == "refused"
    assert refused["errors"] == [
        ["words", "You changed this step on another device. Look at both, and save what is right."]
    ]
    assert "calling nobody" not in phone.browser.get("/safety").main_words
    form = phone.browser.get("/safety/signs").form(field="words")
    page = phone.browser.post(form.action, data={"id": str(new_id()), "base": "0", "words": "calling nobody"})
    assert page.status_code == 422
    assert "not sleeping" in page.main_words
    assert "calling nobody" in page.text


def test_what_is_registered_must_be_a_form_of_patients(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    outbox.check_registered(app)
    for endpoint in ("accounts.save_password", "care_team.caseload", "home.today", "nowhere"):
        monkeypatch.setitem(outbox._TAKING, endpoint, lambda *_: "")
        with pytest.raises(RuntimeError, match=endpoint):
            outbox.check_registered(app)
        monkeypatch.delitem(outbox._TAKING, endpoint)


def test_the_services_own_reading_finds_it(phone: Phone, store: Store, patient: Made) -> None:
    entry_id = new_id()
    phone.check_in(entry_id, note=WORDS, private="y")
    with store.work(writes=False):
        entry = service.own_check_in(patient.viewer, entry_id)
    assert (entry.private, entry.has_others, entry.answers.note) == (True, False, WORDS)
