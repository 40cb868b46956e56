"""The note of a week: once a week by the person's day, edited by new versions, suggested near the end of a week."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from patient_app.core import clock
from patient_app.core.ids import new_id
from patient_app.core.roles import Role
from patient_app.core.work import Store, db
from patient_app.effects import prompts, recording, weekly
from patient_app.effects.models import ResponseNote, ResponseVersion
from patient_app.effects.recording import Sent
from patient_app.effects.weekly import Answers
from patient_app.medications import regimen
from patient_app.profile import service as profiles
from tests.factories import Made, make_person, make_practice, sign_in
from tests.features.effects.world import in_question, note, now, takes
from tests.features.medications.regimens import SERTRALINE
from tests.page import Client

MONDAY = date(2026, 3, 2)


@pytest.fixture
def patient(store: Store, set_time: Callable[[datetime | str], None]) -> Made:
    set_time("2026-03-06 15:00")
    return make_person(store, make_practice(store), Role.PATIENT)


def counted(store: Store) -> tuple[int, int]:
    with store.work(writes=False):
        notes, versions = (db().scalar(select(func.count()).select_from(of)) for of in (ResponseNote, ResponseVersion))
    return int(notes or 0), int(versions or 0)


def own(store: Store, patient: Made) -> Answers | None:
    with store.work(writes=False):
        found = weekly.own_note(patient.viewer, MONDAY)
    return found.answers if found else None


def test_a_week_has_one_note_whatever_writes_it(store: Store, patient: Made) -> None:
    version_id = new_id()
    for _ in range(2):
        assert note(store, patient, Answers(3, 1, "calmer"), version_id) == MONDAY
    note(store, patient, Answers(3, 1, "calmer"))
    assert counted(store) == (1, 1)
    note(store, patient, Answers(2, 1))
    assert counted(store) == (1, 2)
    assert own(store, patient) == Answers(2, 1)
    with pytest.raises(recording.OtherWords):
        note(store, patient, Answers(0, 0), version_id)
    with pytest.raises(recording.NothingSaid):
        note(store, patient, Answers())


def test_what_was_written_earlier_and_arrives_later_does_not_take_its_place(store: Store, patient: Made) -> None:
    note(store, patient, Answers(4, 0))
    early = clock.now() - timedelta(hours=2)
    with store.work(writes=True):
        moment = clock.moment(early, patient.zone)
        sent = Sent(1, None, b"print")
        weekly.record(patient.viewer, new_id(), Answers(1, 1), moment, sent=sent, written_at=early)
    assert counted(store) == (1, 2)
    assert own(store, patient) == Answers(4, 0)


@pytest.mark.parametrize(
    ("skews", "shown"),
    [
        ((None, 3600), Answers(4, 0)),  # By a clock an hour ahead it seems to be the later one.
        ((3600, None), Answers(1, 1)),  # What stands was written by such a clock, and was earlier.
        ((-3600, -3600), Answers(1, 1)),
    ],
)
def test_a_clock_that_is_off_does_not_say_which_was_written_last(
    store: Store, patient: Made, skews: tuple[int | None, int | None], shown: Answers
) -> None:
    now_is = clock.now()
    really = (now_is - timedelta(minutes=90), now_is - timedelta(minutes=70 if skews[0] else 100))
    for skew, at, answers in zip(skews, really, (Answers(4, 0), Answers(1, 1)), strict=True):
        with store.work(writes=True):
            said_at = at + timedelta(seconds=skew or 0)
            moment, sent = clock.moment(at, patient.zone), Sent(1, skew, b"print")
            weekly.record(patient.viewer, new_id(), answers, moment, sent=sent, written_at=said_at)
    assert own(store, patient) == shown


def test_the_week_is_that_of_the_persons_day(
    store: Store, patient: Made, set_time: Callable[[datetime | str], None]
) -> None:
    set_time("2026-03-09 06:30")  # 02:30 on Monday in New York: still the person's Sunday.
    assert note(store, patient, Answers(1, 1)) == MONDAY
    set_time("2026-03-09 08:30")
    assert note(store, patient, Answers(1, 1)) == MONDAY + timedelta(days=7)


def test_a_session_in_question_has_a_note_of_its_own(store: Store, patient: Made) -> None:
    note(store, patient, Answers(4, 0, "private words"))
    stranger = in_question(patient, clock.now())
    with store.work(writes=False):
        assert weekly.own_note(stranger, MONDAY) is None or counted(store) == (1, 1)
    with store.work(writes=True):
        weekly.record(stranger, new_id(), Answers(0, 4), now(patient))
    assert own(store, patient) == Answers(4, 0, "private words")


def test_it_is_suggested_from_friday_to_who_takes_something_and_not_twice(
    store: Store, patient: Made, set_time: Callable[[datetime | str], None]
) -> None:
    def wanted() -> bool:
        with store.work(writes=False):
            medicines = regimen.own_medicines(patient.viewer)
            return prompts.wants_week_note(patient.viewer, medicines, now(patient).day)

    assert not wanted()  # Nothing is taken.
    set_time("2026-02-20 15:00")
    takes(store, patient, SERTRALINE)
    set_time("2026-03-05 15:00")
    assert not wanted()  # Thursday.
    set_time("2026-03-06 15:00")
    assert wanted()
    note(store, patient, Answers(2, 2))
    assert not wanted()


def test_the_same_form_with_other_words_changes_this_weeks_note(app: Flask, store: Store, patient: Made) -> None:
    browser = Client(app)
    sign_in(browser, patient)
    form = browser.get("/medications/week-note").form(action="/medications/week-note")
    for words in ("less fog", "more fog", "more fog"):
        assert browser.submit(form, helps="3", words=words).status_code == 303
    assert own(store, patient) == Answers(3, None, "more fog")
    assert counted(store) == (1, 2)


def test_the_page_keeps_and_shows_it_and_today_suggests_it(
    app: Flask, store: Store, patient: Made, set_time: Callable[[datetime | str], None]
) -> None:
    set_time("2026-02-20 15:00")
    takes(store, patient, SERTRALINE)
    set_time("2026-03-06 15:00")
    with store.work(writes=True):
        profiles.finish_welcome(patient.viewer)
    browser = Client(app)
    sign_in(browser, patient)
    assert "/medications/week-note" in browser.get("/today").links
    page = browser.get("/medications/week-note")
    page = browser.follow(browser.submit(page.form(action="/medications/week-note"), helps="3", words="less fog"))
    assert "You wrote one this week" in page.main_words
    assert "less fog" in page.text
    assert "/medications/week-note" not in browser.get("/today").links


@pytest.mark.parametrize(
    "answers", [{}, {"helps": "5"}, {"helps": "-1"}, {"bothers": "x"}, {"words": "y" * 1001}, {"words": "\x00"}]
)
def test_what_is_wrong_is_said_and_nothing_is_stored(
    app: Flask, store: Store, patient: Made, answers: dict[str, str]
) -> None:
    browser = Client(app)
    sign_in(browser, patient)
    page = browser.post("/medications/week-note", data={"id": str(new_id()), **answers})
    assert page.status_code == 422
    assert counted(store) == (0, 0)
