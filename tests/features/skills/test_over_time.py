"""What came of exercises over time: drawn with the table behind it, the same step again, and warning signs alone."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask

from patient_app.core import clock
from patient_app.core.ids import new_id
from patient_app.core.work import Store
from patient_app.skills import drawing, figures, files, recording
from patient_app.skills.answers import Said
from tests.factories import Made, make_patient, make_practice, sign_in
from tests.features.skills.given import give, make_world
from tests.page import Client, text_of

DAY = date(2026, 3, 1)
BRAVE = files.exercises()["brave-steps"]


@pytest.fixture
def patient(store: Store) -> Made:
    return make_patient(store, make_practice(store))


@pytest.fixture
def client(app: Flask, patient: Made) -> Client:
    browser = Client(app)
    sign_in(browser, patient)
    return browser


def did(store: Store, patient: Made, name: str, back: int, answers: dict[str, Any], *numbers: int | None) -> str:
    """Have somebody do an exercise some days ago; return the address of its page."""
    exercise, run_id = files.exercises()[name], new_id()
    before, after = numbers or (None, None)
    with store.work(writes=True):
        moment = clock.moment(clock.now() - timedelta(days=back), patient.zone)
        recording.record(patient.viewer, exercise, run_id, Said(answers, before, after), moment)
    return f"/skills/runs/{run_id}"


def test_the_same_step_is_the_same_however_it_is_written_and_each_row_of_a_table_is_a_time() -> None:
    assert BRAVE.figure is not None
    told: list[tuple[date, dict[str, Any]]] = [
        (DAY, {"step": "The  Bus", "trial": {"0": 60, "10": 80, "20": 50}}),
        (DAY, {"step": "another", "trial": {"0": 90}}),
        (DAY + timedelta(days=1), {"step": "the bus ", "trial": {"0": 40, "20": 20}}),
        (DAY + timedelta(days=2), {"step": "the bus"}),
    ]
    found = figures.trials_of(BRAVE.figure, told, {"step": "THE BUS"})
    assert [(one.highest, one.last) for one in found] == [(80, 50), (40, 20)]
    assert figures.trials_of(BRAVE.figure, told, {}) == []
    body = files.exercises()["body-signals"].figure
    assert body is not None
    rows = [{"felt": "hot", "fear": 70}, {"felt": "less"}, {"fear": 30}]
    assert [
        one.highest for one in figures.trials_of(body, [(DAY, {"task": ["run"], "trials": rows})], {"task": ["run"]})
    ] == [
        70,
        30,
    ]


def test_a_drawing_stays_in_its_frame_and_its_words_apart() -> None:
    for pairs in ([(0, 0), (100, 100)], [(50, 50), (50, 50)], [(100, 0)] * 40, [(7, 8), (3, 3), (100, 100)]):
        found = drawing.of_trials([figures.Trial(DAY, *pair) for pair in pairs], 100)
        assert found is not None
        assert len(found.rows) == min(len(pairs), drawing.MOST_STEPS)
        for line in found.lines:
            for x, y in line.dots:
                assert drawing.LEFT <= float(x) <= drawing.RIGHT
                assert drawing.TOP <= float(y) <= drawing.BOTTOM
        assert abs(found.lines[0].word_y - found.lines[1].word_y) >= 17
    assert drawing.of_trials([figures.Trial(DAY, 1, 1)], 100) is None


def test_before_and_after_are_drawn_with_a_table_once_there_are_two(
    store: Store, patient: Made, client: Client
) -> None:
    did(store, patient, "slow-breath", 9, {}, 8, 5)
    assert not client.get("/skills/done").all("figure")
    did(store, patient, "slow-breath", 2, {}, 6, 2)
    did(store, patient, "kind-pause", 2, {}, 6, None)
    page = client.get("/skills/done")
    figure = page.one("figure")
    cells = [str(cell.text) for row in figure.iter("tr") for cell in row.iter("td")]
    assert cells == ["8", "5", "6", "2"]  # The oldest first.
    assert "It felt better afterwards 2 of 2 times." in page.words


def test_days_of_a_drawing_that_leads_over_a_new_year_say_their_year(
    store: Store, patient: Made, client: Client
) -> None:
    for back in (410, 35):
        did(store, patient, "slow-breath", back, {}, 8, 5)
    headings = [text_of(one) for one in client.get("/skills/done").all("th", scope="row")]
    assert len(headings) == 2
    assert all(re.fullmatch(r"\d+ [A-Z][a-z]{2} \d{4}", one) for one in headings), headings


def test_trials_of_one_step_are_drawn_and_it_is_gone_on_with_only_by_who_may_start_it(app: Flask, store: Store) -> None:
    world = make_world(store)
    client = Client(app)
    sign_in(client, world.patient)
    ladder = [{"item": "the bus", "rating": 50}]
    address = ""
    for back, trial in ((9, {"0": 60, "20": 40}), (5, {"0": 40, "20": 10})):
        said = {"ladder": ladder, "step": "the bus", "trial": trial}
        address = did(store, world.patient, BRAVE.id, back, said)
    page = client.get(address)
    assert "The highest number was 60 the first time, and 40 the last time." in page.words
    assert f"{address}/again" not in page.links
    assert client.get(f"{address}/again").status_code == 404
    give(store, world, BRAVE.id)
    assert f"{address}/again" in client.get(address).links
    form = client.get(f"{address}/again").form(action="/skills/brave-steps").filled()
    assert (form["a_step"], form["a_ladder_0_item"], form["a_ladder_0_rating"]) == (["the bus"], ["the bus"], ["50"])
    assert "a_trial_0" not in form
    assert form["id"] != [address.rpartition("/")[2]]


def test_warning_signs_stand_by_themselves_as_they_were_written_last(
    store: Store, patient: Made, client: Client
) -> None:
    assert "Nothing here yet" in client.get("/skills/signs").words
    did(store, patient, "ready-plan", 9, {"signs": ["old sign"]}, 3, 5)
    did(store, patient, "ready-plan", 4, {"signs": ["I sleep badly", "I hide"], "people": ["Sam"]}, 3, 5)
    did(store, patient, "ready-plan", 1, {"people": ["Kim"]}, 3, 5)
    page = client.get("/skills/signs")
    assert page.headers["Tandem-Keep"] == "yes"
    assert "I sleep badly" in page.words
    assert "old sign" not in page.words
    assert "Sam" not in page.words


def test_what_is_repeated_needs_fields_that_are_there() -> None:
    source = (files.FOLDER / "brave-steps.toml").read_text(encoding="utf-8")
    for there, wrong in (
        ('of = "step"', 'of = "ladder"'),
        ('rated = "trial"', 'rated = "step"'),
        ("most = 100, low", "most = 50, low"),
    ):
        with pytest.raises(files.WrongExercise):
            files.read_exercise("brave-steps", source.replace(there, wrong))
    for name in ("now", "done", "signs"):
        with pytest.raises(files.WrongExercise):
            files.read_exercise(name, source)
