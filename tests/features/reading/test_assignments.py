"""What was given to a patient, through the one door: who sees that, whether it was done, and what is recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from patient_app.access_log.models import AccessKind, AccessRecord
from patient_app.accounts.models import TeamMembership
from patient_app.consent.categories import Category, Level
from patient_app.consent.models import Consent, ConsentState
from patient_app.core import clock
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline
from patient_app.core.work import Store, db
from patient_app.reading import assignments as reading
from patient_app.reading.assignments import SharedAssignment
from patient_app.skills import assignments, recording
from patient_app.skills.assignments import Standing
from tests.factories import Made, give_consent, make_clinician, make_supporter, sign_in, tie_supporter
from tests.features.skills.given import LOCKED, OF_USE, PLAIN, World, did, give, make_world, now_of
from tests.page import Client

NOW = datetime.fromisoformat("2026-11-03T23:00:00+00:00")
SKILLS, USE = Category.SKILLS, Category.SUBSTANCE_USE
SetTime = Callable[[datetime | str], None]


@pytest.fixture
def world(store: Store, set_time: SetTime) -> World:
    set_time(NOW)
    return make_world(store)


def seen(store: Store, who: Made | Viewer, world: World) -> dict[str, SharedAssignment]:
    """Return what somebody reads, by exercise."""
    viewer = who.viewer if isinstance(who, Made) else who
    with store.work(writes=True):
        found = reading.read_assignments(viewer, world.patient.id)
    return {one.given.exercise.id: one for one in found.items}


def recorded(store: Store) -> list[tuple[str, list[str], bool]]:
    """Return what the patient's records say of these pages, in their order."""
    with store.work(writes=False):
        query = select(AccessRecord).where(AccessRecord.kind == AccessKind.SKILLS).order_by(AccessRecord.seq)
        return [(row.viewer_role, row.categories, row.consent_id is not None) for row in db().scalars(query)]


DETAIL = Level.DETAIL
# With these shared: what the author sees of the two that they gave (done or not), and what another one sees at all.
CASES: list[tuple[Mapping[Category, Level], set[str], set[str]]] = [
    ({}, set(), set()),
    ({Category.MOOD: DETAIL, Category.NOTES: DETAIL, USE: DETAIL}, set(), set()),
    ({SKILLS: Level.SUMMARY}, set(), set()),
    ({SKILLS: DETAIL}, {LOCKED}, {LOCKED}),
    ({SKILLS: DETAIL, USE: DETAIL}, {LOCKED, OF_USE}, {LOCKED, OF_USE}),
]


@pytest.mark.parametrize(("scope", "done", "others"), CASES)
def test_who_gave_it_always_sees_that_and_whether_it_was_done_only_by_its_category(
    store: Store, world: World, scope: Mapping[Category, Level], done: set[str], others: set[str]
) -> None:
    for name in (LOCKED, OF_USE):
        give(store, world, name, note=f"of {name}")
        did(store, world, name)
    for who in (world.therapist, world.prescriber):
        if scope:
            give_consent(store, world.patient, who, scope)
    author, other = seen(store, world.therapist, world), seen(store, world.prescriber, world)
    assert set(author) == {LOCKED, OF_USE}
    assert {name for name, one in author.items() if one.done is not None} == done
    assert all(one.done is None or one.done.times == 1 for one in author.values())
    assert set(other) == others
    assert all(one.done is not None and not one.may_be_withdrawn for one in other.values())


def test_nothing_of_what_was_written_is_in_it_and_done_counts_whether_or_not_it_is_shown(
    store: Store, world: World
) -> None:
    give_consent(store, world.patient, world.therapist, {SKILLS: DETAIL})
    give(store, world)
    kept = did(store, world, answers={"feared": "Words of mine"})
    with store.work(writes=True):
        recording.set_shared(world.patient.viewer, kept, shared=False)
    did(store, world, about_use=True)
    removed, closed_from = did(store, world), clock.now()
    with store.work(writes=True):
        recording.remove(world.patient.viewer, removed)
    stranger = replace(world.patient.viewer, entries_closed_from=closed_from, entries_closed_until=closed_from)
    did(store, world, session=stranger)
    found = seen(store, world.therapist, world)[LOCKED]
    assert found.done is not None
    assert (found.done.times, found.done.last_on) == (2, now_of(world.patient).day)
    assert "Words of mine" not in repr(found)


def test_it_is_seen_from_the_day_on_which_the_category_is_open_and_says_so(
    store: Store, world: World, set_time: SetTime
) -> None:
    give(store, world)
    did(store, world)
    give(store, world, PLAIN, by=world.prescriber)
    set_time(NOW + timedelta(days=2))
    today = now_of(world.patient).day
    for who in (world.therapist, world.prescriber):
        give_consent(store, world.patient, who, {SKILLS: DETAIL}, entries_from=today - timedelta(days=1))
    found = seen(store, world.therapist, world)
    assert set(found) == {LOCKED}
    first = found[LOCKED]
    assert first.since == today - timedelta(days=1)
    assert first.done is not None
    assert first.done.times == 0
    did(store, world)
    again = seen(store, world.therapist, world)[LOCKED]
    assert again.done is not None
    assert again.done.times == 1


def test_that_the_patient_said_no_needs_the_category_and_the_word_is_the_authors(store: Store, world: World) -> None:
    given = give(store, world)
    with store.work(writes=True):
        assignments.decline(world.patient.viewer, given, "Too much now", now_of(world.patient))
    closed = seen(store, world.therapist, world)[LOCKED]
    assert (closed.standing, closed.word) == (Standing.STANDS, "")
    for who in (world.therapist, world.prescriber):
        give_consent(store, world.patient, who, {SKILLS: DETAIL})
    author, other = (seen(store, who, world)[LOCKED] for who in (world.therapist, world.prescriber))
    assert (author.standing, author.word) == (Standing.DECLINED, "Too much now")
    assert (other.standing, other.word) == (Standing.DECLINED, "")


def test_an_end_of_the_consent_closes_it_at_the_next_reading_and_leaving_the_team_the_page(
    store: Store, world: World
) -> None:
    consent = give_consent(store, world.patient, Discipline.THERAPIST, {SKILLS: DETAIL})
    give(store, world)
    assert seen(store, world.therapist, world)[LOCKED].done is not None
    with store.work(writes=True):
        db().execute(update(Consent).where(Consent.id == consent).values(state=ConsentState.PAUSED))
    assert seen(store, world.therapist, world)[LOCKED].done is None
    with store.work(writes=True):
        ended = update(TeamMembership).where(TeamMembership.id == world.membership)
        db().execute(ended.values(ended_at=clock.now()))
    with pytest.raises(NotFound):
        seen(store, world.therapist, world)


def test_each_reading_is_recorded_with_what_it_relied_on(store: Store, world: World) -> None:
    give(store, world)
    seen(store, world.therapist, world)
    give_consent(store, world.patient, world.therapist, {SKILLS: DETAIL, USE: DETAIL, Category.MOOD: DETAIL})
    seen(store, world.therapist, world)
    give(store, world, OF_USE)
    seen(store, world.therapist, world)
    seen(store, world.prescriber, world)
    assert [(role, set(categories), by) for role, categories, by in recorded(store)] == [
        ("therapist", set(), False),
        ("therapist", {"skills"}, True),
        ("therapist", {"skills", "substance_use"}, True),
        ("prescriber", set(), False),
    ]


def test_nobody_off_the_team_and_no_supporter_opens_or_gives_anything(app: Flask, store: Store, world: World) -> None:
    given = give(store, world)
    supporter = make_supporter(store, world.practice)
    tie_supporter(store, world.patient, supporter)
    stranger = make_clinician(store, world.practice, Discipline.THERAPIST)
    for who in (supporter, stranger, world.administrator, world.other):
        client = Client(app)
        sign_in(client, who)
        address = f"/team/{world.patient.id}/assignments"
        for page in (address, f"{address}/new", f"{address}/new/{PLAIN}"):
            assert client.get(page).status_code in (403, 404)
        sent = {"often": "once", "until": "2026-12-01", "id": str(new_id())}
        assert client.post(f"{address}/new/{PLAIN}", data=sent).status_code in (403, 404)
        assert client.post(f"{address}/{given}/withdraw").status_code in (403, 404)
    assert set(seen(store, world.therapist, world)) == {LOCKED}
