"""Check-ins: stored once, read back whole, nobody else's, and refused in plain words."""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from patient_app.checkins import recording, service
from patient_app.checkins.answers import Answers
from patient_app.checkins.models import CheckIn, CheckInVersion
from patient_app.core import clock
from patient_app.core.errors import NotFound
from patient_app.core.ids import new_id
from patient_app.core.roles import Role
from patient_app.core.work import Store, db
from tests.factories import Made, make_person, make_practice, sign_in
from tests.page import Client

UUIDS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


@pytest.fixture
def patient(store: Store) -> Made:
    return make_person(store, make_practice(store), Role.PATIENT)


def record(store: Store, patient: Made, entry_id: uuid.UUID, answers: Answers) -> None:
    with store.work(writes=True):
        recording.record_check_in(patient.viewer, entry_id, answers, clock.moment(clock.now(), patient.zone))


def counts(store: Store) -> tuple[int, int]:
    with store.work(writes=False):
        entries = db().scalar(select(func.count()).select_from(CheckIn))
        versions = db().scalar(select(func.count()).select_from(CheckInVersion))
    return int(entries or 0), int(versions or 0)


def test_nothing_a_person_wrote_is_lost_or_doubled(app: Flask, store: Store, patient: Made) -> None:
    """The same check-in posted 20 times in parallel is one entry and 20 equal answers."""
    first = Client(app)
    sign_in(first, patient)
    cookie = first.get_cookie("session")
    assert cookie is not None
    entry_id = str(new_id())
    words = {"id": entry_id, "mood": "2", "craving": "7", "use": "no", "note": "a hard evening", "zone": patient.zone}
    together = threading.Barrier(20)

    def post(_number: int) -> tuple[int, str | None]:
        browser = Client(app)
        browser.set_cookie("session", cookie.value)
        together.wait()
        answer = browser.post("/check-in", data=words)
        return answer.status_code, answer.location

    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(post, range(20)))
    assert set(answers) == {(303, f"/check-in/{entry_id}?done=saved")}
    assert counts(store) == (1, 1)


def test_same_id_with_other_words_is_a_correction_that_keeps_the_earlier_version(store: Store, patient: Made) -> None:
    entry_id = new_id()
    record(store, patient, entry_id, Answers(mood=2, note="first words"))
    record(store, patient, entry_id, Answers(mood=3, note="better words"))
    with store.work(writes=False):
        entry = service.own_check_in(patient.viewer, entry_id)
        versions = db().scalars(select(CheckInVersion).order_by(CheckInVersion.version)).all()
        assert (entry.version, entry.answers.mood, entry.answers.note) == (2, 3, "better words")
        assert [version.note for version in versions] == ["first words", "better words"]
        assert versions[1].replaces_id == versions[0].id
        assert versions[0].recorded_seq < versions[1].recorded_seq


def test_an_id_of_another_persons_entry_is_refused_like_any_bad_id(app: Flask, store: Store, patient: Made) -> None:
    other = make_person(store, make_practice(store, "Other"), Role.PATIENT)
    entry_id = new_id()
    record(store, other, entry_id, Answers(mood=1, note="theirs"))
    client = Client(app)
    sign_in(client, patient)
    taken = client.post("/check-in", data={"id": str(entry_id), "mood": "4", "note": "my words"})
    assert taken.status_code == 422
    broken = client.post("/check-in", data={"id": "no-id", "mood": "4", "note": "my words"})
    assert broken.status_code == 422
    assert UUIDS.sub("", taken.text) == UUIDS.sub("", broken.text)
    assert "my words" in taken.text
    assert counts(store) == (1, 1)
    with store.work(writes=False), pytest.raises(NotFound):
        service.own_check_in(patient.viewer, entry_id)


def test_who_goes_back_without_scripts_and_saves_again_has_it_once(
    app: Flask, store: Store, patient: Made, set_time: Callable[[datetime | str], None]
) -> None:
    client = Client(app)
    sign_in(client, patient)
    begin = clock.now()
    said = {"mood": "3", "note": "my words"}

    def save(**changed: str) -> str:
        answer = client.post("/check-in", data={"id": str(new_id())} | said | changed)
        assert answer.status_code == 303
        return answer.location or ""

    first = save()
    set_time(begin + timedelta(minutes=20))
    assert save() == first
    assert counts(store) == (1, 1)
    # Other words, a script that knows by itself, and the same words later or after taking it away: each is a new one.
    assert len({first, save(note="other words"), save(), save(zone="Europe/Paris")}) == 4
    set_time(begin + timedelta(minutes=60))
    save()
    latest = save().partition("?")[0]
    assert counts(store) == (5, 5)
    assert client.post(f"{latest}/delete").status_code == 303
    save()
    assert counts(store) == (6, 6)


def test_the_refused_id_is_replaced_so_that_sending_again_works(app: Flask, store: Store, patient: Made) -> None:
    client = Client(app)
    sign_in(client, patient)
    refused = client.post("/check-in", data={"id": "no-id", "note": "my words"})
    assert refused.status_code == 422
    fresh = refused.form(field="note").filled()["id"]
    assert client.post("/check-in", data={"id": fresh, "note": "my words"}).status_code == 303
    assert counts(store) == (1, 1)


def test_one_answer_of_any_kind_is_enough_and_none_is_refused(app: Flask, store: Store, patient: Made) -> None:
    client = Client(app)
    sign_in(client, patient)
    refused = client.post("/check-in", data={"id": str(new_id()), "mood": "", "craving": "", "note": "  "})
    assert refused.status_code == 422
    assert "Answer at least one question" in refused.text
    assert counts(store) == (0, 0)
    for name, value in {"mood": "1", "craving": "0", "use": "no", "note": "x"}.items():
        assert client.post("/check-in", data={"id": str(new_id()), name: value}).status_code == 303
    assert counts(store) == (4, 4)


@pytest.mark.parametrize(
    ("name", "value"), [("mood", "6"), ("mood", "1.5"), ("craving", "11"), ("craving", "-1"), ("use", "perhaps")]
)
def test_a_wrong_answer_is_named_beside_its_question_and_nothing_is_stored(
    app: Flask, store: Store, patient: Made, name: str, value: str
) -> None:
    client = Client(app)
    sign_in(client, patient)
    refused = client.post("/check-in", data={"id": str(new_id()), name: value, "note": "kept words"})
    assert refused.status_code == 422
    assert name in refused.errors
    assert "kept words" in refused.text
    assert counts(store) == (0, 0)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    answers=st.builds(
        Answers,
        mood=st.none() | st.integers(1, 5),
        craving=st.none() | st.integers(0, 10),
        use=st.none() | st.booleans(),
        note=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=300),
        note_about_use=st.booleans(),
        private=st.booleans(),
    ).filter(lambda answers: not answers.is_empty)
)
def test_what_was_written_is_read_back_equal(store: Store, patient: Made, answers: Answers) -> None:
    entry_id = new_id()
    record(store, patient, entry_id, answers)
    with store.work(writes=False):
        assert service.own_check_in(patient.viewer, entry_id).answers == answers


def test_an_entry_after_midnight_belongs_to_the_day_before(
    store: Store, patient: Made, set_time: Callable[[datetime | str], None]
) -> None:
    """00:30 in New York on 9 March is still the person's 8 March: a day starts at 04:00."""
    set_time("2026-03-09 04:30")
    entry_id = new_id()
    record(store, patient, entry_id, Answers(mood=3))
    with store.work(writes=False):
        entry = db().get_one(CheckIn, entry_id)
        assert (str(entry.local_date), str(entry.day), entry.utc_offset) == ("2026-03-09", "2026-03-08", -240)


def test_history_shows_days_without_gaps_or_blame_and_pages_back(app: Flask, store: Store, patient: Made) -> None:
    now = clock.now()
    with store.work(writes=True):
        for days_ago in (0, 1, 2, 3, 4, 40, 80):
            when = clock.moment(now - timedelta(days=days_ago), patient.zone)
            recording.record_check_in(patient.viewer, new_id(), Answers(note=f"word{days_ago}"), when)
    client = Client(app)
    sign_in(client, patient)
    newest = client.get("/history")
    assert "word0" in newest.text
    assert "word40" not in newest.text
    earlier = client.get(next(link for link in newest.links if "until=" in link))
    assert "word40" in earlier.text
    for word in ("missed", "streak", "failed", "score"):
        assert word not in newest.text.lower()


def test_bad_days_in_the_address_of_history_fall_back_to_today(app: Flask, store: Store, patient: Made) -> None:
    client = Client(app)
    sign_in(client, patient)
    for odd in ("2999-01-01", "0001-01-01", "yesterday", "%00", "2026-13-40"):
        client.get(f"/history?until={odd}")
