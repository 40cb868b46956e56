"""Who reads an appointment: whom it is with, and whom the patient lets; each reading is recorded."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from patient_app.access_log.models import AccessKind, AccessRecord
from patient_app.access_log.service import NotWriting
from patient_app.accounts.models import Patient, Person, TeamMembership
from patient_app.appointments import writing
from patient_app.appointments.models import Took
from patient_app.consent.categories import Category, Level, offered
from patient_app.consent.models import Consent, ConsentState
from patient_app.core import clock
from patient_app.core.errors import NotFound
from patient_app.core.work import Store, db
from patient_app.reading import appointments as reading
from tests import factories
from tests.factories import Made
from tests.features.appointments.world import NOW, World, author, enter, own, said
from tests.page import Client

PLAN, USE = Category.PLAN, Category.SUBSTANCE_USE


def seen_by(store: Store, world: World, by: Made) -> set[str]:
    """Return the places of all that a clinician reads; each appointment of these tests has one of its own."""
    with store.work(writes=True):
        shared = reading.read_appointments(by.viewer, world.patient.id)
    return {one.said.place for one in (*shared.found.to_come, *shared.found.past)}


def share(store: Store, world: World, to: Made, *scope: Category, level: Level = Level.DETAIL) -> uuid.UUID:
    return factories.give_consent(store, world.patient, to, dict.fromkeys(scope, level))


def records(store: Store) -> list[tuple[str, list[str], bool]]:
    with store.work(writes=False):
        rows = db().scalars(select(AccessRecord).order_by(AccessRecord.seq)).all()
    return [(row.kind, row.categories, row.consent_id is None) for row in rows]


def fill(store: Store, world: World) -> None:
    enter(store, world, said(1, 500, place="with-prescriber", clinician_id=world.prescriber.id))
    enter(store, world, said(1, 600, place="with-therapist", clinician_id=world.therapist.id))
    enter(store, world, said(1, 700, place="with-specialist", clinician_id=world.specialist.id, about_use=True))
    enter(store, world, said(1, 800, place="outside", who="Dentist"))


def test_without_a_consent_each_sees_only_their_own(store: Store, world: World) -> None:
    fill(store, world)
    assert seen_by(store, world, world.prescriber) == {"with-prescriber"}
    assert seen_by(store, world, world.therapist) == {"with-therapist"}
    assert seen_by(store, world, world.specialist) == {"with-specialist"}
    assert records(store) == [(AccessKind.APPOINTMENTS, [], True)] * 3


def test_the_plan_opens_others_and_use_what_tells_of_it(store: Store, world: World) -> None:
    fill(store, world)
    share(store, world, world.therapist, PLAN)
    assert seen_by(store, world, world.therapist) == {"with-therapist", "with-prescriber", "outside"}
    share(store, world, world.prescriber, USE)
    assert seen_by(store, world, world.prescriber) == {"with-prescriber"}
    share(store, world, world.prescriber, PLAN)
    assert seen_by(store, world, world.prescriber) == {
        "with-prescriber",
        "with-therapist",
        "with-specialist",
        "outside",
    }
    share(store, world, world.specialist, PLAN, USE, level=Level.SUMMARY)
    assert seen_by(store, world, world.specialist) == {"with-specialist"}
    told = records(store)
    assert told[0] == (AccessKind.APPOINTMENTS, ["plan"], False)
    assert sorted(one[1] for one in told[2:4]) == [["plan"], ["substance_use"]]


def test_an_appointment_marked_about_use_is_held_like_one_with_a_specialist(store: Store, world: World) -> None:
    enter(store, world, said(1, place="marked", who="Group", about_use=True))
    share(store, world, world.therapist, PLAN)
    assert seen_by(store, world, world.therapist) == set()
    assert records(store) == [(AccessKind.APPOINTMENTS, [], True)]


def test_a_consent_from_a_later_day_opens_nothing_written_before(store: Store, world: World) -> None:
    enter(store, world, said(1, place="before", who="Dentist"))
    tomorrow = (NOW + timedelta(days=1)).date()
    scope = {PLAN: Level.DETAIL}
    factories.give_consent(store, world.patient, world.therapist, scope, entries_from=tomorrow)
    assert seen_by(store, world, world.therapist) == set()


def test_who_is_not_on_the_team_any_more_or_of_another_practice_reads_nothing(store: Store, world: World) -> None:
    fill(store, world)
    stranger = factories.make_clinician(store, factories.make_practice(store, "Hill Practice"))
    with store.work(writes=True):
        left = update(TeamMembership).where(TeamMembership.clinician_id == world.therapist.id)
        db().execute(left.values(ended_at=clock.now()))
    for clinician in (world.therapist, stranger, factories.make_clinician(store, world.practice)):
        with pytest.raises(NotFound):
            seen_by(store, world, clinician)
        with store.work(writes=False):
            assert reading.todays_visits(clinician.viewer) == ()


def test_what_a_session_in_question_wrote_nobody_else_reads(store: Store, world: World) -> None:
    share(store, world, world.prescriber, PLAN, USE)
    with store.work(writes=True):
        closed = replace(world.patient.viewer, entries_closed_from=clock.now())
        told = said(0, 900, place="forged", clinician_id=world.prescriber.id)
        writing.enter(writing.Author.patient(closed), uuid.uuid4(), told)
        assert reading.todays_visits(world.prescriber.viewer) == ()
        assert reading.visits(world.prescriber.viewer, world.patient.id).next is None
    assert seen_by(store, world, world.prescriber) == set()


# --- the clinician's own last and next -------------------------------------------------------------------------


def test_the_last_visit_is_the_last_that_took_place_with_this_clinician(store: Store, world: World) -> None:
    days = {-30: Took.KEPT, -20: Took.KEPT, -10: Took.MISSED, -5: None}
    for ago, word in days.items():
        id_ = enter(store, world, said(ago, clinician_id=world.prescriber.id))
        with store.work(writes=True):
            writing.say(author(world, world.prescriber), id_, word)
    enter(store, world, said(4, clinician_id=world.prescriber.id))
    by_patient = enter(store, world, said(-2, clinician_id=world.therapist.id))
    with store.work(writes=True):
        writing.say(author(world), by_patient, Took.KEPT)
        found = reading.visits(world.prescriber.viewer, world.patient.id)
        theirs = reading.visits(world.therapist.viewer, world.patient.id)
        nobodys = reading.visits(world.specialist.viewer, world.patient.id)
    assert (str(found.last), str(found.next)) == ("2026-10-14 10:00:00", "2026-11-07 10:00:00")
    assert (str(theirs.last), theirs.next) == ("2026-11-01 10:00:00", None)
    assert (nobodys.last, nobodys.next) == (None, None)


def test_the_patients_page_says_what_came_since(client: Client, store: Store, world: World) -> None:
    factories.give_consent(store, world.patient, world.prescriber, {Category.MOOD: Level.DETAIL})
    for days in (1, 2, 9):
        factories.make_check_in(store, world.patient, at=NOW - timedelta(days=days), mood=3)
    id_ = enter(store, world, said(-4, clinician_id=world.prescriber.id))
    with store.work(writes=True):
        writing.say(author(world, world.prescriber), id_, Took.KEPT)
    factories.sign_in(client, world.prescriber)
    assert "Your last visit: Fri 30 Oct. 2 check-ins since then." in client.get(f"/team/{world.patient.id}").words
    # Hidden is not none: where no check-in can be read now, none is counted.
    with store.work(writes=True):
        db().execute(update(Consent).values(state=ConsentState.PAUSED))
    for scope in ({}, {Category.MOOD: Level.SUMMARY}):
        if scope:
            factories.give_consent(store, world.patient, world.prescriber, scope)
        words = client.get(f"/team/{world.patient.id}").words
        assert "Your last visit: Fri 30 Oct." in words
        assert "since then" not in words
    factories.sign_in(client, world.therapist)
    assert "Your last visit" not in client.get(f"/team/{world.patient.id}").words


# --- the pages -------------------------------------------------------------------------------------------------


def test_a_clinician_enters_a_visit_the_patient_sees_it_and_it_is_marked_as_kept(
    client: Client, store: Store, world: World
) -> None:
    factories.sign_in(client, world.prescriber)
    path = f"/team/{world.patient.id}/appointments"
    form = client.get(path).form(action=path)
    for _ in range(2):
        page = client.submit(form, on="2026-11-03", at="09:00", minutes="30", place="Room 3")
        assert page.status_code == 303
    [one] = own(store, world)
    assert (one.name, one.local_time.hour, one.said.about_use) == ("Dr Pia", 9, False)
    assert "Ada" in client.get("/team/appointments").words
    took = client.get(path).form(action=f"{path}/{one.id}/took")
    client.submit(took, word="kept")
    assert own(store, world)[0].clinic_says is Took.KEPT
    change = client.get(f"{path}/{one.id}").form(action=f"{path}/{one.id}")
    client.submit(change, place="Room 4")
    assert own(store, world)[0].said.place == "Room 4"


def test_a_clinician_changes_and_marks_only_their_own(client: Client, store: Store, world: World) -> None:
    id_ = enter(store, world, said(-1, clinician_id=world.therapist.id))
    share(store, world, world.prescriber, PLAN)
    factories.sign_in(client, world.prescriber)
    path = f"/team/{world.patient.id}/appointments"
    assert "with Tom" in client.get(path).words or "Tom, therapist" in client.get(path).words
    assert client.get(f"{path}/{id_}").status_code == 404
    assert client.post(f"{path}/{id_}", data={"on": "2026-11-09", "at": "09:00"}).status_code == 404
    assert client.post(f"{path}/{id_}/took", data={"word": "kept"}).status_code == 404
    assert own(store, world)[0].clinic_says is None


def test_the_notice_stands_where_something_tells_of_use(client: Client, store: Store, world: World) -> None:
    enter(store, world, said(1, clinician_id=world.specialist.id, about_use=True))
    factories.sign_in(client, world.specialist)
    assert "42 CFR part 2" in client.get(f"/team/{world.patient.id}/appointments").words
    factories.sign_in(client, world.prescriber)
    assert "42 CFR part 2" not in client.get(f"/team/{world.patient.id}/appointments").words


def test_the_patient_sees_who_looked(client: Client, store: Store, world: World) -> None:
    seen_by(store, world, world.prescriber)
    share(store, world, world.therapist, PLAN)
    enter(store, world, said(1, who="Dentist"))
    seen_by(store, world, world.therapist)
    factories.sign_in(client, world.patient)
    words = client.get("/sharing/access-log").words
    assert "Dr Pia, prescriber, opened the page of your visits. It showed your visits with them." in words
    assert "Tom, therapist, read your visits on the page of your visits." in words


def test_visits_are_offered_to_the_team_and_the_preview_shows_what_is_read(
    client: Client, store: Store, world: World
) -> None:
    fill(store, world)
    factories.sign_in(client, world.patient)
    asked = {"to": "team:therapist"}
    assert "with-specialist" not in client.get("/sharing/preview", query_string=asked).words
    form = client.get("/sharing/new", query_string=asked).form(field="signature")
    page = client.submit(form, plan="detail", since="before", until="open", signature="Ada")
    assert page.status_code == 303
    words = client.get("/sharing/preview", query_string=asked).words
    shown = {place for place in ("with-prescriber", "with-therapist", "with-specialist", "outside") if place in words}
    assert shown == {"with-prescriber", "with-therapist", "outside"}
    assert seen_by(store, world, world.therapist) == shown
    assert records(store) == [(AccessKind.APPOINTMENTS, ["plan"], False)]
    # The patient's own page of them shows no visits, so its record does not name them.
    factories.sign_in(client, world.therapist)
    client.get(f"/team/{world.patient.id}")
    assert (AccessKind.DETAIL, [], True) in records(store)


def test_supporters_are_not_offered_visits(store: Store, world: World) -> None:
    assert PLAN in offered(to_team=True)
    assert PLAN not in offered(to_team=False)


def test_the_list_of_the_day_is_recorded_once_of_each_who_stands_in_it(
    client: Client, store: Store, world: World, set_time: Callable[[datetime], None]
) -> None:
    for minute in (840, 900):
        enter(store, world, said(0, minute, clinician_id=world.prescriber.id))
    enter(store, world, said(1, clinician_id=world.prescriber.id))
    factories.sign_in(client, world.prescriber)
    for _ in range(2):
        assert client.get("/team/appointments").words.count("Ada") == 2
    assert records(store) == [(AccessKind.VISITS, [], True)]
    set_time(NOW + timedelta(days=1))
    factories.sign_in(client, world.prescriber)
    client.get("/team/appointments")
    assert records(store) == [(AccessKind.VISITS, [], True)] * 2
    factories.sign_in(client, world.patient)
    assert (
        "Dr Pia, prescriber, saw your visit with them in the list of their day."
        in client.get("/sharing/access-log").words
    )


def test_the_list_of_the_day_has_how_a_patient_wants_to_be_called(store: Store, world: World, client: Client) -> None:
    enter(store, world, said(0, 840, clinician_id=world.prescriber.id))
    with store.work(writes=True):
        person = db().get_one(Person, world.patient.id)
        person.called, person.pronouns = "Addie <b>", "she/her"
    factories.sign_in(client, world.prescriber)
    assert "“Addie <b>” she/her" in client.get("/team/appointments").main_words


def test_the_list_of_the_day_tells_two_people_of_one_name_apart(store: Store, world: World, client: Client) -> None:
    other = factories.make_patient(store, world.practice, name=world.patient.name)
    factories.assign_team(store, other, world.prescriber, world.administrator)
    for patient, born in ((world.patient, "1990-05-01"), (other, "1988-02-03")):
        with store.work(writes=True):
            db().get_one(Patient, patient.id).date_of_birth = born
            visit = said(0, 840, clinician_id=world.prescriber.id)
            writing.enter(writing.Author.patient(patient.viewer), uuid.uuid4(), visit)
    factories.sign_in(client, world.prescriber)
    words = client.get("/team/appointments").main_words
    assert words.count(world.patient.name) == 2
    assert "born 1 May 1990" in words
    assert "born 3 February 1988" in words


def test_opened_again_the_list_of_the_day_waits_for_no_writer(store: Store, world: World) -> None:
    enter(store, world, said(0, 840, clinician_id=world.prescriber.id))
    with pytest.raises(NotWriting), store.work(writes=False):
        reading.todays_visits(world.prescriber.viewer)
    with store.work(writes=True):
        assert len(reading.todays_visits(world.prescriber.viewer)) == 1
    with store.work(writes=False):
        assert len(reading.todays_visits(world.prescriber.viewer)) == 1
