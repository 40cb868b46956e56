"""The world of the sweeps is what it says, also late in a long run."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta

import pytest

from patient_app.accounts.models import TeamMembership
from patient_app.consent.decisions import grants_of
from patient_app.core import clock
from patient_app.core.work import db
from patient_app.reading.service import reader_of
from tests.sweeps import filling
from tests.sweeps.conftest import Stage
from tests.sweeps.world import CANARIES, CANARY, IN_PLAIN, SITUATIONS

SIGNED_IN = ("half-way", "owner", "s-with", "c-with", "admin")


def forms(stage: Stage, situation: str) -> list[tuple[str, list[str]]]:
    """Return the forms that somebody finds."""
    return [(target.route, target.form.names) for target in filling.targets(stage.app, stage.world, situation)]


@pytest.mark.parametrize("situation", SITUATIONS)
def test_everybody_is_signed_in_as_the_person_it_says(stage: Stage, situation: str) -> None:
    stage.world.assert_signed_in(stage.app, situation)


def test_the_sweeps_find_the_same_forms_late_in_a_run(stage: Stage, set_time: Callable[[datetime], None]) -> None:
    """Staff are signed out after 15 minutes without a request, and asked for their password after 10."""
    fresh = {situation: forms(stage, situation) for situation in SIGNED_IN}
    assert all(fresh.values())
    start = clock.now()
    set_time(start + timedelta(minutes=16))
    assert {situation: forms(stage, situation) for situation in SIGNED_IN} == fresh
    set_time(start + timedelta(minutes=40))
    stage.reset()
    assert {situation: forms(stage, situation) for situation in SIGNED_IN} == fresh


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE device_session SET ended_at = created_at", "not signed in any more"),
        ("UPDATE device_session SET last_seen_at = '2020-01-01 00:00:00.000000'", "not signed in any more"),
        ("UPDATE device_session SET confirmed_at = '2020-01-01 00:00:00.000000'", "signed in too long ago"),
        ("UPDATE device_session SET person_id = (SELECT id FROM person WHERE role = 'patient')", "somebody else"),
        ("UPDATE device_session SET stage = 'second_factor'", "somebody else"),
    ],
)
def test_a_browser_that_is_not_signed_in_as_it_says_is_seen(stage: Stage, change: str, told: str) -> None:
    stage.reset()
    with closing(sqlite3.connect(stage.world.config.instance / "tandem.sqlite")) as connection, connection:
        connection.execute(change)
    try:
        with pytest.raises(AssertionError, match=told):
            stage.world.assert_signed_in(stage.app, "c-with")
    finally:
        stage.reset()


def test_the_new_member_reads_by_no_consent_however_long_a_run_takes(
    stage: Stage, set_time: Callable[[datetime], None]
) -> None:
    """Signing names a discipline: whatever the world signs, this one stays somebody whom the patient was not shown.

    Nor does it begin to read because the owner's pages were opened and the clock of a sweep went on: entries are closed
    after a code, so that nothing counts as the owner's notice.
    """
    stage.reset()
    newcomer, owner = stage.world.people["c-unshown"], stage.world.people["owner"]
    membership_id = uuid.UUID(stage.world.objects["membership c-unshown"])
    begun = clock.now()
    set_time(begun)
    for address in ("/today", "/sharing"):
        assert stage.client("owner").get(address).status_code == 200
    for hours in (0, 71, 72, 1000):
        set_time(begun + timedelta(hours=hours))
        with stage.store.work(writes=False):
            row = db().get_one(TeamMembership, membership_id)
            assert (row.noticed_at, row.shown_at) == (None, None)
            assert not grants_of(reader_of(newcomer.viewer), [owner.id])
    stage.reset()


def test_no_canary_holds_another() -> None:
    words = {name: word.casefold() for name, word in CANARIES.items()}
    assert not [(a, b) for a in words for b in words if a != b and words[a] in words[b]]
    assert all(CANARY in word for name, word in words.items() if name not in {"date_of_birth", *IN_PLAIN})
