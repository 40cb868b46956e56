"""Appointments are kept once, changed by versions, and what each side says of them stands beside the other's word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from patient_app.appointments import service, writing
from patient_app.appointments.models import Appointment, AppointmentVersion, State, Took
from patient_app.appointments.when import NoSuchTime, start
from patient_app.appointments.writing import Author, IdTaken, Stale
from patient_app.core import changed, clock
from patient_app.core.changed import What
from patient_app.core.errors import NotFound
from patient_app.core.ids import new_id
from patient_app.core.work import Store, db
from tests import factories
from tests.factories import ZONE
from tests.features.appointments.world import NOW, TODAY, World, author, enter, moved, own, said

# --- when ------------------------------------------------------------------------------------------------------


def test_a_time_that_a_clock_skips_is_none_and_one_that_comes_twice_is_the_first() -> None:
    with pytest.raises(NoSuchTime):
        start(date(2026, 3, 8), 150, ZONE)
    twice = start(date(2026, 11, 1), 90, ZONE)
    assert (twice.at.isoformat(), twice.utc_offset) == ("2026-11-01T05:30:00+00:00", -240)
    with pytest.raises(NoSuchTime):
        start(date(2026, 11, 1), 90, "Mars/Olympus")


@given(
    st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    st.integers(0, 1439),
    st.sampled_from([ZONE, "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]),
)
def test_what_is_kept_reads_back_as_the_same_wall_clock(day: date, minute: int, zone: str) -> None:
    try:
        begins = start(day, minute, zone)
    except NoSuchTime:
        return
    assert begins.at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == begins.local_time
    assert (begins.at + timedelta(minutes=begins.utc_offset)).replace(tzinfo=None) == begins.local_time


# --- kept once, changed by versions ----------------------------------------------------------------------------


def test_the_same_sent_again_is_stored_once_and_other_words_are_refused(store: Store, world: World) -> None:
    told = said(place="Room 3", link="https://meet.example.org/x", minutes=30, clinician_id=world.prescriber.id)
    id_ = enter(store, world, told)
    enter(store, world, told, id_=id_)
    with pytest.raises(Stale):
        enter(store, world, replace(told, place="Room 4"), id_=id_)
    found = own(store, world)
    assert [(one.id, one.said, one.name, one.state) for one in found] == [(id_, told, "Dr Pia", State.PLANNED)]
    assert versions(store) == 1


def test_an_id_of_somebody_elses_is_refused_and_nobody_else_can_change_it(store: Store, world: World) -> None:
    id_ = enter(store, world, said(who="Dentist"))
    other = factories.make_patient(store, world.practice)
    theirs = Author.patient(other.viewer)
    with store.work(writes=True):
        with pytest.raises(IdTaken):
            writing.enter(theirs, id_, said(who="Dentist"))
        with pytest.raises(NotFound):
            writing.change(theirs, id_, said(2), base=1)
        with pytest.raises(NotFound):
            writing.say(theirs, id_, Took.KEPT)
        with pytest.raises(NotFound):
            service.own_appointment(other.viewer, id_)
    assert versions(store) == 1


def test_a_change_is_a_version_and_a_stale_one_writes_nothing(store: Store, world: World) -> None:
    told = said(clinician_id=world.prescriber.id)
    id_ = enter(store, world, told)
    with store.work(writes=True):
        for _ in range(2):  # Sent twice: one version.
            writing.change(author(world, world.prescriber), id_, moved(told, 660), base=1)
        with pytest.raises(Stale):
            writing.change(author(world), id_, moved(told, 720), base=1)
    [one] = own(store, world)
    assert (one.version, one.state, one.local_time.hour) == (2, State.MOVED, 11)
    with store.work(writes=True):
        writing.change(author(world), id_, replace(moved(told, 660), cancelled=True), base=2)
    [one] = own(store, world)
    assert (one.state, one.stands) == (State.CANCELLED, False)
    with store.work(writes=True):
        writing.change(author(world), id_, told, base=3)
    assert own(store, world)[0].state is State.PLANNED
    assert versions(store) == 4


def test_words_are_sealed_under_the_patients_key(store: Store, world: World) -> None:
    enter(store, world, said(who="canary-who", place="canary-place", link="https://canary.example.org/"))
    with store.work(writes=False):
        row = db().scalars(select(AppointmentVersion)).one()
        assert all(b"canary" not in (blob or b"") for blob in (row.who_sealed, row.place_sealed, row.link_sealed))
        assert (row.who, row.place) == ("canary-who", "canary-place")


# --- two words, beside each other ------------------------------------------------------------------------------


def test_each_side_says_for_itself_whether_it_took_place(store: Store, world: World) -> None:
    id_ = enter(store, world, said(-1, clinician_id=world.prescriber.id))
    with store.work(writes=True):
        writing.say(author(world), id_, Took.KEPT)
        writing.say(author(world, world.prescriber), id_, Took.MISSED)
    [one] = own(store, world)
    assert (one.patient_says, one.clinic_says, one.took_place) == (Took.KEPT, Took.MISSED, False)
    with store.work(writes=True):
        writing.say(author(world, world.prescriber), id_, None)
    [one] = own(store, world)
    assert (one.patient_says, one.clinic_says, one.took_place) == (Took.KEPT, None, True)
    with store.work(writes=False):
        row = db().scalars(select(Appointment)).one()
        assert (row.patient_said_at, row.clinic_said_at, row.clinic_said_by) == (NOW, None, None)


def test_of_what_is_to_come_or_cancelled_nobody_says_that_it_took_place(store: Store, world: World) -> None:
    for told in (said(1), replace(said(-1), cancelled=True)):
        id_ = enter(store, world, told)
        with pytest.raises(Stale), store.work(writes=True):
            writing.say(author(world), id_, Took.KEPT)


# --- what is shown, and what reminders ask ---------------------------------------------------------------------


def test_what_is_going_on_is_still_to_come_and_the_next_is_the_first_that_stands(store: Store, world: World) -> None:
    going_on = enter(store, world, said(0, 12 * 60 + 30, minutes=60))
    over = enter(store, world, said(0, 11 * 60, minutes=30))
    cancelled = enter(store, world, replace(said(0, 14 * 60), cancelled=True))
    later = enter(store, world, said(2))
    with store.work(writes=False):
        found = service.own_appointments(world.patient.viewer, clock.now())
        near = service.next_one(world.patient.viewer, clock.now(), service.NEAR)
    assert [one.id for one in found.to_come] == [going_on, cancelled, later]
    assert [one.id for one in found.past] == [over]
    assert (found.next is not None and found.next.id, near is not None and near.id) == (going_on, going_on)


def test_reminders_hear_of_what_stands_and_ask_again_before_sending(store: Store, world: World) -> None:
    told = said(1, minutes=30)
    id_ = enter(store, world, told)
    enter(store, world, replace(said(1, 700), cancelled=True))
    viewer, first, last = world.patient.viewer, TODAY, TODAY + timedelta(days=1)
    with store.work(writes=True):
        [one] = service.coming(viewer, first, last)
        assert (one.id, one.starts_at, one.local_date, one.minute, one.zone) == (
            id_,
            told.start.at,
            told.start.local_date,
            600,
            ZONE,
        )
        assert service.over_at(one) == told.start.at + timedelta(minutes=30)
        assert service.still_stands(viewer, id_, told.start.at)
        writing.change(author(world), id_, moved(told, 660), base=1)
        assert not service.still_stands(viewer, id_, told.start.at)
        assert service.still_stands(viewer, id_, moved(told, 660).start.at)
        writing.change(author(world), id_, replace(told, cancelled=True), base=2)
        assert not service.still_stands(viewer, id_, told.start.at)
        assert service.coming(viewer, first, last) == []


def test_whoever_listens_is_told_of_each_change(store: Store, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[object] = []
    monkeypatch.setitem(changed._LISTENERS, What.APPOINTMENTS, [heard.append])
    told = said(1)
    id_ = enter(store, world, told)
    with store.work(writes=True):
        writing.change(author(world), id_, moved(told, 660), base=1)
    assert heard == [world.patient.id] * 2


def test_a_session_in_question_sees_only_what_it_wrote(
    store: Store, world: World, set_time: Callable[[datetime], None]
) -> None:
    enter(store, world, said(1, who="Before"))
    closed = replace(world.patient.viewer, entries_closed_from=clock.now() + timedelta(minutes=1))
    set_time(NOW + timedelta(minutes=2))
    enter(store, world, said(2, who="Meanwhile, on another device"))
    with store.work(writes=True):
        writing.enter(Author.patient(closed), new_id(), said(3, who="Mine"))
        found = service.own_appointments(closed, clock.now())
        assert [one.said.who for one in found.to_come] == ["Mine"]
        assert service.clinicians_for(closed) == []


def versions(store: Store) -> int:
    with store.work(writes=False):
        return db().scalar(select(func.count()).select_from(AppointmentVersion)) or 0
