"""What a clinician gives to a patient: what it opens and for how long, when it is due, and that no word is lost."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from patient_app.accounts.models import TeamMembership
from patient_app.core import clock
from patient_app.core.errors import NotFound
from patient_app.core.ids import new_id
from patient_app.core.work import Store, db
from patient_app.skills import assignments, files, service
from patient_app.skills.assignments import AlreadyGiven, Given, IdTaken, Standing
from patient_app.skills.models import ExerciseAssignment, Often
from tests.factories import sign_in
from tests.features.offline.phone import Phone
from tests.features.skills.given import LOCKED, OF_USE, PLAIN, World, did, give, make_world, now_of, own
from tests.page import Client

MORNING = datetime.fromisoformat("2026-11-02T15:00:00+00:00")  # A Monday, ten in the morning for the patient.
SetTime = Callable[[datetime | str], None]


@pytest.fixture
def world(store: Store, set_time: SetTime) -> World:
    set_time(MORNING)
    return make_world(store)


@pytest.fixture
def client(app: Flask, world: World) -> Client:
    found = Client(app)
    sign_in(found, world.patient)
    return found


def leave_team(store: Store, world: World) -> None:
    with store.work(writes=True):
        db().execute(update(TeamMembership).where(TeamMembership.id == world.membership).values(ended_at=clock.now()))


# --- what it opens ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["withdrawn", "declined", "over", "left"])
def test_what_needs_a_clinician_opens_when_it_is_given_and_closes_with_it(
    store: Store, world: World, client: Client, set_time: SetTime, end: str
) -> None:
    assert client.get(f"/skills/{LOCKED}").status_code == 404
    given = give(store, world, days=3)
    page = client.get(f"/skills/{LOCKED}")
    assert page.status_code == 200
    sent = page.form(action=f"/skills/{LOCKED}").filled(before="50")
    run_id = service_id(client.post(f"/skills/{LOCKED}", data=sent).location)
    if end == "withdrawn":
        with store.work(writes=True):
            assignments.withdraw(world.therapist.viewer, world.patient.id, given)
    elif end == "declined":
        assert client.post(f"/skills/assigned/{given}/decline", data={"word": ""}).status_code == 303
    elif end == "left":
        leave_team(store, world)
    else:
        set_time(MORNING + timedelta(days=4))
        sign_in(client, world.patient)
    assert own(store, world, given).standing == end
    assert client.get(f"/skills/{LOCKED}").status_code == 404
    # What was written stays the patient's: read, corrected, and not begun again.
    read = client.get(f"/skills/runs/{run_id}")
    assert "Do it again" not in read.words
    assert client.get(f"/skills/runs/{run_id}/change").status_code == 200
    assert client.get(f"/skills/assigned/{given}").status_code == 200


def service_id(location: str | None) -> uuid.UUID:
    assert location is not None
    return uuid.UUID(location.split("/")[-1].split("?")[0])


def test_it_stands_to_the_end_of_its_last_day_by_the_patients_clock(
    store: Store, world: World, client: Client, set_time: SetTime
) -> None:
    give(store, world, days=0)
    set_time("2026-11-03 08:30")  # Half past three in the night: the day is not over.
    sign_in(client, world.patient)
    assert client.get(f"/skills/{LOCKED}").status_code == 200
    set_time("2026-11-03 09:30")
    sign_in(client, world.patient)
    assert client.get(f"/skills/{LOCKED}").status_code == 404


def test_it_opens_for_nobody_else_and_not_in_a_session_in_question(
    app: Flask, store: Store, world: World, client: Client
) -> None:
    given = give(store, world)
    theirs = Client(app)
    sign_in(theirs, world.other)
    for address in (f"/skills/{LOCKED}", f"/skills/assigned/{given}"):
        assert theirs.get(address).status_code == 404
    for act in ("decline", "take-up"):
        assert theirs.post(f"/skills/assigned/{given}/{act}", data={}).status_code == 404
    since = clock.now()
    stranger = replace(world.patient.viewer, entries_closed_from=since, entries_closed_until=since)
    today = now_of(world.patient).day
    with store.work(writes=True):
        assert assignments.own_assignments(stranger, today) == []
        assert assignments.standing(stranger, today) == []
        for asked in (
            lambda: assignments.own_assignment(stranger, given, today),
            lambda: assignments.startable(stranger, LOCKED, today),
            lambda: assignments.storable(stranger, LOCKED, today),
            lambda: assignments.decline(stranger, given, "", now_of(world.patient)),
            lambda: assignments.take_up(stranger, given),
        ):
            with pytest.raises(NotFound):
                asked()
    assert own(store, world, given).stands


# --- no word is lost -------------------------------------------------------------------------------------------------


def test_what_was_written_while_it_stood_is_kept_though_it_was_taken_back_meanwhile(
    app: Flask, store: Store, world: World, client: Client, set_time: SetTime
) -> None:
    given, phone, item_id = give(store, world), Phone(app, store, world.patient), new_id()
    sent = client.get(f"/skills/{LOCKED}").form(action=f"/skills/{LOCKED}").filled(before="50")
    letter = phone.letter(f"/skills/{LOCKED}", [("before", "40")])
    with store.work(writes=True):
        assignments.withdraw(world.therapist.viewer, world.patient.id, given)
    set_time(MORNING + timedelta(minutes=1))
    assert phone.send(letter, item_id)["result"] == "stored"
    assert phone.send(letter, item_id)["result"] == "stored"
    assert client.post(f"/skills/{LOCKED}", data=sent).status_code == 303
    with store.work(writes=False):
        assert len(service.own_runs(world.patient.viewer, LOCKED)) == 2
    assert own(store, world, given).done.times == 1  # What was written while it stood; then nobody waited for it.


def test_of_what_was_never_given_nothing_is_stored(app: Flask, store: Store, world: World) -> None:
    give(store, world, PLAIN)
    phone = Phone(app, store, world.patient)
    assert phone.send(phone.letter(f"/skills/{LOCKED}", [("before", "40")]), new_id())["result"] == "refused"


def test_a_word_on_saying_no_is_kept_also_where_it_was_taken_back_meanwhile(
    store: Store, world: World, client: Client
) -> None:
    given = give(store, world)
    form = client.get(f"/skills/assigned/{given}").form(action=f"/skills/assigned/{given}/decline")
    with store.work(writes=True):
        assignments.withdraw(world.therapist.viewer, world.patient.id, given)
    assert client.post(form.action, data=form.filled(word="Too much now")).status_code == 303
    found = own(store, world, given)
    assert (found.standing, found.word) == (Standing.WITHDRAWN, "Too much now")


def test_saying_no_is_taken_back_and_a_word_that_is_too_long_stays_on_the_page(
    store: Store, world: World, client: Client
) -> None:
    given = give(store, world)
    refused = client.post(f"/skills/assigned/{given}/decline", data={"word": "no " * 400})
    assert (refused.status_code, refused.text.count("no no no")) == (422, 133)
    assert own(store, world, given).stands
    client.post(f"/skills/assigned/{given}/decline", data={"word": "Not now"})
    page = client.get(f"/skills/assigned/{given}")
    assert "Not now" in page.words
    client.submit(page.form(action=f"/skills/assigned/{given}/take-up"))
    found = own(store, world, given)
    assert (found.standing, found.word) == (Standing.STANDS, "")


def test_saying_no_without_a_network_is_kept_once_and_undoes_nothing_newer(
    app: Flask, store: Store, world: World, client: Client, set_time: SetTime
) -> None:
    given, phone, item_id = give(store, world), Phone(app, store, world.patient), new_id()
    page = client.get(f"/skills/assigned/{given}").form(action=f"/skills/assigned/{given}/decline")
    assert page.element.get("data-later") == "new"
    letter = phone.letter(page.action, [("word", "Too much now")])
    set_time(MORNING + timedelta(hours=20))  # It arrives in the night after, and is of the day on which it was said.
    first = phone.send(letter, item_id)
    assert (first["result"], first["next"]) == ("stored", f"/skills/assigned/{given}?done=assignment-declined")
    found = own(store, world, given)
    assert (found.standing, found.word) == (Standing.DECLINED, "Too much now")
    with store.work(writes=False):
        row = db().get_one(ExerciseAssignment, given)
        assert (row.declined_at, row.declined_day) == (MORNING, MORNING.date())
    # Taken up in the browser since: neither the same item again nor one that was written before then says no anew.
    older = phone.letter(page.action, [("word", "Older")])
    set_time(MORNING + timedelta(hours=21))
    client.post(f"/skills/assigned/{given}/take-up", data={})
    assert phone.send(letter, item_id) == first
    assert phone.send(older, new_id())["result"] == "stored"
    assert own(store, world, given).stands
    assert phone.send(phone.letter(page.action, [("word", "Still no")]), new_id())["result"] == "stored"
    assert own(store, world, given).word == "Still no"
    assert phone.send(phone.letter(f"/skills/assigned/{given}/take-up", []), new_id())["result"] == "stored"
    assert own(store, world, given).stands


@pytest.mark.parametrize("act", ["decline", "take-up"])
def test_an_answer_that_is_kept_is_answered_alike_whatever_the_phones_clock_says_since(
    app: Flask, store: Store, world: World, act: str
) -> None:
    given, phone, item_id = give(store, world), Phone(app, store, world.patient), new_id()
    letter = phone.letter(f"/skills/assigned/{given}/{act}", [])
    first = phone.send(letter, item_id)
    assert first["result"] == "stored"
    phone.ahead = timedelta(days=3)
    assert phone.send(letter, item_id) == first
    assert phone.send(letter, new_id())["result"] == "refused"
    assert own(store, world, given).stands == (act == "take-up")


def test_what_no_answer_can_be_taken_of_stays_on_the_phone(app: Flask, store: Store, world: World) -> None:
    given, theirs = give(store, world), Phone(app, store, world.other)
    for act in ("decline", "take-up"):
        assert theirs.send(theirs.letter(f"/skills/assigned/{given}/{act}", []), new_id())["result"] == "refused"
    phone = Phone(app, store, world.patient)
    action = f"/skills/assigned/{given}/decline"
    assert phone.send(phone.letter(action, [("word", "no " * 400)]), new_id())["errors"][0][0] == "word"
    phone.ahead = timedelta(days=3)
    assert phone.send(phone.letter(action, [("word", "No")]), new_id())["result"] == "refused"
    assert own(store, world, given).stands


# --- given once ------------------------------------------------------------------------------------------------------


def test_it_is_given_once_and_an_id_of_something_else_is_not_taken(store: Store, world: World) -> None:
    given = give(store, world, note="Slowly")
    assert give(store, world, note="Slowly", assignment_id=given) == given
    with pytest.raises(IdTaken):
        give(store, world, note="Other words", assignment_id=given)
    with pytest.raises(IdTaken):
        give(store, world, note="Slowly", by=world.prescriber, assignment_id=given)
    moment, same = now_of(world.other), Given(files.exercises()[LOCKED], Often.DAILY, now_of(world.other).day)
    with store.work(writes=True), pytest.raises(IdTaken):
        assignments.give(world.therapist.viewer, world.other.id, given, same, moment)
    with pytest.raises(AlreadyGiven):
        give(store, world)
    give(store, world, by=world.prescriber)  # Which may be closed to the therapist, and so refuses nothing.


def test_to_give_it_again_does_not_tell_whether_they_said_no(store: Store, world: World) -> None:
    given = give(store, world)
    with store.work(writes=True):
        assignments.decline(world.patient.viewer, given, "", now_of(world.patient))
    with pytest.raises(AlreadyGiven):  # As before they said it.
        give(store, world)


def test_only_who_gave_it_takes_it_back(store: Store, world: World) -> None:
    given = give(store, world)
    with store.work(writes=True):
        for who, whose in ((world.prescriber, world.patient), (world.therapist, world.other)):
            with pytest.raises(NotFound):
                assignments.withdraw(who.viewer, whose.id, given)
    assert own(store, world, given).stands


def test_what_was_given_is_sealed(store: Store, world: World) -> None:
    given = give(store, world, OF_USE, note="Ten minutes")
    with store.work(writes=False):
        row = db().get_one(ExerciseAssignment, given)
        assert row.exercise_sealed is not None
        assert row.note_sealed is not None
        assert b"wave" not in row.exercise_sealed
        assert b"Ten" not in row.note_sealed
        assert row.about_use


# --- what is due, and what counts ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("often", "due"),
    [
        # On the day it is given; once done that day; the day after; after one more; the Monday after; after a week.
        (Often.ONCE, (True, False, False, False, False)),
        (Often.DAILY, (True, False, True, False, True)),
        (Often.TWO_A_WEEK, (True, False, True, False, True)),
        (Often.WEEKLY, (True, False, False, False, True)),
        (Often.WHEN_NEEDED, (True, False, False, False, False)),
    ],
)
def test_today_speaks_of_it_by_what_was_asked_for(
    store: Store, world: World, set_time: SetTime, often: Often, due: tuple[bool, ...]
) -> None:
    given, found = give(store, world, often=often), []

    def look() -> None:
        found.append(own(store, world, given).is_due(now_of(world.patient).day))

    look()
    did(store, world)
    look()
    set_time(MORNING + timedelta(days=1))
    look()
    did(store, world)
    look()
    set_time(MORNING + timedelta(days=7))
    look()
    assert tuple(found) == due


def test_it_counts_what_is_finished_while_it_stands_and_nothing_else(
    store: Store, world: World, set_time: SetTime
) -> None:
    did(store, world, PLAIN)  # When nobody waited for it.
    set_time(MORNING + timedelta(hours=1))
    given = give(store, world, PLAIN, days=1)
    did(store, world, PLAIN, finished=False)
    did(store, world, LOCKED)
    counted = did(store, world, PLAIN)
    assert own(store, world, given).done.times == 1
    with store.work(writes=False):
        assert assignments.is_counted(world.patient.viewer, counted)
    set_time(MORNING + timedelta(days=3))
    after = did(store, world, PLAIN)
    assert own(store, world, given).done.times == 1
    with store.work(writes=False):
        assert not assignments.is_counted(world.patient.viewer, after)


def test_today_names_one_and_leads_to_it_within_the_budget(store: Store, world: World, client: Client) -> None:
    given = give(store, world, PLAIN)
    assert "From your team:" in client.get("/today").words
    page = client.get("/skills")
    assert f"/skills/assigned/{given}" in {link.get("href") for link in page.all("a")}
    give(store, world, LOCKED, days=3)
    page = client.get("/today")
    assert "Brave steps" in page.words
    assert "and 1 more" in page.words
    assert len(next(one for one in page.all("ul") if one.get("class") == "today-lines")) <= 3
    did(store, world, PLAIN)
    did(store, world, LOCKED)
    assert "From your team:" not in client.get("/today").words


def test_the_list_names_to_a_phone_what_it_shall_keep_and_only_what_stands(
    store: Store, world: World, client: Client
) -> None:
    locked, plain = give(store, world), give(store, world, PLAIN)
    kept = client.get("/skills/assigned").headers["Tandem-Keep-Too"].split()
    assert set(kept) == {f"/skills/assigned/{locked}", f"/skills/assigned/{plain}", f"/skills/{LOCKED}"}
    with store.work(writes=True):
        assignments.withdraw(world.therapist.viewer, world.patient.id, locked)
    assert client.get("/skills/assigned").headers["Tandem-Keep-Too"] == f"/skills/assigned/{plain}"
    assert "Taken back" in client.get("/skills/assigned").words
