"""What helps right now: by the rules that are written down, from what helped this person, with the reason shown."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from flask import Flask

from patient_app.core import clock
from patient_app.core.ids import new_id
from patient_app.core.roles import Role
from patient_app.core.work import Store
from patient_app.skills import files, library, recording
from patient_app.skills.answers import Said
from patient_app.skills.figures import Group
from patient_app.skills.helping import MOST, Now, offers
from patient_app.skills.words import NEEDS
from tests.factories import Made, make_person, make_practice, sign_in
from tests.page import Client


def names(now: Now, history: list[Group] | None = None) -> list[str]:
    """Return what is offered, with no history or with one."""
    return [one.exercise.id for one in offers(now, library.startable(), history or [])]


def helped(name: str, rated: int, times: int) -> Group:
    """Return the history of one exercise."""
    return Group(files.exercises()[name], (), rated, times)


@pytest.mark.parametrize("need", NEEDS)
@pytest.mark.parametrize("minutes", [None, 2, 5, 20])
@pytest.mark.parametrize("with_people", [None, True])
@pytest.mark.parametrize("strength", [None, 9])
def test_something_fitting_is_always_offered_unless_no_exercise_is_for_it(
    need: str, minutes: int | None, with_people: bool | None, strength: int | None
) -> None:
    found = names(Now(need, strength, minutes, with_people))
    assert len(found) <= MOST
    assert all(need in files.exercises()[name].needs for name in found)
    assert bool(found) == any(need in one.needs for one in library.startable())


def test_without_history_the_shortest_comes_first() -> None:
    assert names(Now("storm")) == ["four-checks", "five-senses", "slow-breath"]


def test_time_company_and_strength_each_leave_out_what_does_not_fit() -> None:
    assert "problem-steps" not in names(Now("problem", minutes=10))
    assert set(names(Now("low", with_people=True))) == {"four-checks", "kind-pause"}
    assert names(Now("harsh", strength=9)) == ["kind-pause"]
    assert names(Now("harsh", strength=5)) == ["kind-pause", "thought-record"]


def test_what_helped_this_person_comes_first_and_once_does_not_outweigh_often() -> None:
    assert names(Now("storm"), [helped("coping-card", 5, 4), helped("slow-breath", 1, 1)])[:2] == [
        "coping-card",
        "slow-breath",
    ]
    assert names(Now("storm"), [helped("four-checks", 4, 0)])[0] != "four-checks"


def test_the_page_gives_the_reason_and_stores_nothing(app: Flask, store: Store) -> None:
    patient, client = make_person(store, make_practice(store), Role.PATIENT), Client(app)
    sign_in(client, patient)
    for before, after in ((8, 3), (6, 4), (5, 5)):
        did(store, patient, "kind-pause", before, after)
    page = client.get("/skills/now")
    assert "Helped you 2 of 3 times." in page.words  # Also of what stands there without being asked for.
    assert page.headers["Tandem-Keep"] == "yes"
    found = client.post("/skills/now", data={"need": "harsh", "strength": "9", "minutes": "20", "place": "alone"})
    assert found.status_code == 200
    assert "Helped you 2 of 3 times." in found.words
    assert "tel:988" in found.text
    for wrong in ({}, {"need": "elsewhere"}, {"need": "harsh", "strength": "1e9", "minutes": "-1", "place": "\x00"}):
        page = client.post("/skills/now", data=wrong)
        assert page.status_code == 200
        # A button that does nothing would be pressed again and again.
        assert ("You picked nothing, and that is fine." in page.main_words) == (wrong.get("need") != "harsh"), wrong


def test_what_goes_on_paper_is_without_lines_that_are_kept_and_what_is_not_finished(app: Flask, store: Store) -> None:
    patient, client = make_person(store, make_practice(store), Role.PATIENT), Client(app)
    sign_in(client, patient)
    assert "Nothing here yet" in client.get("/skills/on-paper").words
    write(store, patient, Said({"step": "call them", "let_go": "my own line"}, kept=frozenset({"let_go"})))
    write(store, patient, Said({"step": "half a thought"}, finished=False))
    page = client.get("/skills/on-paper")
    assert "call them" in page.words
    assert "my own line" not in page.words
    assert "half a thought" not in page.words


def did(store: Store, patient: Made, name: str, before: int, after: int) -> None:
    """Have somebody do an exercise, with both numbers."""
    with store.work(writes=True):
        moment = clock.moment(clock.now() - timedelta(minutes=1), patient.zone)
        recording.record(patient.viewer, files.exercises()[name], new_id(), Said(before=before, after=after), moment)


def write(store: Store, patient: Made, said: Said) -> uuid.UUID:
    """Have somebody write about a worry."""
    with store.work(writes=True):
        moment = clock.moment(clock.now(), patient.zone)
        return recording.record(patient.viewer, files.exercises()["worry-time"], new_id(), said, moment)
