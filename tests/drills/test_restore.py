"""The restore drill, small; `make drill` runs it at full size."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.drills.restore import SMALL, Figures, drill


@pytest.mark.slow
def test_a_backup_made_while_people_write_brings_everything_back_and_sends_nothing_old(tmp_path: Path) -> None:
    figures = Figures()
    drill(tmp_path, SMALL, figures)
    assert figures.over == [], "\n".join(figures.lines)
