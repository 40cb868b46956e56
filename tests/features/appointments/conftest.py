"""The people of these tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from patient_app.core.work import Store
from tests.features.appointments import world as worlds
from tests.features.appointments.world import NOW, World


@pytest.fixture
def world(store: Store, set_time: Callable[[datetime], None]) -> World:
    """Make them, on an afternoon in November."""
    set_time(NOW)
    return worlds.make(store)
