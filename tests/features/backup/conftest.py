"""An installation to back up."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from patient_app.core.work import Store
from tests.features.backup.installation import Installed


@pytest.fixture
def installed(store: Store, app: Flask, tmp_path: Path) -> Installed:
    """Return an installation with people in it; services find their words in the application."""
    with app.app_context():
        return Installed(store, tmp_path)
