"""Every table is decided upon: a restore ends what would act or open something, or a word says why it may stay."""

from __future__ import annotations

from patient_app import models
from patient_app.backup import quieting
from patient_app.core.db import Base
from tests.sweeps.conftest import Stage

assert models  # Imports the tables of every feature.


def test_every_table_stands_in_one_of_the_two_lists() -> None:
    """A new table fails here until its feature says in `backup/quieting.py` what a restore does with its rows."""
    quieted = {table for each in quieting.QUIETED for table in each.tables}
    assert sorted(quieted & set(quieting.LEFT)) == []
    assert sorted(quieted | set(quieting.LEFT)) == sorted(Base.metadata.tables)
    assert all(reason.strip() for reason in quieting.LEFT.values())


def test_nobody_gets_in_or_reads_after_all_was_quieted(stage: Stage) -> None:
    try:
        ended = quieting.quiet(stage.store, nothing_lost=False)
        assert ended["signed-in devices: signed out"] > 0
        assert ended["consents: paused, until their patients resume them"] > 0
        for situation in ("owner", "s-with", "c-with", "admin"):
            page = stage.client(situation).get("/settings")
            assert (page.status_code, page.location.partition("?")[0]) == (303, "/sign-in"), situation
        again = quieting.quiet(stage.store, nothing_lost=False)
        assert {name for name, count in again.items() if count} <= {name for name in again if "care teams" in name}
    finally:
        stage.reset()
