"""What a reader gets of entries: field by field against a model written by hand."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from patient_app.checkins import recording
from patient_app.checkins.answers import Answers
from patient_app.checkins.models import CheckIn, CheckInVersion, Source
from patient_app.consent import seals
from patient_app.consent.categories import Category, Level
from patient_app.consent.models import Consent, ConsentCategory, ConsentState, RecipientKind
from patient_app.core.clock import moment
from patient_app.core.errors import NotFound
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline
from patient_app.core.work import Store, db
from patient_app.reading import service as reading
from patient_app.reading.service import Shared, SharedCheckIn
from tests import factories
from tests.factories import Made

pytestmark = pytest.mark.data

NOW = datetime(2026, 11, 3, 18, 0, tzinfo=UTC)
TODAY = date(2026, 11, 3)
MOOD, USE, NOTES = Category.MOOD, Category.SUBSTANCE_USE, Category.NOTES
DETAIL, SUMMARY = Level.DETAIL, Level.SUMMARY


@dataclass(frozen=True)
class World:
    """A patient, a prescriber on the team, a confirmed supporter."""

    patient: Made
    prescriber: Made
    supporter: Made


@pytest.fixture
def world(store: Store, set_time: Callable[[datetime], None]) -> World:
    """Make them, on an afternoon in November."""
    set_time(NOW)
    practice = factories.make_practice(store)
    administrator = factories.make_administrator(store, practice)
    patient = factories.make_patient(store, practice)
    prescriber = factories.make_clinician(store, practice, Discipline.PRESCRIBER)
    supporter = factories.make_supporter(store, practice)
    factories.assign_team(store, patient, prescriber, administrator)
    factories.tie_supporter(store, patient, supporter, instructions="Call me.")
    return World(patient, prescriber, supporter)


def write(store: Store, patient: Made, days_ago: int = 0, **said: object) -> uuid.UUID:
    return factories.make_check_in(store, patient, at=NOW - timedelta(days=days_ago), **{"mood": None, **said})  # type: ignore[arg-type]


def read(store: Store, world: World, days: int = 30) -> Shared:
    with store.work(writes=True):
        return reading.read_patient(world.prescriber.viewer, world.patient.id, days)


def share(store: Store, world: World, scope: dict[Category, Level], **given: object) -> uuid.UUID:
    return factories.give_consent(store, world.patient, Discipline.PRESCRIBER, scope, **given)  # type: ignore[arg-type]


def fields(entry: SharedCheckIn) -> tuple[int | None, int | None, bool | None, str | None]:
    return entry.mood, entry.craving, entry.use, entry.note


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ({MOOD: DETAIL}, (4, None, None, None)),
        ({USE: DETAIL}, (None, 7, True, None)),
        ({NOTES: DETAIL}, (None, None, None, "by the sea")),
        ({MOOD: DETAIL, NOTES: DETAIL}, (4, None, None, "by the sea")),
        ({MOOD: DETAIL, USE: DETAIL, NOTES: DETAIL}, (4, 7, True, "by the sea")),
    ],
    ids=["mood", "use", "notes", "mood and notes", "all"],
)
def test_a_field_is_there_only_where_its_category_is_shared(
    store: Store, world: World, scope: dict[Category, Level], expected: tuple[object, ...]
) -> None:
    write(store, world.patient, mood=4, craving=7, use=True, note="by the sea")
    share(store, world, scope)
    [entry] = read(store, world).check_ins
    assert fields(entry) == expected


def test_a_note_about_use_needs_both(store: Store, world: World) -> None:
    write(store, world.patient, note="at the bar", note_about_use=True)
    write(store, world.patient, 1, note="at the lake")
    for scope, expected in (
        ({NOTES: DETAIL}, ["at the lake"]),
        ({NOTES: DETAIL, MOOD: DETAIL}, ["at the lake"]),
        # Only a summary of use is shared: the words about it stay closed.
        ({NOTES: DETAIL, USE: SUMMARY}, ["at the lake"]),
        ({USE: DETAIL}, []),
        ({NOTES: DETAIL, USE: DETAIL}, ["at the bar", "at the lake"]),
    ):
        consent_id = share(store, world, scope)
        assert [entry.note for entry in read(store, world).check_ins] == expected
        revoke(store, consent_id)


def revoke(store: Store, consent_id: uuid.UUID) -> None:
    with store.work(writes=True):
        db().execute(update(Consent).where(Consent.id == consent_id).values(state=ConsentState.REVOKED))


def test_private_and_removed_entries_are_no_rows(store: Store, world: World) -> None:
    write(store, world.patient, mood=1, private=True)
    write(store, world.patient, mood=2, removed=True)
    write(store, world.patient, mood=3)
    share(store, world, {MOOD: DETAIL, USE: SUMMARY})
    assert [entry.mood for entry in read(store, world).check_ins] == [3]


def test_an_entry_of_which_nothing_is_open_is_no_row(store: Store, world: World) -> None:
    write(store, world.patient, craving=2)
    write(store, world.patient, note="words")
    share(store, world, {MOOD: DETAIL})
    assert read(store, world).check_ins == ()


def test_entries_before_the_agreed_day_stay_closed_and_each_category_has_its_own(store: Store, world: World) -> None:
    for days_ago in (0, 2, 4):
        write(store, world.patient, days_ago, mood=3, craving=days_ago)
    share(store, world, {MOOD: DETAIL}, entries_from=TODAY - timedelta(days=2))
    share(store, world, {USE: DETAIL}, entries_from=TODAY)
    assert [fields(entry) for entry in read(store, world).check_ins] == [(3, 0, None, None), (3, None, None, None)]
    # A second consent for the same category, without a first day, opens the earlier days too.
    factories.give_consent(store, world.patient, world.prescriber, {MOOD: DETAIL})
    assert [entry.mood for entry in read(store, world).check_ins] == [3, 3, 3]


def test_only_the_newest_words_of_a_corrected_entry_are_shown(store: Store, world: World) -> None:
    entry_id = new_id()
    for mood, note in ((1, "first words"), (5, "second words")):
        with store.work(writes=True):
            recording.record_check_in(
                world.patient.viewer,
                entry_id,
                Answers(mood=mood, note=note),
                moment(NOW, world.patient.zone),
            )
    share(store, world, {MOOD: DETAIL, NOTES: DETAIL})
    assert [fields(entry) for entry in read(store, world).check_ins] == [(5, None, None, "second words")]


def test_a_week_is_summed_up_only_from_what_is_shared(store: Store, world: World) -> None:
    monday = TODAY - timedelta(days=TODAY.weekday())
    write(store, world.patient, 0, mood=2, craving=8, use=True, note="secret words")
    write(store, world.patient, 1, mood=4, craving=3, use=False)
    write(store, world.patient, 1, mood=5, private=True)
    for scope, expected in (
        ({MOOD: SUMMARY}, (2, 3, None, None)),
        ({USE: SUMMARY}, (0, None, 5.5, 1)),
        ({MOOD: SUMMARY, USE: SUMMARY}, (2, 3, 5.5, 1)),
        ({MOOD: SUMMARY, NOTES: DETAIL}, (2, 3, None, None)),
    ):
        consent_id = share(store, world, scope)
        shared = read(store, world, 7)
        [week] = shared.weeks
        assert week.monday == monday
        assert (week.mood_days, week.mood, week.craving, week.use_days) == expected
        assert all(fields(entry)[:3] == (None, None, None) for entry in shared.check_ins)
        assert len(shared.check_ins) == (1 if NOTES in scope else 0)
        revoke(store, consent_id)
    share(store, world, {NOTES: DETAIL})
    assert read(store, world).weeks == ()


def test_detail_and_summary_of_two_consents_is_detail(store: Store, world: World) -> None:
    write(store, world.patient, mood=4)
    share(store, world, {MOOD: SUMMARY})
    factories.give_consent(store, world.patient, world.prescriber, {MOOD: DETAIL})
    shared = read(store, world)
    assert [entry.mood for entry in shared.check_ins] == [4]
    assert shared.weeks == ()


def test_the_days_of_a_period_are_the_patients_own(store: Store, world: World) -> None:
    # In New York it is 2 November, 23:30; that day and the six before belong to the last 7 days.
    factories.make_check_in(store, world.patient, at=datetime(2026, 11, 3, 4, 30, tzinfo=UTC), mood=1)
    factories.make_check_in(store, world.patient, at=datetime(2026, 10, 27, 5, 30, tzinfo=UTC), mood=2)
    share(store, world, {MOOD: DETAIL})
    [entry] = read(store, world, 7).check_ins
    assert (entry.day, entry.local_time) == (date(2026, 11, 2), datetime(2026, 11, 2, 23, 30))  # noqa: DTZ001 - a wall clock.


def test_a_supporter_gets_the_same_masking_and_the_instructions(store: Store, world: World) -> None:
    write(store, world.patient, mood=4, craving=7, use=True, note="words")
    factories.give_consent(store, world.patient, world.supporter, {MOOD: DETAIL})
    with store.work(writes=True):
        shared = reading.read_supported(world.supporter.viewer, world.patient.id, 30)
    assert [fields(entry) for entry in shared.check_ins] == [(4, None, None, None)]
    assert (shared.instructions, shared.person.chart_number, shared.person.date_of_birth) == ("Call me.", "", "")
    assert not shared.has_substance_use


def test_who_is_not_on_the_list_gets_the_answer_of_what_is_not_there(store: Store, world: World) -> None:
    practice = factories.make_practice(store, "Another practice")
    stranger = factories.make_clinician(store, practice, Discipline.PRESCRIBER)
    share(store, world, {MOOD: DETAIL})
    for viewer, patient_id in (
        (stranger.viewer, world.patient.id),
        (world.prescriber.viewer, world.supporter.id),
        (world.prescriber.viewer, uuid.UUID(int=1)),
        (world.supporter.viewer, world.patient.id),
    ):
        with pytest.raises(NotFound), store.work(writes=True):
            reading.read_patient(viewer, patient_id, 30)
    with pytest.raises(NotFound), store.work(writes=True):
        reading.read_supported(world.prescriber.viewer, world.patient.id, 30)


def test_a_picture_is_only_of_oneself(store: Store, world: World) -> None:
    with pytest.raises(NotFound), store.work(writes=False):
        reading.preview(world.patient.viewer, reading.reader_of(world.prescriber.viewer), 30)


# --- Any entries, any consents --------------------------------------------------------------------------------------

entries = st.lists(
    st.fixed_dictionaries(
        {
            "days_ago": st.integers(0, 9),
            "mood": st.none() | st.integers(1, 5),
            "craving": st.none() | st.integers(0, 10),
            "use": st.none() | st.booleans(),
            "note": st.sampled_from(["", "words"]),
            "note_about_use": st.booleans(),
            "private": st.sampled_from([False, False, True]),
            "removed": st.sampled_from([False, False, False, True]),
        }
    ),
    max_size=5,
)
agreements = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from([MOOD, USE]), st.sampled_from(list(Level)), max_size=2),
        st.booleans(),  # notes
        st.none() | st.integers(0, 9),  # from how many days ago on
    ),
    max_size=3,
)


def expected_entries(
    written: list[dict[str, Any]], agreed: list[tuple[dict[Category, Level], int]]
) -> list[tuple[object, ...]]:
    """Return what a reader gets, by rules written by hand: (days ago, mood, craving, use, note), unordered."""
    found = []
    for entry in written:
        if entry["private"] or entry["removed"]:
            continue
        opened = {
            category
            for scope, since in agreed
            for category, level in scope.items()
            if level is DETAIL and entry["days_ago"] <= since
        }
        note = entry["note"] if NOTES in opened and (not entry["note_about_use"] or USE in opened) else ""
        row = (
            entry["days_ago"],
            entry["mood"] if MOOD in opened else None,
            entry["craving"] if USE in opened else None,
            entry["use"] if USE in opened else None,
            note or None,
        )
        if any(value is not None for value in row[1:]):
            found.append(row)
    return sorted(found, key=repr)


def expected_weeks(
    written: list[dict[str, Any]], agreed: list[tuple[dict[Category, Level], int]]
) -> dict[date, tuple[object, ...]]:
    """Return each week's (days with a mood, mood, craving, days with use), by rules written by hand."""
    best = {
        category: max(
            (scope[category] for scope, _ in agreed if category in scope), key=(SUMMARY, DETAIL).index, default=None
        )
        for category in (MOOD, USE)
    }
    said: dict[date, dict[str, list[tuple[date, Any]]]] = {}
    for entry in written:
        if entry["private"] or entry["removed"]:
            continue
        day = TODAY - timedelta(days=entry["days_ago"])
        for name, category in (("mood", MOOD), ("craving", USE), ("use", USE)):
            since = [since for scope, since in agreed if scope.get(category) is SUMMARY]
            if best[category] is SUMMARY and entry[name] is not None and entry["days_ago"] <= max(since):
                week = said.setdefault(day - timedelta(days=day.weekday()), {})
                week.setdefault(name, []).append((day, entry[name]))
    weeks: dict[date, tuple[object, ...]] = {}
    for monday, words in said.items():
        moods, cravings = ([int(str(value)) for _, value in words.get(name, [])] for name in ("mood", "craving"))
        weeks[monday] = (
            len({day for day, _ in words.get("mood", [])}),
            round(median(moods)) if moods else None,
            median(cravings) if cravings else None,
            len({day for day, value in words.get("use", []) if value}) if best[USE] is SUMMARY else None,
        )
    return weeks


def add_entry(patient: Made, days_ago: int, said: Mapping[str, Any]) -> None:
    """Add an entry within the unit of work that is open."""
    occurred = moment(NOW - timedelta(days=days_ago), patient.zone)
    entry_id, version_id = new_id(), new_id()
    db().add(
        CheckIn(
            id=entry_id,
            practice_id=patient.practice_id,
            patient_id=patient.id,
            occurred_at=occurred.occurred_at,
            local_date=occurred.local_date,
            day=occurred.day,
            utc_offset=occurred.utc_offset,
            zone=occurred.zone,
            recorded_at=NOW,
            recorded_seq=1,
            device_seq=None,
            source=Source.FORM,
            newest_version=1,
            private=said["private"],
            removed_at=NOW if said["removed"] else None,
        )
    )
    db().flush()
    version = CheckInVersion(
        id=version_id,
        check_in_id=entry_id,
        patient_id=patient.id,
        version=1,
        replaces_id=None,
        recorded_at=NOW,
        recorded_seq=1,
        source=Source.FORM,
        fingerprint=b"",
        mood=said["mood"],
        craving=said["craving"],
        use=said["use"],
        note_about_use=said["note_about_use"],
    )
    version.note = said["note"]
    db().add(version)


def add_consent(world: World, to: Made | Discipline, scope: dict[Category, Level], since: int | None) -> None:
    """Add a consent within the unit of work that is open."""
    consent = Consent(
        id=new_id(),
        practice_id=world.patient.practice_id,
        patient_id=world.patient.id,
        recipient_kind=RecipientKind.PERSON if isinstance(to, Made) else RecipientKind.TEAM,
        recipient_id=to.id if isinstance(to, Made) else None,
        discipline=None if isinstance(to, Made) else to,
        state=ConsentState.ACTIVE,
        starts_at=NOW,
        ends_at=None,
        entries_from=None if since is None else TODAY - timedelta(days=since),
        language="en",
        form_version="test",
        form_digest=b"",
        discloser="The practice",
        purpose="test",
        signed_at=NOW,
        signed_session_id=None,
        grants=[ConsentCategory(category=category, level=level) for category, level in scope.items()],
    )
    seals.seal(consent)
    db().add(consent)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(written=entries, given_consents=agreements)
def test_any_entries_under_any_consents_are_masked_as_the_model_says(
    store: Store,
    world: World,
    written: list[dict[str, Any]],
    given_consents: list[tuple[dict[Category, Level], bool, int | None]],
) -> None:
    agreed = [
        ({**scope, **({NOTES: DETAIL} if notes else {})}, since)
        for scope, notes, since in given_consents
        if scope or notes
    ]
    with store.work(writes=True) as unit:
        for entry in written:
            add_entry(world.patient, entry["days_ago"], entry)
        for number, (scope, since) in enumerate(agreed):
            add_consent(world, world.prescriber if number % 2 else Discipline.PRESCRIBER, scope, since)
        db().flush()
        shared = reading.read_patient(world.prescriber.viewer, world.patient.id, 30)
        unit.abandon()
    model = [(scope, 99 if since is None else since) for scope, since in agreed]
    found = sorted((((TODAY - one.day).days, *fields(one)) for one in shared.check_ins), key=repr)
    assert found == expected_entries(written, model)
    weeks = {week.monday: (week.mood_days, week.mood, week.craving, week.use_days) for week in shared.weeks}
    assert weeks == expected_weeks(written, model)
    assert shared.has_substance_use == any(USE in scope for scope, _ in agreed)
