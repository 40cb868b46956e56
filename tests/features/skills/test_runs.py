"""What was written in an exercise: nobody else's, kept line by line, of its day, and worked out right."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from flask import Flask

from patient_app.core import clock
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.ids import new_id
from patient_app.core.roles import Role
from patient_app.core.vault import Place
from patient_app.core.work import Store, db, vault
from patient_app.skills import figures, files, recording, service
from patient_app.skills.answers import Said
from patient_app.skills.models import ExerciseRun, ExerciseVersion
from tests.factories import Made, make_person, make_practice, sign_in
from tests.page import Client


@pytest.fixture
def patient(store: Store) -> Made:
    return make_person(store, make_practice(store), Role.PATIENT)


def did(
    store: Store, patient: Made | Viewer, said: Said, run_id: uuid.UUID | None = None, name: str = "worry-time"
) -> uuid.UUID:
    """Have somebody do an exercise now."""
    viewer = patient.viewer if isinstance(patient, Made) else patient
    with store.work(writes=True):
        moment = clock.moment(clock.now(), viewer.zone)
        return recording.record(viewer, files.exercises()[name], run_id or new_id(), said, moment)


WORRIES = Said({"worries": ["rent"], "step": "call them"}, before=7, after=4)


def test_nobody_else_reads_changes_or_takes_away_a_run(store: Store, patient: Made) -> None:
    other = make_person(store, make_practice(store, "Other"), Role.PATIENT)
    run_id = did(store, patient, WORRIES)
    with pytest.raises(recording.IdTaken):
        did(store, other, WORRIES, run_id)
    with store.work(writes=True):
        now, exercise = clock.moment(clock.now(), other.zone), files.exercises()["worry-time"]
        for forbidden in (
            lambda: service.own_run(other.viewer, run_id),
            lambda: recording.change(other.viewer, exercise, run_id, WORRIES, now, base=1),
            lambda: recording.keep_lines(other.viewer, exercise, run_id, frozenset({"step"}), now),
            lambda: recording.set_shared(other.viewer, run_id, shared=True),
            lambda: recording.remove(other.viewer, run_id),
        ):
            with pytest.raises(NotFound):
                forbidden()
        assert service.own_runs(other.viewer) == []


def test_an_id_of_one_exercise_is_not_taken_for_another(store: Store, patient: Made) -> None:
    run_id = did(store, patient, WORRIES)
    with pytest.raises(recording.IdTaken):
        did(store, patient, Said(before=3), run_id, "five-senses")


def test_a_stale_change_is_not_written_and_the_same_words_are_no_version(store: Store, patient: Made) -> None:
    run_id, exercise = did(store, patient, WORRIES), files.exercises()["worry-time"]
    now = clock.moment(clock.now(), patient.zone)
    with store.work(writes=True):
        recording.change(patient.viewer, exercise, run_id, WORRIES, now, base=1)
        recording.change(patient.viewer, exercise, run_id, replace(WORRIES, after=2), now, base=1)
        with pytest.raises(recording.Stale):
            recording.change(patient.viewer, exercise, run_id, replace(WORRIES, after=9), now, base=1)
    with store.work(writes=False):
        run = service.own_run(patient.viewer, run_id)
    assert (run.version, run.said.after, run.said.answers) == (2, 2, WORRIES.answers)


def test_a_line_that_is_kept_lies_apart_from_what_readers_could_ask_for(store: Store, patient: Made) -> None:
    run_id, exercise = did(store, patient, WORRIES), files.exercises()["worry-time"]
    now = clock.moment(clock.now(), patient.zone)
    with store.work(writes=True):
        recording.keep_lines(patient.viewer, exercise, run_id, frozenset({"step", "unknown"}), now)
    with store.work(writes=False):
        run = service.own_run(patient.viewer, run_id)
        newest = db().query(ExerciseVersion).filter_by(run_id=run_id, version=2).one()
        place = Place("exercise_version", "answers_sealed", newest.id, patient.id)
        assert newest.answers_sealed is not None
        assert "call them" not in vault().open(place, newest.answers_sealed)
    assert run.said.kept == {"step"}
    assert run.said.answers == WORRIES.answers


def test_which_exercise_it_was_is_sealed_and_its_tag_is_one_persons_own(store: Store, patient: Made) -> None:
    other = make_person(store, make_practice(store, "Other"), Role.PATIENT)
    runs = [did(store, one, Said(before=5), name="ride-the-wave") for one in (patient, other)]
    with store.work(writes=False):
        rows = [db().get(ExerciseRun, run_id) for run_id in runs]
        assert rows[0] is not None
        assert rows[1] is not None
        assert rows[0].tag != rows[1].tag
        assert b"wave" not in (rows[0].exercise_sealed or b"wave")
        assert [run.exercise for run in service.own_runs(patient.viewer, "ride-the-wave")] == ["ride-the-wave"]
        assert service.own_run(patient.viewer, runs[0]).said.about_use


def test_a_session_in_question_sees_only_what_it_wrote_itself(store: Store, patient: Made) -> None:
    before = did(store, patient, WORRIES)
    since = clock.now() - timedelta(seconds=1)
    stranger = replace(patient.viewer, entries_closed_from=since, entries_closed_until=since)
    with store.work(writes=False):
        assert service.own_runs(stranger) == []
        with pytest.raises(NotFound):
            service.own_run(stranger, before)
    with pytest.raises(recording.IdTaken):
        did(store, stranger, Said(before=1), before)
    own = did(store, stranger, Said(before=1))
    with store.work(writes=False):
        assert [run.id for run in service.own_runs(stranger)] == [own]


def test_what_was_taken_away_is_gone_until_it_is_brought_back(app: Flask, store: Store, patient: Made) -> None:
    run_id, client = did(store, patient, WORRIES), Client(app)
    sign_in(client, patient)
    assert client.post(f"/skills/runs/{run_id}/remove").status_code == 303
    assert client.get(f"/skills/runs/{run_id}").status_code == 404
    assert client.post(f"/skills/runs/{run_id}/change", data={"before": "1"}).status_code == 404
    with pytest.raises(recording.IdTaken):
        did(store, patient, WORRIES, run_id)
    assert "Undo" in client.get(f"/skills/runs/{run_id}/removed").text
    assert client.post(f"/skills/runs/{run_id}/bring-back").status_code == 303
    assert "call them" in client.get(f"/skills/runs/{run_id}").text


def test_lines_are_kept_by_the_page_and_others_are_let_go(app: Flask, store: Store, patient: Made) -> None:
    run_id, client = did(store, patient, WORRIES), Client(app)
    sign_in(client, patient)
    for kept in (["step"], ["worries"], []):
        page = client.post(f"/skills/runs/{run_id}/lines", data={"kept": kept})
        assert page.status_code == 303
        with store.work(writes=False):
            assert service.own_run(patient.viewer, run_id).said.kept == set(kept)
    assert client.post(f"/skills/runs/{run_id}/lines", data={"kept": "nothing"}).status_code == 400


def test_what_is_not_finished_cannot_be_shown(app: Flask, store: Store, patient: Made) -> None:
    run_id, client = did(store, patient, replace(WORRIES, finished=False)), Client(app)
    sign_in(client, patient)
    words = client.get(f"/skills/runs/{run_id}").main_words
    assert "What is not finished is never shown to others" in words
    assert not [said for said in ("Show this one", "Always show this kind", "Choose who can see it") if said in words]
    assert client.post(f"/skills/runs/{run_id}/shared", data={"shared": "yes"}).location == f"/skills/runs/{run_id}"
    with store.work(writes=False):
        assert not service.own_run(patient.viewer, run_id).own_say
    done = {"a_worries": "rent", "finish": "done", "base": "1", "id": str(run_id)}
    assert client.post(f"/skills/runs/{run_id}/change", data=done).status_code == 303
    assert "Show this one" in client.get(f"/skills/runs/{run_id}").main_words


def test_a_run_belongs_to_the_day_it_was_for_the_person(
    store: Store, patient: Made, set_time: Callable[[datetime | str], None]
) -> None:
    set_time("2026-03-07 07:30")  # In New York 02:30: the day before is not over.
    run_id = did(store, patient, WORRIES)
    with store.work(writes=False):
        run = service.own_run(patient.viewer, run_id)
    assert (run.day, run.local_time) == (date(2026, 3, 6), datetime(2026, 3, 7, 2, 30))  # noqa: DTZ001 - a wall clock.


def test_what_came_of_it_stands_together_by_exercise(app: Flask, store: Store, patient: Made) -> None:
    client = Client(app)
    sign_in(client, patient)
    assert "Nothing here yet" in client.get("/skills/done").text
    for before, after in ((7, 4), (5, 5), (6, 3)):
        did(store, patient, Said(before=before, after=after))
    did(store, patient, Said(before=2, after=8), name="say-no")
    page = client.get("/skills/done")
    assert "It felt better afterwards 2 of 3 times." in page.words
    assert "It felt better afterwards 1 of 1 time." in page.words  # Being surer is better.


def test_sleep_is_worked_out_over_midnight() -> None:
    assert figures.sleep_of({"to_bed": "23:00", "out_of_bed": "06:30", "awake": ["m60"]}) == (390, 450)
    assert figures.sleep_of({"to_bed": "01:00", "out_of_bed": "07:00", "awake": ["m0"]}) == (360, 360)
    assert figures.sleep_of({"to_bed": "06:00", "out_of_bed": "06:30", "awake": ["m180"]}) == (0, 30)
    assert figures.sleep_of({"to_bed": "23:00", "awake": ["m0"]}) is None


def test_rhythm_counts_anchors_near_their_usual_time() -> None:
    assert figures.rhythm_of([{"up": "07:00"}, {"up": "07:30"}]) is None
    assert figures.rhythm_of([{"up": "07:00"}, {"up": "07:30"}, {"up": "09:00"}]) == (2, 3)
    midnight = [{"bed": "23:30"}, {"bed": "00:00"}, {"bed": "00:30"}, {"up": "07:00"}]
    assert figures.rhythm_of(midnight) == (3, 3)
