"""The regimen: no version is lost, doubled or rewritten, and no dose is asked for twice when something changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, time
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from patient_app.accounts.models import Patient
from patient_app.core import clock
from patient_app.core.errors import NotFound
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline, Role
from patient_app.core.work import Store, db
from patient_app.medications import changing, due, regimen
from patient_app.medications.changing import Author, IdTaken, Refused, Stale
from patient_app.medications.models import Answer, Change, Medicine, MedicineAnswer, MedicineVersion
from patient_app.medications.regimen import Standing
from patient_app.medications.said import Said
from patient_app.medications.schedule import (
    DEFAULT_HOURS,
    Anchor,
    AsNeeded,
    Dose,
    EveryDays,
    Regular,
    Step,
    Stepwise,
    hours_from,
)
from tests.factories import Made, MadePractice, make_person, make_practice
from tests.features.medications.plans import day
from tests.features.medications.regimens import NALTREXONE, SERTRALINE, at, changed, daily, own, started
from tests.sweeps.test_statements import counted

ONE, TWO = Decimal(1), Decimal(2)
MORNING, NIGHT = Dose(time(8), ONE), Dose(time(20), ONE)


@pytest.fixture
def practice(store: Store) -> MadePractice:
    return make_practice(store)


@pytest.fixture
def patient(store: Store, practice: MadePractice) -> Made:
    return make_person(store, practice, Role.PATIENT)


@pytest.fixture
def prescriber(store: Store, practice: MadePractice, patient: Made) -> Author:
    doctor = make_person(store, practice, Role.CLINICIAN, discipline=Discipline.PRESCRIBER)
    return Author.prescriber(doctor.viewer, patient.id)


def slots(store: Store, patient: Made, on: str) -> list[tuple[str, Decimal | None]]:
    with store.work(writes=False):
        found = regimen.own_medicines(patient.viewer)
        return [(dose.slot, dose.amount) for dose in due.due_doses(regimen.due_versions(found), day(on), day(on))]


def test_a_medicine_is_read_back_as_it_was_said(store: Store, patient: Made) -> None:
    schedule = daily(MORNING, replace(NIGHT, amount=TWO))
    medicine_id = started(store, patient, schedule, at("03-02 09:00"), reason="It is new")
    found = own(store, patient, medicine_id)
    assert (found.newest.said, found.newest.schedule, found.newest.reason) == (SERTRALINE, schedule, "It is new")
    assert (found.newest.change, found.newest.number, found.newest.by_prescriber) == (Change.STARTED, 1, False)
    # The morning's dose of the day on which it was entered is not asked for.
    assert slots(store, patient, "2026-03-01") == []
    assert slots(store, patient, "2026-03-02") == [("20:00", TWO)]
    assert slots(store, patient, "2026-03-03") == [("08:00", ONE), ("20:00", TWO)]


def test_sent_twice_it_is_stored_once(store: Store, patient: Made) -> None:
    id_, schedule = new_id(), daily(MORNING)
    for _ in range(2):
        started(store, patient, schedule, at("03-02 09:00"), id=id_)
    version_id = new_id()
    for _ in range(2):
        changed(store, patient, id_, daily(NIGHT), at("03-03 09:00"), id=version_id, base=1, reason="Sleepy")
    # Another tab with an id of its own, from the same page, with the same words.
    changed(store, patient, id_, daily(NIGHT), at("03-03 09:01"), base=1, reason="Sleepy")
    assert [one.number for one in own(store, patient, id_).versions] == [1, 2]
    with store.work(writes=False):
        assert db().scalar(select(func.count()).select_from(MedicineVersion)) == 2
        assert db().scalar(select(Medicine.newest_version)) == 2


def test_the_same_id_with_other_words_is_a_correction_and_keeps_both(store: Store, patient: Made) -> None:
    id_ = started(store, patient, daily(MORNING), at("03-02 07:00"))
    for _ in range(2):
        started(store, patient, daily(NIGHT), at("03-02 07:01"), id=id_)
    found = own(store, patient, id_)
    assert [(one.change, one.schedule.plan) for one in found.versions] == [
        (Change.STARTED, daily(MORNING).plan),
        (Change.CHANGED, daily(NIGHT).plan),
    ]
    assert slots(store, patient, "2026-03-02") == [("20:00", ONE)]


def test_a_change_of_what_is_not_the_newest_any_more_is_refused(store: Store, patient: Made) -> None:
    id_ = started(store, patient, daily(MORNING), at("03-02 09:00"))
    changed(store, patient, id_, daily(NIGHT), at("03-03 09:00"), base=1)
    with pytest.raises(Stale):
        changed(store, patient, id_, daily(MORNING, NIGHT), at("03-03 09:01"), base=1)
    assert own(store, patient, id_).newest.number == 2


def test_what_is_refused_or_says_nothing_new_takes_no_number(store: Store, patient: Made, prescriber: Author) -> None:
    id_ = started(store, patient, daily(MORNING), at("03-02 09:00"))
    seq = select(Patient.entry_seq).where(Patient.person_id == patient.id)
    now = at("03-03 09:00")
    with store.work(writes=True):
        before = db().scalar(seq)
        for author in (Author.patient(patient.viewer), prescriber):
            with pytest.raises(Stale):
                changing.change(author, id_, new_id(), Said("Alder"), daily(NIGHT), base=7, moment=now)
            changing.resume(author, id_, new_id(), moment=now)
        changing.set_private(patient.viewer, id_, private=False)
    with store.work(writes=False):
        assert db().scalar(seq) == before


def test_nobody_writes_to_what_is_not_theirs(store: Store, patient: Made) -> None:
    other = make_person(store, make_practice(store, "Other"), Role.PATIENT)
    id_ = started(store, patient, daily(MORNING), at("03-02 09:00"))
    with pytest.raises(IdTaken):
        started(store, other, daily(MORNING), at("03-02 09:00"), id=id_)
    with store.work(writes=True), pytest.raises(NotFound):
        changing.stop(Author.patient(other.viewer), id_, new_id(), moment=at("03-02 09:00"))
    with store.work(writes=True), pytest.raises(NotFound):
        changing.remove(other.viewer, id_)
    second = started(store, other, daily(MORNING), at("03-02 09:00"))
    with pytest.raises(IdTaken):  # A version's id that is another's.
        changed(store, other, second, daily(NIGHT), at("03-03 09:00"), id=id_)
    with pytest.raises(NotFound):
        own(store, other, id_)


@pytest.mark.parametrize(
    ("now", "new", "today", "tomorrow"),
    [
        # The same times with another amount: the evening has it already, the morning stays as it was taken.
        ("03-05 09:00", (replace(MORNING, amount=TWO), replace(NIGHT, amount=TWO)), [ONE, TWO], [TWO, TWO]),
        # Other times, once one of today's is over: today stays as it is.
        ("03-05 09:00", (Dose(time(12), ONE), Dose(time(22), ONE)), ["08:00", "20:00"], ["12:00", "22:00"]),
        # Other times before any of today's: today has them.
        ("03-05 06:00", (Dose(time(12), ONE), Dose(time(22), ONE)), ["12:00", "22:00"], ["12:00", "22:00"]),
        # A new time that is over already, before any of the old ones.
        ("03-05 06:00", (Dose(time(5), ONE),), ["08:00", "20:00"], ["05:00"]),
        # At no time instead of two: it may not come on top of the morning's.
        ("03-05 09:00", (Dose(None, ONE),), ["08:00", "20:00"], ["day"]),
        ("03-05 06:00", (Dose(None, ONE),), ["day"], ["day"]),
    ],
)
def test_nothing_is_asked_twice_on_the_day_of_a_change(
    store: Store, patient: Made, now: str, new: tuple[Dose, ...], today: list[object], tomorrow: list[object]
) -> None:
    id_ = started(store, patient, daily(MORNING, NIGHT), at("03-02 09:00"))
    changed(store, patient, id_, daily(*new), at(now))
    which = 1 if isinstance(today[0], Decimal) else 0
    assert [dose[which] for dose in slots(store, patient, "2026-03-05")] == today
    assert [dose[which] for dose in slots(store, patient, "2026-03-06")] == tomorrow
    assert slots(store, patient, "2026-03-04") == [("08:00", ONE), ("20:00", ONE)]


def test_a_dose_at_no_time_is_not_asked_again_at_the_new_time(store: Store, patient: Made) -> None:
    id_ = started(store, patient, daily(Dose(None, ONE)), at("03-02 09:00"))
    changed(store, patient, id_, daily(NIGHT), at("03-05 09:00"))
    assert slots(store, patient, "2026-03-05") == [("day", ONE)]
    assert slots(store, patient, "2026-03-06") == [("20:00", ONE)]


def test_every_second_day_stays_where_it_was_when_the_amount_changes(store: Store, patient: Made) -> None:
    every_two = Regular(EveryDays(2), (MORNING,))
    id_ = started(store, patient, daily(plan=every_two, start="2026-03-02"), at("03-02 07:00"))
    more = Regular(EveryDays(2), (replace(MORNING, amount=TWO),))
    changed(store, patient, id_, daily(plan=more, start="2026-03-02"), at("03-03 09:00"))
    assert [slots(store, patient, f"2026-03-0{number}") for number in (2, 3, 4, 5)] == [
        [("08:00", ONE)],
        [],
        [("08:00", TWO)],
        [],
    ]


def test_what_was_to_hold_later_is_overtaken_by_a_stop(store: Store, patient: Made) -> None:
    id_ = started(store, patient, daily(MORNING, NIGHT), at("03-02 07:00"))
    changed(store, patient, id_, daily(Dose(time(12), TWO)), at("03-05 09:00"))
    with store.work(writes=True):
        changing.stop(Author.patient(patient.viewer), id_, new_id(), moment=at("03-05 10:00"), reason="Rash")
    assert slots(store, patient, "2026-03-05") == [("08:00", ONE)]
    assert slots(store, patient, "2026-03-06") == []
    found = own(store, patient, id_)
    assert [one.number for one in found.in_effect] == [1, 3]
    assert [one.number for one in found.versions] == [1, 2, 3]
    assert found.standing(day("2026-03-05")) is Standing.STOPPED


def test_a_named_day_is_kept_and_the_old_plan_holds_until_then(store: Store, patient: Made) -> None:
    id_ = started(store, patient, daily(MORNING), at("03-02 07:00"))
    changed(store, patient, id_, daily(NIGHT), at("03-03 09:00"), since=day("2026-03-09"))
    assert slots(store, patient, "2026-03-08") == [("08:00", ONE)]
    assert slots(store, patient, "2026-03-09") == [("20:00", ONE)]
    on_monday = own(store, patient, id_).on(day("2026-03-09"))
    assert on_monday is not None
    assert on_monday.number == 2


def test_a_pause_asks_for_nothing_until_it_is_gone_on_with(store: Store, patient: Made) -> None:
    id_ = started(store, patient, daily(MORNING, NIGHT), at("03-02 07:00"))
    author = Author.patient(patient.viewer)
    for _ in range(2):  # Tapped twice.
        with store.work(writes=True):
            changing.pause(author, id_, new_id(), moment=at("03-05 09:00"))
    for _ in range(2):
        with store.work(writes=True):
            changing.resume(author, id_, new_id(), moment=at("03-07 09:00"))
    days = {number: [slot for slot, _ in slots(store, patient, f"2026-03-0{number}")] for number in (5, 6, 7, 8)}
    assert days == {5: ["08:00"], 6: [], 7: ["20:00"], 8: ["08:00", "20:00"]}
    assert [one.change for one in own(store, patient, id_).versions] == [Change.STARTED, Change.PAUSED, Change.RESUMED]


@pytest.mark.parametrize(("resumed", "raised"), [("03-06 07:00", "09"), ("03-10 07:00", None)])
def test_a_raise_that_was_still_to_come_at_a_pause_never_begins_early(
    store: Store, patient: Made, resumed: str, raised: str | None
) -> None:
    id_ = started(store, patient, daily(MORNING), at("03-02 07:00"))
    more, strong = daily(replace(MORNING, amount=TWO)), replace(SERTRALINE, strength="100 mg")
    changed(store, patient, id_, more, at("03-05 07:00"), since=day("2026-03-09"), said=strong)
    author, tap = Author.patient(patient.viewer), new_id()
    with store.work(writes=True):
        changing.pause(author, id_, new_id(), moment=at("03-05 09:00"))
    paused = own(store, patient, id_)
    assert (paused.newest.said, paused.planned.number) == (SERTRALINE, 1)
    with store.work(writes=True):
        changing.stop(author, id_, new_id(), moment=at("03-05 10:00"))
    for _ in range(2):
        with store.work(writes=True):
            changing.resume(author, id_, tap, moment=at(resumed), reason="Better")
    goes_on = resumed[3:5]
    assert slots(store, patient, f"2026-03-{goes_on}") == [("08:00", ONE)]
    assert slots(store, patient, "2026-03-08") == ([("08:00", ONE)] if raised else [])
    assert slots(store, patient, "2026-03-11") == [("08:00", TWO if raised else ONE)]
    found = own(store, patient, id_)
    again = [Change.RESUMED, *([Change.CHANGED] if raised else [])]
    assert [one.change for one in found.versions[4:]] == again
    assert found.newest.since == (day(f"2026-03-{raised}") if raised else day("2026-03-10"))
    assert found.newest.said.strength == ("100 mg" if raised else "50 mg")
    with store.work(writes=False):
        assert db().scalar(select(Medicine.newest_version)) == len(found.versions)


def test_hours_at_the_writing_stay_with_a_version(store: Store, patient: Made) -> None:
    breakfast = Dose(Anchor.BREAKFAST, ONE)
    id_ = started(store, patient, daily(breakfast), at("03-02 07:00"))
    late = hours_from({Anchor.BREAKFAST: time(11)})
    with store.work(writes=True):
        changing.set_hours(patient.viewer, late)
    changed(store, patient, id_, daily(replace(breakfast, amount=TWO)), at("03-05 09:00"))
    with store.work(writes=False):
        assert regimen.hours_of(patient.viewer) == late
    first, second = own(store, patient, id_).versions
    assert (first.hours, second.hours) == (DEFAULT_HOURS, late)
    assert slots(store, patient, "2026-03-05") == [("breakfast", TWO)]


@pytest.mark.parametrize("said", [NALTREXONE, Said("Vivitrol 380"), Said("My suboxone films")])
def test_a_medicine_for_use_is_marked_whatever_is_answered(store: Store, patient: Made, said: Said) -> None:
    id_ = started(store, patient, daily(MORNING), at("03-02 07:00"), said, about_use=False)
    assert own(store, patient, id_).about_use
    # Nor does another name take the mark away: earlier versions would be read by who may not.
    changed(store, patient, id_, daily(MORNING), at("03-03 07:00"), said=SERTRALINE, about_use=False)
    assert own(store, patient, id_).about_use


def test_the_mark_is_kept_by_a_change_that_says_nothing_of_it_or_comes_from_a_prescriber(
    store: Store, patient: Made, prescriber: Author
) -> None:
    id_ = started(store, patient, daily(MORNING), at("03-02 07:00"), about_use=True)
    changed(store, patient, id_, daily(NIGHT), at("03-03 07:00"))
    assert own(store, patient, id_).about_use
    changed(store, patient, id_, daily(MORNING), at("03-04 07:00"), author=prescriber, about_use=False, reason="Sleep")
    assert own(store, patient, id_).about_use
    changed(store, patient, id_, daily(NIGHT), at("03-05 07:00"), about_use=False)
    assert not own(store, patient, id_).about_use  # The patient's own answer.


def test_steps_and_a_later_start_of_buprenorphine_are_never_written(store: Store, patient: Made) -> None:
    film = Said("buprenorphine/naloxone", "buprenorphine_naloxone", "8 mg", "film")
    steps = Stepwise((Step(day("2026-03-02"), EveryDays(), (MORNING,)),))
    for said in (film, Said("Subutex")):
        with pytest.raises(Refused):
            started(store, patient, daily(plan=steps, start="2026-03-02"), at("03-02 07:00"), said)
        with pytest.raises(Refused):
            started(store, patient, daily(MORNING, start="2026-03-03"), at("03-02 07:00"), said)
    id_ = started(store, patient, daily(MORNING, start="2026-03-02"), at("03-02 07:00"), film)
    with pytest.raises(Refused):
        changed(store, patient, id_, daily(plan=steps, start="2026-03-02"), at("03-03 07:00"))
    assert own(store, patient, id_).newest.number == 1


def test_another_name_from_a_later_day_starts_no_buprenorphine(store: Store, patient: Made, prescriber: Author) -> None:
    id_ = started(store, patient, daily(MORNING), at("03-02 07:00"), Said("My strips"))
    monday = day("2026-03-09")
    for author in (Author.patient(patient.viewer), prescriber):
        with pytest.raises(Refused):
            changed(
                store,
                patient,
                id_,
                daily(MORNING),
                at("03-03 07:00"),
                said=Said("Suboxone"),
                since=monday,
                author=author,
            )
    assert own(store, patient, id_).newest.number == 1
    # From today on it is what is taken, and its amount may change on a later day.
    changed(store, patient, id_, daily(MORNING), at("03-03 07:00"), said=Said("Suboxone"))
    changed(store, patient, id_, daily(replace(MORNING, amount=TWO)), at("03-03 07:10"), since=monday)
    assert slots(store, patient, "2026-03-09") == [("08:00", TWO)]


def test_a_prescribers_change_waits_for_an_answer_and_all_answers_are_kept(
    store: Store, patient: Made, prescriber: Author
) -> None:
    id_ = started(store, patient, daily(MORNING), at("03-02 07:00"))
    version = changed(store, patient, id_, daily(NIGHT), at("03-03 07:00"), author=prescriber, reason="You sleep badly")
    found = own(store, patient, id_)
    assert (found.newest.by_prescriber, found.newest.reason) == (True, "You sleep badly")
    assert found.newest.waits_for_answer
    for answer in (Answer.SEEN, Answer.SEEN, Answer.TALK):
        with store.work(writes=True):
            changing.answer_change(patient.viewer, version, answer, moment=at("03-03 08:00"))
    assert own(store, patient, id_).newest.answer is Answer.TALK
    with store.work(writes=False):
        assert db().scalar(select(func.count()).select_from(MedicineAnswer)) == 2
    first = own(store, patient, id_).versions[0]
    with store.work(writes=True), pytest.raises(NotFound):  # One's own is not answered.
        changing.answer_change(patient.viewer, first.id, Answer.SEEN, moment=at("03-03 08:00"))


def test_a_prescriber_does_not_write_to_what_is_kept_to_oneself(
    store: Store, patient: Made, prescriber: Author
) -> None:
    id_ = started(store, patient, daily(MORNING), at("03-02 07:00"), private=True)
    with pytest.raises(NotFound):
        changed(store, patient, id_, daily(NIGHT), at("03-03 07:00"), author=prescriber)
    with store.work(writes=True):
        changing.set_private(patient.viewer, id_, private=False)
    changed(store, patient, id_, daily(NIGHT), at("03-03 07:00"), author=prescriber)
    with store.work(writes=False):
        ((first, until, on),) = db().get_one(Medicine, id_).hidden
    assert first < until
    assert date.fromisoformat(on)


def test_taken_away_it_is_gone_until_it_is_brought_back(store: Store, patient: Made) -> None:
    id_ = started(store, patient, daily(MORNING), at("03-02 07:00"))
    with store.work(writes=True):
        changing.remove(patient.viewer, id_)
    with store.work(writes=False):
        assert regimen.own_medicines(patient.viewer) == []
        changing.was_removed(patient.viewer, id_)
    with pytest.raises(IdTaken):
        started(store, patient, daily(MORNING), at("03-02 07:00"), id=id_)
    with store.work(writes=True):
        changing.bring_back(patient.viewer, id_)
    assert own(store, patient, id_).newest.number == 1


def test_a_session_in_question_sees_and_changes_only_what_it_wrote(
    store: Store, patient: Made, prescriber: Author
) -> None:
    before = started(store, patient, daily(MORNING), at("03-02 07:00"))
    intruder = replace(patient.viewer, entries_closed_from=clock.now(), entries_closed_until=clock.now())
    author = Author.patient(intruder)
    written = started(store, patient, daily(NIGHT), at("03-02 09:00"), NALTREXONE, author=author)
    with store.work(writes=False):
        assert [one.id for one in regimen.own_medicines(intruder)] == [written]
        assert regimen.hours_of(intruder) == DEFAULT_HOURS
        with pytest.raises(NotFound):
            regimen.own_medicine(intruder, before)
    for refused in (
        lambda: changing.stop(author, before, new_id(), moment=at("03-02 09:00")),
        lambda: changing.set_private(intruder, before, private=True),
        lambda: changing.remove(intruder, before),
        lambda: changing.set_hours(intruder, DEFAULT_HOURS),
    ):
        assert_not_found(store, refused)
    with pytest.raises(NotFound):  # Nobody else reads it, so nobody else writes to it.
        changed(store, patient, written, daily(MORNING), at("03-03 07:00"), author=prescriber)


def test_a_regimen_with_its_hours_and_answers_is_read_in_one_statement(
    store: Store, patient: Made, prescriber: Author
) -> None:
    for _ in range(3):
        started(store, patient, daily(plan=AsNeeded(ONE, 3, 240)), at("03-02 07:00"))
    theirs = started(store, patient, daily(MORNING), at("03-02 07:00"), author=prescriber)
    late = hours_from({Anchor.BEDTIME: time(23)})
    for answer in (Answer.SEEN, Answer.TALK):
        with store.work(writes=True):
            changing.set_hours(patient.viewer, late)
            changing.answer_change(patient.viewer, theirs, answer, moment=at("03-02 08:00"))
    with store.work(writes=False), counted(store.database) as counter:
        found = regimen.own_regimen(patient.viewer)
    assert len(counter.statements) == 1
    assert [one.newest.answer for one in found.medicines] == [None, None, None, Answer.TALK]
    assert found.hours == late


def assert_not_found(store: Store, call: Callable[[], object]) -> None:
    with store.work(writes=True), pytest.raises(NotFound):
        call()
