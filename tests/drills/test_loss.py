"""The loss drill, small; `make drill` runs it at full size."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.drills.loss import SMALL, databases, drill
from tests.drills.restore import Figures


@pytest.mark.slow
def test_no_acknowledged_check_in_is_lost_or_doubled_however_bad_the_network_and_the_server(
    tmp_path: Path, backend: str
) -> None:
    figures = Figures()
    with databases(backend) as urls:
        drill(tmp_path, SMALL, figures, *urls)
    assert figures.over == [], "\n".join(figures.lines)
