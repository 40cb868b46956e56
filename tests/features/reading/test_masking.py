"""What a reader gets of entries: field by field against a model written by hand."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from dataclasses import fields as dataclass_fields
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from patient_app.checkins import recording
from patient_app.checkins.answers import Answers, ThingSaid, context, use_details
from patient_app.checkins.models import CheckIn, CheckInVersion, Source
from patient_app.checkins.parts import parts_of
from patient_app.consent import receipts, seals
from patient_app.consent.categories import Category, Level
from patient_app.consent.models import Consent, ConsentCategory, ConsentState, RecipientKind
from patient_app.core.clock import moment
from patient_app.core.errors import NotFound
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline
from patient_app.core.work import Store, db
from patient_app.profile.things import Kind, Thing
from patient_app.reading import service as reading
from patient_app.reading.fields import SharedCheckIn
from patient_app.reading.service import Shared
from patient_app.reading.weeks import WeekSummary
from tests import factories
from tests.factories import Made

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


def share(store: Store, world: World, scope: dict[Category, Level], **options: object) -> uuid.UUID:
    return factories.give_consent(store, world.patient, Discipline.PRESCRIBER, scope, **options)  # type: ignore[arg-type]


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


def test_one_broken_note_does_not_take_the_others_away(store: Store, world: World) -> None:
    factories.make_check_in(store, world.patient, at=NOW - timedelta(days=1), note="a note that is well")
    broken = factories.make_check_in(store, world.patient, at=NOW, note="a note that breaks")
    with store.work(writes=True):
        versions = update(CheckInVersion).where(CheckInVersion.check_in_id == broken)
        db().execute(versions.values(note_sealed=b"no blob of ours"))
    share(store, world, {NOTES: DETAIL})
    notes = [entry.note or "" for entry in read(store, world).check_ins]
    assert notes[1] == "a note that is well"
    assert notes[0].startswith("These words cannot be opened.")


def test_a_week_is_summed_up_only_from_what_is_shared(store: Store, world: World) -> None:
    monday = TODAY - timedelta(days=TODAY.weekday() + 7)
    write(store, world.patient, 5, mood=2, craving=8, use=True, note="secret words")
    write(store, world.patient, 6, mood=4, craving=3, use=False)
    write(store, world.patient, 6, mood=5, private=True)
    for scope, expected in (
        ({MOOD: SUMMARY}, (2, 3, None, None)),
        ({USE: SUMMARY}, (0, None, 5.5, 1)),
        ({MOOD: SUMMARY, USE: SUMMARY}, (2, 3, 5.5, 1)),
        ({MOOD: SUMMARY, NOTES: DETAIL}, (2, 3, None, None)),
    ):
        consent_id = share(store, world, scope)
        shared = read(store, world, 14)
        [week] = shared.weeks
        assert week.monday == monday
        assert (week.mood_days, week.mood, week.craving, week.use_days) == expected
        assert all(fields(entry)[:3] == (None, None, None) for entry in shared.check_ins)
        assert len(shared.check_ins) == (1 if NOTES in scope else 0)
        revoke(store, consent_id)
    share(store, world, {NOTES: DETAIL})
    assert read(store, world).weeks == ()


def test_a_week_is_summed_up_once_it_is_over_where_the_person_lives(
    store: Store, world: World, set_time: Callable[[datetime], None]
) -> None:
    """A running week would say what one day was, to supporters and clinicians alike, and in the patient's picture."""
    sunday = datetime(2026, 11, 9, 4, 30, tzinfo=UTC)  # Still Sunday in New York, at 23:30.
    monday_morning = sunday + timedelta(hours=12)
    factories.make_check_in(store, world.patient, at=NOW, mood=None, craving=5, use=True)
    for recipient in (Discipline.PRESCRIBER, world.supporter):
        factories.give_consent(store, world.patient, recipient, {USE: SUMMARY})
    picture = replace(reading.reader_of(world.supporter.viewer), preview_of=world.patient.id)
    for now, there in ((NOW, 0), (sunday, 0), (monday_morning, 1)):
        set_time(now)
        with store.work(writes=True):
            of_supporter = reading.read_supported(world.supporter.viewer, world.patient.id)
            of_clinician = reading.read_patient(world.prescriber.viewer, world.patient.id)
            earlier = reading.read_patient(world.prescriber.viewer, world.patient.id, until=TODAY)
            shown = reading.preview(world.patient.viewer, picture)
        assert [len(one.weeks) for one in (of_supporter, of_clinician, earlier, shown)] == [there] * 4
        assert of_supporter.has_weeks


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

BEER, PILLS = Thing("alcohol", Kind.ALCOHOL), Thing("own-1", Kind.OTHER, "my pills")
numbers = st.none() | st.integers(0, 10)
said = st.builds(
    Answers,
    mood=st.none() | st.integers(1, 5),
    craving=numbers,
    use=st.none() | st.booleans(),
    note=st.sampled_from(["", "words"]),
    note_about_use=st.booleans(),
    private=st.sampled_from([False, False, True]),
    anxiety=numbers,
    energy=st.none() | st.integers(1, 5),
    sleep_hours=st.none() | st.integers(3, 10),
    things=st.lists(
        st.builds(ThingSaid, st.sampled_from([BEER, PILLS]), st.integers(0, 10), st.booleans()), max_size=2
    ).map(tuple),
    amount=st.sampled_from(["", "six"]),
    triggers=st.sampled_from([(), (":stress",), ("the rain", ":stress")]),
    helped=st.sampled_from([(), (":walked",), ("her dog",)]),
    about_use=st.sampled_from([True, True, False]),
)
# Days ago, what was said, and whether it was taken away.
entries = st.lists(st.tuples(st.integers(0, 9), said, st.sampled_from([False, False, False, True])), max_size=4)
agreements = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from([MOOD, USE]), st.sampled_from(list(Level)), max_size=2),
        st.booleans(),  # notes
        st.none() | st.integers(0, 9),  # from how many days ago on
    ),
    max_size=3,
)
Written = list[tuple[int, Answers, bool]]
Agreed = list[tuple[dict[Category, Level], int]]


def opened_on(days_ago: int, agreed: Agreed, level: Level) -> set[Category]:
    """Return which categories the consents open for a day, at this level."""
    return {
        category for scope, since in agreed for category, one in scope.items() if one is level and days_ago <= since
    }


def masked(answers: Answers, opened: set[Category]) -> dict[str, Any]:
    """Return what a reader gets of an entry, by rules written by hand; empty and None are left out."""
    note = NOTES in opened and (USE in opened or not answers.note_about_use)
    around = (USE if answers.about_use else MOOD) in opened
    by_field = {
        "mood": MOOD in opened,
        "sleep_hours": MOOD in opened,
        "anxiety": MOOD in opened,
        "energy": MOOD in opened,
        "craving": USE in opened,
        "use": USE in opened,
        "things": USE in opened,
        "amount": USE in opened,
        "triggers": around,
        "helped": around,
        "note": note,
    }
    values = {name: getattr(answers, name) for name, is_open in by_field.items() if is_open}
    return {name: value for name, value in values.items() if value not in (None, "", ())}


def fields_of(entry: SharedCheckIn) -> dict[str, Any]:
    """Return what the door gave of an entry, in the same form."""
    names = {one.name for one in dataclass_fields(entry)} - {
        "day",
        "local_time",
        "seq",
        "context_about_use",
        "time_known",
    }
    values = {name: getattr(entry, name) for name in names}
    return {name: value for name, value in values.items() if value not in (None, "", ())}


def expected_entries(written: Written, agreed: Agreed) -> list[tuple[object, ...]]:
    found = []
    for days_ago, answers, removed in written:
        shown = masked(answers, opened_on(days_ago, agreed, DETAIL))
        if shown and not removed and not answers.private:
            found.append((days_ago, sorted(shown.items())))
    return sorted(found, key=repr)


def summed_on(days_ago: int, agreed: Agreed) -> set[Category]:
    """Return what is only summed up of a day: shared as a summary, and not one by one."""
    return opened_on(days_ago, agreed, SUMMARY) - opened_on(days_ago, agreed, DETAIL)


def expected_weeks(written: Written, agreed: Agreed) -> dict[date, dict[str, Any]]:
    """Return what each week says, by rules written by hand."""
    weeks: dict[date, list[tuple[date, dict[str, Any]]]] = {}
    for days_ago, answers, removed in written:
        shown = masked(answers, summed_on(days_ago, agreed))
        if shown and not removed and not answers.private:
            day = TODAY - timedelta(days=days_ago)
            weeks.setdefault(day - timedelta(days=day.weekday()), []).append((day, shown))
    return {monday: expected_week(told) for monday, told in weeks.items() if monday + timedelta(days=7) <= TODAY}


def pulls_of(shown: dict[str, Any]) -> list[int]:
    told = [shown.get("craving"), *(one.craving for one in shown.get("things", ()))]
    return [number for number in told if number is not None]


def expected_week(told: list[tuple[date, dict[str, Any]]]) -> dict[str, Any]:
    def middle(name: str) -> Any:
        values = [shown[name] for _, shown in told if name in shown]
        return median(values) if values else None

    pulls = [max(numbers) for _, shown in told if (numbers := pulls_of(shown))]
    used = {day for day, shown in told if shown.get("use") or "amount" in shown}
    kinds = {(one.thing.kind, day) for day, shown in told for one in shown.get("things", ())}
    return {
        "mood_days": len({day for day, shown in told if "mood" in shown}),
        "mood": None if middle("mood") is None else round(middle("mood")),
        "sleep_hours": None if middle("sleep_hours") is None else round(middle("sleep_hours")),
        "anxiety": middle("anxiety"),
        "energy": None if middle("energy") is None else round(middle("energy")),
        "craving": median(pulls) if pulls else None,
        "use_days": len(used) if any("use" in shown or "amount" in shown for _, shown in told) else None,
        "named": {kind: len({day for one, day in kinds if one is kind}) for kind, _ in kinds},
        "triggers": sum(len(shown.get("triggers", ())) for _, shown in told),
        "helped": sum(len(shown.get("helped", ())) for _, shown in told),
    }


def said_in(week: WeekSummary) -> dict[str, Any]:
    """Return what a week says, in the model's form."""
    found = {one.name: getattr(week, one.name) for one in dataclass_fields(week) if one.name != "monday"}
    chips = {name: sum(count for _, count in found[name]) for name in ("triggers", "helped")}
    return {**found, **chips, "named": dict(week.named)}


def add_entry(patient: Made, days_ago: int, answers: Answers, *, removed: bool = False) -> None:
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
            private=answers.private,
            removed_at=NOW if removed else None,
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
        hard_at=None,
        mood=answers.mood,
        craving=answers.craving,
        use=answers.use,
        anxiety=answers.anxiety,
        energy=answers.energy,
        sleep_hours=answers.sleep_hours,
        note_about_use=answers.note_about_use,
        context_about_use=answers.about_use,
    )
    version.note, version.use_details, version.context = answers.note, use_details(answers), context(answers)
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


Given = list[tuple[dict[Category, Level], bool, int | None]]


def set_up(world: World, written: Written, given_consents: Given) -> Agreed:
    """Write all of it within the unit of work that is open; return the consents in the model's form."""
    for days_ago, answers, removed in written:
        add_entry(world.patient, days_ago, answers, removed=removed)
    agreed = []
    for number, (scope, notes, since) in enumerate(given_consents):
        whole = {**scope, **({NOTES: DETAIL} if notes else {})}
        if whole:
            add_consent(world, world.prescriber if number % 2 else Discipline.PRESCRIBER, whole, since)
            agreed.append((whole, 99 if since is None else since))
    db().flush()
    return agreed


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(written=entries, given_consents=agreements)
def test_any_entries_under_any_consents_are_masked_as_the_model_says(
    store: Store, world: World, written: Written, given_consents: Given
) -> None:
    with store.work(writes=True) as unit:
        agreed = set_up(world, written, given_consents)
        shared = reading.read_patient(world.prescriber.viewer, world.patient.id, 30)
        unit.abandon()
    found = [((TODAY - one.day).days, sorted(fields_of(one).items())) for one in shared.check_ins]
    assert sorted(found, key=repr) == expected_entries(written, agreed)
    assert {week.monday: said_in(week) for week in shared.weeks} == expected_weeks(written, agreed)
    chips = {chip for week in shared.weeks for chip, _ in (*week.triggers, *week.helped)}
    assert not chips & {"the rain", "her dog"}  # A person's own words are in no summary.
    assert shared.has_substance_use == any(USE in scope for scope, _ in agreed)


# Which words of a receipt stand for which fields of the door.
FIELDS_OF_PARTS = {
    "your mood": {"mood"},
    "sleep": {"sleep_hours"},
    "how anxious you felt": {"anxiety"},
    "energy": {"energy"},
    "pull and use": {"craving", "use", "things", "amount"},
    "what made it harder or helped": {"triggers", "helped"},
    "your note": {"note"},
}


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(days_ago=st.integers(0, 9), answers=said, given_consents=agreements)
def test_the_receipt_of_an_entry_is_what_the_door_shows(
    store: Store,
    world: World,
    set_time: Callable[[datetime], None],
    days_ago: int,
    answers: Answers,
    given_consents: Given,
) -> None:
    """Part by part: each by itself, or within a summary of the week only, or not at all; the preview shows the same."""
    set_time(NOW + timedelta(days=6))  # The week is over.
    picture = replace(reading.reader_of(world.prescriber.viewer), preview_of=world.patient.id)
    with store.work(writes=True) as unit:
        set_up(world, [(days_ago, answers, False)], given_consents)
        day = TODAY - timedelta(days=days_ago)
        told = receipts.who_sees(world.patient.viewer, day, [] if answers.private else parts_of(answers))
        shared = reading.read_patient(world.prescriber.viewer, world.patient.id, 30)
        seen_as = reading.preview(world.patient.viewer, picture, 30)
        unit.abandon()
    [single] = [fields_of(one) for one in shared.check_ins] or [{}]
    [weekly] = [said_in(week) for week in shared.weeks] or [{}]
    in_week = {part for part, names in FIELDS_OF_PARTS.items() if any(says(weekly, name) for name in names)}
    expected = {part for part, fields_named in FIELDS_OF_PARTS.items() if fields_named & single.keys()}
    mine = [one for one in told if one.discipline is Discipline.PRESCRIBER]
    assert {part for one in mine for part in one.parts} == expected
    assert {part for one in mine for part in one.weekly} == in_week
    assert (seen_as.check_ins, seen_as.weeks) == (shared.check_ins, shared.weeks)


def says(week: dict[str, Any], field: str) -> bool:
    """Whether a summary tells anything of a field of a check-in."""
    if field in {"triggers", "helped"}:
        return bool(week.get(field))
    return week.get({"use": "use_days", "amount": "use_days", "things": "craving"}.get(field, field)) is not None


def test_a_summary_beside_single_check_ins_sums_up_the_days_before_them(store: Store, world: World) -> None:
    """Whoever agreed to a summary first, and later to more from a day on, still shares the summary of before."""
    for days_ago, mood in ((0, 1), (6, 4), (7, 5)):
        write(store, world.patient, days_ago, mood=mood)
    share(store, world, {MOOD: SUMMARY})
    share(store, world, {MOOD: DETAIL}, entries_from=TODAY)
    shared = read(store, world)
    assert [entry.mood for entry in shared.check_ins] == [1]
    assert [(week.mood_days, week.mood) for week in shared.weeks] == [(2, 4)]
