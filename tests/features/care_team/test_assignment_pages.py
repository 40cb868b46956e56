"""The clinicians' pages of what they give, as they fill them in; and what the patient is told of who sees it."""

from __future__ import annotations

import pytest
from flask import Flask

from patient_app.consent.categories import Category, Level
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline
from patient_app.core.work import Store
from patient_app.skills import assignments, files
from tests.factories import give_consent, make_supporter, sign_in, tie_supporter
from tests.features.skills.given import LOCKED, OF_USE, PLAIN, World, did, give, make_world, now_of
from tests.page import Client, Page

SKILLS, USE, DETAIL = Category.SKILLS, Category.SUBSTANCE_USE, Level.DETAIL


@pytest.fixture
def world(store: Store) -> World:
    return make_world(store)


@pytest.fixture
def team(app: Flask, world: World) -> Client:
    found = Client(app)
    sign_in(found, world.therapist)
    return found


@pytest.fixture
def patient(app: Flask, world: World) -> Client:
    found = Client(app)
    sign_in(found, world.patient)
    return found


def own_count(store: Store, world: World) -> int:
    with store.work(writes=False):
        return len(assignments.own_assignments(world.patient.viewer, now_of(world.patient).day))


def test_it_is_given_by_the_form_once_and_not_twice_while_it_stands(store: Store, world: World, team: Client) -> None:
    address = f"/team/{world.patient.id}/assignments/new/{PLAIN}"
    form = team.get(address).form(action=address)
    answer = team.submit(form, often="three", note="Ten minutes")
    assert answer.status_code == 303
    assert team.submit(form, often="three", note="Ten minutes").status_code == 303
    assert own_count(store, world) == 1
    page = team.follow(answer)
    assert "Ten minutes" in page.words
    assert "Whether it was done is not shared with you." in page.words
    again = team.submit(team.get(address).form(action=address), often="one", note="Once more")
    assert again.status_code == 422
    assert "You gave this one already" in again.words
    assert "Once more" in again.text
    assert own_count(store, world) == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"often": ""}, "Pick how often it is to be done."),
        ({"often": "always"}, "Pick"),
        ({"until": ""}, "Pick a day from today on, within a year."),
        ({"until": "2020-01-01"}, "Pick a day from today on, within a year."),
        ({"until": "9999-12-31"}, "Pick a day from today on, within a year."),
        ({"until": "soon"}, "Use a date such as"),
        ({"note": "n" * 1001}, "This is too long"),
        ({"note": "a\x00b"}, "hidden sign"),
    ],
)
@pytest.mark.sqlite
def test_what_cannot_be_given_is_said_beside_its_field_and_the_note_stays(
    store: Store, world: World, team: Client, wrong: dict[str, str], said: str
) -> None:
    address = f"/team/{world.patient.id}/assignments/new/{LOCKED}"
    until = now_of(world.patient).day.isoformat()
    sent = {"id": str(new_id()), "often": "daily", "until": until, "note": "Typed words", **wrong}
    page = team.post(address, data=sent)
    assert page.status_code == 422
    assert said in page.words
    assert wrong.get("note", "Typed words").replace("\x00", "") in page.text
    assert own_count(store, world) == 0


@pytest.mark.sqlite
def test_all_that_there_is_can_be_given_with_its_cautions_before_the_eyes(world: World, team: Client) -> None:
    page = team.get(f"/team/{world.patient.id}/assignments/new")
    leads = {link.get("href") for link in page.all("a")}
    for one in files.exercises().values():
        assert f"/team/{world.patient.id}/assignments/new/{one.id}" in leads
    form = team.get(f"/team/{world.patient.id}/assignments/new/sleep-window")
    for caution in files.exercises()["sleep-window"].cautions:
        assert caution.words.en in form.words
    assert team.get(f"/team/{world.patient.id}/assignments/new/nothing").status_code == 404


def test_done_and_taken_back_are_told_and_it_is_closed_again(
    store: Store, world: World, team: Client, patient: Client
) -> None:
    give_consent(store, world.patient, world.therapist, {SKILLS: DETAIL})
    given = give(store, world)
    address = f"/team/{world.patient.id}/assignments"
    assert "Not done yet." in team.get(address).words
    did(store, world)
    page = team.get(address)
    assert "Done once, on" in page.words
    after = team.follow(team.submit(page.form(action=f"{address}/{given}/withdraw")))
    assert "Taken back" in after.words
    assert not [form for form in after.forms if form.action.endswith("/withdraw")]
    assert patient.get(f"/skills/{LOCKED}").status_code == 404


def test_the_patient_is_told_beforehand_who_sees_that_it_was_done(store: Store, world: World, patient: Client) -> None:
    given, of_use = give(store, world), give(store, world, OF_USE)
    sister = make_supporter(store, world.practice, name="Sue Reed")
    tie_supporter(store, world.patient, sister)
    give_consent(store, world.patient, sister, {SKILLS: DETAIL})  # Who is shown none of it, whatever is shared.

    def told(assignment_id: object) -> str:
        return patient.get(f"/skills/assigned/{assignment_id}").words

    assert "Only you see whether you did it." in told(given)
    assert "Tom Birch cannot read it now" in told(given)
    give_consent(store, world.patient, world.therapist, {SKILLS: DETAIL})
    assert "Tom Birch (therapist) sees whether you did it." in told(given)
    assert "Tom Birch can read your word." in told(given)
    assert "Only you see whether you did it." in told(of_use)
    run = patient.get(f"/skills/runs/{did(store, world)}").words
    assert "That you did it, these can see: Tom Birch." in run
    private = patient.get(f"/skills/runs/{did(store, world, OF_USE)}").words
    assert "these can see" not in private
    assert "Sue Reed" not in told(given)


def test_see_what_they_see_shows_the_same(store: Store, world: World, team: Client, patient: Client) -> None:
    give_consent(store, world.patient, Discipline.THERAPIST, {SKILLS: DETAIL})
    give(store, world, note="Slowly up")
    did(store, world)
    theirs = team.get(f"/team/{world.patient.id}/assignments")
    picture = patient.get("/sharing/preview?to=team:therapist")
    assert _cards(picture) == _cards(theirs) != []


def _cards(page: Page) -> list[str]:
    found = [one for one in page.all("section") if (one.get("class") or "").startswith("card given")]
    return [" ".join("".join(one.itertext()).split()).removesuffix(" Take back: Brave steps") for one in found]
