"""A check-in changed on two devices: both are kept, the later one is shown, and nobody else reads the other."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from patient_app.checkins import recording, service
from patient_app.checkins.answers import Answers
from patient_app.checkins.models import CheckIn, CheckInVersion
from patient_app.checkins.recording import Sent
from patient_app.consent.categories import Category, Level
from patient_app.core import clock, migrate
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline
from patient_app.core.work import Store, db
from patient_app.profile import service as profiles
from patient_app.reading import service as reading
from tests.factories import Made, MadePractice, assign_team, give_consent, make_administrator, make_clinician, sign_in
from tests.features.offline.phone import Phone
from tests.page import Client

SetTime = Callable[[datetime | str], None]
NOON = datetime(2026, 5, 31, 12, tzinfo=UTC)
LATE = NOON + timedelta(days=1)


@pytest.fixture(autouse=True)
def _at_noon(set_time: SetTime) -> None:
    set_time(NOON)


def versions(store: Store) -> list[str]:
    with store.work(writes=False):
        return [one.note or "" for one in db().scalars(select(CheckInVersion).order_by(CheckInVersion.version))]


def shown(store: Store, patient: Made, entry_id: uuid.UUID) -> str:
    with store.work(writes=False):
        return service.own_check_in(patient.viewer, entry_id).answers.note


def after(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


@pytest.mark.parametrize("order", [("early", "late"), ("late", "early")])
def test_of_two_changes_the_later_is_shown_whichever_comes_first(
    phone: Phone, store: Store, patient: Made, order: tuple[str, str], set_time: SetTime
) -> None:
    entry_id = new_id()
    phone.check_in(entry_id, note="first")
    set_time(LATE)
    edits = {"early": after(10), "late": after(20)}
    for word in order:
        assert phone.change(entry_id, 1, at=edits[word], note=word)["result"] == "stored"
        assert phone.change(entry_id, 1, at=edits[word], note=word)["result"] == "stored"
    assert shown(store, patient, entry_id) == "late"
    assert versions(store) == ["first", *order]
    page = phone.browser.get(f"/check-in/{entry_id}")
    assert "late" in page.main_words
    (others,) = (one for one in page.all("details") if "Your other words" in "".join(one.itertext()))
    told = "".join(others.itertext())
    assert "first" in told
    assert "early" in told
    assert ("Nobody else has seen these words." in told) == (order == ("late", "early"))


def test_written_at_the_same_moment_the_one_that_came_later_is_shown_and_stays_shown(
    phone: Phone, store: Store, patient: Made
) -> None:
    entry_id = new_id()
    phone.check_in(entry_id, note="first")
    for word in ("one", "two", "one"):
        phone.change(entry_id, 1, at=after(5), note=word)
    assert shown(store, patient, entry_id) == "two"
    assert versions(store) == ["first", "one", "two"]


def test_a_change_of_what_is_shown_is_shown_though_its_clock_is_behind(
    phone: Phone, store: Store, patient: Made
) -> None:
    entry_id = new_id()
    phone.check_in(entry_id, note="first")
    phone.ahead = timedelta(hours=-3)
    phone.change(entry_id, 1, note="second")
    assert shown(store, patient, entry_id) == "second"


def test_a_change_by_the_form_and_one_from_a_phone(
    phone: Phone, store: Store, patient: Made, set_time: SetTime
) -> None:
    """The form shows both and stores nothing while what it was made from is not shown any more."""
    entry_id = new_id()
    phone.check_in(entry_id, note="first")
    set_time(after(30))
    by_form = {"id": str(entry_id), "base": "1", "note": "by the form"}
    assert phone.browser.post(f"/check-in/{entry_id}/change", data=by_form).status_code == 303
    phone.change(entry_id, 1, at=after(10), note="earlier, offline")
    assert shown(store, patient, entry_id) == "by the form"
    page = phone.browser.post(f"/check-in/{entry_id}/change", data=by_form | {"note": "again"})
    assert page.status_code == 422
    assert "by the form" in page.main_words
    good = phone.browser.post(f"/check-in/{entry_id}/change", data=by_form | {"note": "again", "base": "2"})
    assert good.status_code == 303
    assert shown(store, patient, entry_id) == "again"
    assert versions(store) == ["first", "by the form", "earlier, offline", "again"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(
    edits=st.lists(st.tuples(st.sampled_from("abcd"), st.integers(1, 600)), min_size=1, max_size=6),
    data=st.data(),
)
def test_in_every_order_and_however_often_the_latest_is_shown(
    store: Store, patient: Made, edits: list[tuple[str, int]], data: st.DataObject
) -> None:
    """All were made from the same words, and each may come several times."""
    latest = max(minute for _, minute in edits)
    edits = [(word, minute) for word, minute in edits if minute < latest or word == "a"]
    edits.append(("a", latest))
    order = data.draw(st.permutations(edits * 2))
    entry_id = new_id()
    with store.work(writes=True):
        when = clock.moment(NOON, "UTC")
        recording.record_check_in(patient.viewer, entry_id, Answers(note="first"), when)
    for word, minute in order:
        with store.work(writes=True):
            sent = Sent(after(minute), 1, None, f"{word}{minute}".encode())
            recording.record_edit(patient.viewer, entry_id, Answers(note=word), base=1, sent=sent, recorded_at=LATE)
    assert shown(store, patient, entry_id) == "a"
    with store.work(writes=False):
        entry = service.own_check_in(patient.viewer, entry_id)
        others = [one.answers.note for one in service.other_words(patient.viewer, entry)]
    assert sorted([*others, "a"]) == sorted({"first", *(word for word, _ in edits)})


def test_a_change_of_words_that_are_not_shown_any_more_keeps_what_only_they_had(
    phone: Phone, store: Store, patient: Made
) -> None:
    """A word of one's own, which is on no list any more and not in what is shown."""
    entry_id = new_id()
    phone.check_in(entry_id, mood="2", own_trigger="the canteen")
    with store.work(writes=True):
        profiles.change(patient.viewer, triggers=())
    phone.change(entry_id, 1, at=after(10), mood="3")
    assert phone.change(entry_id, 1, at=after(20), mood="4", triggers="the canteen")["result"] == "stored"
    with store.work(writes=False):
        assert service.own_check_in(patient.viewer, entry_id).answers.triggers == ("the canteen",)


def test_parallel_changes_are_all_kept(phone: Phone, store: Store, patient: Made) -> None:
    entry_id = new_id()
    phone.check_in(entry_id, note="first")
    for number in range(5):
        phone.change(entry_id, 1, at=after(number), note=f"number {number}")
    assert len(versions(store)) == 6
    assert shown(store, patient, entry_id) == "number 4"


# --- what others read ------------------------------------------------------------------------------------------


@pytest.fixture
def clinician(store: Store, practice: MadePractice, patient: Made) -> Made:
    """A therapist with whom the patient shares notes, mood and use."""
    made = make_clinician(store, practice, Discipline.THERAPIST, name="Dr Pia")
    assign_team(store, patient, made, make_administrator(store, practice))
    scope = dict.fromkeys((Category.MOOD, Category.NOTES, Category.SUBSTANCE_USE), Level.DETAIL)
    give_consent(store, patient, made, scope)
    return made


def read(store: Store, clinician: Made, patient: Made) -> list[str | None]:
    with store.work(writes=True):
        return [one.note for one in reading.read_patient(clinician.viewer, patient.id).check_ins]


def test_nobody_else_reads_what_is_not_shown(
    phone: Phone, store: Store, patient: Made, clinician: Made, app: Flask
) -> None:
    entry_id = new_id()
    phone.check_in(entry_id, note="first")
    phone.change(entry_id, 1, at=after(20), note="later")
    phone.change(entry_id, 1, at=after(10), note="never shown")
    assert read(store, clinician, patient) == ["later"]
    browser = Client(app)
    sign_in(browser, clinician)
    page = browser.get(f"/team/{patient.id}")
    assert "later" in page.main_words
    assert "never shown" not in page.text
    assert "never shown" not in phone.browser.get("/history").main_words


def test_receipts_are_of_what_is_shown(phone: Phone, store: Store, patient: Made, clinician: Made) -> None:
    entry_id = new_id()
    phone.check_in(entry_id, note="first")
    phone.change(entry_id, 1, at=after(20), note="later")
    read(store, clinician, patient)
    address = f"/check-in/{entry_id}"
    assert "Dr Pia (therapist) read it" in phone.browser.get(address).main_words
    phone.change(entry_id, 1, at=after(10), note="never shown")
    assert "Dr Pia (therapist) read it" in phone.browser.get(address).main_words
    # Said again, later than what is shown: shown now, and not read by anybody.
    phone.change(entry_id, 1, at=after(30), note="never shown")
    assert shown(store, patient, entry_id) == "never shown"
    assert "Dr Pia (therapist) read it" not in phone.browser.get(address).main_words
    assert "Dr Pia (therapist) may have seen it" in phone.browser.get(address).main_words
    assert read(store, clinician, patient) == ["never shown"]
    assert "Dr Pia (therapist) read it" in phone.browser.get(address).main_words


def test_a_part_that_was_never_shown_was_read_by_nobody(
    phone: Phone, store: Store, patient: Made, practice: MadePractice
) -> None:
    """Somebody who may read notes only read no note, for the one that there is was never shown."""
    reader = make_clinician(store, practice, Discipline.NURSE, name="Nia Cole")
    assign_team(store, patient, reader, make_administrator(store, practice))
    give_consent(store, patient, reader, {Category.NOTES: Level.DETAIL})
    entry_id = new_id()
    phone.check_in(entry_id, mood="2")
    phone.change(entry_id, 1, at=after(20), mood="3")
    phone.change(entry_id, 1, at=after(10), note="never shown")
    assert read(store, reader, patient) == []
    assert "Nia Cole" not in phone.browser.get(f"/check-in/{entry_id}").main_words


def test_private_in_any_of_them_is_private(phone: Phone, store: Store, patient: Made, clinician: Made) -> None:
    entry_id = new_id()
    phone.check_in(entry_id, note="first")
    phone.change(entry_id, 1, at=after(20), note="later")
    phone.change(entry_id, 1, at=after(10), note="mine alone", private="y")
    assert read(store, clinician, patient) == []
    assert shown(store, patient, entry_id) == "later"


def test_a_change_that_only_keeps_it_private_does(phone: Phone, store: Store, patient: Made, clinician: Made) -> None:
    entry_id = new_id()
    phone.check_in(entry_id, note="first")
    phone.change(entry_id, 1, at=after(1), note="first", private="y")
    assert read(store, clinician, patient) == []
    assert versions(store) == ["first"]


def test_the_release_before_shows_what_was_shown(phone: Phone, store: Store, patient: Made) -> None:
    entries = [new_id(), new_id()]
    for entry_id, minutes in zip(entries, itertools.permutations((10, 20)), strict=True):
        phone.check_in(entry_id, note="first")
        for minute in minutes:
            phone.change(entry_id, 1, at=after(minute), note=f"at {minute}")
    phone.browser.get("/settings")
    migrate.downgrade("main", store.database, "0010")
    newest = text("SELECT count(*) FROM check_in c JOIN check_in_version v ON v.check_in_id = c.id AND v.version = 3")
    with store.database.engine.connect() as connection:
        assert connection.execute(newest).scalar() == 2
    migrate.upgrade("main", store.database)
    for entry_id in entries:
        assert shown(store, patient, entry_id) == "at 20"
        with store.work(writes=False):
            assert db().get_one(CheckIn, entry_id).newest_version == 3
