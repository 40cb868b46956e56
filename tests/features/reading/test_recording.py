"""No reading without its access record, and a chain of records in which every change shows."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete, select, update

from patient_app.access_log import service as access_log
from patient_app.access_log.models import AccessChain, AccessKind, AccessRecord
from patient_app.consent.categories import Category, Level
from patient_app.core.roles import Discipline
from patient_app.core.work import Store, db
from patient_app.reading import service as reading
from patient_app.reading.caseload import caseload
from patient_app.reading.records import NOTICE_VERSION
from tests import factories
from tests.factories import Made
from tests.page import Client

NOW = datetime(2026, 11, 3, 18, 0, tzinfo=UTC)
MOOD, USE, NOTES = Category.MOOD, Category.SUBSTANCE_USE, Category.NOTES
DETAIL = Level.DETAIL


@dataclass(frozen=True)
class World:
    """Two patients, a prescriber on the teams of both, a supporter of the first."""

    patient: Made
    second: Made
    prescriber: Made
    supporter: Made


@pytest.fixture
def world(store: Store, set_time: Callable[[datetime], None]) -> World:
    """Make them, on an afternoon in November."""
    set_time(NOW)
    factories.make_installation(store)
    practice = factories.make_practice(store)
    administrator = factories.make_administrator(store, practice)
    patient, second = factories.make_patient(store, practice), factories.make_patient(store, practice)
    prescriber = factories.make_clinician(store, practice, Discipline.PRESCRIBER)
    supporter = factories.make_supporter(store, practice)
    for one in (patient, second):
        factories.assign_team(store, one, prescriber, administrator)
    factories.tie_supporter(store, patient, supporter)
    return World(patient, second, prescriber, supporter)


def records(store: Store, patient: Made) -> list[AccessRecord]:
    """Return a patient's records, oldest first."""
    with store.work(writes=False):
        return list(reversed(access_log.records_of(patient.id)))


def read(store: Store, world: World, days: int = 7) -> None:
    with store.work(writes=True):
        reading.read_patient(world.prescriber.viewer, world.patient.id, days)


def test_a_reading_is_recorded_with_all_that_it_was(store: Store, world: World) -> None:
    factories.make_check_in(store, world.patient)
    factories.make_check_in(store, world.patient)
    consent_id = factories.give_consent(store, world.patient, Discipline.PRESCRIBER, {USE: DETAIL, MOOD: DETAIL})
    read(store, world)
    [made] = records(store, world.patient)
    assert (made.viewer_id, made.viewer_role, made.consent_id) == (world.prescriber.id, "prescriber", consent_id)
    assert (made.kind, made.categories) == (AccessKind.DETAIL, ["mood", "substance_use"])
    assert (made.from_day, made.to_day) == (date(2026, 10, 28), date(2026, 11, 3))
    assert (made.seq, made.highest_seq, made.notice_version) == (1, 2, NOTICE_VERSION)
    assert (made.recorded_at, made.on_day) == (NOW, NOW.date())


def test_an_entry_of_a_phone_that_is_ahead_is_there_and_its_day_is_recorded(store: Store, world: World) -> None:
    """It is tomorrow in Auckland already: an entry made there must not wait for the zone of the settings."""
    factories.make_check_in(store, world.patient, zone="Pacific/Auckland")
    factories.give_consent(store, world.patient, Discipline.PRESCRIBER, {MOOD: DETAIL})
    with store.work(writes=True):
        shared = reading.read_patient(world.prescriber.viewer, world.patient.id, 7)
    assert [one.day for one in shared.check_ins] == [date(2026, 11, 4)]
    assert [record.to_day for record in records(store, world.patient)] == [date(2026, 11, 4)]


def test_every_reading_counts_and_each_consent_by_itself(store: Store, world: World) -> None:
    team = factories.give_consent(store, world.patient, Discipline.PRESCRIBER, {MOOD: DETAIL})
    named = factories.give_consent(store, world.patient, world.prescriber, {NOTES: DETAIL})
    read(store, world)
    read(store, world)
    made = records(store, world.patient)
    assert [record.seq for record in made] == [1, 2, 3, 4]
    assert {(record.consent_id, *record.categories) for record in made} == {(team, "mood"), (named, "notes")}
    assert {record.notice_version for record in made} == {""}


def test_a_reading_of_nothing_is_recorded_too(store: Store, world: World) -> None:
    read(store, world)
    [made] = records(store, world.patient)
    assert (made.consent_id, made.categories) == (None, [])


def test_a_supporters_reading_is_recorded(store: Store, world: World) -> None:
    consent_id = factories.give_consent(store, world.patient, world.supporter, {MOOD: DETAIL})
    with store.work(writes=True):
        reading.read_supported(world.supporter.viewer, world.patient.id, 30)
    [made] = records(store, world.patient)
    assert (made.viewer_id, made.viewer_role, made.consent_id) == (world.supporter.id, "supporter", consent_id)


def test_a_list_is_recorded_once_a_viewer_consent_and_day(
    store: Store, world: World, set_time: Callable[[datetime], None]
) -> None:
    def open_list() -> int:
        with store.work(writes=True):
            caseload(world.prescriber.viewer)
        return len(records(store, world.patient))

    factories.give_consent(store, world.patient, Discipline.PRESCRIBER, {MOOD: DETAIL, USE: DETAIL})
    assert [open_list(), open_list()] == [1, 1]
    [made] = records(store, world.patient)
    assert (made.kind, made.categories, made.notice_version) == (
        AccessKind.CASELOAD,
        ["mood", "substance_use"],
        NOTICE_VERSION,
    )
    assert records(store, world.second) == []
    factories.give_consent(store, world.patient, world.prescriber, {MOOD: DETAIL})
    assert [open_list(), open_list()] == [2, 2]
    set_time(NOW + timedelta(days=1))
    assert [open_list(), open_list()] == [4, 4]


@pytest.mark.parametrize("days", [1, 2.99, 3.01, 10, 29])
def test_the_newest_open_one_is_found_however_old_and_whatever_is_newer_but_closed(
    store: Store, world: World, days: float
) -> None:
    """The list reads the last days first and the rest only where it has to: that changes no answer."""
    factories.give_consent(store, world.patient, Discipline.PRESCRIBER, {MOOD: DETAIL})
    factories.make_check_in(store, world.patient, at=NOW - timedelta(days=days), mood=4)
    factories.make_check_in(store, world.patient, at=NOW - timedelta(days=days, hours=5), mood=1)
    factories.make_check_in(store, world.patient, at=NOW - timedelta(hours=1), mood=2, private=True)
    factories.make_check_in(store, world.patient, at=NOW - timedelta(minutes=30), mood=None, craving=9)
    with store.work(writes=True):
        rows = {row.person.id: row.newest for row in caseload(world.prescriber.viewer).rows}
    newest = rows[world.patient.id]
    assert newest is not None
    assert (newest.mood, newest.craving) == (4, None)


def test_a_list_shows_the_newest_of_each_and_nothing_of_who_shares_nothing(store: Store, world: World) -> None:
    for hours, mood in ((30, 1), (2, 5), (20, 3)):
        factories.make_check_in(
            store, world.patient, at=NOW - timedelta(hours=hours), mood=mood, craving=9, note="words"
        )
    factories.make_check_in(store, world.patient, at=NOW - timedelta(hours=1), mood=2, private=True)
    factories.make_check_in(store, world.second, mood=4)
    factories.give_consent(store, world.patient, Discipline.PRESCRIBER, {MOOD: DETAIL, NOTES: DETAIL})
    with store.work(writes=True):
        rows = {row.person.id: row for row in caseload(world.prescriber.viewer).rows}
    newest = rows[world.patient.id].newest
    assert newest is not None
    assert (newest.mood, newest.craving, newest.note) == (5, None, None)
    assert (rows[world.second.id].newest, rows[world.second.id].grants.items) == (None, ())


# --- No record, no reading ----------------------------------------------------------------------------------------


@pytest.fixture
def signed_in(client: Client, store: Store, world: World) -> Client:
    """Return the prescriber's browser; a note is shared that nobody may see without a record."""
    factories.make_check_in(store, world.patient, note="canary words")
    factories.give_consent(store, world.patient, Discipline.PRESCRIBER, {NOTES: DETAIL})
    factories.sign_in(client, world.prescriber)
    return client


def test_when_the_commit_fails_nobody_sees_anything(
    signed_in: Client, store: Store, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = len(records(store, world.patient))
    path = f"/team/{world.patient.id}"
    dialect = store.database.engine.dialect

    def refuse(_connection: object) -> None:
        raise dialect.loaded_dbapi.OperationalError("database or disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(dialect, "do_commit", refuse)
        page = signed_in.get(path)
    assert page.status_code == 503
    assert "canary words" not in page.words
    assert len(records(store, world.patient)) == before
    assert "canary words" in signed_in.get(path).words
    assert len(records(store, world.patient)) == before + 1


def test_when_the_chain_is_gone_nobody_sees_anything(signed_in: Client, store: Store, world: World) -> None:
    with store.work(writes=True):
        db().execute(delete(AccessChain).where(AccessChain.patient_id == world.patient.id))
    page = signed_in.get(f"/team/{world.patient.id}")
    assert page.status_code == 500
    assert "canary words" not in page.words


def test_when_writers_wait_too_long_nobody_sees_anything(
    signed_in: Client, store: Store, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("patient_app.core.db.LOCK_SECONDS", 0.05)
    store.database.close()  # PostgreSQL hears of the limit when a connection is made.
    with store.work(writes=True):
        db().scalars(select(AccessChain.seq).with_for_update()).all()
        page = signed_in.get(f"/team/{world.patient.id}")
    assert page.status_code == 503
    assert "canary words" not in page.words


def test_a_reading_for_others_never_happens_in_a_unit_that_cannot_write(store: Store, world: World) -> None:
    """A view has to say `records`; one that forgot it reads nothing."""
    factories.give_consent(store, world.patient, Discipline.PRESCRIBER, {MOOD: DETAIL})
    for read_somehow in (
        lambda: reading.read_patient(world.prescriber.viewer, world.patient.id),
        lambda: caseload(world.prescriber.viewer),
    ):
        with store.work(writes=False), pytest.raises(access_log.NotWriting):
            read_somehow()
    assert records(store, world.patient) == []


# --- Verifying ----------------------------------------------------------------------------------------------------


@pytest.fixture
def chain(store: Store, world: World) -> list[uuid.UUID]:
    """Give five records of one patient, anchored, and return their ids in order."""
    factories.give_consent(store, world.patient, Discipline.PRESCRIBER, {MOOD: DETAIL})
    for days in (7, 30, 90, 7, 30):
        read(store, world, days)
    assert access_log.anchor(store) == 2
    assert access_log.anchor(store) == 0
    return [record.id for record in records(store, world.patient)]


def faults(store: Store) -> list[str]:
    return access_log.verify(store).faults


def test_an_untouched_chain_is_found_whole(store: Store, world: World, chain: list[uuid.UUID]) -> None:
    found = access_log.verify(store)
    assert (found.faults, found.records, found.patients) == ([], 5, 2)
    read(store, world)  # Grown past its anchor.
    assert faults(store) == []


def test_a_changed_record_is_found_whatever_was_changed(store: Store, world: World, chain: list[uuid.UUID]) -> None:
    def set_on_third(changes: Mapping[str, object]) -> None:
        with store.work(writes=True):
            db().execute(update(AccessRecord).where(AccessRecord.id == chain[2]).values(**changes))

    [third] = [record for record in records(store, world.patient) if record.id == chain[2]]
    changes = {
        "viewer_id": world.supporter.id,
        "viewer_role": "therapist",
        "categories": [],
        "from_day": date(2020, 1, 1),
        "to_day": None,
        "recorded_at": NOW + timedelta(microseconds=1),
        "on_day": date(2020, 1, 1),
        "consent_id": None,
        "highest_seq": 99,
        "kind": AccessKind.CASELOAD,
        "notice_version": "x",
        "digest": b"x" * 32,
    }
    for column, value in changes.items():
        was = getattr(third, column)
        set_on_third({column: value})
        assert faults(store) == [f"Patient {world.patient.id}: record 3 was changed."], column
        set_on_third({column: was})
        assert faults(store) == [], column


def test_a_record_taken_out_of_the_middle_is_found(store: Store, world: World, chain: list[uuid.UUID]) -> None:
    with store.work(writes=True):
        db().execute(delete(AccessRecord).where(AccessRecord.id == chain[2]))
    assert faults(store) == [f"Patient {world.patient.id}: record 3 is missing."]
    # Nor does it help to close the gap.
    with store.work(writes=True):
        for seq, record_id in ((3, chain[3]), (4, chain[4])):
            db().execute(update(AccessRecord).where(AccessRecord.id == record_id).values(seq=seq))
            db().flush()
    assert faults(store) == [f"Patient {world.patient.id}: record 3 was changed."]


def test_a_record_taken_from_the_start_is_found(store: Store, world: World, chain: list[uuid.UUID]) -> None:
    with store.work(writes=True):
        db().execute(delete(AccessRecord).where(AccessRecord.id == chain[0]))
    assert faults(store) == [f"Patient {world.patient.id}: record 1 is missing."]


def test_a_cut_off_end_is_found_by_the_chain_and_by_the_anchor(
    store: Store, world: World, chain: list[uuid.UUID]
) -> None:
    with store.work(writes=True):
        last = db().get_one(AccessRecord, chain[2])
        db().execute(delete(AccessRecord).where(AccessRecord.id.in_(chain[3:])))
    assert len(faults(store)) == 2
    # Somebody who also sets the end of the chain back is betrayed by the anchor in the other database.
    with store.work(writes=True):
        db().execute(
            update(AccessChain)
            .where(AccessChain.patient_id == world.patient.id)
            .values(seq=last.seq, digest=last.digest)
        )
    assert faults(store) == [f"Patient {world.patient.id}: records up to 5 were kept, not all are here."]


def test_records_cut_off_do_not_get_kept_when_others_came_after(
    store: Store, world: World, chain: list[uuid.UUID], log_lines: io.StringIO
) -> None:
    """Whoever cuts records off may also wait for the application to write good ones after the cut."""
    with store.work(writes=True):
        last = db().get_one(AccessRecord, chain[2])
        db().execute(delete(AccessRecord).where(AccessRecord.id.in_(chain[3:])))
        mine = AccessChain.patient_id == world.patient.id
        db().execute(update(AccessChain).where(mine).values(seq=last.seq, digest=last.digest))
    for _ in range(4):
        read(store, world)
    assert access_log.anchor(store) == 0
    assert faults(store) == [f"Patient {world.patient.id}: records up to 5 were kept, not all are here."]
    [line] = [line for line in map(json.loads, log_lines.getvalue().splitlines()) if line["level"] == "error"]
    assert (line["event"], line["patient_id"]) == ("access records broken", str(world.patient.id))


def test_everything_gone_is_found(store: Store, world: World, chain: list[uuid.UUID]) -> None:
    with store.work(writes=True):
        db().execute(delete(AccessRecord))
        db().execute(delete(AccessChain).where(AccessChain.patient_id == world.patient.id))
    found = faults(store)
    assert f"Patient {world.patient.id}: the end of the chain is missing." in found
    assert f"Patient {world.patient.id}: records up to 5 were kept, not all are here." in found


def test_two_records_that_changed_places_are_found(store: Store, world: World, chain: list[uuid.UUID]) -> None:
    with store.work(writes=True):
        for record_id, seq in ((chain[1], 1000), (chain[3], 2), (chain[1], 4)):
            db().execute(update(AccessRecord).where(AccessRecord.id == record_id).values(seq=seq))
            db().flush()
    assert faults(store) == [f"Patient {world.patient.id}: record 2 was changed."]


def test_a_record_moved_to_another_patient_is_found(store: Store, world: World, chain: list[uuid.UUID]) -> None:
    with store.work(writes=True):
        row = db().get_one(AccessRecord, chain[4])
        db().execute(update(AccessRecord).where(AccessRecord.id == chain[4]).values(patient_id=world.second.id, seq=1))
        db().execute(
            update(AccessChain).where(AccessChain.patient_id == world.second.id).values(seq=1, digest=row.digest)
        )
    found = faults(store)
    assert f"Patient {world.second.id}: record 1 was changed." in found
    assert any(str(world.patient.id) in fault for fault in found)


def test_many_readers_at_once_leave_one_whole_chain(store: Store, world: World) -> None:
    factories.give_consent(store, world.patient, Discipline.PRESCRIBER, {MOOD: DETAIL})
    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(read, store, world) for _ in range(24)]:
            done.result()
    assert [record.seq for record in records(store, world.patient)] == list(range(1, 25))
    assert faults(store) == []
