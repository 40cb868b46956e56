"""The reminder drill, small; `make drill` runs it at full size."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.drills.by_push import by_push
from tests.drills.loss import databases
from tests.drills.reminders import SMALL, drill
from tests.drills.restore import Figures


@pytest.mark.slow
def test_no_reminder_is_missed_or_stuck_however_its_workers_die(tmp_path: Path, backend: str) -> None:
    figures = Figures()
    with databases(backend) as urls:
        drill(tmp_path, SMALL, SMALL.kills, figures, urls)
    assert figures.over == [], "\n".join(figures.lines)


@pytest.mark.slow
@pytest.mark.sqlite
def test_by_real_web_push_each_comes_once_with_what_a_push_service_checks(tmp_path: Path) -> None:
    figures = Figures()
    by_push(tmp_path, 12, figures, ("", ""))
    assert figures.over == [], "\n".join(figures.lines)
