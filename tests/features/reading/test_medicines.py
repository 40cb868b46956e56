"""Which medicines a clinician reads: by category, by day, at the next request; and what is told beside them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from patient_app.access_log import service as access_log
from patient_app.access_log.models import AccessKind, AccessRecord
from patient_app.consent.categories import Category, Level
from patient_app.consent.decisions import Grants, Reader, grants_of
from patient_app.consent.models import ConsentState
from patient_app.core import clock
from patient_app.core.errors import NotFound
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline
from patient_app.core.work import Store, db
from patient_app.medications import changing, dose_log, parts, regimen
from patient_app.medications.dose_log import Slot, Told
from patient_app.medications.models import Answer, Dose, DoseState, Medicine
from patient_app.medications.said import Said
from patient_app.medications.skipping import Reason, Why
from patient_app.reading import medicines
from patient_app.reading import service as reading
from patient_app.reading.logged import Logged
from patient_app.reading.medicines import SharedAnswer
from tests import factories
from tests.factories import Made
from tests.features.medications.regimens import NALTREXONE, SERTRALINE
from tests.features.reading.medicines_world import (
    BOTH,
    DETAIL,
    LITHIUM,
    MED,
    MOOD,
    NOTES,
    NOW,
    SUMMARY,
    TODAY,
    USE,
    World,
    ago,
    begin,
    change,
    end,
    log,
    make_world,
    mark,
    names,
    read,
    share,
    start,
)
from tests.features.reading.test_masking import add_consent


@pytest.fixture
def world(store: Store, set_time: Callable[[datetime], None]) -> World:
    set_time(NOW)
    return make_world(store)


@pytest.mark.parametrize(
    ("scope", "seen"),
    [
        ({MOOD: DETAIL, USE: DETAIL, NOTES: DETAIL}, []),
        ({MED: DETAIL}, ["sertraline"]),
        ({MED: DETAIL, USE: SUMMARY}, ["sertraline"]),
        ({MED: SUMMARY, USE: DETAIL}, []),
        (BOTH, ["sertraline", "Topamax", "naltrexone"]),
    ],
    ids=["others", "medicines", "use summed up", "medicines summed up", "both"],
)
def test_a_medicine_is_open_with_all_that_it_needs(
    store: Store, world: World, scope: Mapping[Category, Level], seen: list[str]
) -> None:
    start(store, world)
    start(store, world, Said("Topamax", "topiramate"), about_use=True)  # Marked by the patient.
    start(store, world, NALTREXONE)  # Always for alcohol or drugs, whatever was answered.
    share(store, world, scope)
    assert names(read(store, world)) == seen


def test_a_name_that_says_so_is_about_use_though_nobody_marked_it(store: Store, world: World) -> None:
    """What is called is sealed, and an older row may lack the mark: the query cannot know it, the door does."""
    medicine_id = start(store, world, Said("Vivitrol shot"))
    mark(store, medicine_id, about_use=False)
    log(store, world, medicine_id)
    share(store, world, {MED: DETAIL})
    assert read(store, world).medicines == ()
    share(store, world, {USE: DETAIL})
    assert [(one.about_use, len(one.doses)) for one in read(store, world).medicines] == [(True, 1)]


def test_marking_it_afterwards_closes_all_of_it_at_the_next_request(store: Store, world: World) -> None:
    medicine_id = start(store, world, times=("08:00", "20:00"))
    change(store, world, medicine_id, by=world.prescriber, reason="more", days=2)
    log(store, world, medicine_id, days=3)
    share(store, world, {MED: DETAIL})
    [one] = read(store, world).medicines
    assert (len(one.versions), len(one.doses)) == (2, 1)
    change(store, world, medicine_id, about_use=True, base=2)
    assert read(store, world).medicines == ()


@pytest.mark.parametrize("kept", [{"private": True}, {"removed_at": NOW}, {"while_closed": True}])
def test_what_is_kept_or_taken_away_is_nobody_elses(store: Store, world: World, kept: dict[str, Any]) -> None:
    medicine_id = start(store, world)
    log(store, world, medicine_id)
    change(store, world, medicine_id, by=world.prescriber, reason="a canary")
    share(store, world, BOTH)
    assert names(read(store, world)) == ["sertraline"]
    mark(store, medicine_id, **kept)
    assert read(store, world).medicines == ()
    with store.work(writes=True), pytest.raises(NotFound):
        medicines.read_medicines(world.prescriber.viewer, world.patient.id).one(medicine_id)


def test_a_dose_that_a_session_in_question_logged_is_nobody_elses(store: Store, world: World) -> None:
    medicine_id = start(store, world)
    log(store, world, medicine_id)
    share(store, world, {MED: DETAIL})
    with store.work(writes=True):
        db().execute(update(Dose).values(while_closed=True))
    [one] = read(store, world).medicines
    assert (one.doses, one.logged.periods[-1].taken) == ((), 0)


def test_nobody_else_comes_in(store: Store, world: World) -> None:
    """Another practice, somebody not on the team, one who left, one whose joining was just told, staff without care."""
    start(store, world)
    new = factories.make_clinician(store, world.practice, Discipline.PRESCRIBER)
    noticed = factories.make_clinician(store, world.practice, Discipline.PRESCRIBER)
    unassigned = factories.make_clinician(store, world.practice, Discipline.PRESCRIBER)
    other = factories.make_clinician(store, factories.make_practice(store, "Hill Practice"), Discipline.PRESCRIBER)
    for member, hours in ((new, 71), (noticed, 73)):
        told = NOW - timedelta(hours=hours)
        factories.assign_team(store, world.patient, member, world.administrator, shown=False, noticed_at=told)
    share(store, world, BOTH)
    assert names(read(store, world, noticed)) == ["sertraline"]
    assert read(store, world, new).medicines == ()
    for nobody in (unassigned, other, world.administrator, world.supporter):
        with store.work(writes=True), pytest.raises(NotFound):
            medicines.read_medicines(nobody.viewer, world.patient.id)


def _preview(world: World, picture: Reader) -> medicines.SharedMedicines:
    grants = grants_of(picture, [world.patient.id]).get(world.patient.id, Grants())
    return medicines.preview(world.patient.viewer, picture, grants)


def test_a_supporter_reads_none_whatever_a_consent_says(store: Store, world: World) -> None:
    start(store, world)
    share(store, world, BOTH, to=world.supporter)
    picture = replace(reading.reader_of(world.supporter.viewer), preview_of=world.patient.id)
    with store.work(writes=False):
        assert _preview(world, picture).medicines == ()
        own = regimen.own_medicines(world.patient.viewer)
        assert parts.who_sees_medicine(world.patient.viewer, own[0]) == []


@pytest.mark.parametrize(
    "options",
    [
        {"ends_at": NOW - timedelta(minutes=1)},
        {"starts_at": NOW + timedelta(days=1)},
        {"state": ConsentState.PAUSED},
        {"state": ConsentState.REVOKED},
        {"entries_from": TODAY + timedelta(days=1)},
    ],
    ids=["over", "to come", "paused", "ended", "from tomorrow"],
)
def test_a_consent_that_does_not_hold_opens_nothing(store: Store, world: World, options: dict[str, Any]) -> None:
    start(store, world)
    share(store, world, BOTH, **options)
    assert read(store, world).medicines == ()


def test_it_closes_at_the_next_request(store: Store, world: World) -> None:
    start(store, world)
    consent_id = share(store, world, {MED: DETAIL})
    assert names(read(store, world)) == ["sertraline"]
    end(store, consent_id, ConsentState.PAUSED)
    assert read(store, world).medicines == ()
    end(store, consent_id, ConsentState.ACTIVE)
    assert names(read(store, world)) == ["sertraline"]


def test_from_a_day_on_each_version_and_dose_by_its_own_day(store: Store, world: World) -> None:
    old = start(store, world, LITHIUM, days=9)
    medicine_id = start(store, world, days=9)
    change(store, world, medicine_id, days=2, reason="since then")
    for days in (1, 3, 5):
        log(store, world, medicine_id, days=days)
    share(store, world, {MED: DETAIL}, entries_from=TODAY - timedelta(days=3))
    [one] = read(store, world).medicines
    assert (one.id, [version.number for version in one.versions]) == (medicine_id, [2])
    assert [(TODAY - dose.plan_date).days for dose in one.doses] == [1, 3]
    assert old != one.id


def test_the_reason_names_use_and_others_read_just_skipped(store: Store, world: World) -> None:
    medicine_id = start(store, world, times=("08:00", "12:00", "20:00"))
    log(store, world, medicine_id, state=DoseState.SKIPPED, why=Why(Reason.USE))
    log(store, world, medicine_id, state=DoseState.SKIPPED, why=Why(Reason.OTHER, "the party"), slot="12:00")
    log(store, world, medicine_id, state=DoseState.SKIPPED, why=Why(Reason.COST), slot="20:00")

    def reasons() -> list[tuple[str | None, DoseState, Why | None]]:
        [one] = read(store, world).medicines
        return sorted(((dose.slot, dose.state, dose.why) for dose in one.doses), key=lambda each: each[0] or "")

    consent_id = share(store, world, {MED: DETAIL})
    assert [(slot, state) for slot, state, _ in reasons()] == [
        ("08:00", DoseState.SKIPPED),
        ("12:00", DoseState.SKIPPED),
        ("20:00", DoseState.SKIPPED),
    ]
    assert [why for *_, why in reasons()] == [None, None, Why(Reason.COST)]
    end(store, consent_id)
    share(store, world, BOTH)
    assert [why for *_, why in reasons()] == [Why(Reason.USE), Why(Reason.OTHER, "the party"), Why(Reason.COST)]


def test_what_is_counted_is_what_this_reader_may_see(store: Store, world: World) -> None:
    seen, hidden = start(store, world, days=9), start(store, world, NALTREXONE, days=9)
    for days in (1, 2, 5):
        log(store, world, seen, days=days)
    log(store, world, seen, days=3, state=DoseState.SKIPPED)
    for days in range(1, 9):
        log(store, world, hidden, days=days)
    consent_id = share(store, world, {MED: DETAIL})
    [one] = read(store, world).medicines
    # Entered nine days ago: the eight days after that, without today, which is not over.
    # Over 7 days, over 30 and over 90.
    assert three(one.logged) == [(3, 1, 2), (3, 1, 4), (3, 1, 4)]
    end(store, consent_id)
    share(store, world, BOTH)
    page = read(store, world)
    assert [one.logged.periods[-1].taken for one in page.medicines] == [3, 8]
    assert three(page.together) == [(9, 1, 2), (11, 1, 4), (11, 1, 4)]


def three(logged: Logged) -> list[tuple[int, int, int]]:
    """Return the three numbers of each period."""
    return [(one.taken, one.skipped, one.not_recorded) for one in logged.periods]


def test_it_is_counted_over_three_periods_from_the_day_that_is_open(store: Store, world: World) -> None:
    medicine_id = start(store, world, days=99)
    change(store, world, medicine_id, days=20)
    for days in (1, 8, 25, 40, 95):
        mark_taken(store, world, medicine_id, days)
    consent_id = share(store, world, {MED: DETAIL})
    [one] = read(store, world).medicines
    assert three(one.logged) == [(1, 0, 5), (3, 0, 26), (4, 0, 85)]
    assert one.logged.since is None
    end(store, consent_id)
    share(store, world, {MED: DETAIL}, entries_from=TODAY - timedelta(days=20))
    [one] = read(store, world).medicines
    # The version that is open was written on that day: what was due before is nothing that this reader may know of.
    assert three(one.logged) == [(1, 0, 5), (2, 0, 17), (2, 0, 17)]
    assert one.logged.since == TODAY - timedelta(days=19)


def mark_taken(store: Store, world: World, medicine_id: uuid.UUID, days: int) -> None:
    """Have a dose logged on its own day, however long ago that is."""
    told, slot = Told(DoseState.TAKEN, ago(days)), Slot(medicine_id, TODAY - timedelta(days=days), "08:00")
    with store.work(writes=True):
        dose_log.log_due(world.patient.viewer, new_id(), {slot: told}, ago(days))


def test_when_the_last_entry_reached_us_is_told_from_open_medicines_alone(
    store: Store, world: World, set_time: Callable[[datetime], None]
) -> None:
    seen, hidden = start(store, world, days=9), start(store, world, NALTREXONE, days=9)
    share(store, world, {MED: DETAIL})
    set_time(NOW - timedelta(days=4))
    mark_taken(store, world, seen, 4)
    heard = clock.now()
    set_time(NOW - timedelta(days=1))
    mark_taken(store, world, hidden, 1)
    set_time(NOW)
    page = read(store, world)
    # Due on the three days since, and not recorded; of today nothing is known yet.
    assert (page.heard_at, page.together.due_since_heard) == (heard, 3)
    share(store, world, BOTH)
    page = read(store, world)
    assert (page.heard_at, page.together.due_since_heard) == (NOW - timedelta(days=1), 0)


def test_a_change_of_a_prescriber_is_shown_with_reason_and_answer(store: Store, world: World) -> None:
    medicine_id = start(store, world)
    version_id = change(store, world, medicine_id, by=world.prescriber, reason="Sleep is still poor")
    share(store, world, {MED: DETAIL}, to=Discipline.THERAPIST)
    share(store, world, {MED: DETAIL})
    [one] = read(store, world, world.therapist).medicines
    assert (one.newest.reason, one.authors[one.newest.author_id]) == ("Sleep is still poor", "Dr Ana Ruiz")
    assert (one.unanswered, one.wants_talk) == (True, False)
    for answer, wants_talk in ((Answer.TALK, True), (Answer.SEEN, False)):
        with store.work(writes=True):
            changing.answer_change(world.patient.viewer, version_id, answer, moment=ago(0))
        for by in (world.prescriber, world.therapist):
            [one] = read(store, world, by).medicines
            assert (one.unanswered, one.wants_talk) == (False, wants_talk)
            assert one.answers[version_id][-1] == SharedAnswer(answer, NOW)
    # Who wanted to talk and then saw it has said both.
    assert [said.answer for said in one.answers[version_id]] == [Answer.TALK, Answer.SEEN]


def test_the_reading_is_recorded_apart_and_the_patient_reads_of_it(store: Store, world: World) -> None:
    start(store, world)
    share(store, world, {MED: DETAIL, MOOD: DETAIL, USE: DETAIL})
    read(store, world)
    with store.work(writes=True):
        reading.read_patient(world.prescriber.viewer, world.patient.id)
        records = db().scalars(select(AccessRecord).order_by(AccessRecord.seq)).all()
        assert [(one.kind, sorted(one.categories)) for one in records] == [
            (AccessKind.MEDICINES, [MED, USE]),
            (AccessKind.DETAIL, [MOOD, USE]),
        ]
        assert records[0].from_day == TODAY - timedelta(days=89)
        assert records[0].to_day == TODAY
        assert records[0].notice_version
    assert access_log.verify(store).faults == []


def test_looking_without_a_consent_is_recorded_too(store: Store, world: World) -> None:
    start(store, world)
    share(store, world, {USE: DETAIL})
    assert read(store, world).medicines == ()
    with store.work(writes=False):
        [record] = db().scalars(select(AccessRecord)).all()
        assert (record.kind, record.consent_id, record.categories) == (AccessKind.MEDICINES, None, [])


def test_a_reading_that_keeps_no_record_gives_nothing(store: Store, world: World) -> None:
    start(store, world)
    share(store, world, BOTH)
    with store.work(writes=False), pytest.raises(access_log.NotWriting):
        medicines.read_medicines(world.prescriber.viewer, world.patient.id)


def test_which_medicines_a_prescriber_may_enter(store: Store, world: World) -> None:
    def may(about_use: bool, by: Made = world.prescriber) -> bool:
        with store.work(writes=False):
            return medicines.may_read(by.viewer, world.patient.id, about_use=about_use)

    assert not may(about_use=False)
    share(store, world, {MED: DETAIL})
    assert (may(about_use=False), may(about_use=True), may(about_use=False, by=world.therapist)) == (True, False, False)
    share(store, world, {USE: DETAIL}, entries_from=TODAY + timedelta(days=1))
    assert not may(about_use=True)
    share(store, world, {USE: DETAIL}, entries_from=TODAY)
    assert may(about_use=True)


# --- Any medicines, any consents ------------------------------------------------------------------------------------

KINDS = {"plain": SERTRALINE, "always": NALTREXONE, "own words": Said("St John's wort"), "own name": Said("Suboxone")}
ABOUT_USE = {"always", "own name"}
medicine = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(sorted(KINDS)),
        "marked": st.booleans(),
        "days": st.integers(0, 9),
        "kept": st.sampled_from(["", "", "", "private", "removed", "closed"]),
    }
)
scopes = st.dictionaries(st.sampled_from([MED, MED, USE, MOOD]), st.sampled_from(Level), min_size=1, max_size=3)
agreed = st.lists(st.tuples(scopes, st.none() | st.integers(0, 9), st.booleans()), max_size=3)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(taken=st.lists(medicine, max_size=3), consents=agreed)
def test_any_medicines_under_any_consents_and_the_receipts_say_the_same(
    store: Store, world: World, taken: list[dict[str, Any]], consents: list[tuple[Any, int | None, bool]]
) -> None:
    picture = replace(reading.reader_of(world.prescriber.viewer), preview_of=world.patient.id)
    with store.work(writes=True) as unit:
        ids = [_write(world, one) for one in taken]
        for scope, since, by_name in consents:
            add_consent(world, world.prescriber if by_name else Discipline.PRESCRIBER, scope, since)  # type: ignore[arg-type]
        db().flush()
        page = medicines.read_medicines(world.prescriber.viewer, world.patient.id)
        seen_as = _preview(world, picture)
        own = {one.id: one for one in regimen.own_medicines(world.patient.viewer)}
        receipts = {one for one in own if parts.who_sees_medicine(world.patient.viewer, own[one])}
        unit.abandon()
    expected = {one for one, said in zip(ids, taken, strict=True) if _is_open(said, consents)}
    assert {one.id for one in page.medicines} == expected
    assert seen_as.medicines == page.medicines
    # A receipt is made of the patient's own medicines: of one written while a session was in question as well.
    closed = {one for one, said in zip(ids, taken, strict=True) if said["kept"] == "closed"}
    assert receipts - closed == expected


def _write(world: World, one: dict[str, Any]) -> uuid.UUID:
    medicine_id = begin(world, KINDS[one["kind"]], days=one["days"], about_use=one["marked"])
    kept: dict[str, dict[str, Any]] = {
        "private": {"private": True},
        "removed": {"removed_at": NOW},
        "closed": {"while_closed": True},
    }
    if one["kept"]:
        db().execute(update(Medicine).where(Medicine.id == medicine_id).values(**kept[one["kept"]]))
    return medicine_id


def _is_open(one: dict[str, Any], consents: list[tuple[Any, int | None, bool]]) -> bool:
    needed = {MED, USE} if one["marked"] or one["kind"] in ABOUT_USE else {MED}
    return not one["kept"] and all(
        any(scope.get(need) is DETAIL and (since is None or one["days"] <= since) for scope, since, _ in consents)
        for need in needed
    )


def test_a_closed_one_leaves_no_trace_in_what_is_read(store: Store, world: World) -> None:
    """The page of who is shown one medicine of two is that of whose patient takes one."""
    start(store, world)
    share(store, world, {MED: DETAIL})
    alone = read(store, world)
    hidden = start(store, world, NALTREXONE, days=3)
    change(store, world, hidden, said=NALTREXONE, by=world.prescriber, reason="canary")
    log(store, world, hidden, state=DoseState.SKIPPED, why=Why(Reason.FORGOT))
    assert read(store, world) == alone
